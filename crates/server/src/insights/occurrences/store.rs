//! Occurrences in SQL, and the counts of their insights, which are updated with them.

use crate::db::{Query, Sql, Tx, Value, sql};
use crate::error::Result;
use crate::ids::{InsightId, MessageId, OrgId, SessionId, StatementId};
use crate::insights::insight::{self, Change, MoreSessions};
use crate::insights::statements::embedding;
use crate::orgs::{OrgTx, Subject};
use crate::time::Timestamp;
use refrain_nlp::vectors::dot_in_order;
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// An occurrence to be: a session in which an insight shows, and the statement that proves it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct NewOccurrence {
    pub(crate) insight_id: InsightId,
    pub(crate) session_id: SessionId,
    pub(crate) statement_id: StatementId,
    pub(crate) score: f32,
}

/// Inserts occurrences and adds them to the counts of their insights. Skips those that exist, and those that a person
/// removed.
pub(crate) async fn insert(tx: &mut OrgTx, new: Vec<NewOccurrence>, canonical: bool) -> Result<()> {
    let mut came: BTreeMap<InsightId, MoreSessions> = BTreeMap::new();
    for new in new.chunks(1_000) {
        for (insight_id, session_id, at) in insert_chunk(tx, new, canonical).await? {
            tx.changed(Subject::Occurrence, session_id);
            let more = came.entry(insight_id).or_insert(MoreSessions { count: 0, first_at: at, last_at: at });
            more.count += 1;
            (more.first_at, more.last_at) = (more.first_at.min(at), more.last_at.max(at));
        }
    }
    for (insight_id, more) in came {
        insight::update(tx, insight_id, Change::new().more_sessions(more)).await?;
    }
    Ok(())
}

/// Inserts up to a thousand occurrences. Returns the insight and the session of each that was inserted, and the time at
/// which its session began, in microseconds.
async fn insert_chunk(
    tx: &mut OrgTx,
    new: &[NewOccurrence],
    canonical: bool,
) -> Result<Vec<(InsightId, SessionId, i64)>> {
    let row = |new: &NewOccurrence| -> [Value; 4] {
        [new.insight_id.into(), new.session_id.into(), new.statement_id.into(), f64::from(new.score).into()]
    };
    let mut query = sql("with l (insight_id, session_id, statement_id, score) as (");
    query.push_values(new.iter().map(row));
    query.push(
        ") insert into occurrences (org_id, insight_id, session_id, statement_id, score, canonical, contact_id,
            session_created_at)
        select s.org_id, l.insight_id, l.session_id, l.statement_id, l.score, ",
    );
    query.push_bind(canonical).push(
        ", s.contact_id, s.created_at
        from l join sessions s on s.id = l.session_id and s.org_id = ",
    );
    query.push_bind(tx.org_id).push(
        " where not exists (
            select 1 from session_decisions d
            where d.org_id = s.org_id and d.session_id = s.id and d.insight_id = l.insight_id and not d.belongs
        )
        on conflict (org_id, insight_id, session_id) do nothing
        returning insight_id, session_id, session_created_at",
    );
    tx.fetch_all(query).await
}

/// Counts the occurrences of these insights again, and writes the counts and the times of the first and the last.
pub(crate) async fn recount(tx: &mut OrgTx, ids: &[InsightId]) -> Result<()> {
    for id in ids {
        let query = sql("
            select count(*), min(session_created_at), max(session_created_at) from occurrences
            where org_id = $1 and insight_id = $2
        ");
        let query = query.bind(tx.org_id).bind(*id);
        let (count, first, last): (i64, Option<Timestamp>, Option<Timestamp>) = tx.fetch_one(query).await?;
        let mut change = Change::new().set("occurrence_count", count);
        if let Some((first, last)) = first.zip(last) {
            change = change.set("first_seen_at", first).set("last_seen_at", last);
        }
        insight::update(tx, *id, change).await?;
    }
    Ok(())
}

/// Deletes occurrences. The caller must call [`recount`] for their insights.
pub(crate) async fn delete(tx: &mut OrgTx, keys: &[(InsightId, SessionId)]) -> Result<()> {
    for keys in keys.chunks(2_000) {
        let mut query = sql("delete from occurrences where org_id = $1 and (insight_id, session_id) in (")
            .bind(tx.org_id);
        query.push_values(keys.iter().map(|(insight, session)| [(*insight).into(), (*session).into()]));
        query.push(")");
        tx.run(query).await?;
        changed(tx, keys.iter().map(|(_, session)| *session));
    }
    Ok(())
}

/// Copies occurrences of an insight to another, all or those of the given sessions. Skips sessions that the other has.
pub(crate) async fn copy(
    tx: &mut OrgTx,
    from: InsightId,
    to: InsightId,
    session_ids: Option<&[SessionId]>,
) -> Result<()> {
    let columns = "session_id, statement_id, score, canonical, contact_id, session_created_at";
    let chunks = session_ids.map_or_else(|| vec![None], |ids| ids.chunks(2_000).map(Some).collect());
    for session_ids in chunks {
        let mut query = sql(&format!(
            "insert into occurrences (org_id, insight_id, {columns})
            select org_id, $3, {columns} from occurrences where org_id = $1 and insight_id = $2"
        ));
        query = query.bind(tx.org_id).bind(from).bind(to);
        if let Some(session_ids) = session_ids {
            query.push(" and session_id in ").push_list(session_ids.iter().copied());
        } else {
            // without a condition SQLite reads `on conflict` as part of a join
            query.push(" and 1 = 1");
        }
        query.push(" on conflict (org_id, insight_id, session_id) do nothing returning session_id");
        run(tx, query).await?;
    }
    Ok(())
}

/// Returns the occurrences that people decided: the sessions that belong to an insight by decision, all or those given,
/// each with its statement nearest to the insight. A tie goes to the first statement.
pub(crate) async fn pinned(tx: &mut OrgTx, session_ids: Option<&[SessionId]>) -> Result<Vec<NewOccurrence>> {
    let mut query = sql("
        select d.insight_id, d.session_id, t.id, t.embedding, i.centroid
        from session_decisions d
        join insights i on i.org_id = d.org_id and i.id = d.insight_id and i.retired_at is null
        join statements t on t.org_id = d.org_id and t.session_id = d.session_id
        where d.belongs and d.org_id = $1
    ")
    .bind(tx.org_id);
    if let Some(session_ids) = session_ids {
        query.push(" and d.session_id in ").push_list(session_ids.iter().copied());
    }
    query.push(" order by d.insight_id, d.session_id, t.position, t.id");
    type Row = (InsightId, SessionId, StatementId, Option<Vec<u8>>, Option<Vec<u8>>);
    let rows: Vec<Row> = tx.fetch_all(query).await?;
    let mut links: Vec<NewOccurrence> = Vec::new();
    for (insight_id, session_id, statement_id, embedding, centroid) in rows {
        let read = |bytes: Option<Vec<u8>>| bytes.as_deref().and_then(embedding::from_bytes);
        let score = read(embedding).zip(read(centroid)).map_or(0.0, |(a, b)| dot_in_order(&a, &b));
        let link = NewOccurrence { insight_id, session_id, statement_id, score };
        match links.last_mut().filter(|last| (last.insight_id, last.session_id) == (insight_id, session_id)) {
            Some(last) if last.score < score => *last = link,
            Some(_) => {}
            None => links.push(link),
        }
    }
    Ok(links)
}

/// Lists the statements of redacted messages that prove insights.
pub(crate) async fn redacted(tx: &mut Tx, org_id: OrgId) -> Result<HashSet<StatementId>> {
    let query = sql("
        select distinct o.statement_id from messages m
        join statements t on t.org_id = m.org_id and t.message_id = m.id
        join occurrences o on o.org_id = t.org_id and o.statement_id = t.id
        where m.org_id = $1 and m.redacted_at is not null
    ");
    let statements: Vec<(StatementId,)> = tx.fetch_all(query.bind(org_id)).await?;
    Ok(statements.into_iter().map(|(id,)| id).collect())
}

/// Settles the occurrences that these messages prove, before they are redacted: nothing is left by which a grouping
/// could judge them. Returns their insights.
pub(crate) async fn settle(tx: &mut OrgTx, ids: &[MessageId]) -> Result<Vec<InsightId>> {
    let mut query = sql("
        update occurrences set canonical = $2 where org_id = $1 and statement_id in (
            select id from statements where org_id = $1 and message_id in
    ");
    query = query.bind(tx.org_id).bind(true);
    query.push_list(ids.iter().copied()).push(") returning insight_id");
    let insights: Vec<(InsightId,)> = tx.fetch_all(query).await?;
    Ok(insights.into_iter().map(|(id,)| id).collect())
}

/// Deletes every occurrence of an insight that ends; nothing is counted again.
pub(crate) async fn delete_all(tx: &mut OrgTx, id: InsightId) -> Result<()> {
    let query = sql("delete from occurrences where org_id = $1 and insight_id = $2 returning session_id");
    let query = query.bind(tx.org_id).bind(id);
    run(tx, query).await
}

/// Runs a statement that returns the sessions whose occurrences it changed, and logs them.
async fn run(tx: &mut OrgTx, query: Sql) -> Result<()> {
    let sessions: Vec<(SessionId,)> = tx.fetch_all(query).await?;
    changed(tx, sessions.into_iter().map(|(id,)| id));
    Ok(())
}

/// Logs that other insights show in sessions than before.
fn changed(tx: &mut OrgTx, sessions: impl IntoIterator<Item = SessionId>) {
    for id in sessions {
        tx.changed(Subject::Occurrence, id);
    }
}

/// Deletes the occurrences that these statements prove, and counts their insights again.
pub(crate) async fn delete_proved(tx: &mut OrgTx, ids: &[StatementId]) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let mut query = sql("delete from occurrences where org_id = $1 and statement_id in ").bind(tx.org_id);
    query.push_list(ids.iter().copied()).push(" returning insight_id, session_id");
    let gone: Vec<(InsightId, SessionId)> = tx.fetch_all(query).await?;
    changed(tx, gone.iter().map(|(_, session)| *session));
    let touched: BTreeSet<InsightId> = gone.into_iter().map(|(insight, _)| insight).collect();
    recount(tx, &touched.into_iter().collect::<Vec<_>>()).await
}

/// Deletes the occurrences in sessions that are to be deleted, and counts their insights again. Returns their number, and
/// the insights.
pub(crate) async fn delete_of_sessions(
    tx: &mut OrgTx,
    ids: &[SessionId],
) -> Result<(u64, BTreeSet<InsightId>)> {
    let mut query = sql("delete from occurrences where org_id = $1 and session_id in ").bind(tx.org_id);
    query.push_list(ids.iter().copied()).push(" returning insight_id");
    let gone: Vec<(InsightId,)> = tx.fetch_all(query).await?;
    changed(tx, ids.iter().copied());
    let counted: BTreeSet<InsightId> = gone.iter().map(|(id,)| *id).collect();
    recount(tx, &counted.iter().copied().collect::<Vec<_>>()).await?;
    Ok((gone.len() as u64, counted))
}

/// Moves the occurrences in these sessions from one insight to another that has none of them; nothing is counted again.
pub(crate) async fn shift(
    tx: &mut OrgTx,
    from: InsightId,
    to: InsightId,
    session_ids: &[SessionId],
) -> Result<()> {
    for session_ids in session_ids.chunks(1_000) {
        let query =
            "update occurrences set insight_id = $3 where org_id = $1 and insight_id = $2 and session_id in ";
        let mut query = sql(query).bind(tx.org_id).bind(from).bind(to);
        query.push_list(session_ids.iter().copied());
        tx.run(query).await?;
        changed(tx, session_ids.iter().copied());
    }
    Ok(())
}

/// Finds the insight that shows in most of these sessions. Returns none if none does.
pub(crate) async fn most_shown(
    db: impl Query,
    org_id: OrgId,
    sessions: &[SessionId],
) -> Result<Option<InsightId>> {
    let mut query = sql("
        select o.insight_id, count(*) as sessions, min(i.insight_number) as insight_number
        from occurrences o join insights i on i.org_id = o.org_id and i.id = o.insight_id
        where o.org_id = $1 and i.retired_at is null and o.session_id in
    ")
    .bind(org_id);
    query.push_list(sessions.iter().copied()).push(" group by o.insight_id order by 2 desc, 3 limit 1");
    let most: Option<(InsightId, i64, i64)> = db.fetch_optional(query).await?;
    Ok(most.map(|(id, ..)| id))
}
