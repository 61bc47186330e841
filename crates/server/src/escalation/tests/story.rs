//! Random lives of an insight, replayed, and counted plainly by the definitions.

use super::*;
use std::collections::{BTreeMap, BTreeSet};

/// Everything about one insight since it was archived.
struct Story {
    record: ArchiveRecord,
    sessions: Vec<(i64, Uuid)>,
    all: Daily,
    left_out: Vec<i64>,
    today: i64,
}

impl Story {
    fn random(random: &mut Random) -> Self {
        let days = 1 + random.below(40) as i64;
        let mut record = record(0.02 + random.below(300) as f64 / 200.0);
        record.traffic_base = (random.below(3) > 0).then(|| 5.0 + random.below(30) as f64);
        record.profile = [1.3, 1.1, 1.1, 1.1, 1.1, 0.8, 0.5];
        record.threshold = 50.0 + random.below(1_000) as f64;
        let (contacts, busy) = (1 + random.below(8), 1 + random.below(6));
        let mut sessions = Vec::new();
        for day in DAY - 10..=DAY + days {
            sessions.extend((0..random.below(busy)).map(|_| (day, contact(random.below(contacts)))));
        }
        let all =
            Daily { first_day: DAY - 9, sessions: (0..9 + days).map(|_| random.below(60) as u32).collect() };
        let left_out = (0..random.below(3)).map(|_| DAY + 1 + random.below(40) as i64).collect();
        Self { record, sessions, all, left_out, today: DAY + days }
    }

    fn shuffled(&self, random: &mut Random) -> Vec<(i64, Uuid)> {
        let mut sessions = self.sessions.clone();
        for i in 1..sessions.len() {
            sessions.swap(i, random.below(i as u64 + 1) as usize);
        }
        sessions
    }

    fn replay(&self, sessions: Vec<(i64, Uuid)>) -> Standing {
        let (seen, sessions, left_out, today) =
            (&tally(sessions)[..], &self.all, &self.left_out[..], self.today);
        replay(&self.record, &Since { seen, sessions, left_out, today })
    }

    /// Computes the day of the alarm, `M` at the end, and the target straight from the definitions.
    fn plainly(&self) -> (Option<i64>, f64, u32) {
        let mut contacts: BTreeMap<i64, BTreeSet<Uuid>> = BTreeMap::new();
        for (day, contact) in &self.sessions {
            contacts.entry(*day).or_default().insert(*contact);
        }
        let units = |day: i64| contacts.get(&day).map_or(0, BTreeSet::len) as u32;
        let counts = |day: i64| day > DAY && !self.left_out.contains(&day);
        let own = |day: i64| self.sessions.iter().filter(|session| session.0 == day).count() as f64;
        let others = |day: i64| (f64::from(self.all.on(day)) - own(day)).max(0.0);
        let bears = |day: i64, today: u32| {
            let week: Vec<i64> = (day - 6..day).filter(|day| counts(*day)).collect();
            let people: BTreeSet<&Uuid> = week.iter().filter_map(|day| contacts.get(day)).flatten().collect();
            week.iter().map(|day| units(*day)).sum::<u32>() + today >= 3 && (people.len() >= 2 || today >= 2)
        };
        let bears_seen = |day: i64| {
            let week: Vec<i64> = (day - 6..=day).filter(|day| counts(*day)).collect();
            let people: BTreeSet<&Uuid> = week.iter().filter_map(|day| contacts.get(day)).flatten().collect();
            week.iter().map(|day| units(*day)).sum::<u32>() >= 3 && people.len() >= 2
        };
        let with = |sums: &[f64; 5], day: i64, y: u32| {
            let traffic = self
                .record
                .traffic_base
                .map_or(1.0, |base| ((day - 7..day).map(others).sum::<f64>() / 7.0 / base).clamp(1.0, 4.0));
            let mean = self.record.rate * self.record.profile[(day - DAY).rem_euclid(7) as usize] * traffic;
            let mut sums = *sums;
            for (sum, growth) in sums.iter_mut().zip([1.5_f64, 2.0, 3.0, 5.0, 10.0]) {
                let ratio =
                    growth.powi(y as i32) * ((5.0 + mean) / (5.0 + growth * mean)).powf(5.0 + f64::from(y));
                *sum = (1.0 + *sum) * ratio;
            }
            sums
        };
        let m = |sums: &[f64; 5]| sums.iter().sum::<f64>() / 5.0;
        let (mut sums, mut alarm, mut before_today) = ([0.0; 5], None, [0.0; 5]);
        for day in (DAY + 1..=self.today).filter(|day| counts(*day)) {
            if day < self.today {
                before_today = with(&sums, day, units(day));
            }
            sums = with(&sums, day, units(day));
            if m(&sums) >= self.record.threshold && bears_seen(day) {
                alarm = alarm.or(Some(day));
            }
        }
        let returns = |y: &u32| {
            m(&with(&before_today, self.today, *y)) >= self.record.threshold && bears(self.today, *y)
        };
        (alarm, m(&sums), (0..u32::MAX).find(returns).unwrap_or(u32::MAX))
    }
}

#[test]
fn replay_follows_the_definitions() {
    let mut random = Random::new(2);
    let (mut alarms, mut held) = (0, 0);
    for run in 0..2_000 {
        let story = Story::random(&mut random);
        let (alarm, m, target) = story.plainly();
        let standing = story.replay(story.sessions.clone());
        assert_eq!(standing.alarm.map(|alarm| alarm.day), alarm, "run {run}");
        assert_eq!(standing.target, target, "run {run}");
        if let Some(last) = standing.days.last() {
            assert!((last.m / m - 1.0).abs() < 1e-9, "run {run}: {last:?} {m}");
        }
        alarms += usize::from(alarm.is_some());
        held += usize::from(alarm.is_none() && m >= story.record.threshold);
    }
    assert!(alarms > 400 && alarms < 1_600 && held > 5, "hard cases are among them: {alarms} {held}");
}

#[test]
fn the_order_in_which_sessions_come_does_not_matter() {
    let mut random = Random::new(3);
    for _ in 0..300 {
        let story = Story::random(&mut random);
        let standing = story.replay(story.sessions.clone());
        // late ones among them, imported, delivered twice in part
        assert_eq!(story.replay(story.shuffled(&mut random)), standing);
    }
}

#[test]
fn looking_at_each_session_finds_what_looking_at_the_day_finds() {
    let mut random = Random::new(4);
    let mut returned = 0;
    for _ in 0..300 {
        let mut story = Story::random(&mut random);
        story.left_out.clear();
        let rush = random.below(30);
        story.sessions.extend((0..rush).map(|_| (story.today, contact(random.below(30)))));
        let (earlier, today): (Vec<_>, Vec<_>) =
            story.shuffled(&mut random).into_iter().partition(|session| session.0 < story.today);
        let mut so_far = story.replay(earlier.clone());
        let target = so_far.target;
        for i in 1..=today.len() {
            let with_it = story.replay([&earlier[..], &today[..i]].concat());
            assert_eq!(with_it.target, target, "what came today does not move it");
            assert!(
                so_far.alarm.is_none_or(|alarm| with_it.alarm.is_some_and(|later| later.day == alarm.day))
            );
            if so_far.alarm.is_none() && with_it.alarm.is_some() {
                assert!(with_it.units <= target, "not later than at the target");
                returned += 1;
            }
            assert!(with_it.alarm.is_some() || with_it.units < target, "at the target at the latest");
            so_far = with_it;
        }
        assert_eq!(so_far, story.replay(story.sessions.clone()));
    }
    assert!(returned > 50, "{returned}");
}
