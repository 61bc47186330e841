//! Clusters whose members say the opposite of each other, parted: to embeddings "I was charged" and "I was not charged"
//! are the same.

use super::draft::Place;
use super::matrix::Matrix;
use crate::contrast::{Parted, Signature, part};
use crate::vectors::dot;

/// The share of the heavier side from which the lighter one is a group of its own, that has its part of what takes no
/// side: below it, those are a few stray texts.
const GROUP_SHARE: u64 = 4;

/// Parts clusters of rows until each is of one mind, given what each row says and weighs. A row that takes no side
/// stays with the nearer one.
pub(super) fn parted(
    clusters: Vec<Vec<usize>>,
    vectors: &Matrix,
    said: impl Fn(usize) -> (Signature, u64),
) -> Vec<Vec<usize>> {
    let mut open = clusters;
    open.reverse();
    let mut whole = Vec::new();
    while let Some(cluster) = open.pop() {
        let members: Vec<(Signature, u64)> = cluster.iter().map(|&row| said(row)).collect();
        match part(&members) {
            None => whole.push(cluster),
            Some(parted) => {
                let weight = |side: &[usize]| side.iter().map(|&member| members[member].1).sum::<u64>();
                let are_groups = weight(&parted.lighter) * GROUP_SHARE >= weight(&parted.heavier);
                let [heavier, lighter] = sides(&cluster, &parted, vectors, are_groups);
                open.push(lighter);
                open.push(heavier);
            }
        }
    }
    whole
}

/// Returns the rows of both sides, those that take none with the nearer one or with the heavier.
fn sides(cluster: &[usize], parted: &Parted, vectors: &Matrix, are_groups: bool) -> [Vec<usize>; 2] {
    let rows = |side: &[usize]| side.iter().map(|&member| cluster[member]).collect::<Vec<usize>>();
    let (mut heavier, mut lighter) = (rows(&parted.heavier), rows(&parted.lighter));
    let places = [vectors.pick(&heavier).centroid(), vectors.pick(&lighter).centroid()];
    for row in rows(&parted.neutral) {
        let near = |place: &[f32]| dot(vectors.row(row), place);
        if are_groups && near(&places[1]) > near(&places[0]) {
            lighter.push(row);
        } else {
            heavier.push(row);
        }
    }
    heavier.sort_unstable();
    lighter.sort_unstable();
    [heavier, lighter]
}

/// Finds the group that a group of one text goes with, if others take its side of a dispute that it is nearest to: who
/// says the opposite of a group belongs to those who say so already. None if there is no such dispute.
pub(super) fn company(at: usize, places: &[Place<'_>]) -> Option<usize> {
    let side = places[at].side;
    if side.is_neutral() {
        return None;
    }
    let near = nearest(at, places, |other| other != at)?;
    if places[near].side.agrees(side) {
        let is_disputed = places.iter().any(|other| other.side.contrasts(places[near].side));
        return is_disputed.then_some(near);
    }
    if !places[near].side.contrasts(side) {
        return None;
    }
    nearest(at, places, |other| {
        other != at
            && places[other].side.agrees(side)
            && places[other].side.contrasts(places[near].side)
            && nearest(other, places, |next| next != other && next != at) == Some(near)
    })
}

/// Returns the nearest of some groups to a group; of equals the first.
fn nearest(at: usize, places: &[Place<'_>], is_meant: impl Fn(usize) -> bool) -> Option<usize> {
    let meant = (0..places.len()).filter(|&other| is_meant(other));
    let near = meant.map(|other| (other, dot(&places[at].draft.centroid, &places[other].draft.centroid)));
    near.reduce(|best, next| if next.1 > best.1 { next } else { best }).map(|(other, _)| other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grouping::draft::Draft;

    #[test]
    fn a_cluster_of_opposites_is_two() {
        let texts =
            ["Cancel my plan", "End my plan", "My plan", "Renew my plan", "Extend my plan", "The plan"];
        let places: [[f32; 2]; 6] = [[1.0, 0.0], [1.0, 0.0], [0.9, 0.4], [0.0, 1.0], [0.0, 1.0], [0.4, 0.9]];
        let vectors = Matrix::of(places.iter().map(<[f32; 2]>::as_slice));
        let said = |row: usize| (Signature::of(texts[row]), 3);
        let whole = parted(vec![vec![0, 1, 2, 3, 4, 5]], &vectors, said);
        assert_eq!(whole, [vec![3, 4, 5], vec![0, 1, 2]]);
        assert_eq!(parted(vec![vec![0, 1], vec![3]], &vectors, said), [vec![0, 1], vec![3]]);
    }

    #[test]
    fn who_denies_a_group_goes_with_those_who_deny_it() {
        let check = |texts: [&str; 4], places: [[f32; 2]; 4], expected: Option<usize>| {
            let drafts = places.map(|place| Draft { centroid: place.to_vec(), reach: 0.9 });
            let sides =
                drafts.iter().zip(texts).map(|(draft, text)| Place { draft, side: Signature::of(text) });
            assert_eq!(company(0, &sides.collect::<Vec<_>>()), expected, "{texts:?}");
        };
        let (own, other) = ("You have not charged my card", "I was not charged");
        let near = [[1.0, 0.0], [0.8, 0.6], [0.6, 0.8], [0.0, 1.0]];
        check([own, "I was charged twice", other, "My plan"], near, Some(2));
        check([own, other, "I was charged twice", "My plan"], near, Some(1));
        check([own, other, "My plan", "My card"], near, None);
        check([own, "My plan", other, "I was charged twice"], near, None);
    }
}
