//! The features of a message or sentence that decide if it states something.

use super::matter::{Cues, is_detail};
use super::tokens::{Word, split_words};
use super::words::{self, is_unspaced, size};

/// An answer of so many words may say something beside its yes or no.
const ANSWER_WORDS_MIN: f32 = 6.0;

/// The place of a message in the conversation, which decides how much it must say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Nothing was stated yet.
    Opening,
    /// The same, behind a first message.
    Opened,
    /// After the question what it is about.
    Asked,
    /// After the question what else there is.
    Offered,
    /// After a question for one detail.
    Answer,
    /// Anywhere else.
    Later,
}

/// What a message or a sentence is like.
#[expect(clippy::struct_excessive_bools, reason = "each is a cue of its own")]
pub(super) struct Features {
    /// Words, each two ideographs or four Thai letters counting as one.
    pub(super) total: f32,
    /// Words that can name a topic: no courtesies, no numbers, no function words.
    pub(super) content: f32,
    /// Words that are courtesies.
    courtesies: f32,
    numbers: f32,
    pub(super) asks: bool,
    pub(super) requests: bool,
    negates: bool,
    points_back: bool,
    /// Begins with a yes, a no or an ok.
    answers: bool,
    /// Has "my" or "our".
    pub(super) is_own: bool,
    /// Two or three capitalized words and nothing else, or "I am" and a name.
    is_name: bool,
    /// Only names an order, an account or a person.
    pub(super) is_detail: bool,
    pub(super) cues: Cues,
}

impl Features {
    pub(super) fn of(text: &str) -> Self {
        let words = split_words(text);
        let mut features = Self {
            total: 0.0,
            content: 0.0,
            courtesies: 0.0,
            numbers: 0.0,
            asks: false,
            requests: false,
            negates: false,
            points_back: false,
            answers: words.first().is_some_and(|word| is_answer(&word.folded)),
            is_own: false,
            is_name: (2..=3).contains(&words.len()) && words.iter().all(|word| word.capitalized),
            is_detail: false,
            cues: Cues::of(text),
        };
        features.count(&words);
        features.requests |= words::requests_unspaced(text) || words::requests_in_phrase(&words);
        let opens = words.first().map_or("", |word| word.folded.as_str());
        features.asks = text.contains(['?', '？', '؟', '¿'])
            || words::is_question(opens) && words.len() > 3
            || features.cues.asked && words.len() > 3;
        // "is it possible" points at nothing
        let pointing = words.iter().take(if words::is_question(opens) { 1 } else { 2 });
        features.points_back = pointing.into_iter().any(|word| words::is_pointing(&word.folded));
        features.is_name |= features.content <= 2.0 && words.len() <= 5 && introduces(&words);
        features.is_name |=
            features.content <= 4.0 && words.last().is_some_and(|word| is_company(&word.folded));
        features.is_name &= !features.has_cue();
        features.is_detail = features.is_detail(text);
        features
    }

    /// Counts the words of each sort.
    fn count(&mut self, words: &[Word]) {
        let mut unspaced = String::new();
        for word in words {
            let size = size(&word.folded);
            self.total += size;
            if is_unspaced(&word.folded) {
                unspaced.push_str(&word.folded);
            } else if words::is_content(&word.folded) {
                self.content += size;
            } else if words::is_courtesy(&word.folded) {
                self.courtesies += size;
            } else if word.folded.contains(|c: char| c.is_numeric()) {
                self.numbers += 1.0;
            }
            self.requests |= words::is_request(&word.folded);
            self.negates |= words::is_negation(&word.folded);
            self.is_own |= matches!(word.folded.as_str(), "my" | "our");
        }
        if !unspaced.is_empty() {
            self.content += words::content_unspaced(&unspaced);
        }
    }

    /// Tells a number or a name of an order, an account or a person, and nothing that is wrong, wanted or asked.
    fn is_detail(&self, text: &str) -> bool {
        let plain = !self.has_cue() || self.content < 1.0;
        let introduces = self.cues.named && (self.content <= 4.0 || self.numbers > 0.0 && self.total <= 8.0);
        introduces && !self.speaks()
            || plain
                && (is_detail(text)
                    || self.numbers >= self.content
                        && (self.content <= 1.0 && self.numbers > 0.0 || self.numbers >= 2.0))
    }

    /// Tells if it only says who somebody is, or has numbers.
    pub(super) fn names_or_numbers(&self) -> bool {
        self.is_name || self.cues.named || self.numbers > 0.0
    }

    /// Tells if it asks, wants or complains.
    pub(super) fn has_cue(&self) -> bool {
        self.asks || self.requests || self.negates || self.cues.wrong || self.cues.wanted
    }

    pub(super) fn speaks(&self) -> bool {
        self.asks || self.cues.wrong || self.cues.wanted
    }

    /// Tells if it says who somebody is, that there is something to say, that all is well, or greets; and nothing of
    /// what is wrong, wanted or asked.
    pub(super) fn is_frame(&self) -> bool {
        self.content <= 0.0 && !self.asks
            || self.is_detail
            || self.cues.vague
            || (self.cues.frame || self.cues.solved) && !self.cues.wrong && !self.cues.wanted
            || (self.cues.life || self.cues.aside) && !self.speaks()
    }

    /// Tells if it states something, standing where it stands.
    pub(super) fn states(&self, place: Place) -> bool {
        let wrong = self.cues.wrong || self.negates;
        match place {
            _ if self.is_frame() => false,
            Place::Opening | Place::Opened | Place::Asked if self.is_name => false,
            Place::Opened
                if !self.has_cue()
                    && !self.is_own
                    && (self.total - self.courtesies <= 3.0 || self.numbers > 0.0 && self.total <= 8.0) =>
            {
                false
            }
            Place::Opening | Place::Opened => {
                self.content >= 2.0 || self.content >= 1.0 && self.total - self.courtesies >= 3.0
            }
            Place::Asked => self.content >= 2.0 || self.content >= 1.0 && self.has_cue(),
            Place::Offered => self.has_cue() && self.content >= 2.0,
            Place::Later if self.points_back => {
                self.requests && self.content >= 2.0 || wrong && self.content >= 3.0
            }
            // what begins with a yes or a no answers a question, unless it says much more
            Place::Later if self.answers => {
                self.cues.wanted && self.content >= 2.0
                    || (self.asks || self.requests)
                        && (self.content >= 3.0 || self.content >= 2.0 && self.total >= ANSWER_WORDS_MIN)
            }
            Place::Later => {
                // "I need 50 pieces" tells how many
                (self.cues.wanted || self.requests) && self.content >= 1.0 && self.content > self.numbers
                    || (self.asks || wrong) && self.content >= 2.0
            }
            Place::Answer => self.requests && self.content >= 3.0 && !self.points_back,
        }
    }
}

fn is_answer(word: &str) -> bool {
    matches!(word, "yes" | "yeah" | "yep" | "yup" | "no" | "nope" | "ok" | "okay" | "sure")
}

/// Tells the word that companies end their names with.
fn is_company(word: &str) -> bool {
    matches!(
        word,
        "ltd" | "limited" | "inc" | "incorporated" | "llc" | "corp" | "co" | "company" | "gmbh" | "plc"
    )
}

/// Tells "I am vijay", whether the name is written large or not.
fn introduces(words: &[Word]) -> bool {
    let opening: Vec<&str> = words.iter().take(2).map(|word| word.folded.as_str()).collect();
    words.len() <= 4 && matches!(opening[..], ["i", "am"] | ["this", "is"] | ["my", "name"])
        || words.len() <= 3 && opening.first().is_some_and(|word| *word == "i'm")
}
