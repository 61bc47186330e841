//! Figures about an organization as a whole.

use crate::db::{Db, Tx, sql};
use crate::error::Result;
use crate::ids::{InsightId, OrgId, SessionId, StatementId};
use crate::insights::grouping::job::load_statements;
use crate::insights::statements::contextual::FinerVectors;
use crate::time::{Calendar, DAY, Timestamp};
use anyhow::Context;
use refrain_nlp::grouping::Options;
use std::collections::{HashMap, HashSet};

/// How much there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Counts {
    /// Sessions.
    pub sessions: i64,
    /// Statements in them.
    pub statements: i64,
    /// Insights that show in some.
    pub insights: i64,
}

/// Counts sessions, statements and insights.
pub async fn counts(db: &Db, org_id: OrgId) -> Result<Counts> {
    let query = sql("
        select (select count(*) from sessions where org_id = $1) as sessions,
            (select count(*) from statements where org_id = $1) as statements,
            (select count(*) from insights where org_id = $1 and retired_at is null and occurrence_count > 0)
                as insights
    ");
    db.fetch_one(query.bind(org_id)).await
}

/// A statement, and what was made of it.
#[derive(Clone, Debug)]
pub struct GroupedStatement {
    /// Which it is.
    pub id: StatementId,
    /// The session in which it was said.
    pub session_id: SessionId,
    /// What was said, personal data masked.
    pub text: String,
    /// The number of the insight that it proves for its session.
    pub insight: Option<u32>,
}

/// Every statement that has a vector, session by session in the order said.
pub async fn grouped_statements(db: &Db, org_id: OrgId) -> Result<Vec<GroupedStatement>> {
    let query = sql("
        select t.id, t.session_id, t.text, i.insight_number
        from statements t
        left join occurrences o on o.org_id = t.org_id and o.statement_id = t.id
        left join insights i on i.org_id = o.org_id and i.id = o.insight_id
        where t.org_id = $1 and t.embedding is not null
        order by t.session_id, t.position
    ");
    type Row = (StatementId, SessionId, String, Option<i64>);
    let rows: Vec<Row> = db.fetch_all(query.bind(org_id)).await?;
    let statements = rows.into_iter().map(|(id, session_id, text, insight)| {
        let insight = insight.and_then(|number| u32::try_from(number).ok());
        GroupedStatement { id, session_id, text, insight }
    });
    Ok(statements.collect())
}

/// The vectors at unit length by which these statements are compared in a grouping; some milliseconds for each that is
/// not kept.
pub async fn compared_vectors(
    db: &Db,
    org_id: OrgId,
    of: &[GroupedStatement],
) -> Result<HashMap<StatementId, Vec<f32>>> {
    let wanted: HashSet<StatementId> = of.iter().map(|statement| statement.id).collect();
    let mut statements = load_statements(&mut db.snapshot().await?, org_id).await?;
    statements.retain(|statement| wanted.contains(&statement.id));
    let compare = move || {
        let positions: Vec<usize> = (0..statements.len()).collect();
        let vectors = FinerVectors::of(&statements).get(&positions, Options::default().threads);
        statements.iter().map(|statement| statement.id).zip(vectors).collect()
    };
    Ok(tokio::task::spawn_blocking(compare).await.context("comparing statements")?)
}

/// How many sessions are read, and how many there are.
pub async fn progress(db: &Db, org_id: OrgId) -> Result<(u64, u64)> {
    let query = sql("
        select count(case when read_revision = revision then 1 end), count(*) from sessions where org_id = $1
    ");
    let (read, all): (i64, i64) = db.fetch_one(query.bind(org_id)).await?;
    Ok((read.unsigned_abs(), all.unsigned_abs()))
}

/// Weeks of a trend.
pub const TREND_WEEKS: usize = 12;

/// For each of these insights, how many of its sessions began in each of the last twelve weeks that end
/// with the day of `now`; oldest week first.
pub async fn trends(
    tx: &mut Tx,
    org_id: OrgId,
    calendar: &Calendar,
    ids: &[InsightId],
    now: Timestamp,
) -> Result<HashMap<InsightId, [i64; TREND_WEEKS]>> {
    let end = calendar.start(calendar.day(now) + 1);
    let week = 7 * DAY;
    let start = end.plus(-week * TREND_WEEKS as i64);
    let mut query = sql("
        select insight_id, (session_created_at - $2) / $3 as week, count(*) from occurrences
        where org_id = $1 and session_created_at >= $2 and session_created_at < $4 and insight_id in
    ")
    .bind(org_id)
    .bind(start)
    .bind(week)
    .bind(end);
    query.push_list(ids.iter().copied()).push(" group by 1, 2");
    let rows: Vec<(InsightId, i64, i64)> = tx.fetch_all(query).await?;
    let mut trends: HashMap<_, _> = ids.iter().map(|id| (*id, [0; TREND_WEEKS])).collect();
    for (id, week, count) in rows {
        let week = usize::try_from(week).unwrap_or(usize::MAX);
        if let Some(slot) = trends.get_mut(&id).and_then(|trend| trend.get_mut(week)) {
            *slot = count;
        }
    }
    Ok(trends)
}
