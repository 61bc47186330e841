//! The search over messages: an index says which sessions may hold a text, and their messages alone are compared with
//! it. Sessions that are not in the index yet are compared too, so that an answer is the same with it and without.

mod found;
mod grams;
mod index;

pub use found::search_places;
pub(super) use found::{Search, search_messages};
pub use index::{IndexMessages, request_index};
