//! What each insight has of a slice: sessions, feelings, and what came in two periods.

use crate::db::{self, Tx};
use crate::error::Result;
use crate::escalation::{self, EscalationBasis, OrgBaseline, Period};
use crate::ids::{CategoryId, InsightId, OrgId, TeamId};
use crate::insights::filter::InsightFilter;
use crate::insights::index::{Index, Slice, counting, filter};
use crate::insights::insight::InsightStatus;
use crate::insights::lifecycle::movers::RECENT_DAYS;
use crate::sessions::Sentiment;
use crate::time::{Calendar, DAY, Timestamp};
use crate::wire::{Nullable, SafeInt};
use refrain_index::{Facet, Filter, People};
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;

/// The chance that among all insights of a slice any is called sure by chance.
const ALPHA: f64 = 0.05;
/// The largest factor by which other traffic explains a rise or a fall.
const TRAFFIC_MAX: f64 = 4.0;

/// What an insight has of a slice.
#[derive(Clone, Debug)]
pub(super) struct Measures {
    pub(super) id: InsightId,
    pub(super) insight_number: i64,
    pub(super) category_id: Option<CategoryId>,
    pub(super) team_id: Option<TeamId>,
    pub(super) status: InsightStatus,
    /// The time at which the insight was first seen in any session.
    pub(super) known_since: Timestamp,
    pub(super) of: Counts,
}

/// The sessions of an insight in a slice.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) sessions: i64,
    pub(super) angry: i64,
    pub(super) neutral: i64,
    pub(super) happy: i64,
    /// What came in two periods.
    recent_sessions: i64,
    recent_people: i64,
    before_sessions: i64,
    before_people: i64,
}

/// Who speaks in the sessions of an insight in a slice, and when the first and the last began.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct LookedAt {
    pub(super) people: i64,
    pub(super) first_seen_at: Timestamp,
    pub(super) last_seen_at: Timestamp,
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

/// Measures every insight that the filter asks for, over its sessions. Returns them with the slice and its volume.
pub(super) async fn measure(
    tx: &mut Tx,
    org_id: OrgId,
    index: &Arc<Index>,
    filter: &InsightFilter,
    periods: &Periods,
) -> Result<(Vec<Measures>, Arc<Slice>, Volume)> {
    let conditions = filter::of_insights(tx, org_id, &filter.insights).await?;
    let (index, sessions, periods) = (Arc::clone(index), filter::of_sessions(&filter.sessions), *periods);
    let measuring = counting(move || {
        let (slice, counts) = index.slice_with_counts(&sessions);
        let numbers = index.insights_of(&counts, &conditions);
        let counter = Counter::new(&index, &sessions, &slice, periods);
        let measured = numbers.into_iter().filter_map(|number| {
            let about = index.about(number)?;
            Some(Measures {
                id: about.id.into(),
                insight_number: about.number,
                category_id: about.category.map(CategoryId::from),
                team_id: about.team.map(TeamId::from),
                status: filter::status_of(about.life),
                known_since: Timestamp::from_micros(about.known_since),
                of: counter.count(number, counts[number as usize]),
            })
        });
        let measured = measured.collect();
        let volume = Volume {
            recent: db::count(counter.recent.slice.len()),
            earlier: db::count(counter.before.slice.len()),
        };
        (measured, Arc::new(slice), volume)
    });
    measuring.await
}

/// Looks at each session of a slice in which one of these insights shows.
pub(super) async fn look_at(
    index: &Arc<Index>,
    slice: &Arc<Slice>,
    ids: Vec<InsightId>,
) -> Result<Vec<LookedAt>> {
    let (index, slice) = (Arc::clone(index), Arc::clone(slice));
    let looking = counting(move || {
        let mut people = People::of(&index);
        let look_at = |id: InsightId| {
            let seen = index.seen(id, &slice);
            let at = |time: Option<i64>| time.map_or_else(Timestamp::default, Timestamp::from_micros);
            LookedAt {
                people: people.count(&index, id, &slice).into(),
                first_seen_at: at(seen.map(|seen| seen.first)),
                last_seen_at: at(seen.map(|seen| seen.last)),
            }
        };
        ids.into_iter().map(look_at).collect()
    });
    looking.await
}

/// What all insights have of a slice, by their numbers.
struct Counter {
    /// The sessions by how their contacts feel: angry, neutral, happy.
    feelings: [Vec<u32>; 3],
    recent: InPeriod,
    before: InPeriod,
}

/// What came of a slice in a period.
struct InPeriod {
    slice: Slice,
    sessions: Vec<u32>,
    people: Vec<u32>,
}

impl Counter {
    fn new(index: &Index, sessions: &Filter, slice: &Slice, periods: Periods) -> Self {
        let mut speakers = People::of(index);
        let mut in_period = |from: Timestamp, end: Timestamp| {
            let slice = slice.narrowed(index, &Filter::all_of(filter::began(Some(from), Some(end.plus(-1)))));
            let sessions = index.counts_of(&slice);
            let people = index.people_of(&slice, &sessions, &mut speakers);
            InPeriod { slice, sessions, people }
        };
        let (recent, before) =
            (in_period(periods.recent, periods.end), in_period(periods.before, periods.recent));
        let feeling = |feeling: Sentiment| {
            let mut with = sessions.clone();
            with.is.extend(filter::facet(Facet::Sentiment, std::iter::once(Some(feeling.as_str()))));
            index.counts(&with)
        };
        let feelings = [Sentiment::Angry, Sentiment::Neutral, Sentiment::Happy].map(feeling);
        Self { feelings, recent, before }
    }

    fn count(&self, number: u32, sessions: u32) -> Counts {
        let of = |counts: &[u32]| counts[number as usize].into();
        let [angry, neutral, happy] = self.feelings.each_ref().map(|counts| of(counts));
        Counts {
            sessions: sessions.into(),
            angry,
            neutral,
            happy,
            recent_sessions: of(&self.recent.sessions),
            recent_people: of(&self.recent.people),
            before_sessions: of(&self.before.sessions),
            before_people: of(&self.before.people),
        }
    }
}

/// The sessions of a slice, whether an insight shows in them or not.
#[derive(Clone, Copy, Debug)]
pub(super) struct Volume {
    recent: i64,
    earlier: i64,
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
