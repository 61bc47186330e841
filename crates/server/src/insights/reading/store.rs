//! The result of reading in SQL: new statements replace those of an earlier reading.

use crate::db::{self, Db, sql};
use crate::error::Result;
use crate::ids::{InsightId, OrgId, SessionId, StatementId};
use crate::insights::occurrences::{self, NewOccurrence};
use crate::insights::statements::{self, ReadStatement};
use crate::orgs::OrgTx;
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Replaces the statements of these sessions, and updates occurrences to match. A statement that stays the same keeps
/// its occurrences, and so does one of a message that was redacted. Returns the number of new statements.
pub(super) async fn replace_statements(
    tx: &mut OrgTx,
    session_ids: &[SessionId],
    statements: &[&ReadStatement],
) -> Result<i64> {
    let mut query = sql("
        select t.id, t.session_id, t.excerpt from statements t
        join messages m on m.org_id = t.org_id and m.id = t.message_id and m.redacted_at is null
        where t.org_id = $1 and t.session_id in
    ")
    .bind(tx.org_id);
    query.push_list(session_ids.iter().copied());
    let rows: Vec<(StatementId, SessionId, Option<String>)> = tx.fetch_all(query).await?;
    let old: HashMap<StatementId, SessionId> =
        rows.iter().map(|(id, session_id, _)| (*id, *session_id)).collect();
    let current: HashSet<StatementId> = statements.iter().map(|statement| statement.id).collect();
    let gone: HashMap<StatementId, SessionId> = old
        .iter()
        .filter(|(id, _)| !current.contains(id))
        .map(|(id, session_id)| (*id, *session_id))
        .collect();
    let gone_ids: Vec<StatementId> = gone.keys().copied().collect();
    occurrences::delete_proved(tx, &gone_ids).await?;
    statements::delete(tx, &gone_ids).await?;
    let new = statements.iter().filter(|statement| !old.contains_key(&statement.id));
    let new: Vec<&ReadStatement> = new.copied().collect();
    statements::insert(tx, &new).await?;
    let excerpts: HashMap<StatementId, Option<String>> =
        rows.into_iter().map(|(id, _, excerpt)| (id, excerpt)).collect();
    let differs = |statement: &&&ReadStatement| {
        let old = excerpts.get(&statement.id);
        old.is_some_and(|old| old.as_ref() != Some(&statement.excerpt.text))
    };
    let recut: Vec<&ReadStatement> = statements.iter().filter(differs).copied().collect();
    statements::keep_excerpts(tx, &recut).await?;
    // another statement of the session may prove the insight of a deleted one
    let incomplete: HashSet<SessionId> = gone.into_values().collect();
    let unlinked = statements
        .iter()
        .filter(|statement| !old.contains_key(&statement.id) || incomplete.contains(&statement.session_id));
    occurrences::insert(tx, nearest(unlinked), false).await?;
    let pinned = occurrences::pinned(tx, Some(session_ids)).await?;
    occurrences::insert(tx, pinned, false).await?;
    Ok(db::count(new.len()))
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

/// Adds to the number of statements since the last consolidation. Returns that number, and the number of statements
/// that the last consolidation grouped.
pub(super) async fn count_new_statements(tx: &mut OrgTx, added: i64) -> Result<(i64, i64)> {
    let query = sql("
        update orgs set new_statements = new_statements + $2 where id = $1
        returning new_statements, grouped_statements
    ");
    tx.fetch_one(query.bind(tx.org_id).bind(added)).await
}

/// Returns the number of sessions that are read, or have nothing to read yet, and the number of all sessions.
pub async fn progress(db: &Db, org_id: OrgId) -> Result<(u64, u64)> {
    let query = sql("
        select count(case when read_revision = revision or next_seq = 1 then 1 end), count(*)
        from sessions where org_id = $1
    ");
    let (read, all): (i64, i64) = db.fetch_one(query.bind(org_id)).await?;
    Ok((read.unsigned_abs(), all.unsigned_abs()))
}
