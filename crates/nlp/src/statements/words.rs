//! The part of single words in a conversation, by small lists of the main languages: see `words.txt`.

use super::tokens::Word;
use std::collections::HashSet;
use std::sync::LazyLock;

type Words = LazyLock<HashSet<&'static str>>;
type Phrases = LazyLock<Vec<&'static str>>;

static COURTESY: Words = LazyLock::new(|| list("courtesy").collect());
static COURTESY_UNSPACED: Phrases = LazyLock::new(|| list("courtesy unspaced").collect());
static NEUTRAL: Words = LazyLock::new(|| list("neutral").collect());
static REQUEST: Words = LazyLock::new(|| list("request").collect());
static REQUEST_UNSPACED: Phrases = LazyLock::new(|| list("request unspaced").collect());
static IMPERATIVE: Words = LazyLock::new(|| list("imperative").collect());
static QUESTION: Words = LazyLock::new(|| list("question").collect());
static POINTING: Words = LazyLock::new(|| list("pointing").collect());
static OFFER: Phrases = LazyLock::new(|| list("offer").collect());
static FILLER: Words = LazyLock::new(|| list("filler").collect());
static ABBREVIATION: Words = LazyLock::new(|| list("abbreviation").collect());
pub(super) static OPENINGS: Phrases = LazyLock::new(|| list("opening").collect());
pub(super) static INTRODUCTIONS: Phrases = LazyLock::new(|| list("introduction").collect());
pub(super) static CLOSINGS: Phrases = LazyLock::new(|| list("closing").collect());

fn list(name: &str) -> impl Iterator<Item = &'static str> {
    let lines = include_str!("words.txt").lines().filter_map(|line| line.split_once(": "));
    lines.filter(move |(list, _)| *list == name).flat_map(|(_, words)| words.split(", "))
}

pub(super) fn is_courtesy(word: &str) -> bool {
    COURTESY.contains(word)
}

/// Tells if the word can name a topic.
pub fn is_content(word: &str) -> bool {
    !is_courtesy(word)
        && !NEUTRAL.contains(word)
        && !word.contains(|c: char| c.is_numeric())
        && word.chars().nth(1).is_some()
}

/// Tells words of grammar and courtesy.
pub(crate) fn is_function_word(word: &str) -> bool {
    is_courtesy(word) || NEUTRAL.contains(word)
}

/// Lists the words of grammar and courtesy.
pub(crate) fn function_words() -> impl Iterator<Item = &'static str> {
    COURTESY.iter().chain(NEUTRAL.iter()).copied()
}

pub(super) fn is_request(word: &str) -> bool {
    REQUEST.contains(word)
}

pub(super) fn is_negation(word: &str) -> bool {
    word.ends_with("n't")
        || matches!(
            word,
            "not"
                | "never"
                | "cannot"
                | "cant"
                | "couldnt"
                | "dont"
                | "doesnt"
                | "didnt"
                | "wont"
                | "wouldnt"
        )
        || matches!(word, "isnt" | "arent" | "wasnt" | "werent" | "hasnt" | "havent")
}

/// Tells if the word opens an English question.
pub(super) fn is_question(word: &str) -> bool {
    QUESTION.contains(word)
}

/// Tells if the word points back at what was just said.
pub(super) fn is_pointing(word: &str) -> bool {
    POINTING.contains(word)
}

/// Tells if the word may stand before the substance, whatever follows.
pub(super) fn is_filler(word: &str) -> bool {
    FILLER.contains(word)
}

pub(super) fn is_abbreviation(word: &str) -> bool {
    ABBREVIATION.contains(word)
}

/// Tells if a text of the other side asks what else there is.
pub(super) fn offers(lower: &str) -> bool {
    OFFER.iter().any(|offer| lower.contains(offer))
}

/// Tells if the word is of a script that sets no blanks between words.
pub fn is_unspaced(word: &str) -> bool {
    word.chars().any(|c| letters_of_a_word(c) > 1.0)
}

/// Returns the number of words that a run of letters amounts to.
pub(crate) fn size(word: &str) -> f32 {
    let unspaced: f32 =
        word.chars().filter(|&c| letters_of_a_word(c) > 1.0).map(|c| 1.0 / letters_of_a_word(c)).sum();
    if unspaced > 0.0 { unspaced } else { 1.0 }
}

fn letters_of_a_word(c: char) -> f32 {
    match u32::from(c) {
        0x3400..=0x9fff | 0xf900..=0xfaff | 0x20000..=0x2ffff => 2.0,
        0x3040..=0x30ff => 3.0,
        0x0e00..=0x0eff | 0x1000..=0x109f | 0x1780..=0x17ff => 4.0,
        _ => 1.0,
    }
}

/// Returns the number of words that are left when courtesies are taken out.
pub(super) fn content_unspaced(run: &str) -> f32 {
    let mut rest = run.to_owned();
    for courtesy in COURTESY_UNSPACED.iter() {
        rest = rest.replace(courtesy, "");
    }
    rest.chars().filter(|&c| letters_of_a_word(c) > 1.0).map(|c| 1.0 / letters_of_a_word(c)).sum()
}

pub(super) fn requests_unspaced(text: &str) -> bool {
    !text.is_ascii() && REQUEST_UNSPACED.iter().any(|cue| text.contains(cue))
}

/// Tells a request: "can you", "could I", "would like", "looking for", or a verb that opens the sentence.
pub(super) fn requests_in_phrase(words: &[Word]) -> bool {
    let opens = words
        .iter()
        .map(|word| word.folded.as_str())
        .find(|word| !matches!(*word, "please" | "pls" | "just" | "then" | "also" | "let's" | "lets"));
    if opens.is_some_and(|word| IMPERATIVE.contains(word)) {
        return true;
    }
    words.windows(2).any(|pair| {
        let (first, second) = (pair[0].folded.as_str(), pair[1].folded.as_str());
        matches!(first, "can" | "could" | "would" | "will" | "may")
            && matches!(second, "you" | "i" | "we" | "like" | "love")
            || matches!(
                (first, second),
                ("help", "me" | "us" | "with")
                    | ("looking", "for" | "to")
                    | ("trying" | "tried", "to")
                    | ("i'd" | "id", "like" | "love")
                    | ("please", _)
                    | ("not", "working" | "work")
                    | ("no", "longer")
                    | ("how", "to" | "do" | "can")
            )
    })
}
