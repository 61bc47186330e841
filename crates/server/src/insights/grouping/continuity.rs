//! Continuity across groupings: the matching of old insights with new groups.

use std::collections::HashMap;

/// Matches old sets with new ones by shared members: the pair that shares most first, each side once.
/// `old[i]` and `new[j]` list members, each once. Ties go to the lower old, then the lower new position, so the
/// positions must not depend on chance. Returns for each old set its new one. Makes one pass over the members, then
/// sorts the pairs that share any.
pub(super) fn continuations<M: Copy + Eq + std::hash::Hash>(
    old: &[Vec<M>],
    new: &[Vec<M>],
) -> Vec<Option<usize>> {
    let mut continued = vec![None; old.len()];
    let mut taken = vec![false; new.len()];
    for (_, i, j) in shared(old, new) {
        if continued[i].is_none() && !taken[j] {
            continued[i] = Some(j);
            taken[j] = true;
        }
    }
    continued
}

/// Returns for each old set the new one that shares most with it, even if another old set continues as that.
pub(super) fn successors<M: Copy + Eq + std::hash::Hash>(
    old: &[Vec<M>],
    new: &[Vec<M>],
) -> Vec<Option<usize>> {
    let mut successors = vec![None; old.len()];
    for (_, i, j) in shared(old, new) {
        successors[i].get_or_insert(j);
    }
    successors
}

/// Returns the pairs that share members as (count, old, new), most first.
fn shared<M: Copy + Eq + std::hash::Hash>(old: &[Vec<M>], new: &[Vec<M>]) -> Vec<(usize, usize, usize)> {
    let mut holders: HashMap<M, Vec<usize>> = HashMap::new();
    for (j, members) in new.iter().enumerate() {
        for member in members {
            holders.entry(*member).or_default().push(j);
        }
    }
    let mut counts: HashMap<(usize, usize), usize> = HashMap::new();
    for (i, members) in old.iter().enumerate() {
        for j in members.iter().filter_map(|member| holders.get(member)).flatten() {
            *counts.entry((i, *j)).or_default() += 1;
        }
    }
    let mut pairs: Vec<_> = counts.into_iter().map(|((i, j), count)| (count, i, j)).collect();
    pairs.sort_unstable_by_key(|(count, i, j)| (std::cmp::Reverse(*count), *i, *j));
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_larger_part_goes_on_and_the_rest_is_succeeded() {
        let old = [vec![1, 2, 3, 4, 5], vec![6, 7], vec![8]];
        let new = [vec![4, 5], vec![1, 2, 3, 6, 7], vec![9]];
        assert_eq!(continuations(&old, &new), [Some(1), None, None]);
        assert_eq!(successors(&old, &new), [Some(1), Some(1), None]);
    }

    #[test]
    fn equal_parts_go_to_the_earlier() {
        let old = [vec![1, 2], vec![3, 4]];
        assert_eq!(continuations(&old, &[vec![1, 3], vec![2, 4]]), [Some(0), Some(1)]);
    }
}
