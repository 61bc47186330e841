//! What an erasure does to deep research: reports that may have what was erased are taken back, and those under way
//! begin again.

use super::{ACTIVE, ResearchInsight, State};
use crate::db::sql;
use crate::error::Result;
use crate::ids::{InsightId, ResearchId};
use crate::insights::insight::texts;
use crate::jobs;
use crate::orgs::OrgTx;

/// Takes back the report of an insight; a new one can be asked for.
pub(crate) async fn withdraw(tx: &mut OrgTx, insight_id: InsightId) -> Result<()> {
    texts::withdraw_report(tx, insight_id).await?;
    let query = sql("update researches set report = null where org_id = $1 and insight_id = $2");
    tx.run(query.bind(tx.org_id).bind(insight_id)).await?;
    let query =
        sql(&format!("delete from researches where org_id = $1 and insight_id = $2 and not {ACTIVE}"));
    tx.run(query.bind(tx.org_id).bind(insight_id)).await
}

/// Has every research that waits or runs begin again: it may have read what is erased now.
pub(crate) async fn restart(tx: &mut OrgTx) -> Result<()> {
    let query = sql(&format!("select insight_id from researches where org_id = $1 and {ACTIVE}"));
    let active: Vec<(InsightId,)> = tx.fetch_all(query.bind(tx.org_id)).await?;
    for (insight_id,) in active {
        let research_id = ResearchId::new(tx.now);
        let query = sql("
            update researches set id = $3, state = $4, progress = 0, step = null, attempts = 0, started_at = null
            where org_id = $1 and insight_id = $2
        ");
        tx.run(query.bind(tx.org_id).bind(insight_id).bind(research_id).bind(State::Queued)).await?;
        jobs::enqueue(tx, &ResearchInsight { insight_id, research_id }).await?;
    }
    Ok(())
}
