//! Lists in the index: the custom data and the tags of each owner, as numbers of words.

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

/// A name and its value.
pub(super) type Pair = (u32, u32);

/// Lists of pairs, one behind the other.
#[derive(Clone, Debug, Default)]
pub(super) struct Lists {
    pairs: Vec<Pair>,
    /// The pairs that are of no list any more.
    unused: usize,
}

impl Lists {
    /// Lists the pairs of one.
    pub(super) fn get(&self, list: List) -> &[Pair] {
        &self.pairs[list.range()]
    }

    /// Adds a pair to one and returns where that is now. Fast for the list that was added to last.
    pub(super) fn add(&mut self, list: List, pair: Pair) -> List {
        let is_last = list.len > 0 && list.range().end == self.pairs.len();
        let start = if is_last { list.start } else { self.end() };
        if !is_last {
            self.pairs.extend_from_within(list.range());
            self.drop(list);
        }
        self.pairs.push(pair);
        List { start, len: list.len + 1 }
    }

    /// Notes that a list is not used any more.
    pub(super) fn drop(&mut self, list: List) {
        self.unused += list.len as usize;
    }

    /// Returns true if most pairs are of no list.
    pub(super) fn is_worn(&self) -> bool {
        2 * self.unused > self.pairs.len() + 1_000
    }

    /// Returns how many bytes they take.
    pub(super) fn bytes(&self) -> usize {
        self.pairs.capacity() * size_of::<Pair>()
    }

    fn end(&self) -> u32 {
        u32::try_from(self.pairs.len()).unwrap_or(u32::MAX)
    }
}
