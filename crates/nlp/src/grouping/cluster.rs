//! Clusters of vectors: moved toward their neighbors, then joined by average distance.

use super::granularity;
use super::linkage;
use super::matrix::{Matrix, Packed, for_each_product, largest};
use super::translations::Translations;
use crate::contrast::Signature;
use crate::vectors::normalize;

/// The share of a vector that stays its own when it moves toward its neighbors.
const OWN_SHARE: f32 = 0.3;

/// The number of times that it moves.
const MOVES: usize = 2;

/// The neighbors that it moves toward: a third of the root of the number of texts, between these.
const NEIGHBORS: (usize, usize) = (2, 10);

/// The nearness that a neighbor must be beyond to count at all, if there were next to no texts, and the number of
/// texts at which it is a quarter of that: among few, the nearest one may say something else.
const NEAR_OF_FEW: f32 = 0.7;
const FEW: f32 = 50.0;

/// The nearness below which what many say in the same words has no neighbor but itself; higher among few.
const NEAR_OF_MANY: f32 = 0.4;

/// The share of the root of the number of texts from which a cluster is large: its joins are counted with.
const LARGE: f32 = 0.18;

/// The distance of texts that say the opposite: that of vectors that point opposite ways.
const APART: f32 = 2.0;

/// How often texts are said, and what of opposites.
pub(super) struct Said<'a> {
    /// How often each is said, by the usual weight.
    pub(super) copies: &'a [f32],
    /// The copies from which a text is one that many say.
    pub(super) many: f32,
    /// What each says of opposites.
    pub(super) says: &'a [Signature],
    /// What says the same in other languages.
    pub(super) translations: &'a Translations,
}

impl Said<'_> {
    /// Returns how far a text is one that many say: 0 up to half as often, 1 from so often.
    fn by_many(&self, row: usize) -> f32 {
        (2.0 * self.copies[row] / self.many - 1.0).clamp(0.0, 1.0)
    }

    /// Takes those that say the opposite of a text out of its neighbors.
    fn take_out_opposites(&self, row: usize, products: &mut [f32]) {
        let own = self.says[row];
        if own.is_neutral() {
            return;
        }
        for (product, other) in products.iter_mut().zip(self.says) {
            if own.contrasts(*other) {
                *product = f32::NEG_INFINITY;
            }
        }
    }

    /// Sets texts that say the opposite as far apart as vectors can be.
    fn set_apart(&self, distances: &mut Matrix) {
        let takes_sides = |row: &usize| !self.says[*row].is_neutral();
        let rows: Vec<usize> = (0..self.says.len()).filter(takes_sides).collect();
        for &row in &rows {
            for &other in &rows {
                if self.says[row].contrasts(self.says[other]) {
                    distances.row_mut(row)[other] = APART;
                }
            }
        }
    }

    /// Returns what a text counts for where clusters are counted: one text does not make up a corpus.
    fn mass(&self, row: usize) -> f64 {
        f64::from(self.copies[row].min(self.many))
    }
}

/// Cuts vectors into clusters at the height that suits them, or so much above it. Returns the cluster of each row.
pub(super) fn cluster(mut vectors: Matrix, said: &Said<'_>, above: f32, threads: usize) -> Vec<u32> {
    let count = vectors.rows();
    if count < 2 {
        return vec![0; count];
    }
    let neighbors = neighbors(count);
    let few = (FEW / (count as f32 + FEW)).powi(2);
    let floor = few * NEAR_OF_FEW;
    let near_of_many = few + (1.0 - few) * NEAR_OF_MANY;
    let pull = |row: usize, nearness: f32| {
        let same = if nearness < near_of_many { said.by_many(row) } else { 0.0 };
        Pull { same, other: (1.0 - same) * ((nearness - floor) / (1.0 - floor)).max(0.0) }
    };
    for _ in 0..MOVES {
        let own = |row: usize, products: &mut [f32]| {
            said.take_out_opposites(row, products);
            said.translations.united(row, &vectors, products, neighbors)
        };
        vectors = moved(&vectors, neighbors, threads, own, pull);
    }
    let highest = granularity::CUT_MAX + above.max(0.0) + granularity::SETTLED_UP;
    let mut distances = distances(&vectors, threads);
    said.set_apart(&mut distances);
    let tree = linkage::tree(distances, highest);
    let clusters = tree.clusters(granularity::COUNTED_AT);
    let mut masses = vec![0.0; clusters.iter().max().map_or(0, |&last| last as usize + 1)];
    for (row, cluster) in clusters.into_iter().enumerate() {
        masses[cluster as usize] += said.mass(row);
    }
    let cut = granularity::cut(&masses, count) + above;
    let large = LARGE * (count as f32).sqrt();
    tree.clusters(granularity::settled(cut, &tree.large_joins(large)))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the root of a number of rows, rounded"
)]
fn neighbors(count: usize) -> usize {
    let neighbors = ((count as f64).sqrt() / 3.0).round() as usize;
    neighbors.clamp(NEIGHBORS.0, NEIGHBORS.1).min(count - 1)
}

/// Returns the cosine distance of each row to each.
pub(super) fn distances(vectors: &Matrix, threads: usize) -> Matrix {
    let count = vectors.rows();
    let mut distances = Matrix::zeros(count, count);
    for_each_product(vectors, &Packed::new(vectors), &mut distances, threads, |_, products, out| {
        for (out, product) in out.iter_mut().zip(products) {
            *out = 1.0 - *product;
        }
    });
    distances
}

/// What a neighbor does to a row, in shares of its place among the neighbors.
pub(super) struct Pull {
    /// The share that is left to the row itself.
    pub(super) same: f32,
    /// The share of the neighbor.
    pub(super) other: f32,
}

/// Moves every row toward the mean of its nearest others, given how much one of such a nearness pulls. `own` returns what
/// stands for the row, if that is not the row itself; those whose nearness it makes negative infinity are no neighbors.
pub(super) fn moved(
    vectors: &Matrix,
    neighbors: usize,
    threads: usize,
    own: impl Fn(usize, &mut [f32]) -> Option<Vec<f32>> + Sync,
    pull: impl Fn(usize, f32) -> Pull + Sync,
) -> Matrix {
    let mut out = Matrix::zeros(vectors.rows(), vectors.columns);
    for_each_product(vectors, &Packed::new(vectors), &mut out, threads, |row, products, out| {
        products[row] = f32::NEG_INFINITY;
        let united = own(row, products);
        let mut same = 0.0;
        for near in largest(products, neighbors) {
            let pull = pull(row, products[near]);
            same += pull.same;
            for (out, value) in out.iter_mut().zip(vectors.row(near)) {
                *out += pull.other * value;
            }
        }
        let share = (1.0 - OWN_SHARE) / neighbors as f32;
        let own = OWN_SHARE + share * same;
        for (out, value) in out.iter_mut().zip(united.as_deref().unwrap_or(vectors.row(row))) {
            *out = own * value + share * *out;
        }
        normalize(out);
    });
    out
}
