//! Slices: sessions that meet conditions.

use crate::condition::{Filter, Tests};
use crate::index::{Index, Word};
use crate::mask::Mask;
use crate::places::{join, split};
use std::collections::HashMap;
use std::ops::Range;
use uuid::Uuid;

/// Sessions of an index.
#[derive(Clone, Debug, Default)]
pub struct Slice {
    /// Of each block: 1 and the number of its mask, 0 if it has none.
    of_block: Vec<u32>,
    /// Those that are not empty, with their blocks in ascending order.
    pub(crate) masks: Vec<(usize, Mask)>,
    len: usize,
}

/// The sessions of a slice in which an insight shows: how many, and when the first and the last began, in microseconds
/// since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// How many.
    pub sessions: usize,
    /// When the first began.
    pub first: i64,
    /// When the last began.
    pub last: i64,
}

impl Slice {
    fn new(blocks: usize, masks: impl Iterator<Item = (usize, Mask)>) -> Self {
        let most = masks.size_hint().0;
        let mut slice = Self { of_block: vec![0; blocks], masks: Vec::with_capacity(most), len: 0 };
        for (block, mask) in masks {
            if mask.is_empty() {
                continue;
            }
            slice.len += mask.len();
            slice.masks.push((block, mask));
            slice.of_block[block] = u32::try_from(slice.masks.len()).unwrap_or(0);
        }
        slice
    }

    pub(crate) fn mask(&self, block: usize) -> Option<&Mask> {
        let number = (*self.of_block.get(block)? as usize).checked_sub(1)?;
        Some(&self.masks[number].1)
    }

    /// Returns the blocks outside of which there is no session of it.
    pub(crate) fn blocks(&self) -> Range<usize> {
        let [first, last] = [self.masks.first(), self.masks.last()].map(|of| of.map(|(block, _)| *block));
        first.unwrap_or(0)..last.map_or(0, |last| last + 1)
    }

    /// Tells if a session is in it.
    #[inline]
    pub fn has(&self, at: u32) -> bool {
        let (block, within) = split(at);
        self.mask(block).is_some_and(|mask| mask.has(within))
    }

    /// Returns the number of sessions in it.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Returns true if no session is in it.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Lists the places of the sessions in it, in ascending order.
    pub fn places(&self) -> impl Iterator<Item = u32> {
        self.masks.iter().flat_map(|(block, mask)| mask.places().map(|within| join(*block, within)))
    }

    /// Takes the sessions in which one of these insights shows.
    pub fn showing<I: Copy + Into<Uuid>>(&self, index: &Index, insights: &[I]) -> Self {
        let mut is_asked = vec![false; index.insights.sessions.len()];
        for number in insights.iter().filter_map(|id| index.insight_number(*id)) {
            is_asked[number as usize] = true;
        }
        let masks = self.masks.iter().map(|(block, mask)| {
            let (mut mask, insights) = (mask.clone(), &index.blocks[*block].insights);
            mask.keep(|at| insights.of(at).iter().any(|number| is_asked[*number as usize]));
            (*block, mask)
        });
        Self::new(self.of_block.len(), masks)
    }

    /// Takes the sessions that meet further conditions.
    pub fn narrowed(&self, index: &Index, filter: &Filter) -> Self {
        let tests = Tests::new(index, filter);
        let masks = self.masks.iter().map(|(block, mask)| {
            let mut mask = mask.clone();
            tests.keep(index, *block, &mut mask);
            (*block, mask)
        });
        Self::new(self.of_block.len(), masks)
    }
}

impl Index {
    /// Finds the sessions that meet conditions.
    pub fn slice(&self, filter: &Filter) -> Slice {
        self.slice_by(&Tests::new(self, filter))
    }

    pub(crate) fn slice_by(&self, tests: &Tests<'_>) -> Slice {
        let masks = tests.blocks(self).into_iter().map(|block| {
            let mut mask = self.blocks[block].there.clone();
            tests.keep(self, block, &mut mask);
            (block, mask)
        });
        Slice::new(self.blocks.len(), masks)
    }

    /// Lists the places of the sessions in which an insight shows, in ascending order.
    pub fn shown<I: Into<Uuid>>(&self, insight: I) -> impl Iterator<Item = u32> + use<'_, I> {
        let places =
            self.insights.ids.find(insight.into()).and_then(|number| self.insights.sessions.get(number));
        places.into_iter().flat_map(|places| places.iter())
    }

    /// Counts the sessions of a slice in which an insight shows; none if there are none.
    pub fn seen(&self, insight: impl Into<Uuid>, slice: &Slice) -> Option<Seen> {
        let number = self.insights.ids.find(insight.into())?;
        let places = self.insights.sessions.get(number)?;
        let shown = slice.masks.iter().map(|(block, mask)| places.in_mask(*block, mask).len());
        let sessions = if places.len() < slice.masks.len() {
            places.iter().filter(|at| slice.has(*at)).count()
        } else {
            shown.sum()
        };
        let mask_of = |block: usize| slice.mask(block).cloned();
        let end = |is_last| self.end(number, &slice.blocks(), mask_of, is_last);
        (sessions > 0).then(|| Seen { sessions, first: end(false), last: end(true) })
    }

    /// Counts the sessions of a slice by the number of a word, 0 where they have none, in no order.
    pub fn by_word(&self, word: Word, slice: &Slice) -> HashMap<u32, usize> {
        let Word::Facet(facet) = word else { return self.by_text(word, slice) };
        let mut counts = HashMap::new();
        for (block, mask) in &slice.masks {
            for (code, with) in (0..).zip(self.blocks[*block].with(facet)) {
                let sessions = with.len_with(mask);
                if sessions > 0 {
                    *counts.entry(self.facet_word(facet, code)).or_default() += sessions;
                }
            }
        }
        counts
    }

    fn by_text(&self, word: Word, slice: &Slice) -> HashMap<u32, usize> {
        let mut counts = vec![0; self.words.len()];
        // the value of each term that has the name
        let values: Vec<u32> = match word {
            Word::Term(owner, name) => {
                let value = |pair: &(u32, u32)| if pair.0 == name { pair.1 } else { 0 };
                self.terms(owner).pairs.all.iter().map(value).collect()
            }
            _ => Vec::new(),
        };
        for (number, mask) in &slice.masks {
            for within in mask.places() {
                let at = join(*number, within);
                let value = match word {
                    Word::Term(owner, _) => {
                        let all = self.terms_of(at, owner).iter().map(|term| values[*term as usize]);
                        all.into_iter().find(|value| *value > 0).unwrap_or(0)
                    }
                    _ => self.word_of(at, word),
                };
                counts[value as usize] += 1;
            }
        }
        (0..).zip(counts).filter(|(_, count)| *count > 0).collect()
    }
}
