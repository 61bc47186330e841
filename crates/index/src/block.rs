//! A block: 4,096 sessions that began about the same time, column by column.

use crate::mask::Mask;
use crate::{FACETS, Facet, NONE};
use std::ops::Range;
use uuid::Uuid;

/// What is known of a session beside its terms and insights. Words are numbers of the index.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) id: Uuid,
    pub(crate) began: i64,
    pub(crate) spoke: i64,
    pub(crate) ticket: i64,
    /// A contact's number, or [`NONE`].
    pub(crate) contact: u32,
    /// The code of each facet.
    pub(crate) codes: [u8; FACETS],
    pub(crate) team: u32,
    pub(crate) assignee: u32,
    pub(crate) is_handed_off: bool,
}

/// Sessions by their places in the block.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    pub(crate) ids: Vec<Uuid>,
    pub(crate) began: Vec<i64>,
    pub(crate) spoke: Vec<i64>,
    pub(crate) tickets: Vec<i64>,
    pub(crate) contacts: Vec<u32>,
    pub(crate) teams: Vec<u32>,
    pub(crate) assignees: Vec<u32>,
    codes: [Vec<u8>; FACETS],
    /// Of each facet by code: the sessions that have it.
    with: [Vec<Mask>; FACETS],
    pub(crate) there: Mask,
    pub(crate) handed_off: Mask,
    pub(crate) terms: Lists,
    pub(crate) insights: Lists,
    /// No session of the block began before.
    pub(crate) earliest: i64,
    /// No session of the block began after.
    pub(crate) latest: i64,
    /// No last message came before or after.
    pub(crate) spoke_within: (i64, i64),
}

impl Default for Block {
    fn default() -> Self {
        Self {
            ids: Vec::new(),
            began: Vec::new(),
            spoke: Vec::new(),
            tickets: Vec::new(),
            contacts: Vec::new(),
            teams: Vec::new(),
            assignees: Vec::new(),
            codes: Default::default(),
            with: Default::default(),
            there: Mask::default(),
            handed_off: Mask::default(),
            terms: Lists::default(),
            insights: Lists::default(),
            earliest: i64::MAX,
            latest: i64::MIN,
            spoke_within: (i64::MAX, i64::MIN),
        }
    }
}

impl Block {
    pub(crate) const fn len(&self) -> usize {
        self.ids.len()
    }

    /// Puts a session at a place, which is a session's or the next.
    pub(crate) fn put(&mut self, at: usize, row: &Row) {
        fn set<T>(column: &mut Vec<T>, at: usize, value: T) {
            match column.get_mut(at) {
                Some(old) => *old = value,
                None => column.push(value),
            }
        }
        if at < self.len() {
            self.clear_codes(at);
        }
        set(&mut self.ids, at, row.id);
        set(&mut self.began, at, row.began);
        set(&mut self.spoke, at, row.spoke);
        set(&mut self.tickets, at, row.ticket);
        set(&mut self.contacts, at, row.contact);
        set(&mut self.teams, at, row.team);
        set(&mut self.assignees, at, row.assignee);
        for ((codes, with), code) in self.codes.iter_mut().zip(&mut self.with).zip(row.codes) {
            set(codes, at, code);
            if with.len() <= usize::from(code) {
                with.resize_with(usize::from(code) + 1, Mask::default);
            }
            with[usize::from(code)].set(at, true);
        }
        self.there.set(at, true);
        self.handed_off.set(at, row.is_handed_off);
        self.earliest = self.earliest.min(row.began);
        self.latest = self.latest.max(row.began);
        let (first, last) = self.spoke_within;
        self.spoke_within = (first.min(row.spoke), last.max(row.spoke));
    }

    /// Puts the terms and the insights of sessions, which are in ascending order, in the place of those that they had.
    pub(crate) fn set_lists<'a>(&mut self, of: impl Iterator<Item = (usize, &'a [u32], &'a [u32])> + Clone) {
        self.terms.replace(&of.clone().map(|(at, terms, _)| (at, terms)).collect::<Vec<_>>());
        self.insights.replace(&of.map(|(at, _, insights)| (at, insights)).collect::<Vec<_>>());
    }

    /// Forgets that a session is there.
    pub(crate) fn remove(&mut self, at: usize) {
        self.clear_codes(at);
        self.contacts[at] = NONE;
        self.there.set(at, false);
        self.handed_off.set(at, false);
    }

    fn clear_codes(&mut self, at: usize) {
        for (codes, with) in self.codes.iter().zip(&mut self.with) {
            if let Some(mask) = with.get_mut(usize::from(codes[at])) {
                mask.set(at, false);
            }
        }
    }

    pub(crate) fn code(&self, facet: Facet, at: usize) -> u8 {
        self.codes[facet as usize][at]
    }

    pub(crate) fn codes(&self, at: usize) -> [u8; FACETS] {
        self.codes.each_ref().map(|codes| codes[at])
    }

    /// Lists the codes of a facet in this block with the sessions that have it.
    pub(crate) fn with(&self, facet: Facet) -> &[Mask] {
        &self.with[facet as usize]
    }

    pub(crate) fn bytes(&self) -> usize {
        let masks: usize = self.with.iter().map(|with| with.len() * size_of::<Mask>()).sum();
        let session = size_of::<Uuid>() + 3 * size_of::<i64>() + 3 * size_of::<u32>() + FACETS;
        size_of::<Self>() + masks + self.ids.capacity() * session + self.terms.bytes() + self.insights.bytes()
    }
}

/// A short list of numbers for each session of a block or a batch, one behind the other.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lists {
    /// The end of each.
    ends: Vec<u32>,
    all: Vec<u32>,
}

impl Lists {
    /// Makes lists of numbers of their owners, of whom there are so many, each sorted and without repetitions.
    pub(crate) fn new(mut pairs: Vec<(u32, u32)>, owners: usize) -> Self {
        pairs.sort_unstable();
        pairs.dedup();
        let mut ends = vec![0; owners];
        for (owner, _) in &pairs {
            ends[*owner as usize] += 1;
        }
        let mut end = 0;
        for count in &mut ends {
            end += *count;
            *count = end;
        }
        Self { ends, all: pairs.into_iter().map(|(_, number)| number).collect() }
    }

    pub(crate) fn of(&self, at: usize) -> &[u32] {
        self.of_all(&(at..at + 1))
    }

    /// Returns the lists of sessions that follow one another, one behind the other.
    pub(crate) fn of_all(&self, places: &Range<usize>) -> &[u32] {
        let end = |of: usize| self.ends.get(of).or(self.ends.last()).map_or(0, |end| *end as usize);
        let start = places.start.checked_sub(1).map_or(0, end);
        let last = places.end.checked_sub(1).map_or(0, end);
        &self.all[start..last]
    }

    /// Visits the lists of sessions that follow one another.
    pub(crate) fn each(&self, places: &Range<usize>, mut visit: impl FnMut(&[u32])) {
        // the last sessions of a block may have none
        let Some(ends) = self.ends.get(places.start..places.end.min(self.ends.len())) else { return };
        let mut start = places.start.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        for end in ends {
            visit(&self.all[start..*end as usize]);
            start = *end as usize;
        }
    }

    /// Puts lists in the place of those of these sessions, which are in ascending order.
    pub(crate) fn replace(&mut self, new: &[(usize, &[u32])]) {
        let is_same = |(at, list): &(usize, &[u32])| self.of(*at) == *list;
        if new.iter().all(is_same) {
            return;
        }
        let len = new.last().map_or(0, |(at, _)| at + 1).max(self.ends.len());
        let more: usize = new.iter().map(|(_, list)| list.len()).sum();
        let mut lists =
            Self { ends: Vec::with_capacity(len), all: Vec::with_capacity(self.all.len() + more) };
        let mut new = new.iter().peekable();
        for at in 0..len {
            let replaced = new.next_if(|(of, _)| *of == at);
            lists.all.extend_from_slice(replaced.map_or_else(|| self.of(at), |(_, list)| list));
            lists.ends.push(u32::try_from(lists.all.len()).unwrap_or(u32::MAX));
        }
        lists.all.shrink_to_fit();
        *self = lists;
    }

    fn bytes(&self) -> usize {
        (self.ends.capacity() + self.all.capacity()) * size_of::<u32>()
    }
}
