//! Editing by hand: the content, category and team of an insight.

use crate::categories;
use crate::db::sql;
use crate::error::{Error, Result};
use crate::ids::{CategoryId, InsightId, MemberId, TeamId};
use crate::insights::insight::{self, ByHand, Change, InsightEventKind, SHOWN, Undo};
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

/// The values of an insight, with its sentence.
#[derive(Clone, Debug, PartialEq, crate::db::Record)]
struct Values {
    content: String,
    category_id: Option<CategoryId>,
    team_id: Option<TeamId>,
    content_by_hand: bool,
    category_by_hand: bool,
    team_by_hand: bool,
}

impl Values {
    /// Loads the values. Fails with the 404 if the insight is not shown.
    async fn load(tx: &mut OrgTx, id: InsightId) -> Result<Self> {
        let query = sql(&format!(
            "select content, category_id, team_id, content_by_hand, category_by_hand, team_by_hand from insights
            where org_id = $1 and id = $2 and {SHOWN}"
        ));
        let found: Option<Self> = tx.fetch_optional(query.bind(tx.org_id).bind(id)).await?;
        found.ok_or(Error::NotFound("insight"))
    }

    fn by_hand(&self) -> ByHand {
        ByHand {
            category_id: self.category_id,
            team_id: self.team_id,
            content_by_hand: self.content_by_hand,
            category_by_hand: self.category_by_hand,
            team_by_hand: self.team_by_hand,
        }
    }

    fn shown(&self) -> serde_json::Value {
        json!({"content": self.content, "category_id": self.category_id, "team_id": self.team_id})
    }
}

/// Sets the values that a person chose; no grouping changes them from then on. Returns false if nothing changed. Fails
/// with the 404 if the insight is not shown, or if the category or team does not exist.
pub(super) async fn edit(tx: &mut OrgTx, id: InsightId, edit: Edit, by: Option<MemberId>) -> Result<bool> {
    let old = Values::load(tx, id).await?;
    if let Patch::Set(category_id) = edit.category_id {
        categories::require(tx, category_id).await?;
    }
    if let Patch::Set(team_id) = edit.team_id {
        teams::require(tx, team_id).await?;
    }
    let new = Values {
        content_by_hand: old.content_by_hand || edit.content.is_some(),
        category_by_hand: old.category_by_hand || edit.category_id != Patch::Keep,
        team_by_hand: old.team_by_hand || edit.team_id != Patch::Keep,
        content: edit.content.map_or_else(|| old.content.clone(), |content| content.trim().to_owned()),
        category_id: edit.category_id.apply(old.category_id),
        team_id: edit.team_id.apply(old.team_id),
    };
    if new == old {
        return Ok(false);
    }
    write(tx, id, &old, &new, by).await?;
    Ok(true)
}

async fn write(
    tx: &mut OrgTx,
    id: InsightId,
    old: &Values,
    new: &Values,
    by: Option<MemberId>,
) -> Result<()> {
    let detail = json!({"before": old.shown(), "after": new.shown()});
    let change = Change::new()
        .content(&new.content)
        .set("category_id", new.category_id)
        .set("team_id", new.team_id)
        .set("content_by_hand", new.content_by_hand)
        .set("category_by_hand", new.category_by_hand)
        .set("team_by_hand", new.team_by_hand)
        .event(InsightEventKind::Edited, by, Some(detail))
        .undo(Undo::Edit { before: old.by_hand(), after: new.by_hand() });
    insight::update(tx, id, change).await
}

/// An edit that is to be taken back: the values before and after, and the sentences.
pub(super) struct Edited {
    pub(super) before: ByHand,
    pub(super) after: ByHand,
    pub(super) contents: (String, String),
}

/// Takes an edit back. Returns false, and changes nothing, if what it set has another value since. Fails with the 404 if
/// the insight is not shown, or the category or team from before is gone.
pub(super) async fn take_back(
    tx: &mut OrgTx,
    id: InsightId,
    edited: Edited,
    by: Option<MemberId>,
) -> Result<bool> {
    let Edited { before, after, contents } = edited;
    let old = Values::load(tx, id).await?;
    let mut new = old.clone();
    if (&contents.0, before.content_by_hand) != (&contents.1, after.content_by_hand) {
        if (&old.content, old.content_by_hand) != (&contents.1, after.content_by_hand) {
            return Ok(false);
        }
        (new.content, new.content_by_hand) = (contents.0, before.content_by_hand);
    }
    let category = |of: &ByHand| (of.category_id, of.category_by_hand);
    if category(&before) != category(&after) {
        if category(&old.by_hand()) != category(&after) {
            return Ok(false);
        }
        if let Some(category_id) = before.category_id {
            categories::require(tx, category_id).await?;
        }
        (new.category_id, new.category_by_hand) = category(&before);
    }
    let team = |of: &ByHand| (of.team_id, of.team_by_hand);
    if team(&before) != team(&after) {
        if team(&old.by_hand()) != team(&after) {
            return Ok(false);
        }
        if let Some(team_id) = before.team_id {
            teams::require(tx, team_id).await?;
        }
        (new.team_id, new.team_by_hand) = team(&before);
    }
    write(tx, id, &old, &new, by).await?;
    Ok(true)
}
