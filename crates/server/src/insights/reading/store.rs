//! Statements as they were read, put in the place of those before.

use super::job::ReadStatement;
use crate::db::{Db, sql};
use crate::error::Result;
use crate::ids::{InsightId, OrgId, SessionId, StatementId};
use crate::insights::occurrences::{self, NewOccurrence};
use crate::orgs::OrgTx;
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Which reading made a statement; a higher one reads sessions again.
const READING_VERSION: i64 = 2;

/// Puts what was read in the place of what these sessions stated before, with the occurrences that follow.
/// A statement that stays the same keeps its occurrences. Returns how many are new.
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
            i64::try_from(statement.position).unwrap_or(i64::MAX).into(),
            i64::try_from(statement.span.0).unwrap_or(i64::MAX).into(),
            i64::try_from(statement.span.1).unwrap_or(i64::MAX).into(),
            statement.text.clone().into(),
            statement.language.clone().into(),
            statement.sentiment.into(),
            statement.embedding.clone().into(),
            statement.contextual.clone().into(),
            READING_VERSION.into(),
        ]
    });
    let rows: Vec<_> = rows.collect();
    let added = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    let insert =
        "insert into statements (org_id, id, session_id, message_id, position, span_start, span_end, text,
        language, sentiment, embedding, finer, version)";
    tx.insert_all(insert, rows, "").await?;
    // what a statement that is gone proved, another of its session may prove as well
    let incomplete: HashSet<SessionId> = gone.into_values().collect();
    let unlinked = statements
        .iter()
        .filter(|statement| !old.contains_key(&statement.id) || incomplete.contains(&statement.session_id));
    occurrences::insert(tx, nearest(unlinked), false).await?;
    let pinned = occurrences::pinned(tx, Some(session_ids)).await?;
    occurrences::insert(tx, pinned, false).await?;
    Ok(added)
}

/// Of several statements of a session that are linked to an insight, the nearest proves it.
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
    tx.execute(query).await?;
    let touched: HashSet<InsightId> = touched.into_iter().map(|(id,)| id).collect();
    occurrences::recount(tx, &touched.into_iter().collect::<Vec<_>>()).await
}

/// Counts statements that no consolidation saw: those now, and those the last one saw.
pub(crate) async fn count_new_statements(tx: &mut OrgTx, added: i64) -> Result<(i64, i64)> {
    let query = sql("
        update orgs set new_statements = new_statements + $2 where id = $1
        returning new_statements, grouped_statements
    ");
    let query = query.bind(tx.org_id).bind(added);
    tx.fetch_one(query).await
}

/// Returns how many sessions are read, and how many there are.
pub async fn progress(db: &Db, org_id: OrgId) -> Result<(u64, u64)> {
    let query = sql("
        select count(case when read_revision = revision then 1 end), count(*) from sessions where org_id = $1
    ");
    let (read, all): (i64, i64) = db.fetch_one(query.bind(org_id)).await?;
    Ok((read.unsigned_abs(), all.unsigned_abs()))
}
