//! Wording: the sentence of an insight, made by the language model that is configured, if one is.

pub(super) mod check;
mod continuity;
mod job;
mod neighbors;
mod prompt;
mod routes;
mod store;

pub(crate) use continuity::Wordings;
pub use job::{RewordInsights, request_wordings};
pub(crate) use prompt::object;
pub(crate) use routes::routes;
pub(crate) use store::forget;
