//! A page of the insights that most sessions of a slice show.

use crate::condition::{Filter, Tests};
use crate::first::First;
use crate::index::Index;
use crate::insights::{About, Insight, InsightFilter};
use crate::mask::Mask;
use crate::slice::{Seen, Slice};
use std::cmp::Reverse;
use std::ops::Range;
use uuid::Uuid;

/// A slice of so many sessions is counted without a place for every insight.
const FEW: usize = 256;

/// What insights are ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// The number of sessions.
    Sessions,
    /// When the first of these sessions began.
    First,
    /// When the last of these sessions began.
    Last,
    /// When it became an insight.
    Created,
}

/// An insight and the sessions of a slice in which it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    /// Its id.
    pub id: Uuid,
    /// The sessions.
    pub seen: Seen,
}

/// What insights are ordered by: a key, when they became insights, and their ids.
type InOrder = (i64, Reverse<i64>, Option<Uuid>);

/// A page of insights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Those of the page, in order.
    pub insights: Vec<Counted>,
    /// How many there are on all pages.
    pub total: usize,
}

impl Index {
    /// Puts an insight in, or in the place of what was known of it.
    pub fn put_insight(&mut self, insight: &Insight<'_>) {
        self.insights.put(insight);
    }

    /// Notes that an insight is none any more. The sessions in which it shows are kept.
    pub fn remove_insight(&mut self, id: impl Into<Uuid>) {
        self.insights.remove(id.into());
    }

    /// Lists the ids of all insights that were ever put in or shown, by their numbers.
    pub fn insight_ids(&self) -> impl Iterator<Item = Uuid> {
        self.insights.ids.all.iter().copied()
    }

    /// Lists the numbers of the insights that meet conditions, counted over these sessions, in ascending order.
    pub fn insights_of(&self, counts: &[u32], filter: &InsightFilter) -> Vec<u32> {
        let asked = self.asked(counts, filter);
        (0..).zip(asked).filter(|(_, is_asked)| *is_asked).map(|(number, _)| number).collect()
    }

    /// Returns what is known of an insight by its number, but for its sentence and sentiment.
    pub fn about(&self, number: u32) -> Option<About> {
        self.insights.about_of(number)
    }

    /// Returns the number of an insight, if it is known.
    pub fn insight_number(&self, id: impl Into<Uuid>) -> Option<u32> {
        self.insights.ids.find(id.into())
    }

    /// Lists the insights that meet conditions, counted over these sessions, in no order.
    pub fn insights_with(&self, counts: &[u32], filter: &InsightFilter) -> Vec<Uuid> {
        let numbers = self.insights_of(counts, filter).into_iter();
        numbers.filter_map(|number| self.insights.ids.all.get(number).copied()).collect()
    }

    /// Tells of each insight, by its number, whether it meets conditions.
    fn asked(&self, counts: &[u32], filter: &InsightFilter) -> Vec<bool> {
        let there = counts.iter().zip(&self.insights.there);
        let mut asked: Vec<bool> = there.map(|(sessions, there)| *there & filter.allows(*sessions)).collect();
        let checks = self.insights.checks(filter);
        if !checks.are_none() {
            for (number, is_asked) in (0..).zip(&mut asked) {
                *is_asked = *is_asked && checks.hold(number);
            }
        }
        asked
    }

    /// Lists a page of the insights that meet conditions and show in sessions that do, counted over these. Those of which as
    /// many sessions, or the same time, are asked come in the order in which they became insights, the newest first.
    pub fn list(
        &self,
        sessions: &Filter,
        insights: &InsightFilter,
        (sort, is_descending): (Sort, bool),
        (skip, take): (usize, usize),
    ) -> Page {
        let tests = Tests::new(self, sessions);
        let is_by_time = matches!(sort, Sort::First | Sort::Last);
        let kept = if is_by_time { None } else { self.kept(&tests) };
        // of facets alone a block or two are looked at for each insight of the page
        let slice = if kept.is_none() || tests.ask_for_time() { Some(self.slice_by(&tests)) } else { None };
        if let Some(slice) = slice.as_ref().filter(|slice| kept.is_none() && slice.len() <= FEW) {
            return self.list_few(slice, insights, (sort, is_descending), (skip, take));
        }
        let (counts, spans) = match (kept, &slice) {
            // few sessions are looked at sooner than their blocks for each insight of a page
            (None, Some(slice)) if is_by_time || slice.len() < slice.masks.len() * take => {
                let (counts, spans) = self.tally(slice);
                (counts, Some(spans))
            }
            (None, Some(slice)) => (self.counts_of(slice), None),
            (kept, _) => (kept.unwrap_or_default(), None),
        };
        let asked = self.asked(&counts, insights);
        let total = asked.iter().filter(|is_asked| **is_asked).count();
        let direct = |key: i64| direct(key, is_descending);
        let page = match (sort, &spans) {
            (Sort::First, Some(spans)) => self.first(&asked, skip, take, |of| direct(spans[of].0)),
            (Sort::Last, Some(spans)) => self.first(&asked, skip, take, |of| direct(spans[of].1)),
            (Sort::Created, _) => self.first(&asked, skip, take, |of| direct(self.insights.created(of))),
            _ => self.first(&asked, skip, take, |of| direct(counts[of].into())),
        };
        let mask_of = |block: usize| match &slice {
            Some(slice) => slice.mask(block).cloned(),
            None => {
                let mut mask = self.blocks[block].there.clone();
                tests.keep(self, block, &mut mask);
                Some(mask)
            }
        };
        let blocks = slice.as_ref().map_or(0..self.blocks.len(), Slice::blocks);
        let seen = |number: u32| {
            let (first, last) = match &spans {
                Some(spans) => spans[number as usize],
                None => (self.end(number, &blocks, mask_of, false), self.end(number, &blocks, mask_of, true)),
            };
            self.counted(number, Seen { sessions: counts[number as usize] as usize, first, last })
        };
        Page { insights: page.into_iter().filter_map(seen).collect(), total }
    }

    fn counted(&self, number: u32, seen: Seen) -> Option<Counted> {
        Some(Counted { id: *self.insights.ids.all.get(number)?, seen })
    }

    /// Lists a page over a slice of few sessions.
    fn list_few(
        &self,
        slice: &Slice,
        filter: &InsightFilter,
        (sort, is_descending): (Sort, bool),
        (skip, take): (usize, usize),
    ) -> Page {
        let mut shown = Vec::new();
        for (block, within) in slice.places().map(|at| self.at(at)) {
            shown.extend(block.insights.of(within).iter().map(|insight| (*insight, block.began[within])));
        }
        shown.sort_unstable();
        let checks = self.insights.checks(filter);
        let seen = shown.chunk_by(|a, b| a.0 == b.0).map(|shown| {
            let (first, last) = (shown[0], shown[shown.len() - 1]);
            (first.0, Seen { sessions: shown.len(), first: first.1, last: last.1 })
        });
        let is_asked = |(number, seen): &(u32, Seen)| {
            filter.allows(u32::try_from(seen.sessions).unwrap_or(u32::MAX)) && checks.hold(*number)
        };
        let mut found: Vec<(u32, Seen)> = seen.filter(is_asked).collect();
        let key = |number: u32, seen: &Seen| match sort {
            Sort::Sessions => i64::try_from(seen.sessions).unwrap_or(i64::MAX),
            Sort::First => seen.first,
            Sort::Last => seen.last,
            Sort::Created => self.insights.created(number as usize),
        };
        found.sort_by_cached_key(|(number, seen)| {
            self.in_order(direct(key(*number, seen), is_descending), *number)
        });
        let page = found.iter().skip(skip).take(take);
        let insights = page.filter_map(|(number, seen)| self.counted(*number, *seen)).collect();
        Page { insights, total: found.len() }
    }

    /// Returns what insights are ordered by: a key, on a tie the newest first.
    fn in_order(&self, key: i64, number: u32) -> InOrder {
        let id = self.insights.ids.all.get(number).copied();
        (key, Reverse(self.insights.created(number as usize)), id)
    }

    /// Takes those insights of a page that come first by a key.
    fn first(&self, asked: &[bool], skip: usize, take: usize, key: impl Fn(usize) -> i64) -> Vec<u32> {
        let mut first: First<(InOrder, u32)> = First::of(skip.saturating_add(take));
        let mut worst = i64::MAX;
        for (number, is_asked) in asked.iter().enumerate() {
            let key = key(number);
            if key > worst || !is_asked {
                continue;
            }
            let number = u32::try_from(number).unwrap_or(u32::MAX);
            first.add((self.in_order(key, number), number));
            worst = first.last().map_or(i64::MAX, |((last, ..), _)| *last);
        }
        first.sorted().into_iter().skip(skip).map(|(_, number)| number).collect()
    }

    /// Counts the sessions of a slice for each insight, by its number, and returns when the first and the last began.
    fn tally(&self, slice: &Slice) -> (Vec<u32>, Vec<(i64, i64)>) {
        let mut counts = vec![0; self.insights.there.len()];
        let mut spans = vec![(i64::MAX, i64::MIN); counts.len()];
        for (number, mask) in &slice.masks {
            let block = &self.blocks[*number];
            for at in mask.places() {
                let began = block.began[at];
                for insight in block.insights.of(at) {
                    counts[*insight as usize] += 1;
                    let (first, last) = &mut spans[*insight as usize];
                    (*first, *last) = (began.min(*first), began.max(*last));
                }
            }
        }
        (counts, spans)
    }

    /// Returns when the first or the last session began, of those that a mask of each of these blocks has, in which an insight
    /// shows.
    pub(crate) fn end(
        &self,
        number: u32,
        blocks: &Range<usize>,
        mask_of: impl Fn(usize) -> Option<Mask>,
        is_last: bool,
    ) -> i64 {
        let Some(places) = self.insights.sessions.get(number) else { return 0 };
        let mut end: Option<i64> = None;
        let mut from = if is_last { blocks.end.checked_sub(1) } else { Some(blocks.start) };
        while let Some(block) = from.and_then(|from| places.block_from(from, is_last)) {
            let is_all = |end| if is_last { self.latest[block] <= end } else { self.earliest[block] >= end };
            if end.is_some_and(is_all) || !blocks.contains(&block) {
                break;
            }
            from = if is_last { block.checked_sub(1) } else { Some(block + 1) };
            let Some(mask) = mask_of(block) else { continue };
            let shown = places.in_mask(block, &mask);
            let began = shown.places().map(|at| self.blocks[block].began[at]);
            let of_block = if is_last { began.max() } else { began.min() };
            end = of_block.into_iter().chain(end).reduce(if is_last { i64::max } else { i64::min });
        }
        end.unwrap_or(0)
    }
}

/// Returns a key by which the greatest comes first in a descending order.
pub(crate) const fn direct(key: i64, is_descending: bool) -> i64 {
    if is_descending { key.saturating_neg() } else { key }
}
