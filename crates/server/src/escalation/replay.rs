//! The record that is fixed when an insight is archived, and the replay of the days since.

use super::daily::Daily;
use super::detector::{Detector, QuietDay};
use super::rate::{OrgBaseline, Profile, WINDOW_DAYS, upper_rate, weekday};
use super::{EscalationBasis, VERSION};
use serde::{Deserialize, Serialize};
use std::ops::Range;
use uuid::Uuid;

/// The last days, up to the one in question, whose units must be enough for an alarm.
pub(super) const EVIDENCE_DAYS: i64 = 7;
/// The least units on these days.
pub(super) const EVIDENCE_UNITS_MIN: u32 = 3;
/// The largest factor by which more traffic explains more units.
const TRAFFIC_MAX: f64 = 4.0;

/// A day on which an insight was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayCount {
    /// The day.
    pub day: i64,
    /// The number of contacts on the day, plus sessions without one.
    pub units: u32,
    /// The number of sessions on the day.
    pub sessions: u32,
    /// The lowest and the highest id among the day's contacts, where a session without one stands for itself. The two
    /// differ if there was more than one contact.
    pub contacts: [Uuid; 2],
}

/// An insight about to be archived.
#[derive(Clone, Copy, Debug)]
pub struct Archiving<'a> {
    /// The day of archiving.
    pub day: i64,
    /// The first day on which the insight was seen.
    pub first_seen_on: i64,
    /// The days on which the insight was seen in the 56 days before, or more, in order.
    pub seen: &'a [DayCount],
    /// The organization's sessions.
    pub sessions: &'a Daily,
    /// The baseline of the organization.
    pub norms: &'a OrgBaseline,
    /// The basis: by share, other traffic explains growth; by volume, it does not.
    pub basis: EscalationBasis,
    /// The threshold `A`.
    pub threshold: f64,
}

/// The baseline of an archived insight, fixed when it was archived. A merge, a split or archiving again makes a new
/// record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ArchiveRecord {
    /// The version of the detector that made the record.
    pub version: u32,
    /// The day of archiving, which counts neither before nor after.
    pub day: i64,
    /// The number of full days before archiving that the record is from.
    pub window_days: i64,
    /// The units on these days.
    pub units: u64,
    /// The sum of the weekday factors of these days.
    pub weight: f64,
    /// The units of a quiet day of weight 1, erring high.
    pub rate: f64,
    /// The dispersion of quiet days.
    pub dispersion: f64,
    /// The factors of the weekdays.
    pub profile: Profile,
    /// The mean number of other sessions a day; none if traffic is not to explain growth, or there was none.
    pub traffic_base: Option<f64>,
    /// The threshold `A`: the insight comes back when `M` reaches it.
    pub threshold: f64,
}

impl ArchiveRecord {
    /// Returns the mean of the quiet days divided by the rate, which errs high.
    pub fn mean_over_rate(&self) -> f64 {
        match self.weight * self.rate {
            brought if brought > 0.0 => self.units as f64 / brought,
            _ => 0.0,
        }
    }

    /// Makes the record of an insight that is archived now. Makes one pass over its days.
    pub fn new(archiving: &Archiving) -> Self {
        let Archiving { day, first_seen_on, seen, sessions, norms, .. } = *archiving;
        let window = window(first_seen_on, day);
        let seen_in_window = || seen.iter().filter(|seen| window.contains(&seen.day));
        let units = seen_in_window().map(|seen| u64::from(seen.units)).sum();
        let weight = window.clone().map(|day| norms.profile[weekday(day)]).sum();
        let all: u64 = window.clone().map(|day| u64::from(sessions.on(day))).sum();
        let own: u64 = seen_in_window().map(|seen| u64::from(seen.sessions)).sum();
        let others = all.saturating_sub(own);
        let is_compared = archiving.basis == EscalationBasis::Share && others > 0;
        let window_days = window.end - window.start;
        Self {
            version: VERSION,
            day,
            window_days,
            units,
            weight,
            rate: upper_rate(units, weight, norms.prior_rate),
            dispersion: norms.dispersion,
            profile: norms.profile,
            traffic_base: is_compared.then(|| others as f64 / window_days as f64),
            threshold: archiving.threshold,
        }
    }
}

/// The days since an insight was archived.
#[derive(Clone, Copy, Debug)]
pub struct Since<'a> {
    /// The days on which the insight was seen since 6 days before the day of archiving, or more, in order.
    pub seen: &'a [DayCount],
    /// The organization's sessions, since 6 days before the day of archiving or earlier.
    pub sessions: &'a Daily,
    /// The days of surges, on which nothing came back and which are left out.
    pub left_out: &'a [i64],
    /// The day that is not over yet.
    pub today: i64,
}

/// The standing of an archived insight: its evidence so far, and its distance from coming back.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Standing {
    /// The first alarm, if there was one.
    pub alarm: Option<Alarm>,
    /// Every day so far that counted, in order.
    pub days: Vec<WatchedDay>,
    /// The units today.
    pub units: u32,
    /// The smallest number of units today with which the insight comes back, whoever the contacts are.
    pub target: u32,
}

/// An alarm: the insight is to come back.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Alarm {
    /// The day of the alarm.
    pub day: i64,
    /// `M` with that day's units, as [`WatchedDay::m`].
    pub m: f64,
}

/// A day of an archived insight.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct WatchedDay {
    /// The day.
    pub day: i64,
    /// The expected units of a quiet day.
    pub expected: f64,
    /// The units of the day.
    pub units: u32,
    /// `M` after the day; if that is too large for a number, the largest number.
    pub m: f64,
}

/// Replays an archived insight from the first full day after archiving to `today`. The same days give the same
/// result, in whatever order their sessions came. Takes under a microsecond a day.
pub fn replay(record: &ArchiveRecord, since: &Since) -> Standing {
    let watch = Watch::new(record, since);
    let ln_threshold = record.threshold.ln();
    let (mut detector, mut alarm, mut days) = (Detector::NEW, None, Vec::new());
    let mut before_today = detector;
    for day in watch.first_day()..=since.today {
        if since.left_out.contains(&day) {
            continue;
        }
        before_today = detector;
        let (expected, units) = (watch.expected(day), watch.units(day));
        detector = detector.after(&QuietDay::new(expected, record.dispersion), units);
        let ln_m = detector.ln_m();
        let m = ln_m.exp().min(f64::MAX);
        if alarm.is_none()
            && ln_m >= ln_threshold
            && watch.evidence(day + 1 - EVIDENCE_DAYS..day + 1).is_enough()
        {
            alarm = Some(Alarm { day, m });
        }
        days.push(WatchedDay { day, expected, units, m });
    }
    if days.last().is_none_or(|last| last.day < since.today) {
        before_today = detector;
    }
    let quiet = QuietDay::new(watch.expected(since.today), record.dispersion);
    let lacks = watch.evidence(since.today + 1 - EVIDENCE_DAYS..since.today).lacks();
    let target = before_today.target(&quiet, ln_threshold).max(lacks);
    Standing { alarm, days, units: watch.units(since.today), target }
}

/// Returns the units of each of the 56 days before `today`, or of those since the insight was first seen.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a window ends after it begins, at most 56 days later"
)]
pub fn daily_units(seen: &[DayCount], first_seen_on: i64, today: i64) -> Vec<u32> {
    let window = window(first_seen_on, today);
    let mut units = vec![0; (window.end - window.start) as usize];
    for seen in seen.iter().filter(|seen| window.contains(&seen.day)) {
        units[(seen.day - window.start) as usize] = seen.units;
    }
    units
}

/// Counts an insight's sessions by day. Each is given by its day and its contact, or its own id if it has none. Returns
/// the days that have sessions, in order.
pub fn tally(mut sessions: Vec<(i64, Uuid)>) -> Vec<DayCount> {
    sessions.sort_unstable();
    let mut days: Vec<DayCount> = Vec::new();
    for (day, contact) in sessions {
        match days.last_mut().filter(|last| last.day == day) {
            Some(last) => {
                last.sessions += 1;
                last.units += u32::from(contact != last.contacts[1]);
                last.contacts[1] = contact;
            }
            None => days.push(DayCount { day, units: 1, sessions: 1, contacts: [contact; 2] }),
        }
    }
    days
}

/// Returns the full days before `day` from which a record is made.
fn window(first_seen_on: i64, day: i64) -> Range<i64> {
    (day - WINDOW_DAYS).max(first_seen_on).min(day)..day
}

/// The days since an insight was archived, indexed by their number.
struct Watch<'a> {
    record: &'a ArchiveRecord,
    since: &'a Since<'a>,
    start: i64,
    seen: Vec<Option<&'a DayCount>>,
}

impl<'a> Watch<'a> {
    fn new(record: &'a ArchiveRecord, since: &'a Since) -> Self {
        // the expectation of the first day needs the traffic of the seven days before it
        let start = record.day - 6;
        let mut seen = vec![None; usize::try_from(since.today + 1 - start).unwrap_or(0)];
        for day in since.seen {
            let at = usize::try_from(day.day - start).ok();
            if let Some(slot) = at.and_then(|at| seen.get_mut(at)) {
                *slot = Some(day);
            }
        }
        Self { record, since, start, seen }
    }

    fn first_day(&self) -> i64 {
        self.record.day + 1
    }

    fn on(&self, day: i64) -> Option<&DayCount> {
        let at = usize::try_from(day - self.start).ok()?;
        *self.seen.get(at)?
    }

    /// Returns the units of a day, or 0 before the first full day after archiving.
    fn units(&self, day: i64) -> u32 {
        self.on(day).filter(|_| day >= self.first_day()).map_or(0, |seen| seen.units)
    }

    /// Returns the expected units of a quiet day, from what was known before it.
    fn expected(&self, day: i64) -> f64 {
        self.record.rate * self.record.profile[weekday(day)] * self.traffic(day)
    }

    /// Returns the other traffic of the week before a day, relative to the baseline; at least 1 and at most 4.
    fn traffic(&self, day: i64) -> f64 {
        let Some(base) = self.record.traffic_base else {
            return 1.0;
        };
        let others = |day| {
            let own = self.on(day).map_or(0, |seen| seen.sessions);
            self.since.sessions.on(day).saturating_sub(own)
        };
        let week: u64 = (day - 7..day).map(|day| u64::from(others(day))).sum();
        (week as f64 / 7.0 / base).clamp(1.0, TRAFFIC_MAX)
    }

    /// Collects the evidence for an alarm on those of these days that came after archiving.
    fn evidence(&self, days: Range<i64>) -> Evidence {
        let mut evidence = Evidence { units: 0, contacts: None };
        for day in days.start.max(self.first_day())..days.end {
            let Some(seen) = self.on(day).filter(|_| !self.since.left_out.contains(&day)) else {
                continue;
            };
            let [low, high] = seen.contacts;
            evidence.units += seen.units;
            evidence.contacts = match evidence.contacts {
                Some([lowest, highest]) => Some([low.min(lowest), high.max(highest)]),
                None => Some([low, high]),
            };
        }
        evidence
    }
}

/// The units of some days, and the lowest and highest id among their contacts.
struct Evidence {
    units: u32,
    contacts: Option<[Uuid; 2]>,
}

impl Evidence {
    fn has_two_contacts(&self) -> bool {
        self.contacts.is_some_and(|[low, high]| low != high)
    }

    /// Returns true if the evidence is enough for an alarm: at least 3 units of at least 2 contacts.
    fn is_enough(&self) -> bool {
        self.units >= EVIDENCE_UNITS_MIN && self.has_two_contacts()
    }

    /// Returns the number of further units on one day, each of another contact, that make the evidence enough, whoever
    /// the contacts are.
    fn lacks(&self) -> u32 {
        let contacts = if self.has_two_contacts() { 0 } else { 2 };
        EVIDENCE_UNITS_MIN.saturating_sub(self.units).max(contacts)
    }
}
