//! Text in, findings out. Nothing here knows SQL, HTTP or the product: every function is pure, and the
//! same text with the same model gives the same result.

pub mod case_fold;
pub mod embed;
pub mod encoder;
pub mod evaluation;
pub mod grouping;
pub mod language;
pub mod random;
pub mod reading;
pub mod redact;
pub mod sentiment;
pub mod statements;
mod summary;
mod tensors;
mod text;
pub mod title;
mod unigram;
mod wordpiece;
