//! Wording: the sentence of an insight, made by the language model that is configured, if one is.

pub(crate) mod check;
pub(crate) mod job;
mod routes;

pub(crate) use routes::routes;
