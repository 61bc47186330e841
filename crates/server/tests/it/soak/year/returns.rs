//! Tables of what came back, beside what is promised.

use std::fmt::Write;

/// How many times as often insights come that grow.
pub(super) const GROWTHS: [f64; 4] = [2.0, 3.0, 5.0, 10.0];
/// Checkpoints of the report.
pub(super) const CHECKPOINTS: [i64; 4] = [30, 90, 180, 364];
/// False returns are at most `days / A`, here with the default.
pub(super) const A: f64 = 1825.0;

/// The insights that are watched and stay as they are, by how often they come.
pub(super) const BANDS: [(&str, f64, f64); 4] = [
    ("fewer than 0.1 a day", 0.0, 0.1),
    ("0.1 to 1 a day", 0.1, 1.0),
    ("3 or 8 a day", 1.0, 100.0),
    ("all of these", 0.0, 100.0),
];

/// When insights came back that are archived until they escalate.
#[derive(Default)]
pub(super) struct Returns {
    /// Nothing happened to them: their rates, too.
    pub(super) quiet: Vec<(f64, Option<i64>)>,
    pub(super) merged: Vec<Option<i64>>,
    /// From when on they grew, and how much.
    pub(super) grown: Vec<(i64, f64, Option<i64>)>,
}

/// The chance of so many or more of `all` that each have a chance of `p` (binomial).
pub(super) fn chance_of(count: usize, all: usize, p: f64) -> f64 {
    let mut term = (all as f64 * (1.0 - p).ln()).exp();
    let mut fewer = 0.0;
    for i in 0..count {
        fewer += term;
        term *= (all - i) as f64 / (i + 1) as f64 * p / (1.0 - p);
    }
    1.0 - fewer
}

/// How many came back by each checkpoint, and which rows are beyond the bound and chance.
pub(super) fn quiet_table(returns: &Returns, days: i64) -> (String, Vec<String>) {
    let (mut text, mut beyond) = (String::new(), Vec::new());
    let mut row = |name: &str, returns: &[Option<i64>]| {
        write!(text, "| {name} | {} |", returns.len()).unwrap();
        for day in CHECKPOINTS.into_iter().filter(|day| *day < days) {
            let back = returns.iter().flatten().filter(|on| **on <= day).count();
            write!(text, " {:.1} % |", 100.0 * back as f64 / returns.len().max(1) as f64).unwrap();
            if chance_of(back, returns.len(), day as f64 / A) < 0.001 {
                beyond.push(format!("{name}: {back} of {} by day {day}", returns.len()));
            }
        }
        text.push('\n');
    };
    for (name, from, to) in BANDS {
        let band = returns.quiet.iter().filter(|(rate, _)| (from..to).contains(rate));
        row(name, &band.map(|(_, on)| *on).collect::<Vec<_>>());
    }
    row("merged in pairs", &returns.merged);
    for (rate, on) in returns.quiet.iter().filter_map(|(rate, on)| Some((rate, (*on)?))) {
        writeln!(text, "{rate:.2} a day came back on day {on}").unwrap();
    }
    (text, beyond)
}

/// How many of what grew came back, and how soon.
#[expect(clippy::float_cmp, reason = "they are copies of the constants")]
pub(super) fn grown_table(returns: &Returns) -> String {
    let mut text = String::new();
    for growth in GROWTHS {
        let grown: Vec<_> = returns.grown.iter().filter(|(_, times, _)| *times == growth).collect();
        let early = grown.iter().filter(|(from, _, on)| on.is_some_and(|on| on < *from)).count();
        let mut delays: Vec<i64> = grown
            .iter()
            .filter_map(|(from, _, on)| Some((*on)? - from))
            .filter(|delay| *delay >= 0)
            .collect();
        delays.sort_unstable();
        let median = delays.get(delays.len() / 2);
        let (all, back) = (grown.len(), delays.len());
        writeln!(text, "| × {growth} | {all} | {early} | {back} | {median:?} |").unwrap();
    }
    text
}
