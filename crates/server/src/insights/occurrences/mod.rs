//! Occurrences: the sessions in which insights show, each with the statement that proves it.

mod centroids;
mod follow;
mod store;

pub use centroids::Centroids;
pub(crate) use centroids::{OrgCentroids, grouping_version};
pub(crate) use follow::follow_sessions;
pub(crate) use store::most_shown;
pub(super) use store::{
    NewOccurrence, copy, delete, delete_all, delete_of_sessions, delete_proved, insert, pinned, recount,
    redacted, settle, shift,
};
