//! Parts of conversations put together, wherever in the files they stand. They are held in memory up to a bound, and beyond
//! it on the disk.

use super::VALUE_MAX;
use super::found::Found;
use super::intake::bytes_of;
use super::record::TURNS_MAX;
use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use std::collections::HashMap;
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{BufRead, BufReader, BufWriter, Seek, Write};

/// The bytes of parts that are held in memory, and those on the disk.
const HELD_MAX: usize = 32 * 1024 * 1024;
const SPOOLED_MAX: u64 = 16 * 1024 * 1024 * 1024;
/// The files among which parts on the disk are dealt out, so that those of one can be held.
const FILES_MAX: u64 = 512;
/// The people and the pairs of ids that are remembered.
const REMEMBERED_MAX: usize = 5_000_000;

/// The place of something in the files of an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    /// The number of the file, from 0.
    pub(super) file: usize,
    /// The line, from 1.
    pub(super) line: u64,
}

/// A conversation of which more parts may come.
#[derive(Serialize, Deserialize)]
struct Open {
    place: Place,
    id: String,
    record: Map<String, Json>,
    bytes: usize,
}

/// What is put together.
#[derive(Default)]
pub(super) struct Gather {
    open: Vec<Open>,
    /// Of each id, its place in `open`.
    places: HashMap<String, usize>,
    held: usize,
    spool: Option<BufWriter<File>>,
    spooled: u64,
    same: Same,
    people: HashMap<String, Json>,
}

impl Gather {
    /// Takes what was found at a place. A whole conversation is taken as the only part of one.
    pub(super) fn add(&mut self, place: Place, found: Found) -> anyhow::Result<()> {
        match found {
            Found::Part(id, record) => self.add_part(place, id, record),
            Found::Conversation(record) => self.add_part(place, text_of(record.get("id")), record),
            Found::Same(one, other) => self.same.join(&one, &other),
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
        let part = Open { place, id, record, bytes };
        self.held += part.bytes;
        match self.places.get(&part.id) {
            Some(at) => self.open[*at].join(part),
            None => {
                self.places.insert(part.id.clone(), self.open.len());
                self.open.push(part);
            }
        }
        if self.held > HELD_MAX { self.spill() } else { Ok(()) }
    }

    /// Writes to the disk what is held.
    fn spill(&mut self) -> anyhow::Result<()> {
        if self.spool.is_none() {
            self.spool = Some(BufWriter::new(tempfile::tempfile().context("making room on the disk")?));
        }
        let Some(spool) = &mut self.spool else { return Ok(()) };
        for open in self.open.drain(..) {
            self.spooled += write(spool, &open)?;
        }
        if self.spooled > SPOOLED_MAX {
            bail!(
                "more than {} GiB of messages whose conversations stand apart: sort the file by conversation, or split it",
                SPOOLED_MAX >> 30
            );
        }
        self.places.clear();
        self.held = 0;
        Ok(())
    }

    /// Hands on the conversations, in the order in which each began; those that did not fit into memory in another one, that
    /// is the same each time. Ends when `take` says false.
    pub(super) fn finish(
        mut self,
        take: &mut dyn FnMut(Place, Result<Json, String>) -> bool,
    ) -> anyhow::Result<()> {
        if self.spool.is_none() {
            let open = std::mem::take(&mut self.open);
            self.hand_on(open, take);
            return Ok(());
        }
        self.spill()?;
        let Some(spool) = self.spool.take() else { return Ok(()) };
        let count = (self.spooled / (HELD_MAX as u64 / 4) + 1).min(FILES_MAX);
        let mut files = Vec::new();
        for _ in 0..count {
            files.push(BufWriter::new(tempfile::tempfile().context("making room on the disk")?));
        }
        let mut spool = spool.into_inner().context("writing to the disk")?;
        spool.rewind().context("reading from the disk")?;
        for line in BufReader::new(spool).lines() {
            let open: Open = serde_json::from_str(&line.context("reading from the disk")?)?;
            let root = self.same.root(&open.id);
            write(&mut files[usize::try_from(root % count).unwrap_or(0)], &open)?;
        }
        for file in files {
            let mut file = file.into_inner().context("writing to the disk")?;
            file.rewind().context("reading from the disk")?;
            let mut open = Vec::new();
            for line in BufReader::new(file).lines() {
                open.push(serde_json::from_str(&line.context("reading from the disk")?)?);
            }
            if !self.hand_on(open, take) {
                break;
            }
        }
        Ok(())
    }

    /// Joins what is one conversation and hands it on. Returns false if no more are wanted.
    fn hand_on(&self, parts: Vec<Open>, take: &mut dyn FnMut(Place, Result<Json, String>) -> bool) -> bool {
        let mut whole: Vec<Open> = Vec::new();
        let mut places: HashMap<u64, usize> = HashMap::new();
        for part in parts {
            match places.get(&self.same.root(&part.id)) {
                Some(at) => whole[*at].join(part),
                None => {
                    places.insert(self.same.root(&part.id), whole.len());
                    whole.push(part);
                }
            }
        }
        whole.into_iter().all(|open| {
            let place = open.place;
            take(place, open.whole(&self.people))
        })
    }
}

fn write(file: &mut BufWriter<File>, open: &Open) -> anyhow::Result<u64> {
    let mut line = serde_json::to_vec(open)?;
    line.push(b'\n');
    file.write_all(&line).context("writing to the disk")?;
    Ok(line.len() as u64)
}

impl Open {
    /// Adds a part. Of too long a conversation nothing more is kept.
    fn join(&mut self, part: Self) {
        self.bytes += part.bytes;
        if self.bytes > VALUE_MAX {
            return;
        }
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
        self.record.entry("id").or_insert_with(|| self.id.into());
        let contact = self.record.get_mut("contact").and_then(Json::as_object_mut);
        let contact_id = contact.and_then(|contact| introduce(contact, people, false));
        let turns = self.record.get_mut("turns").and_then(Json::as_array_mut);
        let mut ids = std::collections::HashSet::new();
        if let Some(turns) = turns {
            turns
                .retain(|turn| turn.get("id").is_none_or(|id| id.is_null() || ids.insert(text_of(Some(id)))));
            for turn in turns.iter_mut().filter_map(Json::as_object_mut) {
                let is_said = turn.get("role").is_some_and(|role| !role.is_null());
                let Some(id) = introduce(turn, people, true) else { continue };
                if !is_said {
                    let known =
                        people.get(&id).and_then(|person| person.get("role")).filter(|role| !role.is_null());
                    let role = if contact_id.as_ref() == Some(&id) { None } else { Some(known.cloned()) };
                    let role = role.map_or("contact".into(), |known| known.unwrap_or_else(|| "agent".into()));
                    turn.insert("role".into(), role);
                }
            }
        }
        Ok(Json::Object(self.record))
    }
}

/// Fills in what is known of the person that is named here: the name alone, or all there is to reach them by. Returns their
/// id.
fn introduce(of: &mut Map<String, Json>, people: &HashMap<String, Json>, name_alone: bool) -> Option<String> {
    let id = of.remove("person").filter(|id| !id.is_null())?;
    let id = text_of(Some(&id));
    let names: &[&str] = if name_alone { &["name"] } else { &["name", "email", "phone_number"] };
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

/// Which ids are one conversation.
#[derive(Default)]
struct Same(HashMap<u64, u64>);

impl Same {
    /// Returns a number that ids of one conversation share.
    fn root(&self, id: &str) -> u64 {
        let mut hasher = DefaultHasher::new();
        id.hash(&mut hasher);
        let mut at = hasher.finish();
        while let Some(parent) = self.0.get(&at) {
            at = *parent;
        }
        at
    }

    fn join(&mut self, one: &str, other: &str) -> anyhow::Result<()> {
        let (one, other) = (self.root(one), self.root(other));
        if one != other {
            // towards the smaller: chains stay short, since numbers are random
            self.0.insert(one.max(other), one.min(other));
        }
        if self.0.len() > REMEMBERED_MAX {
            bail!("more than {REMEMBERED_MAX} answers");
        }
        Ok(())
    }
}
