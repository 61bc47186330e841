//! Previews of a merge or a split: the change is made in a transaction that is never committed.

use super::merge;
use super::split::{self, Split};
use crate::app::App;
use crate::db::sql;
use crate::error::Result;
use crate::http::Caller;
use crate::ids::InsightId;
use crate::insights::insight::{ArchivePolicy, InsightEventKind, PERSON};
use crate::insights::trends::weeks::{self, Weeks};
use crate::orgs::OrgTx;
use crate::settings::Settings;
use crate::time::Timestamp;
use crate::wire::{Nullable, SafeInt};
use schemars::JsonSchema;
use serde::Serialize;

/// What a merge or a split would make.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Preview {
    /// The insights that would stand there afterwards.
    insights: Vec<PreviewedInsight>,
    /// What would be told of them, in order: such as restored or resurfaced.
    #[schemars(with = "Vec<String>")]
    events: Vec<InsightEventKind>,
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
    weeks: Weeks,
}

/// Returns the result that a merge would have. Changes nothing.
pub(super) async fn preview_merge(
    app: &App,
    caller: &Caller,
    id: InsightId,
    others: &[InsightId],
) -> Result<Preview> {
    let mut tx = app.begin(caller.org_id).await?;
    let settings = app.settings(&mut tx, caller.org_id).await?;
    merge::merge(&settings, &mut tx, id, others, caller.member_id).await?;
    Ok(Preview {
        insights: vec![look(&settings, &mut tx, id).await?],
        events: event_kinds(&mut tx, &[id]).await?,
    })
}

/// Returns the result that a split would have. Changes nothing.
pub(super) async fn preview_split(
    app: &App,
    caller: &Caller,
    id: InsightId,
    split: Split,
) -> Result<Preview> {
    let mut tx = app.begin(caller.org_id).await?;
    let settings = app.settings(&mut tx, caller.org_id).await?;
    let new_id = split::split(&settings, &mut tx, id, split, caller.member_id).await?;
    let mut new = look(&settings, &mut tx, new_id).await?;
    new.id = None.into();
    let insights = vec![look(&settings, &mut tx, id).await?, new];
    Ok(Preview { insights, events: event_kinds(&mut tx, &[id, new_id]).await? })
}

async fn look(settings: &Settings, tx: &mut OrgTx, id: InsightId) -> Result<PreviewedInsight> {
    #[derive(crate::db::Record)]
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
    let row: Row = tx.fetch_one(query.bind(tx.org_id).bind(id)).await?;
    let query = sql(&format!(
        "select count(distinct {PERSON}) from occurrences o where org_id = $1 and insight_id = $2"
    ));
    let (contacts,): (i64,) = tx.fetch_one(query.bind(tx.org_id).bind(id)).await?;
    let (org_id, now) = (tx.org_id, tx.now);
    let weeks = weeks::kept(tx, org_id, &settings.calendar, &[id], now).await?;
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
        weeks: weeks.first().copied().unwrap_or_default(),
    })
}

/// Returns the kinds of the events that this transaction wrote for these insights, but for their creation.
async fn event_kinds(tx: &mut OrgTx, ids: &[InsightId]) -> Result<Vec<InsightEventKind>> {
    let mut query =
        sql("select kind from insight_events where org_id = $1 and created_at = $2 and insight_id in ");
    query = query.bind(tx.org_id).bind(tx.now);
    query.push_list(ids.iter().copied()).push(" order by id");
    let kinds: Vec<(InsightEventKind,)> = tx.fetch_all(query).await?;
    Ok(kinds.into_iter().map(|(kind,)| kind).filter(|kind| *kind != InsightEventKind::Created).collect())
}
