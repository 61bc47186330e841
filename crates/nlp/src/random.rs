//! Numbers that look random, the same from the same seed: splitmix64 (Steele, Lea and Flood 2014).

use std::ops::Range;

/// A sequence of them.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `end`, which is not 0.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        ((u128::from(mix(self.0)) * u128::from(end)) >> 64) as u64
    }

    /// One of a range that is not empty.
    pub fn one_of(&mut self, range: &Range<usize>) -> usize {
        range.start + self.below(range.len() as u64) as usize
    }
}

/// A number that tells nothing of the one it is made from.
pub fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}
