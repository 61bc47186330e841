//! The year as a picture.

use super::returns::A;
use super::{HISTORY, MERGES, OUTAGE, Year};
use std::fmt::Write;

/// The returns of what stayed as it was beside what is promised, and below it the conversations of each day.
pub(super) fn picture(year: &Year, returns: &[Option<i64>], days: i64) -> String {
    let x = |day: i64| 56.0 + 770.0 * day as f64 / days as f64;
    let y = |share: f64| 262.0 - 200.0 * share / 0.2;
    let mut by_day: Vec<u64> = vec![0; days as usize];
    for (day, count) in year.topics.iter().flat_map(|topic| &topic.days) {
        by_day[*day as usize] += count;
    }
    let mut sorted = by_day.clone();
    sorted.sort_unstable();
    // the outage is higher than the picture
    let top = sorted[sorted.len() * 99 / 100] as f64 * 1.25;
    let mut bars = String::new();
    for (day, count) in (0_i64..).zip(&by_day) {
        let height = 130.0 * (*count as f64 / top).min(1.0);
        write!(bars, "M{:.1} 430v-{height:.1}", x(day) + 1.0).unwrap();
    }
    let mut line = format!("M{:.1} {:.1}", x(0), y(0.0));
    for day in 1..days {
        let back = returns.iter().flatten().filter(|on| **on <= day).count();
        write!(line, "H{:.1}V{:.1}", x(day), y(back as f64 / returns.len() as f64)).unwrap();
    }
    let (grid, scale) = scale(y);
    let marks = marks(x, days);
    let (end, bound) = (x(days), y(days as f64 / A));
    let (count, start) = (returns.len(), x(0));
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 860 470" width="860" height="470" font-family="system-ui, 'Segoe UI', Helvetica, Arial, sans-serif" font-size="12.5" fill="#222b36" role="img" aria-labelledby="t d">
  <title id="t">Few of the insights that stay as they are come back within a year, fewer than promised</title>
  <desc id="d">Above, the share of {count} insights that came back though nothing grew, as a line of steps over {days} days, below a dashed line of what is promised. Below, the conversations of each day: slow weekends, a season, an outage.</desc>
  <rect x="1" y="1" width="858" height="468" rx="14" fill="#fbfaf6" stroke="#c9c6bb"/>
  <text x="28" y="34" font-weight="600" font-size="15">A year of {count} archived insights to which nothing happens</text>
  <path d="{grid}" stroke="#c9c6bb"/>
  <g fill="#4c5663" font-size="12" text-anchor="end">{scale}
  </g>
  <path d="M{start:.1} 262L{end:.1} {bound:.1}" stroke="#8a4422" stroke-dasharray="6 4" fill="none"/>
  <text x="600" y="112" text-anchor="end" fill="#8a4422">at most, by the promise: days / 1825</text>
  <path d="{line}" stroke="#2f7f70" stroke-width="2" fill="none"/>
  <text x="820" y="252" text-anchor="end" fill="#2f7f70">came back</text>
  <path d="{bars}" stroke="#9fd3c7" stroke-width="1.6"/>
  <g fill="#8a4422" font-size="12">{marks}
  </g>
  <text x="56" y="452" fill="#4c5663">conversations of each day, from June to June</text>
</svg>
"##
    )
}

/// The lines across and their numbers.
fn scale(y: impl Fn(f64) -> f64) -> (String, String) {
    let (mut grid, mut scale) = (String::new(), String::new());
    for percent in [0, 5, 10, 15, 20] {
        let y = y(f64::from(percent) / 100.0);
        write!(grid, "M56 {y:.1}H826").unwrap();
        write!(scale, "\n    <text x=\"50\" y=\"{:.1}\">{percent} %</text>", y + 4.0).unwrap();
    }
    (grid, scale)
}

/// The disturbances of the year.
fn marks(x: impl Fn(i64) -> f64, days: i64) -> String {
    let mut marks = String::new();
    for (day, what) in [(OUTAGE, "outage"), (HISTORY, "old history comes")]
        .into_iter()
        .chain(MERGES.map(|day| (day, "merges")))
        .filter(|(day, _)| *day < days)
    {
        let x = x(day);
        // the merges stand close before it
        let anchor = if day == HISTORY { "start" } else { "middle" };
        write!(marks, "\n    <path d=\"M{x:.1} 288V430\" stroke=\"#8a4422\" stroke-dasharray=\"2 3\"/>")
            .unwrap();
        write!(marks, "<text x=\"{x:.1}\" y=\"283\" text-anchor=\"{anchor}\">{what}</text>").unwrap();
    }
    marks
}
