//! What else insights have of a slice: people, and sessions by a value that each insight has.

use crate::index::Index;
use crate::places::{Places, join};
use crate::slice::Slice;
use crate::{NONE, mask::Mask};
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

    /// Counts the different people who speak in these sessions.
    pub fn count(&mut self, index: &Index, places: impl IntoIterator<Item = u32>) -> u32 {
        self.different(places.into_iter().map(|at| index.person(at)))
    }

    fn different(&mut self, people: impl Iterator<Item = usize>) -> u32 {
        self.last += 1;
        let is_new = |person: usize| std::mem::replace(&mut self.of[person], self.last) != self.last;
        people.map(is_new).map(u32::from).sum()
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
                let person = self.person(join(*number, within));
                for insight in insights {
                    let end = &mut ends[*insight as usize];
                    all[*end] = person;
                    *end += 1;
                }
            }
        }
        let starts = std::iter::once(0).chain(ends.iter().copied());
        let of_insights =
            starts.zip(&ends).map(|(start, end)| people.different(all[start..*end].iter().copied()));
        of_insights.collect()
    }

    /// Counts the sessions of a slice by a value that their insights have: `values` has it of each insight by its number, below
    /// `len`, or none. A session counts once for each value.
    pub fn by_insights(&self, slice: &Slice, values: &[Option<u32>], len: usize) -> Vec<u32> {
        let values: Vec<u32> = values.iter().map(|value| value.unwrap_or(NONE)).collect();
        let mut counts = vec![0; len];
        // the session that each value was counted for last
        let mut counted = vec![NONE; len];
        for (number, mask) in &slice.masks {
            let insights = &self.blocks[*number].insights;
            for within in mask.places() {
                let at = join(*number, within);
                for insight in insights.of(within) {
                    let value = values[*insight as usize] as usize;
                    if let Some(counted) = counted.get_mut(value)
                        && std::mem::replace(counted, at) != at
                    {
                        counts[value] += 1;
                    }
                }
            }
        }
        counts
    }

    /// Lists the places of the sessions of a slice in which an insight shows, in ascending order.
    pub fn shown_in(&self, insight: impl Into<Uuid>, slice: &Slice) -> Vec<u32> {
        let number = self.insights.ids.find(insight.into());
        let Some(places) = number.and_then(|number| self.insights.sessions.get(number)) else {
            return Vec::new();
        };
        // a block is looked at as soon as some sessions are
        if places.len() < 8 * slice.masks.len() {
            return places.iter().filter(|at| slice.has(*at)).collect();
        }
        let of_block = |(block, mask): &(usize, Mask)| with(places, *block, mask);
        slice.masks.iter().flat_map(of_block).collect()
    }
}

/// Lists the places of a block that a mask and a set have.
fn with(places: &Places, block: usize, mask: &Mask) -> Vec<u32> {
    let mut both = Mask::default();
    places.add_to(&mut both, block);
    both.and(mask);
    both.places().map(|within| join(block, within)).collect()
}
