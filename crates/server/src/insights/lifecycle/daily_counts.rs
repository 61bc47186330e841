//! Daily counts of sessions and insights, by days of the organization's time zone: with an index as of it, and otherwise in
//! the tables, which have what a transaction itself wrote.

use crate::db::{Tx, sql};
use crate::error::Result;
use crate::escalation::{
    Daily, DayCount, OrgBaseline, WINDOW_DAYS, daily_units, dispersion, prior_rate, tally, weekday_profile,
};
use crate::ids::{InsightId, OrgId};
use crate::insights::index::{Index, Slice, began, counting, filter};
use crate::insights::insight::{PERSON, SHOWN};
use crate::orgs::OrgTx;
use crate::time::{Calendar, Timestamp};
use anyhow::Context;
use refrain_index::Filter;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;
use uuid::Uuid;

/// A quarter of an hour in microseconds: the offset of every time zone from UTC is a multiple of it.
const QUARTER_HOUR: i64 = 900_000_000;
/// The days for which the stored baseline of an organization holds.
const NORMS_DAYS: i64 = 7;
/// The days before archiving whose traffic counts for the first day after it.
pub(super) const TRAFFIC_DAYS: i64 = 6;
/// The insights whose days are read in one query.
const CHUNK: usize = 500;

/// Counts the organization's sessions of each day from `from`, or the day of its first session, to `today`.
pub(super) async fn sessions(
    tx: &mut Tx,
    org_id: OrgId,
    calendar: &Calendar,
    from: i64,
    today: i64,
    index: Option<&Arc<Index>>,
) -> Result<Daily> {
    if let Some(index) = index {
        let (index, calendar) = (Arc::clone(index), calendar.clone());
        return counting(move || indexed_sessions(&index, &calendar, from, today)).await;
    }
    let query = sql("select min(created_at) from sessions where org_id = $1").bind(org_id);
    let (first,): (Option<Timestamp>,) = tx.fetch_one(query).await?;
    let mut daily = quiet(calendar, first, from, today);
    let first_day = daily.first_day;
    let query = sql("
        select created_at / $4, count(*) from sessions
        where org_id = $1 and created_at >= $2 and created_at < $3 group by 1
    ");
    let query =
        query.bind(org_id).bind(calendar.start(first_day)).bind(calendar.start(today + 1)).bind(QUARTER_HOUR);
    let slots: Vec<(i64, i64)> = tx.fetch_all(query).await?;
    for (slot, count) in slots {
        let day = calendar.day(Timestamp::from_micros(slot * QUARTER_HOUR));
        let at = usize::try_from(day - first_day).ok();
        if let Some(sessions) = at.and_then(|at| daily.sessions.get_mut(at)) {
            *sessions += u32::try_from(count).unwrap_or(u32::MAX);
        }
    }
    Ok(daily)
}

/// Returns the days from the first session on, without any.
fn quiet(calendar: &Calendar, first: Option<Timestamp>, from: i64, today: i64) -> Daily {
    let first_day = first.map_or(today, |first| calendar.day(first)).max(from).min(today);
    Daily { first_day, sessions: vec![0; usize::try_from(today + 1 - first_day).unwrap_or(0)] }
}

fn indexed_sessions(index: &Index, calendar: &Calendar, from: i64, today: i64) -> Daily {
    let first = index.times().map(|(first, _)| Timestamp::from_micros(first));
    let mut daily = quiet(calendar, first, from, today);
    let times = calendar.start(daily.first_day)..calendar.start(today + 1);
    let days = calendar.days(times.start, times.end);
    for at in within(index, times).places() {
        let at = usize::try_from(days.day(began(index, at)) - daily.first_day).ok();
        if let Some(sessions) = at.and_then(|at| daily.sessions.get_mut(at)) {
            *sessions = sessions.saturating_add(1);
        }
    }
    daily
}

/// Counts the occurrences of each of these insights on each day from `from` on, up to the day before `end` if there is
/// one, in order. An insight that was not seen has no entry.
pub(crate) async fn seen(
    tx: &mut Tx,
    org_id: OrgId,
    calendar: &Calendar,
    ids: &[InsightId],
    from: i64,
    end: Option<i64>,
    index: Option<&Arc<Index>>,
) -> Result<HashMap<InsightId, Vec<DayCount>>> {
    if let Some(index) = index {
        let (index, calendar, ids) = (Arc::clone(index), calendar.clone(), ids.to_vec());
        return counting(move || indexed_days(&index, &calendar, &ids, from, end)).await;
    }
    let mut days: HashMap<InsightId, Vec<DayCount>> = HashMap::new();
    for ids in ids.chunks(CHUNK) {
        let mut query = sql(&format!(
            "select insight_id, session_created_at, {PERSON} from occurrences o
            where org_id = $1 and session_created_at >= $2"
        ))
        .bind(org_id)
        .bind(calendar.start(from));
        if let Some(end) = end {
            query.push(" and session_created_at < ").push_bind(calendar.start(end));
        }
        query.push(" and insight_id in ").push_list(ids.iter().copied());
        let rows: Vec<(InsightId, Timestamp, Uuid)> = tx.fetch_all(query).await?;
        let mut sessions: HashMap<InsightId, Vec<(i64, Uuid)>> = HashMap::new();
        for (id, at, contact) in rows {
            sessions.entry(id).or_default().push((calendar.day(at), contact));
        }
        days.extend(sessions.into_iter().map(|(id, sessions)| (id, tally(sessions))));
    }
    Ok(days)
}

/// Finds the sessions that began in a time.
fn within(index: &Index, times: Range<Timestamp>) -> Slice {
    index.slice(&Filter::all_of(filter::began(Some(times.start), Some(times.end.plus(-1)))))
}

fn indexed_days(
    index: &Index,
    calendar: &Calendar,
    ids: &[InsightId],
    from: i64,
    end: Option<i64>,
) -> HashMap<InsightId, Vec<DayCount>> {
    let last =
        index.times().map_or_else(Timestamp::default, |(_, last)| Timestamp::from_micros(last).plus(1));
    let times = calendar.start(from)..end.map_or(last, |end| calendar.start(end));
    let days = calendar.days(times.start, times.end);
    let slice = within(index, times);
    let session = |at: u32| (days.day(began(index, at)), index.person_id(at));
    let seen = |id: &InsightId| (*id, tally(index.shown_in(*id, &slice).into_iter().map(session).collect()));
    let days = ids.iter().map(seen);
    days.filter(|(_, days)| !days.is_empty()).collect()
}

/// Lists the surge days, in order. So many insights would have come back on these that none did; they are left out of
/// every replay.
pub(crate) async fn surges(tx: &mut Tx, org_id: OrgId) -> Result<Vec<i64>> {
    let query = sql("select day from surges where org_id = $1 order by day").bind(org_id);
    let days: Vec<(i64,)> = tx.fetch_all(query).await?;
    Ok(days.into_iter().map(|(day,)| day).collect())
}

/// Returns the baseline of the organization: the one kept in the last week, or a new one, for which it reads the
/// occurrences of every insight.
pub(super) async fn norms(
    tx: &mut Tx,
    org_id: OrgId,
    calendar: &Calendar,
    today: i64,
    sessions: &Daily,
    index: Option<&Arc<Index>>,
) -> Result<OrgBaseline> {
    let profile = weekday_profile(sessions, today);
    let query = sql("select norms from orgs where id = $1 and norms_day > $2 and norms_day <= $3");
    let query = query.bind(org_id).bind(today - NORMS_DAYS).bind(today);
    if let Some((kept,)) = tx.fetch_optional::<(String,)>(query).await? {
        let kept: OrgBaseline =
            serde_json::from_str(&kept).context("reading the norms of an organization")?;
        return Ok(OrgBaseline { profile, ..kept });
    }
    let query = sql(&format!(
        "select id, first_seen_at from insights
        where org_id = $1 and {SHOWN} order by id"
    ));
    let insights: Vec<(InsightId, Timestamp)> = tx.fetch_all(query.bind(org_id)).await?;
    let mut units = Vec::new();
    for insights in insights.chunks(CHUNK) {
        let ids: Vec<InsightId> = insights.iter().map(|(id, _)| *id).collect();
        let seen = seen(tx, org_id, calendar, &ids, today - WINDOW_DAYS, Some(today), index).await?;
        units.extend(insights.iter().map(|(id, first)| {
            daily_units(seen.get(id).map_or(&[][..], Vec::as_slice), calendar.day(*first), today)
        }));
    }
    Ok(OrgBaseline {
        profile,
        prior_rate: prior_rate(&units),
        dispersion: dispersion(&units, today, &profile),
    })
}

/// Returns the baseline that was stored last, however long ago, with the weekdays of these sessions; or else the usual
/// one. Reads one row.
pub(crate) async fn kept_norms(
    tx: &mut Tx,
    org_id: OrgId,
    sessions: &Daily,
    today: i64,
) -> Result<OrgBaseline> {
    let profile = weekday_profile(sessions, today);
    let query = sql("select norms from orgs where id = $1").bind(org_id);
    let (kept,): (Option<String>,) = tx.fetch_one(query).await?;
    Ok(match kept {
        Some(kept) => OrgBaseline {
            profile,
            ..serde_json::from_str(&kept).context("reading the norms of an organization")?
        },
        None => OrgBaseline { profile, ..OrgBaseline::USUAL },
    })
}

/// Stores the baseline for a week, unless one of the last week is stored already.
pub(super) async fn keep_norms(tx: &mut OrgTx, norms: &OrgBaseline, today: i64) -> Result<()> {
    let query = sql("
        update orgs set norms = $2, norms_day = $3
        where id = $1 and (norms_day is null or norms_day <= $4 or norms_day > $3)
    ");
    let norms = serde_json::to_string(norms).context("writing the norms of an organization")?;
    tx.run(query.bind(tx.org_id).bind(norms).bind(today).bind(today - NORMS_DAYS)).await
}
