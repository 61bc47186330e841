//! The comparison of two periods by the units that they brought, and the uncertainty of a share.

/// The quantile of the normal law beyond which 2.5 % lie: intervals hold 95 %.
const Z: f64 = 1.959_963_984_540_054;
/// The share of the likeliest value's chance below which a value is left out of a distribution.
const NEGLIGIBLE: f64 = 1e-25;

/// The units of a period, and its length in days.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Period {
    /// The number of units.
    pub units: u32,
    /// The days, of which the last may not be over.
    pub days: f64,
}

/// How many times as many units a day one period brought as another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ratio {
    /// The ratio; none if the other period brought no units.
    pub value: Option<f64>,
    /// The lower end of its 95 % interval.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// Computes the ratio of the units a day of two periods, whose days scatter by `dispersion`. Returns none if one of them
/// has no days, or both have no units.
pub fn ratio(recent: Period, before: Period, dispersion: f64) -> Option<Ratio> {
    if recent.days <= 0.0 || before.days <= 0.0 || recent.units + before.units == 0 {
        return None;
    }
    let (a, b) = (f64::from(recent.units), f64::from(before.units));
    let scale = before.days / recent.days;
    // half a unit more keeps the logarithm finite
    let center = ((a + 0.5) / (b + 0.5) * scale).ln();
    let spread = |units: f64, days: f64| 1.0 / (units + 0.5) + 1.0 / (dispersion * days);
    let error = Z * (spread(a, recent.days) + spread(b, before.days)).sqrt();
    Some(Ratio {
        value: (before.units > 0).then(|| a / b * scale),
        low: (center - error).exp(),
        high: (center + error).exp(),
    })
}

/// The chances that one of two periods with the same rate brings as many units, or more, and as many, or fewer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Chances {
    /// As many or more.
    pub more: f64,
    /// As many or fewer.
    pub fewer: f64,
}

/// Returns the chances of the units of the recent one of two periods, given the units of both together. Of negative
/// binomial numbers that follows the beta-binomial law.
pub fn chances(recent: Period, before: Period, dispersion: f64) -> Chances {
    if recent.days <= 0.0 || before.days <= 0.0 {
        return Chances { more: 1.0, fewer: 1.0 };
    }
    let n = recent.units + before.units;
    let (a, b) = (dispersion * recent.days, dispersion * before.days);
    // the chance of k + 1 divided by that of k
    let step = |k: u32| {
        let (k, left) = (f64::from(k), f64::from(n - k));
        left / (k + 1.0) * (k + a) / (left - 1.0 + b)
    };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and n")]
    let mode = (f64::from(n) * a / (a + b)).round() as u32;
    let (mut all, mut at_least, mut at_most) = (0.0, 0.0, 0.0);
    let mut add = |k: u32, chance: f64| {
        all += chance;
        at_least += if k >= recent.units { chance } else { 0.0 };
        at_most += if k <= recent.units { chance } else { 0.0 };
    };
    add(mode, 1.0);
    let (mut k, mut chance) = (mode, 1.0);
    while k < n && chance > NEGLIGIBLE {
        chance *= step(k);
        k += 1;
        add(k, chance);
    }
    (k, chance) = (mode, 1.0);
    while k > 0 && chance > NEGLIGIBLE {
        k -= 1;
        chance /= step(k);
        add(k, chance);
    }
    Chances { more: (at_least / all).min(1.0), fewer: (at_most / all).min(1.0) }
}

/// Returns the 95 % interval of a share, by Wilson's score. Of nothing it is everything.
pub fn share_interval(count: i64, of: i64) -> (f64, f64) {
    if of <= 0 {
        return (0.0, 1.0);
    }
    let (n, share) = (of as f64, count as f64 / of as f64);
    let middle = share + Z * Z / (2.0 * n);
    let error = Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
    let whole = 1.0 + Z * Z / n;
    // rounding may put an end beyond the share itself
    (((middle - error) / whole).clamp(0.0, share), ((middle + error) / whole).clamp(share, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn days(units: u32, days: f64) -> Period {
        Period { units, days }
    }

    #[test]
    fn without_scatter_it_is_the_binomial_test() {
        // five of five in one of two equal periods: 1 / 2^5
        let five = chances(days(5, 14.0), days(0, 14.0), 1e9);
        assert!((five.more - 0.03125).abs() < 1e-6 && (five.fewer - 1.0).abs() < 1e-12, "{five:?}");
        let none = chances(days(0, 14.0), days(0, 14.0), 5.0);
        assert_eq!((none.more, none.fewer), (1.0, 1.0));
        // days that scatter make the same difference likelier
        let [steady, scattered] =
            [50.0, 1.0].map(|dispersion| chances(days(40, 14.0), days(10, 14.0), dispersion).more);
        assert!(steady < scattered && scattered < 0.05, "{steady} {scattered}");
        // as many units in a third of the days are more
        assert!(chances(days(30, 4.0), days(30, 12.0), 5.0).more < 0.01);
        assert!(chances(days(1, 14.0), days(500_000, 14.0), 5.0).fewer < 1e-12);
    }

    #[test]
    fn a_ratio_lies_within_its_interval() {
        for (a, b) in [(1, 1), (40, 10), (3, 200), (5_000, 4_900)] {
            let ratio = ratio(days(a, 14.0), days(b, 7.0), 5.0).unwrap();
            let value = ratio.value.unwrap();
            assert!((value - f64::from(a) / f64::from(b) / 2.0).abs() < 1e-12);
            assert!(ratio.low < value && value < ratio.high, "{ratio:?}");
        }
        assert_eq!(ratio(days(9, 14.0), days(0, 14.0), 5.0).unwrap().value, None);
        assert_eq!(ratio(days(9, 14.0), days(0, 0.0), 5.0), None);
        assert_eq!(ratio(days(0, 14.0), days(0, 14.0), 5.0), None);
    }

    #[test]
    fn shares_have_the_interval_of_wilson() {
        let (low, high) = share_interval(10, 100);
        assert!((low - 0.0552).abs() < 1e-4 && (high - 0.1744).abs() < 1e-4, "{low} {high}");
        assert_eq!(share_interval(0, 0), (0.0, 1.0));
        assert!(share_interval(0, 10).0 == 0.0 && share_interval(0, 10).1 < 0.3);
    }
}
