//! What each insight has of a slice: sessions, feelings, and what came in two periods.

use crate::db::{Record, Sql, Tx, sql};
use crate::error::Result;
use crate::escalation::{self, EscalationBasis, OrgBaseline, Period};
use crate::ids::{CategoryId, InsightId, OrgId, TeamId};
use crate::insights::filter::{InsightFilter, SessionConditions};
use crate::insights::insight::{InsightStatus, PERSON};
use crate::insights::lifecycle::movers::RECENT_DAYS;
use crate::insights::list::conditions::{Source, push_insights, push_insights_that, push_slice};
use crate::insights::list::sql::push_counts;
use crate::sessions::Sentiment;
use crate::time::{Calendar, DAY, Timestamp};
use crate::wire::{Nullable, SafeInt};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::HashMap;

/// The chance that among all insights of a slice any is called sure by chance.
const ALPHA: f64 = 0.05;
/// The largest factor by which other traffic explains a rise or a fall.
const TRAFFIC_MAX: f64 = 4.0;

/// What an insight has of a slice.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct Measures {
    pub(super) id: InsightId,
    pub(super) insight_number: i64,
    pub(super) category_id: Option<CategoryId>,
    pub(super) team_id: Option<TeamId>,
    pub(super) resolved_at: Option<Timestamp>,
    pub(super) archived_at: Option<Timestamp>,
    /// The time at which the insight was first seen in any session.
    pub(super) known_since: Timestamp,
    pub(super) sessions: i64,
    pub(super) first_seen_at: Timestamp,
    pub(super) last_seen_at: Timestamp,
    #[sqlx(skip)]
    came: CameInPeriods,
}

/// The sessions and the people that came in two periods.
#[derive(Clone, Copy, Debug, Default, sqlx::FromRow)]
struct CameInPeriods {
    recent_sessions: i64,
    recent_people: i64,
    before_sessions: i64,
    before_people: i64,
}

/// The people behind an insight in a slice, and its sessions by how their contacts feel.
#[derive(Clone, Copy, Debug, Default, sqlx::FromRow)]
pub(super) struct Voices {
    pub(super) people: i64,
    pub(super) angry: i64,
    pub(super) neutral: i64,
    pub(super) happy: i64,
}

/// An insight, and numbers of it.
#[derive(sqlx::FromRow)]
struct OfInsight<T> {
    insight_id: InsightId,
    #[sqlx(flatten)]
    numbers: T,
}

impl Measures {
    /// Returns the place of the insight in its life.
    pub(super) const fn status(&self) -> InsightStatus {
        InsightStatus::of(self.resolved_at, self.archived_at)
    }
}

/// Two periods, one after the other, that are compared.
#[derive(Clone, Copy, Debug)]
pub(super) struct Periods {
    /// The time at which the earlier one begins.
    pub(super) before: Timestamp,
    /// The time at which it ends, and the later one begins.
    pub(super) recent: Timestamp,
    /// The time up to which the later one is over.
    pub(super) end: Timestamp,
}

impl Periods {
    /// The last 14 days, today included, and the 14 before.
    pub(super) fn lately(calendar: &Calendar, now: Timestamp) -> Self {
        let today = calendar.day(now);
        let start = |days: i64| calendar.start(today + 1 - days);
        Self { before: start(2 * RECENT_DAYS), recent: start(RECENT_DAYS), end: now.plus(1) }
    }
}

/// Measures every insight that the filter asks for, over its sessions.
pub(super) async fn measure(
    tx: &mut Tx,
    org_id: OrgId,
    filter: &InsightFilter,
    periods: &Periods,
) -> Result<Vec<Measures>> {
    let mut query = sql("
        select i.id, i.insight_number, i.category_id, i.team_id, i.resolved_at, i.archived_at,
            i.first_seen_at as known_since, c.occurrence_count as sessions, c.first_seen_at, c.last_seen_at
        from (");
    push_counts(&mut query, org_id, filter);
    query.push(") c join insights i on i.id = c.id and i.org_id = ").push_bind(org_id);
    let mut measured: Vec<Measures> = tx.fetch_all(query).await?;
    let came = came(tx, org_id, filter, periods).await?;
    for of in &mut measured {
        of.came = came.get(&of.id).copied().unwrap_or_default();
    }
    Ok(measured)
}

/// Counts what came in the two periods of each insight that the filter may ask for.
async fn came(
    tx: &mut Tx,
    org_id: OrgId,
    filter: &InsightFilter,
    periods: &Periods,
) -> Result<HashMap<InsightId, CameInPeriods>> {
    let mut query = sql("select o.insight_id");
    for (name, is) in [("recent", ">="), ("before", "<")] {
        for (what, count, value) in [("sessions", "count(", "1"), ("people", "count(distinct ", PERSON)] {
            query.push(&format!(", {count}case when o.session_created_at {is} ")).push_bind(periods.recent);
            query.push(&format!(" then {value} end) as {name}_{what}"));
        }
    }
    query.push(" ");
    push_slice(&mut query, org_id, Source::Occurrences, &filter.sessions);
    query.push(" and o.session_created_at >= ").push_bind(periods.before);
    query.push(" and o.session_created_at < ").push_bind(periods.end);
    push_insights_that(&mut query, org_id, &filter.sessions, &filter.insights);
    query.push(" group by o.insight_id");
    by_insight(tx, query).await
}

/// Counts the people and the feelings behind insights in a slice: all of them, or those given.
pub(super) async fn voices(
    tx: &mut Tx,
    org_id: OrgId,
    sessions: &SessionConditions,
    ids: Option<&[InsightId]>,
) -> Result<HashMap<InsightId, Voices>> {
    let mut query = sql(&format!("select o.insight_id, count(distinct {PERSON}) as people"));
    for sentiment in Sentiment::WORDS {
        query.push(&format!(", count(case when o.sentiment = '{sentiment}' then 1 end) as {sentiment}"));
    }
    query.push(" ");
    push_slice(&mut query, org_id, Source::Occurrences, sessions);
    if let Some(ids) = ids {
        push_insights(&mut query, sessions, ids);
    }
    query.push(" group by o.insight_id");
    by_insight(tx, query).await
}

async fn by_insight<T>(tx: &mut Tx, query: Sql) -> Result<HashMap<InsightId, T>>
where
    OfInsight<T>: Record,
{
    let rows: Vec<OfInsight<T>> = tx.fetch_all(query).await?;
    Ok(rows.into_iter().map(|row| (row.insight_id, row.numbers)).collect())
}

/// The sessions of a slice.
#[derive(Clone, Copy, Debug, sqlx::FromRow)]
pub(super) struct Volume {
    pub(super) sessions: i64,
    recent: i64,
    earlier: i64,
}

/// Counts the sessions of a slice, whether an insight shows in them or not.
pub(super) async fn volume(
    tx: &mut Tx,
    org_id: OrgId,
    sessions: &SessionConditions,
    periods: &Periods,
) -> Result<Volume> {
    let is_whole = *sessions == SessionConditions::default();
    let mut query = sql("select ");
    if is_whole {
        query.push("(select count(*) from sessions where org_id = ").push_bind(org_id).push(")");
    } else {
        query.push("count(*)");
    }
    query.push(" as sessions, count(case when o.created_at >= ");
    query.push_bind(periods.recent).push(" and o.created_at < ").push_bind(periods.end);
    query.push(" then 1 end) as recent, count(case when o.created_at >= ").push_bind(periods.before);
    query.push(" and o.created_at < ").push_bind(periods.recent).push(" then 1 end) as earlier ");
    push_slice(&mut query, org_id, Source::Sessions, sessions);
    if is_whole {
        // no session is looked at then: indexes tell
        query.push(" and o.created_at >= ").push_bind(periods.before);
        query.push(" and o.created_at < ").push_bind(periods.end);
    }
    tx.fetch_one(query).await
}

/// What came in a period.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct Came {
    #[schemars(with = "SafeInt")]
    sessions: i64,
    /// Different contacts; a session without one counts for itself.
    #[schemars(with = "SafeInt")]
    people: i64,
    /// The days of it that are over, and from which on the insight was known.
    days: f64,
}

/// What came in a period, and in as long a time before it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct Movement {
    recent: Came,
    before: Came,
    /// How many times as many people a day; null if nobody came before, or the insight was not known then.
    ratio: Nullable<f64>,
    /// The 95 % interval of that; null where there is nothing to compare.
    low: Nullable<f64>,
    high: Nullable<f64>,
    /// Whether it is a difference that, among all insights of the slice, neither chance nor the traffic as a whole
    /// explains.
    sure: bool,
}

impl Movement {
    /// Returns true if more came, and it is sure.
    pub(super) fn rises(&self) -> bool {
        self.sure && self.is_more()
    }

    /// Returns true if less came, and it is sure.
    pub(super) fn falls(&self) -> bool {
        self.sure && !self.is_more()
    }

    /// Returns true if more people a day came than before.
    pub(super) fn is_more(&self) -> bool {
        let a_day = |came: &Came| came.people as f64 / came.days.max(f64::MIN_POSITIVE);
        a_day(&self.recent) > a_day(&self.before)
    }

    /// Returns by how many times as many it rose at least; 0 where there is nothing to compare.
    pub(super) fn at_least(&self) -> f64 {
        self.low.0.unwrap_or(0.0)
    }

    /// Returns by how many times as many it rose at most; infinite where there is nothing to compare.
    pub(super) fn at_most(&self) -> f64 {
        self.high.0.unwrap_or(f64::INFINITY)
    }
}

/// Compares two periods of the insights of a slice.
pub(super) struct Comparison {
    periods: Periods,
    dispersion: f64,
    basis: EscalationBasis,
    volume: Volume,
    alpha: f64,
}

impl Comparison {
    /// Prepares the comparison of so many insights.
    pub(super) fn new(
        periods: Periods,
        norms: &OrgBaseline,
        basis: EscalationBasis,
        volume: Volume,
        insights: usize,
    ) -> Self {
        let alpha = ALPHA / insights.max(1) as f64;
        Self { periods, dispersion: norms.dispersion, basis, volume, alpha }
    }

    /// Compares what came of an insight.
    pub(super) fn of(&self, measures: &Measures) -> Movement {
        let Periods { before, recent, end } = self.periods;
        // a day before it was first seen says nothing of what is usual
        let known = measures.known_since.max(before);
        let recent = Came {
            sessions: measures.came.recent_sessions,
            people: measures.came.recent_people,
            days: length(recent.max(known), end),
        };
        let before = Came {
            sessions: measures.came.before_sessions,
            people: measures.came.before_people,
            days: length(known, self.periods.recent),
        };
        let ratio = escalation::ratio(period(&recent), period(&before), self.dispersion);
        let mut movement = Movement {
            recent,
            before,
            ratio: ratio.and_then(|ratio| ratio.value).into(),
            low: ratio.map(|ratio| ratio.low).into(),
            high: ratio.map(|ratio| ratio.high).into(),
            sure: false,
        };
        let is_more = movement.is_more();
        // other traffic may explain a rise or a fall, but makes none
        let traffic = self.other_traffic(measures);
        let explained = if is_more { traffic.max(1.0) } else { traffic.min(1.0) };
        let expected = Period { days: recent.days * explained, ..period(&recent) };
        let chances = escalation::chances(expected, period(&before), self.dispersion);
        let chance = if is_more { chances.more } else { chances.fewer };
        // twice, since it may differ in either direction
        movement.sure = 2.0 * chance <= self.alpha;
        movement
    }

    /// Returns how many times as many other sessions a day the later period brought, if traffic may explain a movement.
    fn other_traffic(&self, measures: &Measures) -> f64 {
        let recent = self.volume.recent - measures.came.recent_sessions;
        let earlier = self.volume.earlier - measures.came.before_sessions;
        if self.basis == EscalationBasis::Volume || recent <= 0 || earlier <= 0 {
            return 1.0;
        }
        let Periods { before, recent: middle, end } = self.periods;
        let ratio = recent as f64 / earlier as f64 * length(before, middle) / length(middle, end);
        ratio.clamp(1.0 / TRAFFIC_MAX, TRAFFIC_MAX)
    }
}

fn period(came: &Came) -> Period {
    Period { units: u32::try_from(came.people).unwrap_or(u32::MAX), days: came.days }
}

/// Returns the days from one time to another; none if it comes before.
fn length(from: Timestamp, to: Timestamp) -> f64 {
    (to.micros() - from.micros()).max(0) as f64 / DAY as f64
}
