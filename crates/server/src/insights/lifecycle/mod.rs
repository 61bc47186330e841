//! The lifecycle of an insight: resolved, regressed, archived until it comes back, ended.

pub(crate) mod archive;
pub(crate) mod baseline;
mod cause;
pub(crate) mod daily_counts;
pub(crate) mod decide;
pub(crate) mod movers;
pub(crate) mod review;
pub(crate) mod state;
pub(crate) mod traffic;

pub(crate) use state::end;
