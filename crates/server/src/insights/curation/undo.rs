//! Undoing a merge or a split.

use super::{merge, split};
use crate::db::sql;
use crate::error::{Error, Result};
use crate::ids::{EventId, InsightId, MemberId, SessionId};
use crate::insights::insight::{self, Change, InsightEventKind, PERSON, Undo};
use crate::insights::lifecycle::{archive, review};
use crate::insights::{grouping, occurrences};
use crate::orgs::OrgTx;
use crate::settings::Settings;
use crate::time::Timestamp;
use anyhow::Context;
use serde::Deserialize;
use serde_json::json;
use std::collections::HashSet;
use uuid::Uuid;

/// The detail of a merge or split event: the other insight.
#[derive(Deserialize)]
struct Detail {
    merged_id: Option<InsightId>,
    other_id: Option<InsightId>,
}

/// Takes back the merge or the split that an event of an insight records. Fails with the 404 if there is no such event,
/// and with the 409 if it is taken back already or too few contacts are left.
pub(super) async fn undo(
    settings: &Settings,
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
        (Some(merged_id), _) => unmerge(settings, tx, id, merged_id, by).await,
        (_, Some(other_id)) => unsplit(settings, tx, id, other_id, by).await,
        _ => Err(Error::Conflict("it can't be taken back: nobody decided it".into())),
    }
}

/// Merges a part into the insight that it was split off. Nothing is written if it fails: with the 404 if one of the two is
/// not shown, and with the 409 if they are kept apart no more.
pub(super) async fn unsplit(
    settings: &Settings,
    tx: &mut OrgTx,
    id: InsightId,
    other_id: InsightId,
    by: Option<MemberId>,
) -> Result<()> {
    let query = sql("
        select count(*) from insights_apart where org_id = $1 and insight_id = $2 and other_id = $3
    ");
    let (apart,): (i64,) = tx.fetch_one(query.bind(tx.org_id).bind(id).bind(other_id)).await?;
    if apart == 0 {
        return Err(Error::Conflict("the split is taken back already".into()));
    }
    merge::merge(settings, tx, id, &[other_id], by).await
}

/// Revives an insight that was merged into another, with those of its sessions that the other still has. Nothing is
/// written if it fails with the 409.
pub(super) async fn unmerge(
    settings: &Settings,
    tx: &mut OrgTx,
    id: InsightId,
    merged_id: InsightId,
    by: Option<MemberId>,
) -> Result<()> {
    if !is_merged(tx, id, merged_id).await? {
        return Err(Error::Conflict("the merge is taken back already".into()));
    }
    let query = sql(&format!(
        "select m.session_id, m.was_shared, {PERSON} from merged_sessions m
        join occurrences o on o.org_id = m.org_id and o.insight_id = $3 and o.session_id = m.session_id
        where m.org_id = $1 and m.insight_id = $2 order by m.session_id"
    ));
    let query = query.bind(tx.org_id).bind(merged_id).bind(id);
    let sessions: Vec<(SessionId, bool, Uuid)> = tx.fetch_all(query).await?;
    let contacts: HashSet<Uuid> = sessions.iter().map(|(.., contact)| *contact).collect();
    if contacts.len() < settings.contacts_min as usize {
        return Err(Error::Conflict("too few contacts are left of what was merged".into()));
    }
    let query = sql("delete from lineage where org_id = $1 and insight_id = $2 and successor_id = $3");
    tx.run(query.bind(tx.org_id).bind(merged_id).bind(id)).await?;
    insight::update(tx, merged_id, Change::new().set("retired_at", None::<Timestamp>)).await?;
    let (shared, own): (Vec<_>, Vec<_>) = sessions.into_iter().partition(|(_, was_shared, _)| *was_shared);
    let all: Vec<SessionId> = shared.iter().chain(&own).map(|(session_id, ..)| *session_id).collect();
    occurrences::copy(tx, id, merged_id, Some(&all)).await?;
    let own: Vec<_> = own.into_iter().map(|(session_id, ..)| (id, session_id)).collect();
    occurrences::delete(tx, &own).await?;
    let query = sql("delete from merged_sessions where org_id = $1 and insight_id = $2");
    tx.run(query.bind(tx.org_id).bind(merged_id)).await?;
    let query = sql("
        select count(*) from lineage l
        join merged_sessions m on m.org_id = l.org_id and m.insight_id = l.insight_id
        where l.org_id = $1 and l.successor_id = $2
    ");
    let (left,): (i64,) = tx.fetch_one(query.bind(tx.org_id).bind(id)).await?;
    insight::update(tx, id, Change::new().set("joined", left > 0)).await?;
    split::inherit_apart(tx, id, merged_id).await?;
    split::keep_apart(tx, id, merged_id).await?;
    for (one, other) in [(id, merged_id), (merged_id, id)] {
        let detail = json!({"other_id": other});
        let mut change = Change::new().event(InsightEventKind::Unmerged, by, Some(detail));
        if one == id {
            change = change.undo(Undo::Unmerge { merged_id });
        }
        insight::update(tx, one, change).await?;
    }
    occurrences::recount(tx, &[id, merged_id]).await?;
    archive::remake(settings, tx, id).await?;
    review::review_archived(settings, tx, &[id]).await?;
    grouping::regroup(tx).await
}

/// Returns true if the other insight ended in this one.
pub(super) async fn is_merged(tx: &mut OrgTx, id: InsightId, merged_id: InsightId) -> Result<bool> {
    let query =
        sql("select count(*) from lineage where org_id = $1 and insight_id = $2 and successor_id = $3");
    let (merged,): (i64,) = tx.fetch_one(query.bind(tx.org_id).bind(merged_id).bind(id)).await?;
    Ok(merged > 0)
}
