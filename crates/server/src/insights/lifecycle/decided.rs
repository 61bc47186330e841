//! The state of an insight as people decided it, loaded and set.

use super::archive;
use crate::db::sql;
use crate::error::{Error, Result};
use crate::ids::{InsightId, MemberId};
use crate::insights::insight::{
    self, ArchivePolicy, Archived, Change, Decided, InsightEventKind, SHOWN, Undo,
};
use crate::orgs::OrgTx;
use crate::time::Timestamp;
use serde_json::{Value, json};

#[derive(crate::db::Record)]
struct Row {
    resolved_at: Option<i64>,
    resolved_by: Option<MemberId>,
    archived_at: Option<i64>,
    archived_by: Option<MemberId>,
    archive_policy: Option<ArchivePolicy>,
    archive_reason: Option<String>,
    target: Option<i64>,
    counted: Option<String>,
    record: Option<String>,
}

/// Loads the state of an insight. Fails with the 404 if it is not shown.
pub(crate) async fn load(tx: &mut OrgTx, id: InsightId) -> Result<Decided> {
    let query = sql(&format!(
        "select i.resolved_at, i.resolved_by, i.archived_at, i.archived_by, i.archive_policy, i.archive_reason,
            a.target, a.counted, a.record
        from insights i left join archives a on a.org_id = i.org_id and a.insight_id = i.id
        where i.org_id = $1 and i.id = $2 and {SHOWN}"
    ));
    let row: Option<Row> = tx.fetch_optional(query.bind(tx.org_id).bind(id)).await?;
    let row = row.ok_or(Error::NotFound("insight"))?;
    let terms = row.archived_at.zip(row.archive_policy).zip(row.counted.zip(row.record));
    let archived = terms.map(|((at, policy), (counted, record))| Archived {
        at,
        by: row.archived_by,
        policy,
        reason: row.archive_reason,
        target: row.target,
        counted,
        record,
    });
    Ok(Decided { resolved_at: row.resolved_at, resolved_by: row.resolved_by, archived })
}

/// Sets the state of an insight, and records what becomes of it. `because` says why, where no person says it by the
/// decision itself. Archived insights are to be reviewed after.
pub(crate) async fn set(
    tx: &mut OrgTx,
    id: InsightId,
    from: &Decided,
    to: &Decided,
    by: Option<MemberId>,
    because: Option<&str>,
) -> Result<()> {
    let resolved = Decided { archived: from.archived.clone(), ..to.clone() };
    if from.resolved_at != to.resolved_at {
        let kind =
            if to.resolved_at.is_some() { InsightEventKind::Resolved } else { InsightEventKind::Reopened };
        let change = Change::new().set("resolved_at", to.resolved_at).set("resolved_by", to.resolved_by);
        let undo = Undo::State { before: from.clone(), after: resolved.clone() };
        let detail = because.map(|because| json!({"because": because}));
        insight::update(tx, id, change.event(kind, by, detail).undo(undo)).await?;
    }
    if from.archived == to.archived {
        return Ok(());
    }
    archive::forget(tx, id).await?;
    let (kind, change, detail) = match &to.archived {
        Some(archived) => {
            put(tx, id, archived).await?;
            let Archived { at, by, policy, reason, target, .. } = archived.clone();
            let mut detail = json!({"policy": policy, "target": target, "reason": reason});
            if let Some(because) = because {
                detail["because"] = because.into();
            }
            let at = Some(Timestamp::from_micros(at));
            (InsightEventKind::Archived, archive::archived(at, by, Some(policy), reason), Some(detail))
        }
        None => {
            let detail: Option<Value> = because.map(|because| json!({"because": because}));
            (InsightEventKind::Restored, archive::cleared(), detail)
        }
    };
    let undo = Undo::State { before: resolved, after: to.clone() };
    insight::update(tx, id, change.event(kind, by, detail).undo(undo)).await
}

/// Inserts the record of an archived insight, which was not reviewed yet.
async fn put(tx: &mut OrgTx, id: InsightId, archived: &Archived) -> Result<()> {
    let query = sql("
        insert into archives
            (org_id, insight_id, archived_at, policy, target, counted, record, reviewed_at, reviewed_on)
        values ($1, $2, $3, $4, $5, $6, $7, 0, 0)
    ");
    let query = query
        .bind(tx.org_id)
        .bind(id)
        .bind(archived.at)
        .bind(archived.policy)
        .bind(archived.target)
        .bind(&archived.counted)
        .bind(&archived.record);
    tx.run(query).await
}
