//! The receipt of an erasure.

use super::counts::{Deleted, Extent, Masked, Recount};
use super::store::Erasure;
use super::{Cause, Fate};
use crate::ids::{ErasureId, InsightId};
use crate::time::Timestamp;
use crate::wire::{Nullable, SafeInt, string_enum};
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

string_enum! {
    /// The state of an erasure.
    State {
        /// Some of its sessions are still to be erased or masked.
        Running = "running",
        /// Nothing is left to do.
        Done = "done",
    }
}

/// What was erased, and what is counted since.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Erasure")]
pub(super) struct Receipt {
    id: ErasureId,
    cause: Cause,
    /// The id that the contact or the session had.
    subject_id: Nullable<Uuid>,
    /// Whether the sessions are deleted, or stay masked.
    sessions: Fate,
    state: State,
    deleted: Deleted,
    masked: Masked,
    /// What was linked to it when it was erased.
    before: Extent,
    /// What is linked to it since; null while it is under way.
    after: Nullable<Extent>,
    /// The insights that counted its sessions, most frequent first, 1,000 at most.
    insights: Vec<InsightRecount>,
    /// SHA-256 of these numbers, as docs/erasure.md says, in hexadecimal; null while it is under way.
    sha256: Nullable<String>,
    created_at: Timestamp,
    finished_at: Nullable<Timestamp>,
}

/// The sessions that an insight counted, and counts.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct InsightRecount {
    id: InsightId,
    #[schemars(with = "SafeInt")]
    insight_number: i64,
    #[schemars(with = "SafeInt")]
    before: i64,
    after: Nullable<SafeInt>,
}

impl From<Erasure> for Receipt {
    fn from(erasure: Erasure) -> Self {
        let counts = &erasure.counts;
        let recounted = |recount: &Recount| InsightRecount {
            id: recount.id,
            insight_number: recount.insight_number,
            before: recount.before,
            after: recount.after.map(SafeInt).into(),
        };
        Self {
            id: erasure.id,
            cause: erasure.cause,
            subject_id: erasure.subject_id.into(),
            sessions: erasure.fate,
            state: if erasure.finished_at.is_some() { State::Done } else { State::Running },
            deleted: counts.deleted,
            masked: counts.masked,
            before: counts.before,
            after: counts.after.into(),
            insights: counts.insights.iter().map(recounted).collect(),
            sha256: erasure.finished_at.map(|_| counts.hash(erasure.id)).into(),
            created_at: erasure.created_at,
            finished_at: erasure.finished_at.into(),
        }
    }
}
