//! Embeddings of texts: vectors of length 1 that lie near one another where texts mean the same.
//!
//! - A *static embedding* ([`static_embedding`]) is the mean of a row for each piece of the text. It costs next to
//!   nothing, and every English statement is linked by it.
//! - A *contextual embedding* ([`english`]) is made by a small transformer, which reads each piece beside the others.
//!   It costs milliseconds, and a grouping compares a sample by it.
//! - A text in another language ([`multilingual`]) gets both from one transformer, brought to where English texts of
//!   the same meaning lie.
//!
//! An embedding is the same to the bit on every machine, whatever it is encoded with: products are sums of whole
//! numbers, the rest is basic operations in a fixed order.

pub mod english;
mod linear;
mod math;
pub mod multilingual;
mod romanized;
pub mod static_embedding;
mod tensors;
mod transformer;
mod unigram;
mod wordpiece;

use crate::fnv;
use std::sync::OnceLock;

/// Returns a hash of the transformers' weights, which tells their embeddings from those of other models.
pub fn fingerprint() -> u32 {
    static FINGERPRINT: OnceLock<u32> = OnceLock::new();
    *FINGERPRINT.get_or_init(|| hash(english::FILE) ^ hash(multilingual::FILE).rotate_left(1))
}

#[expect(clippy::cast_possible_truncation, reason = "both halves of the hash are in the lower one")]
fn hash(file: &[u8]) -> u32 {
    let hash = fnv::hash_64_by_words(file);
    (hash ^ (hash >> 32)) as u32
}
