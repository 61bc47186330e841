//! Handoffs: a session passes from the AI agent to a person.

use super::history::REDACTED;
use super::session::Sentiment;
use crate::contacts::Words;
use crate::db::{Query, Tx, Value, sql};
use crate::error::Result;
use crate::ids::{HandoffId, OrgId, SessionId};
use crate::orgs::OrgTx;
use crate::time::Timestamp;
use crate::wire::{Maybe, Text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// A handoff to a person.
#[derive(Clone, Debug, PartialEq, Eq, crate::db::Record)]
pub struct Handoff {
    /// The things that the person needs to know.
    pub summary: String,
    /// The contact's sentiment at the handoff.
    pub sentiment: Option<Sentiment>,
}

/// A handoff as requests and imports say it.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[schemars(inline)]
pub struct HandoffInput {
    /// What the person needs to know.
    pub summary: Text<10_000>,
    /// How the contact felt then.
    #[serde(default, skip_serializing_if = "Maybe::is_none")]
    pub sentiment: Maybe<Sentiment>,
}

impl From<HandoffInput> for Handoff {
    fn from(input: HandoffInput) -> Self {
        Self { summary: input.summary.0, sentiment: input.sentiment.0 }
    }
}

#[derive(crate::db::Record)]
struct HandoffRow {
    session_id: SessionId,
    #[record(flatten)]
    handoff: Handoff,
}

/// Finds the latest handoff of each of these sessions that has one.
pub(super) async fn find_latest(
    db: impl Query,
    org_id: OrgId,
    ids: &[SessionId],
) -> Result<HashMap<SessionId, Handoff>> {
    let mut query =
        sql("select session_id, summary, sentiment from handoffs where org_id = $1 and session_id in ")
            .bind(org_id);
    query.push_list(ids.iter().copied()).push(" order by created_at, id");
    let rows: Vec<HandoffRow> = db.fetch_all(query).await?;
    Ok(rows.into_iter().map(|row| (row.session_id, row.handoff)).collect())
}

/// Makes the row of a handoff, for [`insert_all`].
pub(super) fn row(org_id: OrgId, now: Timestamp, session_id: SessionId, handoff: Handoff) -> Vec<Value> {
    vec![
        org_id.into(),
        HandoffId::new(now).into(),
        session_id.into(),
        handoff.summary.into(),
        handoff.sentiment.into(),
        handoff.sentiment.is_some().into(),
        now.into(),
    ]
}

/// Inserts handoffs from their rows.
pub(super) async fn insert_all(tx: &mut Tx, rows: Vec<Vec<Value>>) -> Result<()> {
    let insert =
        "insert into handoffs (org_id, id, session_id, summary, sentiment, sentiment_declared, created_at)";
    tx.insert_all(insert, rows, "").await
}

/// Inserts a handoff of a session.
pub(super) async fn insert(tx: &mut OrgTx, session_id: SessionId, handoff: Handoff) -> Result<()> {
    let row = row(tx.org_id, tx.now, session_id, handoff);
    insert_all(tx, vec![row]).await
}

/// Masks what was said at the handoffs of a session.
pub(super) async fn mask(tx: &mut OrgTx, session_id: SessionId, words: &Words) -> Result<()> {
    let query = sql("select id, summary from handoffs where org_id = $1 and session_id = $2");
    let handoffs: Vec<(HandoffId, String)> = tx.fetch_all(query.bind(tx.org_id).bind(session_id)).await?;
    for (id, summary) in handoffs {
        if let Some(masked) = words.mask(&summary) {
            let query = sql("update handoffs set summary = $3 where org_id = $1 and id = $2");
            tx.run(query.bind(tx.org_id).bind(id).bind(masked)).await?;
        }
    }
    Ok(())
}

/// Redacts what was said at the handoffs of a session, all of them or those with this summary. Returns their number.
pub(super) async fn redact(tx: &mut OrgTx, session_id: SessionId, only: Option<&str>) -> Result<u64> {
    let query =
        sql("update handoffs set summary = $3 where org_id = $1 and session_id = $2 and summary <> $3");
    let mut query = query.bind(tx.org_id).bind(session_id).bind(REDACTED);
    if let Some(summary) = only {
        query.push(" and summary = ").push_bind(summary);
    }
    tx.execute(query).await
}

/// Deletes the handoffs of a session.
pub(super) async fn delete(tx: &mut OrgTx, session_id: SessionId) -> Result<()> {
    let query = sql("delete from handoffs where org_id = $1 and session_id = $2");
    tx.run(query.bind(tx.org_id).bind(session_id)).await
}
