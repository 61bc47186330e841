//! Estimation from a stratified sample: shares with 95 % intervals, where each stratum of the population was
//! sampled at random by itself.

/// The chance that an interval misses on one side.
const TAIL: f64 = 0.025;
/// Halvings after which an interval's end is as exact as it can be.
const HALVINGS: usize = 60;

/// One stratum and the result of a random sample of it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sample {
    /// The number of items in the stratum.
    pub(super) size: u64,
    /// The number of items in the sample.
    pub(super) judged: u64,
    /// The number of sampled items that have the property in question.
    pub(super) hits: u64,
}

/// A share of a population, between 0 and 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Share {
    /// The likeliest value.
    pub(super) estimate: f64,
    /// The lower end of its 95 % interval.
    pub(super) low: f64,
    /// The upper end of its 95 % interval.
    pub(super) high: f64,
}

/// Estimates the share of hits in one stratum. Returns none if nothing was judged. The interval is the exact one of
/// Clopper and Pearson (Biometrika 26, 1934), which holds at any share and any sample size. If everything was judged,
/// both ends are the share itself.
pub(super) fn share(sample: Sample) -> Option<Share> {
    if sample.judged == 0 {
        return None;
    }
    let Sample { size, judged, hits } = sample;
    let estimate = hits as f64 / judged as f64;
    if judged >= size {
        return Some(Share { estimate, low: estimate, high: estimate });
    }
    Some(Share { estimate, low: lower_end(hits, judged), high: 1.0 - lower_end(judged - hits, judged) })
}

/// Estimates the share of all hits in the population that lies in the first stratum. Returns none if a stratum that
/// is not empty has nothing judged, or if nothing was a hit.
///
/// With `T` the hits of the first stratum and `X` those of the others, a share is at least `r` where
/// `(1 - r) T - r X >= 0`. Both are sums of stratum sizes times shares, so this is a linear function of
/// independent binomial shares. Its limits are combined from the limits of each share by the square-and-add rule
/// of Zou, Huang and Zhang (Computational Statistics and Data Analysis 53, 2009, 1080-1085), here on the
/// intervals of [`share`]; an end of the interval is the `r` at which a limit is 0, as by Fieller. Where one
/// stratum outweighs the rest, this is the exact interval of that stratum's share.
pub(super) fn share_in_first(strata: &[Sample]) -> Option<Share> {
    let mut shares = Vec::new();
    for sample in strata.iter().filter(|sample| sample.size > 0) {
        shares.push((sample.size as f64, share(*sample)?));
    }
    if strata.first().is_none_or(|first| first.size == 0) {
        // nothing is there that could be a hit
        shares.insert(0, (0.0, Share { estimate: 0.0, low: 0.0, high: 0.0 }));
    }
    let (first, others) = shares.split_first()?;
    let hits = |(size, share): &(f64, Share)| size * share.estimate;
    let below = |(size, share): &(f64, Share)| size * (share.estimate - share.low);
    let above = |(size, share): &(f64, Share)| size * (share.high - share.estimate);
    let all_others: f64 = others.iter().map(hits).sum();
    if hits(first) + all_others == 0.0 {
        return None;
    }
    let square_sum = |of: &dyn Fn(&(f64, Share)) -> f64| others.iter().map(|s| of(s).powi(2)).sum::<f64>();
    let (others_below, others_above) = (square_sum(&below), square_sum(&above));
    let difference = |r: f64| (1.0 - r) * hits(first) - r * all_others;
    let add = |r: f64, of_first: f64, of_others: f64| {
        (((1.0 - r) * of_first).powi(2) + r.powi(2) * of_others).sqrt()
    };
    Some(Share {
        estimate: hits(first) / (hits(first) + all_others),
        low: last_true(0.0, 1.0, |r| difference(r) - add(r, below(first), others_above) >= 0.0),
        high: last_true(0.0, 1.0, |r| difference(r) + add(r, above(first), others_below) >= 0.0),
    })
}

/// Returns the share at which the chance of `hits` or more among `judged` is [`TAIL`].
fn lower_end(hits: u64, judged: u64) -> f64 {
    if hits == 0 {
        return 0.0;
    }
    let (n, k) = (judged as f64, hits as f64);
    let ln_choose: f64 = (1..=hits).map(|i| ((n - k + i as f64) / i as f64).ln()).sum();
    let tail = |p: f64| {
        let mut term = (ln_choose + k * p.ln() + (n - k) * (-p).ln_1p()).exp();
        let mut sum = term;
        for i in hits..judged {
            term *= (n - i as f64) / (i as f64 + 1.0) * p / (1.0 - p);
            sum += term;
            if term <= sum * f64::EPSILON {
                break;
            }
        }
        sum
    };
    last_true(0.0, k / n, |p| tail(p) < TAIL)
}

/// Finds the point between `low` and `high` up to which a condition holds, by halving. The condition must hold at
/// `low` and must not hold again once it failed.
fn last_true(mut low: f64, mut high: f64, holds: impl Fn(f64) -> bool) -> f64 {
    if holds(high) {
        return high;
    }
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(low, high);
        if holds(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::super::allocate;
    use super::*;
    use refrain_nlp::random::Random;

    #[track_caller]
    fn check(hits: u64, judged: u64, low: f64, high: f64) {
        let share = share(Sample { size: 1_000_000, judged, hits }).unwrap();
        assert!((share.low - low).abs() < 1e-4 && (share.high - high).abs() < 1e-4, "{share:?}");
    }

    #[test]
    fn intervals_of_one_stratum_are_those_of_the_tables() {
        check(0, 10, 0.0, 0.3085);
        check(5, 10, 0.1871, 0.8129);
        check(1, 100, 0.0003, 0.0545);
        check(10, 10, 0.6915, 1.0);
        check(2_500, 5_000, 0.4860, 0.5140);
    }

    #[test]
    #[expect(clippy::float_cmp, reason = "nothing is estimated")]
    fn what_was_judged_whole_is_known() {
        let whole = [(10, 9), (20, 1), (0, 0)];
        let strata = whole.map(|(size, hits)| Sample { size, judged: size, hits });
        let known = |share: Share, value: f64| {
            (share.low - value).abs() < 1e-9
                && (share.estimate - value).abs() < 1e-9
                && share.low == share.high
        };
        assert!(known(share(strata[0]).unwrap(), 0.9));
        let share = share_in_first(&strata).unwrap();
        assert!((share.low - 0.9).abs() < 1e-9 && (share.high - 0.9).abs() < 1e-9, "{share:?}");
    }

    #[test]
    fn what_nobody_judged_is_not_guessed() {
        let sample = |size, judged, hits| Sample { size, judged, hits };
        assert_eq!(share(sample(10, 0, 0)), None);
        assert_eq!(share_in_first(&[sample(10, 5, 5), sample(10, 0, 0)]), None);
        assert_eq!(share_in_first(&[sample(10, 5, 0), sample(10, 5, 0)]), None);
        assert_eq!(share_in_first(&[sample(0, 0, 0), sample(100, 10, 5)]).map(|share| share.high), Some(0.0));
        // nothing of a huge stratum was a hit, and yet it may hold most of them
        let share = share_in_first(&[sample(100, 50, 50), sample(10_000, 50, 0)]).unwrap();
        assert_eq!((share.estimate, share.high > 0.999), (1.0, true));
        assert!((share.low - 100.0 / (100.0 + 10_000.0 * 0.0711)).abs() < 0.01, "{share:?}");
    }

    /// The sizes of the four strata in thousands and the shares of hits in them, as measured on labeled sets,
    /// and some that are harder.
    const TRUTHS: &[([u64; 4], [f64; 4])] = &[
        ([30, 101, 6, 576], [0.692, 0.074, 0.092, 0.028]),
        ([107, 334, 8, 4_050], [0.410, 0.030, 0.025, 0.0018]),
        ([772, 798, 37, 2_890], [0.556, 0.449, 0.437, 0.172]),
        ([241, 515, 504, 3_237], [0.643, 0.224, 0.147, 0.055]),
        ([200, 800, 100, 8_900], [1.0, 0.0, 0.0, 0.0]),
        ([200, 800, 100, 8_900], [0.95, 0.02, 0.1, 0.0001]),
        ([200, 800, 100, 8_900], [0.9, 0.01, 0.02, 0.0003]),
        ([200, 800, 100, 8_900], [0.02, 0.01, 0.02, 0.002]),
        ([200, 0, 100, 9_700], [0.99, 0.0, 0.5, 0.001]),
    ];

    #[test]
    fn intervals_hold_the_truth_as_often_as_they_say() {
        const RUNS: u32 = 600;
        let mut random = Random::new(7);
        for (sizes, shares) in TRUTHS {
            let hits: Vec<f64> = sizes.iter().zip(shares).map(|(size, share)| *size as f64 * share).collect();
            let recall = hits[0] / hits.iter().sum::<f64>();
            for count in [60, 300] {
                let judged = allocate(&sizes.map(|size| size * 1_000), count);
                let (mut holds, mut holds_recall) = (0, 0);
                for _ in 0..RUNS {
                    let strata: Vec<Sample> = (0..4)
                        .map(|i| {
                            let is_hit =
                                |_: &u64| (random.below(1 << 53) as f64) < shares[i] * 2_f64.powi(53);
                            let hits = (0..judged[i]).filter(is_hit).count() as u64;
                            Sample { size: sizes[i] * 1_000, judged: judged[i], hits }
                        })
                        .collect();
                    let within =
                        |share: Share, truth: f64| share.low - 1e-9 <= truth && truth <= share.high + 1e-9;
                    holds += u32::from(within(share(strata[0]).unwrap(), shares[0]));
                    // that there is nothing to say is no wrong statement
                    holds_recall +=
                        u32::from(share_in_first(&strata).is_none_or(|share| within(share, recall)));
                }
                let least = RUNS * 93 / 100;
                assert!(
                    holds >= least && holds_recall >= least,
                    "{shares:?} {count}: {holds} {holds_recall}"
                );
            }
        }
    }
}
