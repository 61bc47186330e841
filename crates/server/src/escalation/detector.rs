//! The detector: five likelihood ratios, each of one size of growth against quiet days, summed over all days on which
//! the growth may have begun (the Shiryaev-Roberts statistic), and their mean `M`.
//!
//! On a quiet day each ratio is 1 on average, given all before. So `M` less the number of days neither rises nor
//! falls on average, whatever the days are, and that it reaches `A` within `n` days has a chance of at most `n / A`.

/// The factors of growth that the detector tests.
const GROWTHS: [f64; 5] = [1.5, 2.0, 3.0, 5.0, 10.0];

/// A quiet day as the detector needs it: the logarithm of each likelihood ratio at `y` units is `base + slope * y`.
#[derive(Clone, Copy, Debug)]
pub(super) struct QuietDay {
    base: [f64; 5],
    slope: [f64; 5],
}

impl QuietDay {
    /// Makes a day of negative binomial units with this mean and a variance of `mean + mean * mean / dispersion`.
    pub(super) fn new(mean: f64, dispersion: f64) -> Self {
        let per_unit = GROWTHS.map(|growth| ((dispersion + mean) / (dispersion + growth * mean)).ln());
        let mut slope = per_unit;
        for (slope, growth) in slope.iter_mut().zip(GROWTHS) {
            *slope += growth.ln();
        }
        Self { base: per_unit.map(|ratio| dispersion * ratio), slope }
    }

    /// Returns the logarithms of the likelihood ratios.
    pub(super) fn ln_ratios(&self, units: u32) -> [f64; 5] {
        let mut ratios = self.base;
        for (ratio, slope) in ratios.iter_mut().zip(self.slope) {
            *ratio += slope * f64::from(units);
        }
        ratios
    }
}

/// The evidence of the days so far, in logarithms, since a real outbreak soon exceeds any number.
#[derive(Clone, Copy, Debug)]
pub(super) struct Detector {
    ln_sums: [f64; 5],
}

impl Detector {
    /// The state before the first day.
    pub(super) const NEW: Self = Self { ln_sums: [f64::NEG_INFINITY; 5] };

    /// Returns the state after one more day.
    pub(super) fn after(&self, day: &QuietDay, units: u32) -> Self {
        let mut ln_sums = day.ln_ratios(units);
        for (new, old) in ln_sums.iter_mut().zip(self.ln_sums) {
            // ln (1 + sum), without forming a sum that is too large
            *new += old.max(0.0) + (-old.abs()).exp().ln_1p();
        }
        Self { ln_sums }
    }

    /// Returns the logarithm of `M`.
    pub(super) fn ln_m(&self) -> f64 {
        let most = self.ln_sums.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = self.ln_sums.iter().map(|ln_sum| (ln_sum - most).exp()).sum();
        most + (sum / 5.0).ln()
    }

    /// Returns the smallest count with which `M` reaches the threshold on this day.
    pub(super) fn target(&self, day: &QuietDay, ln_threshold: f64) -> u32 {
        let reaches = |units| self.after(day, units).ln_m() >= ln_threshold;
        if reaches(0) {
            return 0;
        }
        let (mut below, mut reached) = (0, 1);
        while !reaches(reached) && reached < u32::MAX {
            (below, reached) = (reached, reached.saturating_mul(2));
        }
        while reached - below > 1 {
            let middle = below + (reached - below) / 2;
            if reaches(middle) {
                reached = middle;
            } else {
                below = middle;
            }
        }
        reached
    }
}
