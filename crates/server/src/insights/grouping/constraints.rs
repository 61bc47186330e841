//! Constraints on the grouping from what people decided about whole insights: merged insights must link, split ones
//! cannot link.

use super::vectors::Vectors;
use crate::ids::{InsightId, StatementId};
use crate::insights::statements::Statement;
use std::collections::{BTreeMap, HashMap, HashSet};

/// The share of an insight's proofs from which a group holds the insight, so that a cannot-link constraint applies.
const HELD_SHARE: f64 = 0.25;

/// The insights before a grouping, the statements that prove them, and the constraints between them.
pub(crate) struct Bonds {
    /// The positions of the insights that each statement proves.
    proves: HashMap<StatementId, Vec<usize>>,
    /// The number of statements that prove each insight.
    proofs: Vec<usize>,
    /// The insights into which others were merged, and those that were split.
    decided: HashSet<usize>,
    /// The cannot-link pairs, both ways.
    apart: HashSet<(usize, usize)>,
}

/// A group after the constraints were applied.
pub(crate) struct Bound {
    /// The positions of its statements.
    pub(crate) members: Vec<usize>,
    /// The positions of the groups that its statements come from.
    pub(crate) found_in: Vec<usize>,
    /// True if the group is an insight that people merged or split.
    pub(crate) is_decided: bool,
}

impl Bonds {
    /// Collects the constraints. `insights` are in the order of their numbers, `joined` have must-link constraints,
    /// `apart` are the cannot-link pairs, and `proofs` are the statements that prove each insight.
    pub(crate) fn new(
        insights: &[InsightId],
        joined: impl Iterator<Item = InsightId>,
        apart: &[(InsightId, InsightId)],
        proofs: impl Iterator<Item = (InsightId, StatementId)>,
    ) -> Self {
        let at: HashMap<InsightId, usize> = insights.iter().enumerate().map(|(i, id)| (*id, i)).collect();
        let pairs = apart.iter().filter_map(|(a, b)| Some((*at.get(a)?, *at.get(b)?)));
        let apart: HashSet<(usize, usize)> = pairs.flat_map(|(a, b)| [(a, b), (b, a)]).collect();
        let joined = joined.filter_map(|id| at.get(&id).copied());
        let mut bonds = Self {
            proves: HashMap::new(),
            proofs: vec![0; insights.len()],
            decided: joined.chain(apart.iter().map(|(one, _)| *one)).collect(),
            apart,
        };
        for (insight, statement) in proofs {
            if let Some(i) = at.get(&insight) {
                bonds.proves.entry(statement).or_default().push(*i);
                bonds.proofs[*i] += 1;
            }
        }
        bonds
    }

    /// Applies the constraints to groups, given as positions of statements: divides groups that hold both sides of a
    /// split, and unites groups that belong mostly to one decided insight.
    pub(crate) fn apply(
        &self,
        groups: Vec<Vec<usize>>,
        statements: &[Statement],
        vectors: &Vectors,
    ) -> Vec<Bound> {
        let mut bound: Vec<Bound> = Vec::new();
        let mut decided: BTreeMap<usize, usize> = BTreeMap::new();
        for (found_in, members) in groups.into_iter().enumerate() {
            for (insight, mut members) in self.parts(members, statements, vectors) {
                let is_decided = insight.is_some();
                match insight.and_then(|insight| decided.get(&insight)) {
                    Some(at) => {
                        bound[*at].members.append(&mut members);
                        bound[*at].found_in.push(found_in);
                    }
                    None => {
                        decided.extend(insight.map(|insight| (insight, bound.len())));
                        bound.push(Bound { members, found_in: vec![found_in], is_decided });
                    }
                }
            }
        }
        bound
    }

    /// Divides a group into parts, each with the decided insight that it belongs to, if any.
    fn parts(
        &self,
        members: Vec<usize>,
        statements: &[Statement],
        vectors: &Vectors,
    ) -> Vec<(Option<usize>, Vec<usize>)> {
        let shares = self.shares(&members, statements);
        let all: usize = shares.values().sum();
        // a tie goes to the older insight
        let Some((most, count)) = shares.iter().rev().max_by_key(|(_, count)| **count) else {
            return vec![(None, members)];
        };
        let held = self.held_apart(*most, &shares);
        if held.is_empty() {
            let is_decided = self.decided.contains(most) && 2 * count >= all;
            return vec![(is_decided.then_some(*most), members)];
        }
        let parts = [&[*most], &held[..]].concat();
        let divided = self.divide(&parts, members, statements, vectors);
        parts.into_iter().map(Some).zip(divided).collect()
    }

    /// Counts the members that prove each insight.
    fn shares(&self, members: &[usize], statements: &[Statement]) -> BTreeMap<usize, usize> {
        let mut shares = BTreeMap::new();
        for insight in members.iter().flat_map(|member| self.proved(&statements[*member])) {
            *shares.entry(*insight).or_default() += 1;
        }
        shares
    }

    fn proved(&self, statement: &Statement) -> &[usize] {
        self.proves.get(&statement.id).map_or(&[], Vec::as_slice)
    }

    /// Returns the insights that cannot link with the one that has most of a group, if the group holds them as well.
    fn held_apart(&self, most: usize, shares: &BTreeMap<usize, usize>) -> Vec<usize> {
        let is_held = |(insight, count): &(&usize, &usize)| {
            let proofs = self.proofs[**insight] as f64;
            self.apart.contains(&(most, **insight)) && **count as f64 >= HELD_SHARE * proofs
        };
        shares.iter().filter(is_held).map(|(insight, _)| *insight).collect()
    }

    /// Gives each part the members that prove it alone, and the others to the part that they are nearest to.
    fn divide(
        &self,
        parts: &[usize],
        members: Vec<usize>,
        statements: &[Statement],
        vectors: &Vectors,
    ) -> Vec<Vec<usize>> {
        let mut divided: Vec<Vec<usize>> = vec![Vec::new(); parts.len()];
        let mut open = Vec::new();
        for member in members {
            let proved = self.proved(&statements[member]);
            let mut of = (0..parts.len()).filter(|at| proved.contains(&parts[*at]));
            match (of.next(), of.next()) {
                (Some(at), None) => divided[at].push(member),
                _ => open.push(member),
            }
        }
        let centroids: Vec<Vec<f32>> = divided.iter().map(|sure| vectors.centroid(sure)).collect();
        for member in open {
            let nearness = |at: &usize| vectors.similarity(member, &centroids[*at]);
            // a tie goes to the first part
            let nearest = (0..parts.len()).rev().max_by(|a, b| nearness(a).total_cmp(&nearness(b)));
            divided[nearest.unwrap_or_default()].push(member);
        }
        divided
    }
}
