//! Looks at a merge or a split before it is done, and takes one back.

use super::decide::{self, Split};
use super::figures::{self, TREND_WEEKS};
use super::list;
use super::reply::ArchivePolicy;
use super::{archive, store, watch};
use crate::app::App;
use crate::db::sql;
use crate::error::{Error, Result};
use crate::http::Caller;
use crate::ids::{EventId, InsightId, MemberId, SessionId};
use crate::orgs::OrgTx;
use crate::time::Timestamp;
use crate::wire::{Nullable, SafeInt};
use anyhow::Context;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::HashSet;
use uuid::Uuid;

/// What a merge or a split would make.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Preview {
    /// The insights that would stand there afterwards.
    insights: Vec<PreviewedInsight>,
    /// What would be told of them, in order: such as restored or resurfaced.
    events: Vec<String>,
}

/// An insight as it would be.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct PreviewedInsight {
    /// Its id; null for the new one of a split.
    id: Nullable<InsightId>,
    content: String,
    #[schemars(with = "SafeInt")]
    occurrence_count: i64,
    #[schemars(with = "SafeInt")]
    contacts: i64,
    first_seen_at: Timestamp,
    last_seen_at: Timestamp,
    resolved_at: Nullable<Timestamp>,
    archived_at: Nullable<Timestamp>,
    archive_policy: Nullable<ArchivePolicy>,
    resurface_current: Nullable<i64>,
    resurface_target: Nullable<i64>,
    /// Sessions in each of the last twelve weeks, oldest first; the last one ends with today.
    weeks: [i64; TREND_WEEKS],
}

/// What merging would make; nothing is changed.
pub(super) async fn preview_merge(
    app: &App,
    caller: &Caller,
    id: InsightId,
    others: &[InsightId],
) -> Result<Preview> {
    let mut tx = app.begin(caller.org_id).await?;
    decide::merge(app, &mut tx, id, others, caller.member_id).await?;
    Ok(Preview { insights: vec![look(app, &mut tx, id).await?], events: told(&mut tx, &[id]).await? })
}

/// What splitting would make; nothing is changed.
pub(super) async fn preview_split(
    app: &App,
    caller: &Caller,
    id: InsightId,
    split: Split,
) -> Result<Preview> {
    let mut tx = app.begin(caller.org_id).await?;
    let new_id = decide::split(app, &mut tx, id, split, caller.member_id).await?;
    let mut new = look(app, &mut tx, new_id).await?;
    new.id = None.into();
    let insights = vec![look(app, &mut tx, id).await?, new];
    Ok(Preview { insights, events: told(&mut tx, &[id, new_id]).await? })
}

async fn look(app: &App, tx: &mut OrgTx, id: InsightId) -> Result<PreviewedInsight> {
    #[derive(sqlx::FromRow)]
    struct Row {
        content: String,
        occurrence_count: i64,
        first_seen_at: Timestamp,
        last_seen_at: Timestamp,
        resolved_at: Option<Timestamp>,
        archived_at: Option<Timestamp>,
        archive_policy: Option<ArchivePolicy>,
        resurface_current: Option<i64>,
        resurface_target: Option<i64>,
    }
    let query = sql("
        select content, occurrence_count, first_seen_at, last_seen_at, resolved_at, archived_at, archive_policy,
            resurface_current, resurface_target
        from insights where org_id = $1 and id = $2
    ");
    let query = query.bind(tx.org_id).bind(id);
    let row: Row = tx.fetch_one(query).await?;
    let query = sql("
        select count(distinct coalesce(contact_id, session_id)) from occurrences
        where org_id = $1 and insight_id = $2
    ");
    let query = query.bind(tx.org_id).bind(id);
    let (contacts,): (i64,) = tx.fetch_one(query).await?;
    let (org_id, now) = (tx.org_id, tx.now);
    let trends = figures::trends(tx, org_id, &app.calendar, &[id], now).await?;
    Ok(PreviewedInsight {
        id: Some(id).into(),
        content: row.content,
        occurrence_count: row.occurrence_count,
        contacts,
        first_seen_at: row.first_seen_at,
        last_seen_at: row.last_seen_at,
        resolved_at: row.resolved_at.into(),
        archived_at: row.archived_at.into(),
        archive_policy: row.archive_policy.into(),
        resurface_current: row.resurface_current.into(),
        resurface_target: row.resurface_target.into(),
        weeks: trends[&id],
    })
}

/// The kinds of the events of these insights that this transaction wrote.
async fn told(tx: &mut OrgTx, ids: &[InsightId]) -> Result<Vec<String>> {
    let mut query =
        sql("select kind from insight_events where org_id = $1 and created_at = $2 and insight_id in ");
    query = query.bind(tx.org_id).bind(tx.now);
    query.push_list(ids.iter().copied()).push(" order by id");
    let kinds: Vec<(String,)> = tx.fetch_all(query).await?;
    Ok(kinds.into_iter().map(|(kind,)| kind).filter(|kind| kind != "created").collect())
}

/// What an event of a merge or a split says of the other insight.
#[derive(Deserialize)]
struct Detail {
    merged_id: Option<InsightId>,
    other_id: Option<InsightId>,
}

/// Takes back the merge or the split that an event of an insight tells of.
pub(super) async fn undo(
    app: &App,
    tx: &mut OrgTx,
    id: InsightId,
    event_id: EventId,
    by: Option<MemberId>,
) -> Result<()> {
    let query = sql("
        select detail from insight_events
        where org_id = $1 and insight_id = $2 and id = $3 and kind in ('merged', 'split')
    ");
    let query = query.bind(tx.org_id).bind(id).bind(event_id);
    let found: Option<(Option<String>,)> = tx.fetch_optional(query).await?;
    let (detail,) = found.ok_or(Error::NotFound("merge or split"))?;
    let detail: Detail =
        serde_json::from_str(detail.as_deref().unwrap_or("{}")).context("reading an event")?;
    match (detail.merged_id, detail.other_id) {
        (Some(merged_id), _) => part(app, tx, id, merged_id, by).await,
        (_, Some(other_id)) => {
            let query = sql("
                select count(*) from insights_apart where org_id = $1 and insight_id = $2 and other_id = $3
            ");
            let query = query.bind(tx.org_id).bind(id).bind(other_id);
            let (apart,): (i64,) = tx.fetch_one(query).await?;
            if apart == 0 {
                return Err(Error::Conflict("the split is taken back already".into()));
            }
            decide::merge(app, tx, id, &[other_id], by).await
        }
        _ => Err(Error::Conflict("it can't be taken back: nobody decided it".into())),
    }
}

/// Makes an insight again of what was merged into another, as far as the other still has it.
async fn part(
    app: &App,
    tx: &mut OrgTx,
    id: InsightId,
    merged_id: InsightId,
    by: Option<MemberId>,
) -> Result<()> {
    let query = sql("delete from lineage where org_id = $1 and insight_id = $2 and successor_id = $3");
    let query = query.bind(tx.org_id).bind(merged_id).bind(id);
    if tx.execute(query).await? == 0 {
        return Err(Error::Conflict("the merge is taken back already".into()));
    }
    let query = sql("
        select m.session_id, m.was_shared, coalesce(o.contact_id, o.session_id) from merged_sessions m
        join occurrences o on o.org_id = m.org_id and o.insight_id = $3 and o.session_id = m.session_id
        where m.org_id = $1 and m.insight_id = $2 order by m.session_id
    ");
    let query = query.bind(tx.org_id).bind(merged_id).bind(id);
    let sessions: Vec<(SessionId, bool, Uuid)> = tx.fetch_all(query).await?;
    let contacts: HashSet<Uuid> = sessions.iter().map(|(.., contact)| *contact).collect();
    if contacts.len() < app.config.insights.contacts_min as usize {
        return Err(Error::Conflict("too few contacts are left of what was merged".into()));
    }
    let query = sql("
        update insights set retired_at = null, updated_at = $3 where org_id = $1 and id = $2
    ");
    let query = query.bind(tx.org_id).bind(merged_id).bind(tx.now);
    tx.execute(query).await?;
    let (shared, own): (Vec<_>, Vec<_>) = sessions.into_iter().partition(|(_, was_shared, _)| *was_shared);
    let all: Vec<SessionId> = shared.iter().chain(&own).map(|(session_id, ..)| *session_id).collect();
    store::copy_occurrences(tx, id, merged_id, Some(&all)).await?;
    let own: Vec<_> = own.into_iter().map(|(session_id, ..)| (id, session_id)).collect();
    store::delete_occurrences(tx, &own).await?;
    let query = sql("delete from merged_sessions where org_id = $1 and insight_id = $2");
    let query = query.bind(tx.org_id).bind(merged_id);
    tx.execute(query).await?;
    let query = sql("
        update insights set joined = exists (
            select 1 from lineage l join merged_sessions m on m.org_id = l.org_id and m.insight_id = l.insight_id
            where l.org_id = $1 and l.successor_id = $2
        ) where org_id = $1 and id = $2
    ");
    let query = query.bind(tx.org_id).bind(id);
    tx.execute(query).await?;
    decide::inherit_apart(tx, id, merged_id).await?;
    decide::keep_apart(tx, id, merged_id).await?;
    for (one, other) in [(id, merged_id), (merged_id, id)] {
        store::insert_event(tx, one, "unmerged", by, Some(json!({"other_id": other}))).await?;
    }
    store::recount(tx, &[id, merged_id]).await?;
    archive::remake(app, tx, id).await?;
    watch::review_archived(app, tx, &[id]).await?;
    decide::regroup(tx).await
}

/// An insight that ended, and the one that its sessions are counted for since.
#[derive(Debug, Serialize, JsonSchema, sqlx::FromRow)]
pub(super) struct Ancestor {
    id: InsightId,
    #[schemars(with = "SafeInt")]
    insight_number: i64,
    content: String,
    /// What it went into.
    successor_id: InsightId,
    ended_at: Timestamp,
}

/// Every insight that went into this one, directly or through others.
pub(super) async fn lineage(app: &App, caller: &Caller, id: InsightId) -> Result<Vec<Ancestor>> {
    list::seen(&app.db, caller.org_id, id).await?.ok_or(Error::NotFound("insight"))?;
    let query = sql("
        with recursive went (insight_id, successor_id, created_at, depth) as (
            select insight_id, successor_id, created_at, 1 from lineage where org_id = $1 and successor_id = $2
            union all
            select l.insight_id, l.successor_id, l.created_at, w.depth + 1
            from lineage l join went w on l.successor_id = w.insight_id where l.org_id = $1 and w.depth < 100
        )
        select i.id, i.insight_number, i.content, w.successor_id, w.created_at as ended_at
        from went w join insights i on i.org_id = $1 and i.id = w.insight_id
        order by w.created_at desc, i.insight_number desc limit 1000
    ");
    app.db.fetch_all(query.bind(caller.org_id).bind(id)).await
}
