//! The mean of vectors, which is what they have in common: taken out before they are compared.
//!
//! Of few texts it says nothing about any, so it is held to the mean of texts in general. A corpus about one thing has
//! most in common where it says that thing, so there the mean of texts in general is taken out instead.

use super::matrix::Matrix;
use crate::encoders::{english, static_embedding};
use crate::vectors::normalize;

/// The number of texts that "everything in general" counts for when a mean is taken.
const HOLD: f64 = 30.0;

/// The length of the mean of unit vectors up to which a corpus is about several things, and from which about one.
/// Beyond the mean in general, those of public corpora have 0.20 to 0.48, of single issues 0.43 to 0.82, 0.66 most often.
const SEVERAL: f64 = 0.5;
const ONE: f64 = 0.65;

/// The means of texts in general among static and among contextual embeddings.
static IN_GENERAL: &[u8] = include_bytes!("../../models/general/mean.f32");

/// Returns what the vectors have in common, by which they are not told apart, given what each counts for.
pub(super) fn common<'a>(vectors: impl Iterator<Item = (&'a [f32], f64)>) -> Vec<f32> {
    let mut vectors = vectors.peekable();
    let dimensions = vectors.peek().map_or(0, |(row, _)| row.len());
    let general = in_general(dimensions);
    let (mut places, mut directions) = (Sum::of(dimensions), Sum::of(dimensions));
    let mut direction = vec![0.0; dimensions];
    for (vector, share) in vectors {
        places.add(vector, share);
        direction.copy_from_slice(vector);
        center(&mut direction, &general);
        directions.add(&direction, share);
    }
    let shared = directions.mean_held_to(&vec![0.0; dimensions]);
    let length = shared.iter().map(|value| f64::from(*value) * f64::from(*value)).sum::<f64>().sqrt();
    let share = ((ONE - length) / (ONE - SEVERAL)).clamp(0.0, 1.0);
    let own = places.mean_held_to(&general);
    own.iter().zip(general).map(|(own, general)| blend(general, *own, share)).collect()
}

/// Returns the mean of centroids, held back while there are few.
pub(super) fn of_centroids(centroids: &[&[f32]]) -> Vec<f32> {
    let dimensions = centroids.first().map_or(0, |centroid| centroid.len());
    let mut sum = Sum::of(dimensions);
    for centroid in centroids {
        sum.add(centroid, 1.0);
    }
    sum.mean_held_to(&vec![0.0; dimensions])
}

#[expect(clippy::cast_possible_truncation, reason = "rounds to the nearest")]
fn blend(general: f32, own: f32, share: f64) -> f32 {
    (f64::from(general) + share * (f64::from(own) - f64::from(general))) as f32
}

/// A sum of vectors.
struct Sum {
    values: Vec<f64>,
    count: f64,
}

impl Sum {
    fn of(dimensions: usize) -> Self {
        Self { values: vec![0.0; dimensions], count: 0.0 }
    }

    fn add(&mut self, vector: &[f32], share: f64) {
        for (sum, &value) in self.values.iter_mut().zip(vector) {
            *sum += share * f64::from(value);
        }
        self.count += share;
    }

    /// Returns the mean, held to another while vectors are few.
    #[expect(clippy::cast_possible_truncation, reason = "rounds to the nearest")]
    fn mean_held_to(&self, other: &[f32]) -> Vec<f32> {
        let held = |(sum, &value): (&f64, &f32)| (sum + HOLD * f64::from(value)) / (self.count + HOLD);
        self.values.iter().zip(other).map(|pair| held(pair) as f32).collect()
    }
}

/// Returns the mean of texts in general: zeros where vectors are of no encoder here.
fn in_general(dimensions: usize) -> Vec<f32> {
    let (static_mean, contextual_mean) = IN_GENERAL.split_at(4 * static_embedding::DIMENSIONS);
    let bytes = match dimensions {
        static_embedding::DIMENSIONS => static_mean,
        english::DIMENSIONS => contextual_mean,
        _ => return vec![0.0; dimensions],
    };
    bytes.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
}

/// Takes the mean out of every vector.
pub(super) fn centered(mut vectors: Matrix, mean: &[f32]) -> Matrix {
    for row in 0..vectors.rows() {
        center(vectors.row_mut(row), mean);
    }
    vectors
}

/// Takes the mean out of a vector, and brings it to length 1; one of zeros points nowhere, and stays.
fn center(vector: &mut [f32], mean: &[f32]) {
    if vector.iter().all(|&value| value == 0.0) {
        return;
    }
    for (value, mean) in vector.iter_mut().zip(mean) {
        *value -= mean;
    }
    normalize(vector);
}
