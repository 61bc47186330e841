//! Chats that WhatsApp exports as text, on iPhones and elsewhere, in all locales. A chat goes on for months: it is cut into
//! conversations at silences of a day.

mod content;
mod stamp;

use super::company::{SHOWN_MAX, is_ours};
use super::found::Found;
use anyhow::Context;
use content::{Content, own_words};
use jiff::civil::DateTime;
use serde_json::{Map, Value as Json, json};
use sha2::{Digest, Sha256};
use stamp::{Order, Stamp, is_mark};
use std::collections::{HashMap, HashSet};
use std::io::{BufRead, Read};

/// The bytes of a chat; WhatsApp itself exports 40,000 messages at most.
const CHAT_MAX: u64 = 64 * 1024 * 1024;
/// The lines of a beginning by which a chat is told.
const TOLD_BY: usize = 20;
/// The silence behind which another conversation begins.
const SILENCE: jiff::SignedDuration = jiff::SignedDuration::from_hours(24);
/// The characters of the longest name of somebody.
const NAME_MAX: usize = 100;
/// The people in a chat.
const NAMES_MAX: usize = 2_000;

/// Tells a chat by its beginning: lines that begin with a time, the first of them before anything else.
pub(super) fn is_chat(head: &str) -> bool {
    let mut lines = head.lines().filter(|line| !line.trim_matches(is_mark).trim().is_empty()).take(TOLD_BY);
    let Some(first) = lines.next().and_then(Stamp::read) else { return false };
    let mut stamps = std::iter::once(first).chain(lines.filter_map(Stamp::read));
    stamps.any(|stamp| split_name(stamp.rest).is_some())
}

/// Something that the chat shows at a time: what somebody said, or what WhatsApp notes.
struct Entry<'a> {
    line: u64,
    stamp: Stamp<'a>,
    /// Its author; none of a note.
    name: Option<String>,
    text: String,
    /// True if WhatsApp marks the line as its own.
    is_marked: bool,
}

/// Reads a chat and hands on its conversations, each with its line, until `take` says false. Returns what
/// there is to say of it. Names and the order of day and month that the chat leaves open are asked for, in an error at line 0.
pub(super) fn read(
    reader: impl BufRead,
    file_name: &str,
    me: &[String],
    is_day_first: Option<bool>,
    take: &mut dyn FnMut(u64, Result<Found, String>) -> bool,
) -> anyhow::Result<Vec<&'static str>> {
    let mut chat = String::new();
    reader.take(CHAT_MAX + 1).read_to_string(&mut chat).context("reading the chat")?;
    if chat.len() as u64 > CHAT_MAX {
        take(0, Err(format!("the chat is longer than {} MiB: split it", CHAT_MAX >> 20)));
        return Ok(Vec::new());
    }
    let entries = entries(&chat);
    if entries.is_empty() {
        take(0, Err("no line begins with a time, as those of a chat do".to_owned()));
        return Ok(Vec::new());
    }
    let names = names(&entries);
    let known = order(&entries, is_day_first).and_then(|order| Ok((order, ours(&names, file_name, me)?)));
    let (order, ours) = match known {
        Ok(known) => known,
        Err(reason) => {
            take(0, Err(reason));
            return Ok(Vec::new());
        }
    };
    let mut first = None;
    for (name, _) in &names {
        first = first.or_else(|| Some(name.as_str()).filter(|name| !ours.contains(name)));
    }
    let (mut ids, mut is_of_nobody) = (HashSet::new(), false);
    for session in sessions(&entries, order) {
        let line = session.first().map_or(0, |(entry, _)| entry.line);
        let is_said = session.iter().any(|(entry, _)| entry.name.is_some());
        let Some((id, record)) = conversation(session, &ours, first) else {
            is_of_nobody |= is_said;
            continue;
        };
        // where the clock was set back, two begin at one time: they are one
        let found =
            if ids.insert(id.clone()) { Found::Conversation(record) } else { Found::Part(id, record) };
        if !take(line, Ok(found)) {
            break;
        }
    }
    let mut remarks = Vec::new();
    if ids.len() > 1 {
        remarks.push("the chat is cut into conversations at silences of 24 hours");
    }
    if is_of_nobody {
        // whose conversation it is, and so its id, a longer export of the chat will tell
        remarks.push("left out: nobody but the company says anything in it");
    }
    Ok(remarks)
}

/// Splits a chat into what it shows: a line without a time goes on with the one before.
fn entries(chat: &str) -> Vec<Entry<'_>> {
    let mut entries: Vec<Entry<'_>> = Vec::new();
    for (line, number) in chat.split('\n').zip(1..) {
        let line = line.strip_suffix('\r').unwrap_or(line);
        match (Stamp::read(line), entries.last_mut()) {
            (Some(stamp), _) => {
                let (name, text) =
                    split_name(stamp.rest).map_or((None, stamp.rest), |(name, text)| (Some(name), text));
                let (text, is_marked) = (text.to_owned(), line.starts_with(is_mark));
                entries.push(Entry { line: number, stamp, name, text, is_marked });
            }
            (None, Some(entry)) => {
                entry.text.push('\n');
                entry.text.push_str(line);
            }
            (None, None) => {}
        }
    }
    entries
}

/// Splits a line into the name of who says something, and what; none for what WhatsApp notes.
fn split_name(rest: &str) -> Option<(String, &str)> {
    let colon = rest.find(": ").or_else(|| rest.strip_suffix(':').map(str::len))?;
    let name: String = rest[..colon].chars().filter(|c| !is_mark(*c)).take(NAME_MAX + 1).collect();
    let name = name.replace(['\u{a0}', '\u{202f}'], " ");
    // people whom the phone does not know by name are shown by the one that they gave themselves
    let name = name.trim().trim_start_matches('~').trim();
    // a note that quotes something: a subject, a group
    let is_note = name.contains(['"', '“', '„', '«', '「']);
    let is_name = !name.is_empty() && name.chars().count() <= NAME_MAX && !is_note;
    is_name.then(|| (name.to_owned(), rest.get(colon + 2..).unwrap_or_default()))
}

/// Lists who said something, in the order of their first messages, with the number of these.
fn names(entries: &[Entry<'_>]) -> Vec<(String, usize)> {
    let mut names: Vec<(String, usize)> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    for name in entries.iter().filter_map(|entry| entry.name.as_ref()) {
        match places.get(name.as_str()) {
            Some(at) => names[*at].1 += 1,
            None if names.len() < NAMES_MAX => {
                places.insert(name, names.len());
                names.push((name.clone(), 1));
            }
            None => {}
        }
    }
    names
}

/// Finds the order of day and month: as the form of the dates or one of them tells, or since only so the chat runs forward
/// in time.
fn order(entries: &[Entry<'_>], is_day_first: Option<bool>) -> Result<Order, String> {
    let mut told: Vec<Order> = entries.iter().filter_map(|entry| entry.stamp.order()).collect();
    told.dedup();
    if let Some(order) = told.first() {
        return match told.iter().find(|other| *other != order) {
            None => Ok(*order),
            Some(_) => Err("the dates of the chat are of several orders".to_owned()),
        };
    }
    let runs_forward = |order: Order| {
        let times: Vec<Option<DateTime>> = entries.iter().map(|entry| entry.stamp.at(order)).collect();
        times.iter().all(Option::is_some) && times.is_sorted()
    };
    match (is_day_first, runs_forward(Order::Dmy), runs_forward(Order::Mdy)) {
        (Some(true), ..) | (None, true, false) => Ok(Order::Dmy),
        (Some(false), ..) | (None, false, true) => Ok(Order::Mdy),
        (None, ..) => Err("day or month first? Say --dates dmy or --dates mdy".to_owned()),
    }
}

/// Finds the names that are the company's: as it was said, or those beside the one that the file is named after.
fn ours<'a>(names: &'a [(String, usize)], file_name: &str, me: &[String]) -> Result<Vec<&'a str>, String> {
    let all = || names.iter().map(|(name, _)| name.as_str());
    let ours: Vec<&str> = all().filter(|name| is_ours(me, name, "")).collect();
    if !ours.is_empty() || !me.is_empty() && names.len() < 2 {
        return Ok(ours);
    }
    let plain =
        |text: &str| -> String { text.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect() };
    // the file or archive itself, not the folders around it
    let file =
        file_name.rsplit(['/', '\\']).map(plain).find(|name| name.contains("whatsapp")).unwrap_or_default();
    let named = |name: &&str| !plain(name).is_empty() && file.contains(&plain(name));
    let contacts: Vec<&str> = all().filter(named).collect();
    if me.is_empty() && names.len() <= 2 && contacts.len() == 1 {
        return Ok(all().filter(|name| *name != contacts[0]).collect());
    }
    let said_all: usize = names.iter().map(|(_, said)| said).sum();
    let shown = names.iter().take(SHOWN_MAX);
    let shown = shown.map(|(name, said)| format!("{name} ({said} of {said_all} messages)"));
    let shown: Vec<String> = shown.collect();
    Err(format!("which name is the company's? Say --me NAME; there are {}", shown.join(", ")))
}

type Timed<'a, 'b> = (&'b Entry<'a>, Option<DateTime>);

/// Cuts a chat into conversations at long silences. What WhatsApp notes belongs to what follows it.
fn sessions<'a, 'b>(entries: &'b [Entry<'a>], order: Order) -> Vec<Vec<Timed<'a, 'b>>> {
    let mut sessions: Vec<Vec<Timed<'a, 'b>>> = vec![Vec::new()];
    let (mut last, mut is_begun) = (None, false);
    for entry in entries {
        let time = entry.stamp.at(order);
        let is_late = last
            .zip(time)
            .is_some_and(|(last, time): (DateTime, DateTime)| time.duration_since(last) >= SILENCE);
        if is_late && is_begun {
            sessions.push(Vec::new());
            is_begun = false;
        }
        is_begun |= entry.name.is_some();
        last = time.or(last);
        if let Some(session) = sessions.last_mut() {
            session.push((entry, time));
        }
    }
    sessions
}

/// Makes a conversation of entries that follow each other; none where nobody is known whose it is. Its id is the same in a longer export of the
/// chat.
fn conversation(session: Vec<Timed<'_, '_>>, ours: &[&str], first: Option<&str>) -> Option<(String, Json)> {
    let contents: Vec<Content> = session.iter().map(|(entry, _)| own_words(entry)).collect();
    let is_named = |(entry, _): &Timed<'_, '_>| entry.name.is_some();
    let begin = contents.iter().position(|content| !content.is_note);
    let begin = begin.or_else(|| session.iter().position(is_named))?;
    let of_session = session
        .iter()
        .zip(&contents)
        .filter(|(_, content)| !content.is_note)
        .filter_map(|((entry, _), _)| entry.name.as_deref())
        .find(|name| !ours.contains(name));
    let contact = of_session.or(first)?;
    let start = session[begin].0.stamp.written;
    let mut hash = Sha256::new();
    hash.update(contact);
    hash.update([0]);
    hash.update(session[begin].1.map_or_else(|| start.to_owned(), |time| time.to_string()));
    let id = hex::encode(&hash.finalize()[..16]);
    let (mut turns, mut said_at) = (Vec::new(), HashMap::<&str, usize>::new());
    for (at, ((entry, time), content)) in session.into_iter().zip(contents).enumerate() {
        if content.text.is_empty() && content.file.is_none() {
            continue;
        }
        let nth = said_at.entry(entry.stamp.written).and_modify(|nth| *nth += 1).or_insert(1);
        let id = format!("{} #{nth}", entry.stamp.written);
        let mut turn = turn(entry, content, ours);
        turn.insert("id".into(), id.into());
        // notes before the first message do not begin the conversation
        match time.filter(|_| !entry.stamp.is_open()) {
            _ if at < begin => {}
            Some(time) => drop(turn.insert("created_at".into(), time.to_string().into())),
            None => drop(turn.insert("created_at".into(), entry.stamp.written.into())),
        }
        turns.push(Json::Object(turn));
    }
    let is_number = contact.starts_with('+') && !contact.contains(char::is_alphabetic);
    let member = if is_number { "phone_number" } else { "name" };
    let contact = json!({ "id": contact, member: contact });
    let mut record = json!({ "id": &id, "channel": "whatsapp", "contact": contact });
    record["turns"] = turns.into();
    Some((id, record))
}

/// Returns what an entry says, and who says it.
fn turn(entry: &Entry<'_>, content: Content, ours: &[&str]) -> Map<String, Json> {
    let mut turn = Map::new();
    let role = match &entry.name {
        _ if content.is_note => "system",
        Some(name) if ours.contains(&name.as_str()) => "agent",
        _ => "contact",
    };
    turn.insert("role".into(), role.into());
    if let Some(name) = &entry.name {
        turn.insert("name".into(), name.as_str().into());
    }
    if !content.text.is_empty() {
        turn.insert("text".into(), content.text.into());
    }
    if let Some(file) = content.file {
        turn.insert("attachments".into(), json!([{ "name": file }]));
    }
    turn
}

#[cfg(test)]
mod tests;
