//! Boilerplate: the lines that a widget, a form, a mobile app or a mail gateway puts at the edges of messages, whatever
//! is said in them. No word list knows them. They are learned from many contacts, as runs of lines at the beginning or
//! the end that are the same letter for letter, but for numbers; those of [`learn`] tell them from what people say.

pub mod learn;
mod outline;

pub use outline::Outline;

use super::page::{Line, Page};
use outline::Chain;
use std::collections::HashSet;

/// The most lines of a run.
pub(super) const LINES_MAX: usize = 16;
/// The most runs at one edge of a message, one within the other.
const RUNS_MAX: usize = 4;

/// An edge of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Edge {
    /// Its first lines.
    Start,
    /// Its last lines.
    End,
}

/// Runs of lines that are boilerplate, by their fingerprints.
#[derive(Clone, Debug, Default)]
pub struct Boilerplate(HashSet<(Edge, u64)>);

impl Boilerplate {
    /// Collects runs.
    pub fn new(runs: impl IntoIterator<Item = (Edge, u64)>) -> Self {
        Self(runs.into_iter().collect())
    }

    /// Returns the lines within the boilerplate of a message. None if there is no boilerplate, or nothing else.
    pub(super) fn within(&self, page: &Page<'_>, lines: &[Line]) -> Option<Vec<Line>> {
        if self.0.is_empty() {
            return None;
        }
        let filled: Vec<usize> = (0..lines.len()).filter(|at| !lines[*at].is_empty()).collect();
        let mut kept = 0..filled.len();
        for _ in 0..RUNS_MAX {
            let said = |at: usize| page.said(&lines[filled[at]]);
            let start = self.longest(Edge::Start, kept.clone().map(said));
            let end = self.longest(Edge::End, kept.clone().rev().map(said));
            if start + end == 0 {
                break;
            }
            if start + end >= kept.len() {
                return None;
            }
            kept = kept.start + start..kept.end - end;
        }
        let is_whole = kept.len() == filled.len();
        (!is_whole).then(|| lines[filled[kept.start]..=filled[kept.end - 1]].to_vec())
    }

    /// Returns the length of the longest run among these lines, which come from the edge inward.
    fn longest<'a>(&self, edge: Edge, said: impl Iterator<Item = &'a str>) -> usize {
        let mut chain = Chain::default();
        let mut longest = 0;
        for (at, said) in said.take(LINES_MAX).enumerate() {
            chain.add(&outline::Printed::of(said));
            if self.0.contains(&(edge, chain.exact)) {
                longest = at + 1;
            }
        }
        longest
    }
}

#[cfg(test)]
mod tests;
