//! The short strings of a text by which a search finds the sessions that may hold it: those of three characters, and for
//! shorter searches of one and of two. Each is counted by a bucket, so that what is kept of a session has one size.

use std::collections::BTreeSet;

/// The buckets. A session of usual length has something in a fifth of them.
pub(super) const BUCKETS: usize = 4_096;
/// The most buckets that a search looks at: the rest would leave out hardly a session more.
const LOOKED_AT_MAX: usize = 16;
/// The length of a search from which strings of three characters alone tell enough.
const LONG: usize = 5;

/// The buckets that a text has something in.
#[derive(Clone, Debug)]
pub(super) struct Grams(Box<[bool; BUCKETS]>);

impl Default for Grams {
    fn default() -> Self {
        Self(Box::new([false; BUCKETS]))
    }
}

impl Grams {
    /// Adds a case-folded text.
    pub(super) fn add(&mut self, folded: &str) {
        let mut two = [None, None];
        for c in folded.chars() {
            self.add_all(&[c]);
            if let Some(last) = two[1] {
                self.add_all(&[last, c]);
                if let Some(before) = two[0] {
                    self.add_all(&[before, last, c]);
                }
            }
            two = [two[1], Some(c)];
        }
    }

    fn add_all(&mut self, gram: &[char]) {
        for bucket in buckets(gram) {
            self.0[bucket] = true;
        }
    }

    /// Iterates over the buckets.
    pub(super) fn iter(&self) -> impl Iterator<Item = usize> {
        self.0.iter().enumerate().filter(|(_, has)| **has).map(|(bucket, _)| bucket)
    }
}

/// Returns buckets that every text with this case-folded part in it has something in.
pub(super) fn of_part(folded: &str) -> BTreeSet<usize> {
    let chars: Vec<char> = folded.chars().collect();
    let longest = chars.len().min(3);
    let shortest = if chars.len() < LONG { longest.saturating_sub(1).max(1) } else { longest };
    let lengths = (shortest..=longest).rev().filter(|length| *length > 0);
    let grams = lengths.flat_map(|length| chars.windows(length));
    grams.flat_map(buckets).take(LOOKED_AT_MAX).collect()
}

/// Returns the buckets of a string: two of a short one, which many sessions have, so that fewer share both. Databases
/// keep them: they never change.
fn buckets(gram: &[char]) -> impl Iterator<Item = usize> {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for c in gram {
        hash = (hash ^ u64::from(u32::from(*c))).wrapping_mul(0x0100_0000_01b3);
    }
    // the low bits of such a product know little of the high ones
    hash = (hash ^ (hash >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let count = if gram.len() == 3 { 1 } else { 2 };
    (0..count).map(move |i| usize::try_from(hash >> (64 - 12 * (i + 1))).unwrap_or(0) % BUCKETS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_the_buckets_of_each_of_its_parts() {
        let text = "where is my refund? 退款 còn chưa đến 🙂";
        let mut grams = Grams::default();
        grams.add(text);
        let chars: Vec<char> = text.chars().collect();
        let has: BTreeSet<usize> = grams.iter().collect();
        for start in 0..chars.len() {
            for end in start..=chars.len() {
                let part: String = chars[start..end].iter().collect();
                assert!(of_part(&part).is_subset(&has), "{part}");
                assert_eq!(of_part(&part).is_empty(), part.is_empty());
            }
        }
        assert!(!of_part("parcel").is_subset(&has));
    }

    #[test]
    fn databases_keep_the_buckets() {
        assert_eq!(of_part("abcdef").len(), 4);
        assert_eq!(buckets(&['a', 'b', 'c']).collect::<Vec<_>>(), [3433]);
        assert_eq!(buckets(&['退', '款']).collect::<Vec<_>>(), [1875, 1545]);
    }
}
