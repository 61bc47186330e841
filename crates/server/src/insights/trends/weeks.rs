//! Weekly counts of the sessions of insights.

use crate::app::App;
use crate::db::Tx;
use crate::error::Result;
use crate::ids::{InsightId, OrgId};
use crate::insights::filter::SessionConditions;
use crate::insights::index::{Index, began, counting, filter};
use crate::insights::lifecycle::daily_counts;
use crate::time::{Calendar, Timestamp};
use std::sync::Arc;

/// The number of weeks in a trend.
pub const TREND_WEEKS: usize = 12;
/// Its days.
const TREND_DAYS: i64 = 84;

/// Sessions in each of the last twelve weeks, oldest first.
pub(crate) type Weeks = [i64; TREND_WEEKS];

/// Sums up the sessions of days. The last week ends with `today`.
fn of_days(days: impl Iterator<Item = (i64, i64)>, today: i64) -> Weeks {
    let mut weeks = [0; TREND_WEEKS];
    for (day, sessions) in days {
        let week = (day - (today + 1 - TREND_DAYS)).div_euclid(7);
        if let Some(slot) = usize::try_from(week).ok().and_then(|week| weeks.get_mut(week)) {
            *slot += sessions;
        }
    }
    weeks
}

/// Counts for each of these insights the sessions that meet conditions and began in each of the last twelve weeks.
pub async fn trends(
    app: &App,
    org_id: OrgId,
    sessions: &SessionConditions,
    ids: Vec<InsightId>,
) -> Result<Vec<Weeks>> {
    let now = app.clock.now();
    if *sessions == SessionConditions::default() {
        // for a few insights it is not worth while to make an index
        let mut tx = app.db.long(org_id).snapshot().await?;
        let calendar = app.settings(&mut tx, org_id).await?.calendar;
        return kept(&mut tx, org_id, &calendar, &ids, now).await;
    }
    let (mut tx, index) = app.indexes.snapshot(&app.db, org_id).await?;
    let calendar = app.settings(&mut tx, org_id).await?.calendar;
    of_slice(index, sessions.clone(), ids, calendar, now).await
}

/// Counts for each of these insights the sessions, as the transaction sees them, that began in each of the last twelve weeks.
pub(crate) async fn kept(
    tx: &mut Tx,
    org_id: OrgId,
    calendar: &Calendar,
    ids: &[InsightId],
    now: Timestamp,
) -> Result<Vec<Weeks>> {
    let today = calendar.day(now);
    let seen = daily_counts::seen(tx, org_id, calendar, ids, today + 1 - TREND_DAYS, None, None).await?;
    let weeks = |id: &InsightId| {
        let days = seen.get(id).into_iter().flatten();
        of_days(days.map(|day| (day.day, day.sessions.into())), today)
    };
    Ok(ids.iter().map(weeks).collect())
}

/// Counts for each of these insights the sessions of a slice that began in each of the last twelve weeks. The last week
/// ends with the day of `now`.
pub(crate) async fn of_slice(
    index: Arc<Index>,
    sessions: SessionConditions,
    ids: Vec<InsightId>,
    calendar: Calendar,
    now: Timestamp,
) -> Result<Vec<Weeks>> {
    let counting = counting(move || {
        let today = calendar.day(now);
        let (since, end) = (calendar.start(today + 1 - TREND_DAYS), calendar.start(today + 1));
        let mut sessions = filter::of_sessions(&sessions);
        sessions.is.extend(filter::began(Some(since), Some(end.plus(-1))));
        let slice = index.slice(&sessions);
        let days = calendar.days(since, end);
        let weeks = |id: &InsightId| {
            let shown = index.shown_in(*id, &slice).into_iter();
            of_days(shown.map(|at| (days.day(began(&index, at)), 1)), today)
        };
        ids.iter().map(weeks).collect()
    });
    counting.await
}
