//! Groups statements that say the same, without a given number of groups.
//!
//! The distinct texts enter once each, in the order of their text. Each vector is moved toward its nearest
//! neighbors, which evens out wording, and clusters join by average distance up to a cut. Clusters too small to
//! matter dissolve; a text outside the groups enters the nearest one if it is as near as members are. Of many
//! texts a sample is grouped, the rest finds its group by nearness, and what is far from every group is sampled
//! again. The sample alone may be compared by contextual embeddings, which cost too much for every text.
//!
//! The same statements give the same groups in any order and with any number of threads.

pub mod baselines;
mod cluster;
mod divide;
mod draft;
mod granularity;
mod linkage;
mod matrix;
mod mean;
mod opposites;
mod texts;
mod translations;

pub use texts::Statement;

use crate::contrast::Signature;
use crate::fnv::hash_128;
use crate::language::Language;
use crate::vectors::dot;
use cluster::distances;
use divide::{Sample, divide};
use draft::{Draft, Place, assign, masses};
use matrix::Matrix;
use mean::{centered, common, of_centroids};
use std::cmp::Reverse;
use std::thread;
use texts::Texts;
use translations::Translations;

/// Settings of a grouping. The default is what the product uses everywhere.
#[derive(Clone, Debug)]
pub struct Options {
    /// What is added to the mean distance up to which clusters join, which follows from the data: more makes groups
    /// broader, less narrower.
    pub broader: f32,
    /// The least weight of a group, as a share of the root of the weight of all.
    pub least: f64,
    /// The distinct texts that are compared each with each; of more, a sample is.
    pub sample_max: usize,
    /// The most samples that are taken.
    pub rounds_max: usize,
    /// The threads to use. The result does not depend on it.
    pub threads: usize,
}

impl Default for Options {
    fn default() -> Self {
        let threads = thread::available_parallelism().map_or(1, usize::from);
        Self { broader: 0.0, least: 0.18, sample_max: 8192, rounds_max: 4, threads }
    }
}

/// Statements that say the same.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// The mean of the vectors of the distinct texts, brought to length 1.
    pub centroid: Vec<f32>,
    /// The similarity to the centroid from which a further statement belongs to the group.
    pub reach: f32,
    /// The sum of the weights of its statements.
    pub weight: u64,
    /// The side that its statements take of opposites: what says the contrary is not of the group.
    pub side: Signature,
}

/// A division of statements into groups.
#[derive(Clone, Debug, PartialEq)]
pub struct Grouping {
    /// The group of each statement, in the order given; `None` for what nobody else says.
    pub group_of: Vec<Option<u32>>,
    /// The groups, heaviest first.
    pub groups: Vec<Group>,
    /// A hash over every distinct text and its group: equal for equal divisions.
    pub hash: u128,
}

/// Statements as they are compared with one another.
#[derive(Clone, Debug, Default)]
pub struct Compared {
    /// Their contextual embeddings, of length 1.
    pub vectors: Vec<Vec<f32>>,
    /// Their languages, where these are known.
    pub languages: Vec<Option<Language>>,
}

/// Tells by what the statements at these positions are compared, in the same order.
pub type ContextualEmbeddings<'a> = dyn Fn(&[usize]) -> Compared + 'a;

/// Returns the group nearest to a text, given its vector and what it says, and the similarity to it, if the vector is
/// within its reach. A group that says the opposite is passed over.
pub fn nearest(groups: &[Group], vector: &[f32], said: Signature) -> Option<(usize, f32)> {
    let of_one_mind = groups.iter().enumerate().filter(|(_, group)| !group.side.contrasts(said));
    let similarities = of_one_mind.map(|(index, group)| (index, dot(&group.centroid, vector)));
    let (index, similarity) = similarities.reduce(|best, next| if next.1 > best.1 { next } else { best })?;
    (similarity >= groups[index].reach).then_some((index, similarity))
}

/// The mean distance between groups up to which they are under one theme.
const THEME_CUT: f32 = 0.7;

/// Brings groups, given by their centroids, under themes: a few broad subjects above them. Returns the theme of each
/// group, numbered by first group. Takes about n² steps.
pub fn themes(centroids: &[&[f32]]) -> Vec<u32> {
    if centroids.is_empty() {
        return Vec::new();
    }
    let mean = of_centroids(centroids);
    let vectors = centered(Matrix::of(centroids.iter().copied()), &mean);
    linkage::average(distances(&vectors, 1), THEME_CUT)
}

/// Groups statements. Takes about n² steps up to `sample_max` distinct texts, and grows linearly beyond. `contextual`
/// is asked for the vectors of a sample at a time.
pub fn group(
    statements: &[Statement<'_>],
    contextual: Option<&ContextualEmbeddings<'_>>,
    options: &Options,
) -> Grouping {
    let texts = Texts::of(statements, options.threads);
    let common_to_all = common(texts.vectors.iter().map(|vector| (*vector, 1.0)));
    let mut drafts: Vec<Draft> = Vec::new();
    let mut group_of: Vec<Option<u32>> = vec![None; texts.count()];
    for _ in 0..options.rounds_max {
        let open: Vec<usize> = (0..texts.count()).filter(|&row| group_of[row].is_none()).collect();
        let sample = texts.sample(&open, options.sample_max);
        let share = sample.len() as f64 / open.len() as f64;
        let found = match contextual {
            Some(contextual) => {
                let positions: Vec<usize> = sample.iter().map(|&row| texts.first[row]).collect();
                let Compared { vectors, languages } = contextual(&positions);
                let vectors = Matrix::of(vectors.iter().map(Vec::as_slice));
                let (translations, common) = translations(&vectors, &languages, options.threads);
                let sample =
                    Sample { rows: &sample, share, vectors, common: &common, translations: &translations };
                divide(&texts, &sample, options)
            }
            None => {
                let vectors = texts.matrix(&sample);
                let (common, translations) = (&common_to_all, &Translations::default());
                divide(&texts, &Sample { rows: &sample, share, vectors, common, translations }, options)
            }
        };
        if found.is_empty() {
            break;
        }
        let first = drafts.len();
        let sides: Vec<Signature> = found.iter().map(|rows| texts.side(rows)).collect();
        drafts.extend(
            found.iter().map(|rows| Draft::around(&texts.matrix(rows), &texts.copies(rows), &common_to_all)),
        );
        for (group, rows) in (number(first)..).zip(found) {
            for row in rows {
                group_of[row] = Some(group);
            }
        }
        if sample.len() == open.len() {
            break;
        }
        let loose: Vec<usize> = open.into_iter().filter(|&row| group_of[row].is_none()).collect();
        let places: Vec<Place<'_>> =
            drafts[first..].iter().zip(sides).map(|(draft, side)| Place { draft, side }).collect();
        for rows in loose.chunks(ASSIGNED_AT_ONCE) {
            let nearest = assign(&texts.matrix(rows), &texts.said(rows), &places, options.threads);
            for (&row, group) in rows.iter().zip(nearest) {
                group_of[row] = group.map(|group| number(first) + group);
            }
        }
    }
    finish(&texts, &drafts, &group_of)
}

/// Finds what says the same in several languages, and what the vectors have in common.
fn translations(
    vectors: &Matrix,
    languages: &[Option<Language>],
    threads: usize,
) -> (Translations, Vec<f32>) {
    let common_to = |shares: Vec<f64>| common((0..vectors.rows()).map(|row| vectors.row(row)).zip(shares));
    let of_all = common_to(vec![1.0; vectors.rows()]);
    if languages.windows(2).all(|pair| pair[0] == pair[1]) {
        return (Translations::default(), of_all);
    }
    let translations = Translations::find(&centered(vectors.clone(), &of_all), languages, threads);
    let common = common_to(translations.shares(vectors.rows()));
    (translations, common)
}

/// Rows that are compared with all centroids at a time.
const ASSIGNED_AT_ONCE: usize = 4096;

/// Returns the number of a group: there are fewer than texts, which lie in memory.
fn number(group: usize) -> u32 {
    u32::try_from(group).unwrap_or(u32::MAX)
}

/// Weighs the groups, orders them, and gives each statement its group.
fn finish(texts: &Texts<'_>, drafts: &[Draft], group_of: &[Option<u32>]) -> Grouping {
    let mut rows: Vec<Vec<usize>> = vec![Vec::new(); drafts.len()];
    for (row, group) in group_of.iter().enumerate() {
        if let Some(group) = group {
            rows[*group as usize].push(row);
        }
    }
    let weight = |group: usize| texts.weight(&rows[group]);
    let mut order: Vec<usize> = (0..drafts.len()).collect();
    order.sort_by_key(|&group| (Reverse(weight(group)), rows[group].first().copied()));
    let mut rank = vec![0; drafts.len()];
    for (place, &group) in order.iter().enumerate() {
        rank[group] = number(place);
    }
    let groups = order
        .iter()
        .map(|&group| Group {
            centroid: texts.matrix(&rows[group]).weighted_centroid(&masses(&texts.copies(&rows[group]))),
            reach: drafts[group].reach,
            weight: weight(group),
            side: texts.side(&rows[group]),
        })
        .collect();
    let ranked = |row: usize| group_of[row].map(|group| rank[group as usize]);
    let bytes = texts.folded.iter().enumerate().flat_map(|(row, text)| {
        let group = ranked(row).map_or(u32::MAX, |group| group);
        text.bytes().chain([0xff]).chain(group.to_le_bytes())
    });
    let hash = hash_128(bytes);
    Grouping { group_of: texts.row_of.iter().map(|&row| ranked(row)).collect(), groups, hash }
}
