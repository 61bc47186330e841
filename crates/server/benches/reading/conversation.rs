//! Conversations without end, in the words of the bundled sample.

use flate2::read::MultiGzDecoder;
use serde_json::Value;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

/// The names of those who ask, and of those who answer.
const ASKING: [&str; 8] =
    ["Ada Björk", "Bea Birk", "Çelik Demir", "Dag Fjord", "Élise Roy", "Fumi Ito", "Gus Graa", "Hedda Hov"];
const ANSWERING: [&str; 3] = ["Ben", "Lia Mann", "Otto"];

/// The words of the sample: what contacts said, and what they were answered.
pub(crate) struct Conversations {
    asked: Vec<String>,
    answered: Vec<String>,
}

/// A conversation of two to six turns, each of one to four sentences.
pub(crate) struct Conversation {
    pub(crate) number: usize,
    pub(crate) subject: String,
    pub(crate) name: &'static str,
    pub(crate) email: String,
    pub(crate) turns: Vec<Turn>,
}

pub(crate) struct Turn {
    /// Counts up from 1 over all conversations.
    pub(crate) number: usize,
    pub(crate) is_asked: bool,
    /// Who says it.
    pub(crate) name: &'static str,
    pub(crate) text: String,
    pub(crate) time: jiff::Timestamp,
}

impl Turn {
    pub(crate) fn seconds(&self) -> i64 {
        self.time.as_second()
    }

    /// Returns the text as HTML.
    pub(crate) fn html(&self) -> String {
        format!("<p>{}</p>", self.text.replace('&', "&amp;").replace('<', "&lt;").replace('\n', "<br>"))
    }
}

impl Conversation {
    /// Returns the time that it began.
    pub(crate) fn began(&self) -> jiff::Timestamp {
        self.turns[0].time
    }
}

impl Conversations {
    pub(crate) fn of_sample() -> Self {
        let (mut asked, mut answered) = (Vec::new(), Vec::new());
        for name in ["banking", "star"] {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("sample/{name}.jsonl.gz"));
            for line in BufReader::new(MultiGzDecoder::new(File::open(path).unwrap())).lines() {
                let record: Value = serde_json::from_str(&line.unwrap()).unwrap();
                for turn in record["turns"].as_array().unwrap() {
                    let texts = if turn["role"] == "contact" { &mut asked } else { &mut answered };
                    texts.extend(turn["text"].as_str().map(str::to_owned));
                }
            }
        }
        Self { asked, answered }
    }

    /// Returns all of them, in the order of their times, without end.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Conversation> {
        let mut said = 0;
        (0_usize..).map(move |number| {
            let name = ASKING[number % ASKING.len()];
            let turns = (0..2 + number % 5).map(|at| {
                said += 1;
                self.turn(number, at, said, name)
            });
            let turns: Vec<Turn> = turns.collect();
            let subject = turns[0].text.chars().take(40).collect();
            Conversation {
                number: number + 1,
                subject,
                name,
                email: format!("contact{number}@mail.example"),
                turns,
            }
        })
    }

    fn turn(&self, number: usize, at: usize, said: usize, asking: &'static str) -> Turn {
        let is_asked = at.is_multiple_of(2);
        let texts = if is_asked { &self.asked } else { &self.answered };
        let sentences =
            (0..=said % 4).map(|sentence| texts[(said * 7 + sentence * 131) % texts.len()].as_str());
        let mut text = sentences.collect::<Vec<_>>().join([" ", "\n", " – "][said % 3]);
        if said.is_multiple_of(11) {
            text.push_str(" Grüße, \"J.\" 🙏");
        }
        let seconds = i64::try_from(1_740_000_000 + number * 40 + at * 300).unwrap();
        let name = if is_asked { asking } else { ANSWERING[number % ANSWERING.len()] };
        Turn { number: said, is_asked, name, text, time: jiff::Timestamp::from_second(seconds).unwrap() }
    }
}
