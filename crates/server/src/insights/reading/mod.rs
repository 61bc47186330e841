//! TODO

pub(crate) mod job;
