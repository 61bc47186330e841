//! A year of an organization: insights that stay as they are, that grow, and what disturbs both. docs/life.md has what
//! came of it, and the command.

use crate::support::app::TestApp;
use refrain::time::Timestamp;
use std::collections::BTreeMap;
use std::time::Instant;

mod checks;
mod nouns;
mod picture;
mod random;
mod returns;
mod story;

use picture::picture;
use random::Random;
use returns::{grown_table, quiet_table};

/// Days before anything is archived.
const BEFORE: i64 = 56;
const CONTACTS: usize = 20_000;
const OUTAGE: i64 = 120;
/// The day after a grouping.
const HISTORY: i64 = 204;
const MERGES: [i64; 3] = [91, 182, 273];

/// What becomes of an insight on the first day of the year.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    UntilEscalating,
    UntilCount(u64),
    Forever,
    Resolved,
    Unresolved,
}

/// What customers say, how often, and what becomes of that.
struct Topic {
    text: String,
    rate: f64,
    fate: Fate,
    /// From this day on it comes so many times as often.
    grows: Option<(i64, f64)>,
    is_out: bool,
    insight: String,
    /// Its sessions on each day of the year.
    days: BTreeMap<i64, u64>,
    /// It is to be merged with another of its kind on this day.
    merges: Option<i64>,
}

fn is_about(topic: &Topic, problem: &str) -> bool {
    problem
        .split_once("{}")
        .is_some_and(|(head, tail)| topic.text.starts_with(head) && topic.text.ends_with(tail))
}

struct Year {
    t: TestApp,
    random: Random,
    topics: Vec<Topic>,
    /// When the first day of the year begins.
    begin: Timestamp,
    said: usize,
}

/// How much busier all is on a day: slow weekends, a warm and a cold half of the year, and the weeks before Christmas.
fn season(day: i64) -> f64 {
    // the year begins on a Monday
    let weekend = if day.rem_euclid(7) >= 5 { 0.5 } else { 1.2 };
    let wave = 1.0 + 0.25 * (std::f64::consts::TAU * day as f64 / 365.0).sin();
    let christmas = match day {
        154..=167 => 1.0 + 0.5 * (day - 153) as f64 / 14.0,
        168..=188 => 1.5,
        189..=202 => 1.5 - 0.5 * (day - 188) as f64 / 14.0,
        _ => 1.0,
    };
    weekend * wave * christmas
}

/// Imports what was said before the first day.
async fn begin(year: &mut Year) {
    // three of each, so that every topic is an insight; long before what is usual is learned
    let mut records = Vec::new();
    for topic in 0..year.topics.len() {
        records.extend((0..3).map(|_| year.record(topic, -BEFORE - 30)).collect::<Vec<_>>());
    }
    for day in -BEFORE..0 {
        records.extend(year.heard(day));
    }
    year.t.app.clock.advance(year.begin.micros() - year.t.app.clock.now().micros() - 3_600_000_000);
    year.import(records).await;
    year.t.run_jobs().await;
}

/// What is archived stays quiet as long as nothing grows, and comes back when something does, whatever disturbs it.
#[tokio::test]
#[ignore = "a year takes half an hour in an optimized build"]
async fn a_year() {
    let number = |name: &str, usual: i64| std::env::var(name).map_or(usual, |value| value.parse().unwrap());
    let days = number("YEAR_DAYS", 365);
    let started = Instant::now();
    let mut year = Year::new(usize::try_from(number("YEAR_INSIGHTS", 2_000)).unwrap()).await;
    begin(&mut year).await;
    let groups = year.insights().await.len();
    year.part().await;
    year.until(0, 60).await;
    assert_eq!(year.insights().await.len(), year.topics.len());
    println!("{:?}: {groups} groups parted into {} insights", started.elapsed(), year.topics.len());
    year.decide().await;
    let (mut pairs, mut history, mut surges) = (0, (0, 0), Vec::new());
    for day in 0..days {
        if MERGES.contains(&day) {
            pairs += year.merge(day).await;
        }
        if day == HISTORY {
            history = year.import_history().await;
        }
        let records = year.heard(day);
        year.until(day, 75_000).await;
        year.import(records).await;
        if day % 7 != 0 {
            // grouping anew once a week is enough: new conversations are linked as they come
            year.t.execute(refrain::db::sql("delete from jobs where kind = 'consolidate'")).await;
        }
        year.t.run_jobs().await;
        year.until(day + 1, 60).await;
        if day == OUTAGE + 1 {
            surges = year.t.get_ok("/overview").await["surges"].as_array().unwrap().clone();
        }
        if day % 10 == 9 {
            println!("{:?}: day {day}, {} conversations", started.elapsed(), year.said);
        }
    }
    let returns = year.returns(days).await;
    let (quiet, beyond) = quiet_table(&returns, days);
    print!("{quiet}{}", grown_table(&returns));
    println!(
        "{pairs} pairs merged; (old conversations, insights they changed): {history:?}; surges: {surges:?}"
    );
    print!("{}{}{}", year.shadow().await, year.check_counts().await, year.check_numbers().await);
    println!("{:?} in all", started.elapsed());
    if let Ok(file) = std::env::var("YEAR_PICTURE") {
        let quiet: Vec<_> = returns.quiet.iter().map(|(_, on)| *on).collect();
        std::fs::write(file, picture(&year, &quiet, days)).unwrap();
    }
    assert!(beyond.is_empty(), "more than promised: {beyond:?}");
    assert!(days < OUTAGE || !surges.is_empty(), "the outage was no surge");
    assert_eq!(history.1, 0, "old history changed what is watched");
}
