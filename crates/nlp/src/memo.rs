//! What was found in texts a moment ago. A conversation is read whole each time something is said in it, and most of it was
//! read before.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{Mutex, PoisonError};

/// The most findings of each half.
const HALF_MAX: usize = 16_384;

/// The findings of a function of texts, the last ones that were asked for. It holds no text: a text is known by two hashes with
/// keys of their own, together 128 bits.
#[derive(Debug)]
pub(crate) struct Memo<V> {
    hashers: [RandomState; 2],
    halves: Mutex<Halves<V>>,
}

/// Once the younger half is full, the older one is forgotten, and the younger one is the older.
#[derive(Debug)]
struct Halves<V> {
    younger: HashMap<[u64; 2], V>,
    older: HashMap<[u64; 2], V>,
}

impl<V: Clone> Memo<V> {
    pub(crate) fn new() -> Self {
        let halves = Halves { younger: HashMap::new(), older: HashMap::new() };
        Self { hashers: [RandomState::new(), RandomState::new()], halves: Mutex::new(halves) }
    }

    /// Returns what `find` returns, or returned for this key before: it has to be a function of the key.
    pub(crate) fn get(&self, key: impl Hash, find: impl FnOnce() -> V) -> V {
        let key = self.hashers.each_ref().map(|hasher| hasher.hash_one(&key));
        if let Some(known) = self.halves(|halves| halves.find(&key)) {
            return known;
        }
        let found = find();
        self.halves(|halves| halves.add(key, found.clone()));
        found
    }

    fn halves<T>(&self, work: impl FnOnce(&mut Halves<V>) -> T) -> T {
        work(&mut self.halves.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<V: Clone> Halves<V> {
    fn find(&mut self, key: &[u64; 2]) -> Option<V> {
        if let Some(known) = self.younger.get(key) {
            return Some(known.clone());
        }
        let known = self.older.remove(key)?;
        self.add(*key, known.clone());
        Some(known)
    }

    fn add(&mut self, key: [u64; 2], found: V) {
        if self.younger.len() >= HALF_MAX {
            self.older = std::mem::take(&mut self.younger);
        }
        self.younger.insert(key, found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn what_was_asked_for_lately_is_found_once() {
        let (memo, found) = (Memo::new(), Cell::new(0_usize));
        let get = |text: &str| {
            memo.get(text, || {
                found.set(found.get() + 1);
                text.len()
            })
        };
        assert_eq!(["a", "bb", "a", "bb"].map(&get), [1, 2, 1, 2]);
        assert_eq!(found.get(), 2);
        for number in 0..3 * HALF_MAX {
            assert_eq!(get("a"), 1);
            get(&format!("{number} and so on"));
        }
        assert_eq!(found.get(), 2 + 3 * HALF_MAX);
        get("bb");
        assert_eq!(found.get(), 3 + 3 * HALF_MAX);
        let (younger, older) = memo.halves(|halves| (halves.younger.len(), halves.older.len()));
        assert!(younger <= HALF_MAX && older <= HALF_MAX);
    }
}
