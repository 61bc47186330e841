//! The index: what it holds, and what is read of one session.

use crate::block::Block;
use crate::cubes::Cubes;
use crate::insights::Insights;
use crate::mask::BLOCK;
use crate::numbers::{Chunks, Numbers, Table, Words};
use crate::places::{Places, join, split};
use crate::{FACETS, Facet, NONE};
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;

/// From so many sessions on, counts are kept; below, a look at each takes less than half a millisecond.
pub const CUBES_MIN: usize = 50_000;

/// The sessions of an organization and the insights that show in them.
#[derive(Clone, Debug)]
pub struct Index {
    pub(crate) blocks: Vec<Arc<Block>>,
    /// Places by the ids of sessions.
    pub(crate) table: Table,
    /// The sessions that are there.
    pub(crate) len: usize,
    pub(crate) words: Words,
    /// Of each facet: the words of its codes. Code 0 is the absence of one.
    pub(crate) facets: [Vec<u32>; FACETS],
    pub(crate) contact_ids: Numbers<Uuid>,
    pub(crate) contacts: Chunks<Contact>,
    pub(crate) session_terms: Terms,
    pub(crate) contact_terms: Terms,
    pub(crate) insights: Insights,
    pub(crate) cubes: Option<Cubes>,
    /// From so many sessions on, counts are kept.
    pub(crate) cubes_min: usize,
    /// Of each block: when the earliest session of it and of those behind it began.
    pub(crate) earliest: Vec<i64>,
    /// Of each block: when the latest session of it and of those before it began.
    pub(crate) latest: Vec<i64>,
}

/// A contact: its sessions and its terms.
#[derive(Clone, Debug, Default)]
pub(crate) struct Contact {
    pub(crate) sessions: Places,
    pub(crate) terms: Arc<[u32]>,
}

/// Names with their values, of sessions or of contacts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Terms {
    /// A name and a value, by the numbers of their words.
    pub(crate) pairs: Numbers<(u32, u32)>,
    /// The sessions that have it, or whose contact has.
    pub(crate) sessions: Chunks<Places>,
    /// How many sessions have it, or contacts, also those without a session.
    pub(crate) owners: Chunks<u32>,
    /// The terms that nobody has any more.
    unused: usize,
}

impl Terms {
    pub(crate) fn number(&mut self, pair: (u32, u32)) -> u32 {
        let number = self.pairs.number(pair);
        if number as usize == self.sessions.len() {
            self.sessions.push(Places::default());
            self.owners.push(0);
            self.unused += 1;
        }
        number
    }

    /// Notes that somebody has these terms, and no longer those. Both lists are sorted.
    pub(crate) fn own(&mut self, old: &[u32], new: &[u32]) {
        for (all, others, by) in [(old, new, -1), (new, old, 1)] {
            for term in all.iter().filter(|term| others.binary_search(term).is_err()) {
                let Some(owners) = self.owners.get_mut(*term) else { continue };
                self.unused -= usize::from(*owners == 0);
                *owners = owners.wrapping_add_signed(by);
                self.unused += usize::from(*owners == 0);
            }
        }
    }

    /// Returns true if most are of nobody.
    fn is_worn(&self) -> bool {
        2 * self.unused > self.pairs.all.len() + 1_000
    }

    fn bytes(&self) -> usize {
        let sets = self.sessions.iter().map(Places::bytes).sum::<usize>();
        self.pairs.bytes() + self.sessions.bytes() + sets + self.owners.bytes()
    }
}

/// Takes a place out of sets that it is no longer in, and adds it to those that it is new in. Both lists are sorted.
pub(crate) fn move_in_sets(sets: &mut Chunks<Places>, at: u32, old: &[u32], new: &[u32], blocks: usize) {
    for number in old.iter().filter(|number| new.binary_search(number).is_err()) {
        if let Some(places) = sets.get_mut(*number) {
            places.remove(at);
        }
    }
    for number in new.iter().filter(|number| old.binary_search(number).is_err()) {
        if let Some(places) = sets.get_mut(*number) {
            places.insert(at, blocks);
        }
    }
}

/// Whose terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// Those of sessions.
    Session,
    /// Those of contacts.
    Contact,
}

/// A word that a session may have: the value of a facet, its team, its assignee, or the value of a term.
#[derive(Clone, Copy, Debug)]
pub enum Word {
    /// The value of a facet.
    Facet(Facet),
    /// The team.
    Team,
    /// Whoever looks after it.
    Assignee,
    /// The value of a name, by the name's number.
    Term(Owner, u32),
}

impl Default for Index {
    fn default() -> Self {
        Self::keeping_from(CUBES_MIN)
    }
}

impl Index {
    /// Has nothing yet. From so many sessions on it keeps counts.
    pub fn keeping_from(cubes_min: usize) -> Self {
        Self {
            blocks: Vec::new(),
            table: Table::default(),
            len: 0,
            words: Words::default(),
            facets: Default::default(),
            contact_ids: Numbers::default(),
            contacts: Chunks::default(),
            session_terms: Terms::default(),
            contact_terms: Terms::default(),
            insights: Insights::default(),
            cubes: None,
            cubes_min,
            earliest: Vec::new(),
            latest: Vec::new(),
        }
    }

    /// Returns how many places there are: those of sessions, and those of sessions that are gone.
    pub fn places_len(&self) -> usize {
        self.blocks.last().map_or(0, |last| (self.blocks.len() - 1) * BLOCK + last.len())
    }

    /// Returns the number of sessions.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Returns true if there is no session.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns true if most of what it holds is of sessions that are gone, or terms that nobody has any more, so that an index
    /// made anew takes less.
    pub fn is_worn(&self) -> bool {
        let are_worn = self.session_terms.is_worn() || self.contact_terms.is_worn();
        are_worn || self.places_len() > 2 * self.len + 1_000
    }

    /// Returns about how many bytes it takes.
    pub fn bytes(&self) -> usize {
        let contact = |contact: &Contact| contact.sessions.bytes() + 16 + size_of_val(&*contact.terms);
        self.blocks.iter().map(|block| block.bytes()).sum::<usize>()
            + self.table.bytes()
            + self.words.bytes()
            + self.contact_ids.bytes()
            + self.contacts.bytes()
            + self.contacts.iter().map(contact).sum::<usize>()
            + self.session_terms.bytes()
            + self.contact_terms.bytes()
            + self.insights.bytes()
            + self.cubes.as_ref().map_or(0, Cubes::bytes)
    }

    /// Returns the place of a session.
    pub fn place(&self, id: impl Into<Uuid>) -> Option<u32> {
        let id = id.into();
        self.table.find(id, |at| self.id(at) == id)
    }

    /// Returns when the first session began and the last, in microseconds since 1970; none without a session.
    pub fn times(&self) -> Option<(i64, i64)> {
        let (mut first, mut last) = (i64::MAX, i64::MIN);
        // the bounds of a block hold those of sessions that are gone too
        for block in &self.blocks {
            if block.earliest < first {
                first = block.there.places().fold(first, |first, at| first.min(block.began[at]));
            }
        }
        for block in self.blocks.iter().rev() {
            if block.latest > last {
                last = block.there.places().fold(last, |last, at| last.max(block.began[at]));
            }
        }
        (!self.is_empty()).then_some((first, last))
    }

    /// Returns how many times an insight shows in a session.
    pub fn occurrences(&self) -> usize {
        self.insights.sessions.iter().map(Places::len).sum()
    }

    /// Lists the places of all sessions.
    pub fn places(&self) -> impl Iterator<Item = u32> {
        let of_block = |(block, of): (usize, &Arc<Block>)| {
            let places: Vec<u32> = of.there.places().map(|within| join(block, within)).collect();
            places
        };
        self.blocks.iter().enumerate().flat_map(of_block)
    }

    #[inline]
    pub(crate) fn at(&self, at: u32) -> (&Block, usize) {
        let (block, within) = split(at);
        (&self.blocks[block], within)
    }

    /// Returns the id of the session at a place.
    #[inline]
    pub fn id(&self, at: u32) -> Uuid {
        let (block, within) = self.at(at);
        block.ids[within]
    }

    /// Returns when it began, in microseconds since 1970.
    #[inline]
    pub fn began(&self, at: u32) -> i64 {
        let (block, within) = self.at(at);
        block.began[within]
    }

    /// Returns when its last message came, in microseconds since 1970.
    #[inline]
    pub fn last_message(&self, at: u32) -> i64 {
        let (block, within) = self.at(at);
        block.spoke[within]
    }

    /// Returns its ticket number.
    #[inline]
    pub fn ticket(&self, at: u32) -> i64 {
        let (block, within) = self.at(at);
        block.tickets[within]
    }

    /// Tells whether it was handed off to a person.
    #[inline]
    pub fn is_handed_off(&self, at: u32) -> bool {
        let (block, within) = self.at(at);
        block.handed_off.has(within)
    }

    /// Returns the number of its contact, if it has one.
    #[inline]
    pub fn contact_of(&self, at: u32) -> Option<u32> {
        let (block, within) = self.at(at);
        Some(block.contacts[within]).filter(|number| *number != NONE)
    }

    /// Returns the number of the word that it has, 0 if it has none.
    #[inline]
    pub fn word_of(&self, at: u32, word: Word) -> u32 {
        let (block, within) = self.at(at);
        match word {
            Word::Facet(facet) => self.facet_word(facet, block.code(facet, within)),
            Word::Team => block.teams[within],
            Word::Assignee => block.assignees[within],
            Word::Term(owner, key) => {
                let pairs = &self.terms(owner).pairs.all;
                let of_key = |term: &u32| pairs.get(*term).filter(|pair| pair.0 == key);
                self.terms_of(at, owner).iter().find_map(of_key).map_or(0, |pair| pair.1)
            }
        }
    }

    #[inline]
    pub(crate) fn facet_word(&self, facet: Facet, code: u8) -> u32 {
        usize::from(code).checked_sub(1).map_or(0, |code| self.facets[facet as usize][code])
    }

    /// Returns the code of a word of a facet, if a session has had it.
    pub(crate) fn facet_code(&self, facet: Facet, word: u32) -> Option<u8> {
        if word == 0 {
            return Some(0);
        }
        let code = self.facets[facet as usize].iter().position(|other| *other == word)?;
        u8::try_from(code + 1).ok()
    }

    /// Lists the terms that the session, or its contact, has.
    pub(crate) fn terms_of(&self, at: u32, owner: Owner) -> &[u32] {
        let (block, within) = self.at(at);
        match owner {
            Owner::Session => block.terms.of(within),
            Owner::Contact => self.contacts.get(block.contacts[within]).map_or(&[], |contact| &contact.terms),
        }
    }

    pub(crate) const fn terms(&self, owner: Owner) -> &Terms {
        match owner {
            Owner::Session => &self.session_terms,
            Owner::Contact => &self.contact_terms,
        }
    }

    /// Lists the names and the values of a session's terms, or its contact's, by the numbers of their words.
    pub fn pairs_of(&self, at: u32, owner: Owner) -> impl Iterator<Item = (u32, u32)> {
        self.terms_of(at, owner)
            .iter()
            .filter_map(move |term| self.terms(owner).pairs.all.get(*term).copied())
    }

    /// Returns the number of a term, if anybody has had it.
    pub fn term(&self, owner: Owner, name: &str, value: &str) -> Option<u32> {
        self.terms(owner).pairs.find((self.words.find(name)?, self.words.find(value)?))
    }

    /// Lists each name of terms with how many sessions, or contacts, have it, and how many values, in no order.
    pub fn names(&self, owner: Owner) -> Vec<(&str, usize, usize)> {
        let mut names: HashMap<u32, (usize, usize)> = HashMap::new();
        let terms = self.terms(owner);
        for ((name, _), owners) in terms.pairs.all.iter().zip(terms.owners.iter()) {
            if *owners > 0 {
                let (all, values) = names.entry(*name).or_default();
                *all += *owners as usize;
                *values += 1;
            }
        }
        let named = |(name, (owners, values))| Some((self.words.get(name)?, owners, values));
        names.into_iter().filter_map(named).collect()
    }

    /// Returns a word by its number; none for 0, the absence of one.
    pub fn word(&self, number: u32) -> Option<&str> {
        self.words.get(number)
    }

    /// Returns the number up to which words are numbered.
    pub fn words_len(&self) -> usize {
        self.words.len()
    }

    /// Returns the number of a word, if anything has had it.
    pub fn word_number(&self, word: &str) -> Option<u32> {
        self.words.find(word)
    }

    /// Returns the word that is the value of a name.
    pub fn value(&self, owner: Owner, name: &str) -> Word {
        Word::Term(owner, self.words.find(name).unwrap_or(NONE))
    }

    /// Returns a contact's id by its number.
    pub fn contact(&self, number: u32) -> Option<Uuid> {
        self.contact_ids.all.get(number).copied()
    }

    /// Returns the number of a contact, if it is known.
    pub fn contact_number(&self, id: impl Into<Uuid>) -> Option<u32> {
        self.contact_ids.find(id.into())
    }

    /// Counts the sessions of a contact.
    pub fn sessions_of_contact(&self, number: u32) -> usize {
        self.contacts.get(number).map_or(0, |contact| contact.sessions.len())
    }

    /// Returns the number of whoever speaks in a session: its contact, or somebody of its own.
    #[inline]
    pub fn person(&self, at: u32) -> usize {
        self.contact_of(at).map_or_else(|| self.contacts.len() + at as usize, |number| number as usize)
    }

    /// Returns the id of whoever speaks in a session: of its contact, or of the session.
    #[inline]
    pub fn person_id(&self, at: u32) -> Uuid {
        self.contact_of(at).and_then(|number| self.contact(number)).unwrap_or_else(|| self.id(at))
    }

    /// Returns the number up to which people are numbered.
    pub fn people_len(&self) -> usize {
        self.contacts.len() + self.places_len()
    }
}
