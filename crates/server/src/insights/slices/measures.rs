//! What each insight has of a slice: sessions, feelings, and what came in two periods.

use crate::db::{Tx, sql};
use crate::error::Result;
use crate::escalation::{self, EscalationBasis, OrgBaseline, Period};
use crate::ids::{CategoryId, InsightId, OrgId, TeamId};
use crate::insights::filter::InsightFilter;
use crate::insights::index::{Index, Slice, Word, began, counting, filter};
use crate::insights::insight::InsightStatus;
use crate::insights::lifecycle::movers::RECENT_DAYS;
use crate::insights::list::conditions::push_insights_that;
use crate::sessions::Sentiment;
use crate::time::{Calendar, DAY, Timestamp};
use crate::wire::{Nullable, SafeInt};
use refrain_index::Facet;
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;

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
    #[sqlx(skip)]
    pub(super) of: Counts,
}

/// The sessions of an insight in a slice.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) sessions: i64,
    pub(super) first_seen_at: Timestamp,
    pub(super) last_seen_at: Timestamp,
    pub(super) people: i64,
    pub(super) angry: i64,
    pub(super) neutral: i64,
    pub(super) happy: i64,
    /// What came in two periods.
    recent_sessions: i64,
    recent_people: i64,
    before_sessions: i64,
    before_people: i64,
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

    fn is_recent(&self, at: Timestamp) -> bool {
        (self.recent..self.end).contains(&at)
    }

    fn is_before(&self, at: Timestamp) -> bool {
        (self.before..self.recent).contains(&at)
    }
}

/// Measures every insight that the filter asks for, over its sessions. Returns them with the volume of the slice.
pub(super) async fn measure(
    tx: &mut Tx,
    org_id: OrgId,
    index: &Arc<Index>,
    filter: &InsightFilter,
    periods: &Periods,
) -> Result<(Vec<Measures>, Volume)> {
    let mut query = sql("
        select i.id, i.insight_number, i.category_id, i.team_id, i.resolved_at, i.archived_at,
            i.first_seen_at as known_since ");
    push_insights_that(&mut query, org_id, &filter.insights);
    let mut measured: Vec<Measures> = tx.fetch_all(query).await?;
    let (index, filter, periods) = (Arc::clone(index), filter.clone(), *periods);
    let measuring = counting(move || {
        let slice = index.slice(&filter::of_sessions(&filter.sessions));
        let mut counter = Counter::new(&index, &slice, periods);
        for measures in &mut measured {
            measures.of = counter.count(measures.id);
        }
        measured.retain(|measures| filter.insights.allow_count(measures.of.sessions));
        (measured, Volume::of(&index, &slice, periods))
    });
    measuring.await
}

/// Counts what insights have of a slice.
struct Counter<'a> {
    index: &'a Index,
    slice: &'a Slice,
    periods: Periods,
    feelings: [Option<u32>; 3],
    /// The insight that each person was last counted for: in all, in the later and in the earlier period.
    counted: [Vec<u32>; 3],
    insights: u32,
}

impl<'a> Counter<'a> {
    fn new(index: &'a Index, slice: &'a Slice, periods: Periods) -> Self {
        let feelings = [Sentiment::Angry, Sentiment::Neutral, Sentiment::Happy];
        let feelings = feelings.map(|feeling| index.word_number(feeling.as_str()));
        let counted = [(); 3].map(|()| vec![0; index.people_len()]);
        Self { index, slice, periods, feelings, counted, insights: 0 }
    }

    fn count(&mut self, id: InsightId) -> Counts {
        self.insights += 1;
        let mut counts = Counts::default();
        for at in self.index.shown_in(id, self.slice) {
            let began = began(self.index, at);
            let sentiment = self.index.word_of(at, Word::Facet(Facet::Sentiment));
            if counts.sessions == 0 {
                (counts.first_seen_at, counts.last_seen_at) = (began, began);
            }
            counts.sessions += 1;
            counts.first_seen_at = began.min(counts.first_seen_at);
            counts.last_seen_at = began.max(counts.last_seen_at);
            let [angry, neutral, happy] = self.feelings.map(|feeling| i64::from(Some(sentiment) == feeling));
            counts.angry += angry;
            counts.neutral += neutral;
            counts.happy += happy;
            let person = self.index.person(at);
            counts.people += self.is_new(0, person);
            if self.periods.is_recent(began) {
                counts.recent_sessions += 1;
                counts.recent_people += self.is_new(1, person);
            } else if self.periods.is_before(began) {
                counts.before_sessions += 1;
                counts.before_people += self.is_new(2, person);
            }
        }
        counts
    }

    /// Returns 1 if a person was not counted yet for the insight, else 0.
    fn is_new(&mut self, kind: usize, person: usize) -> i64 {
        let before = std::mem::replace(&mut self.counted[kind][person], self.insights);
        i64::from(before != self.insights)
    }
}

/// The sessions of a slice, whether an insight shows in them or not.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Volume {
    pub(super) sessions: i64,
    recent: i64,
    earlier: i64,
}

impl Volume {
    fn of(index: &Index, slice: &Slice, periods: Periods) -> Self {
        let mut volume = Self::default();
        for at in slice.places() {
            let began = began(index, at);
            volume.sessions += 1;
            volume.recent += i64::from(periods.is_recent(began));
            volume.earlier += i64::from(periods.is_before(began));
        }
        volume
    }
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
            sessions: measures.of.recent_sessions,
            people: measures.of.recent_people,
            days: length(recent.max(known), end),
        };
        let before = Came {
            sessions: measures.of.before_sessions,
            people: measures.of.before_people,
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
        let recent = self.volume.recent - measures.of.recent_sessions;
        let earlier = self.volume.earlier - measures.of.before_sessions;
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
