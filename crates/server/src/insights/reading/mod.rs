//! Reading: what is stated in sessions is written down and linked to the insights that say the same.

pub(crate) mod job;
mod store;

pub use store::progress;
