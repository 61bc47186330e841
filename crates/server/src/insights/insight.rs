//! The insight: its states and kinds of events, and the one place that writes its row and its history.

mod current;
pub(super) mod texts;
mod undo;

pub(super) use current::{current, require, require_current, require_revision};
pub(super) use undo::{Archived, ByHand, Decided, Undo};

use crate::db::{Db, Sql, Value, sql};
use crate::error::Result;
use crate::event::EventName;
use crate::ids::{CategoryId, EventId, InsightId, MemberId, OrgId, TeamId};
use crate::orgs::{OrgTx, Subject};
use crate::sessions::Sentiment;
use crate::wire::string_enum;
use anyhow::Context;
use refrain_nlp::case_fold::fold;
use serde_json::Value as Json;

/// The condition of an insight that is shown: at least one session shows the insight, and it has not ended.
pub(super) const SHOWN: &str = "retired_at is null and occurrence_count > 0";
/// The condition of an insight that is shown and neither resolved nor archived.
pub(super) const UNRESOLVED: &str =
    "retired_at is null and occurrence_count > 0 and resolved_at is null and archived_at is null";
/// The person behind an occurrence `o`: its contact, or else its session, which then counts as a person.
pub(super) const PERSON: &str = "coalesce(o.contact_id, o.session_id)";
/// The insights that are written in one statement.
const CHUNK: usize = 1_000;

string_enum! {
    /// A place of an insight in its life. Archived wins over resolved.
    InsightStatus {
        /// Anywhere.
        All = "all",
        /// Neither resolved nor archived.
        Unresolved = "unresolved",
        /// Resolved and not archived.
        Resolved = "resolved",
        /// Archived.
        Archived = "archived",
    }
}

string_enum! {
    /// The event that brings an archived insight back.
    ArchivePolicy {
        /// None.
        Forever = "forever",
        /// A number of further sessions.
        UntilCount = "until_count",
        /// More sessions than usual.
        UntilEscalating = "until_escalating",
    }
}

string_enum! {
    /// A kind of entry in the history of an insight.
    InsightEventKind {
        /// The grouping found the insight.
        Created = "created",
        /// A person changed the content, category or team.
        Edited = "edited",
        /// A language model worded the insight.
        Reworded = "reworded",
        /// The grouping found a sentence that stands for the insight clearly better.
        Retitled = "retitled",
        /// A person resolved the insight.
        Resolved = "resolved",
        /// A person reopened the resolved insight.
        Reopened = "reopened",
        /// The insight was seen again after it was resolved.
        Regressed = "regressed",
        /// A person archived the insight.
        Archived = "archived",
        /// A person took the insight out of the archive.
        Restored = "restored",
        /// The insight came back from the archive.
        Resurfaced = "resurfaced",
        /// The insight is seen more often than its baseline.
        Escalating = "escalating",
        /// A grouping moved sessions between this insight and others.
        Regrouped = "regrouped",
        /// A person merged other insights into this one, or this one into another.
        Merged = "merged",
        /// A person undid a merge.
        Unmerged = "unmerged",
        /// A person made some sessions of the insight an insight of their own.
        Split = "split",
        /// The grouping no longer found the insight.
        Ended = "ended",
        /// A person decided that a session belongs to the insight.
        SessionAdded = "session_added",
        /// A person decided that a session does not belong to the insight.
        SessionRemoved = "session_removed",
        /// A person withdrew such a decision, which leaves the session to the grouping again.
        SessionDecisionWithdrawn = "session_decision_withdrawn",
        /// A deep research explained the insight.
        ResearchCompleted = "research_completed",
    }
}

impl InsightEventKind {
    /// Returns the webhook event that is emitted for this kind of entry, if one is.
    pub(super) const fn webhook(self) -> Option<EventName> {
        match self {
            Self::Created => Some(EventName::InsightCreated),
            Self::Edited => Some(EventName::InsightEdited),
            Self::Resolved => Some(EventName::InsightResolved),
            Self::Reopened => Some(EventName::InsightReopened),
            Self::Regressed => Some(EventName::InsightRegressed),
            Self::Archived => Some(EventName::InsightArchived),
            Self::Restored => Some(EventName::InsightRestored),
            Self::Resurfaced => Some(EventName::InsightResurfaced),
            Self::Escalating => Some(EventName::InsightEscalating),
            Self::Merged => Some(EventName::InsightMerged),
            Self::Unmerged => Some(EventName::InsightUnmerged),
            Self::Split => Some(EventName::InsightSplit),
            Self::Ended => Some(EventName::InsightEnded),
            Self::ResearchCompleted => Some(EventName::InsightResearchCompleted),
            Self::Reworded
            | Self::Retitled
            | Self::Regrouped
            | Self::SessionAdded
            | Self::SessionRemoved
            | Self::SessionDecisionWithdrawn => None,
        }
    }
}

/// An entry that a change makes in the history of an insight.
#[derive(Clone, Debug)]
struct Event {
    kind: InsightEventKind,
    by: Option<MemberId>,
    detail: Option<Json>,
    undo: Option<Undo>,
}

/// The trace that a change leaves beside the columns that it sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trace {
    /// A new `updated_at` and an entry in the change log.
    Updated,
    /// An entry in the change log.
    Logged,
    /// None: the change shows nowhere.
    None,
}

/// A change of insights: the columns that it sets, the event that it records, and its trace.
#[derive(Clone, Debug)]
pub(super) struct Change {
    columns: Vec<(&'static str, Value)>,
    more_sessions: Option<MoreSessions>,
    event: Option<Event>,
    trace: Trace,
}

/// The sessions that were added to an insight.
#[derive(Clone, Copy, Debug)]
pub(super) struct MoreSessions {
    pub(crate) count: i64,
    /// The time at which the first of them began, in microseconds.
    pub(super) first_at: i64,
    /// The time at which the last of them began, in microseconds.
    pub(super) last_at: i64,
}

impl Change {
    /// Begins a change that clients see: it moves `updated_at` and has an entry in the change log.
    pub(super) const fn new() -> Self {
        Self { columns: Vec::new(), more_sessions: None, event: None, trace: Trace::Updated }
    }

    /// Begins a change of the progress of an archived insight: it has an entry in the change log, but `updated_at`
    /// stays.
    pub(super) fn of_progress() -> Self {
        Self { trace: Trace::Logged, ..Self::new() }
    }

    /// Begins a change of columns that only the grouping reads: `updated_at` stays, and the change log has no entry.
    pub(super) fn of_internals() -> Self {
        Self { trace: Trace::None, ..Self::new() }
    }

    /// Sets a column.
    pub(super) fn set(mut self, column: &'static str, value: impl Into<Value>) -> Self {
        self.columns.push((column, value.into()));
        self
    }

    /// Sets the content, and its case-folded form for searches.
    pub(crate) fn content(self, content: &str) -> Self {
        self.set("content", content).set("content_folded", fold(content))
    }

    /// Adds sessions to the count, and extends the times of the first and the last.
    pub(super) fn more_sessions(mut self, more: MoreSessions) -> Self {
        self.more_sessions = Some(more);
        self
    }

    /// Records an event in the history. It counts up the revision, and is emitted if its kind has a webhook event.
    pub(super) fn event(
        mut self,
        kind: InsightEventKind,
        by: Option<MemberId>,
        detail: Option<Json>,
    ) -> Self {
        self.event = Some(Event { kind, by, detail, undo: None });
        self
    }

    /// Adds to the event what it takes to take it back.
    pub(super) fn undo(mut self, undo: Undo) -> Self {
        if let Some(event) = &mut self.event {
            event.undo = Some(undo);
        }
        self
    }

    /// Builds the `update` without its condition. Returns none if there is nothing to set.
    fn statement(&self, tx: &OrgTx) -> Option<Sql> {
        let mut query = sql("update insights set");
        let mut separator = " ";
        let mut begin = |query: &mut Sql, column: &str| {
            query.push(separator).push(column).push(" = ");
            separator = ", ";
        };
        for (column, value) in &self.columns {
            begin(&mut query, column);
            query.push_bind(value.clone());
        }
        if let Some(more) = self.more_sessions {
            begin(&mut query, "first_seen_at");
            query.push("case when occurrence_count = 0 or first_seen_at > ").push_bind(more.first_at);
            query.push(" then ").push_bind(more.first_at).push(" else first_seen_at end");
            begin(&mut query, "last_seen_at");
            query.push("case when occurrence_count = 0 or last_seen_at < ").push_bind(more.last_at);
            query.push(" then ").push_bind(more.last_at).push(" else last_seen_at end");
            begin(&mut query, "occurrence_count");
            query.push("occurrence_count + ").push_bind(more.count);
        }
        if self.event.is_some() {
            begin(&mut query, "revision");
            query.push("revision + 1");
        }
        if self.trace == Trace::Updated {
            begin(&mut query, "updated_at");
            query.push_bind(tx.now);
        }
        (separator != " ").then_some(query)
    }
}

/// Writes a change of an insight.
pub(super) async fn update(tx: &mut OrgTx, id: InsightId, change: Change) -> Result<()> {
    update_all(tx, &[id], &change).await
}

/// Writes a change of insights, with its trace and its event. No other function updates rows of `insights`.
pub(super) async fn update_all(tx: &mut OrgTx, ids: &[InsightId], change: &Change) -> Result<()> {
    for ids in ids.chunks(CHUNK) {
        let Some(mut query) = change.statement(tx) else { return Ok(()) };
        query.push(" where org_id = ").push_bind(tx.org_id).push(" and id in ");
        query.push_list(ids.iter().copied());
        tx.run(query).await?;
    }
    for id in ids {
        if change.trace != Trace::None {
            tx.changed(Subject::Insight, *id);
        }
        if let Some(event) = &change.event {
            insert_event(tx, *id, event).await?;
        }
    }
    Ok(())
}

async fn insert_event(tx: &mut OrgTx, id: InsightId, event: &Event) -> Result<()> {
    let query = sql("
        insert into insight_events
            (org_id, id, insight_id, kind, member_id, detail, created_at, operation_id, undo)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    ");
    let undo = event.undo.as_ref().map(serde_json::to_string).transpose();
    let event_id = EventId::new(tx.now);
    let query = query.bind(tx.org_id).bind(event_id).bind(id).bind(event.kind).bind(event.by);
    let query = query.bind(event.detail.as_ref().map(Json::to_string)).bind(tx.now);
    tx.run(query.bind(tx.operation_id).bind(undo.context("writing what takes an event back")?)).await?;
    if let Some(name) = event.kind.webhook() {
        tx.emit(name, id, event_id);
    }
    Ok(())
}

/// The columns of an insight that is to be inserted.
pub(super) struct NewInsight {
    pub(crate) id: InsightId,
    pub(crate) content: String,
    pub(crate) sentiment: Sentiment,
    pub(super) centroid: Option<Vec<u8>>,
    pub(super) reach: Option<f64>,
    pub(super) category_id: Option<CategoryId>,
    pub(super) team_id: Option<TeamId>,
}

/// Inserts an insight, without sessions yet.
pub(crate) async fn insert(tx: &mut OrgTx, new: &NewInsight, number: i64) -> Result<()> {
    let query = sql("
        insert into insights (org_id, id, insight_number, content, content_folded, sentiment,
            occurrence_count, first_seen_at, last_seen_at, category_id, team_id, content_by_hand,
            category_by_hand, team_by_hand, joined, centroid, reach, created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, 0, $7, $7, $8, $9, false, false, false, false, $10, $11, $7, $7)
    ");
    let query = query
        .bind(tx.org_id)
        .bind(new.id)
        .bind(number)
        .bind(&new.content)
        .bind(fold(&new.content))
        .bind(new.sentiment)
        .bind(tx.now)
        .bind(new.category_id)
        .bind(new.team_id)
        .bind(new.centroid.clone())
        .bind(new.reach);
    tx.run(query).await?;
    update(tx, new.id, Change::new().event(InsightEventKind::Created, None, None)).await
}

/// The size of an organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq, crate::db::Record)]
pub struct Counts {
    /// The number of sessions.
    pub sessions: i64,
    /// The number of statements.
    pub statements: i64,
    /// The number of insights that are shown.
    pub insights: i64,
}

/// Counts sessions, statements and insights.
pub async fn counts(db: &Db, org_id: OrgId) -> Result<Counts> {
    let query = sql(&format!(
        "select (select count(*) from sessions where org_id = $1) as sessions,
            (select count(*) from statements where org_id = $1) as statements,
            (select count(*) from insights where org_id = $1 and {SHOWN}) as insights"
    ));
    db.fetch_one(query.bind(org_id)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn webhooks_hear_of_a_kind_by_its_own_name() {
        for word in InsightEventKind::WORDS {
            let kind: InsightEventKind = word.parse().unwrap();
            if let Some(name) = kind.webhook() {
                assert_eq!(name.as_str(), format!("insight.{word}"));
            }
        }
    }
}
