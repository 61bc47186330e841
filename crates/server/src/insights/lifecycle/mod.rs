//! TODO

pub(crate) mod archive;
pub(crate) mod cause;
pub(crate) mod daily_counts;
pub(crate) mod review;
pub(crate) mod state;
