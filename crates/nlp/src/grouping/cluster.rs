//! Clusters of vectors: moved toward their neighbors, then joined by average distance.

use super::linkage;
use super::matrix::{Matrix, Packed, for_each_product, largest};
use crate::vectors::normalize;

/// The number of texts that stand for "everything in general" when the mean is taken.
const MEAN_HOLD: f64 = 30.0;

/// The share of a vector that stays its own when it moves toward its neighbors.
const OWN_SHARE: f32 = 0.3;

/// The number of times that it moves.
const MOVES: usize = 2;

/// The neighbors that it moves toward: a third of the root of the number of texts, between these.
const NEIGHBORS: (usize, usize) = (2, 10);

/// Returns the mean, held back while vectors are few: what they have in common says nothing about any.
#[expect(clippy::cast_possible_truncation, reason = "rounds to the nearest")]
pub(super) fn mean<'a>(vectors: impl Iterator<Item = &'a [f32]>) -> Vec<f32> {
    let mut sums: Vec<f64> = Vec::new();
    let mut count = 0.0;
    for vector in vectors {
        sums.resize(vector.len(), 0.0);
        for (sum, &value) in sums.iter_mut().zip(vector) {
            *sum += f64::from(value);
        }
        count += 1.0;
    }
    sums.iter().map(|sum| (sum / (count + MEAN_HOLD)) as f32).collect()
}

/// Takes the mean out of every vector; one of zeros points nowhere, and stays.
pub(super) fn centered(mut vectors: Matrix, mean: &[f32]) -> Matrix {
    for row in 0..vectors.rows() {
        let vector = vectors.row_mut(row);
        if vector.iter().all(|&value| value == 0.0) {
            continue;
        }
        for (value, mean) in vector.iter_mut().zip(mean) {
            *value -= mean;
        }
        normalize(vector);
    }
    vectors
}

/// Cuts vectors into clusters at a mean distance. Returns the cluster of each row.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the root of a number of rows, rounded"
)]
pub(super) fn cluster(mut vectors: Matrix, cut: f32, threads: usize) -> Vec<u32> {
    let count = vectors.rows();
    if count < 2 {
        return vec![0; count];
    }
    let neighbors = ((count as f64).sqrt() / 3.0).round() as usize;
    let neighbors = neighbors.clamp(NEIGHBORS.0, NEIGHBORS.1).min(count - 1);
    for _ in 0..MOVES {
        vectors = moved(&vectors, neighbors, threads, |nearness| nearness.max(0.0));
    }
    linkage::average(distances(&vectors, threads), cut)
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

/// Moves every row toward the mean of its nearest others, each counting for what `count` makes of its nearness.
pub(super) fn moved(vectors: &Matrix, neighbors: usize, threads: usize, count: fn(f32) -> f32) -> Matrix {
    let mut out = Matrix::zeros(vectors.rows(), vectors.columns);
    for_each_product(vectors, &Packed::new(vectors), &mut out, threads, |row, products, out| {
        products[row] = f32::NEG_INFINITY;
        for near in largest(products, neighbors) {
            let count = count(products[near]);
            for (out, value) in out.iter_mut().zip(vectors.row(near)) {
                *out += count * value;
            }
        }
        let share = (1.0 - OWN_SHARE) / neighbors as f32;
        for (out, value) in out.iter_mut().zip(vectors.row(row)) {
            *out = OWN_SHARE * value + share * *out;
        }
        normalize(out);
    });
    out
}
