//! The places of groups while these are made, and the assignment of texts to them.

use super::matrix::{Matrix, Packed, for_each_product, largest};
use crate::contrast::Signature;
use crate::vectors::dot;

/// The least nearness of a member beyond that of any text, as a share of what members have on average.
const MEMBER_SHARE: f32 = 0.4;

/// The place of a group while it is made.
pub(super) struct Draft {
    pub(super) centroid: Vec<f32>,
    /// The similarity to the centroid from which a text belongs to it.
    pub(super) reach: f32,
}

impl Draft {
    /// Places a group of just these members.
    pub(super) fn around(members: &Matrix, copies: &[f32], mean: &[f32]) -> Self {
        let placed = Self::and_nearness(members, copies, mean);
        placed.map_or_else(|| Self::alone(members, copies, mean), |(draft, _)| draft)
    }

    /// Makes a place that only what is very near belongs to.
    fn alone(members: &Matrix, copies: &[f32], mean: &[f32]) -> Self {
        let centroid = members.weighted_centroid(&masses(copies));
        let common = dot(&centroid, mean);
        Self { centroid, reach: common + MEMBER_SHARE * (1.0 - common) }
    }

    /// Places a cluster of members, each said so often. Returns the place, and the nearness of each member to the mean of
    /// the others and of its own copies. None if the members have no more in common than any texts.
    pub(super) fn and_nearness(members: &Matrix, copies: &[f32], mean: &[f32]) -> Option<(Self, Vec<f32>)> {
        if members.rows() == 1 {
            return Some((Self::alone(members, copies, mean), vec![1.0]));
        }
        let masses = masses(copies);
        let (sum, centroid) = (members.sum(&masses), members.weighted_centroid(&masses));
        let common = dot(&centroid, mean);
        let length = dot(&sum, &sum);
        let nearness = |row: usize| {
            let product = dot(members.row(row), &sum);
            (product - 1.0) / (length - 2.0 * product + 1.0).max(f32::EPSILON).sqrt()
        };
        let near: Vec<f32> = (0..members.rows()).map(nearness).collect();
        let above = dot(&near, &masses) / masses.iter().sum::<f32>() - common;
        (above > 0.0).then_some((Self { centroid, reach: common + MEMBER_SHARE * above }, near))
    }
}

/// Returns how much each member counts for in a mean, given how often it is said: the root of that, for else one of them
/// would stand for all.
pub(super) fn masses(copies: &[f32]) -> Vec<f32> {
    copies.iter().map(|copies| copies.sqrt()).collect()
}

/// A group to which rows are assigned.
pub(super) struct Place<'a> {
    pub(super) draft: &'a Draft,
    /// The side that its members take of opposites.
    pub(super) side: Signature,
}

/// Returns for each row, given what it says, the nearest group that does not say the opposite, if the row is within
/// its reach.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "positions, exact as f32 up to 2^24"
)]
pub(super) fn assign(
    vectors: &Matrix,
    said: &[Signature],
    groups: &[Place<'_>],
    threads: usize,
) -> Vec<Option<u32>> {
    if groups.is_empty() {
        return vec![None; vectors.rows()];
    }
    let centroids = Packed::new(&Matrix::of(groups.iter().map(|group| group.draft.centroid.as_slice())));
    // the nearest group of each row, and its similarity
    let mut near = Matrix::zeros(vectors.rows(), 2);
    for_each_product(vectors, &centroids, &mut near, threads, |row, products, out| {
        for (product, group) in products.iter_mut().zip(groups) {
            if group.side.contrasts(said[row]) {
                *product = f32::NEG_INFINITY;
            }
        }
        if let [group] = largest(products, 1)[..] {
            out.copy_from_slice(&[group as f32, products[group]]);
        }
    });
    let within = |near: &[f32]| {
        let group = groups.get(near[0] as usize)?;
        (near[1] >= group.draft.reach).then_some(near[0] as u32)
    };
    near.values.chunks_exact(2).map(within).collect()
}
