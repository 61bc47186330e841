//! Splitting: some sessions of an insight become an insight of their own, which every later grouping keeps apart.

use crate::db::sql;
use crate::error::{Error, Result};
use crate::ids::{CategoryId, InsightId, MemberId, SessionId, StatementId, TeamId};
use crate::insights::insight::{self, Change, InsightEventKind, NewInsight, PERSON};
use crate::insights::lifecycle::{archive, review};
use crate::insights::{grouping, occurrences};
use crate::orgs::OrgTx;
use crate::sessions::Sentiment;
use crate::settings::Settings;
use crate::time::Timestamp;
use serde_json::json;
use std::collections::HashSet;
use uuid::Uuid;

/// The request for a split.
pub(crate) struct Split {
    /// The sessions that move to the new insight.
    pub(crate) session_ids: Vec<SessionId>,
    /// The content of the new insight; if none, its best statement.
    pub(crate) content: Option<String>,
}

/// Moves some sessions of an insight to a new one, and adds a cannot-link constraint that keeps the two apart in every
/// later grouping. Returns the new insight. Fails with the 400 if one of the two would have too few contacts.
pub(crate) async fn split(
    settings: &Settings,
    tx: &mut OrgTx,
    id: InsightId,
    split: Split,
    by: Option<MemberId>,
) -> Result<InsightId> {
    insight::require(tx, id).await?;
    let proofs = sql(&format!(
        "select session_id, {PERSON}, statement_id from occurrences o
        where org_id = $1 and insight_id = $2 order by score desc, statement_id"
    ));
    type Proof = (SessionId, Uuid, StatementId);
    let proofs: Vec<Proof> = tx.fetch_all(proofs.bind(tx.org_id).bind(id)).await?;
    let known: HashSet<SessionId> = proofs.iter().map(|proof| proof.0).collect();
    if let Some(at) = split.session_ids.iter().position(|session_id| !known.contains(session_id)) {
        return Err(Error::Invalid(format!("session_ids[{at}] is no session of this insight")));
    }
    let wanted: HashSet<SessionId> = split.session_ids.iter().copied().collect();
    let (parted, kept): (Vec<&Proof>, Vec<&Proof>) =
        proofs.iter().partition(|proof| wanted.contains(&proof.0));
    for (part, name) in [(&parted, "session_ids"), (&kept, "what is left of the insight")] {
        let contacts: HashSet<Uuid> = part.iter().map(|proof| proof.1).collect();
        if contacts.len() < settings.contacts_min as usize {
            let least = settings.contacts_min;
            return Err(Error::Invalid(format!("{name}: fewer than {least} contacts, too few to be shown")));
        }
    }
    let new_id = insert_part(tx, id, split.content, parted[0].2).await?;
    occurrences::shift(tx, id, new_id, &split.session_ids).await?;
    // the new insight inherits the cannot-link constraints of the old one
    inherit_apart(tx, id, new_id).await?;
    keep_apart(tx, id, new_id).await?;
    for (one, other) in [(id, new_id), (new_id, id)] {
        let detail = json!({"other_id": other});
        let change = Change::new().event(InsightEventKind::Split, by, Some(detail));
        insight::update(tx, one, change).await?;
    }
    occurrences::recount(tx, &[id, new_id]).await?;
    for part in [id, new_id] {
        archive::remake(settings, tx, part).await?;
    }
    review::review_archived(settings, tx, &[id, new_id]).await?;
    grouping::regroup(tx).await?;
    Ok(new_id)
}

/// Inserts the insight for a part of another. It has no centroid until the next grouping.
async fn insert_part(
    tx: &mut OrgTx,
    id: InsightId,
    content: Option<String>,
    best: StatementId,
) -> Result<InsightId> {
    #[derive(sqlx::FromRow)]
    struct WholeRow {
        sentiment: Sentiment,
        category_id: Option<CategoryId>,
        team_id: Option<TeamId>,
        resolved_at: Option<Timestamp>,
        resolved_by: Option<MemberId>,
        text: String,
    }
    let query = sql("
        select i.sentiment, i.category_id, i.team_id, i.resolved_at, i.resolved_by, t.text
        from insights i join statements t on t.org_id = i.org_id and t.id = $3
        where i.org_id = $1 and i.id = $2
    ");
    let whole: WholeRow = tx.fetch_one(query.bind(tx.org_id).bind(id).bind(best)).await?;
    let by_hand = content.is_some();
    let new = NewInsight {
        id: InsightId::new(tx.now),
        content: content.unwrap_or(whole.text),
        sentiment: whole.sentiment,
        centroid: None,
        reach: None,
        category_id: whole.category_id,
        team_id: whole.team_id,
    };
    let number = tx.take_insight_numbers(1).await?;
    insight::insert(tx, &new, number).await?;
    archive::copy(tx, id, new.id).await?;
    let change = Change::new()
        .set("resolved_at", whole.resolved_at)
        .set("resolved_by", whole.resolved_by)
        .set("content_by_hand", by_hand);
    insight::update(tx, new.id, change).await?;
    Ok(new.id)
}

/// Adds a cannot-link constraint between two insights.
pub(super) async fn keep_apart(tx: &mut OrgTx, id: InsightId, other_id: InsightId) -> Result<()> {
    for (one, other) in [(id, other_id), (other_id, id)] {
        let query = sql("insert into insights_apart (org_id, insight_id, other_id) values ($1, $2, $3)");
        tx.run(query.bind(tx.org_id).bind(one).bind(other)).await?;
    }
    Ok(())
}

/// Copies the cannot-link constraints of one insight to another.
pub(super) async fn inherit_apart(tx: &mut OrgTx, from: InsightId, to: InsightId) -> Result<()> {
    let query = sql("
        insert into insights_apart (org_id, insight_id, other_id)
        select org_id, $3, other_id from insights_apart where org_id = $1 and insight_id = $2 and other_id <> $3
        union all
        select org_id, insight_id, $3 from insights_apart where org_id = $1 and other_id = $2 and insight_id <> $3
        on conflict do nothing
    ");
    tx.run(query.bind(tx.org_id).bind(from).bind(to)).await
}
