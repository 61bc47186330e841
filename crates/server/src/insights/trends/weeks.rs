//! Weekly counts of the sessions of insights.

use crate::db::{self, Tx, sql};
use crate::error::Result;
use crate::ids::{InsightId, OrgId};
use crate::insights::filter::SessionConditions;
use crate::insights::list::conditions::{Source, push_insights, push_slice};
use crate::time::{Calendar, DAY, Timestamp};
use std::collections::HashMap;

/// The number of weeks in a trend.
pub const TREND_WEEKS: usize = 12;

/// Counts for each of these insights the sessions of a slice that began in each of the last twelve weeks, oldest first. The last
/// week ends with the day of `now`.
pub async fn trends(
    tx: &mut Tx,
    org_id: OrgId,
    calendar: &Calendar,
    sessions: &SessionConditions,
    ids: &[InsightId],
    now: Timestamp,
) -> Result<HashMap<InsightId, [i64; TREND_WEEKS]>> {
    let end = calendar.start(calendar.day(now) + 1);
    let week = 7 * DAY;
    let start = end.plus(-week * db::count(TREND_WEEKS));
    let mut query = sql("select o.insight_id, (o.session_created_at - ");
    query.push_bind(start).push(") / ").push_bind(week).push(" as week, count(*) ");
    push_slice(&mut query, org_id, Source::Occurrences, sessions);
    query.push(" and o.session_created_at >= ").push_bind(start);
    query.push(" and o.session_created_at < ").push_bind(end);
    push_insights(&mut query, sessions, ids);
    query.push(" group by 1, 2");
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
