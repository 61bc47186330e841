//! The distribution of the units of several quiet days together.

/// The share of quiet periods in a band.
const BAND: f64 = 0.9;
/// The units up to which chances are summed up one by one.
const UNITS_MAX: u32 = 1_000_000;

/// Returns the bounds between which the units of quiet days with these means lie together, nine times in ten.
pub fn band(means: &[f64], dispersion: f64) -> (u32, u32) {
    let tail = f64::midpoint(1.0, -BAND);
    let (mut low, mut high) = (None, UNITS_MAX);
    for (units, below) in (0..UNITS_MAX).zip(chances(means, dispersion)) {
        if low.is_none() && below > tail {
            low = Some(units);
        }
        if below >= 1.0 - tail {
            high = units;
            break;
        }
    }
    (low.unwrap_or(high), high)
}

/// Returns the chance that quiet days with these means bring at most `units` together.
pub fn chance_of_at_most(units: u32, means: &[f64], dispersion: f64) -> f64 {
    chances(means, dispersion).nth(units.min(UNITS_MAX) as usize).map_or(1.0, |chance| chance.min(1.0))
}

/// Yields for 0, 1, 2, … units the chance of at most as many, by the negative binomial law with the mean and the
/// variance of the days together.
fn chances(means: &[f64], dispersion: f64) -> impl Iterator<Item = f64> {
    let mean: f64 = means.iter().sum();
    let excess: f64 = means.iter().map(|mean| mean * mean / dispersion).sum();
    // without excess there are no units
    let k = if excess > 0.0 { mean * mean / excess } else { 1.0 };
    let ratio = (mean / (k + mean)).ln();
    let mut ln_chance = k * (k / (k + mean)).ln();
    let mut sum = 0.0;
    (0_u32..).map(move |units| {
        sum += ln_chance.exp();
        ln_chance += ratio + ((k + f64::from(units)) / (f64::from(units) + 1.0)).ln();
        sum
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_one_day_it_is_the_negative_binomial_law() {
        // k = 1 is the geometric law: at most y with a chance of 1 - (m / (1 + m)) ^ (y + 1)
        for (mean, units) in [(0.5_f64, 0), (0.5, 3), (10.0, 7), (300.0, 900)] {
            let expected = 1.0 - (mean / (1.0 + mean)).powi(units + 1);
            let chance = chance_of_at_most(units.unsigned_abs(), &[mean], 1.0);
            assert!((chance - expected).abs() < 1e-9, "{mean} {units}: {chance} {expected}");
        }
    }

    #[test]
    fn bands_hold_nine_in_ten_and_days_together_are_steadier() {
        assert_eq!(band(&[0.0], 5.0), (0, 0));
        let (low, high) = band(&[10.0; 7], 5.0);
        let (least, most) = band(&[70.0], 5.0);
        assert!(least < low && low < 70 && 70 < high && high < most, "{low} {high} {least} {most}");
        let below = chance_of_at_most(low - 1, &[10.0; 7], 5.0);
        assert!((0.03..=0.05).contains(&below), "{below}");
    }
}
