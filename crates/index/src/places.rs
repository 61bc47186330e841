//! Sets of places: the sessions in which an insight shows, that have a term, or that are a contact's. Small ones lie within
//! their owner, those in between are sorted lists in chunks, and those of very many sessions have a bit for each.
//!
//! A copy shares its chunks with the original, and a change copies one chunk: `O(1024)`.

use crate::mask::{BLOCK, Mask};
use std::sync::Arc;

/// The most places of a set that needs no memory of its own.
const FEW: usize = 5;
/// The most places of a chunk.
const CHUNK: usize = 1024;
/// A bit for each session takes less than a list when one session in so many is in the set.
const SPARSE: usize = 32;

/// A set of places.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places {
    len: u32,
    set: Set,
}

#[derive(Clone, Debug)]
enum Set {
    Few([u32; FEW]),
    /// Chunks that are not empty, all in ascending order.
    Sorted(Vec<Arc<Vec<u32>>>),
    /// By block. None is an empty one.
    Dense(Vec<Option<Arc<Mask>>>),
}

impl Default for Set {
    fn default() -> Self {
        Self::Few([0; FEW])
    }
}

/// Returns the block of a place, and the place within it.
#[inline]
pub(crate) const fn split(at: u32) -> (usize, usize) {
    (at as usize / BLOCK, at as usize % BLOCK)
}

/// Returns the place that is so far within a block.
#[inline]
pub(crate) fn join(block: usize, within: usize) -> u32 {
    u32::try_from(block * BLOCK + within).unwrap_or(u32::MAX)
}

impl Places {
    pub(crate) const fn len(&self) -> usize {
        self.len as usize
    }

    /// Tells if the set is much smaller than so many blocks are.
    pub(crate) const fn is_sparse(&self, blocks: usize) -> bool {
        self.len() < blocks
    }

    /// Adds a place. `blocks` is how many blocks there are, which decides how the set is kept.
    pub(crate) fn insert(&mut self, at: u32, blocks: usize) {
        let is_new = match &mut self.set {
            Set::Few(places) => {
                let len = self.len as usize;
                match places[..len].binary_search(&at) {
                    Ok(_) => false,
                    Err(_) if len == FEW => {
                        let mut all = places.to_vec();
                        all.push(at);
                        all.sort_unstable();
                        self.set = Set::Sorted(vec![Arc::new(all)]);
                        true
                    }
                    Err(i) => {
                        places.copy_within(i..len, i + 1);
                        places[i] = at;
                        true
                    }
                }
            }
            Set::Sorted(chunks) => insert_sorted(chunks, at),
            Set::Dense(masks) => {
                let (block, within) = split(at);
                if masks.len() <= block {
                    masks.resize(block + 1, None);
                }
                let mask = Arc::make_mut(masks[block].get_or_insert_default());
                let is_new = !mask.has(within);
                mask.set(within, true);
                is_new
            }
        };
        self.len += u32::from(is_new);
        if matches!(self.set, Set::Sorted(_)) && self.len() > CHUNK && self.len() > blocks * BLOCK / SPARSE {
            self.make_dense();
        }
    }

    fn make_dense(&mut self) {
        let mut masks: Vec<Option<Arc<Mask>>> = Vec::new();
        for at in self.iter() {
            let (block, within) = split(at);
            if masks.len() <= block {
                masks.resize(block + 1, None);
            }
            Arc::make_mut(masks[block].get_or_insert_default()).set(within, true);
        }
        self.set = Set::Dense(masks);
    }

    /// Takes a place out.
    pub(crate) fn remove(&mut self, at: u32) {
        let was_there = match &mut self.set {
            Set::Few(places) => {
                let len = self.len as usize;
                let found = places[..len].binary_search(&at);
                if let Ok(i) = found {
                    places.copy_within(i + 1..len, i);
                }
                found.is_ok()
            }
            Set::Sorted(chunks) => remove_sorted(chunks, at),
            Set::Dense(masks) => {
                let (block, within) = split(at);
                let mask = masks.get_mut(block).and_then(Option::as_mut).filter(|mask| mask.has(within));
                mask.map(|mask| Arc::make_mut(mask).set(within, false)).is_some()
            }
        };
        self.len -= u32::from(was_there);
    }

    /// Adds the places that lie in a block to a mask of it.
    pub(crate) fn add_to(&self, mask: &mut Mask, block: usize) {
        let (first, end) = (join(block, 0), join(block + 1, 0));
        match &self.set {
            Set::Few(places) => {
                let here = places[..self.len()].iter().filter(|at| (first..end).contains(*at));
                here.for_each(|at| mask.set(split(*at).1, true));
            }
            Set::Sorted(chunks) => {
                let from = chunks.partition_point(|chunk| chunk.last().is_some_and(|last| *last < first));
                for chunk in &chunks[from..] {
                    let rest = &chunk[chunk.partition_point(|at| *at < first)..];
                    let here = &rest[..rest.partition_point(|at| *at < end)];
                    for at in here {
                        mask.set(split(*at).1, true);
                    }
                    if here.len() < rest.len() {
                        break;
                    }
                }
            }
            Set::Dense(masks) => {
                if let Some(Some(other)) = masks.get(block) {
                    mask.or(other);
                }
            }
        }
    }

    /// Returns which of the places lie in a block and in a mask of it.
    pub(crate) fn in_mask(&self, block: usize, mask: &Mask) -> Mask {
        let mut both = Mask::default();
        self.add_to(&mut both, block);
        both.and(mask);
        both
    }

    /// Returns the next block from this on, or back from it, that may have one of the places.
    pub(crate) fn block_from(&self, block: usize, backwards: bool) -> Option<usize> {
        let end = join(block + 1, 0);
        let start = join(block, 0);
        let near = |places: &[u32]| {
            if backwards {
                places[..places.partition_point(|at| *at < end)].last().copied()
            } else {
                places[places.partition_point(|at| *at < start)..].first().copied()
            }
        };
        let at = match &self.set {
            Set::Few(places) => near(&places[..self.len()]),
            Set::Sorted(chunks) if backwards => {
                let after = chunks.partition_point(|chunk| chunk[0] < end);
                near(chunks[..after].last()?)
            }
            Set::Sorted(chunks) => near(&chunks[chunk_of(chunks, start)?]),
            Set::Dense(masks) if backwards => {
                return (0..masks.len().min(block + 1)).rev().find(|block| masks[*block].is_some());
            }
            Set::Dense(masks) => return (block..masks.len()).find(|block| masks[*block].is_some()),
        };
        at.map(|at| split(at).0)
    }

    /// Lists the places in ascending order.
    pub(crate) fn iter(&self) -> Box<dyn Iterator<Item = u32> + '_> {
        match &self.set {
            Set::Few(places) => Box::new(places[..self.len()].iter().copied()),
            Set::Sorted(chunks) => Box::new(chunks.iter().flat_map(|chunk| chunk.iter().copied())),
            Set::Dense(masks) => Box::new(masks.iter().enumerate().flat_map(|(block, mask)| {
                mask.iter().flat_map(move |mask| mask.places().map(move |within| join(block, within)))
            })),
        }
    }

    /// Returns how many bytes it takes beside itself.
    pub(crate) fn bytes(&self) -> usize {
        match &self.set {
            Set::Few(_) => 0,
            Set::Sorted(chunks) => chunks.iter().map(|chunk| 48 + chunk.capacity() * size_of::<u32>()).sum(),
            Set::Dense(masks) => masks.len() * (size_of::<Mask>() + 24),
        }
    }
}

/// Returns the only chunk that can have a place.
fn chunk_of(chunks: &[Arc<Vec<u32>>], at: u32) -> Option<usize> {
    let chunk = chunks.partition_point(|chunk| chunk.last().is_some_and(|last| *last < at));
    (chunk < chunks.len()).then_some(chunk)
}

fn insert_sorted(chunks: &mut Vec<Arc<Vec<u32>>>, at: u32) -> bool {
    let i = chunk_of(chunks, at).unwrap_or(chunks.len().saturating_sub(1));
    let Some(chunk) = chunks.get_mut(i) else {
        chunks.push(Arc::new(vec![at]));
        return true;
    };
    let Err(within) = chunk.binary_search(&at) else { return false };
    if chunk.len() < CHUNK {
        Arc::make_mut(chunk).insert(within, at);
    } else if within == CHUNK {
        chunks.insert(i + 1, Arc::new(vec![at]));
    } else {
        let chunk = Arc::make_mut(chunk);
        chunk.insert(within, at);
        let rest = chunk.split_off(CHUNK / 2);
        chunks.insert(i + 1, Arc::new(rest));
    }
    true
}

fn remove_sorted(chunks: &mut Vec<Arc<Vec<u32>>>, at: u32) -> bool {
    let Some(i) = chunk_of(chunks, at) else { return false };
    let Ok(within) = chunks[i].binary_search(&at) else { return false };
    Arc::make_mut(&mut chunks[i]).remove(within);
    if chunks[i].is_empty() {
        chunks.remove(i);
    }
    true
}
