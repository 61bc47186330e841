//! Reading: the statements of sessions are extracted, stored and linked to the insights that say the same.

pub(super) mod job;
mod store;

pub use store::progress;
