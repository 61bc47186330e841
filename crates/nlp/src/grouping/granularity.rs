//! The height at which a tree of joins is cut: it follows from how many clusters there are.

use std::f64::consts::LN_2;

/// The cut at which the clusters of a corpus are counted.
pub(super) const COUNTED_AT: f32 = 0.60;

/// The cut of few texts, which say nothing of how many clusters there are.
const CUT_OF_FEW: f64 = 0.53;

/// The distinct texts at which a cut is halfway from that of few to what their clusters ask for.
const HALFWAY: f64 = 50.0;

/// The cut at so many clusters, and how much it falls if there are e times as many: a fixed cut finds too many groups
/// where there are few, and too few where there are many.
const CUT_AT: f64 = 0.575;
const CLUSTERS_AT: f64 = 10.0;
const SLOPE: f64 = 0.35;

/// The lowest and the highest cut.
const CUTS: (f64, f64) = (0.42, 0.64);

/// How far [`settled`] moves a cut, and what the way to a gap between joins takes from its width.
pub(super) const SETTLED_UP: f32 = 0.06;
const SETTLED_DOWN: f32 = 0.02;
const WAY_SHARE: f32 = 0.5;

/// The highest cut that [`cut`] returns with nothing added.
pub(super) const CUT_MAX: f32 = 0.64;

/// Returns the cut of a corpus of so many distinct texts, given the masses of its clusters at [`COUNTED_AT`].
#[expect(clippy::cast_possible_truncation, reason = "rounds to the nearest")]
pub(super) fn cut(masses: &[f64], texts: usize) -> f32 {
    let texts = texts as f64;
    let wanted = CUT_AT - SLOPE * ln(effective(masses).max(1.0) / CLUSTERS_AT);
    let wanted = wanted.clamp(CUTS.0, CUTS.1);
    (CUT_OF_FEW + (wanted - CUT_OF_FEW) * texts / (texts + HALFWAY)) as f32
}

/// Moves a cut, by [`SETTLED_DOWN`] or [`SETTLED_UP`] at most, to where the next join of large clusters is far in both
/// directions, so that a few texts more do not join or part them. It stays if it is well where it is.
pub(super) fn settled(cut: f32, large_joins: &[f32]) -> f32 {
    let (low, high) = (cut - SETTLED_DOWN, cut + SETTLED_UP);
    let within = large_joins.iter().copied().filter(|height| (low..high).contains(height));
    let (mut best, mut settled, mut from) = (f32::NEG_INFINITY, cut, low);
    for to in within.chain([high]) {
        let worth = (to - from) - WAY_SHARE * (cut.clamp(from, to) - cut).abs();
        if worth > best {
            best = worth;
            settled = if from < cut && cut < to { cut } else { f32::midpoint(from, to) };
        }
        from = to;
    }
    settled
}

/// Returns the number of clusters, each counted for as much as it holds: that of equal ones as mixed as these.
fn effective(masses: &[f64]) -> f64 {
    let all: f64 = masses.iter().sum();
    let squares: f64 = masses.iter().map(|mass| mass * mass).sum();
    if squares > 0.0 { all * all / squares } else { 1.0 }
}

/// Returns the natural logarithm of a positive number, by basic operations alone: the standard library's differs from
/// machine to machine.
pub(super) fn ln(number: f64) -> f64 {
    let mut number = number;
    let mut doublings = 0.0;
    while number >= 2.0 {
        number /= 2.0;
        doublings += 1.0;
    }
    while number < 1.0 {
        number *= 2.0;
        doublings -= 1.0;
    }
    // twice the area tangent of this, at most a third: each term of its series is a ninth of the one before
    let ratio = (number - 1.0) / (number + 1.0);
    let square = ratio * ratio;
    let series = (0..TERMS).rev().fold(0.0, |sum, term| sum * square + 1.0 / (2.0 * f64::from(term) + 1.0));
    doublings * LN_2 + 2.0 * ratio * series
}

/// The terms of the series beyond which nothing changes.
const TERMS: u32 = 18;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_logarithm_is_that_of_the_standard_library_but_for_the_last_bits() {
        for number in [0.001, 0.1, 0.5, 0.999, 1.0, 1.001, 1.999, 2.0, 3.3, 10.0, 98.7, 1e6, 1e18] {
            let (own, other) = (ln(number), f64::ln(number));
            assert!((own - other).abs() <= 4e-16 * other.abs().max(1.0), "{number}: {own} {other}");
        }
    }

    #[test]
    fn a_cut_settles_where_no_large_clusters_join() {
        let near = |cut: f32, joins: &[f32], expected: f32| {
            let found = settled(cut, joins);
            assert!((found - expected).abs() < 1e-5, "{cut} among {joins:?}: {found}");
        };
        near(0.5, &[], 0.5);
        near(0.5, &[0.3, 0.7], 0.5);
        near(0.5, &[0.499, 0.501], 0.5305);
        near(0.5, &[0.49, 0.55], 0.5);
        near(0.5, &[0.505, 0.51, 0.515, 0.52, 0.525, 0.53, 0.535, 0.54, 0.545], 0.5);
    }

    #[test]
    fn the_more_clusters_the_lower_the_cut() {
        let cuts = [1, 5, 10, 20, 40, 1_000].map(|clusters| cut(&vec![7.0; clusters], 10_000));
        assert!(cuts.is_sorted_by(|a, b| a >= b), "{cuts:?}");
        assert!((cuts[0] - 0.64).abs() < 0.001 && (cuts[5] - 0.42).abs() < 0.001, "{cuts:?}");
        assert!((cuts[2] - 0.575).abs() < 0.001, "{cuts:?}");
        // one large cluster is one, however many strays there are
        let strays = [vec![1_000.0], vec![1.0; 30]].concat();
        assert!(cut(&strays, 10_000) > 0.63);
        assert!((cut(&[1.0; 20], 0) - 0.53).abs() < 0.001 && (cut(&[], 0) - 0.53).abs() < 0.001);
    }
}
