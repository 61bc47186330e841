//! Plain methods that [`super::group`] is compared with.

use super::cluster::{Pull, distances, moved};
use super::linkage;
use super::matrix::{Matrix, Packed, for_each_product, largest};
use super::texts::Statement;
use crate::fnv::hash_128;
use crate::random::Random;
use crate::vectors::{dot, normalize};
use std::collections::{BTreeMap, HashMap};

/// The most statements that a baseline takes: it holds the square matrix of their distances.
pub const STATEMENTS_MAX: usize = 20_000;

const OWN_NEIGHBORS: usize = 20;
const CUT: f32 = 0.30;
const SMALL_COUNT: f64 = 5.0;
const SMALL_SHARE: f64 = 0.007;
const ITERATIONS_MAX: usize = 50;
const TERMS: usize = 2_048;

/// The reference method: each vector becomes 0.3 of itself and 0.7 of the mean of its 20 nearest; average linkage
/// up to a cosine distance of 0.30; clusters below 5 and 0.7 % join the nearest that is larger. Returns the cluster
/// of each statement.
pub fn reference(statements: &[Statement<'_>], threads: usize) -> Vec<u32> {
    let vectors = matrix(statements);
    let neighbors = OWN_NEIGHBORS.min(vectors.rows().saturating_sub(1));
    if neighbors == 0 {
        return vec![0; vectors.rows()];
    }
    let vectors = moved(&vectors, neighbors, threads, |_, _| None, |_, _| Pull { same: 0.0, other: 1.0 });
    let clusters = linkage::average(distances(&vectors, threads), CUT);
    absorb(&vectors, clusters)
}

fn matrix(statements: &[Statement<'_>]) -> Matrix {
    Matrix::of(statements.iter().map(|statement| statement.vector))
}

/// Joins the members of small clusters with the nearest centroid of the others.
fn absorb(vectors: &Matrix, clusters: Vec<u32>) -> Vec<u32> {
    let mut members: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for (row, cluster) in clusters.iter().enumerate() {
        members.entry(*cluster).or_default().push(row);
    }
    let least = SMALL_COUNT.max(SMALL_SHARE * clusters.len() as f64);
    members.retain(|_, rows| rows.len() as f64 >= least);
    let centroids: Vec<(u32, Vec<f32>)> =
        members.iter().map(|(cluster, rows)| (*cluster, vectors.pick(rows).centroid())).collect();
    if centroids.is_empty() {
        return clusters;
    }
    let mut absorbed = clusters;
    for (row, cluster) in
        absorbed.iter_mut().enumerate().filter(|(_, cluster)| !members.contains_key(*cluster))
    {
        let nearness = |centroid: &Vec<f32>| dot(centroid, vectors.row(row));
        let nearest = centroids.iter().max_by(|a, b| nearness(&a.1).total_cmp(&nearness(&b.1)));
        *cluster = nearest.map_or(*cluster, |nearest| nearest.0);
    }
    absorbed
}

/// Runs spherical k-means with a given number of clusters, from k-means++ seeds drawn by a fixed sequence. Returns
/// the cluster of each statement.
pub fn k_means(statements: &[Statement<'_>], count: usize, threads: usize) -> Vec<u32> {
    let vectors = matrix(statements);
    let mut centroids = seeds(&vectors, count);
    let mut clusters = vec![0; vectors.rows()];
    for _ in 0..ITERATIONS_MAX {
        let nearest = nearest_rows(&vectors, &centroids, threads);
        let is_same = nearest == clusters;
        clusters = nearest;
        if is_same {
            break;
        }
        let mut members = vec![Vec::new(); centroids.rows()];
        for (row, cluster) in clusters.iter().enumerate() {
            members[*cluster as usize].push(row);
        }
        for (cluster, rows) in members.iter().enumerate().filter(|(_, rows)| !rows.is_empty()) {
            centroids.row_mut(cluster).copy_from_slice(&vectors.pick(rows).centroid());
        }
    }
    clusters
}

/// Returns the nearest centroid of each row.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "positions, exact as f32 up to 2^24"
)]
fn nearest_rows(vectors: &Matrix, centroids: &Matrix, threads: usize) -> Vec<u32> {
    let mut nearest = Matrix::zeros(vectors.rows(), 1);
    for_each_product(vectors, &Packed::new(centroids), &mut nearest, threads, |_, products, out| {
        out[0] = largest(products, 1).first().map_or(0.0, |row| *row as f32);
    });
    nearest.values.iter().map(|row| *row as u32).collect()
}

/// Draws seeds, with the square of their distance to those drawn before.
fn seeds(vectors: &Matrix, count: usize) -> Matrix {
    let mut chosen = Vec::new();
    let mut far = vec![1.0_f64; vectors.rows()];
    let mut random = Random::new(0);
    for _ in 0..count.min(vectors.rows()) {
        let at = random.fraction() * far.iter().sum::<f64>();
        let mut before = 0.0;
        let row = far.iter().position(|distance| {
            before += distance;
            before >= at
        });
        let row = row.unwrap_or(vectors.rows() - 1);
        let seed = vectors.row(row);
        for (row, far) in far.iter_mut().enumerate() {
            *far = far.min(f64::from(1.0 - dot(seed, vectors.row(row))).max(0.0).powi(2));
        }
        chosen.push(row);
    }
    vectors.pick(&chosen)
}

/// Returns TF-IDF vectors of words and pairs of words, hashed into 2,048 dimensions, of length 1.
pub fn tf_idf(texts: &[&str]) -> Vec<Vec<f32>> {
    let terms: Vec<Vec<usize>> = texts.iter().map(|text| terms(text)).collect();
    let mut documents: HashMap<usize, f32> = HashMap::new();
    for terms in &terms {
        let mut distinct = terms.clone();
        distinct.sort_unstable();
        distinct.dedup();
        for term in distinct {
            *documents.entry(term).or_default() += 1.0;
        }
    }
    let vector = |terms: &Vec<usize>| {
        let mut vector = vec![0.0; TERMS];
        for term in terms {
            vector[*term] += (texts.len() as f32 / documents[term]).ln();
        }
        normalize(&mut vector);
        vector
    };
    terms.iter().map(vector).collect()
}

fn terms(text: &str) -> Vec<usize> {
    let lower = text.to_lowercase();
    let words: Vec<&str> =
        lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let bucket = |term: String| (hash_128(term.bytes()) % TERMS as u128) as usize;
    let pairs = words.windows(2).map(|pair| bucket(pair.join(" ")));
    words.iter().map(|word| bucket((*word).to_owned())).chain(pairs).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXTS: [&str; 12] = [
        "where is the refund",
        "the refund is late",
        "refund late, where is it",
        "is the refund on the way",
        "refund still late",
        "where does the refund stay",
        "reset my password",
        "my password forgot me",
        "password reset now",
        "reset my old password",
        "forgot my password",
        "my password needs a reset",
    ];

    #[test]
    fn two_things_said_are_two_clusters() {
        let vectors = tf_idf(&TEXTS);
        let statements: Vec<Statement<'_>> = TEXTS
            .iter()
            .zip(&vectors)
            .map(|(text, vector)| Statement { text, vector, weight: 1, speaker: 0 })
            .collect();
        let clusters = k_means(&statements, 2, 1);
        assert!(clusters[..6].iter().all(|cluster| *cluster == clusters[0]), "{clusters:?}");
        assert!(clusters[6..].iter().all(|cluster| *cluster == 1 - clusters[0]), "{clusters:?}");
        assert_eq!(reference(&statements, 1).len(), 12);
        assert!(reference(&[], 1).is_empty() && k_means(&[], 3, 1).is_empty());
    }
}
