//! Merging: several insights become one, which every later grouping keeps together.

use super::split;
use crate::db::sql;
use crate::error::{Error, Result};
use crate::ids::{InsightId, MemberId};
use crate::insights::insight::{self, Change, InsightEventKind, SHOWN, Undo};
use crate::insights::lifecycle::{self, archive, decided, review, state};
use crate::insights::{grouping, occurrences};
use crate::orgs::OrgTx;
use crate::settings::Settings;
use crate::time::Timestamp;
use serde_json::json;

/// Merges other insights into one: they end, it takes over their sessions, and a must-link constraint keeps them
/// together in every later grouping.
pub(super) async fn merge(
    settings: &Settings,
    tx: &mut OrgTx,
    id: InsightId,
    others: &[InsightId],
    by: Option<MemberId>,
) -> Result<()> {
    let mut parts = vec![part(tx, id).await?];
    for other in others.iter().filter(|other| **other != id) {
        parts.push(part(tx, *other).await?);
    }
    let before = decided::load(tx, id).await?;
    merge_states(tx, &parts, by).await?;
    let after = decided::load(tx, id).await?;
    for Part { id: other, .. } in &parts[1..] {
        let merged_before = decided::load(tx, *other).await?;
        split::inherit_apart(tx, *other, id).await?;
        note(tx, *other, id).await?;
        lifecycle::end(tx, *other, Some(id), InsightEventKind::Merged, by).await?;
        let detail = json!({"merged_id": other});
        let change = Change::new().set("joined", true).event(InsightEventKind::Merged, by, Some(detail));
        let (before, after) = (before.clone(), after.clone());
        let undo = Undo::Merge { merged_id: *other, merged_before, before, after };
        insight::update(tx, id, change.undo(undo)).await?;
    }
    occurrences::recount(tx, &[id]).await?;
    archive::remake(settings, tx, id).await?;
    review::review_archived(settings, tx, &[id]).await?;
    grouping::regroup(tx).await
}

/// An insight that takes part in a merge.
#[derive(crate::db::Record)]
struct Part {
    id: InsightId,
    occurrence_count: i64,
    resolved_at: Option<Timestamp>,
    archived_at: Option<Timestamp>,
}

async fn part(tx: &mut OrgTx, id: InsightId) -> Result<Part> {
    let query = sql(&format!(
        "select id, occurrence_count, resolved_at, archived_at from insights
        where org_id = $1 and id = $2 and {SHOWN}"
    ));
    tx.fetch_optional(query.bind(tx.org_id).bind(id)).await?.ok_or(Error::NotFound("insight"))
}

/// Merges the states of insights into the first: it stays archived only if all are, then on the terms of the largest,
/// and resolved only if all are.
async fn merge_states(tx: &mut OrgTx, parts: &[Part], by: Option<MemberId>) -> Result<()> {
    let [first, others @ ..] = parts else { return Ok(()) };
    let because = Some(json!({"because": "merged"}));
    if parts.iter().all(|part| part.archived_at.is_some()) {
        let largest = others.iter().max_by_key(|part| part.occurrence_count);
        if let Some(largest) = largest.filter(|part| part.occurrence_count > first.occurrence_count) {
            archive::copy(tx, largest.id, first.id).await?;
        }
    } else if first.archived_at.is_some() {
        archive::clear(tx, first.id, InsightEventKind::Restored, by, because.clone()).await?;
    }
    if first.resolved_at.is_some() && others.iter().any(|part| part.resolved_at.is_none()) {
        state::clear_resolved(tx, first.id, InsightEventKind::Reopened, by, because).await?;
    }
    Ok(())
}

/// Records the sessions of an insight that is merged into `successor`, so that the merge can be taken back.
pub(super) async fn note(tx: &mut OrgTx, id: InsightId, successor: InsightId) -> Result<()> {
    let query = sql("
        insert into merged_sessions (org_id, insight_id, session_id, was_shared)
        select o.org_id, o.insight_id, o.session_id, exists (
            select 1 from occurrences s
            where s.org_id = o.org_id and s.insight_id = $3 and s.session_id = o.session_id
        )
        from occurrences o where o.org_id = $1 and o.insight_id = $2
    ");
    tx.run(query.bind(tx.org_id).bind(id).bind(successor)).await
}
