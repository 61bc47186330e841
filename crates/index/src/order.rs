//! The first sessions of a slice in an order by time.

use crate::block::Block;
use crate::index::Index;
use crate::places::join;
use crate::slice::Slice;
use std::cmp::Reverse;
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
        let is_behind = |key: (i64, Uuid)| {
            after.is_none_or(|after| if is_descending { key < after } else { key > after })
        };
        // the least that is less than all of what a block can bring, first; backwards as the greatest
        let bound = |block: usize| {
            let (first, last) = time.bounds(&self.blocks[block]);
            if is_descending { -i128::from(last) } else { i128::from(first) }
        };
        let key = |at: i64| if is_descending { -i128::from(at) } else { i128::from(at) };
        let mut blocks: Vec<(i128, usize)> =
            slice.masks.iter().enumerate().map(|(i, (block, _))| (bound(*block), i)).collect();
        blocks.sort_unstable();
        let mut first: Vec<(i64, Uuid, u32)> = Vec::new();
        let sort = |first: &mut Vec<(i64, Uuid, u32)>| {
            if is_descending {
                first.sort_unstable_by_key(|of| Reverse(*of));
            } else {
                first.sort_unstable();
            }
            first.truncate(count);
        };
        for (bound, i) in blocks {
            if first.len() >= count && first.last().is_none_or(|worst| bound > key(worst.0)) {
                break;
            }
            let (number, mask) = &slice.masks[i];
            let block = &self.blocks[*number];
            let times = mask
                .places()
                .map(|within| (time.of(block, within), block.ids[within], join(*number, within)));
            first.extend(times.filter(|(at, id, _)| is_behind((*at, *id))));
            sort(&mut first);
        }
        first.into_iter().map(|(.., at)| at).collect()
    }
}
