//! Reading: the statements of sessions are extracted, stored and linked to the insights that say the same.

mod excerpt;
pub(super) mod job;
mod reread;
mod store;

pub use reread::{RereadSessions, request_rereading};
pub use store::progress;
