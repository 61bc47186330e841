//! Numbers that look random, the same from the same seed: splitmix64 (Steele, Lea and Flood 2014).

use std::ops::Range;

/// The distance between two states of the generator: 2^64 over the golden ratio, made odd.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// A sequence of numbers that look random.
pub struct Random(u64);

impl Random {
    /// Starts a sequence.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Draws any number of 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        mix(self.0)
    }

    /// Draws a number from 0 up to, but not 1.
    pub fn fraction(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Draws a number below `end`, which is not 0.
    pub fn below(&mut self, end: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(end)) >> 64) as u64
    }

    /// Draws one of a range that is not empty.
    #[expect(clippy::cast_possible_truncation, reason = "below the length of the range")]
    pub fn one_of(&mut self, range: &Range<usize>) -> usize {
        range.start + self.below(range.len() as u64) as usize
    }
}

/// Scrambles a number, so that the result tells nothing of it.
pub fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}
