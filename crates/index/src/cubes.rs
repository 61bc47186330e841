//! Counts that are kept: for each insight the sessions that have a value of one facet, or values of two, and the sessions
//! of each stretch of time. So a slice by these is a sum of a few rows, however many sessions it has.

use crate::{FACETS, Facet};
use std::collections::HashMap;
use std::sync::Arc;

/// The blocks of the shortest stretch of time.
const STRETCH: usize = 4;
/// The stretches of one that is longer.
const FANOUT: usize = 8;
/// The lengths of stretches; the longest are of eight million sessions.
const LEVELS: usize = 4;

/// The sessions of each insight, by its number. An insight behind the end has none.
type Counts = Arc<Vec<u32>>;

/// Counts that are kept.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cubes {
    /// The sessions in which an insight shows at all.
    all: Counts,
    /// By the values of one facet or two.
    by_values: HashMap<[Option<Value>; 2], Counts>,
    /// By stretches of blocks, the shortest first, then those of eight each.
    by_time: [Vec<Stretch>; LEVELS],
}

/// A facet and its code.
type Value = (u8, u8);

/// Blocks that follow one another, when their sessions began, and the sessions of each insight.
#[derive(Clone, Debug)]
struct Stretch {
    earliest: i64,
    latest: i64,
    counts: Counts,
}

impl Default for Stretch {
    fn default() -> Self {
        Self { earliest: i64::MAX, latest: i64::MIN, counts: Counts::default() }
    }
}

/// What of a range of time is a stretch as a whole, and the blocks that are in it in part.
#[derive(Debug, Default)]
pub(crate) struct Range<'a> {
    pub(crate) whole: Vec<&'a [u32]>,
    pub(crate) parts: Vec<usize>,
}

impl Cubes {
    /// Counts a session in, or out if `by` is -1.
    pub(crate) fn count(&mut self, block: usize, began: i64, codes: [u8; FACETS], insights: &[u32], by: i32) {
        let mut stretch = block / STRETCH;
        for stretches in &mut self.by_time {
            if stretches.len() <= stretch {
                stretches.resize_with(stretch + 1, Stretch::default);
            }
            let of_time = &mut stretches[stretch];
            of_time.earliest = of_time.earliest.min(began);
            of_time.latest = of_time.latest.max(began);
            add(&mut of_time.counts, insights, by);
            stretch /= FANOUT;
        }
        if insights.is_empty() {
            return;
        }
        add(&mut self.all, insights, by);
        let values = (0..).zip(codes);
        for (facet, code) in values.clone() {
            self.add_by([Some((facet, code)), None], insights, by);
            for (other, other_code) in values.clone().skip(usize::from(facet) + 1) {
                self.add_by([Some((facet, code)), Some((other, other_code))], insights, by);
            }
        }
    }

    fn add_by(&mut self, values: [Option<Value>; 2], insights: &[u32], by: i32) {
        add(self.by_values.entry(values).or_default(), insights, by);
    }

    /// Returns the sessions of each insight.
    pub(crate) fn all(&self) -> &[u32] {
        &self.all
    }

    /// Returns the sessions of each insight that have one value, or two of different facets.
    pub(crate) fn with(&self, one: (Facet, u8), other: Option<(Facet, u8)>) -> &[u32] {
        let value = |(facet, code): (Facet, u8)| (facet as u8, code);
        let mut values = [Some(value(one)), other.map(value)];
        if values[1] < values[0] && values[1].is_some() {
            values.swap(0, 1);
        }
        self.by_values.get(&values).map_or(&[], |counts| counts)
    }

    /// Divides the sessions that began from one time to another into stretches and blocks, of which there are so many.
    pub(crate) fn range(&self, from: i64, to: i64, blocks: usize) -> Range<'_> {
        let mut range = Range::default();
        for stretch in 0..self.by_time[LEVELS - 1].len() {
            self.divide(LEVELS - 1, stretch, (from, to), blocks, &mut range);
        }
        range
    }

    fn divide<'a>(&'a self, level: usize, at: usize, time: (i64, i64), blocks: usize, range: &mut Range<'a>) {
        let Some(stretch) = self.by_time[level].get(at) else { return };
        if stretch.earliest > time.1 || stretch.latest < time.0 {
            return;
        }
        if time.0 <= stretch.earliest && stretch.latest <= time.1 {
            range.whole.push(&stretch.counts);
        } else if level > 0 {
            (at * FANOUT..(at + 1) * FANOUT).for_each(|at| self.divide(level - 1, at, time, blocks, range));
        } else {
            range.parts.extend(at * STRETCH..((at + 1) * STRETCH).min(blocks));
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        let rows = self.by_values.values().chain(self.by_time.iter().flatten().map(|of| &of.counts));
        rows.map(|row| 64 + row.capacity() * size_of::<u32>()).sum()
    }
}

fn add(counts: &mut Counts, insights: &[u32], by: i32) {
    if insights.is_empty() {
        return;
    }
    let counts = Arc::make_mut(counts);
    for insight in insights {
        let insight = *insight as usize;
        if counts.len() <= insight {
            counts.resize(insight + 1, 0);
        }
        counts[insight] = counts[insight].wrapping_add_signed(by);
    }
}
