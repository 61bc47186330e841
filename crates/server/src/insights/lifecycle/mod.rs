//! The lifecycle of an insight: resolved, regressed, archived until it comes back, ended.

pub(super) mod archive;
pub(super) mod baseline;
mod cause;
pub(super) mod daily_counts;
pub(super) mod decide;
pub(super) mod decided;
pub(super) mod movers;
pub(super) mod preview;
pub(super) mod review;
pub(super) mod state;
pub(super) mod traffic;

pub(crate) use state::end;
