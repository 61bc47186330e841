//! The search over messages: an index says which sessions may hold a text, and their messages alone are compared with
//! it. Sessions that are not in the index yet are compared too, so that an answer is the same with it and without.

mod found;
mod grams;
mod index;
mod words;

pub use found::search_places;
pub(super) use found::{Search, search_messages};
pub use index::{IndexMessages, request_index};
pub(super) use words::rank;
pub use words::{Ranked, words_of};
