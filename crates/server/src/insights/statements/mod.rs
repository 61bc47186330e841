//! TODO

pub(crate) mod contextual;
pub(crate) mod embedding;
