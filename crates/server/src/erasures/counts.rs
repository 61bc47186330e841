//! The numbers of an erasure.

use super::whole;
use crate::ids::{ErasureId, InsightId};
use crate::insights::{Counted, Lost};
use crate::sessions::Touched;
use crate::wire::SafeInt;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// The numbers of an erasure.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Counts {
    pub(super) deleted: Deleted,
    pub(super) masked: Masked,
    pub(super) before: Extent,
    pub(super) after: Option<Extent>,
    pub(super) insights: Vec<Recount>,
}

/// The numbers of what was deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub(super) struct Deleted {
    #[schemars(with = "SafeInt")]
    pub(super) contacts: i64,
    #[schemars(with = "SafeInt")]
    pub(super) sessions: i64,
    /// Entries of the sessions' histories.
    #[schemars(with = "SafeInt")]
    pub(super) messages: i64,
    /// Files that came with messages.
    #[schemars(with = "SafeInt")]
    pub(super) files: i64,
    /// What the contacts stated.
    #[schemars(with = "SafeInt")]
    pub(super) statements: i64,
    /// Sessions in the counts of insights, once for each insight.
    #[schemars(with = "SafeInt")]
    pub(super) occurrences: i64,
    /// Reports of deep research.
    #[schemars(with = "SafeInt")]
    pub(super) reports: i64,
}

impl Deleted {
    /// Adds what insights lost, and what went with sessions.
    pub(super) fn add(&mut self, lost: &Lost, gone: &Touched, sessions: i64) {
        self.sessions += sessions;
        self.messages += whole(gone.messages);
        self.files += whole(gone.files);
        self.statements += whole(lost.statements);
        self.occurrences += whole(lost.occurrences);
        self.reports += whole(lost.reports);
    }
}

/// The numbers of what was masked and stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub(super) struct Masked {
    #[schemars(with = "SafeInt")]
    pub(super) sessions: i64,
    /// Entries of histories in which there was something to mask.
    #[schemars(with = "SafeInt")]
    pub(super) messages: i64,
}

/// The numbers of what is linked to the contact, the session or the age that is erased.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, crate::db::Record)]
#[schemars(inline)]
pub(super) struct Extent {
    #[schemars(with = "SafeInt")]
    pub(super) sessions: i64,
    #[schemars(with = "SafeInt")]
    pub(super) messages: i64,
    #[schemars(with = "SafeInt")]
    pub(super) statements: i64,
    #[schemars(with = "SafeInt")]
    pub(super) occurrences: i64,
}

/// An insight that counted what is erased.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Recount {
    pub(super) id: InsightId,
    pub(super) insight_number: i64,
    pub(super) before: i64,
    pub(super) after: Option<i64>,
}

impl From<Counted> for Recount {
    fn from(counted: Counted) -> Self {
        let Counted { id, insight_number, occurrence_count } = counted;
        Self { id, insight_number, before: occurrence_count, after: None }
    }
}

impl Counts {
    /// Hashes the lines of a receipt: each number with its name, in the order in which it is shown.
    pub(super) fn hash(&self, id: ErasureId) -> String {
        let Self { deleted, masked, before, after, insights } = self;
        let after = after.unwrap_or_default();
        let numbers = [
            ("deleted.contacts", deleted.contacts),
            ("deleted.sessions", deleted.sessions),
            ("deleted.messages", deleted.messages),
            ("deleted.files", deleted.files),
            ("deleted.statements", deleted.statements),
            ("deleted.occurrences", deleted.occurrences),
            ("deleted.reports", deleted.reports),
            ("masked.sessions", masked.sessions),
            ("masked.messages", masked.messages),
            ("before.sessions", before.sessions),
            ("before.messages", before.messages),
            ("before.statements", before.statements),
            ("before.occurrences", before.occurrences),
            ("after.sessions", after.sessions),
            ("after.messages", after.messages),
            ("after.statements", after.statements),
            ("after.occurrences", after.occurrences),
        ];
        let mut lines = format!("id {id}\n");
        for (name, number) in numbers {
            let _ = writeln!(lines, "{name} {number}");
        }
        for insight in insights {
            let _ = writeln!(lines, "{} {} {}", insight.id, insight.before, insight.after.unwrap_or(0));
        }
        hex::encode(Sha256::digest(lines))
    }
}
