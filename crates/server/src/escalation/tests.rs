#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::float_cmp,
    reason = "small whole numbers, and results that are the same to the bit"
)]

mod story;

use super::detector::{Detector, QuietDay};
use super::rate::gamma_quantile;
use super::*;
use refrain_nlp::random::Random;
use uuid::Uuid;

/// The day on which every insight here is archived: a Monday.
const DAY: i64 = 20_000 - 20_000 % 7 + 4;

fn contact(number: u64) -> Uuid {
    Uuid::from_u128(u128::from(number))
}

/// Makes days with these units, from the first full day after archiving on. Every unit is of another contact.
fn seen(units: &[u32]) -> Vec<DayCount> {
    let days = (DAY + 1..).zip(units).flat_map(|(day, units)| vec![day; *units as usize]);
    tally(days.zip((0..).map(contact)).collect())
}

fn record(rate: f64) -> ArchiveRecord {
    ArchiveRecord {
        version: VERSION,
        day: DAY,
        window_days: 56,
        units: 56,
        weight: 56.0,
        rate,
        dispersion: 5.0,
        profile: [1.0; 7],
        traffic_base: None,
        threshold: Sensitivity::Normal.threshold(),
    }
}

/// Replays days without other traffic up to day `days` since archiving, which is not over yet.
fn after(record: &ArchiveRecord, seen: &[DayCount], days: i64) -> Standing {
    let sessions = Daily::default();
    replay(record, &Since { seen, sessions: &sessions, left_out: &[], today: record.day + days })
}

/// Returns the chances of 0, 1, 2, … units on a quiet day, as long as they are exact numbers.
fn chances(mean: f64, dispersion: f64) -> Vec<f64> {
    let mut chance = (dispersion * (dispersion / (dispersion + mean)).ln()).exp();
    let mut chances = Vec::new();
    while chance > 1e-290 {
        let y = chances.len() as f64;
        chances.push(chance);
        chance *= (dispersion + y) / (y + 1.0) * mean / (dispersion + mean);
    }
    chances
}

#[test]
fn every_ratio_is_1_on_average_of_quiet_days() {
    for (mean, dispersion) in [(0.1, 1.0), (0.1, 5.0), (3.3, 5.0), (3.3, 50.0), (30.0, 5.0)] {
        let day = QuietDay::new(mean, dispersion);
        let mut means = [0.0; 5];
        for (y, chance) in chances(mean, dispersion).into_iter().enumerate() {
            for (mean, ln_ratio) in means.iter_mut().zip(day.ln_ratios(y as u32)) {
                *mean += chance * ln_ratio.exp();
            }
        }
        assert!(means.iter().all(|mean| (mean - 1.0).abs() < 1e-12), "{mean} {dispersion}: {means:?}");
    }
}

#[test]
fn the_first_day_takes_as_many_as_the_table_says() {
    let check = |mean: f64, expected: [u32; 3]| {
        let targets = [Sensitivity::Eager, Sensitivity::Normal, Sensitivity::Strict]
            .map(|sensitivity| Detector::NEW.target(&QuietDay::new(mean, 5.0), sensitivity.threshold().ln()));
        assert_eq!(targets, expected, "{mean}");
    };
    check(0.1, [4, 5, 6]);
    check(0.3, [5, 6, 7]);
    check(1.0, [9, 10, 11]);
    check(3.0, [17, 19, 21]);
    check(10.0, [43, 49, 53]);
    check(30.0, [116, 130, 143]);
    check(100.0, [370, 416, 455]);
}

#[test]
fn a_growing_insight_comes_back_as_traced_by_hand() {
    let seen = seen(&[1, 0, 2, 4, 3, 5, 4, 6]);
    let targets = [10, 10, 10, 10, 8, 7, 5, 3];
    let ms = [0.51, 0.52, 1.60, 10.78, 25.62, 299.29, 1667.80, 63_316.18];
    for (i, (target, m)) in targets.into_iter().zip(ms).enumerate() {
        let standing = after(&record(1.0), &seen, i as i64 + 1);
        assert_eq!(standing.target, target, "day {}", i + 1);
        assert!((standing.days[i].m - m).abs() < 0.005, "day {}: {standing:?}", i + 1);
        assert_eq!(standing.alarm.map(|alarm| alarm.day), (i == 7).then_some(DAY + 8));
    }
}

#[test]
fn logarithms_say_what_plain_numbers_say() {
    let mut random = Random::new(1);
    for _ in 0..200 {
        let dispersion = 1.0 + random.below(49) as f64;
        let (mut detector, mut sums) = (Detector::NEW, [0.0; 5]);
        for _ in 0..60 {
            let (mean, y) = (0.05 + random.below(400) as f64 / 50.0, random.below(12) as u32);
            detector = detector.after(&QuietDay::new(mean, dispersion), y);
            for (sum, growth) in sums.iter_mut().zip([1.5_f64, 2.0, 3.0, 5.0, 10.0]) {
                let per_unit = (dispersion + mean) / (dispersion + growth * mean);
                *sum = (1.0 + *sum) * growth.powi(y as i32) * per_unit.powf(dispersion + f64::from(y));
            }
            let m = sums.iter().sum::<f64>() / 5.0;
            assert!((detector.ln_m() - m.ln()).abs() < 1e-10, "{detector:?} {m}");
        }
    }
}

#[test]
fn no_outbreak_is_too_large() {
    let standing = after(&record(0.01), &seen(&[1_000; 40]), 40);
    assert_eq!(standing.alarm, Some(Alarm { day: DAY + 1, m: f64::MAX }));
    assert!(standing.days.iter().all(|day| day.m == f64::MAX));
    assert!(serde_json::to_string(&standing).is_ok_and(|json| !json.contains("null")));
    assert!(Detector::NEW.target(&QuietDay::new(1e6, 1.0), 1825_f64.ln()) > 1_000_000);
}

#[test]
fn gamma_quantiles_are_where_the_area_is_80_percent() {
    for shape in [0.5, 1.0, 1.5, 3.0, 10.5, 56.5, 560.5, 5_600.5] {
        let x = gamma_quantile(shape);
        // the density in the square root of x, which is smooth at 0
        let density = |root: f64| {
            let exponent = (2.0 * shape - 1.0) * (root / shape.sqrt()).ln() - root * root + shape;
            if root > 0.0 || shape > 0.5 { exponent.exp() } else { shape.exp() }
        };
        let area = |from: f64, to: f64| {
            let step = (to - from) / 20_000.0;
            let inner = |i: u32| f64::from(2 + 2 * (i % 2)) * density(from + f64::from(i) * step);
            step / 3.0 * (density(from) + density(to) + (1..20_000).map(inner).sum::<f64>())
        };
        let (below, above) = (area(0.0, x.sqrt()), area(x.sqrt(), x.sqrt() + 8.0));
        assert!((below / (below + above) - 0.8).abs() < 1e-9, "{shape}: {x}");
    }
    // half of chi-squared with 1 and 20 degrees of freedom, from the tables
    assert!((2.0 * gamma_quantile(0.5) - 1.642_374).abs() < 1e-6);
    assert!((2.0 * gamma_quantile(10.0) - 25.037_506).abs() < 1e-6);
}

#[test]
fn quiet_days_wear_the_evidence_down() {
    for rate in [0.1, 1.0, 10.0] {
        let standing = after(&record(rate), &seen(&[3 + 2 * rate as u32; 5]), 60);
        let (mut m, mut falls) = (standing.days[4].m, 0);
        for day in &standing.days[5..] {
            // on its way down to where it stays when nothing ever happens
            if m > 25.0 {
                assert!(day.m < m, "{rate}: {day:?}");
                falls += 1;
            }
            m = day.m;
        }
        assert!(falls > 0, "{rate}: {standing:?}");
    }
}

#[test]
fn one_contact_alone_brings_nothing_back() {
    for days in [1, 7, 100] {
        let sessions = (DAY + 1..=DAY + days).flat_map(|day| [(day, contact(1)); 500]).collect();
        let seen = tally(sessions);
        assert_eq!((seen[0].units, seen[0].sessions), (1, 500));
        let standing = after(&record(0.01), &seen, days);
        assert_eq!(standing.alarm, None, "{days} days");
        assert!(standing.target >= 2);
    }
}

#[test]
fn six_contacts_on_a_day_end_a_silence() {
    let norms = OrgBaseline { profile: [1.0; 7], prior_rate: 1.0, dispersion: 5.0 };
    for sensitivity in [Sensitivity::Eager, Sensitivity::Normal, Sensitivity::Strict] {
        let record = ArchiveRecord::new(&Archiving {
            day: DAY,
            first_seen_on: DAY - 300,
            seen: &[],
            sessions: &Daily::default(),
            norms: &norms,
            basis: EscalationBasis::Share,
            threshold: sensitivity.threshold(),
        });
        for quiet in [0, 30, 200] {
            let mut units = vec![0; quiet];
            units.push(6);
            let standing = after(&record, &seen(&units), quiet as i64 + 1);
            assert_eq!(standing.alarm.map(|alarm| alarm.day), Some(DAY + 1 + quiet as i64));
        }
    }
}

#[test]
fn a_record_holds_what_was_known() {
    let profile = [1.2, 1.2, 1.2, 1.2, 1.2, 0.6, 0.4];
    let norms = OrgBaseline { profile, prior_rate: 2.0, dispersion: 7.0 };
    let seen = tally((0..30).map(|i| (DAY - 1 - i / 2, contact(i as u64 % 3))).collect());
    let sessions = Daily { first_day: DAY - 100, sessions: vec![52; 101] };
    let archiving = |basis, first_seen_on| {
        let (seen, threshold) = (&seen[..], 1825.0);
        let (sessions, norms) = (&sessions, &norms);
        ArchiveRecord::new(&Archiving { day: DAY, first_seen_on, seen, sessions, norms, basis, threshold })
    };
    let record = archiving(EscalationBasis::Share, DAY - 15);
    assert_eq!((record.window_days, record.units), (15, 30));
    assert!((record.weight - (14.0 + 0.4)).abs() < 1e-12, "two weeks and a Sunday: {record:?}");
    // more than the prior of 2 a day, which then says nothing
    assert!((record.rate - gamma_quantile(30.5) / (0.5 / (30.0 / 14.4) + 14.4)).abs() < 1e-12);
    assert_eq!(record.traffic_base, Some(50.0));
    assert_eq!(archiving(EscalationBasis::Volume, DAY - 15).traffic_base, None);
    assert_eq!(archiving(EscalationBasis::Share, DAY).traffic_base, None);
    assert!((archiving(EscalationBasis::Share, DAY).rate - gamma_quantile(0.5) * 4.0).abs() < 1e-12);
    let json = serde_json::to_string(&record).unwrap();
    assert_eq!(serde_json::from_str::<ArchiveRecord>(&json).unwrap(), record);
}

#[test]
fn the_rhythm_of_the_week_is_learned_from_whole_weeks() {
    let weekly = |day: i64| if (day - DAY).rem_euclid(7) == 5 { 23 } else { 9 };
    let sessions =
        |days: i64| Daily { first_day: DAY - days, sessions: (DAY - days..DAY).map(weekly).collect() };
    assert_eq!(weekday_profile(&sessions(13), DAY), [1.0; 7]);
    for (days, weeks) in [(14, 2.0), (15, 2.0), (20, 2.0), (21, 3.0), (56, 8.0), (100, 8.0)] {
        let profile = weekday_profile(&sessions(days), DAY);
        let (usual, saturday) = (weeks * 9.0 + 1.0, weeks * 23.0 + 1.0);
        let mean = (6.0 * usual + saturday) / 7.0;
        assert!((profile[5] - saturday / mean).abs() < 1e-12, "{days}: {profile:?}");
        assert!((profile[0] - usual / mean).abs() < 1e-12, "{days}: {profile:?}");
    }
}

#[test]
fn the_prior_is_the_middle_insight() {
    assert_eq!(prior_rate(&[]), 1.0);
    assert_eq!(prior_rate(&[vec![], vec![0, 0]]), 1.0);
    assert_eq!(prior_rate(&[vec![2, 0], vec![0; 9], vec![5, 5]]), 3.0);
    assert_eq!(prior_rate(&[vec![2, 0], vec![4], vec![5, 5]]), 4.0);
}

#[test]
fn dispersion_stays_within_its_bounds() {
    let flat = [1.0; 7];
    assert_eq!(dispersion(&[], DAY, &flat), 5.0);
    assert_eq!(dispersion(&[vec![9; 13], vec![0; 56]], DAY, &flat), 5.0);
    assert_eq!(dispersion(&[vec![9; 56]], DAY, &flat), 50.0);
    let outbreak: Vec<u32> = (0..56).map(|day| if day == 30 { 500 } else { 0 }).collect();
    assert_eq!(dispersion(&[outbreak], DAY, &flat), 1.0);
}

#[test]
fn thresholds_and_surges() {
    assert_eq!(threshold_for(1.0, 10), 365.0);
    assert_eq!(threshold_for(1.0, 1_000), 7_000.0);
    assert_eq!(threshold_for(0.5, 1_000), 14_000.0);
    let check = |returning, watched, expected| assert_eq!(is_surge(returning, watched), expected);
    check(9, 9, false);
    check(2, 10, false);
    check(3, 10, true);
    check(200, 1_000, false);
    check(201, 1_000, true);
}

#[test]
fn a_day_left_out_counts_for_nothing() {
    let record = record(1.0);
    let sessions = Daily::default();
    let surge = seen(&[1, 2, 90, 2, 3, 1]);
    let standing = |left_out: &[i64], today| {
        replay(&record, &Since { seen: &surge, sessions: &sessions, left_out, today: DAY + today })
    };
    assert_eq!(standing(&[], 6).alarm.map(|alarm| alarm.day), Some(DAY + 3));
    let left_out = standing(&[DAY + 3], 6);
    let ms = |standing: &Standing| standing.days.iter().map(|day| day.m).collect::<Vec<_>>();
    assert_eq!((left_out.alarm, ms(&left_out)), (None, ms(&after(&record, &seen(&[1, 2, 2, 3, 1]), 5))));
    // on the day itself it does not return, and shows what would have brought it back
    assert_eq!(standing(&[DAY + 3], 3).alarm, None);
    assert_eq!(
        (standing(&[DAY + 3], 3).units, standing(&[DAY + 3], 3).target),
        (90, standing(&[], 3).target)
    );
}

#[test]
fn before_the_first_full_day_nothing_counts() {
    let today = tally((0..99).map(|i| (DAY, contact(i))).collect());
    let standing = after(&record(1.0), &today, 0);
    assert_eq!((standing.alarm, standing.units, standing.target), (None, 0, 10));
    assert!(standing.days.is_empty());
}
