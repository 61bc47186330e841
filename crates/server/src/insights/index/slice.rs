//! Slices: the sessions of the index that meet conditions.

use super::columns::{Index, Row};
use super::counting;
use crate::custom_data::{self, CustomData};
use crate::db::{Tx, sql};
use crate::error::Result;
use crate::ids::{ContactId, InsightId, OrgId, SessionId};
use crate::insights::filter::{SessionConditions, SessionValues};
use crate::sessions::Sentiment;
use crate::time::Timestamp;
use std::collections::HashSet;
use std::sync::Arc;
use uuid::Uuid;

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
}

impl Index {
    /// Counts the sessions of a slice in which an insight shows; none if there are none.
    pub(crate) fn seen(&self, id: InsightId, slice: &Slice) -> Option<Seen> {
        let mut seen: Option<Seen> = None;
        for at in self.shown(id).iter().filter(|at| slice.has(**at)) {
            let began = self.row(*at).created_at;
            let seen = seen.get_or_insert(Seen { sessions: 0, first_at: began, last_at: began });
            seen.sessions += 1;
            (seen.first_at, seen.last_at) = (seen.first_at.min(began), seen.last_at.max(began));
        }
        seen
    }

    /// Finds the sessions that meet conditions. Custom data is looked up in the database.
    pub(crate) async fn slice(
        self: &Arc<Self>,
        tx: &mut Tx,
        org_id: OrgId,
        conditions: &SessionConditions,
    ) -> Result<Slice> {
        let is = Columns::of(self, &conditions.is);
        let not = Columns::of(self, &conditions.not);
        let index = Arc::clone(self);
        let finding = counting(move || {
            let mut has = vec![false; index.len()];
            for (at, row) in index.rows() {
                has[at as usize] = is.all_hold(row) && !not.any_holds(row);
            }
            Slice { has }
        });
        let mut slice = finding.await?;
        for (values, keeps) in [(&conditions.is, true), (&conditions.not, false)] {
            self.narrow(tx, org_id, &mut slice, values, keeps).await?;
        }
        Ok(slice)
    }

    /// Keeps the sessions with custom data, or those without it.
    async fn narrow(
        &self,
        tx: &mut Tx,
        org_id: OrgId,
        slice: &mut Slice,
        values: &SessionValues,
        keeps: bool,
    ) -> Result<()> {
        if !values.session_data.is_empty() {
            let owners = owners(tx, org_id, custom_data::SESSIONS, &values.session_data).await?;
            let mut is_owner = vec![false; self.len()];
            for at in owners.into_iter().filter_map(|id| self.place(SessionId::from(id))) {
                is_owner[at as usize] = true;
            }
            for (has, is_owner) in slice.has.iter_mut().zip(is_owner) {
                *has &= is_owner == keeps;
            }
        }
        if !values.contact_data.is_empty() {
            let owners = owners(tx, org_id, custom_data::CONTACTS, &values.contact_data).await?;
            let owners: HashSet<usize> =
                owners.into_iter().filter_map(|id| self.contact_number(ContactId::from(id))).collect();
            for (at, row) in self.rows() {
                let is_owner = row.contact().is_some_and(|contact| owners.contains(&contact));
                slice.has[at as usize] &= is_owner == keeps;
            }
        }
        Ok(())
    }
}

/// Finds the owners of custom data that is one of the alternatives.
async fn owners(
    tx: &mut Tx,
    org_id: OrgId,
    index: custom_data::Index,
    alternatives: &[CustomData],
) -> Result<Vec<Uuid>> {
    let mut query = sql("select owner from ");
    index.push_owners(&mut query, org_id, alternatives);
    query.push(" v");
    let owners: Vec<(Uuid,)> = tx.fetch_all(query).await?;
    Ok(owners.into_iter().map(|(owner,)| owner).collect())
}

/// Conditions on what a row has, in numbers of the index. Each is one of a list of values; an empty list asks for nothing.
struct Columns {
    conditions: Vec<Condition>,
}

enum Condition {
    Word(fn(&Row) -> u32, Vec<u32>),
    Contact(Vec<Option<usize>>),
    Began(i64, i64),
}

impl Columns {
    fn of(index: &Index, values: &SessionValues) -> Self {
        let mut conditions = Vec::new();
        let mut words = |of: fn(&Row) -> u32, words: Vec<Option<&str>>| {
            if !words.is_empty() {
                // a word that no session has is nobody's
                let number = |word: Option<&str>| word.map_or(Some(0), |word| index.word_number(word));
                conditions.push(Condition::Word(of, words.into_iter().filter_map(number).collect()));
            }
        };
        words(
            |row| row.language,
            values.language.iter().map(|word| word.map(|word| word.0.code())).collect(),
        );
        words(|row| row.sentiment, values.sentiment.iter().map(|word| word.map(Sentiment::as_str)).collect());
        words(|row| row.channel, values.channel.iter().map(|word| Some(word.as_str())).collect());
        words(|row| row.status, values.status.iter().map(|word| Some(word.as_str())).collect());
        if !values.contact_id.is_empty() {
            let number =
                |id: &Option<ContactId>| id.map_or(Some(None), |id| Some(Some(index.contact_number(id)?)));
            conditions.push(Condition::Contact(values.contact_id.iter().filter_map(number).collect()));
        }
        if values.from.is_some() || values.to.is_some() {
            let from = values.from.map_or(i64::MIN, Timestamp::micros);
            conditions.push(Condition::Began(from, values.to.map_or(i64::MAX, Timestamp::micros)));
        }
        Self { conditions }
    }

    fn all_hold(&self, row: &Row) -> bool {
        self.conditions.iter().all(|condition| condition.holds(row))
    }

    fn any_holds(&self, row: &Row) -> bool {
        self.conditions.iter().any(|condition| condition.holds(row))
    }
}

impl Condition {
    fn holds(&self, row: &Row) -> bool {
        match self {
            Self::Word(of, words) => words.contains(&of(row)),
            Self::Contact(contacts) => contacts.contains(&row.contact()),
            Self::Began(from, to) => (*from..=*to).contains(&row.created_at.micros()),
        }
    }
}
