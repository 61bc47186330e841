//! What the index holds: a row for each session, and the rows in which each insight shows.

use crate::ids::{ContactId, InsightId, SessionId};
use crate::time::Timestamp;
use std::collections::{HashMap, HashSet};
use std::hash::Hash;

/// The number of a contact where there is none.
const NONE: u32 = u32::MAX;

/// A session, as the database has it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct Session {
    pub(super) id: SessionId,
    pub(super) ticket_number: i64,
    pub(super) created_at: Timestamp,
    pub(super) contact_id: Option<ContactId>,
    pub(super) channel: String,
    pub(super) language: Option<String>,
    pub(super) sentiment: Option<String>,
    pub(super) status: String,
    /// 1 if the AI agent handed it off, or a person looks after it.
    pub(super) handed_off: i64,
}

/// A session. Words are numbers of the index.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) id: SessionId,
    pub(crate) ticket_number: i64,
    pub(crate) created_at: Timestamp,
    contact: u32,
    pub(crate) channel: u32,
    pub(crate) language: u32,
    pub(crate) sentiment: u32,
    pub(crate) status: u32,
    pub(crate) is_handed_off: bool,
    /// False once the session was deleted.
    is_there: bool,
}

impl Row {
    /// Returns the number of the contact, if there is one.
    pub(crate) fn contact(&self) -> Option<usize> {
        (self.contact != NONE).then_some(self.contact as usize)
    }
}

/// Values and their numbers, from 0 on.
#[derive(Clone, Debug)]
struct Numbers<T> {
    all: Vec<T>,
    of: HashMap<T, u32>,
}

impl<T> Default for Numbers<T> {
    fn default() -> Self {
        Self { all: Vec::new(), of: HashMap::new() }
    }
}

impl<T: Clone + Eq + Hash> Numbers<T> {
    fn number(&mut self, value: T) -> u32 {
        let next = u32::try_from(self.all.len()).unwrap_or(NONE);
        *self.of.entry(value).or_insert_with_key(|value| {
            self.all.push(value.clone());
            next
        })
    }
}

/// The sessions of an organization and the insights that show in them, as of a position of the change log.
#[derive(Clone, Debug)]
pub(crate) struct Index {
    pub(super) position: i64,
    rows: Vec<Row>,
    places: HashMap<SessionId, u32>,
    contacts: Numbers<ContactId>,
    /// Number 0 is the absence of a word.
    words: Numbers<String>,
    shown: HashMap<InsightId, Vec<u32>>,
}

impl Index {
    pub(super) fn new(position: i64) -> Self {
        let mut words = Numbers::default();
        words.number(String::new());
        Self {
            position,
            rows: Vec::new(),
            places: HashMap::new(),
            contacts: Numbers::default(),
            words,
            shown: HashMap::new(),
        }
    }

    /// Adds a session, or puts it in the place of what was known of it.
    pub(super) fn put(&mut self, session: Session) {
        let contact = session.contact_id.map_or(NONE, |id| self.contacts.number(id));
        let mut word = |word: Option<String>| word.map_or(0, |word| self.words.number(word));
        let row = Row {
            id: session.id,
            ticket_number: session.ticket_number,
            created_at: session.created_at,
            contact,
            channel: word(Some(session.channel)),
            language: word(session.language),
            sentiment: word(session.sentiment),
            status: word(Some(session.status)),
            is_handed_off: session.handed_off != 0,
            is_there: true,
        };
        match self.places.get(&session.id) {
            Some(at) => self.rows[*at as usize] = row,
            None => {
                self.places.insert(session.id, u32::try_from(self.rows.len()).unwrap_or(NONE));
                self.rows.push(row);
            }
        }
    }

    /// Drops sessions that are gone.
    pub(super) fn remove(&mut self, id: SessionId) {
        if let Some(at) = self.places.remove(&id) {
            self.rows[at as usize].is_there = false;
        }
    }

    /// Forgets which insights show in these sessions.
    pub(super) fn forget_shown(&mut self, sessions: &HashSet<SessionId>) {
        let places: HashSet<u32> = sessions.iter().filter_map(|id| self.places.get(id).copied()).collect();
        for rows in self.shown.values_mut() {
            rows.retain(|at| !places.contains(at));
        }
        self.shown.retain(|_, rows| !rows.is_empty());
    }

    /// Notes that an insight shows in a session.
    pub(super) fn show(&mut self, id: InsightId, session: SessionId) {
        if let Some(at) = self.places.get(&session) {
            self.shown.entry(id).or_default().push(*at);
        }
    }

    /// Returns true if most rows are of sessions that are gone.
    pub(super) fn is_worn(&self) -> bool {
        self.rows.len() > 2 * self.places.len() + 1_000
    }

    /// Returns about how many bytes the index takes.
    pub(super) fn bytes(&self) -> usize {
        let shown: usize = self.shown.values().map(|rows| 64 + rows.capacity() * size_of::<u32>()).sum();
        self.rows.capacity() * size_of::<Row>()
            + self.places.capacity() * 32
            + self.contacts.all.len() * 48
            + shown
    }

    /// Returns how many rows there are, those of sessions that are gone included.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Returns a row.
    pub(crate) fn row(&self, at: u32) -> &Row {
        &self.rows[at as usize]
    }

    /// Lists the places and the rows of all sessions.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (u32, &Row)> {
        (0..).zip(&self.rows).filter(|(_, row)| row.is_there)
    }

    /// Returns the place of a session.
    pub(crate) fn place(&self, id: SessionId) -> Option<u32> {
        self.places.get(&id).copied()
    }

    /// Lists the places of the sessions in which an insight shows, in no order.
    pub(crate) fn shown(&self, id: InsightId) -> &[u32] {
        self.shown.get(&id).map_or(&[], Vec::as_slice)
    }

    /// Returns a word by its number.
    pub(crate) fn word(&self, number: u32) -> Option<&str> {
        self.words.all.get(number as usize).filter(|_| number > 0).map(String::as_str)
    }

    /// Returns the number up to which words are numbered.
    pub(crate) fn words(&self) -> usize {
        self.words.all.len()
    }

    /// Returns the number of a word, if a session has it.
    pub(crate) fn word_number(&self, word: &str) -> Option<u32> {
        self.words.of.get(word).copied()
    }

    /// Returns a contact by its number.
    pub(crate) fn contact(&self, number: usize) -> Option<ContactId> {
        self.contacts.all.get(number).copied()
    }

    /// Returns the number of a contact, if a session has had it.
    pub(crate) fn contact_number(&self, id: ContactId) -> Option<usize> {
        self.contacts.of.get(&id).map(|number| *number as usize)
    }

    /// Returns the number of whoever speaks in a session: its contact, or somebody of its own.
    pub(crate) fn person(&self, at: u32) -> usize {
        self.row(at).contact().unwrap_or(self.contacts.all.len() + at as usize)
    }

    /// Returns the number up to which people are numbered.
    pub(crate) fn people(&self) -> usize {
        self.contacts.all.len() + self.rows.len()
    }
}
