//! What people decided about insights as wholes binds every grouping: what was merged stays together, what was split
//! stays apart.

use super::vectors::Vectors;
use crate::ids::{InsightId, StatementId};
use crate::insights::statements::Statement;
use std::collections::{BTreeMap, HashMap, HashSet};

/// A group holds an insight that was split from another if at least this share of what proves it lies there.
const HELD_SHARE: f64 = 0.25;

/// The insights before a grouping, what proves them, and what people decided about them.
pub(crate) struct Bonds {
    /// The insights that each statement proves, by position.
    proves: HashMap<StatementId, Vec<usize>>,
    /// How many statements prove each.
    proofs: Vec<usize>,
    /// Those into which others were merged, and those that were split.
    decided: HashSet<usize>,
    /// Those that were split, both ways.
    apart: HashSet<(usize, usize)>,
}

/// A group as it is bound.
pub(crate) struct Bound {
    /// Positions of its statements.
    pub(crate) members: Vec<usize>,
    /// The groups that they were found in.
    pub(crate) found_in: Vec<usize>,
    /// Whether a decision gathered them.
    pub(crate) is_decided: bool,
}

impl Bonds {
    /// Of insights, given in the order of their numbers, with the statements that prove them.
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

    /// Divides groups, given as positions of statements, that hold what was split, and unites those that are mostly
    /// one decided insight's.
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

    /// The parts of a group, each with the decided insight that it belongs to, if it does.
    fn parts(
        &self,
        members: Vec<usize>,
        statements: &[Statement],
        vectors: &Vectors,
    ) -> Vec<(Option<usize>, Vec<usize>)> {
        let shares = self.shares(&members, statements);
        let all: usize = shares.values().sum();
        // of equals the older insight
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

    /// How many of the members prove each insight.
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

    /// The insights split from the one that has most of a group, if the group holds them as well.
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
            // of equals the first
            let nearest = (0..parts.len()).rev().max_by(|a, b| nearness(a).total_cmp(&nearness(b)));
            divided[nearest.unwrap_or_default()].push(member);
        }
        divided
    }
}
