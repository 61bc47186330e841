//! The messages of a contact that state something: a request, a problem, praise, a wish. Greetings, thanks,
//! confirmations, names, numbers and other answers do not.

mod edges;
mod tokens;
mod words;

pub(crate) use edges::{sentences, substance};
pub(crate) use tokens::{Word, split_words};
pub use words::{is_content as is_content_word, is_unspaced};
pub(crate) use words::{is_function_word, size};

use crate::conversation::{Author, Turn};

/// The most statements of one conversation.
const STATEMENTS_MAX: usize = 8;

/// The most words of a message that is one statement, whole; longer ones are read sentence by sentence.
const WORDS_WHOLE_MAX: usize = 45;

/// The most statements of one long message.
const STATEMENTS_OF_MESSAGE_MAX: usize = 4;

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
    let mut spans = Vec::new();
    let mut place = Place::Opening;
    for (index, turn) in turns.iter().enumerate() {
        if turn.author == Author::Other {
            place = after_other(turn.text, spans.is_empty());
            continue;
        }
        let before = spans.len();
        for (start, end) in statements_of(turn.text, place) {
            if spans.len() < STATEMENTS_MAX {
                spans.push(Span { turn: index, start, end });
            }
        }
        if spans.len() > before {
            place = Place::Later;
        }
    }
    if spans.is_empty() {
        spans.extend(only_message(turns));
    }
    spans
}

/// The place of a message in the conversation, which decides how much it must say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Nothing was stated yet.
    Opening,
    /// After the question what else there is.
    Offered,
    /// After a question for one detail.
    Answer,
    /// Anywhere else.
    Later,
}

fn after_other(text: &str, nothing_yet: bool) -> Place {
    let lower = text.to_lowercase();
    if nothing_yet {
        Place::Opening
    } else if words::offers(&lower) {
        Place::Offered
    } else if lower.contains(['?', '？', '؟']) || lower.contains("please") {
        Place::Answer
    } else {
        Place::Later
    }
}

/// Finds the only message of a contact, which counts when it says anything at all: "refund".
fn only_message(turns: &[Turn<'_>]) -> Option<Span> {
    let of_contact = |turn: &Turn<'_>| turn.author == Author::Contact && !turn.text.is_empty();
    let mut own = turns.iter().enumerate().filter(|(_, turn)| of_contact(turn));
    let (turn, only) = own.next()?;
    if own.next().is_some() {
        return None;
    }
    let range = substance(clipped(only.text));
    let reading = Reading::of(&only.text[range.clone()]);
    let says_something = reading.content > 0.0 || reading.requests && reading.total >= 5.0;
    says_something.then_some(Span { turn, start: range.start, end: range.end })
}

/// Tells if a sentence asks for something, or says that something is wrong.
pub(crate) fn states_matter(sentence: &str) -> bool {
    let reading = Reading::of(sentence);
    reading.has_cue() && reading.content >= 2.0
}

fn clipped(text: &str) -> &str {
    &text[..text.floor_char_boundary(BYTES_MAX)]
}

/// Returns the byte ranges of the statements in one message.
fn statements_of(text: &str, place: Place) -> Vec<(usize, usize)> {
    let text = clipped(text);
    let whole = substance(text);
    let reading = Reading::of(&text[whole.clone()]);
    if reading.total <= WORDS_WHOLE_MAX as f32 {
        return if reading.states(place) { vec![(whole.start, whole.end)] } else { Vec::new() };
    }
    let mut found = Vec::new();
    let mut longest: Option<(f32, (usize, usize))> = None;
    for sentence in sentences(text) {
        let range = substance(&text[sentence.clone()]);
        let (start, end) = (sentence.start + range.start, sentence.start + range.end);
        let reading = Reading::of(&text[start..end]);
        let opens = place == Place::Opening && found.is_empty() && reading.has_cue() && reading.states(place);
        if (opens || reading.states(Place::Later)) && found.len() < STATEMENTS_OF_MESSAGE_MAX {
            found.push((start, end));
        }
        if longest.is_none_or(|(content, _)| reading.content > content) {
            longest = Some((reading.content, (start, end)));
        }
    }
    if found.is_empty() && place == Place::Opening {
        found.extend(longest.map(|(_, range)| range));
    }
    found
}

/// The features of a message or sentence that the rules look at.
#[expect(clippy::struct_excessive_bools, reason = "each is a cue of its own")]
struct Reading {
    /// Words, each two ideographs or four Thai letters counting as one.
    total: f32,
    /// Words that can name a topic: no courtesies, no numbers, no function words.
    content: f32,
    asks: bool,
    requests: bool,
    negates: bool,
    /// Says of something of their own that it is not so: "my refund has not arrived".
    misses: bool,
    points_back: bool,
    /// Two or three capitalized words and nothing else.
    is_name: bool,
}

impl Reading {
    fn of(text: &str) -> Self {
        let words = split_words(text);
        let mut reading = Self {
            total: 0.0,
            content: 0.0,
            asks: false,
            requests: false,
            negates: false,
            misses: false,
            points_back: false,
            is_name: (2..=3).contains(&words.len()) && words.iter().all(|word| word.capitalized),
        };
        let mut unspaced = String::new();
        for word in &words {
            let size = size(&word.folded);
            reading.total += size;
            if is_unspaced(&word.folded) {
                unspaced.push_str(&word.folded);
            } else if words::is_content(&word.folded) {
                reading.content += size;
            }
            reading.requests |= words::is_request(&word.folded);
            reading.negates |= words::is_negation(&word.folded);
        }
        if !unspaced.is_empty() {
            reading.content += words::content_unspaced(&unspaced);
        }
        reading.requests |= words::requests_unspaced(text) || words::requests_in_phrase(&words);
        let opens = words.first().map_or("", |word| word.folded.as_str());
        reading.asks = text.contains(['?', '？', '؟', '¿']) || words::is_question(opens) && words.len() > 3;
        reading.points_back = words.iter().take(2).any(|word| words::is_pointing(&word.folded));
        reading.misses =
            reading.negates && words.iter().any(|word| matches!(word.folded.as_str(), "my" | "our"));
        reading.is_name &= !reading.has_cue();
        reading
    }

    fn has_cue(&self) -> bool {
        self.asks || self.requests || self.negates
    }

    /// Tells if it states something, standing where it stands.
    fn states(&self, place: Place) -> bool {
        match place {
            Place::Opening if self.is_name => false,
            Place::Opening => self.content >= 2.0 || self.content >= 1.0 && self.total >= 3.0,
            Place::Offered => self.has_cue() && self.content >= 2.0,
            Place::Later if self.points_back => self.requests && self.content >= 3.0,
            Place::Later => {
                self.requests && self.content >= 2.0 || (self.asks || self.misses) && self.content >= 3.0
            }
            Place::Answer => self.requests && self.content >= 3.0 && !self.points_back,
        }
    }
}

#[cfg(test)]
mod tests;
