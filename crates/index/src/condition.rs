//! Conditions on sessions, and how a block's sessions that meet them are found.

use crate::block::Block;
use crate::index::{Index, Owner, Word};
use crate::mask::Mask;
use crate::places::{Places, split};
use crate::{Facet, NONE};
use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use uuid::Uuid;

/// Conditions on sessions: all of `is` hold, and none of `not`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// What holds.
    pub is: Vec<Condition>,
    /// What does not.
    pub not: Vec<Condition>,
}

impl Filter {
    /// Asks that all of these hold.
    pub fn all_of(conditions: impl IntoIterator<Item = Condition>) -> Self {
        Self { is: conditions.into_iter().collect(), not: Vec::new() }
    }
}

/// A condition on sessions. Of a list a session has one, and of an empty list none; None in it is the absence of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Values of a facet.
    Facet(Facet, Vec<Option<String>>),
    /// Teams.
    Team(Vec<Option<String>>),
    /// Whoever looks after it.
    Assignee(Vec<Option<String>>),
    /// Contacts.
    Contact(Vec<Option<Uuid>>),
    /// The time at which it began, in microseconds since 1970.
    Began(RangeInclusive<i64>),
    /// Terms of the session or of its contact: all of one of these lists.
    Terms(Owner, Vec<Vec<(String, String)>>),
    /// Whether it was handed off to a person.
    HandedOff(bool),
    /// Its ticket number.
    Ticket(i64),
}

/// Conditions as tests of an index.
pub(crate) struct Tests<'a> {
    is: Vec<Test<'a>>,
    not: Vec<Test<'a>>,
}

/// What a filter asks for that asks for nothing else.
pub(crate) struct FacetsAndTime {
    /// The codes that are allowed.
    pub(crate) facets: Vec<(Facet, Vec<u8>)>,
    /// The first and the last moment.
    pub(crate) time: Option<(i64, i64)>,
}

/// A condition as a test of an index.
pub(crate) enum Test<'a> {
    /// Codes.
    Facet(Facet, Vec<u8>),
    /// Numbers of words of the team or the assignee.
    Word(Word, Vec<u32>),
    /// These sessions, and those without a contact.
    Contact(Vec<&'a Places>, bool),
    Began(i64, i64),
    /// All of one of these sets.
    Terms(Vec<Vec<&'a Places>>),
    HandedOff(bool),
    Ticket(i64),
}

impl<'a> Tests<'a> {
    pub(crate) fn new(index: &'a Index, filter: &Filter) -> Self {
        let tests = |conditions: &[Condition]| {
            let mut tests: Vec<_> = conditions.iter().map(|condition| Test::new(index, condition)).collect();
            tests.sort_by_key(|test| test.cost(index));
            tests
        };
        Self { is: tests(&filter.is), not: tests(&filter.not) }
    }

    /// Keeps the sessions of a block that meet the conditions.
    pub(crate) fn keep(&self, index: &Index, number: usize, mask: &mut Mask) {
        let block = &index.blocks[number];
        for test in &self.is {
            if mask.is_empty() {
                return;
            }
            test.keep(number, block, mask);
        }
        for test in &self.not {
            if mask.is_empty() {
                return;
            }
            let mut holds = mask.clone();
            test.keep(number, block, &mut holds);
            mask.and_not(&holds);
        }
    }

    /// Lists the blocks, in ascending order, outside of which no session meets the conditions.
    pub(crate) fn blocks(&self, index: &Index) -> Vec<usize> {
        match self.is.first().and_then(|test| test.blocks(index.blocks.len())) {
            Some(blocks) => blocks.into_iter().collect(),
            None => (0..index.blocks.len()).collect(),
        }
    }

    /// Tells if the time is asked for.
    pub(crate) fn ask_for_time(&self) -> bool {
        self.is.iter().any(|test| matches!(test, Test::Began(..)))
    }

    /// Returns what is asked for, if it is nothing but facets and the time.
    pub(crate) fn as_facets_and_time(&self) -> Option<FacetsAndTime> {
        let mut facets: Vec<(Facet, Vec<u8>)> = Vec::new();
        let mut time = None;
        for (test, holds) in
            self.is.iter().map(|test| (test, true)).chain(self.not.iter().map(|test| (test, false)))
        {
            match test {
                Test::Facet(facet, codes) => {
                    let known = facets.iter().position(|(of, _)| of == facet).unwrap_or_else(|| {
                        facets.push((*facet, (0..=u8::MAX).collect()));
                        facets.len() - 1
                    });
                    facets[known].1.retain(|code| codes.contains(code) == holds);
                }
                Test::Began(from, to) if holds && time.is_none() => time = Some((*from, *to)),
                _ => return None,
            }
        }
        Some(FacetsAndTime { facets, time })
    }
}

impl<'a> Test<'a> {
    fn new(index: &'a Index, condition: &Condition) -> Self {
        // a word that no session has had is nobody's
        let words = |words: &[Option<String>]| -> Vec<u32> {
            let number = |word: &Option<String>| word.as_ref().map_or(Some(0), |word| index.words.find(word));
            words.iter().filter_map(number).collect()
        };
        match condition {
            Condition::Facet(facet, values) => {
                let code = |word| index.facet_code(*facet, word);
                Self::Facet(*facet, words(values).into_iter().filter_map(code).collect())
            }
            Condition::Team(values) => Self::Word(Word::Team, words(values)),
            Condition::Assignee(values) => Self::Word(Word::Assignee, words(values)),
            Condition::Contact(ids) => {
                let of = |id: &Uuid| Some(&index.contacts.get(index.contact_ids.find(*id)?)?.sessions);
                Self::Contact(ids.iter().flatten().filter_map(of).collect(), ids.contains(&None))
            }
            Condition::Began(range) => Self::Began(*range.start(), *range.end()),
            Condition::Terms(owner, alternatives) => {
                let sessions = &index.terms(*owner).sessions;
                let of = |(name, value): &(String, String)| sessions.get(index.term(*owner, name, value)?);
                let sets = |all: &Vec<(String, String)>| all.iter().map(of).collect();
                Self::Terms(alternatives.iter().filter_map(sets).collect())
            }
            Condition::HandedOff(is) => Self::HandedOff(*is),
            Condition::Ticket(number) => Self::Ticket(*number),
        }
    }

    /// Returns about how many sessions the test has to look at: those with the fewest come first.
    fn cost(&self, index: &Index) -> usize {
        let sets = |sets: &[&Places]| sets.iter().map(|places| places.len()).sum::<usize>();
        match self {
            Self::Contact(of, false) => sets(of),
            Self::Terms(all) => {
                all.iter().map(|sets| sets.iter().map(|places| places.len()).min().unwrap_or(index.len)).sum()
            }
            // a look at the bounds of each block
            Self::Began(..) => index.blocks.len(),
            Self::Facet(..) | Self::HandedOff(_) => index.len,
            Self::Word(..) | Self::Contact(..) | Self::Ticket(_) => index.len + 1,
        }
    }

    /// Lists the blocks of the only sessions that can hold, if they are fewer than there are blocks.
    fn blocks(&self, blocks: usize) -> Option<BTreeSet<usize>> {
        let block = |at: u32| split(at).0;
        match self {
            Self::Contact(of, false) if of.iter().all(|places| places.is_sparse(blocks)) => {
                Some(of.iter().flat_map(|places| places.iter()).map(block).collect())
            }
            Self::Terms(alternatives) => {
                let rarest = |sets: &Vec<&'a Places>| sets.iter().copied().min_by_key(|places| places.len());
                let rarest: Vec<&Places> = alternatives.iter().filter_map(rarest).collect();
                let are_sparse = rarest.len() == alternatives.len()
                    && rarest.iter().all(|places| places.is_sparse(blocks));
                are_sparse.then(|| rarest.iter().flat_map(|places| places.iter()).map(block).collect())
            }
            _ => None,
        }
    }

    /// Keeps the sessions of a block for which it holds.
    fn keep(&self, number: usize, block: &Block, mask: &mut Mask) {
        match self {
            Self::Facet(facet, codes) => {
                let with = block.with(*facet);
                let mut one_of = Mask::default();
                codes.iter().filter_map(|code| with.get(usize::from(*code))).for_each(|with| one_of.or(with));
                mask.and(&one_of);
            }
            Self::Word(word, words) => {
                let column = if matches!(word, Word::Team) { &block.teams } else { &block.assignees };
                mask.keep(|at| words.contains(&column[at]));
            }
            Self::Contact(of, or_none) => {
                let mut one_of = Mask::default();
                for places in of {
                    places.add_to(&mut one_of, number);
                }
                mask.keep(|at| one_of.has(at) || (*or_none && block.contacts[at] == NONE));
            }
            Self::Began(from, to) => {
                if *from > block.latest || *to < block.earliest {
                    *mask = Mask::default();
                } else if *from > block.earliest || *to < block.latest {
                    mask.keep(|at| (*from..=*to).contains(&block.began[at]));
                }
            }
            Self::Terms(alternatives) => mask.and(&one_of(alternatives, number)),
            Self::HandedOff(true) => mask.and(&block.handed_off),
            Self::HandedOff(false) => mask.and_not(&block.handed_off),
            Self::Ticket(ticket) => mask.keep(|at| block.tickets[at] == *ticket),
        }
    }
}

/// Returns what of a block is in all of one of these sets.
fn one_of(alternatives: &[Vec<&Places>], block: usize) -> Mask {
    let mut one_of = Mask::default();
    for sets in alternatives {
        let mut all = Mask::all();
        for places in sets {
            let mut with = Mask::default();
            places.add_to(&mut with, block);
            all.and(&with);
        }
        one_of.or(&all);
    }
    one_of
}
