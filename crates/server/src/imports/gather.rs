//! Parts of conversations put together, wherever in the files they stand. They are held in memory up to a bound, and beyond
//! it on the disk.

use super::VALUE_MAX;
use super::found::{Found, bytes_of, hash_of};
use super::record::TURNS_MAX;
use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use std::collections::{HashMap, HashSet};
use std::fs::File;
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
pub(super) struct Gather {
    /// The most bytes that are held in memory.
    held_max: usize,
    open: Vec<Open>,
    /// Of each id, its place in `open`.
    places: HashMap<String, usize>,
    held: usize,
    spool: Option<BufWriter<File>>,
    spooled: u64,
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
            open: Vec::new(),
            places: HashMap::new(),
            held: 0,
            spool: None,
            spooled: 0,
            same: Same::default(),
            people: HashMap::new(),
        }
    }

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
        if self.held > self.held_max { self.spill() } else { Ok(()) }
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
        let count = (self.spooled / (self.held_max as u64 / 4).max(1) + 1).min(FILES_MAX);
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
        let mut at = hash_of(id);
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;
    use std::collections::BTreeMap;

    /// Returns of each conversation what was said in it, in order, and its custom data.
    fn gathered(held_max: usize, found: &[Found]) -> BTreeMap<String, Json> {
        let mut gather = Gather::holding(held_max);
        for (line, found) in (1..).zip(found) {
            gather.add(Place { file: 0, line }, found.clone()).unwrap();
        }
        let mut all = BTreeMap::new();
        let mut take = |_, whole: Result<Json, String>| {
            let whole = whole.unwrap();
            assert!(all.insert(text_of(whole.get("id")), whole).is_none());
            true
        };
        gather.finish(&mut take).unwrap();
        all
    }

    fn part(id: &str, turn: usize) -> Found {
        let data = json!({format!("k{}", turn % 3): turn});
        Found::Part(
            id.into(),
            json!({"turns": [{"text": turn.to_string()}], "custom_data": data, "status": turn}),
        )
    }

    proptest! {
        #[test]
        fn parts_are_put_together_wherever_they_stand(ids in prop::collection::vec(0_usize..12, 1..60), held in 200_usize..4_000) {
            let found: Vec<Found> = ids.iter().enumerate().map(|(i, id)| part(&format!("c{id}"), i)).collect();
            let in_memory = gathered(usize::MAX, &found);
            prop_assert_eq!(&gathered(held, &found), &in_memory);
            let mut expected: BTreeMap<String, Vec<String>> = BTreeMap::new();
            for (i, id) in ids.iter().enumerate() {
                expected.entry(format!("c{id}")).or_default().push(i.to_string());
            }
            for (id, texts) in expected {
                let turns = in_memory[&id]["turns"].as_array().unwrap();
                let said: Vec<&str> = turns.iter().map(|turn| turn["text"].as_str().unwrap()).collect();
                prop_assert_eq!(said, texts.iter().map(String::as_str).collect::<Vec<_>>());
                prop_assert_eq!(&in_memory[&id]["status"], &json!(texts.last().unwrap().parse::<usize>().unwrap()));
            }
        }
    }

    #[test]
    fn answers_belong_to_what_they_answer() {
        let same = |one: &str, other: &str| Found::Same(one.into(), other.into());
        let found = [part("a", 1), part("b", 2), same("c", "b"), part("c", 3), same("b", "a"), part("d", 4)];
        for held in [100, usize::MAX] {
            let all = gathered(held, &found);
            let count = |id: &str| all[id]["turns"].as_array().unwrap().len();
            assert_eq!((all.len(), count("a"), count("d")), (2, 3, 1), "{all:?}");
        }
    }

    #[test]
    fn people_are_known_wherever_they_are_described() {
        let turn = |person: Json, text: &str| json!({"person": person, "text": text});
        let found = [
            Found::Part(
                "1".into(),
                json!({"contact": {"person": 7}, "turns": [turn(json!("7"), "a"), turn(json!(8), "b")]}),
            ),
            Found::Part(
                "1".into(),
                json!({"turns": [turn(json!(9), "c"), {"person": 7, "role": "system", "text": "d", "id": 1}, {"id": 1, "text": "d"}]}),
            ),
            Found::Person("7".into(), json!({"name": "Ann", "email": "ann@example.com", "role": "end-user"})),
            Found::Person("9".into(), json!({"name": "Bot", "role": "bot"})),
        ];
        let all = gathered(usize::MAX, &found);
        assert_eq!(all["1"]["contact"], json!({"name": "Ann", "email": "ann@example.com"}));
        let roles: Vec<&str> =
            all["1"]["turns"].as_array().unwrap().iter().map(|turn| turn["role"].as_str().unwrap()).collect();
        assert_eq!(roles, ["contact", "agent", "bot", "system"]);
        assert_eq!(all["1"]["turns"][2]["name"], "Bot");
    }
}
