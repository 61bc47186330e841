//! The first sessions of a slice in an order by time.

use crate::block::Block;
use crate::first::First;
use crate::index::Index;
use crate::list::direct;
use crate::mask::Mask;
use crate::places::join;
use crate::slice::Slice;
use uuid::Uuid;

/// A time of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Time {
    /// When it began.
    Began,
    /// When its last message came.
    LastMessage,
}

impl Time {
    fn of(self, block: &Block, within: usize) -> i64 {
        match self {
            Self::Began => block.began[within],
            Self::LastMessage => block.spoke[within],
        }
    }

    /// Returns the bounds of the times of a block.
    fn bounds(self, block: &Block) -> (i64, i64) {
        match self {
            Self::Began => (block.earliest, block.latest),
            Self::LastMessage => block.spoke_within,
        }
    }
}

impl Index {
    /// Lists the places of the first sessions of a slice, so many at most, in the order of a time and on a tie of their ids, or
    /// against it; of those behind a time and an id, if these are given.
    pub fn in_time(
        &self,
        slice: &Slice,
        time: Time,
        is_descending: bool,
        after: Option<(i64, Uuid)>,
        count: usize,
    ) -> Vec<u32> {
        // against the order, the greatest are the first
        let key = |at: i64, id: Uuid| {
            let id = id.as_u128();
            (direct(at, is_descending), if is_descending { !id } else { id })
        };
        let bound = |block: usize| {
            let (earliest, latest) = time.bounds(&self.blocks[block]);
            direct(if is_descending { latest } else { earliest }, is_descending)
        };
        let after = after.map(|(at, id)| key(at, id));
        let mut blocks: Vec<(i64, &(usize, Mask))> = slice.masks.iter().map(|of| (bound(of.0), of)).collect();
        blocks.sort_unstable_by_key(|(bound, _)| *bound);
        let mut first = First::of(count);
        for (bound, (number, mask)) in blocks {
            if first.last().is_some_and(|((last, _), _)| bound > *last) {
                break;
            }
            let block = &self.blocks[*number];
            for within in mask.places() {
                let key = key(time.of(block, within), block.ids[within]);
                if after.is_none_or(|after| key > after) {
                    first.add((key, join(*number, within)));
                }
            }
        }
        first.sorted().into_iter().map(|(_, at)| at).collect()
    }
}
