//! A language model behind an OpenAI-compatible endpoint, if one is configured. It words what was found and
//! counts nothing; without it everything works.

mod answer;
mod breaker;
mod budget;
mod client;

pub use answer::Failure;
pub use budget::spend;
pub use client::LanguageModel;
