//! A conversation, and what is found in it.

use crate::cleaning::boilerplate::Boilerplate;
use crate::encoders::{english, static_embedding};
use crate::language::Language;
use crate::redact::Finding;
use crate::sentiment::Sentiment;
use std::ops::Range;

/// The author of a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Author {
    /// The person who asks for help.
    Contact,
    /// An agent, a machine, the system.
    Other,
}

/// One message of a conversation.
#[derive(Clone, Copy, Debug)]
pub struct Turn<'a> {
    /// Its author.
    pub author: Author,
    /// Its text.
    pub text: &'a str,
}

/// A conversation to read.
#[derive(Clone, Copy, Debug)]
pub struct Conversation<'a> {
    /// Its messages, in order.
    pub turns: &'a [Turn<'a>],
    /// The names its contact is known by, to be masked.
    pub names: &'a [&'a str],
    /// What earlier readings masked in each message, which stays masked; messages beyond the list have nothing.
    pub masked: &'a [Vec<Finding>],
    /// Its language, where that is known.
    pub language: Option<Language>,
    /// The language to assume where there is too little to tell by.
    pub usual_language: Option<Language>,
    /// What stands at the edges of messages whatever is said in them.
    pub boilerplate: &'a Boilerplate,
}

/// Something that one author said, without what a message carries beside.
#[derive(Clone, Debug)]
pub struct Said {
    /// The position of its turn in the conversation.
    pub turn: usize,
    /// Its author.
    pub author: Author,
    /// Its words.
    pub text: String,
    /// What is masked in them.
    pub masked: Vec<Finding>,
}

/// Something that a contact states.
#[derive(Clone, Debug)]
pub struct Statement {
    /// The position of its turn in the conversation.
    pub turn: usize,
    /// The byte of the turn's text at which it starts.
    pub start: usize,
    /// The byte behind its last.
    pub end: usize,
    /// The position of the words that it is a part of, among all that were read.
    pub said: usize,
    /// Its bytes in these words.
    pub part: Range<usize>,
    /// Its text, with personal data masked.
    pub text: String,
    /// Its mood.
    pub sentiment: Sentiment,
    /// The embedding by which it is linked; none where no word of it is known.
    pub static_embedding: Option<[f32; static_embedding::DIMENSIONS]>,
    /// The embedding by which it is compared, where that was had for nothing: in other languages than English.
    pub contextual_embedding: Option<[f32; english::DIMENSIONS]>,
}

/// Reads turns written as "c: text" for the contact and "o: text" for the other side.
#[cfg(test)]
pub(crate) fn turns<'a>(conversation: &[&'a str]) -> Vec<Turn<'a>> {
    let turn = |turn: &&'a str| match turn.split_once(": ") {
        Some(("o", text)) => Turn { author: Author::Other, text },
        Some((_, text)) => Turn { author: Author::Contact, text },
        None => panic!("who says {turn}?"),
    };
    conversation.iter().map(turn).collect()
}
