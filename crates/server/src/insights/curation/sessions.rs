//! Decisions of people that a session belongs to an insight or does not.

use crate::db::sql;
use crate::error::{Error, Result};
use crate::ids::{InsightId, MemberId, SessionId};
use crate::insights::insight::{self, Change, InsightEventKind, Undo};
use crate::insights::{grouping, occurrences};
use crate::orgs::OrgTx;
use serde_json::json;

/// Records that a session belongs to an insight or does not, or, with `None`, leaves that to the grouping again. Fails
/// with the 404 if one of them does not exist, and with the 409 if the session states nothing that could prove it.
pub(super) async fn assign_session(
    tx: &mut OrgTx,
    id: InsightId,
    session_id: SessionId,
    belongs: Option<bool>,
    by: Option<MemberId>,
) -> Result<()> {
    insight::require(tx, id).await?;
    let query = sql("select id from sessions where org_id = $1 and id = $2");
    let session: Option<(SessionId,)> = tx.fetch_optional(query.bind(tx.org_id).bind(session_id)).await?;
    session.ok_or(Error::NotFound("session"))?;
    let before = decision(tx, id, session_id).await?;
    let undo = Undo::Session { session_id, before, after: belongs };
    let query =
        sql("delete from session_decisions where org_id = $1 and insight_id = $2 and session_id = $3");
    tx.run(query.bind(tx.org_id).bind(id).bind(session_id)).await?;
    let detail = Some(json!({"session_id": session_id}));
    let Some(belongs) = belongs else {
        if before.is_some() {
            let kind = InsightEventKind::SessionDecisionWithdrawn;
            insight::update(tx, id, Change::new().event(kind, by, detail).undo(undo)).await?;
            grouping::regroup(tx).await?;
        }
        return Ok(());
    };
    let query = sql("
        insert into session_decisions (org_id, insight_id, session_id, belongs, member_id, created_at)
        values ($1, $2, $3, $4, $5, $6)
    ");
    tx.run(query.bind(tx.org_id).bind(id).bind(session_id).bind(belongs).bind(by).bind(tx.now)).await?;
    if belongs {
        let links = occurrences::pinned(tx, Some(&[session_id])).await?;
        if !links.iter().any(|link| link.insight_id == id) {
            return Err(Error::Conflict("the session states nothing that an insight could be about".into()));
        }
        occurrences::insert(tx, links, true).await?;
    } else {
        occurrences::delete(tx, &[(id, session_id)]).await?;
        occurrences::recount(tx, &[id]).await?;
    }
    let kind = if belongs { InsightEventKind::SessionAdded } else { InsightEventKind::SessionRemoved };
    insight::update(tx, id, Change::new().event(kind, by, detail).undo(undo)).await
}

/// Returns what a person decided about a session and an insight, if anybody did.
pub(super) async fn decision(tx: &mut OrgTx, id: InsightId, session_id: SessionId) -> Result<Option<bool>> {
    let query = sql(
        "select belongs from session_decisions where org_id = $1 and insight_id = $2 and session_id = $3",
    );
    let found: Option<(bool,)> = tx.fetch_optional(query.bind(tx.org_id).bind(id).bind(session_id)).await?;
    Ok(found.map(|(belongs,)| belongs))
}
