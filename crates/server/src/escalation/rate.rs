//! The model of a quiet day: the weekday profile, the rate of an insight, and the dispersion of days around it.

use super::daily::Daily;
use serde::{Deserialize, Serialize};

/// The days before archiving from which the model is learned.
pub const WINDOW_DAYS: i64 = 56;

/// The least days of data for a weekday profile, and for an insight to count for the dispersion.
const DAYS_MIN: i64 = 14;
/// The least units of an insight that counts for the dispersion.
const UNITS_MIN: u32 = 10;
/// The dispersion as long as there are no data.
const DISPERSION_USUAL: f64 = 5.0;
/// The bounds of the dispersion: of days that scatter most, and of those that scatter little more than by chance.
const DISPERSION_RANGE: (f64, f64) = (1.0, 50.0);
/// The weight of the prior, in days of the median insight.
const PRIOR_DAYS: f64 = 0.5;
/// The 80 % quantile of the normal law, and that share.
const UPPER: (f64, f64) = (0.841_621_233_572_914_3, 0.8);

/// The factors of the weekdays, Monday first; their mean is 1.
pub type Profile = [f64; 7];

/// The baseline of an organization, for the records of insights archived now.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct OrgBaseline {
    /// The factors of its weekdays.
    pub profile: Profile,
    /// The median of the daily rates of its insights.
    pub prior_rate: f64,
    /// The dispersion of days: with mean `m` their variance is `m + m * m / dispersion`.
    pub dispersion: f64,
}

impl OrgBaseline {
    /// The baseline as long as there are no data.
    pub const USUAL: Self = Self { profile: [1.0; 7], prior_rate: 1.0, dispersion: DISPERSION_USUAL };
}

/// Computes the weekday profile before `today` from the whole weeks among the last 56 days since the first session.
/// Returns a flat one if there are fewer than 14 days.
pub fn weekday_profile(sessions: &Daily, today: i64) -> Profile {
    let days = (today - sessions.first_day).min(WINDOW_DAYS);
    if days < DAYS_MIN {
        return [1.0; 7];
    }
    let mut profile = [1.0; 7];
    for day in today - days / 7 * 7..today {
        profile[weekday(day)] += f64::from(sessions.on(day));
    }
    let mean = profile.iter().sum::<f64>() / 7.0;
    profile.map(|sum| sum / mean)
}

/// Returns the median daily rate of the insights that were seen, or 1 if none was. Each is given as
/// [`super::daily_units`].
pub fn prior_rate(insights: &[Vec<u32>]) -> f64 {
    let rate = |units: &Vec<u32>| sum(units) as f64 / units.len() as f64;
    let mut rates: Vec<f64> = insights.iter().filter(|units| sum(units) > 0).map(rate).collect();
    rates.sort_by(f64::total_cmp);
    match rates.len() {
        0 => 1.0,
        n => f64::midpoint(rates[(n - 1) / 2], rates[n / 2]),
    }
}

/// Estimates the dispersion, between 1 and 50, from insights with at least 14 days and 10 units, each around its own
/// mean. Each is given as [`super::daily_units`] before `today`.
pub fn dispersion(insights: &[Vec<u32>], today: i64, profile: &Profile) -> f64 {
    let (mut squares, mut excess) = (0.0, 0.0);
    for units in insights {
        let n = units.len() as f64;
        #[expect(clippy::cast_possible_wrap, reason = "a window has 56 days at most")]
        let days = today - units.len() as i64..today;
        if n < DAYS_MIN as f64 || sum(units) < u64::from(UNITS_MIN) {
            continue;
        }
        let rate = sum(units) as f64 / days.clone().map(|day| profile[weekday(day)]).sum::<f64>();
        for (day, y) in days.zip(units) {
            let (mean, y) = (rate * profile[weekday(day)], f64::from(*y));
            squares += mean * mean;
            excess += (y - mean).powi(2) * n / (n - 1.0) - y;
        }
    }
    let (low, high) = DISPERSION_RANGE;
    match (squares > 0.0, excess > 0.0) {
        (false, _) => DISPERSION_USUAL,
        (true, false) => high,
        (true, true) => (squares / excess).clamp(low, high),
    }
}

/// Returns the daily rate that is exceeded with a chance of one in five, given `units` on days of this total weight.
/// The rate errs high, so that the bound on false returns holds for insights with few data; for the same reason the
/// prior never lowers an insight's own rate.
pub(super) fn upper_rate(units: u64, weight: f64, prior_rate: f64) -> f64 {
    let own_rate = if weight > 0.0 { units as f64 / weight } else { 0.0 };
    gamma_quantile(PRIOR_DAYS + units as f64) / (PRIOR_DAYS / prior_rate.max(own_rate) + weight)
}

/// Returns the weekday of a day, from Monday, 0.
#[expect(clippy::cast_possible_truncation, reason = "0 to 6")]
pub(super) const fn weekday(day: i64) -> usize {
    (day + 3).rem_euclid(7) as usize
}

fn sum(units: &[u32]) -> u64 {
    units.iter().copied().map(u64::from).sum()
}

/// Returns the 80 % quantile of the Gamma law with this shape and rate 1: the approximation of Wilson and Hilferty
/// (1931), then Newton's method.
pub(super) fn gamma_quantile(shape: f64) -> f64 {
    let (z, share) = UPPER;
    let ninth = 1.0 / (9.0 * shape);
    let mut x = shape * (1.0 - ninth + z * ninth.sqrt()).powi(3);
    let ln_gamma = ln_gamma(shape);
    for _ in 0..20 {
        let density = ((shape - 1.0) * x.ln() - x - ln_gamma).exp();
        // the share below x is a series of positive terms
        let mut term = density * x / shape;
        let (mut below, mut n) = (term, shape);
        while term > below * f64::EPSILON {
            n += 1.0;
            term *= x / n;
            below += term;
        }
        let step = (below - share) / density;
        x -= step;
        if step.abs() <= 1e-14 * x {
            break;
        }
    }
    x
}

/// Returns the logarithm of the gamma function, by Stirling's series from 15 on, where that is exact.
fn ln_gamma(x: f64) -> f64 {
    let (mut x, mut product) = (x, 1.0_f64);
    while x < 15.0 {
        product *= x;
        x += 1.0;
    }
    let inverse = 1.0 / x;
    let square = inverse * inverse;
    let series = inverse * (1.0 / 12.0 - square * (1.0 / 360.0 - square * (1.0 / 1260.0 - square / 1680.0)));
    (x - 0.5) * x.ln() - x + 0.5 * std::f64::consts::TAU.ln() + series - product.ln()
}
