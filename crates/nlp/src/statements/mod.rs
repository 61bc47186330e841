//! The messages of a contact that state something: a request, a problem, praise, a wish. Greetings, thanks,
//! confirmations, names, numbers and other answers do not.

mod edges;
mod features;
mod letter;
mod matter;
mod tokens;
mod words;

pub(crate) use edges::{sentences, substance};
pub(crate) use tokens::{Word, split_words};
pub(crate) use words::{function_words, is_function_word, size};
pub use words::{is_content as is_content_word, is_unspaced};

use crate::conversation::{Author, Turn};
use features::{Features, Place};
use std::collections::HashSet;

/// The most statements of one conversation.
const STATEMENTS_MAX: usize = 8;

/// The most words of a message that is one statement, whole; longer ones are read sentence by sentence.
const WORDS_WHOLE_MAX: usize = 45;

/// With more words than this somebody may tell of her life before she comes to the matter.
const WORDS_TOLD_MIN: usize = 20;

/// The bytes from which a message may have so many words.
const LONG_BYTES_MIN: usize = 90;

/// The most topics of the other side that are kept.
const ANSWERED_MAX: usize = 400;

/// The least words of a line that says something.
const SAYING_WORDS_MIN: f32 = 4.0;

/// The bytes of a message that are read.
const BYTES_MAX: usize = 20_000;

/// The place of one statement: bytes `start..end` of the text of turn `turn`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// Position of the turn in the conversation.
    pub turn: usize,
    /// First byte.
    pub start: usize,
    /// End, exclusive.
    pub end: usize,
}

/// Finds the statements of a conversation, in order, at most eight.
pub fn find(turns: &[Turn<'_>]) -> Vec<Span> {
    let answered = answered(turns);
    let mut spans: Vec<Span> = Vec::new();
    let (mut place, mut spoken) = (Place::Opening, false);
    for (index, turn) in turns.iter().enumerate() {
        if turn.author == Author::Other {
            place = after_other(turn.text, spans.is_empty());
            continue;
        }
        if place == Place::Opening && spoken {
            place = Place::Opened;
        }
        spoken |= turn.text.contains(char::is_alphanumeric);
        let before = spans.len();
        for (start, end) in statements_of(turn.text, place, &answered) {
            if spans.len() < STATEMENTS_MAX {
                spans.push(Span { turn: index, start, end });
            }
        }
        if spans.len() > before {
            place = Place::Later;
        }
    }
    if spans.is_empty() {
        spans.extend(first_message(turns));
    }
    spans
}

/// Returns the topics of what the other side says, which hint at what the contact stated.
fn answered(turns: &[Turn<'_>]) -> HashSet<String> {
    let long = turns.iter().any(|turn| turn.author == Author::Contact && turn.text.len() > LONG_BYTES_MIN);
    if !long {
        return HashSet::new();
    }
    let others = turns.iter().filter(|turn| turn.author == Author::Other);
    others.flat_map(|turn| letter::topics(clipped(turn.text))).take(ANSWERED_MAX).collect()
}

fn after_other(text: &str, nothing_yet: bool) -> Place {
    let lower = text.to_lowercase();
    if nothing_yet {
        return if matter::is_asked_for(text) { Place::Asked } else { Place::Opening };
    }
    if words::offers(&lower) {
        Place::Offered
    } else if matter::is_asked_for(text) {
        Place::Asked
    } else if lower.contains(['?', '？', '؟']) || lower.contains("please") {
        Place::Answer
    } else {
        Place::Later
    }
}

/// Finds the first message of a contact that says anything at all: "refund".
fn first_message(turns: &[Turn<'_>]) -> Option<Span> {
    let said = |turn: &Turn<'_>| turn.author == Author::Contact && turn.text.contains(char::is_alphanumeric);
    let of_contact = turns.iter().enumerate().filter(|(_, turn)| said(turn));
    let alone = of_contact.clone().count() == 1;
    let mut saying = of_contact.filter_map(|(turn, only)| {
        let range = substance(clipped(only.text));
        let features = Features::of(&only.text[range.clone()]);
        let enough = features.content >= if alone { 1.0 } else { 2.0 };
        let says_something = enough && !features.is_detail && (alone || !features.names_or_numbers())
            || features.requests && features.total >= 5.0;
        let is_brief = features.total <= WORDS_WHOLE_MAX as f32;
        (says_something && is_brief).then_some(Span { turn, start: range.start, end: range.end })
    });
    saying.next()
}

/// Tells if a sentence asks for something, or says that something is wrong.
pub(crate) fn states_matter(sentence: &str) -> bool {
    let features = Features::of(sentence);
    features.has_cue() && features.content >= 2.0
}

/// Tells a line that says something: no greeting, no name, no number, and no single words.
pub(crate) fn says_something(line: &str) -> bool {
    let features = Features::of(&line[substance(line)]);
    features.total >= SAYING_WORDS_MIN && features.states(Place::Opening)
}

/// Tells if a line asks, wants or complains, or has who speaks in it: nobody but its author says that.
pub(crate) fn speaks(line: &str) -> bool {
    let features = Features::of(line);
    features.has_cue() || features.cues.own || features.is_own
}

fn clipped(text: &str) -> &str {
    &text[..text.floor_char_boundary(BYTES_MAX)]
}

/// Returns the byte ranges of the statements in one message.
fn statements_of(text: &str, place: Place, answered: &HashSet<String>) -> Vec<(usize, usize)> {
    let text = clipped(text);
    let whole = substance(text);
    let features = Features::of(&text[whole.clone()]);
    let is_letter = || features.total > WORDS_TOLD_MIN as f32 && letter::tells_of_life(&text[whole.clone()]);
    if features.total > WORDS_WHOLE_MAX as f32 || is_letter() {
        return letter::statements(text, place, answered);
    }
    let said = letter::without_frame(text, whole);
    if !features.states(place) && !Features::of(&text[said.clone()]).states(place) {
        return Vec::new();
    }
    vec![(said.start, said.end)]
}

#[cfg(test)]
mod tests;
