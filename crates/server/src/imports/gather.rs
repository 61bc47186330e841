//! Parts of conversations put together, wherever in the files they stand. They are held in memory up to a bound, and beyond
//! it on the disk.

mod aside;
mod same;

use super::VALUE_MAX;
use super::cells::Cells;
use super::dates::OrderTold;
use super::found::{Found, bytes_of, hash_of};
use super::layout::Layout;
use super::record::TURNS_MAX;
use anyhow::{Context, bail};
use aside::{Content, Part};
use same::Same;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use std::collections::{HashMap, HashSet, VecDeque};
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Cursor, Seek, Write};
use std::sync::Arc;

/// The bytes of parts that are held in memory, and those on the disk.
const HELD_MAX: usize = 64 * 1024 * 1024;
const SPOOLED_MAX: u64 = 16 * 1024 * 1024 * 1024;
/// The bytes from which a conversation is set aside, and what follows of it is joined in the end.
const RUN_MAX: usize = 1024 * 1024;
/// The files among which parts on the disk are dealt out, so that those of one can be held.
const FILES_MAX: u64 = 512;
/// The people and the pairs of ids that are remembered.
const REMEMBERED_MAX: usize = 5_000_000;

/// Takes a conversation, or the reason why it is lost; false if no more are wanted.
type Take<'a> = dyn FnMut(Place, Result<Json, String>) -> bool + 'a;

/// The place of something in the files of an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    /// The number of the file, from 0.
    pub(super) file: usize,
    /// The line, from 1.
    pub(super) line: u64,
}

/// A conversation, as far as it is put together.
struct Open {
    place: Place,
    /// The number that stands for its id.
    key: u64,
    id: String,
    record: Map<String, Json>,
    bytes: usize,
    /// True if it is a conversation in each of two systems that count alike.
    is_two: bool,
}

/// A conversation of which parts are set aside.
struct Parts {
    /// How many are still to be read.
    left: usize,
    /// Its place among those that began.
    at: Option<usize>,
}

/// What is put together.
pub(super) struct Gather {
    /// The most bytes that are held in memory.
    held_max: usize,
    /// The conversation that the last part was of, as far as its parts came one behind the other.
    last: Option<Open>,
    /// What came before, part by part.
    held: Vec<u8>,
    spool: Option<File>,
    spooled: u64,
    /// How the rows of each table are read.
    layouts: Vec<Arc<Layout>>,
    same: Same,
    people: HashMap<String, Json>,
}

impl Default for Gather {
    fn default() -> Self {
        Self::holding(HELD_MAX)
    }
}

impl Gather {
    fn holding(held_max: usize) -> Self {
        Self {
            held_max,
            last: None,
            held: Vec::new(),
            spool: None,
            spooled: 0,
            layouts: Vec::new(),
            same: Same::default(),
            people: HashMap::new(),
        }
    }

    /// Says how the rows are read that are found from now on.
    pub(super) fn begin_table(&mut self, layout: Arc<Layout>) {
        self.layouts.push(layout);
    }

    /// Returns what the dates of a row of the last table tell of the order of day and month.
    pub(super) fn order_told(&self, row: &Cells) -> OrderTold {
        self.layouts.last().map_or(OrderTold::Nothing, |layout| layout.order_told(row))
    }

    /// Takes what was found at a place. A whole conversation is taken as the only part of one.
    pub(super) fn add(&mut self, place: Place, found: Found) -> anyhow::Result<()> {
        match found {
            Found::Part(id, record) => self.add_part(place, id, record),
            Found::Row(id, cells) => {
                self.set_aside()?;
                let key = hash_of(&id);
                let content = Content::Row(self.layouts.len().saturating_sub(1), cells);
                self.hold(key, &Part { place, id, is_two: false, content })
            }
            Found::Conversation(record) => self.add_part(place, text_of(record.get("id")), record),
            Found::Same(one, other) => self.same.join(hash_of(&one), hash_of(&other)),
            Found::Person(id, person) => {
                if self.people.len() >= REMEMBERED_MAX {
                    bail!("more than {REMEMBERED_MAX} people");
                }
                self.people.insert(id, person);
                Ok(())
            }
        }
    }

    fn add_part(&mut self, place: Place, id: String, record: Json) -> anyhow::Result<()> {
        let bytes = bytes_of(&record);
        let Json::Object(record) = record else { return Ok(()) };
        let part = Open { place, key: hash_of(&id), id, record, bytes, is_two: false };
        match &mut self.last {
            Some(last) if last.bytes + part.bytes < RUN_MAX && self.same.are_one(last.key, part.key) => {
                last.join(part);
                Ok(())
            }
            _ => {
                self.set_aside()?;
                self.last = Some(part);
                Ok(())
            }
        }
    }

    /// Sets aside the conversation that the last part was of.
    fn set_aside(&mut self) -> anyhow::Result<()> {
        let Some(last) = self.last.take() else { return Ok(()) };
        let Open { place, key, id, record, is_two, .. } = last;
        let content = Content::Record(serde_json::to_string(&record)?);
        self.hold(key, &Part { place, id, is_two, content })
    }

    /// Keeps a part, or several put together.
    fn hold(&mut self, key: u64, part: &Part) -> anyhow::Result<()> {
        part.write(key, &mut self.held)?;
        if self.held.len() > self.held_max { self.spill() } else { Ok(()) }
    }

    /// Writes to the disk what is held.
    fn spill(&mut self) -> anyhow::Result<()> {
        let mut spool = match self.spool.take() {
            Some(spool) => spool,
            None => tempfile::tempfile().context("making room on the disk")?,
        };
        spool.write_all(&self.held).context("writing to the disk")?;
        self.spool = Some(spool);
        self.spooled += self.held.len() as u64;
        self.held.clear();
        if self.spooled > SPOOLED_MAX {
            bail!(
                "more than {} GiB of messages whose conversations stand apart: sort the file by conversation, or split it",
                SPOOLED_MAX >> 30
            );
        }
        Ok(())
    }

    /// Hands on the conversations, in the order in which each began; those that did not fit into memory in another one, that
    /// is the same each time. Ends when `take` says false.
    pub(super) fn finish(mut self, take: &mut Take<'_>) -> anyhow::Result<()> {
        self.set_aside()?;
        if self.spool.is_none() {
            self.hand_on(Cursor::new(self.held.as_slice()), take)?;
            return Ok(());
        }
        self.spill()?;
        self.held = Vec::new();
        let Some(mut spool) = self.spool.take() else { return Ok(()) };
        let count = (self.spooled / (self.held_max as u64 / 8).max(1) + 1).min(FILES_MAX);
        let mut files = Vec::new();
        for _ in 0..count {
            files.push(BufWriter::new(tempfile::tempfile().context("making room on the disk")?));
        }
        spool.rewind().context("reading from the disk")?;
        let (mut spool, mut part) = (BufReader::new(spool), Vec::new());
        while let Some(key) = aside::next(&mut spool, &mut part)? {
            let root = self.same.root(key);
            let file = &mut files[usize::try_from(root % count).unwrap_or(0)];
            file.write_all(&part).context("writing to the disk")?;
        }
        for file in files {
            let mut file = file.into_inner().context("writing to the disk")?;
            file.rewind().context("reading from the disk")?;
            if !self.hand_on(BufReader::new(file), take)? {
                break;
            }
        }
        Ok(())
    }

    /// Joins what is one conversation, and hands it on as soon as all of it is there, and of each that began before. Returns
    /// false if no more are wanted.
    fn hand_on(&self, mut aside: impl BufRead + Seek, take: &mut Take<'_>) -> anyhow::Result<bool> {
        let mut parts: HashMap<u64, Parts> = HashMap::new();
        while let Some(key) = aside::pass(&mut aside)? {
            parts.entry(self.same.root(key)).or_insert(Parts { left: 0, at: None }).left += 1;
        }
        aside.rewind().context("reading from the disk")?;
        let (mut begun, mut gone): (VecDeque<(u64, Open)>, usize) = (VecDeque::new(), 0);
        let mut bytes = Vec::new();
        while let Some(key) = aside::next(&mut aside, &mut bytes)? {
            let part = Open::read(key, &bytes, &self.layouts)?;
            let root = self.same.root(key);
            let Some(of) = parts.get_mut(&root) else { continue };
            of.left -= 1;
            match of.at {
                Some(at) => begun[at - gone].1.join(part),
                None => {
                    of.at = Some(gone + begun.len());
                    begun.push_back((root, part));
                }
            }
            if of.left > 0 {
                continue;
            }
            let is_whole = |root: &u64| parts.get(root).is_none_or(|of| of.left == 0);
            while let Some((_, open)) = begun.pop_front_if(|(root, _)| is_whole(root)) {
                gone += 1;
                if !take(open.place, open.whole(&self.people)) {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }
}

impl Open {
    /// Reads a part that was set aside.
    fn read(key: u64, bytes: &[u8], layouts: &[Arc<Layout>]) -> anyhow::Result<Self> {
        let Part { place, id, is_two, content } = Part::read(bytes)?;
        let record = match content {
            Content::Record(json) => serde_json::from_str(&json).context("reading from the disk")?,
            Content::Row(table, cells) => layouts[table].part(&id, &cells),
        };
        Ok(Self { place, key, id, record, bytes: bytes.len(), is_two })
    }

    /// Adds a part. Of too long a conversation nothing more is kept.
    fn join(&mut self, part: Self) {
        self.bytes += part.bytes;
        if self.bytes > VALUE_MAX {
            return;
        }
        let systems = self.record.get("system").zip(part.record.get("system"));
        self.is_two |= part.is_two || systems.is_some_and(|(one, other)| one != other);
        for (name, value) in part.record {
            match (self.record.get_mut(&name), value) {
                (_, Json::Null) => {}
                (Some(Json::Array(old)), Json::Array(new)) if name == "turns" || name == "tags" => {
                    // one more than allowed, so that it is told
                    let room = (TURNS_MAX + 1).saturating_sub(old.len());
                    old.extend(new.into_iter().take(room));
                }
                (Some(Json::Object(old)), Json::Object(new)) => {
                    old.extend(new.into_iter().filter(|(_, value)| !value.is_null()));
                }
                // the name by which the conversation is known is that of the first part
                (Some(_), _) if name == "id" => {}
                (_, value) => drop(self.record.insert(name, value)),
            }
        }
    }

    /// Returns the conversation, with what is known of the people in it.
    fn whole(mut self, people: &HashMap<String, Json>) -> Result<Json, String> {
        if self.bytes > VALUE_MAX {
            return Err(format!("the conversation is longer than {VALUE_MAX} bytes"));
        }
        if self.is_two {
            return Err("id: two systems have a conversation of this id: import each by itself, with a --source of its own".into());
        }
        self.record.remove("system");
        self.record.entry("id").or_insert_with(|| self.id.into());
        let opening = self.record.remove("opening").map_or(Json::Null, |turn| vec![turn].into());
        self.record.entry("turns").or_insert(opening);
        let contact = self.record.get_mut("contact").and_then(Json::as_object_mut);
        let contact_id = contact.and_then(|contact| introduce(contact, people, false));
        let is_known = self.record.get("contact").is_some_and(|contact| !contact.is_null());
        let mut first = None;
        let turns = self.record.get_mut("turns").and_then(Json::as_array_mut);
        let mut ids = HashSet::new();
        if let Some(turns) = turns {
            turns
                .retain(|turn| turn.get("id").is_none_or(|id| id.is_null() || ids.insert(text_of(Some(id)))));
            for turn in turns.iter_mut().filter_map(Json::as_object_mut) {
                let is_said = turn.get("role").is_some_and(|role| !role.is_null());
                let Some(id) = introduce(turn, people, true) else { continue };
                if !is_said {
                    let known = people.get(&id).and_then(|person| person.get("role"));
                    let role = match known.filter(|role| !role.is_null()) {
                        _ if contact_id.as_ref() == Some(&id) => "contact".into(),
                        Some(role) => role.clone(),
                        None => "agent".into(),
                    };
                    turn.insert("role".into(), role);
                }
                if turn.get("role").is_some_and(|role| role == "contact") {
                    first = first.or(Some(id));
                }
            }
        }
        // where nobody says whose conversation it is, it is that of the first contact who writes
        if let Some(id) = first.filter(|_| !is_known) {
            let mut contact = Map::from_iter([("person".to_owned(), id.into())]);
            introduce(&mut contact, people, false);
            self.record.insert("contact".into(), contact.into());
        }
        Ok(Json::Object(self.record))
    }
}

/// Fills in what is known of the person named here: the name alone, or all to reach them by. Returns their id.
fn introduce(of: &mut Map<String, Json>, people: &HashMap<String, Json>, name_alone: bool) -> Option<String> {
    let id = of.remove("person").filter(|id| !id.is_null())?;
    let id = text_of(Some(&id));
    let names: &[&str] = if name_alone { &["name"] } else { &["name", "email", "phone_number"] };
    if !name_alone {
        of.entry("id").or_insert_with(|| id.clone().into());
    }
    for (name, value) in names.iter().filter_map(|name| Some((name, people.get(&id)?.get(*name)?))) {
        if of.get(*name).is_none_or(Json::is_null) {
            of.insert((*name).to_owned(), value.clone());
        }
    }
    Some(id)
}

/// Returns an id as text.
fn text_of(id: Option<&Json>) -> String {
    match id {
        Some(Json::String(text)) => text.clone(),
        Some(value) if !value.is_null() => value.to_string(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests;
