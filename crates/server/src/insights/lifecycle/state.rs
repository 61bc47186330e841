//! The state of an insight: unresolved again, or ended.

use super::archive;
use crate::db::sql;
use crate::error::Result;
use crate::ids::{InsightId, MemberId, ThemeId};
use crate::insights::insight::{self, Change, InsightEventKind};
use crate::insights::occurrences;
use crate::orgs::OrgTx;
use crate::time::Timestamp;
use serde_json::{Value, json};

/// Ends an insight. Its occurrences and the decisions about its sessions go to its successor, or are deleted if there
/// is none. `kind` is the event to record: ended or merged.
pub(crate) async fn end(
    tx: &mut OrgTx,
    id: InsightId,
    successor: Option<InsightId>,
    kind: InsightEventKind,
    by: Option<MemberId>,
) -> Result<()> {
    if let Some(successor) = successor {
        occurrences::copy(tx, id, successor, None).await?;
        let decisions = sql("
            insert into session_decisions (org_id, session_id, insight_id, belongs, member_id, created_at)
            select org_id, session_id, $3, belongs, member_id, created_at
            from session_decisions d where org_id = $1 and insight_id = $2 and (belongs or not exists (
                select 1 from occurrences o
                where o.org_id = $1 and o.insight_id = $3 and o.session_id = d.session_id
            ))
            on conflict (org_id, session_id, insight_id) do nothing
        ");
        tx.run(decisions.bind(tx.org_id).bind(id).bind(successor)).await?;
        let query = sql("
            insert into lineage (org_id, insight_id, successor_id, created_at) values ($1, $2, $3, $4)
        ");
        tx.run(query.bind(tx.org_id).bind(id).bind(successor).bind(tx.now)).await?;
    }
    occurrences::delete_all(tx, id).await?;
    for query in [
        "delete from session_decisions where org_id = $1 and insight_id = $2",
        "delete from insights_apart where org_id = $1 and (insight_id = $2 or other_id = $2)",
    ] {
        let query = sql(query).bind(tx.org_id).bind(id);
        tx.run(query).await?;
    }
    archive::forget(tx, id).await?;
    let detail = successor.map(|successor| json!({"successor_id": successor}));
    let change = archive::cleared()
        .set("retired_at", tx.now)
        .set("occurrence_count", 0)
        .set("centroid", None::<Vec<u8>>)
        .set("theme_id", None::<ThemeId>)
        .event(kind, by, detail);
    insight::update(tx, id, change).await
}

/// Makes a resolved insight unresolved, and records the event that says why.
pub(crate) async fn clear_resolved(
    tx: &mut OrgTx,
    id: InsightId,
    kind: InsightEventKind,
    by: Option<MemberId>,
    detail: Option<Value>,
) -> Result<()> {
    let change = Change::new().set("resolved_at", None::<Timestamp>).set("resolved_by", None::<MemberId>);
    insight::update(tx, id, change.event(kind, by, detail)).await
}
