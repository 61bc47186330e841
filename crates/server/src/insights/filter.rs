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
        self.sessions != SessionConditions::default() || self.insights.search.is_some()
    }
}

/// Conditions on sessions; all of them must hold. With none, every session counts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SessionConditions {
    /// The language of the session.
    pub language: Option<KnownLanguage>,
    /// The sentiment of the contact.
    pub sentiment: Option<Sentiment>,
    /// The channel.
    pub channel: Option<Channel>,
    /// The time at or after which the session began.
    pub from: Option<Timestamp>,
    /// The time at or before which it began.
    pub to: Option<Timestamp>,
    /// Open or closed.
    pub status: Option<SessionStatus>,
    /// The contact.
    pub contact_id: Option<ContactId>,
    /// Custom data of the session: one of these, all pairs of it. If empty, anything.
    pub session_data: Vec<CustomData>,
    /// Custom data of the contact: one of these, all pairs of it. If empty, anything.
    pub contact_data: Vec<CustomData>,
}

/// Conditions on insights; all of them must hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InsightConditions {
    /// The place in the insight's life; [`InsightStatus::All`] if not set.
    pub status: Option<InsightStatus>,
    /// The name of the category, in any case.
    pub category: Option<String>,
    /// The sentiment of the insight.
    pub sentiment: Option<Sentiment>,
    /// The least number of sessions, of those that count.
    pub sessions_min: Option<i64>,
    /// A part of the content, after case folding.
    pub search: Option<String>,
    /// The team, or none.
    pub team: Option<TeamFilter>,
    /// The number of the one insight.
    pub number: Option<i64>,
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
