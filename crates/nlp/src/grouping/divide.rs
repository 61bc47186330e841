//! A sample of texts, divided into groups.

use super::Options;
use super::cluster::{Said, cluster};
use super::draft::{Draft, Place, assign};
use super::matrix::Matrix;
use super::mean::centered;
use super::opposites;
use super::texts::Texts;
use super::translations::Translations;
use crate::contrast::Signature;

/// Rows that have no group yet.
pub(super) struct Sample<'a> {
    /// The rows.
    pub(super) rows: &'a [usize],
    /// The share of them among all that have no group.
    pub(super) share: f64,
    /// The vectors by which they are compared.
    pub(super) vectors: Matrix,
    /// What these have in common, or what these and others have.
    pub(super) common: &'a [f32],
    /// What says the same in other languages.
    pub(super) translations: &'a Translations,
}

/// Divides a sample into the rows of each group.
pub(super) fn divide(texts: &Texts<'_>, sample: &Sample<'_>, options: &Options) -> Vec<Vec<usize>> {
    let copies = texts.copies(sample.rows);
    let least = Least::of(texts, sample, options.least);
    let says = texts.said(sample.rows);
    let said = Said { copies: &copies, many: least.many, says: &says, translations: sample.translations };
    let vectors = centered(sample.vectors.clone(), sample.common);
    let clusters = cluster(vectors, &said, options.broader, options.threads);
    let mut members: Vec<Vec<usize>> =
        vec![Vec::new(); clusters.iter().max().map_or(0, |&last| last as usize + 1)];
    for (at, &cluster) in clusters.iter().enumerate() {
        members[cluster as usize].push(at);
    }
    let weighed = |at: usize| (says[at], texts.weights[sample.rows[at]]);
    let members = opposites::parted(members, &sample.vectors, weighed);
    let mut groups = Groups { drafts: Vec::new(), members: Vec::new() };
    for members in members {
        for left_out in groups.keep(texts, sample, &copies, &least, members) {
            // what many say in the same words is a group, whatever is near it
            if least.is_met_alone(texts, sample.rows[left_out]) {
                let vector = sample.vectors.pick(&[left_out]);
                groups.push(Draft::around(&vector, &[1.0], sample.common), vec![left_out]);
            }
        }
    }
    groups.take_in(texts, sample, options.threads);
    groups.take_sides(texts, sample);
    let rows = |members: &Vec<usize>| members.iter().map(|&at| sample.rows[at]).collect();
    groups.members.iter().map(rows).collect()
}

/// The groups that are found in a sample, each with the positions of its members there.
struct Groups {
    drafts: Vec<Draft>,
    members: Vec<Vec<usize>>,
}

impl Groups {
    fn push(&mut self, draft: Draft, members: Vec<usize>) {
        self.drafts.push(draft);
        self.members.push(members);
    }

    /// Keeps a cluster as a group if it weighs enough. Returns the members that it leaves out: those that are too far off,
    /// or all.
    fn keep(
        &mut self,
        texts: &Texts<'_>,
        sample: &Sample<'_>,
        copies: &[f32],
        least: &Least,
        members: Vec<usize>,
    ) -> Vec<usize> {
        let copies: Vec<f32> = members.iter().map(|&at| copies[at]).collect();
        let placed = Draft::and_nearness(&sample.vectors.pick(&members), &copies, sample.common);
        let Some((draft, near)) = placed else { return members };
        let (mut kept, mut left_out) = (Vec::new(), Vec::new());
        for (at, near) in members.into_iter().zip(near) {
            if near >= draft.reach { kept.push(at) } else { left_out.push(at) }
        }
        if least.is_met(texts, kept.iter().map(|&at| sample.rows[at])) {
            self.push(draft, kept);
        } else {
            left_out.extend(kept);
        }
        left_out
    }

    /// Takes in what is in no group, but within the reach of one that does not say the opposite.
    fn take_in(&mut self, texts: &Texts<'_>, sample: &Sample<'_>, threads: usize) {
        let mut is_loose = vec![true; sample.rows.len()];
        for &at in self.members.iter().flatten() {
            is_loose[at] = false;
        }
        let loose: Vec<usize> = (0..is_loose.len()).filter(|&at| is_loose[at]).collect();
        let says: Vec<Signature> = loose.iter().map(|&at| texts.says[sample.rows[at]]).collect();
        let places = self.places(texts, sample);
        let nearest = assign(&sample.vectors.pick(&loose), &says, &places, threads);
        for (at, group) in loose.into_iter().zip(nearest) {
            if let Some(group) = group {
                self.members[group as usize].push(at);
            }
        }
    }
}

impl Groups {
    fn places(&self, texts: &Texts<'_>, sample: &Sample<'_>) -> Vec<Place<'_>> {
        let side = |members: &[usize]| {
            let rows: Vec<usize> = members.iter().map(|&at| sample.rows[at]).collect();
            texts.side(&rows)
        };
        let places = self.drafts.iter().zip(&self.members);
        places.map(|(draft, members)| Place { draft, side: side(members) }).collect()
    }

    /// Adds groups of one text to those that take the same side of what it is about.
    fn take_sides(&mut self, texts: &Texts<'_>, sample: &Sample<'_>) {
        let places = self.places(texts, sample);
        let alone = (0..places.len()).filter(|&at| self.members[at].len() == 1);
        let moves: Vec<(usize, usize)> =
            alone.filter_map(|at| Some((at, opposites::company(at, &places)?))).collect();
        for (from, to) in moves {
            // where it went to may have gone itself
            if !self.members[to].is_empty() {
                let members = std::mem::take(&mut self.members[from]);
                self.members[to].extend(members);
            }
        }
        self.members.retain(|members| !members.is_empty());
    }
}

/// A group has at least this weight, and at least `Options::least` of the root of the weight of all: in a sample, of
/// the sample's share of that.
const WEIGHT_MIN: f64 = 3.0;

/// The least weights of groups.
struct Least {
    /// That of a group of several texts.
    several: f64,
    /// That of a text that is a group by itself.
    one: f64,
    /// The copies from which a text is one that many say.
    many: f32,
}

impl Least {
    /// If all is said twice, a group of several texts needs twice as much, so that no group comes of it.
    #[expect(clippy::cast_possible_truncation, reason = "rounds to the nearest")]
    fn of(texts: &Texts<'_>, sample: &Sample<'_>, least: f64) -> Self {
        let total = texts.weights.iter().sum::<u64>() as f64;
        let of_sample = texts.weight(sample.rows) as f64;
        let usual = texts.usual_weight as f64;
        let several = (sample.share * (total * usual).sqrt()).max((of_sample * usual).sqrt()) * least;
        Self {
            several: several.max(WEIGHT_MIN),
            one: (total.sqrt() * least).max(WEIGHT_MIN),
            many: (several / usual).max(WEIGHT_MIN) as f32,
        }
    }

    fn is_met(&self, texts: &Texts<'_>, mut rows: impl Iterator<Item = usize> + Clone) -> bool {
        let weight: u64 = rows.clone().map(|row| texts.weights[row]).sum();
        weight as f64 >= self.several || rows.any(|row| self.is_met_alone(texts, row))
    }

    fn is_met_alone(&self, texts: &Texts<'_>, row: usize) -> bool {
        texts.weights[row] as f64 >= self.one
    }
}
