//! The hooks of insights: their updates when something else of the organization changes or is deleted.

use super::insight::{self, Change};
use super::{grouping, lifecycle, occurrences};
use crate::db::sql;
use crate::error::Result;
use crate::ids::{CategoryId, InsightId, SessionId};
use crate::orgs::{OrgTx, Subject};
use uuid::Uuid;

/// Clears a category that is to be deleted from its insights. Ignores other subjects.
pub async fn forget(tx: &mut OrgTx, subject: Subject, id: Uuid) -> Result<()> {
    if subject != Subject::Category {
        return Ok(());
    }
    let query = sql("select id from insights where org_id = $1 and category_id = $2 order by id");
    let insights: Vec<(InsightId,)> = tx.fetch_all(query.bind(tx.org_id).bind(id)).await?;
    let ids: Vec<InsightId> = insights.into_iter().map(|(id,)| id).collect();
    let change = Change::new().set("category_id", None::<CategoryId>).set("category_by_hand", false);
    insight::update_all(tx, &ids, &change).await
}

/// Updates occurrences and enqueues jobs after the changes of a transaction.
pub async fn follow(tx: &mut OrgTx) -> Result<()> {
    let sessions: Vec<SessionId> = tx.changed_ids(Subject::Session);
    let of_others = occurrences::follow_sessions(tx, &sessions).await?;
    lifecycle::review::review_again(tx, &of_others).await?;
    if tx.has_changed(Subject::Settings) {
        grouping::regroup(tx).await?;
    }
    if tx.has_changed(Subject::Insight) || tx.has_changed(Subject::Settings) {
        lifecycle::review::request_review(tx).await?;
    }
    Ok(())
}
