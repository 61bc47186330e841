//! Changes: sessions put in or replaced, many at a time.

use crate::block::{Block, Lists, Row};
use crate::cubes::Cubes;
use crate::index::{Contact, Index, move_in_sets};
use crate::mask::BLOCK;
use crate::places::{join, split};
use crate::{FACETS, Facet, NONE};
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;

/// A session, as whoever puts it in has it.
#[derive(Clone, Debug, Default)]
pub struct Session<'a> {
    /// Its id.
    pub id: Uuid,
    /// When it began, in microseconds since 1970.
    pub began: i64,
    /// When its last message came, in microseconds since 1970.
    pub last_message: i64,
    /// Its ticket number.
    pub ticket: i64,
    /// Its contact.
    pub contact: Option<Uuid>,
    /// The value of each facet, in the order of [`Facet::ALL`]. Of each there are 255 at most; a further one is as if it were absent.
    pub facets: [Option<&'a str>; FACETS],
    /// The team.
    pub team: Option<&'a str>,
    /// Whoever looks after it.
    pub assignee: Option<&'a str>,
    /// Whether it was handed off to a person.
    pub is_handed_off: bool,
}

/// Sessions that are put in together, each with all its terms and insights.
#[derive(Debug, Default)]
pub struct Batch {
    rows: Vec<Row>,
    of: HashMap<Uuid, u32>,
    /// Of rows: the numbers of their terms.
    terms: Vec<(u32, u32)>,
    /// Of rows: the numbers of their insights.
    insights: Vec<(u32, u32)>,
}

impl Batch {
    /// Adds a session. Words and contacts that the index does not know yet get their numbers.
    pub fn add(&mut self, index: &mut Index, session: &Session<'_>) {
        let mut codes = [0; FACETS];
        for (facet, code) in Facet::ALL.into_iter().zip(&mut codes) {
            *code = session.facets[facet as usize].map_or(0, |word| index.code(facet, word));
        }
        let mut word = |text: Option<&str>| text.map_or(0, |text| index.words.number(text));
        let row = Row {
            id: session.id,
            began: session.began,
            spoke: session.last_message,
            ticket: session.ticket,
            team: word(session.team),
            assignee: word(session.assignee),
            contact: session.contact.map_or(NONE, |id| index.number_contact(id)),
            codes,
            is_handed_off: session.is_handed_off,
        };
        let next = u32::try_from(self.rows.len()).unwrap_or(NONE);
        let number = *self.of.entry(row.id).or_insert(next);
        match self.rows.get_mut(number as usize) {
            Some(same) => *same = row,
            None => self.rows.push(row),
        }
    }

    /// Adds a term of a session that was added.
    pub fn term(&mut self, index: &mut Index, session: Uuid, name: &str, value: &str) {
        if let Some(row) = self.of.get(&session) {
            let pair = (index.words.number(name), index.words.number(value));
            self.terms.push((*row, index.session_terms.number(pair)));
        }
    }

    /// Adds that an insight shows in a session that was added.
    pub fn show(&mut self, index: &mut Index, session: Uuid, insight: Uuid) {
        if let Some(row) = self.of.get(&session) {
            self.insights.push((*row, index.insights.number(insight)));
        }
    }

    /// Tells if a session was added.
    pub fn has(&self, session: Uuid) -> bool {
        self.of.contains_key(&session)
    }

    /// Returns the rows in an order in which those that are new lie well: by time, and within a block by facets.
    fn in_order(&self, index: &Index) -> Vec<(u32, usize)> {
        let mut new = Vec::new();
        let mut placed = Vec::new();
        for (i, row) in self.rows.iter().enumerate() {
            match index.place(row.id) {
                Some(at) => placed.push((at, i)),
                None => new.push(i),
            }
        }
        new.sort_by_key(|i| (self.rows[*i].began, self.rows[*i].id));
        let first = index.places_len();
        let in_first = new.len().min((BLOCK - first % BLOCK) % BLOCK);
        let (rest_of_block, blocks) = new.split_at_mut(in_first);
        for of_block in std::iter::once(rest_of_block).chain(blocks.chunks_mut(BLOCK)) {
            let by_facets = |i: &usize| {
                let [channel, language, sentiment, status] = self.rows[*i].codes;
                (language, channel, status, sentiment)
            };
            of_block.sort_by_key(by_facets);
        }
        placed.extend(new.into_iter().enumerate().map(|(n, i)| (join(0, first + n), i)));
        placed.sort_unstable();
        placed
    }
}

/// A session that goes to a place.
struct Change<'a> {
    at: u32,
    row: &'a Row,
    terms: &'a [u32],
    insights: &'a [u32],
}

impl Index {
    /// Returns the code of a word of a facet, a new one if it has none yet and there is one left.
    fn code(&mut self, facet: Facet, word: &str) -> u8 {
        let number = self.words.number(word);
        if let Some(code) = self.facet_code(facet, number) {
            return code;
        }
        let words = &mut self.facets[facet as usize];
        let Ok(code) = u8::try_from(words.len() + 1) else { return 0 };
        words.push(number);
        code
    }

    fn number_contact(&mut self, id: Uuid) -> u32 {
        let number = self.contact_ids.number(id);
        if number as usize == self.contacts.len() {
            self.contacts.push(Contact::default());
        }
        number
    }

    /// Puts a contact's terms in the place of those that it had.
    pub fn put_contact<'a>(&mut self, id: Uuid, terms: impl IntoIterator<Item = (&'a str, &'a str)>) {
        let number = self.number_contact(id);
        let term = |(name, value)| {
            let pair = (self.words.number(name), self.words.number(value));
            self.contact_terms.number(pair)
        };
        let mut terms: Vec<u32> = terms.into_iter().map(term).collect();
        terms.sort_unstable();
        terms.dedup();
        let Some(contact) = self.contacts.get_mut(number) else { return };
        let old = std::mem::replace(&mut contact.terms, terms.as_slice().into());
        self.contact_terms.own(&old, &terms);
        for at in contact.sessions.iter() {
            move_in_sets(&mut self.contact_terms.sessions, at, &old, &terms, self.blocks.len());
        }
    }

    /// Puts sessions in, or in the place of what was known of them.
    pub fn apply(&mut self, batch: Batch) {
        let order = batch.in_order(self);
        let Batch { rows, terms, insights, .. } = batch;
        let (terms, insights) = (Lists::new(terms, rows.len()), Lists::new(insights, rows.len()));
        for of_block in order.chunk_by(|a, b| split(a.0).0 == split(b.0).0) {
            let change = |(at, i): &(u32, usize)| Change {
                at: *at,
                row: &rows[*i],
                terms: terms.of(*i),
                insights: insights.of(*i),
            };
            self.put(split(of_block[0].0).0, &of_block.iter().map(change).collect::<Vec<Change<'_>>>());
        }
        self.note_times();
        if self.cubes.is_none() && self.len >= self.cubes_min {
            self.make_cubes();
        }
    }

    /// Puts sessions in a block. They are in the order of their places.
    fn put(&mut self, number: usize, changes: &[Change<'_>]) {
        if number == self.blocks.len() {
            self.blocks.push(Arc::default());
        }
        // what is taken out is copied only if somebody else has it
        let mut held = std::mem::take(&mut self.blocks[number]);
        let known = held.len();
        for change in changes {
            self.note(&held, change);
        }
        let block = Arc::make_mut(&mut held);
        for change in changes {
            block.put(split(change.at).1, change.row);
        }
        block.set_lists(changes.iter().map(|change| (split(change.at).1, change.terms, change.insights)));
        self.blocks[number] = held;
        let Self { table, blocks, len, .. } = self;
        for change in changes.iter().filter(|change| split(change.at).1 >= known) {
            table.insert(change.at, |at| blocks[split(at).0].ids[split(at).1]);
            *len += 1;
        }
    }

    /// Notes in everything but its block what a session is now, and was.
    fn note(&mut self, old: &Block, change: &Change<'_>) {
        let Change { at, row, terms, insights } = *change;
        let (block, within) = split(at);
        let is_known = within < old.len();
        let blocks = self.blocks.len();
        self.session_terms.own(old.terms.of(within), terms);
        move_in_sets(&mut self.session_terms.sessions, at, old.terms.of(within), terms, blocks);
        self.insights.change(at, old.insights.of(within), insights, blocks);
        let contact = if is_known { old.contacts[within] } else { NONE };
        if contact != row.contact {
            self.move_session(at, contact, row.contact);
        }
        let was = is_known.then(|| (old.began[within], old.codes(within), old.insights.of(within)));
        let Some(cubes) = self.cubes.as_mut().filter(|_| was != Some((row.began, row.codes, insights)))
        else {
            return;
        };
        if let Some((began, codes, insights)) = was {
            cubes.count(block, began, codes, insights, -1);
        }
        cubes.count(block, row.began, row.codes, insights, 1);
    }

    /// Moves a session from one contact to another.
    fn move_session(&mut self, at: u32, from: u32, to: u32) {
        let blocks = self.blocks.len();
        let [mut old, mut new] = [Arc::default(), Arc::default()];
        if let Some(contact) = self.contacts.get_mut(from) {
            contact.sessions.remove(at);
            old = Arc::clone(&contact.terms);
        }
        if let Some(contact) = self.contacts.get_mut(to) {
            contact.sessions.insert(at, blocks);
            new = Arc::clone(&contact.terms);
        }
        move_in_sets(&mut self.contact_terms.sessions, at, &old, &new, blocks);
    }

    /// Drops a session, if it is there.
    pub fn remove(&mut self, id: Uuid) {
        let Self { table, blocks, .. } = self;
        let Some(at) = table.remove(id, |at| blocks[split(at).0].ids[split(at).1] == id) else { return };
        let (number, within) = split(at);
        let mut held = std::mem::take(&mut self.blocks[number]);
        let (terms, insights) = (held.terms.of(within), held.insights.of(within));
        self.session_terms.own(terms, &[]);
        move_in_sets(&mut self.session_terms.sessions, at, terms, &[], 0);
        self.insights.change(at, insights, &[], 0);
        self.move_session(at, held.contacts[within], NONE);
        if let Some(cubes) = &mut self.cubes {
            cubes.count(number, held.began[within], held.codes(within), insights, -1);
        }
        let block = Arc::make_mut(&mut held);
        block.remove(within);
        block.set_lists(std::iter::once((within, &[][..], &[][..])));
        self.blocks[number] = held;
        self.len -= 1;
    }

    /// Forgets which insights show anywhere, and notes these sessions and the insights that show in them.
    pub fn show_all(&mut self, shown: impl IntoIterator<Item = (Uuid, Uuid)>) {
        self.insights.forget_sessions();
        let mut pairs = Vec::new();
        for (session, insight) in shown {
            if let Some(at) = self.place(session) {
                pairs.push((at, self.insights.number(insight)));
            }
        }
        let shown = Lists::new(pairs, self.places_len());
        let blocks = self.blocks.len();
        for (number, block) in self.blocks.iter_mut().enumerate() {
            let block = Arc::make_mut(block);
            let places = (0..block.len()).map(|within| (within, shown.of(number * BLOCK + within)));
            let lists: Vec<(usize, &[u32])> = places.collect();
            for (within, insights) in &lists {
                self.insights.change(join(number, *within), &[], insights, blocks);
            }
            block.insights.replace(&lists);
        }
        self.make_cubes();
    }

    /// Notes when the sessions of blocks began.
    fn note_times(&mut self) {
        self.latest.clear();
        self.earliest.clear();
        let (mut latest, mut earliest) = (i64::MIN, i64::MAX);
        for block in &self.blocks {
            latest = latest.max(block.latest);
            self.latest.push(latest);
        }
        for block in self.blocks.iter().rev() {
            earliest = earliest.min(block.earliest);
            self.earliest.push(earliest);
        }
        self.earliest.reverse();
    }

    /// Counts everything that is kept, if there are sessions enough.
    fn make_cubes(&mut self) {
        self.cubes = None;
        if self.len < self.cubes_min {
            return;
        }
        let mut cubes = Cubes::default();
        for (number, block) in self.blocks.iter().enumerate() {
            for at in block.there.places() {
                cubes.count(number, block.began[at], block.codes(at), block.insights.of(at), 1);
            }
        }
        self.cubes = Some(cubes);
    }
}
