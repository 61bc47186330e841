//! The result of reading in SQL: new statements replace those of an earlier reading.

use super::job::ReadStatement;
use crate::db::{self, Db, sql};
use crate::error::Result;
use crate::ids::{InsightId, OrgId, SessionId, StatementId};
use crate::insights::occurrences::{self, NewOccurrence};
use crate::orgs::OrgTx;
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};

/// The version of the reader, stored with each statement that it made.
const READING_VERSION: i64 = 2;

/// Replaces the statements of these sessions, and updates occurrences to match. A statement that stays the same keeps
/// its occurrences. Returns the number of new statements.
pub(crate) async fn replace_statements(
    tx: &mut OrgTx,
    session_ids: &[SessionId],
    statements: &[&ReadStatement],
) -> Result<i64> {
    let query = "select id, session_id from statements where org_id = $1 and session_id in ";
    let mut query = sql(query).bind(tx.org_id);
    query.push_list(session_ids.iter().copied());
    let old: Vec<(StatementId, SessionId)> = tx.fetch_all(query).await?;
    let old: HashMap<StatementId, SessionId> = old.into_iter().collect();
    let current: HashSet<StatementId> = statements.iter().map(|statement| statement.id).collect();
    let gone: HashMap<StatementId, SessionId> = old
        .iter()
        .filter(|(id, _)| !current.contains(id))
        .map(|(id, session_id)| (*id, *session_id))
        .collect();
    delete_statements(tx, &gone.keys().copied().collect::<Vec<_>>()).await?;
    let new = statements.iter().filter(|statement| !old.contains_key(&statement.id));
    let rows = new.map(|statement| {
        vec![
            tx.org_id.into(),
            statement.id.into(),
            statement.session_id.into(),
            statement.message_id.into(),
            db::count(statement.position).into(),
            db::count(statement.span.0).into(),
            db::count(statement.span.1).into(),
            statement.text.clone().into(),
            statement.language.clone().into(),
            statement.sentiment.into(),
            statement.embedding.clone().into(),
            statement.contextual.clone().into(),
            READING_VERSION.into(),
        ]
    });
    let rows: Vec<_> = rows.collect();
    let added = db::count(rows.len());
    let insert =
        "insert into statements (org_id, id, session_id, message_id, position, span_start, span_end, text,
        language, sentiment, embedding, finer, version)";
    tx.insert_all(insert, rows, "").await?;
    // another statement of the session may prove the insight of a deleted one
    let incomplete: HashSet<SessionId> = gone.into_values().collect();
    let unlinked = statements
        .iter()
        .filter(|statement| !old.contains_key(&statement.id) || incomplete.contains(&statement.session_id));
    occurrences::insert(tx, nearest(unlinked), false).await?;
    let pinned = occurrences::pinned(tx, Some(session_ids)).await?;
    occurrences::insert(tx, pinned, false).await?;
    Ok(added)
}

/// Makes an occurrence for each session and insight that are linked, proven by the nearest statement. A tie goes to the
/// lower id.
fn nearest<'a>(linked: impl Iterator<Item = &'a &'a ReadStatement>) -> Vec<NewOccurrence> {
    let mut nearest: BTreeMap<(InsightId, SessionId), (f32, StatementId)> = BTreeMap::new();
    for statement in linked {
        if let Some((insight_id, score)) = statement.linked {
            let best = nearest.entry((insight_id, statement.session_id)).or_insert((score, statement.id));
            if (score, Reverse(statement.id)) > (best.0, Reverse(best.1)) {
                *best = (score, statement.id);
            }
        }
    }
    let occurrence = |((insight_id, session_id), (score, statement_id))| NewOccurrence {
        insight_id,
        session_id,
        statement_id,
        score,
    };
    nearest.into_iter().map(occurrence).collect()
}

async fn delete_statements(tx: &mut OrgTx, ids: &[StatementId]) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let mut query = sql("delete from occurrences where org_id = $1 and statement_id in ").bind(tx.org_id);
    query.push_list(ids.iter().copied()).push(" returning insight_id");
    let touched: Vec<(InsightId,)> = tx.fetch_all(query).await?;
    let mut query = sql("delete from statements where org_id = $1 and id in ").bind(tx.org_id);
    query.push_list(ids.iter().copied());
    tx.run(query).await?;
    let touched: HashSet<InsightId> = touched.into_iter().map(|(id,)| id).collect();
    occurrences::recount(tx, &touched.into_iter().collect::<Vec<_>>()).await
}

/// Adds to the number of statements since the last consolidation. Returns that number, and the number of statements
/// that the last consolidation grouped.
pub(crate) async fn count_new_statements(tx: &mut OrgTx, added: i64) -> Result<(i64, i64)> {
    let query = sql("
        update orgs set new_statements = new_statements + $2 where id = $1
        returning new_statements, grouped_statements
    ");
    tx.fetch_one(query.bind(tx.org_id).bind(added)).await
}

/// Returns the number of sessions that are read, and the number of all sessions.
pub async fn progress(db: &Db, org_id: OrgId) -> Result<(u64, u64)> {
    let query = sql("
        select count(case when read_revision = revision then 1 end), count(*) from sessions where org_id = $1
    ");
    let (read, all): (i64, i64) = db.fetch_one(query.bind(org_id)).await?;
    Ok((read.unsigned_abs(), all.unsigned_abs()))
}
