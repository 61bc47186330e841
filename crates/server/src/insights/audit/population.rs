//! All statements that can be drawn, by the places where they lie, and pairs drawn from them.

use super::places::{Insights, Member, Page, Place};
use super::{Pair, STRATA, Stratum, allocate};
use crate::db::{Db, sql};
use crate::error::Result;
use crate::ids::OrgId;
use anyhow::Context;
use refrain_nlp::language::Language;
use refrain_nlp::random::Random;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

/// The draws after which the search ends in a stratum that has hardly a pair of two persons.
const DRAWS_MAX: u64 = 20_000_000;

/// The statements of one place. All pairs between two blocks are of one stratum.
struct Block {
    place: Place,
    members: Range<usize>,
    /// The blocks with which this block has other than far pairs, in order.
    near: Vec<usize>,
}

/// All statements that can be drawn.
pub(super) struct Population {
    grouping: i64,
    insights: Insights,
    /// The statements, block by block.
    members: Vec<Member>,
    blocks: Vec<Block>,
}

impl Population {
    /// Reads the population from one snapshot, page by page.
    pub(super) async fn load(db: &Db, org_id: OrgId, language: Option<Language>) -> Result<Self> {
        let mut tx = db.patient(org_id).snapshot().await?;
        let query = sql("select grouping_version from orgs where id = $1").bind(org_id);
        let (grouping,) = tx.fetch_one(query).await?;
        let insights = Arc::new(Insights::load(&mut tx, org_id).await?);
        let mut places: BTreeMap<Place, Vec<Member>> = BTreeMap::new();
        let mut last = None;
        loop {
            let page = Page::load(&mut tx, org_id, language, last).await?;
            let Some(end) = page.statements.last() else { break };
            last = Some(end.id);
            let insights = Arc::clone(&insights);
            let placed = tokio::task::spawn_blocking(move || page.place(&insights)).await;
            for (place, member) in placed.context("placing statements")? {
                places.entry(place).or_default().push(member);
            }
        }
        let insights = Arc::into_inner(insights).context("placing statements")?;
        Ok(Self::of(grouping, insights, places))
    }

    fn of(grouping: i64, insights: Insights, places: BTreeMap<Place, Vec<Member>>) -> Self {
        let mut members: Vec<Member> = Vec::new();
        let mut blocks: Vec<Block> = Vec::new();
        let mut block_at: HashMap<Place, usize> = HashMap::new();
        for (place, of_place) in places {
            block_at.insert(place, blocks.len());
            let start = members.len();
            members.extend(of_place.into_iter().map(|member| Member { block: blocks.len(), ..member }));
            blocks.push(Block { place, members: start..members.len(), near: Vec::new() });
        }
        for block in &mut blocks {
            let neighbors = block.place.insight.map_or(&[][..], |at| insights.neighbors[at].as_slice());
            let near = neighbors
                .iter()
                .flat_map(|at| [true, false].map(|is_linked| Place { insight: Some(*at), is_linked }));
            block.near = near.filter_map(|place| block_at.get(&place).copied()).collect();
            block.near.sort_unstable();
        }
        Self { grouping, insights, members, blocks }
    }

    /// Returns the stratum of the pairs between two blocks.
    fn stratum(&self, a: usize, b: usize) -> Stratum {
        let (block, other) = (&self.blocks[a], &self.blocks[b]);
        if block.near.binary_search(&b).is_err() {
            Stratum::Far
        } else if !block.place.is_linked || !other.place.is_linked {
            Stratum::Unlinked
        } else if a == b {
            Stratum::Together
        } else {
            Stratum::Near
        }
    }

    /// Counts the statements that make a pair of this stratum with one of a block, itself and its person's included.
    fn partners(&self, block: usize, stratum: Stratum) -> u64 {
        let near = &self.blocks[block].near;
        let count = |of: &dyn Fn(usize) -> bool| -> u64 {
            near.iter()
                .filter(|other| of(**other))
                .map(|other| self.blocks[*other].members.len() as u64)
                .sum()
        };
        match stratum {
            Stratum::Far => self.members.len() as u64 - count(&|_| true),
            _ => count(&|other| self.stratum(block, other) == stratum),
        }
    }

    /// Counts the pairs of two persons in each stratum.
    fn sizes(&self) -> [u64; 4] {
        let mut ordered = STRATA.map(|stratum| {
            (0..self.blocks.len())
                .map(|block| self.blocks[block].members.len() as u64 * self.partners(block, stratum))
                .sum::<u64>()
        });
        // less the pairs of a person's own statements, each with itself included
        let mut by_person: Vec<([u8; 16], usize)> =
            self.members.iter().map(|member| (member.person, member.block)).collect();
        by_person.sort_unstable();
        for own in by_person.chunk_by(|a, b| a.0 == b.0) {
            let runs: Vec<&[_]> = own.chunk_by(|a, b| a.1 == b.1).collect();
            for a in &runs {
                for b in &runs {
                    let stratum = self.stratum(a[0].1, b[0].1);
                    ordered[stratum as usize] -= (a.len() * b.len()) as u64;
                }
            }
        }
        ordered.map(|pairs| pairs / 2)
    }

    pub(super) fn draw(&self, count: u64, seed: u64) -> Vec<Pair> {
        let sizes = self.sizes();
        let mut random = Random::new(seed);
        let mut pairs = Vec::new();
        for (stratum, count) in STRATA.into_iter().zip(allocate(&sizes, count)) {
            for (a, b) in self.draw_from(stratum, count, &mut random) {
                pairs.push(Pair {
                    grouping: self.grouping,
                    sizes,
                    stratum,
                    statements: [a, b].map(|at| self.members[at].id),
                    insights: [a, b].map(|at| {
                        let place = self.blocks[self.members[at].block].place;
                        place.insight.filter(|_| place.is_linked).map(|at| self.insights.numbers[at])
                    }),
                });
            }
        }
        for i in (1..pairs.len()).rev() {
            pairs.swap(i, random.one_of(&(0..i + 1)));
        }
        pairs
    }

    /// Draws distinct pairs of a stratum, all equally likely. Returns fewer than `count` if it runs out of draws.
    fn draw_from(&self, stratum: Stratum, count: u64, random: &mut Random) -> Vec<(usize, usize)> {
        // the first statement is weighted by the number of its partners; the second is any of these
        let mut sum = 0;
        let sums: Vec<u64> = (0..self.blocks.len())
            .map(|block| {
                sum += self.blocks[block].members.len() as u64 * self.partners(block, stratum);
                sum
            })
            .collect();
        let mut drawn = HashSet::new();
        let mut pairs = Vec::new();
        let mut draws = 0;
        while (pairs.len() as u64) < count && draws < DRAWS_MAX {
            let at = random.below(sum);
            let block = sums.partition_point(|sum| *sum <= at);
            let a = random.one_of(&self.blocks[block].members);
            let b = loop {
                draws += 1;
                match stratum {
                    Stratum::Far => {
                        let b = random.one_of(&(0..self.members.len()));
                        if self.stratum(block, self.members[b].block) == Stratum::Far {
                            break b;
                        }
                    }
                    _ => break self.any_near(block, stratum, random),
                }
            };
            if self.members[a].person != self.members[b].person && drawn.insert((a.min(b), a.max(b))) {
                pairs.push((a, b));
            }
        }
        pairs
    }

    /// Draws a statement that makes a pair of this stratum with one of a block. The stratum must not be the far one.
    #[expect(clippy::cast_possible_truncation, reason = "a number of statements in memory")]
    fn any_near(&self, block: usize, stratum: Stratum, random: &mut Random) -> usize {
        let mut at = random.below(self.partners(block, stratum)) as usize;
        for other in self.blocks[block].near.iter().filter(|other| self.stratum(block, **other) == stratum) {
            let members = &self.blocks[*other].members;
            if at < members.len() {
                return members.start + at;
            }
            at -= members.len();
        }
        self.blocks[block].members.start
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::StatementId;

    const INSIGHTS: usize = 8;

    /// Insights in a row, each the neighbor of the one before and the one after; statements of few persons.
    fn population(statements: u64, persons: u64, seed: u64) -> Population {
        let mut random = Random::new(seed);
        let mut places: BTreeMap<Place, Vec<Member>> = BTreeMap::new();
        for i in 0..statements {
            let insight = Some(random.one_of(&(0..INSIGHTS))).filter(|_| random.below(10) > 0);
            let place = Place { insight, is_linked: insight.is_some() && random.below(3) > 0 };
            let mut person = [0; 16];
            person[..8].copy_from_slice(&random.below(persons).to_be_bytes());
            let member = Member { id: StatementId::derived(&[&i.to_be_bytes()]), person, block: 0 };
            places.entry(place).or_default().push(member);
        }
        let neighbors = (0..INSIGHTS).map(|at| (at.saturating_sub(1)..INSIGHTS.min(at + 2)).collect());
        let mut insights = Insights::default();
        insights.numbers = (1..).take(INSIGHTS).collect();
        insights.neighbors = neighbors.collect();
        Population::of(1, insights, places)
    }

    /// Every pair that can be drawn, with its stratum.
    fn all_pairs(population: &Population) -> Vec<(usize, usize, Stratum)> {
        let mut pairs = Vec::new();
        for (a, member) in population.members.iter().enumerate() {
            for (b, other) in population.members.iter().enumerate().skip(a + 1) {
                if member.person == other.person {
                    continue;
                }
                let (place, other_place) =
                    (population.blocks[member.block].place, population.blocks[other.block].place);
                let is_near = place.insight.zip(other_place.insight).is_some_and(|(a, b)| a.abs_diff(b) <= 1);
                let stratum = match (place.is_linked && other_place.is_linked, is_near) {
                    (true, true) if place == other_place => Stratum::Together,
                    (true, true) => Stratum::Near,
                    (false, true) => Stratum::Unlinked,
                    (_, false) => Stratum::Far,
                };
                pairs.push((a, b, stratum));
            }
        }
        pairs
    }

    #[test]
    fn sizes_are_those_of_all_pairs() {
        for (statements, persons) in [(0, 1), (1, 1), (2, 2), (50, 1), (60, 3), (200, 40), (300, 1_000)] {
            let population = population(statements, persons, statements);
            let mut counted = [0; 4];
            for (_, _, stratum) in all_pairs(&population) {
                counted[stratum as usize] += 1;
            }
            assert_eq!(population.sizes(), counted, "{statements} statements of {persons}");
        }
    }

    #[test]
    fn every_pair_of_a_stratum_is_drawn_as_often_as_the_other() {
        const DRAWS: u64 = 400;
        let population = population(40, 12, 3);
        let all = all_pairs(&population);
        for stratum in STRATA {
            let mut times: HashMap<(usize, usize), u64> =
                all.iter().filter(|pair| pair.2 == stratum).map(|(a, b, _)| ((*a, *b), 0)).collect();
            let mut random = Random::new(9);
            let of_each = times.len() as u64 / 3;
            for _ in 0..DRAWS {
                for (a, b) in population.draw_from(stratum, of_each, &mut random) {
                    *times.get_mut(&(a.min(b), a.max(b))).unwrap() += 1;
                }
            }
            let expected = (DRAWS * of_each) as f64 / times.len() as f64;
            let off = |times: &u64| (*times as f64 - expected).powi(2) / expected;
            let chi_square = times.values().map(off).sum::<f64>() / times.len() as f64;
            // drawn without repeats, so that a third less than 1 is expected
            assert!((0.4..1.1).contains(&chi_square), "{stratum}: {chi_square}");
        }
    }

    #[test]
    fn what_there_is_is_drawn_once_each() {
        let population = population(30, 30, 5);
        let pairs = population.draw(10_000, 1);
        let different: HashSet<_> = pairs
            .iter()
            .map(|pair| {
                let mut ids = pair.statements;
                ids.sort();
                ids
            })
            .collect();
        assert_eq!((pairs.len(), different.len()), (all_pairs(&population).len(), pairs.len()));
        assert_eq!(pairs, population.draw(10_000, 1));
        let (few, others) = (population.draw(40, 1), population.draw(40, 2));
        assert_eq!((few.len(), others.len()), (40, 40));
        assert_ne!(few, others);
        assert_eq!(population.draw(5, 1).len(), 5);
    }
}
