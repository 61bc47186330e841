//! The sessions of every insight, over those that meet conditions: by what is kept if it answers, else by a look at each.

use crate::Facet;
use crate::condition::{FacetsAndTime, Filter, Tests};
use crate::index::Index;
use crate::mask::Mask;
use crate::slice::Slice;

/// The most kept counts that are added up. A look at each session of a large organization takes as long as hundreds of them.
const SUMS_MAX: usize = 64;

impl Index {
    /// Counts the sessions that meet conditions for each insight, by its number.
    pub fn counts(&self, filter: &Filter) -> Vec<u32> {
        let tests = Tests::new(self, filter);
        self.kept(&tests).unwrap_or_else(|| self.counts_of(&self.slice_by(&tests)))
    }

    /// Finds the sessions that meet conditions, and counts them for each insight, by its number.
    pub fn slice_with_counts(&self, filter: &Filter) -> (Slice, Vec<u32>) {
        let tests = Tests::new(self, filter);
        let slice = self.slice_by(&tests);
        let counts = self.kept(&tests).unwrap_or_else(|| self.counts_of(&slice));
        (slice, counts)
    }

    /// Counts the sessions of a slice for each insight, by its number.
    pub fn counts_of(&self, slice: &Slice) -> Vec<u32> {
        let mut counts = vec![0; self.insights.sessions.len()];
        for (block, mask) in &slice.masks {
            self.count_block(*block, mask, &mut counts);
        }
        counts
    }

    fn count_block(&self, block: usize, mask: &Mask, counts: &mut [u32]) {
        let insights = &self.blocks[block].insights;
        for run in mask.runs() {
            for insight in insights.of_all(&run) {
                counts[*insight as usize] += 1;
            }
        }
    }

    /// Adds up what is kept, if that is all it takes.
    pub(crate) fn kept(&self, tests: &Tests<'_>) -> Option<Vec<u32>> {
        let cubes = self.cubes.as_ref()?;
        let FacetsAndTime { facets, time } = tests.as_facets_and_time()?;
        let mut counts = vec![0; self.insights.sessions.len()];
        match (facets.as_slice(), time) {
            ([], None) => add(&mut counts, cubes.all()),
            ([], Some((from, to))) => {
                let range = cubes.range(from, to, self.blocks.len());
                for whole in range.whole {
                    add(&mut counts, whole);
                }
                for block in range.parts {
                    let mut mask = self.blocks[block].there.clone();
                    tests.keep(self, block, &mut mask);
                    self.count_block(block, &mask, &mut counts);
                }
            }
            ([(facet, codes)], None) => {
                let codes = self.known(*facet, codes);
                (codes.len() <= SUMS_MAX).then_some(())?;
                for code in codes {
                    add(&mut counts, cubes.with((*facet, code), None));
                }
            }
            ([(facet, codes), (other, other_codes)], None) => {
                let [codes, other_codes] = [self.known(*facet, codes), self.known(*other, other_codes)];
                (codes.len() * other_codes.len() <= SUMS_MAX).then_some(())?;
                for code in codes {
                    for other_code in &other_codes {
                        add(&mut counts, cubes.with((*facet, code), Some((*other, *other_code))));
                    }
                }
            }
            _ => return None,
        }
        Some(counts)
    }

    /// Takes those of these codes that a session can have.
    fn known(&self, facet: Facet, codes: &[u8]) -> Vec<u8> {
        let words = self.facets[facet as usize].len();
        codes.iter().copied().filter(|code| usize::from(*code) <= words).collect()
    }
}

fn add(counts: &mut [u32], others: &[u32]) {
    counts.iter_mut().zip(others).for_each(|(count, other)| *count += other);
}
