//! What people decide about insights.

use super::store::{self, NewInsight};
use super::{archive, state, watch};
use crate::app::App;
use crate::categories;
use crate::db::sql;
use crate::error::{Error, Result};
use crate::ids::{CategoryId, InsightId, MemberId, SessionId, StatementId, TeamId};
use crate::jobs::{self, Job};
use crate::orgs::{OrgTx, Subject};
use crate::sessions::Sentiment;
use crate::teams;
use crate::time::Timestamp;
use crate::wire::Patch;
use refrain_nlp::case_fold::fold;
use serde_json::json;
use std::collections::HashSet;
use uuid::Uuid;

/// What is to be set by hand.
pub(super) struct Edit {
    pub(super) content: Option<String>,
    pub(super) category_id: Patch<CategoryId>,
    pub(super) team_id: Patch<TeamId>,
}

/// Sets what a person chose, unless it is so already; whether anything changed. From then on no grouping changes it.
pub(super) async fn edit(tx: &mut OrgTx, id: InsightId, edit: Edit, by: Option<MemberId>) -> Result<bool> {
    let query = sql("
        select content, category_id, team_id, content_by_hand, category_by_hand, team_by_hand from insights
        where org_id = $1 and id = $2 and retired_at is null and occurrence_count > 0
    ");
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
    store::insert_event(tx, id, "edited", by, Some(detail)).await?;
    Ok(true)
}

/// Merges others into an insight: they end, their sessions are its own, and every later grouping keeps them together.
pub(super) async fn merge(
    app: &App,
    tx: &mut OrgTx,
    id: InsightId,
    others: &[InsightId],
    by: Option<MemberId>,
) -> Result<()> {
    let mut parts = vec![part(tx, id).await?];
    for other in others.iter().filter(|other| **other != id) {
        parts.push(part(tx, *other).await?);
    }
    merge_states(tx, &parts, by).await?;
    for Part { id: other, .. } in &parts[1..] {
        inherit_apart(tx, *other, id).await?;
        store::note_merge(tx, *other, id).await?;
        store::end(tx, *other, Some(id), "merged", by).await?;
        let detail = json!({"merged_id": other});
        store::insert_event(tx, id, "merged", by, Some(detail)).await?;
    }
    let query = sql("update insights set joined = $3 where org_id = $1 and id = $2");
    let query = query.bind(tx.org_id).bind(id).bind(true);
    tx.execute(query).await?;
    store::recount(tx, &[id]).await?;
    archive::remake(app, tx, id).await?;
    watch::review_archived(app, tx, &[id]).await?;
    regroup(tx).await
}

/// An insight that is to be a part of another.
#[derive(sqlx::FromRow)]
struct Part {
    id: InsightId,
    occurrence_count: i64,
    resolved_at: Option<Timestamp>,
    archived_at: Option<Timestamp>,
}

async fn part(tx: &mut OrgTx, id: InsightId) -> Result<Part> {
    let query = sql("
        select id, occurrence_count, resolved_at, archived_at from insights
        where org_id = $1 and id = $2 and retired_at is null
    ");
    let query = query.bind(tx.org_id).bind(id);
    tx.fetch_optional(query).await?.ok_or(Error::NotFound("insight"))
}

/// The first of these is to be all of them: archived, as the largest is, only if all are, and resolved only if all are.
async fn merge_states(tx: &mut OrgTx, parts: &[Part], by: Option<MemberId>) -> Result<()> {
    let [first, others @ ..] = parts else { return Ok(()) };
    if parts.iter().all(|part| part.archived_at.is_some()) {
        let largest = others.iter().max_by_key(|part| part.occurrence_count);
        if let Some(largest) = largest.filter(|part| part.occurrence_count > first.occurrence_count) {
            archive::copy(tx, largest.id, first.id).await?;
        }
    } else if first.archived_at.is_some() {
        archive::clear(tx, first.id).await?;
        store::insert_event(tx, first.id, "restored", by, Some(json!({"because": "merged"}))).await?;
    }
    if first.resolved_at.is_some() && others.iter().any(|part| part.resolved_at.is_none()) {
        state::clear_resolved(tx, first.id).await?;
        store::insert_event(tx, first.id, "reopened", by, Some(json!({"because": "merged"}))).await?;
    }
    Ok(())
}

/// What a split asks for.
pub(super) struct Split {
    /// Sessions that are to be another insight's.
    pub(super) session_ids: Vec<SessionId>,
    /// What that insight says; if not given, what the sessions say.
    pub(super) content: Option<String>,
}

/// Makes some sessions of an insight another insight, and every later grouping keeps the two apart. Returns the new one.
/// Both must have contacts enough to be shown.
pub(super) async fn split(
    app: &App,
    tx: &mut OrgTx,
    id: InsightId,
    split: Split,
    by: Option<MemberId>,
) -> Result<InsightId> {
    require(tx, id).await?;
    let proofs = sql("
        select session_id, coalesce(contact_id, session_id), statement_id from occurrences
        where org_id = $1 and insight_id = $2 order by score desc, statement_id
    ");
    type Proof = (SessionId, Uuid, StatementId);
    let query = proofs.bind(tx.org_id).bind(id);
    let proofs: Vec<Proof> = tx.fetch_all(query).await?;
    let known: HashSet<SessionId> = proofs.iter().map(|proof| proof.0).collect();
    if let Some(at) = split.session_ids.iter().position(|session_id| !known.contains(session_id)) {
        return Err(Error::Invalid(format!("session_ids[{at}] is no session of this insight")));
    }
    let wanted: HashSet<SessionId> = split.session_ids.iter().copied().collect();
    let (parted, kept): (Vec<&Proof>, Vec<&Proof>) =
        proofs.iter().partition(|proof| wanted.contains(&proof.0));
    for (part, name) in [(&parted, "session_ids"), (&kept, "what is left of the insight")] {
        let contacts: HashSet<Uuid> = part.iter().map(|proof| proof.1).collect();
        if contacts.len() < app.config.insights.contacts_min as usize {
            let least = app.config.insights.contacts_min;
            return Err(Error::Invalid(format!("{name}: fewer than {least} contacts, too few to be shown")));
        }
    }
    let new_id = insert_part(tx, id, split.content, parted[0].2).await?;
    for session_ids in split.session_ids.chunks(1_000) {
        let query =
            "update occurrences set insight_id = $3 where org_id = $1 and insight_id = $2 and session_id in ";
        let mut query = sql(query).bind(tx.org_id).bind(id).bind(new_id);
        query.push_list(session_ids.iter().copied());
        tx.execute(query).await?;
    }
    // what it was split from before, the new one is apart from as well
    inherit_apart(tx, id, new_id).await?;
    keep_apart(tx, id, new_id).await?;
    for (one, other) in [(id, new_id), (new_id, id)] {
        store::insert_event(tx, one, "split", by, Some(json!({"other_id": other}))).await?;
    }
    store::recount(tx, &[id, new_id]).await?;
    for part in [id, new_id] {
        archive::remake(app, tx, part).await?;
    }
    watch::review_archived(app, tx, &[id, new_id]).await?;
    regroup(tx).await?;
    Ok(new_id)
}

/// Has every later grouping keep two insights apart.
pub(super) async fn keep_apart(tx: &mut OrgTx, id: InsightId, other_id: InsightId) -> Result<()> {
    for (one, other) in [(id, other_id), (other_id, id)] {
        let query = sql("insert into insights_apart (org_id, insight_id, other_id) values ($1, $2, $3)");
        let query = query.bind(tx.org_id).bind(one).bind(other);
        tx.execute(query).await?;
    }
    Ok(())
}

/// Keeps an insight apart from whatever another is kept apart from.
pub(super) async fn inherit_apart(tx: &mut OrgTx, from: InsightId, to: InsightId) -> Result<()> {
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

/// Inserts the insight that a part of another is to be. It lies nowhere until the next grouping.
async fn insert_part(
    tx: &mut OrgTx,
    id: InsightId,
    content: Option<String>,
    best: StatementId,
) -> Result<InsightId> {
    let query = sql("
        select i.sentiment, i.category_id, i.team_id, t.text
        from insights i join statements t on t.org_id = i.org_id and t.id = $3
        where i.org_id = $1 and i.id = $2
    ");
    type Row = (Sentiment, Option<CategoryId>, Option<TeamId>, String);
    let query = query.bind(tx.org_id).bind(id).bind(best);
    let (sentiment, category_id, team_id, text): Row = tx.fetch_one(query).await?;
    let by_hand = content.is_some();
    let new = NewInsight {
        id: InsightId::new(tx.now),
        content: content.unwrap_or(text),
        sentiment,
        centroid: None,
        reach: None,
        category_id,
        team_id,
    };
    let number = tx.take_insight_numbers(1).await?;
    store::insert(tx, &new, number).await?;
    archive::copy(tx, id, new.id).await?;
    let query = sql("
        update insights set resolved_at = o.resolved_at, resolved_by = o.resolved_by
        from (select resolved_at, resolved_by from insights where org_id = $1 and id = $2) o
        where insights.org_id = $1 and insights.id = $3
    ");
    let query = query.bind(tx.org_id).bind(id).bind(new.id);
    tx.execute(query).await?;
    if by_hand {
        let query = sql("update insights set content_by_hand = $3 where org_id = $1 and id = $2");
        let query = query.bind(tx.org_id).bind(new.id).bind(true);
        tx.execute(query).await?;
    }
    Ok(new.id)
}

/// Says whether a session belongs to an insight, or, with `None`, leaves that to the grouping again.
pub(super) async fn place(
    tx: &mut OrgTx,
    id: InsightId,
    session_id: SessionId,
    belongs: Option<bool>,
    by: Option<MemberId>,
) -> Result<()> {
    require(tx, id).await?;
    let query = sql("select id from sessions where org_id = $1 and id = $2");
    let query = query.bind(tx.org_id).bind(session_id);
    let session: Option<(SessionId,)> = tx.fetch_optional(query).await?;
    session.ok_or(Error::NotFound("session"))?;
    let query =
        sql("delete from session_decisions where org_id = $1 and insight_id = $2 and session_id = $3");
    let query = query.bind(tx.org_id).bind(id).bind(session_id);
    let withdrawn = tx.execute(query).await? > 0;
    let Some(belongs) = belongs else {
        if withdrawn {
            let detail = json!({"session_id": session_id});
            store::insert_event(tx, id, "session_decision_withdrawn", by, Some(detail)).await?;
            regroup(tx).await?;
        }
        return Ok(());
    };
    let query = sql("
        insert into session_decisions (org_id, insight_id, session_id, belongs, member_id, created_at)
        values ($1, $2, $3, $4, $5, $6)
    ");
    let query = query.bind(tx.org_id).bind(id).bind(session_id).bind(belongs).bind(by).bind(tx.now);
    tx.execute(query).await?;
    if belongs {
        let links = store::pinned_links(tx, Some(&[session_id])).await?;
        if !links.iter().any(|link| link.insight_id == id) {
            return Err(Error::Conflict("the session states nothing that an insight could be about".into()));
        }
        store::insert_occurrences(tx, links, true).await?;
    } else {
        store::delete_occurrences(tx, &[(id, session_id)]).await?;
        store::recount(tx, &[id]).await?;
    }
    let kind = if belongs { "session_added" } else { "session_removed" };
    store::insert_event(tx, id, kind, by, Some(json!({"session_id": session_id}))).await
}

async fn require(tx: &mut OrgTx, id: InsightId) -> Result<()> {
    let query = sql("select id from insights where org_id = $1 and id = $2 and retired_at is null");
    let query = query.bind(tx.org_id).bind(id);
    let found: Option<(InsightId,)> = tx.fetch_optional(query).await?;
    found.map(|_| ()).ok_or(Error::NotFound("insight"))
}

/// Has everything grouped anew, and what is being grouped as of before started again.
pub(super) async fn regroup(tx: &mut OrgTx) -> Result<()> {
    let query = sql("update orgs set grouping_version = grouping_version + 1 where id = $1");
    let query = query.bind(tx.org_id);
    tx.execute(query).await?;
    jobs::enqueue(tx, &Job::Consolidate).await
}
