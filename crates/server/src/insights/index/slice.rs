//! Slices: the sessions of the index that meet conditions.

use super::columns::{Index, Pair};
use super::row::Row;
use crate::custom_data::{self, CustomData};
use crate::ids::{ContactId, InsightId};
use crate::insights::filter::{SessionConditions, SessionValues};
use crate::sessions::Sentiment;
use crate::time::Timestamp;

/// Sessions of an index.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Slice {
    has: Vec<bool>,
}

/// The sessions of a slice in which an insight shows: how many, and when the first and the last began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) sessions: i64,
    pub(crate) first_at: Timestamp,
    pub(crate) last_at: Timestamp,
}

impl Slice {
    /// Tells if a session is in it.
    pub(crate) fn has(&self, at: u32) -> bool {
        self.has[at as usize]
    }

    /// Returns the number of sessions in it.
    pub(crate) fn len(&self) -> usize {
        self.has.iter().filter(|has| **has).count()
    }

    /// Lists the places of the sessions in it.
    pub(crate) fn places(&self) -> impl Iterator<Item = u32> {
        (0..).zip(&self.has).filter(|(_, has)| **has).map(|(at, _)| at)
    }

    /// Takes the sessions in which one of these insights shows.
    pub(crate) fn showing(&self, index: &Index, ids: impl IntoIterator<Item = InsightId>) -> Self {
        let mut has = vec![false; self.has.len()];
        for id in ids {
            for at in index.shown(id) {
                has[*at as usize] = self.has(*at);
            }
        }
        Self { has }
    }

    /// Takes the sessions that meet further conditions.
    pub(crate) fn narrowed(&self, index: &Index, conditions: &Conditions) -> Self {
        let mut has = vec![false; self.has.len()];
        for at in self.places() {
            has[at as usize] = conditions.all_hold(index, at);
        }
        Self { has }
    }
}

impl Index {
    /// Lists the places of the sessions of a slice in which an insight shows, in no order.
    pub(crate) fn shown_in(&self, id: InsightId, slice: &Slice) -> impl Iterator<Item = u32> {
        self.shown(id).iter().copied().filter(|at| slice.has(*at))
    }

    /// Counts the sessions of a slice in which an insight shows; none if there are none.
    pub(crate) fn seen(&self, id: InsightId, slice: &Slice) -> Option<Seen> {
        let mut seen: Option<Seen> = None;
        for at in self.shown_in(id, slice) {
            let began = self.row(at).created_at;
            let seen = seen.get_or_insert(Seen { sessions: 0, first_at: began, last_at: began });
            seen.sessions += 1;
            (seen.first_at, seen.last_at) = (seen.first_at.min(began), seen.last_at.max(began));
        }
        seen
    }

    /// Finds the sessions that meet conditions.
    pub(crate) fn slice(&self, conditions: &SessionConditions) -> Slice {
        let is = Conditions::of(self, &conditions.is);
        let not = Conditions::of(self, &conditions.not);
        let mut has = vec![false; self.len()];
        for (at, _) in self.rows() {
            has[at as usize] = is.all_hold(self, at) && !not.any_holds(self, at);
        }
        Slice { has }
    }
}

/// Conditions on sessions, in numbers of the index. Each is one of a list of values.
#[derive(Default)]
pub(crate) struct Conditions(Vec<Condition>);

enum Condition {
    Word(fn(&Row) -> u32, Vec<u32>),
    Contact(Vec<Option<usize>>),
    Began(i64, i64),
    /// One of these, all pairs of it.
    Pairs(custom_data::Index, Vec<Vec<Pair>>),
    HandedOff(bool),
    Ticket(i64),
}

impl Conditions {
    fn of(index: &Index, values: &SessionValues) -> Self {
        let language: Vec<_> = values.language.iter().map(|word| word.map(|word| word.0.code())).collect();
        let sentiment: Vec<_> = values.sentiment.iter().map(|word| word.map(Sentiment::as_str)).collect();
        let channel: Vec<_> = values.channel.iter().map(|word| Some(word.as_str())).collect();
        let status: Vec<_> = values.status.iter().map(|word| Some(word.as_str())).collect();
        Self::default()
            .word(index, |row| row.language, &language)
            .word(index, |row| row.sentiment, &sentiment)
            .word(index, |row| row.channel, &channel)
            .word(index, |row| row.status, &status)
            .contact(index, &values.contact_id)
            .began(values.from, values.to)
            .data(index, custom_data::SESSIONS, &values.session_data)
            .data(index, custom_data::CONTACTS, &values.contact_data)
    }

    /// Asks for one of these words, of which none is the absence of one; of no words for nothing.
    pub(crate) fn word(self, index: &Index, of: fn(&Row) -> u32, words: &[Option<&str>]) -> Self {
        // a word that no session has is nobody's
        let number = |word: Option<&str>| word.map_or(Some(0), |word| index.word_number(word));
        self.one_of(words, Condition::Word(of, words.iter().copied().filter_map(number).collect()))
    }

    /// Asks for one of these contacts, of which none is the absence of one; of no contacts for nothing.
    pub(crate) fn contact(self, index: &Index, contacts: &[Option<ContactId>]) -> Self {
        let number = |id: &Option<ContactId>| id.map_or(Some(None), |id| index.contact_number(id).map(Some));
        self.one_of(contacts, Condition::Contact(contacts.iter().filter_map(number).collect()))
    }

    /// Asks for the time at which a session began, from the first to the last moment.
    pub(crate) fn began(mut self, from: Option<Timestamp>, to: Option<Timestamp>) -> Self {
        if from.is_some() || to.is_some() {
            let from = from.map_or(i64::MIN, Timestamp::micros);
            self.0.push(Condition::Began(from, to.map_or(i64::MAX, Timestamp::micros)));
        }
        self
    }

    /// Asks for one of these alternatives, all pairs of it; of no alternatives for nothing.
    pub(crate) fn data(self, index: &Index, of: custom_data::Index, alternatives: &[CustomData]) -> Self {
        let number = |data: &CustomData| {
            let pair = |(key, value): (&String, &custom_data::Scalar)| {
                let value = custom_data::index_text(&value.as_text());
                Some((index.word_number(key)?, index.word_number(&value)?))
            };
            data.0.iter().map(pair).collect()
        };
        self.one_of(alternatives, Condition::Pairs(of, alternatives.iter().filter_map(number).collect()))
    }

    /// Asks for one of these tags; of no tags for nothing.
    pub(crate) fn tag(self, index: &Index, tags: &[&str]) -> Self {
        let pairs = tags.iter().filter_map(|tag| index.tag_pair(tag).map(|pair| vec![pair])).collect();
        self.one_of(tags, Condition::Pairs(custom_data::SESSIONS, pairs))
    }

    /// Asks whether the AI agent handed the session off or a person looks after it.
    pub(crate) fn handed_off(mut self, handed_off: Option<bool>) -> Self {
        self.0.extend(handed_off.map(Condition::HandedOff));
        self
    }

    /// Asks for a ticket number.
    pub(crate) fn ticket(mut self, number: Option<i64>) -> Self {
        self.0.extend(number.map(Condition::Ticket));
        self
    }

    fn one_of<T>(mut self, asked: &[T], condition: Condition) -> Self {
        if !asked.is_empty() {
            self.0.push(condition);
        }
        self
    }

    fn all_hold(&self, index: &Index, at: u32) -> bool {
        self.0.iter().all(|condition| condition.holds(index, at))
    }

    fn any_holds(&self, index: &Index, at: u32) -> bool {
        self.0.iter().any(|condition| condition.holds(index, at))
    }
}

impl Condition {
    fn holds(&self, index: &Index, at: u32) -> bool {
        let row = index.row(at);
        match self {
            Self::Word(of, words) => words.contains(&of(row)),
            Self::Contact(contacts) => contacts.contains(&row.contact()),
            Self::Began(from, to) => (*from..=*to).contains(&row.created_at.micros()),
            Self::Pairs(of, alternatives) => {
                let pairs = index.pairs(*of, at);
                alternatives.iter().any(|asked| asked.iter().all(|pair| pairs.contains(pair)))
            }
            Self::HandedOff(handed_off) => row.is_handed_off == *handed_off,
            Self::Ticket(number) => row.ticket_number == *number,
        }
    }
}
