//! What it takes to take an entry of a history back: ids, times and flags, and nothing that customers said.

use super::ArchivePolicy;
use crate::ids::{CategoryId, InsightId, MemberId, SessionId, TeamId};
use serde::{Deserialize, Serialize};

/// The way back from an entry, as it is stored beside it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Undo {
    /// The insight was resolved, reopened, archived or restored.
    State { before: Decided, after: Decided },
    /// Values were set by hand. The sentences before and after are in the detail of the entry.
    Edit { before: ByHand, after: ByHand },
    /// Another insight was merged into this one.
    Merge { merged_id: InsightId, merged_before: Decided, before: Decided, after: Decided },
    /// A merge of the other insight into this one was taken back.
    Unmerge { merged_id: InsightId },
    /// Another insight was split off this one.
    Split { other_id: InsightId },
    /// A person decided whether a session belongs, or withdrew that.
    Session { session_id: SessionId, before: Option<bool>, after: Option<bool> },
}

/// The state of an insight as people decided it. Times are in microseconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Decided {
    pub(crate) resolved_at: Option<i64>,
    pub(crate) resolved_by: Option<MemberId>,
    pub(crate) archived: Option<Archived>,
}

/// The terms on which an insight is archived, with the record that it is measured by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Archived {
    pub(crate) at: i64,
    pub(crate) by: Option<MemberId>,
    pub(crate) policy: ArchivePolicy,
    pub(crate) reason: Option<String>,
    pub(crate) target: Option<i64>,
    pub(crate) counted: String,
    pub(crate) record: String,
}

impl Decided {
    /// Returns true if both are resolved, or not, since the same time, and archived on the same terms.
    pub(crate) fn is_as(&self, other: &Self) -> bool {
        let terms = |decided: &Self| {
            decided.archived.as_ref().map(|archived| (archived.at, archived.policy, archived.target))
        };
        self.resolved_at == other.resolved_at && terms(self) == terms(other)
    }
}

/// The values of an insight that people may set, but for its sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ByHand {
    pub(crate) category_id: Option<CategoryId>,
    pub(crate) team_id: Option<TeamId>,
    pub(crate) content_by_hand: bool,
    pub(crate) category_by_hand: bool,
    pub(crate) team_by_hand: bool,
}
