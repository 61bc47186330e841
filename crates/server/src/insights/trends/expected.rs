//! What a quiet time would bring of an insight on each day, through archiving and return.

use super::points::{Interval, Points, people};
use crate::db::{self, Tx, sql};
use crate::error::Result;
use crate::escalation::{
    ArchiveRecord, Archiving, Daily, DayCount, OrgBaseline, Since, WINDOW_DAYS, band, expected_today,
};
use crate::ids::{InsightId, OrgId};
use crate::insights::filter::SessionConditions;
use crate::insights::index::{Index, Slice, counting, filter};
use crate::insights::insight::InsightEventKind;
use crate::insights::lifecycle::archive::from_json;
use crate::insights::lifecycle::daily_counts;
use crate::insights::lifecycle::movers::RECENT_DAYS;
use crate::settings::Settings;
use crate::time::{Calendar, Timestamp};
use crate::wire::SafeInt;
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;
use uuid::Uuid;

/// The days before a baseline's own that its traffic is from.
const TRAFFIC_DAYS: i64 = 7;

/// What a quiet time would bring: nine in ten such times lie between `low` and `high`.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub(super) struct Expected {
    mean: f64,
    #[schemars(with = "SafeInt")]
    low: u32,
    #[schemars(with = "SafeInt")]
    high: u32,
}

/// An insight in a slice of the sessions.
#[derive(Clone)]
pub(super) struct Shown {
    pub(super) index: Arc<Index>,
    pub(super) id: InsightId,
    pub(super) slice: Arc<Slice>,
    /// True if the slice is all sessions, without a condition.
    pub(super) is_of_all: bool,
}

impl Shown {
    /// Finds the slice by its conditions.
    pub(super) async fn find(index: Arc<Index>, id: InsightId, sessions: SessionConditions) -> Result<Self> {
        let finding = counting(move || {
            let slice = Arc::new(index.slice(&filter::of_sessions(&sessions)));
            Self { index, id, slice, is_of_all: sessions == SessionConditions::default() }
        });
        finding.await
    }

    /// Counts all sessions of the slice on each day, and those with the insight and their people on each day that has any.
    fn by_day(&self, range: Points, calendar: &Calendar) -> (Daily, Vec<DayCount>) {
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let shown =
            range.divide(&self.index, self.index.shown_in(self.id, &self.slice).into_iter(), calendar);
        let day = |(day, places): (i64, Vec<u32>)| DayCount {
            day,
            units: number(people(&self.index, &places)),
            sessions: number(places.len()),
            // who it was matters to alarms alone
            contacts: [Uuid::nil(); 2],
        };
        let seen = range.days().zip(shown).filter(|(_, places)| !places.is_empty()).map(day).collect();
        let all = range.divide(&self.index, self.slice.places(), calendar);
        let before = all.iter().take_while(|places| places.is_empty()).count();
        let days = all.iter().rposition(|places| !places.is_empty()).map_or(0, |last| last + 1 - before);
        let sessions = all.iter().skip(before).take(days).map(|places| number(places.len())).collect();
        (Daily { first_day: range.first + db::count(before), sessions }, seen)
    }
}

/// A time in which an insight was archived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Spell {
    from: i64,
    /// The day on which it came back or was taken out.
    to: Option<i64>,
}

/// What is known of an insight and its slice day by day.
struct Days {
    first_seen_on: i64,
    seen: Vec<DayCount>,
    sessions: Daily,
    norms: OrgBaseline,
    spells: Vec<Spell>,
    /// The baseline that was fixed when it was archived.
    record: Option<ArchiveRecord>,
}

/// Returns what a quiet time would bring at each point, or none where a day of it has no baseline or is yet to come.
/// A day is measured against the 56 days before the insight was archived, while it is and for two weeks after it came
/// back; otherwise against those that ended two weeks before it. Days before it was first seen do not count.
pub(super) async fn of(
    tx: &mut Tx,
    org_id: OrgId,
    settings: &Settings,
    shown: &Shown,
    points: Points,
    today: i64,
) -> Result<Vec<Option<Expected>>> {
    let days = load(tx, org_id, settings, shown, points, today).await?;
    let expected = points.days().map(|first| {
        let mut dispersion = days.norms.dispersion;
        let mut means = Vec::new();
        for day in first..first + points.interval.days() {
            let record = days.record_for(day, settings)?;
            let since = Since { seen: &days.seen, sessions: &days.sessions, left_out: &[], today: day };
            means.push((day <= today).then(|| expected_today(&record, &since))?);
            dispersion = record.dispersion;
        }
        let (low, high) = band(&means, dispersion);
        Some(Expected { mean: means.iter().sum(), low, high })
    });
    Ok(expected.collect())
}

impl Days {
    /// Returns the baseline that a day is measured against, if there was a day to make it from.
    fn record_for(&self, day: i64, settings: &Settings) -> Option<ArchiveRecord> {
        let is_measured =
            |spell: &&Spell| spell.from <= day && spell.to.is_none_or(|to| day < to + RECENT_DAYS);
        let spell = self.spells.iter().rev().find(is_measured);
        if let Some(record) = self.record.as_ref().filter(|_| spell.is_some_and(|spell| spell.to.is_none())) {
            return Some(record.clone());
        }
        let record = ArchiveRecord::new(&Archiving {
            day: spell.map_or(day - RECENT_DAYS, |spell| spell.from),
            first_seen_on: self.first_seen_on,
            seen: &self.seen,
            sessions: &self.sessions,
            norms: &self.norms,
            basis: settings.escalation_basis,
            threshold: settings.escalation_sensitivity.threshold(),
        });
        (record.window_days > 0).then_some(record)
    }
}

async fn load(
    tx: &mut Tx,
    org_id: OrgId,
    settings: &Settings,
    shown: &Shown,
    points: Points,
    today: i64,
) -> Result<Days> {
    let calendar = &settings.calendar;
    let query = sql("
        select i.first_seen_at, a.record from insights i
        left join archives a on a.org_id = i.org_id and a.insight_id = i.id
        where i.org_id = $1 and i.id = $2
    ");
    let (first_seen_at, record): (Timestamp, Option<String>) =
        tx.fetch_one(query.bind(org_id).bind(shown.id)).await?;
    let spells = spells(tx, org_id, shown.id, calendar).await?;
    let measured = spells.iter().filter(|spell| spell.to.is_none_or(|to| to + RECENT_DAYS >= points.first));
    let anchor = measured.map(|spell| spell.from).min().unwrap_or(i64::MAX).min(points.first - RECENT_DAYS);
    let first = anchor - WINDOW_DAYS - TRAFFIC_DAYS;
    let end = points.end().min(today + 1).max(first + 1);
    let range = Points { interval: Interval::Day, first, count: end - first };
    let (of_days, calendar_of) = (shown.clone(), calendar.clone());
    let counting = counting(move || of_days.by_day(range, &calendar_of));
    let (sessions, seen) = counting.await?;
    let norms = daily_counts::kept_norms(tx, org_id, &sessions, today).await?;
    // the baseline that was fixed is of all sessions
    let record = record.filter(|_| shown.is_of_all);
    Ok(Days {
        first_seen_on: calendar.day(first_seen_at),
        seen,
        sessions,
        norms,
        spells,
        record: record.map(|record| from_json(&record)).transpose()?,
    })
}

/// Lists the times in which an insight was archived, by its history.
async fn spells(tx: &mut Tx, org_id: OrgId, id: InsightId, calendar: &Calendar) -> Result<Vec<Spell>> {
    use InsightEventKind::{Archived, Restored, Resurfaced};
    let mut query = sql("
        select kind, created_at from insight_events where org_id = $1 and insight_id = $2 and kind in
    ")
    .bind(org_id)
    .bind(id);
    query.push_list([Archived, Restored, Resurfaced]).push(" order by created_at, id");
    let events: Vec<(InsightEventKind, Timestamp)> = tx.fetch_all(query).await?;
    let mut spells: Vec<Spell> = Vec::new();
    for (kind, at) in events {
        let day = calendar.day(at);
        if let Some(open) = spells.last_mut().filter(|spell| spell.to.is_none()) {
            open.to = Some(day);
        }
        if kind == Archived {
            spells.push(Spell { from: day, to: None });
        }
    }
    Ok(spells)
}
