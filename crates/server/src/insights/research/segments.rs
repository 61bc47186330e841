//! The statistical test that sessions of one kind are more frequent in an insight than elsewhere. Pure arithmetic.
//!
//! Contacts are the units, not sessions: one session of each contact is drawn, from those in the insight if there are
//! any. A contact who writes often is more likely to be in any insight, so contacts are compared with contacts that
//! have as many sessions. The test is Fisher's exact one over such strata, and tests that are made together are
//! corrected by Holm's method.

use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

/// The chance that a list of findings has any false one.
pub(crate) const ALPHA: f64 = 0.01;
/// The least units of a kind, in the insight and elsewhere together, for which it is tested.
const UNITS_MIN: usize = 5;
/// The number of sessions up to which contacts are compared with contacts of exactly as many; beyond, of about as many.
const SIZE_EXACT: usize = 8;
/// The share of the likeliest value's chance below which a value is left out of a distribution.
const NEGLIGIBLE: f64 = 1e-25;

/// A session as the test reads it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case {
    pub(crate) speaker: Uuid,
    /// The rank by which one of a contact's sessions is drawn, least first. It must be independent of the session's
    /// properties.
    pub(crate) order: u64,
    /// True if the session is in the insight.
    pub(crate) inside: bool,
    /// The cell: sessions are compared only with those of the same cell.
    pub(crate) cell: u64,
}

/// A draw of one session of each contact.
#[derive(Debug)]
pub(crate) struct Draw {
    /// The units by the session that was drawn: the stratum, and true if the unit is in the insight.
    units: HashMap<usize, (usize, bool)>,
    /// The number of units in each stratum, and of those in the insight.
    strata: Vec<(usize, usize)>,
}

/// The result of a test: the chances that the null hypothesis gives as much.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Test {
    /// The units in the insight that are of the kind.
    pub(crate) inside: usize,
    /// The chance of as many or more.
    pub(crate) upper: f64,
    /// The chance of as many or fewer.
    pub(crate) lower: f64,
}

impl Test {
    /// Returns the two-sided chance: twice the smaller one, at most 1.
    pub(crate) fn two_sided(&self) -> f64 {
        (2.0 * self.upper.min(self.lower)).min(1.0)
    }
}

impl Draw {
    /// Draws one session of each contact, and puts the contacts into strata.
    pub(crate) fn of(cases: &[Case]) -> Self {
        Self::of_sample(cases, |_, sessions| sessions)
    }

    /// Draws from a sample of the sessions. `size` gives the sessions that a contact has, of whom so many are in it.
    pub(crate) fn of_sample(cases: &[Case], size: impl Fn(Uuid, usize) -> usize) -> Self {
        let mut by_speaker: BTreeMap<Uuid, Vec<usize>> = BTreeMap::new();
        for (at, case) in cases.iter().enumerate() {
            by_speaker.entry(case.speaker).or_default().push(at);
        }
        let mut names: HashMap<(u32, u64), usize> = HashMap::new();
        let mut draw = Self { units: HashMap::new(), strata: Vec::new() };
        for (speaker, sessions) in &by_speaker {
            let inside = sessions.iter().any(|at| cases[*at].inside);
            let candidates = sessions.iter().filter(|at| cases[**at].inside == inside);
            let Some(&drawn) = candidates.min_by_key(|at| cases[**at].order) else { continue };
            let stratum = *names
                .entry((size_class(size(*speaker, sessions.len())), cases[drawn].cell))
                .or_insert_with(|| {
                    draw.strata.push((0, 0));
                    draw.strata.len() - 1
                });
            draw.strata[stratum].0 += 1;
            draw.strata[stratum].1 += usize::from(inside);
            draw.units.insert(drawn, (stratum, inside));
        }
        draw
    }

    /// Tests the sessions of one kind. Returns none if too few contacts have it, or all do: then no insight could show
    /// anything.
    pub(crate) fn test(&self, of_kind: &[usize]) -> Option<Test> {
        let mut marked = vec![0; self.strata.len()];
        let mut inside = 0;
        for (stratum, is_inside) in of_kind.iter().filter_map(|at| self.units.get(at)) {
            marked[*stratum] += 1;
            inside += usize::from(*is_inside);
        }
        let count: usize = marked.iter().sum();
        if count < UNITS_MIN || count == self.units.len() {
            return None;
        }
        let (mut first, mut likelihood) = (0, vec![1.0]);
        for ((total, drawn), marked) in self.strata.iter().zip(marked) {
            let (from, next) = hypergeometric(*total, marked, *drawn);
            first += from;
            likelihood = sum_of(&likelihood, &next);
        }
        let (lower, upper) = tails(first, &likelihood, inside);
        Some(Test { inside, upper, lower })
    }
}

#[expect(clippy::cast_possible_truncation, reason = "8 at most")]
fn size_class(sessions: usize) -> u32 {
    if sessions <= SIZE_EXACT {
        sessions as u32
    } else {
        SIZE_EXACT as u32 + (sessions / SIZE_EXACT).ilog2() + 1
    }
}

/// Computes the hypergeometric distribution of the marked units among `drawn` of `total`, `marked` of which are marked.
/// Returns the first value that has a chance, and the chances of the values from there on.
fn hypergeometric(total: usize, marked: usize, drawn: usize) -> (usize, Vec<f64>) {
    let (low, high) = ((drawn + marked).saturating_sub(total), drawn.min(marked));
    let mode = ((drawn + 1) * (marked + 1) / (total + 2)).clamp(low, high);
    // the chance of k + 1 divided by that of k
    let ratio = |k: usize| {
        let up = (marked - k) as f64 * (drawn - k) as f64;
        up / ((k + 1) as f64 * (total + k + 1 - marked - drawn) as f64)
    };
    let (mut below, mut above) = (Vec::new(), vec![1.0]);
    let mut k = mode;
    while k < high && above.last().is_some_and(|last| *last > NEGLIGIBLE) {
        above.push(above[k - mode] * ratio(k));
        k += 1;
    }
    let (mut k, mut last) = (mode, 1.0);
    while k > low && last > NEGLIGIBLE {
        k -= 1;
        last /= ratio(k);
        below.push(last);
    }
    let first = mode - below.len();
    below.reverse();
    below.extend(above);
    let sum: f64 = below.iter().sum();
    for chance in &mut below {
        *chance /= sum;
    }
    (first, below)
}

/// Returns the chances of `k` or fewer and of `k` or more marked units among `drawn` of `total`.
pub(super) fn hypergeometric_tails(total: usize, marked: usize, drawn: usize, k: usize) -> (f64, f64) {
    let (first, likelihood) = hypergeometric(total, marked, drawn);
    tails(first, &likelihood, k)
}

/// Returns the chances of `k` or fewer and of `k` or more. Values outside of the distribution count as impossible.
fn tails(first: usize, likelihood: &[f64], k: usize) -> (f64, f64) {
    let Some(at) = k.checked_sub(first) else { return (0.0, 1.0) };
    let sum = |range: &[f64]| range.iter().sum::<f64>().min(1.0);
    (sum(&likelihood[..(at + 1).min(likelihood.len())]), sum(&likelihood[at.min(likelihood.len())..]))
}

/// Returns the distribution of the sum of two independent variables.
fn sum_of(a: &[f64], b: &[f64]) -> Vec<f64> {
    let mut sum = vec![0.0; a.len() + b.len() - 1];
    for (i, x) in a.iter().enumerate().filter(|(_, x)| **x > 0.0) {
        for (j, y) in b.iter().enumerate() {
            sum[i + j] += x * y;
        }
    }
    sum
}

/// Corrects chances for `count` tests made together by Holm's method, which holds for any dependence between them.
/// Returns them in the order given.
pub(crate) fn holm(chances: &[f64], count: usize) -> Vec<f64> {
    let mut order: Vec<usize> = (0..chances.len()).collect();
    order.sort_by(|a, b| chances[*a].total_cmp(&chances[*b]));
    let mut corrected = vec![1.0; chances.len()];
    let mut highest: f64 = 0.0;
    for (rank, at) in order.into_iter().enumerate() {
        highest = highest.max(chances[at] * count.max(chances.len()).saturating_sub(rank) as f64).min(1.0);
        corrected[at] = highest;
    }
    corrected
}

#[cfg(test)]
mod tests {
    use super::*;
    use refrain_nlp::random::Random;

    fn shuffle<T>(items: &mut [T], random: &mut Random) {
        for i in (1..items.len()).rev() {
            let j = random.one_of(&(0..i + 1));
            items.swap(i, j);
        }
    }

    /// 2,000 sessions of contacts of whom a few write very often, 200 of them in the insight. Contacts keep their plan, and
    /// who writes often has one of its own; what each session is about varies.
    fn population(random: &mut Random) -> (Vec<Case>, Vec<Vec<usize>>) {
        let mut cases = Vec::new();
        let mut kinds: Vec<Vec<usize>> = vec![Vec::new(); 30];
        let mut contact = 0;
        while cases.len() < 2_000 {
            contact += 1;
            let often = random.below(20) == 0;
            let sessions = if often { 5 + random.below(30) } else { 1 + random.below(3) };
            let plan = if often { 0 } else { random.one_of(&(1..5)) };
            for n in 0..sessions.min(2_000 - cases.len() as u64) {
                let speaker = Uuid::from_u128(contact);
                kinds[plan].push(cases.len());
                kinds[random.one_of(&(5..10))].push(cases.len());
                kinds[random.one_of(&(10..28))].push(cases.len());
                // first and later sessions
                kinds[28 + usize::from(n > 0)].push(cases.len());
                cases.push(Case { speaker, order: random.below(u64::MAX), inside: false, cell: 0 });
            }
        }
        (cases, kinds)
    }

    fn put_inside(cases: &mut [Case], random: &mut Random) {
        let mut sessions: Vec<usize> = (0..cases.len()).collect();
        shuffle(&mut sessions, random);
        sessions.into_iter().take(200).for_each(|at| cases[at].inside = true);
    }

    fn found(cases: &[Case], kinds: &[Vec<usize>]) -> Vec<usize> {
        let draw = Draw::of(cases);
        let tested: Vec<(usize, f64)> =
            (0..kinds.len()).filter_map(|kind| Some((kind, draw.test(&kinds[kind])?.upper))).collect();
        let corrected = holm(&tested.iter().map(|(_, chance)| *chance).collect::<Vec<_>>(), tested.len());
        tested.iter().zip(corrected).filter(|(_, p)| *p <= ALPHA).map(|((kind, _), _)| *kind).collect()
    }

    /// Counts the reports that name any finding, on data in which every difference is by chance.
    fn false_reports(reports: usize) -> usize {
        let mut random = Random::new(1);
        let names_any = |_: &usize| {
            let (mut cases, kinds) = population(&mut random);
            put_inside(&mut cases, &mut random);
            !found(&cases, &kinds).is_empty()
        };
        (0..reports).filter(names_any).count()
    }

    #[test]
    fn on_shuffled_data_hardly_anything_is_found() {
        let count = false_reports(250);
        // at the rate that is promised, 2.5 are expected, and more than 9 come once in 4,000 times
        assert!(count <= 9, "{count} of 250");
    }

    #[test]
    #[ignore = "takes half a minute"]
    fn the_rate_that_is_promised_holds() {
        let count = false_reports(1_000);
        println!("{count} of 1000");
        assert!(count <= 10, "{count} of 1000");
    }

    #[test]
    fn what_is_planted_is_found() {
        let mut random = Random::new(2);
        for _ in 0..50 {
            let (mut cases, mut kinds) = population(&mut random);
            put_inside(&mut cases, &mut random);
            let planted = (0..cases.len())
                .filter(|at| random.below(100) < if cases[*at].inside { 60 } else { 10 })
                .collect();
            kinds.push(planted);
            let found = found(&cases, &kinds);
            assert!(found.contains(&(kinds.len() - 1)), "{found:?}");
        }
    }

    #[test]
    fn one_contact_that_writes_often_makes_no_segment() {
        let mut cases = Vec::new();
        for i in 0..400_u64 {
            // of the 50 sessions of the insight, 40 are one contact's
            let speaker = if i < 40 { 1_000 } else { u128::from(i) };
            cases.push(Case { speaker: Uuid::from_u128(speaker), order: i, inside: i < 50, cell: 0 });
        }
        let of_one: Vec<usize> = (0..40).chain([100, 150, 200, 250, 300]).collect();
        let chance = Draw::of(&cases).test(&of_one).map(|test| test.upper);
        assert!(chance.is_some_and(|chance| chance > 0.1), "{chance:?}");
    }

    #[test]
    fn chances_are_those_of_fisher() {
        // 3 of 4 cups, as in The Design of Experiments
        let (first, chances) = hypergeometric(8, 4, 4);
        assert_eq!((first, chances.len()), (0, 5));
        assert!((chances[3] + chances[4] - 17.0 / 70.0).abs() < 1e-12);
        for (total, marked, drawn) in [(1, 1, 1), (5, 0, 3), (5, 5, 3), (100_000, 30_000, 20_000)] {
            let sum: f64 = hypergeometric(total, marked, drawn).1.iter().sum();
            assert!((sum - 1.0).abs() < 1e-9, "{total} {marked} {drawn}: {sum}");
        }
    }

    #[test]
    fn chances_are_corrected_for_all_that_was_looked_at() {
        let close = |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-12);
        assert!(close(&holm(&[0.01, 0.04, 0.03], 3), &[0.03, 0.06, 0.06]));
        assert!(close(&holm(&[0.01], 20), &[0.2]));
        assert!(holm(&[], 3).is_empty());
    }
}
