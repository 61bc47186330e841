//! The filter of insights as plain values. Every list, count and bulk decision takes it.

use crate::custom_data::CustomData;
use crate::ids::{ContactId, TeamId};
use crate::insights::insight::InsightStatus;
use crate::sessions::{Channel, KnownLanguage, Sentiment, SessionStatus};
use crate::time::Timestamp;
use crate::wire::{SortOrder, string_enum};

/// The insights that are asked for, over the sessions that are asked for, and the page of their list.
#[derive(Clone, Debug, PartialEq)]
pub struct InsightFilter {
    /// The conditions that a session must meet to count.
    pub sessions: SessionConditions,
    /// The conditions that an insight must meet.
    pub insights: InsightConditions,
    /// The order of the list.
    pub sort: InsightSort,
    /// The direction of that order.
    pub order: SortOrder,
    /// The page of the list, from 1.
    pub page: i64,
}

impl Default for InsightFilter {
    fn default() -> Self {
        Self {
            sessions: SessionConditions::default(),
            insights: InsightConditions::default(),
            sort: InsightSort::OccurrenceCount,
            order: SortOrder::Desc,
            page: 1,
        }
    }
}

impl InsightFilter {
    /// Returns true if more rows may be looked at than a list of the insights has: those of sessions, or each content.
    pub fn is_scan(&self) -> bool {
        self.sessions != SessionConditions::default()
            || !(self.insights.is.search.is_empty() && self.insights.not.search.is_empty())
    }
}

/// Conditions: all of `is` must hold, and none of `not`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Conditions<T> {
    /// What must hold.
    pub is: T,
    /// What may not hold.
    pub not: T,
}

/// Conditions on sessions. With none, every session counts.
pub type SessionConditions = Conditions<SessionValues>;
/// Conditions on insights.
pub type InsightConditions = Conditions<InsightValues>;

/// Values of sessions. Of a list a session has one; an empty list asks for nothing. None among values is their absence.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SessionValues {
    /// The language of the session.
    pub language: Vec<Option<KnownLanguage>>,
    /// The sentiment of the contact.
    pub sentiment: Vec<Option<Sentiment>>,
    /// The channel.
    pub channel: Vec<Channel>,
    /// The time at or after which the session began.
    pub from: Option<Timestamp>,
    /// The time at or before which it began.
    pub to: Option<Timestamp>,
    /// Open or closed.
    pub status: Vec<SessionStatus>,
    /// The contact.
    pub contact_id: Vec<Option<ContactId>>,
    /// Custom data of the session: one of these, all pairs of it.
    pub session_data: Vec<CustomData>,
    /// Custom data of the contact: one of these, all pairs of it.
    pub contact_data: Vec<CustomData>,
}

/// Values of insights, as those of sessions.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InsightValues {
    /// The place in the insight's life.
    pub status: Vec<InsightStatus>,
    /// The name of the category, in any case.
    pub category: Vec<Option<String>>,
    /// The sentiment of the insight.
    pub sentiment: Vec<Sentiment>,
    /// The least number of sessions, of those that count.
    pub sessions_min: Option<i64>,
    /// A part of the content, after case folding.
    pub search: Vec<String>,
    /// The team, or none.
    pub team: Vec<TeamFilter>,
    /// The number of the insight.
    pub number: Vec<i64>,
}

impl InsightStatus {
    /// Returns the place of an insight that was resolved and archived at these times, or was not.
    pub(crate) const fn of(resolved_at: Option<Timestamp>, archived_at: Option<Timestamp>) -> Self {
        match (archived_at, resolved_at) {
            (Some(_), _) => Self::Archived,
            (None, Some(_)) => Self::Resolved,
            (None, None) => Self::Unresolved,
        }
    }
}

impl InsightConditions {
    /// Returns true if an insight at this place in its life is asked for.
    pub(crate) fn allow(&self, status: InsightStatus) -> bool {
        let is_one = |asked: &[InsightStatus]| {
            asked.iter().any(|asked| *asked == InsightStatus::All || *asked == status)
        };
        (self.is.status.is_empty() || is_one(&self.is.status)) && !is_one(&self.not.status)
    }
}

string_enum! {
    /// An order of insights.
    InsightSort {
        /// By the number of sessions that show it.
        OccurrenceCount = "occurrence_count",
        /// By when it was last seen.
        LastSeenAt = "last_seen_at",
        /// By when it was first seen.
        FirstSeenAt = "first_seen_at",
        /// By when it became an insight.
        CreatedAt = "created_at",
    }
}

/// A team of insights, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TeamFilter {
    /// No team; written `none`.
    None,
    /// This team.
    Team(TeamId),
}

impl std::str::FromStr for TeamFilter {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "none" => Ok(Self::None),
            id => id.parse().map(Self::Team).or(Err("expected a team's id or none")),
        }
    }
}
