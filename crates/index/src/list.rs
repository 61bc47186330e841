//! A page of the insights that most sessions of a slice show.

use crate::condition::{Filter, Tests};
use crate::index::Index;
use crate::insights::{Insight, InsightFilter};
use crate::mask::Mask;
use crate::slice::{Seen, Slice};
use std::cmp::Reverse;
use std::ops::ControlFlow;
use uuid::Uuid;

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

    /// Returns the number of an insight, if it is known.
    pub fn insight_number(&self, id: impl Into<Uuid>) -> Option<u32> {
        self.insights.ids.find(id.into())
    }

    /// Lists the insights that meet conditions, counted over these sessions, in no order.
    pub fn insights_with(&self, counts: &[u32], filter: &InsightFilter) -> Vec<Uuid> {
        let passing = self.passing(counts, filter);
        passing.filter_map(|number| self.insights.ids.all.get(number).copied()).collect()
    }

    fn passing<'a>(&'a self, counts: &'a [u32], filter: &'a InsightFilter) -> impl Iterator<Item = u32> + 'a {
        let checks = self.insights.checks(filter);
        let allowed = (0..).zip(counts).filter(|(_, sessions)| filter.allows(**sessions));
        allowed.map(|(number, _)| number).filter(move |number| checks.hold(*number))
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
        let (counts, slice) = self.counts_by(&tests);
        let mut times = match sort {
            Sort::First | Sort::Last => {
                Times::Of(self.spans(&slice.unwrap_or_else(|| self.slice_by(&tests))))
            }
            Sort::Sessions | Sort::Created => Times::In(slice),
        };
        let passing = self.passing(&counts, insights);
        let direct = |key: i64| if is_descending { key.saturating_neg() } else { key };
        let (page, total) = match (sort, &times) {
            (Sort::First, Times::Of(spans)) => {
                self.first(passing, skip, take, |of| direct(spans[of as usize].0))
            }
            (Sort::Last, Times::Of(spans)) => {
                self.first(passing, skip, take, |of| direct(spans[of as usize].1))
            }
            (Sort::Created, _) => self.first(passing, skip, take, |of| direct(self.insights.created(of))),
            _ => self.first(passing, skip, take, |of| direct(counts[of as usize].into())),
        };
        if page.is_empty() {
            return Page { insights: Vec::new(), total };
        }
        if let Times::In(slice) = times {
            let slice = slice.unwrap_or_else(|| self.slice_by(&tests));
            // few sessions are looked at sooner than their blocks for each insight
            let is_small = slice.len() < slice.masks.len() * page.len();
            times = if is_small { Times::Of(self.spans(&slice)) } else { Times::In(Some(slice)) };
        }
        let counted = |number: u32| {
            let (first, last) = match &times {
                Times::Of(spans) => spans[number as usize],
                Times::In(slice) => {
                    let end = |is_last| slice.as_ref().map_or(0, |slice| self.end(number, slice, is_last));
                    (end(false), end(true))
                }
            };
            let sessions = counts[number as usize] as usize;
            Some(Counted { id: *self.insights.ids.all.get(number)?, seen: Seen { sessions, first, last } })
        };
        Page { insights: page.into_iter().filter_map(counted).collect(), total }
    }

    /// Takes those insights of a page that come first by a key, and counts all.
    fn first(
        &self,
        all: impl Iterator<Item = u32>,
        skip: usize,
        take: usize,
        key: impl Fn(u32) -> i64,
    ) -> (Vec<u32>, usize) {
        let in_order = |(key, number): &(i64, u32)| {
            (*key, Reverse(self.insights.created(*number)), self.insights.ids.all.get(*number).copied())
        };
        let end = skip.saturating_add(take).min(self.insights.sessions.len());
        // those that came first so far, and behind them some that may be among these
        let mut first: Vec<(i64, u32)> = Vec::with_capacity(4 * end);
        let (mut worst, mut total) = (i64::MAX, 0);
        for number in all {
            total += 1;
            let key = key(number);
            if key > worst || end == 0 {
                continue;
            }
            if first.len() == 4 * end {
                let (_, last, _) = first.select_nth_unstable_by_key(end - 1, in_order);
                worst = last.0;
                first.truncate(end);
            }
            first.push((key, number));
        }
        first.sort_unstable_by_key(in_order);
        (first.into_iter().take(end).skip(skip).map(|(_, number)| number).collect(), total)
    }

    /// Returns for each insight, by its number, when the first and the last session of a slice began in which it shows.
    fn spans(&self, slice: &Slice) -> Vec<(i64, i64)> {
        let mut spans = vec![(i64::MAX, i64::MIN); self.insights.sessions.len()];
        for (number, mask) in &slice.masks {
            let block = &self.blocks[*number];
            for at in mask.places() {
                let began = block.began[at];
                for insight in block.insights.of(at) {
                    let (first, last) = &mut spans[*insight as usize];
                    (*first, *last) = (began.min(*first), began.max(*last));
                }
            }
        }
        spans
    }

    /// Returns when the first or the last session of a slice began in which an insight shows.
    fn end(&self, number: u32, slice: &Slice, is_last: bool) -> i64 {
        let Some(places) = self.insights.sessions.get(number) else { return 0 };
        let mut end: Option<i64> = None;
        let mut look_at = |(block, mask): &(usize, Mask)| {
            let is_all =
                |end| if is_last { self.latest[*block] <= end } else { self.earliest[*block] >= end };
            if end.is_some_and(is_all) {
                return ControlFlow::Break(());
            }
            let mut shown = Mask::default();
            places.add_to(&mut shown, *block);
            shown.and(mask);
            let began = shown.places().map(|at| self.blocks[*block].began[at]);
            let of_block = if is_last { began.max() } else { began.min() };
            end = of_block.into_iter().chain(end).reduce(if is_last { i64::max } else { i64::min });
            ControlFlow::Continue(())
        };
        _ = if is_last {
            slice.masks.iter().rev().try_for_each(&mut look_at)
        } else {
            slice.masks.iter().try_for_each(&mut look_at)
        };
        end.unwrap_or(0)
    }
}

/// When the sessions of a slice began in which insights show.
enum Times {
    /// Those of every insight by its number: the first and the last.
    Of(Vec<(i64, i64)>),
    /// To be looked up in the slice, once there is one.
    In(Option<Slice>),
}
