//! The hooks of insights: their updates when something else of the organization changes or is deleted.

use super::insight::{self, Change};
use super::{grouping, lifecycle, occurrences};
use crate::db::sql;
use crate::error::Result;
use crate::ids::{CategoryId, InsightId, SessionId, TeamId};
use crate::orgs::{OrgTx, Subject};
use uuid::Uuid;

/// Clears a category or a team that is to be deleted from its insights. Ignores other subjects.
pub async fn forget(tx: &mut OrgTx, subject: Subject, id: Uuid) -> Result<()> {
    let (column, change) = match subject {
        Subject::Category => ("category_id", Change::new().set("category_id", None::<CategoryId>)),
        Subject::Team => ("team_id", Change::new().set("team_id", None::<TeamId>)),
        _ => return Ok(()),
    };
    let by_hand = if subject == Subject::Team { "team_by_hand" } else { "category_by_hand" };
    let query = sql(&format!("select id from insights where org_id = $1 and {column} = $2 order by id"));
    let insights: Vec<(InsightId,)> = tx.fetch_all(query.bind(tx.org_id).bind(id)).await?;
    let ids: Vec<InsightId> = insights.into_iter().map(|(id,)| id).collect();
    insight::update_all(tx, &ids, &change.set(by_hand, false)).await
}

/// Updates occurrences and enqueues jobs after the changes of a transaction.
pub async fn follow(tx: &mut OrgTx) -> Result<()> {
    let moved: Vec<SessionId> = std::mem::take(&mut tx.moved).into_iter().collect();
    let of_others = occurrences::follow_sessions(tx, &moved).await?;
    lifecycle::review::review_again(tx, &of_others).await?;
    if tx.has_changed(Subject::Settings) {
        grouping::regroup(tx).await?;
    }
    if tx.has_changed(Subject::Insight) || tx.has_changed(Subject::Settings) {
        lifecycle::review::request_review(tx).await?;
    }
    Ok(())
}
