//! What the index holds: a row for each session, the rows in which each insight shows, and custom data of sessions and
//! contacts.

use super::data::{List, Lists, Numbers};
use super::row::{NONE, Row, Session, Word};
use crate::custom_data;
use crate::db;
use crate::ids::{ContactId, InsightId, SessionId};
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;

/// A name and its value.
pub(super) type Pair = (u32, u32);

/// The name under which the tags of a session are among its custom data: no name has the number of no word.
const TAG: u32 = 0;

/// The sessions of an organization and the insights that show in them.
#[derive(Clone, Debug)]
pub(crate) struct Index {
    rows: Vec<Row>,
    places: HashMap<SessionId, u32>,
    contacts: Numbers<ContactId>,
    /// The custom data of each contact that has any, and of those before it.
    of_contacts: Vec<List>,
    /// Number 0 is the absence of a word.
    words: Numbers<Arc<str>>,
    /// The bytes of all words.
    text: usize,
    data: Lists<Pair>,
    insights: Numbers<InsightId>,
    /// Of each insight by its number: the places of the sessions in which it shows.
    shown: Vec<Vec<u32>>,
    /// The numbers of the insights that show in each session.
    insights_of: Lists<u32>,
}

impl Index {
    pub(super) fn new() -> Self {
        let mut words = Numbers::default();
        // no text has this character
        words.number("\0".into());
        Self {
            rows: Vec::new(),
            places: HashMap::new(),
            contacts: Numbers::default(),
            of_contacts: Vec::new(),
            words,
            text: 0,
            data: Lists::default(),
            insights: Numbers::default(),
            shown: Vec::new(),
            insights_of: Lists::default(),
        }
    }

    /// Adds a session, or puts it in the place of what was known of it, without custom data, tags and insights.
    pub(super) fn put(&mut self, session: Session) {
        let contact = session.contact_id.map_or(NONE, |id| self.contacts.number(id));
        let mut word = |word: Option<String>| word.map_or(0, |word| self.add_word(&word));
        let row = Row {
            id: session.id,
            ticket_number: session.ticket_number,
            created_at: session.created_at,
            last_message_at: session.last_message_at,
            contact,
            channel: word(Some(session.channel)),
            language: word(session.language),
            sentiment: word(session.sentiment),
            status: word(Some(session.status)),
            team: word(session.team_id.map(|id| id.to_string())),
            assignee: word(session.assignee_id),
            data: List::default(),
            insights: List::default(),
            is_handed_off: session.handed_off != 0,
            is_there: true,
        };
        if let Some(at) = self.place(session.id) {
            self.empty(at);
            self.rows[at as usize] = row;
        } else {
            self.places.insert(session.id, u32::try_from(self.rows.len()).unwrap_or(NONE));
            self.rows.push(row);
        }
    }

    /// Forgets the custom data, the tags and the insights of a session.
    fn empty(&mut self, at: u32) {
        let row = &mut self.rows[at as usize];
        self.data.drop(std::mem::take(&mut row.data));
        let insights = std::mem::take(&mut row.insights);
        for number in self.insights_of.get(insights) {
            self.shown[*number as usize].retain(|other| *other != at);
        }
        self.insights_of.drop(insights);
    }

    /// Drops sessions that are gone.
    pub(super) fn remove(&mut self, id: SessionId) {
        if let Some(at) = self.places.remove(&id) {
            self.empty(at);
            self.rows[at as usize].is_there = false;
        }
    }

    /// Forgets the custom data of a contact.
    pub(super) fn forget_contact(&mut self, id: ContactId) {
        if let Some(list) = self.contact_number(id).and_then(|number| self.of_contacts.get_mut(number)) {
            self.data.drop(std::mem::take(list));
        }
    }

    /// Adds a tag of a session.
    pub(super) fn tag(&mut self, session: SessionId, tag: &str) {
        let pair = (TAG, self.add_word(tag));
        if let Some(at) = self.place(session) {
            let list = &mut self.rows[at as usize].data;
            *list = self.data.add(*list, pair);
        }
    }

    /// Adds a name and its value to the custom data of a session or a contact.
    pub(super) fn add_data(&mut self, of: custom_data::Index, owner: Uuid, key: &str, value: &str) {
        let pair = (self.add_word(key), self.add_word(value));
        let list = if of == custom_data::SESSIONS {
            let Some(at) = self.place(owner.into()) else { return };
            &mut self.rows[at as usize].data
        } else {
            let number = self.contacts.number(owner.into()) as usize;
            if number >= self.of_contacts.len() {
                self.of_contacts.resize(number + 1, List::default());
            }
            &mut self.of_contacts[number]
        };
        *list = self.data.add(*list, pair);
    }

    fn add_word(&mut self, word: &str) -> u32 {
        self.word_number(word).unwrap_or_else(|| {
            self.text += word.len();
            self.words.number(word.into())
        })
    }

    /// Forgets which insights show anywhere.
    pub(super) fn forget_all_shown(&mut self) {
        self.shown.clear();
        self.insights = Numbers::default();
        self.insights_of = Lists::default();
        for row in &mut self.rows {
            row.insights = List::default();
        }
    }

    /// Notes that an insight shows in a session.
    pub(super) fn show(&mut self, id: InsightId, session: SessionId) {
        if let Some(at) = self.place(session) {
            let number = self.insights.number(id);
            if self.shown.len() <= number as usize {
                self.shown.push(Vec::new());
            }
            self.shown[number as usize].push(at);
            let list = &mut self.rows[at as usize].insights;
            *list = self.insights_of.add(*list, number);
        }
    }

    /// Returns true if most of what it holds is of sessions that are gone, or was replaced.
    pub(super) fn is_worn(&self) -> bool {
        self.rows.len() > 2 * self.places.len() + 1_000 || self.data.is_worn() || self.insights_of.is_worn()
    }

    /// Returns about how many bytes the index takes.
    pub(super) fn bytes(&self) -> usize {
        let shown: usize = self.shown.iter().map(|rows| 64 + rows.capacity() * size_of::<u32>()).sum();
        self.rows.capacity() * size_of::<Row>()
            + self.places.capacity() * 32
            + self.contacts.all.len() * 48
            + self.of_contacts.capacity() * size_of::<List>()
            // each stands in a list and in a map, and has counters
            + self.words.all.len() * 72
            + self.text
            + self.data.bytes()
            + self.insights_of.bytes()
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

    /// Lists the insights that show anywhere, or did.
    pub(super) fn insights(&self) -> &[InsightId] {
        &self.insights.all
    }

    /// Lists the places of the sessions in which an insight shows, in no order.
    pub(crate) fn shown(&self, id: InsightId) -> &[u32] {
        let rows = self.insights.find(&id).and_then(|number| self.shown.get(number as usize));
        rows.map_or(&[], Vec::as_slice)
    }

    /// Returns a word by its number.
    pub(crate) fn word(&self, number: u32) -> Option<&str> {
        self.words.all.get(number as usize).filter(|_| number > 0).map(|word| &**word)
    }

    /// Returns the number up to which words are numbered.
    pub(crate) fn words(&self) -> usize {
        self.words.all.len()
    }

    /// Returns the number of a word, if a session or a contact has had it.
    pub(crate) fn word_number(&self, word: &str) -> Option<u32> {
        self.words.find(word)
    }

    /// Returns the word that is the value of a name.
    pub(crate) fn value(&self, of: custom_data::Index, key: &str) -> Word {
        Word::Data(of, self.word_number(key).unwrap_or(NONE))
    }

    /// Returns the number of the word that a session has, 0 if it has none.
    pub(crate) fn number(&self, word: Word, at: u32) -> u32 {
        match word {
            Word::Own(of) => of(self.row(at)),
            Word::Data(of, key) => {
                self.pairs(of, at).iter().find(|(name, _)| *name == key).map_or(0, |(_, value)| *value)
            }
        }
    }

    /// Lists the names and values of the custom data of a session, with its tags, or of its contact.
    pub(super) fn pairs(&self, of: custom_data::Index, at: u32) -> &[Pair] {
        let row = self.row(at);
        if of == custom_data::SESSIONS {
            return self.data.get(row.data);
        }
        let list = row.contact().and_then(|number| self.of_contacts.get(number));
        list.map_or(&[], |list| self.data.get(*list))
    }

    /// Counts the sessions with this value of a name in their custom data, or in that of their contact.
    pub(super) fn sessions_with(&self, of: custom_data::Index, key: &str, value: u32) -> i64 {
        let word = self.value(of, key);
        db::count(self.rows().filter(|(at, _)| self.number(word, *at) == value).count())
    }

    /// Counts for each name of custom data the sessions, or contacts, that have it, and its values.
    pub(crate) fn keys(&self, of: custom_data::Index) -> Vec<(&str, i64, i64)> {
        let mut pairs: Vec<Pair> = if of == custom_data::SESSIONS {
            self.rows().flat_map(|(_, row)| self.data.get(row.data)).copied().collect()
        } else {
            self.of_contacts.iter().flat_map(|list| self.data.get(*list)).copied().collect()
        };
        pairs.retain(|(key, _)| *key != TAG);
        pairs.sort_unstable();
        let counted = pairs.chunk_by(|a, b| a.0 == b.0).filter_map(|of_key| {
            let values = of_key.chunk_by(|a, b| a == b).count();
            Some((self.word(of_key[0].0)?, db::count(of_key.len()), db::count(values)))
        });
        counted.collect()
    }

    /// Returns a tag as it is among the custom data of a session, if one has it.
    pub(super) fn tag_pair(&self, tag: &str) -> Option<Pair> {
        Some((TAG, self.word_number(tag)?))
    }

    /// Returns a contact by its number.
    pub(crate) fn contact(&self, number: usize) -> Option<ContactId> {
        self.contacts.all.get(number).copied()
    }

    /// Returns the number of a contact, if it is known.
    pub(crate) fn contact_number(&self, id: ContactId) -> Option<usize> {
        self.contacts.find(&id).map(|number| number as usize)
    }

    /// Returns the number of whoever speaks in a session: its contact, or somebody of its own.
    pub(crate) fn person(&self, at: u32) -> usize {
        self.row(at).contact().unwrap_or(self.contacts.all.len() + at as usize)
    }

    /// Returns the id of whoever speaks in a session: of its contact, or of the session.
    pub(crate) fn person_id(&self, at: u32) -> Uuid {
        let row = self.row(at);
        row.contact().and_then(|number| self.contact(number)).map_or_else(|| row.id.into(), Uuid::from)
    }

    /// Returns the number up to which people are numbered.
    pub(crate) fn people(&self) -> usize {
        self.contacts.all.len() + self.rows.len()
    }
}
