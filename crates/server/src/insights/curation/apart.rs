//! Insights that people split: every later grouping keeps them apart.

use crate::db::sql;
use crate::error::Result;
use crate::ids::InsightId;
use crate::orgs::OrgTx;

/// Has every later grouping keep two insights apart.
pub(crate) async fn keep(tx: &mut OrgTx, id: InsightId, other_id: InsightId) -> Result<()> {
    for (one, other) in [(id, other_id), (other_id, id)] {
        let query = sql("insert into insights_apart (org_id, insight_id, other_id) values ($1, $2, $3)");
        let query = query.bind(tx.org_id).bind(one).bind(other);
        tx.execute(query).await?;
    }
    Ok(())
}

/// Keeps an insight apart from whatever another is kept apart from.
pub(crate) async fn inherit(tx: &mut OrgTx, from: InsightId, to: InsightId) -> Result<()> {
    let query = sql("
        insert into insights_apart (org_id, insight_id, other_id)
        select org_id, $3, other_id from insights_apart where org_id = $1 and insight_id = $2 and other_id <> $3
        union all
        select org_id, insight_id, $3 from insights_apart where org_id = $1 and other_id = $2 and insight_id <> $3
        on conflict do nothing
    ");
    let query = query.bind(tx.org_id).bind(from).bind(to);
    tx.execute(query).await.map(|_| ())
}
