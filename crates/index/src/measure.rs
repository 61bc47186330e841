//! What else insights have of a slice: people, and sessions by a value that each insight has.

use crate::index::Index;
use crate::places::join;
use crate::slice::Slice;
use uuid::Uuid;

/// Whom was counted for what last, so that each is counted once.
#[derive(Debug)]
pub struct People {
    of: Vec<u32>,
    last: u32,
}

impl People {
    /// Prepares to count the people of an index.
    pub fn of(index: &Index) -> Self {
        Self { of: vec![0; index.people_len()], last: 0 }
    }

    /// Counts the different people who speak in the sessions of a slice in which an insight shows.
    pub fn count(&mut self, index: &Index, insight: impl Into<Uuid>, slice: &Slice) -> u32 {
        self.last += 1;
        let mut people = 0;
        index.each_shown(insight, slice, |at| people += u32::from(self.is_new(index.person(at))));
        people
    }

    fn different(&mut self, people: &[u32]) -> u32 {
        self.last += 1;
        people.iter().map(|person| u32::from(self.is_new(*person as usize))).sum()
    }

    /// Tells if a person is counted for the first time.
    fn is_new(&mut self, person: usize) -> bool {
        std::mem::replace(&mut self.of[person], self.last) != self.last
    }
}

impl Index {
    /// Counts for each insight, by its number, the different people who speak in the sessions of a slice in which it shows.
    /// `counts` are these sessions, as [`Self::counts_of`] counts them.
    pub fn people_of(&self, slice: &Slice, counts: &[u32], people: &mut People) -> Vec<u32> {
        // the people of each insight, one behind the other
        let mut ends: Vec<usize> = Vec::with_capacity(counts.len());
        let mut total = 0;
        for count in counts {
            ends.push(total);
            total += *count as usize;
        }
        let mut all = vec![0; total];
        for (number, mask) in &slice.masks {
            let block = &self.blocks[*number];
            for within in mask.places() {
                let insights = block.insights.of(within);
                if insights.is_empty() {
                    continue;
                }
                let person = u32::try_from(self.person(join(*number, within))).unwrap_or(u32::MAX);
                for insight in insights {
                    let end = &mut ends[*insight as usize];
                    all[*end] = person;
                    *end += 1;
                }
            }
        }
        let starts = std::iter::once(0).chain(ends.iter().copied());
        let of_insights = starts.zip(&ends).map(|(start, end)| people.different(&all[start..*end]));
        of_insights.collect()
    }

    /// Counts the sessions of a slice by a value that their insights have: `values` has it of each insight by its number, below
    /// `len`, or none. A session counts once for each value.
    pub fn by_insights(&self, slice: &Slice, values: &[Option<u32>], len: usize) -> Vec<u32> {
        // 64 of them at a time, as bits
        let mut counts = vec![0; len];
        for (first, counts) in (0..).step_by(64).zip(counts.chunks_mut(64)) {
            let bit = |value: &Option<u32>| match value.and_then(|value| value.checked_sub(first)) {
                Some(value @ 0..64) => 1 << value,
                _ => 0_u64,
            };
            let bits: Vec<u64> = values.iter().map(bit).collect();
            for (number, mask) in &slice.masks {
                let insights = &self.blocks[*number].insights;
                for run in mask.runs() {
                    insights.each(&run, |insights| {
                        let all = insights.iter().map(|insight| bits[*insight as usize]);
                        let mut left = all.fold(0, |all, bit| all | bit);
                        while left != 0 {
                            counts[left.trailing_zeros() as usize] += 1;
                            left &= left - 1;
                        }
                    });
                }
            }
        }
        counts
    }

    /// Lists the places of the sessions of a slice in which an insight shows, in ascending order.
    pub fn shown_in(&self, insight: impl Into<Uuid>, slice: &Slice) -> Vec<u32> {
        let mut shown = Vec::new();
        self.each_shown(insight, slice, |at| shown.push(at));
        shown
    }

    /// Visits the sessions of a slice in which an insight shows, in ascending order.
    fn each_shown(&self, insight: impl Into<Uuid>, slice: &Slice, mut visit: impl FnMut(u32)) {
        let number = self.insights.ids.find(insight.into());
        let Some(places) = number.and_then(|number| self.insights.sessions.get(number)) else { return };
        // a block is looked at as soon as some sessions are
        if places.len() < 8 * slice.masks.len() {
            places.iter().filter(|at| slice.has(*at)).for_each(visit);
            return;
        }
        for (block, mask) in &slice.masks {
            places.in_mask(*block, mask).places().for_each(|within| visit(join(*block, within)));
        }
    }
}
