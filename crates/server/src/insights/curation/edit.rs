//! Editing by hand: the content, category and team of an insight.

use crate::categories;
use crate::db::sql;
use crate::error::{Error, Result};
use crate::ids::{CategoryId, InsightId, MemberId, TeamId};
use crate::insights::insight::{self, Change, InsightEventKind, SHOWN};
use crate::orgs::OrgTx;
use crate::teams;
use crate::wire::Patch;
use serde_json::json;

/// The values that are to be set by hand.
pub(super) struct Edit {
    pub(crate) content: Option<String>,
    pub(super) category_id: Patch<CategoryId>,
    pub(super) team_id: Patch<TeamId>,
}

/// Sets the values that a person chose; no grouping changes them from then on. Returns false if nothing changed. Fails
/// with the 404 if the insight is not shown, or if the category or team does not exist.
pub(super) async fn edit(tx: &mut OrgTx, id: InsightId, edit: Edit, by: Option<MemberId>) -> Result<bool> {
    let query = sql(&format!(
        "select content, category_id, team_id, content_by_hand, category_by_hand, team_by_hand from insights
        where org_id = $1 and id = $2 and {SHOWN}"
    ));
    let query = query.bind(tx.org_id).bind(id);
    type Row = (String, Option<CategoryId>, Option<TeamId>, bool, bool, bool);
    let old: Option<Row> = tx.fetch_optional(query).await?;
    let old = old.ok_or(Error::NotFound("insight"))?;
    let (old_content, old_category, old_team, ..) = old.clone();
    if let Patch::Set(category_id) = edit.category_id {
        categories::require(tx, category_id).await?;
    }
    if let Patch::Set(team_id) = edit.team_id {
        teams::require(tx, team_id).await?;
    }
    let by_hand = (edit.content.is_some(), edit.category_id != Patch::Keep, edit.team_id != Patch::Keep);
    let content = edit.content.map_or_else(|| old_content.clone(), |content| content.trim().to_owned());
    let (category_id, team_id) = (edit.category_id.apply(old_category), edit.team_id.apply(old_team));
    let new =
        (content.clone(), category_id, team_id, old.3 || by_hand.0, old.4 || by_hand.1, old.5 || by_hand.2);
    if new == old {
        return Ok(false);
    }
    let detail = json!({
        "before": {"content": old_content, "category_id": old_category, "team_id": old_team},
        "after": {"content": content, "category_id": category_id, "team_id": team_id},
    });
    let change = Change::new()
        .content(&new.0)
        .set("category_id", category_id)
        .set("team_id", team_id)
        .set("content_by_hand", new.3)
        .set("category_by_hand", new.4)
        .set("team_by_hand", new.5)
        .event(InsightEventKind::Edited, by, Some(detail));
    insight::update(tx, id, change).await?;
    Ok(true)
}
