//! Tells texts that are about one thing and say the opposite: "I was charged twice" and "I was not charged", to
//! cancel and to renew, on and off, what crashes and what no longer does.
//!
//! Embeddings lay such texts side by side, since nearly all of their words are the same. Here words of meaning are
//! found by a list (`words.txt`), each with its sign, and denials, questions and requests around them turn the sign
//! or take it away. What a text says in each family of words is its signature. A request and a complaint are two
//! things: who asks to unlock an account and who says that it is locked want the same.

mod clause;
mod family;
mod lexicon;
mod parting;
mod signature;
mod tally;

pub use parting::{Parted, part};
pub use signature::Signature;
pub use tally::Tally;

use lexicon::{LEXICONS, folded};

/// Returns true if a text has words of two of the languages of the list: "Where is mein Paket bitte?"
pub(crate) fn mixes_languages(text: &str) -> bool {
    LEXICONS.mix(&folded(text))
}

#[cfg(test)]
mod tests;
