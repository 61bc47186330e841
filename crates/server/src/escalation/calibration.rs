//! Calibration tests: the false alarms and delays of the detector on simulated insights. `--nocapture` prints the
//! figures.

use super::rate::weekday;
use super::*;
use refrain_nlp::random::Random;
use uuid::Uuid;

/// The day on which the insights are archived: 56 days after the first.
const DAY: i64 = 19_000;
const FIRST: i64 = DAY - WINDOW_DAYS;
/// The days for which archived insights are reviewed.
const WATCHED_DAYS: i64 = 90;
const RUNS: usize = 5_000;
const SESSIONS: f64 = 2_000.0;
const DISPERSION: f64 = 5.0;

/// A distribution of counts, ready to draw from.
struct Law {
    up_to: Vec<f64>,
}

impl Law {
    /// Tabulates the negative binomial law with this mean, up to a chance of 1e-12.
    fn new(mean: f64, dispersion: f64) -> Self {
        let mut chance = (dispersion * (dispersion / (dispersion + mean)).ln()).exp();
        let (mut up_to, mut sum, mut y) = (Vec::new(), 0.0, 0.0);
        while sum < 1.0 - 1e-12 {
            sum += chance;
            up_to.push(sum);
            chance *= (dispersion + y) / (y + 1.0) * mean / (dispersion + mean);
            y += 1.0;
            if y > mean && chance < 1e-15 {
                break;
            }
        }
        Self { up_to }
    }

    #[expect(clippy::cast_possible_truncation, reason = "there are some hundreds of chances")]
    fn draw(&self, random: &mut Random) -> u32 {
        let at = random.below(1 << 53) as f64 / 2_f64.powi(53);
        self.up_to.partition_point(|up_to| *up_to <= at) as u32
    }
}

/// A simulated organization whose weekends are slow, and whose insights are all archived on one day.
struct World {
    sessions: Daily,
    random: Random,
    /// The day on which its insights were first seen, as their archive records have it.
    first_seen_on: i64,
}

impl World {
    /// Makes a world in which `traffic` multiplies the usual sessions of each day since archiving.
    fn new(seed: u64, traffic: impl Fn(i64) -> f64) -> Self {
        let mut random = Random::new(seed);
        let sessions = (FIRST..=DAY + WATCHED_DAYS)
            .map(|day| Law::new(SESSIONS * expected(1.0, day, &traffic), 50.0).draw(&mut random))
            .collect();
        Self { sessions: Daily { first_day: FIRST, sessions }, random, first_seen_on: FIRST }
    }

    /// Simulates insights with the same rate, which `growth` multiplies on days since archiving.
    fn insights(&mut self, runs: usize, rate: f64, growth: impl Fn(i64) -> f64) -> Vec<Vec<DayCount>> {
        let laws: Vec<Law> = (FIRST..=DAY + WATCHED_DAYS)
            .map(|day| Law::new(expected(rate, day, &growth), DISPERSION))
            .collect();
        (0..runs).map(|_| self.insight(&laws)).collect()
    }

    fn insight(&mut self, laws: &[Law]) -> Vec<DayCount> {
        let mut seen = Vec::new();
        for (day, law) in (FIRST..).zip(laws) {
            let units = law.draw(&mut self.random);
            let low = Uuid::from_u128(self.random.below(u64::MAX).into());
            let high = if units > 1 { Uuid::max() } else { low };
            if units > 0 {
                seen.push(DayCount { day, units, sessions: units, contacts: [low, high] });
            }
        }
        seen
    }

    /// Computes the baseline of the organization from these insights.
    fn norms(&self, insights: &[Vec<DayCount>]) -> OrgBaseline {
        let units: Vec<Vec<u32>> = insights.iter().map(|seen| daily_units(seen, FIRST, DAY)).collect();
        let profile = weekday_profile(&self.sessions, DAY);
        OrgBaseline { profile, prior_rate: prior_rate(&units), dispersion: dispersion(&units, DAY, &profile) }
    }

    /// Returns the day since archiving on which an insight comes back, if it does.
    fn returns(&self, seen: &[DayCount], norms: &OrgBaseline, basis: EscalationBasis) -> Option<i64> {
        let threshold = Sensitivity::Normal.threshold();
        let sessions = &self.sessions;
        let record = ArchiveRecord::new(&Archiving {
            day: DAY,
            first_seen_on: self.first_seen_on,
            seen,
            sessions,
            norms,
            basis,
            threshold,
        });
        let today = DAY + WATCHED_DAYS;
        let standing = replay(&record, &Since { seen, sessions, left_out: &[], today });
        standing.alarm.map(|alarm| alarm.day - DAY)
    }

    /// Returns the share of insights that come back.
    fn returned(&self, insights: &[Vec<DayCount>], norms: &OrgBaseline, basis: EscalationBasis) -> f64 {
        let count = insights.iter().filter(|seen| self.returns(seen, norms, basis).is_some()).count();
        count as f64 / insights.len() as f64
    }

    /// Returns the median number of days after which insights come back.
    fn delay(&self, insights: &[Vec<DayCount>], norms: &OrgBaseline) -> i64 {
        let days =
            |seen: &Vec<DayCount>| self.returns(seen, norms, EscalationBasis::Share).unwrap_or(i64::MAX);
        let mut delays: Vec<i64> = insights.iter().map(days).collect();
        delays.sort_unstable();
        delays[delays.len() / 2]
    }
}

/// Returns the mean units of a day at a rate. Weekends bring half as much; `growth` multiplies days since archiving.
fn expected(rate: f64, day: i64, growth: impl Fn(i64) -> f64) -> f64 {
    let growth = if day > DAY { growth(day - DAY) } else { 1.0 };
    let weekend = if weekday(day) >= 5 { 0.5 } else { 1.0 };
    rate * growth * weekend * 7.0 / 6.0
}

/// Returns the largest share of this many runs that may come back, with three standard errors of chance.
fn most(runs: usize) -> f64 {
    let bound = WATCHED_DAYS as f64 / Sensitivity::Normal.threshold();
    bound + 3.0 * (bound * (1.0 - bound) / runs as f64).sqrt()
}

/// Returns the share of insights that a naive rule brings back: a day above the mean plus some standard deviations of
/// the days before archiving.
fn returned_by_deviation(insights: &[Vec<DayCount>], deviations: f64) -> f64 {
    let returns = |seen: &&Vec<DayCount>| {
        let units: Vec<f64> = daily_units(seen, FIRST, DAY).into_iter().map(f64::from).collect();
        let mean = units.iter().sum::<f64>() / units.len() as f64;
        let variance = units.iter().map(|y| (y - mean).powi(2)).sum::<f64>() / units.len() as f64;
        seen.iter().any(|seen| seen.day > DAY && f64::from(seen.units) > mean + deviations * variance.sqrt())
    };
    insights.iter().filter(returns).count() as f64 / insights.len() as f64
}

#[test]
fn quiet_insights_return_as_seldom_as_promised() {
    let mut world = World::new(11, |_| 1.0);
    let fleets = [0.1, 1.0, 10.0, 100.0].map(|rate| (rate, world.insights(RUNS, rate, |_| 1.0)));
    let mixed: Vec<Vec<DayCount>> =
        fleets.iter().flat_map(|(_, fleet)| fleet[..RUNS / 10].to_vec()).collect();
    let norms = world.norms(&mixed);
    println!("quiet, {WATCHED_DAYS} days, {norms:?}");
    for (rate, fleet) in &fleets {
        let returned = world.returned(fleet, &norms, EscalationBasis::Share);
        let by_deviation = [1.5, 3.0].map(|deviations| returned_by_deviation(fleet, deviations));
        println!("  {rate} a day: {returned:.4} returned; by deviations of 1.5 and 3: {by_deviation:?}");
        assert!(returned <= most(RUNS), "{rate}: {returned}");
    }
}

#[test]
fn a_month_before_archiving_is_enough_for_most() {
    let mut world = World::new(15, |_| 1.0);
    let fleets = [0.1, 1.0, 10.0, 100.0].map(|rate| (rate, world.insights(RUNS / 5, rate, |_| 1.0)));
    let norms = world.norms(&fleets.clone().map(|(_, fleet)| fleet).concat());
    for days in [28, 14, 7, 3] {
        world.first_seen_on = DAY - days;
        println!("quiet, first seen {days} days before archiving");
        for (rate, fleet) in &fleets {
            let returned = world.returned(fleet, &norms, EscalationBasis::Share);
            println!("  {rate} a day: {returned:.4} returned");
            assert!(days < 28 || *rate > 10.0 || returned <= most(RUNS / 5), "{days} {rate}: {returned}");
        }
    }
}

#[test]
fn what_is_usual_elsewhere_weighs_on_what_is_frequent() {
    let mut world = World::new(16, |_| 1.0);
    let fleets = [0.1, 1.0, 10.0, 100.0].map(|rate| (rate, world.insights(RUNS / 5, rate, |_| 1.0)));
    let norms = world.norms(&fleets.clone().map(|(_, fleet)| fleet).concat());
    for prior_rate in [1.0, 0.3, 0.1, 0.03] {
        println!("quiet, the middle insight has {prior_rate} a day");
        let norms = OrgBaseline { prior_rate, ..norms };
        for (rate, fleet) in &fleets {
            let returned = world.returned(fleet, &norms, EscalationBasis::Share);
            println!("  {rate} a day: {returned:.4} returned");
            assert!(returned <= most(RUNS / 5), "{prior_rate} {rate}: {returned}");
        }
    }
}

#[test]
fn busier_traffic_wakes_little_that_keeps_its_share() {
    let within_a_month = |day: i64| 2_f64.powf(day.min(28) as f64 / 28.0);
    let [share, volume] = returned_in_season(within_a_month, "traffic doubled over 28 days");
    assert!(share <= most(RUNS), "{share}");
    assert!(volume > 0.4, "{volume}");
    let [share, volume] = returned_in_season(|_| 2.0, "traffic doubled overnight");
    assert!(share < volume / 4.0, "{share} {volume}");
}

/// Returns the shares of rare insights that come back by share and by volume, while all traffic grows and they with it.
/// The traffic of the week before explains growth late, which frequent insights show most.
fn returned_in_season(season: impl Fn(i64) -> f64 + Copy, name: &str) -> [f64; 2] {
    let mut world = World::new(12, season);
    let fleets = [0.1, 0.3, 1.0, 3.0, 10.0, 100.0]
        .map(|rate| (rate, world.insights(if rate < 10.0 { RUNS / 4 } else { 500 }, rate, season)));
    let rare: Vec<Vec<DayCount>> = fleets[..4].iter().flat_map(|(_, fleet)| fleet.clone()).collect();
    let norms = world.norms(&rare);
    let bases = [EscalationBasis::Share, EscalationBasis::Volume];
    println!("{name}");
    let returned = fleets.each_ref().map(|(rate, fleet)| {
        let returned = bases.map(|basis| world.returned(fleet, &norms, basis));
        println!("  {rate} a day: {:.4} returned; by volume {:.4}", returned[0], returned[1]);
        returned
    });
    [0, 1].map(|basis| returned[..4].iter().map(|returned| returned[basis]).sum::<f64>() / 4.0)
}

#[test]
fn growth_is_seen_in_time() {
    const GROWING: usize = 500;
    let mut world = World::new(13, |_| 1.0);
    let quiet = [0.1, 1.0, 10.0, 100.0].map(|rate| world.insights(100, rate, |_| 1.0)).concat();
    let norms = world.norms(&quiet);
    let mut check = |name: &str, rate: f64, growth: &dyn Fn(i64) -> f64, most: i64| {
        let insights = world.insights(GROWING, rate, growth);
        let delay = world.delay(&insights, &norms);
        println!("{name}, {rate} a day: half have returned on day {delay}");
        assert!(delay <= most, "{name}, {rate} a day: {delay}");
    };
    for (rate, times, most) in [
        (0.1, 10.0, 16),
        (0.1, 3.0, 80),
        (1.0, 3.0, 13),
        (1.0, 2.0, 40),
        (10.0, 2.0, 10),
        (10.0, 1.5, 40),
        (100.0, 2.0, 8),
        (100.0, 1.5, 24),
    ] {
        check(&format!("{times} times as many"), rate, &|_| times, most);
    }
    check("doubled every 28 days", 10.0, &|day| 2_f64.powf(day as f64 / 28.0), 29);
}

#[test]
fn the_scatter_of_days_is_learned() {
    let mut world = World::new(14, |_| 1.0);
    for rate in [1.0, 10.0, 100.0] {
        let insights = world.insights(200, rate, |_| 1.0);
        let norms = world.norms(&insights);
        assert!((norms.dispersion / DISPERSION - 1.0).abs() < 0.15, "{rate}: {norms:?}");
        assert!((norms.prior_rate / rate - 1.0).abs() < 0.1, "{rate}: {norms:?}");
    }
}
