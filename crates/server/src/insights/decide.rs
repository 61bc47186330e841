//! What people decide about insights.

use super::store;
use crate::categories;
use crate::db::sql;
use crate::error::{Error, Result};
use crate::fold::fold;
use crate::ids::{CategoryId, InsightId, MemberId, TeamId};
use crate::orgs::{OrgTx, Subject};
use crate::teams;
use crate::wire::Patch;
use serde_json::json;

/// What is to be set by hand.
pub(super) struct Edit {
    pub(super) content: Option<String>,
    pub(super) category_id: Patch<CategoryId>,
    pub(super) team_id: Patch<TeamId>,
}

/// Sets what a person chose. From then on no grouping changes it.
pub(super) async fn edit(tx: &mut OrgTx, id: InsightId, edit: Edit, by: Option<MemberId>) -> Result<()> {
    let query = sql("
        select content, category_id, team_id from insights
        where org_id = $1 and id = $2 and retired_at is null and occurrence_count > 0
    ");
    let query = query.bind(tx.org_id).bind(id);
    let old: Option<(String, Option<CategoryId>, Option<TeamId>)> = tx.fetch_optional(query).await?;
    let (old_content, old_category, old_team) = old.ok_or(Error::NotFound("insight"))?;
    if let Patch::Set(category_id) = edit.category_id {
        categories::require(tx, category_id).await?;
    }
    if let Patch::Set(team_id) = edit.team_id {
        teams::require(tx, team_id).await?;
    }
    let by_hand = (edit.content.is_some(), edit.category_id != Patch::Keep, edit.team_id != Patch::Keep);
    let content = edit.content.map_or_else(|| old_content.clone(), |content| content.trim().to_owned());
    let (category_id, team_id) = (edit.category_id.apply(old_category), edit.team_id.apply(old_team));
    let query = sql("
        update insights set content = $3, content_folded = $4, category_id = $5, team_id = $6,
            content_by_hand = content_by_hand or $7, category_by_hand = category_by_hand or $8,
            team_by_hand = team_by_hand or $9, updated_at = $10
        where org_id = $1 and id = $2
    ");
    let query = query
        .bind(tx.org_id)
        .bind(id)
        .bind(&content)
        .bind(fold(&content))
        .bind(category_id)
        .bind(team_id)
        .bind(by_hand.0)
        .bind(by_hand.1)
        .bind(by_hand.2)
        .bind(tx.now);
    tx.execute(query).await?;
    tx.changed(Subject::Insight, id);
    let detail = json!({
        "before": {"content": old_content, "category_id": old_category, "team_id": old_team},
        "after": {"content": content, "category_id": category_id, "team_id": team_id},
    });
    store::insert_event(tx, id, "edited", by, Some(detail)).await
}
