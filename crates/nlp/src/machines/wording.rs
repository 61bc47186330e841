//! Answers of mail programs, notes of mail servers, notices and notes of help desks, told by their wording.

use super::Machine;
use crate::phrases::Phrases;
use crate::statements::{is_function_word, states_matter};
use crate::text::{Text, writes_no_blanks};
use std::ops::Range;
use std::sync::LazyLock;

/// The wording of one kind of machine.
struct Wording {
    machine: Machine,
    phrases: Phrases,
    /// The share of words foreign to the kind that is allowed beside a phrase that decides.
    foreign_max: f32,
    /// The words within which such a phrase has to begin; a person who quotes one says something before it.
    within: usize,
    /// Names of people are expected anywhere.
    names: bool,
}

/// The share of foreign words that is allowed where only phrases were found that people use too.
const FOREIGN_MAX: f32 = 0.3;

/// Words of somebody who speaks of herself.
const SELF: [&str; 34] = [
    "i", "me", "my", "mine", "ich", "mich", "mir", "mein", "meine", "je", "moi", "mon", "ma", "mes", "yo",
    "mí", "mi", "eu", "meu", "minha", "io", "ik", "mij", "mijn", "jag", "mig", "jeg", "meg", "ja", "mnie",
    "я", "мне", "меня", "мой",
];
/// Words for "but".
const OBJECTIONS: [&str; 26] = [
    "but",
    "aber",
    "jedoch",
    "mais",
    "pero",
    "mas",
    "porém",
    "però",
    "maar",
    "men",
    "mutta",
    "ale",
    "lecz",
    "ama",
    "fakat",
    "но",
    "однако",
    "але",
    "αλλά",
    "tapi",
    "tetapi",
    "nhưng",
    "لكن",
    "ولكن",
    "אבל",
    "लेकिन",
];

/// The words of a text that are looked at.
const WORDS_MAX: usize = 600;

static WORDINGS: LazyLock<[Wording; 4]> = LazyLock::new(|| {
    let wording = |machine, lines, foreign_max, within| Wording {
        machine,
        phrases: Phrases::read(lines),
        foreign_max,
        within,
        names: machine == Machine::Note,
    };
    [
        wording(Machine::Note, include_str!("notes.txt"), 0.6, 8),
        wording(Machine::Bounce, include_str!("bounces.txt"), 0.9, 10),
        wording(Machine::AutoReply, include_str!("auto_replies.txt"), 0.7, 6),
        wording(Machine::Notice, include_str!("notices.txt"), 0.75, WORDS_MAX),
    ]
});

/// Finds the kind of machine that a text is worded like.
pub(super) fn judge(text: &Text) -> Option<Machine> {
    let shape = Shape::of(text);
    WORDINGS.iter().find(|wording| wording.fits(text, &shape)).map(|wording| wording.machine)
}

/// The traces of a kind of machine in a text.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a trace of its own")]
struct Traces {
    /// Words that are of the kind.
    own: Vec<bool>,
    /// A phrase that decides is there.
    sure: bool,
    /// Some phrase is there, and not words alone.
    found: bool,
    /// So are words of a person.
    personal: bool,
    /// It says that somebody is away.
    away: bool,
    /// It says who helps meanwhile, or when an answer comes.
    refers: bool,
    /// It promises an answer to those who are written to.
    promises: bool,
    /// It thanks for a message.
    thanks: bool,
    /// It says what somebody who is named did.
    acts: bool,
}

impl Wording {
    fn fits(&self, text: &Text, shape: &Shape) -> bool {
        let traces = self.traces(text, shape);
        let refers = traces.promises || traces.refers && (traces.found || traces.away || traces.thanks);
        (traces.found || refers)
            && (traces.sure || !traces.personal)
            && self.is_of_the_kind(text, shape, &traces.own, traces.sure || refers)
    }

    fn traces(&self, text: &Text, shape: &Shape) -> Traces {
        let mut traces = Traces { own: vec![false; shape.words], ..Traces::default() };
        for (word, hit) in
            (0..shape.words).flat_map(|word| self.phrases.at(text, word).map(move |hit| (word, hit)))
        {
            if hit.list == "person" {
                traces.personal |= !shape.aside[word];
                continue;
            }
            if matches!(hit.list, "reply" | "refer" | "promise") {
                let (is_promise, sentence) = (hit.list == "promise", shape.sentence[word]);
                let is_persons = shape.asks(text, sentence) || is_promise && shape.is_of_one(text, sentence);
                if !is_persons {
                    traces.promises |= is_promise;
                    traces.own[shape.words_of(sentence)].fill(true);
                    traces.refers |= hit.list == "refer";
                    traces.thanks |= hit.list == "reply";
                }
                continue;
            }
            let end = hit.end.min(shape.words);
            let stands = (!hit.opens || shape.opens[word]) && (!hit.ends || shape.ends(text, end));
            let in_one = shape.sentence[word] == shape.sentence[end - 1] && !shape.aside[word];
            let is_phrase = !matches!(hit.list, "words" | "away");
            let stands = stands && (hit.list != "act" || shape.is_name(text, word));
            if stands && (in_one || !is_phrase) {
                traces.own[word..end].fill(true);
                traces.sure |= hit.list == "sure" && word < self.within;
                traces.acts |= hit.list == "act";
                traces.found |= is_phrase;
                traces.away |= hit.list == "away";
            }
        }
        traces.sure |= traces.acts && !traces.personal;
        traces
    }

    /// Tells if what is not of the kind is little, and neither asks nor complains.
    fn is_of_the_kind(&self, text: &Text, shape: &Shape, own: &[bool], sure: bool) -> bool {
        let sentences = shape.sentence.last().map_or(0, |last| last + 1);
        let (mut known, mut foreign) = (vec![0.0_f32; sentences], vec![0.0_f32; sentences]);
        for (word, own) in own.iter().enumerate() {
            let size =
                if text.word_chars(word).first().is_some_and(|c| writes_no_blanks(*c)) { 0.5 } else { 1.0 };
            let sentence = shape.sentence[word];
            // words of grammar say nothing either way, be they part of a phrase or not
            if shape.is_neutral(text, word) {
                continue;
            }
            if *own {
                known[sentence] += size;
            } else if !(self.names && is_capitalized(text, word)) {
                foreign[sentence] += size;
            }
        }
        let (all_known, all_foreign) = (known.iter().sum::<f32>(), foreign.iter().sum::<f32>());
        let share = all_foreign / (all_known + all_foreign).max(1.0);
        let quotes_the_original = sure && self.machine == Machine::Bounce;
        share <= if sure { self.foreign_max } else { FOREIGN_MAX }
            && (quotes_the_original
                || (0..sentences).all(|at| {
                    let asks = foreign[at] > 0.0 && shape.asks(text, at);
                    let speaks = foreign[at] >= 1.5 && shape.complains(text, at, known[at] < foreign[at]);
                    let objects = foreign[at] > 0.0 && shape.objects(text, at);
                    !asks && !speaks && !objects
                }))
    }
}

/// The sentences of a text, and what its words stand in.
struct Shape {
    words: usize,
    /// The number of the sentence of each word.
    sentence: Vec<usize>,
    /// Words that begin a sentence, a line or what follows a colon.
    opens: Vec<bool>,
    /// Words in quotation marks, of addresses and of signatures.
    aside: Vec<bool>,
}

impl Shape {
    fn of(text: &Text) -> Shape {
        let words = text.words.len().min(WORDS_MAX);
        let mut shape = Shape {
            words,
            sentence: Vec::with_capacity(words),
            opens: Vec::with_capacity(words),
            aside: vec![false; words],
        };
        let mut sentence = 0;
        for word in 0..words {
            let before = if word == 0 { &['\n', '\n'][..] } else { text.gap_after(word - 1) };
            let after_number = word > 0 && text.word_chars(word - 1).iter().all(char::is_ascii_digit);
            let ends = ends_sentence(before, after_number);
            if word > 0 && ends {
                sentence += 1;
            }
            shape.sentence.push(sentence);
            let after_mark = before.iter().any(|c| matches!(c, '\n' | ':' | '[' | '(' | '*' | '|'));
            shape.opens.push(word == 0 || after_mark || ends);
        }
        shape.mark_quoted(text);
        shape.mark_addresses(text);
        shape.mark_signatures(text);
        shape
    }

    fn mark_quoted(&mut self, text: &Text) {
        const QUOTED_MAX: usize = 120;
        let mut opened: Option<usize> = None;
        for (at, _) in text.chars.iter().enumerate().filter(|(_, c)| **c == '"') {
            match opened.take() {
                Some(start) if at - start <= QUOTED_MAX => {
                    let (first, end) = (text.word_at(start), text.word_at(at).min(self.words));
                    self.aside[first.min(end)..end].fill(true);
                }
                _ => opened = Some(at),
            }
        }
    }

    /// Marks the words of e-mail addresses and web addresses.
    fn mark_addresses(&mut self, text: &Text) {
        const ADDRESS_MAX: usize = 100;
        for (at, c) in text.chars.iter().enumerate() {
            let is_address = *c == '@' || *c == '/' && text.char(at + 1) == '/';
            if !is_address {
                continue;
            }
            let reach = at.saturating_sub(ADDRESS_MAX)..text.chars.len().min(at + ADDRESS_MAX);
            let (before, behind) = (&text.chars[reach.start..at], &text.chars[at..reach.end]);
            let start = before
                .iter()
                .rposition(|c| c.is_whitespace())
                .map_or(reach.start, |gap| reach.start + gap + 1);
            let end = behind.iter().position(|c| c.is_whitespace()).map_or(reach.end, |gap| at + gap);
            let (first, end) = (text.word_at(start), text.word_at(end).min(self.words));
            self.aside[first.min(end)..end].fill(true);
        }
    }

    /// Marks lines behind the first of up to four words that all begin with a capital letter: names, places, companies.
    fn mark_signatures(&mut self, text: &Text) {
        const NAMES_MAX: usize = 4;
        let mut start = 0;
        for word in 0..self.words {
            let last = word + 1 == self.words;
            if !last && !text.gap_after(word).contains(&'\n') {
                continue;
            }
            let line = start..word + 1;
            let asks = text.gap_after(word).contains(&'?');
            if start > 0
                && line.len() <= NAMES_MAX
                && !asks
                && line.clone().all(|at| is_capitalized(text, at))
            {
                self.aside[line].fill(true);
            }
            start = word + 1;
        }
    }

    /// Tells if a clause ends before this word.
    fn ends(&self, text: &Text, end: usize) -> bool {
        end >= self.words && text.words.len() == self.words
            || text
                .gap_after(end - 1)
                .iter()
                .any(|c| matches!(c, ':' | '\n' | '.' | '!' | '-' | '(' | '[' | ']' | '。' | '"' | '|'))
    }

    /// Tells words that say nothing either way: short ones, numbers, words of grammar, what is quoted.
    fn is_neutral(&self, text: &Text, word: usize) -> bool {
        let letters = text.word_chars(word);
        self.aside[word]
            || letters.len() <= neutral_letters(letters)
            || letters.iter().any(char::is_ascii_digit)
            || letters.iter().all(|c| matches!(c, '\u{3041}'..='\u{309f}' | 'ー' | '々'))
            || is_function_word(&text.lowercase(word))
    }

    /// Tells if a sentence of mostly foreign words asks for something or complains.
    fn complains(&self, text: &Text, sentence: usize, mostly_foreign: bool) -> bool {
        let words = self.words_of(sentence);
        let (from, to) = (text.words[words.start].start, text.words[words.end - 1].end);
        mostly_foreign && states_matter(&text.chars[from..to].iter().collect::<String>())
    }

    /// Tells if up to three words with a capital, and nothing else, stand before a word in its sentence: who did it.
    fn is_name(&self, text: &Text, word: usize) -> bool {
        const NAME_WORDS_MAX: usize = 3;
        let start = self.words_of(self.sentence[word]).start;
        let name = start..word;
        (1..=NAME_WORDS_MAX).contains(&name.len())
            && name.clone().all(|at| is_capitalized(text, at) && !is_function_word(&text.lowercase(at)))
    }

    /// Tells if a sentence is of somebody who speaks of herself.
    fn is_of_one(&self, text: &Text, sentence: usize) -> bool {
        self.words_of(sentence).any(|word| SELF.contains(&text.lowercase(word).as_str()))
    }

    /// Tells if a sentence says "but" within: machines do not.
    fn objects(&self, text: &Text, sentence: usize) -> bool {
        self.words_of(sentence).skip(1).any(|word| OBJECTIONS.contains(&text.lowercase(word).as_str()))
    }

    fn asks(&self, text: &Text, sentence: usize) -> bool {
        let last = self.words_of(sentence).end - 1;
        text.gap_after(last).iter().any(|c| matches!(c, '?' | '？' | '؟'))
    }

    fn words_of(&self, sentence: usize) -> Range<usize> {
        self.sentence.partition_point(|at| *at < sentence)
            ..self.sentence.partition_point(|at| *at <= sentence)
    }
}

fn is_capitalized(text: &Text, word: usize) -> bool {
    text.word_chars(word).first().is_some_and(|c| c.is_uppercase())
}

/// Tells if a sentence ends between two words. The full stop behind a number does not end one: "am 5. Mai".
fn ends_sentence(gap: &[char], after_number: bool) -> bool {
    let blank = gap.iter().any(|c| c.is_whitespace());
    gap.iter().any(|c| matches!(c, '!' | '?' | '。' | '！' | '？' | '।' | '؟'))
        || blank && !after_number && gap.contains(&'.')
        || gap.iter().filter(|c| **c == '\n').count() > 1
}

/// Returns the number of letters up to which words of a script are mostly grammar.
fn neutral_letters(letters: &[char]) -> usize {
    match letters.first() {
        Some('\u{ac00}'..='\u{d7af}') => 1,
        Some('\u{590}'..='\u{8ff}') => 2,
        Some(c) if writes_no_blanks(*c) => 0,
        _ => 3,
    }
}
