//! What the index is made of: values by their numbers, and short lists one behind the other.

use std::collections::HashMap;
use std::hash::Hash;

/// The place of a list among all of them.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct List {
    start: u32,
    len: u32,
}

impl List {
    fn range(self) -> std::ops::Range<usize> {
        self.start as usize..(self.start + self.len) as usize
    }
}

/// Lists, one behind the other.
#[derive(Clone, Debug)]
pub(super) struct Lists<T> {
    all: Vec<T>,
    /// The values that are of no list any more.
    unused: usize,
}

impl<T> Default for Lists<T> {
    fn default() -> Self {
        Self { all: Vec::new(), unused: 0 }
    }
}

impl<T: Copy> Lists<T> {
    /// Lists the values of one.
    pub(super) fn get(&self, list: List) -> &[T] {
        &self.all[list.range()]
    }

    /// Adds a value to one and returns where that is now. Fast for the list that was added to last.
    pub(super) fn add(&mut self, list: List, value: T) -> List {
        let is_last = list.len > 0 && list.range().end == self.all.len();
        let start = if is_last { list.start } else { u32::try_from(self.all.len()).unwrap_or(u32::MAX) };
        if !is_last {
            self.all.extend_from_within(list.range());
            self.drop(list);
        }
        self.all.push(value);
        List { start, len: list.len + 1 }
    }

    /// Notes that a list is not used any more.
    pub(super) fn drop(&mut self, list: List) {
        self.unused += list.len as usize;
    }

    /// Returns true if most values are of no list.
    pub(super) fn is_worn(&self) -> bool {
        2 * self.unused > self.all.len() + 1_000
    }

    /// Returns how many bytes they take.
    pub(super) fn bytes(&self) -> usize {
        self.all.capacity() * size_of::<T>()
    }
}

/// Values and their numbers, from 0 on.
#[derive(Clone, Debug)]
pub(super) struct Numbers<T> {
    pub(super) all: Vec<T>,
    of: HashMap<T, u32>,
}

impl<T> Default for Numbers<T> {
    fn default() -> Self {
        Self { all: Vec::new(), of: HashMap::new() }
    }
}

impl<T: Clone + Eq + Hash> Numbers<T> {
    /// Returns the number of a value, a new one if it has none yet.
    pub(super) fn number(&mut self, value: T) -> u32 {
        let next = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
        *self.of.entry(value).or_insert_with_key(|value| {
            self.all.push(value.clone());
            next
        })
    }

    /// Returns the number of a value that has one.
    pub(super) fn find<Q: Eq + Hash + ?Sized>(&self, value: &Q) -> Option<u32>
    where
        T: std::borrow::Borrow<Q>,
    {
        self.of.get(value).copied()
    }
}
