//! Which sessions of a block: a bit for each.

use std::ops::Range;

/// The number of sessions of a block.
pub(crate) const BLOCK: usize = 4096;

/// Sessions of a block, by their places in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mask([u64; BLOCK / 64]);

impl Default for Mask {
    fn default() -> Self {
        Self([0; BLOCK / 64])
    }
}

impl Mask {
    /// Every place.
    pub(crate) const fn all() -> Self {
        Self([u64::MAX; BLOCK / 64])
    }

    pub(crate) fn has(&self, at: usize) -> bool {
        self.0[at / 64] >> (at % 64) & 1 == 1
    }

    pub(crate) fn set(&mut self, at: usize, is_set: bool) {
        let bit = 1 << (at % 64);
        if is_set {
            self.0[at / 64] |= bit;
        } else {
            self.0[at / 64] &= !bit;
        }
    }

    pub(crate) fn and(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(word, other)| *word &= other);
    }

    pub(crate) fn and_not(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(word, other)| *word &= !other);
    }

    pub(crate) fn or(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(word, other)| *word |= other);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.iter().fold(0, |all, word| all | word) == 0
    }

    pub(crate) fn len(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Counts those that another has too.
    pub(crate) fn len_with(&self, other: &Self) -> usize {
        self.0.iter().zip(&other.0).map(|(word, other)| (word & other).count_ones() as usize).sum()
    }

    /// Keeps those for which `holds` is true.
    pub(crate) fn keep(&mut self, holds: impl Fn(usize) -> bool) {
        for (i, word) in self.0.iter_mut().enumerate() {
            let mut left = *word;
            while left != 0 {
                let bit = left.trailing_zeros() as usize;
                left &= left - 1;
                *word &= !(u64::from(!holds(i * 64 + bit)) << bit);
            }
        }
    }

    /// Lists them in ascending order.
    pub(crate) fn places(&self) -> impl Iterator<Item = usize> + '_ {
        self.0.iter().enumerate().flat_map(|(i, word)| {
            let mut left = *word;
            std::iter::from_fn(move || {
                let bit = (left != 0).then(|| left.trailing_zeros() as usize)?;
                left &= left - 1;
                Some(i * 64 + bit)
            })
        })
    }

    /// Lists the stretches of those that follow one another within a word of 64, in ascending order.
    pub(crate) fn runs(&self) -> impl Iterator<Item = Range<usize>> + '_ {
        self.0.iter().enumerate().flat_map(|(i, word)| {
            let mut left = *word;
            std::iter::from_fn(move || {
                let start = (left != 0).then(|| left.trailing_zeros())?;
                let end = start + (left >> start).trailing_ones();
                left &= u64::MAX.checked_shl(end).unwrap_or(0);
                Some(i * 64 + start as usize..i * 64 + end as usize)
            })
        })
    }
}
