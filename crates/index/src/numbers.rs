//! Values by their numbers, and numbers by their values. A copy shares what it holds with the original; a change copies a
//! small part of it.

use hashbrown::HashTable;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::Arc;

/// The values of a chunk, and the most numbers of a shard on average.
const CHUNK: usize = 1024;

/// A list whose copies share what did not change.
#[derive(Clone, Debug)]
pub(crate) struct Chunks<T> {
    chunks: Vec<Arc<Vec<T>>>,
}

impl<T> Default for Chunks<T> {
    fn default() -> Self {
        Self { chunks: Vec::new() }
    }
}

impl<T: Clone> Chunks<T> {
    pub(crate) fn len(&self) -> usize {
        self.chunks.last().map_or(0, |last| (self.chunks.len() - 1) * CHUNK + last.len())
    }

    pub(crate) fn push(&mut self, value: T) {
        if self.chunks.last().is_none_or(|last| last.len() == CHUNK) {
            self.chunks.push(Arc::default());
        }
        if let Some(last) = self.chunks.last_mut() {
            Arc::make_mut(last).push(value);
        }
    }

    pub(crate) fn get(&self, number: u32) -> Option<&T> {
        self.chunks.get(number as usize / CHUNK)?.get(number as usize % CHUNK)
    }

    pub(crate) fn get_mut(&mut self, number: u32) -> Option<&mut T> {
        let chunk = self.chunks.get_mut(number as usize / CHUNK)?;
        Arc::make_mut(chunk).get_mut(number as usize % CHUNK)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.chunks.iter().flat_map(|chunk| chunk.iter())
    }

    pub(crate) fn bytes(&self) -> usize {
        self.chunks.iter().map(|chunk| 48 + chunk.capacity() * size_of::<T>()).sum()
    }
}

/// Numbers by the hashes of what they stand for.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    /// As many as a power of two.
    shards: Vec<Arc<HashTable<u32>>>,
    len: usize,
    hasher: RandomState,
}

impl Default for Table {
    fn default() -> Self {
        Self { shards: vec![Arc::default()], len: 0, hasher: RandomState::new() }
    }
}

impl Table {
    /// Returns the shard of a hash, by other bits of it than a shard uses.
    fn shard(&self, hash: u64) -> usize {
        (hash >> 24) as usize & (self.shards.len() - 1)
    }

    /// Returns the number of a value, of those for which `is` is true.
    pub(crate) fn find(&self, value: impl Hash, is: impl Fn(u32) -> bool) -> Option<u32> {
        let hash = self.hasher.hash_one(value);
        self.shards[self.shard(hash)].find(hash, |number| is(*number)).copied()
    }

    /// Adds a number that is not there yet. `value` tells what a number stands for.
    pub(crate) fn insert<V: Hash>(&mut self, number: u32, value: impl Fn(u32) -> V) {
        if self.len >= self.shards.len() * CHUNK {
            let old = std::mem::take(&mut self.shards);
            self.shards = vec![Arc::default(); old.len() * 4];
            old.iter().flat_map(|shard| shard.iter()).for_each(|number| self.put(*number, &value));
        }
        self.put(number, &value);
        self.len += 1;
    }

    fn put<V: Hash>(&mut self, number: u32, value: impl Fn(u32) -> V) {
        let hash_of = |number: &u32| self.hasher.hash_one(value(*number));
        let hash = hash_of(&number);
        let shard = self.shard(hash);
        Arc::make_mut(&mut self.shards[shard]).insert_unique(hash, number, hash_of);
    }

    /// Takes the number of a value out, and returns it.
    pub(crate) fn remove(&mut self, value: impl Hash, is: impl Fn(u32) -> bool) -> Option<u32> {
        let hash = self.hasher.hash_one(value);
        let shard = self.shard(hash);
        let found = Arc::make_mut(&mut self.shards[shard]).find_entry(hash, |number| is(*number)).ok()?;
        self.len -= 1;
        Some(found.remove().0)
    }

    pub(crate) fn bytes(&self) -> usize {
        // a number and a byte, of which an eighth at least is free
        self.shards.iter().map(|shard| 64 + shard.capacity() * 6).sum()
    }
}

/// Values and their numbers, from 0 on.
#[derive(Clone, Debug)]
pub(crate) struct Numbers<T> {
    pub(crate) all: Chunks<T>,
    table: Table,
}

impl<T> Default for Numbers<T> {
    fn default() -> Self {
        Self { all: Chunks::default(), table: Table::default() }
    }
}

impl<T: Copy + Eq + Hash> Numbers<T> {
    /// Returns the number of a value, a new one if it has none yet.
    pub(crate) fn number(&mut self, value: T) -> u32 {
        if let Some(number) = self.find(value) {
            return number;
        }
        let number = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
        self.all.push(value);
        let Self { all, table } = self;
        table.insert(number, |number| all.get(number).copied().unwrap_or(value));
        number
    }

    /// Returns the number of a value that has one.
    pub(crate) fn find(&self, value: T) -> Option<u32> {
        self.table.find(value, |number| self.all.get(number) == Some(&value))
    }

    pub(crate) fn bytes(&self) -> usize {
        self.all.bytes() + self.table.bytes()
    }
}

/// Texts and their numbers. Number 0 is the absence of a text.
#[derive(Clone, Debug)]
pub(crate) struct Words {
    chunks: Vec<Arc<Text>>,
    table: Table,
}

/// Texts, one behind the other.
#[derive(Clone, Debug, Default)]
struct Text {
    text: String,
    /// The end of each.
    ends: Vec<u32>,
}

impl Default for Words {
    fn default() -> Self {
        Self { chunks: vec![Arc::new(Text { text: String::new(), ends: vec![0] })], table: Table::default() }
    }
}

impl Words {
    pub(crate) fn len(&self) -> usize {
        self.chunks.last().map_or(0, |last| (self.chunks.len() - 1) * CHUNK + last.ends.len())
    }

    /// Returns a word by its number; none for the number of its absence.
    pub(crate) fn get(&self, number: u32) -> Option<&str> {
        word(&self.chunks, number)
    }

    pub(crate) fn find(&self, text: &str) -> Option<u32> {
        self.table.find(text, |number| self.get(number) == Some(text))
    }

    /// Returns the number of a word, a new one if it has none yet.
    pub(crate) fn number(&mut self, text: &str) -> u32 {
        if let Some(number) = self.find(text) {
            return number;
        }
        let number = u32::try_from(self.len()).unwrap_or(u32::MAX);
        if self.chunks.last().is_none_or(|last| last.ends.len() == CHUNK) {
            self.chunks.push(Arc::default());
        }
        if let Some(last) = self.chunks.last_mut() {
            let last = Arc::make_mut(last);
            last.text.push_str(text);
            last.ends.push(u32::try_from(last.text.len()).unwrap_or(u32::MAX));
        }
        let Self { chunks, table } = self;
        table.insert(number, |number| word(chunks, number).unwrap_or_default());
        number
    }

    pub(crate) fn bytes(&self) -> usize {
        let text = |chunk: &Arc<Text>| 72 + chunk.text.capacity() + chunk.ends.capacity() * size_of::<u32>();
        self.chunks.iter().map(text).sum::<usize>() + self.table.bytes()
    }
}

fn word(chunks: &[Arc<Text>], number: u32) -> Option<&str> {
    let chunk = chunks.get(number as usize / CHUNK).filter(|_| number > 0)?;
    let within = number as usize % CHUNK;
    let end = *chunk.ends.get(within)? as usize;
    let start = within.checked_sub(1).map_or(0, |before| chunk.ends[before] as usize);
    chunk.text.get(start..end)
}
