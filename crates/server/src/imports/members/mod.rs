//! The members of a conversation, as systems write them: what is said in other words, or in another form, is read all the
//! same; what cannot be read is left out and remarked; and what has no place of its own becomes custom data. A conversation
//! is lost only without an id, or without words.

mod contact;
mod data;
mod other_names;
mod turns;
mod values;
mod words;

pub(super) use other_names::is_of_message;

use super::dates::{self, DateOrder, OrderTold, Unread};
use super::record::{EXPORT_VERSION, Record};
use crate::sessions::{ExternalIdType, HandoffInput, LanguageTag, Sender, SessionStatus, TicketingSystemRef};
use crate::time::{Calendar, Timestamp};
use crate::wire::{Maybe, SingleLine, Text, printable};
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;
use values::{cut, id, is_absent, named, scalar, truth};
use words::Role;

/// The most bytes of an id.
const ID_MAX: usize = 500;
/// The most characters of what is shown in a line.
const LINE_MAX: usize = 200;
/// The most remarks on one record.
const REMARKS_MAX: usize = 1_000;
/// Names of the time at which something began or was said, beside our own.
const TIMES: [&str; 7] = ["createdAt", "created", "date", "sent_at", "started_at", "time", "timestamp"];

/// Something that was left out or changed of a record that is imported nevertheless.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Remark {
    /// The member, such as `turns[0].created_at`.
    pub(super) member: String,
    /// What is wrong with it and what was done, without its value.
    pub(super) what: String,
}

/// How members are read that do not tell it themselves.
#[derive(Clone, Debug, Default)]
pub(super) struct Reading {
    /// The time zone of dates without one.
    pub(super) calendar: Calendar,
    /// The order of day and month.
    pub(super) dates: Option<DateOrder>,
    /// The senders that words of the source stand for.
    pub(super) roles: BTreeMap<String, Sender>,
    /// Names and addresses of the company's own people; `@shop.example` are all of a domain.
    pub(super) me: Vec<String>,
}

/// Tells what the dates of a record tell of the order of day and month.
pub(super) fn order_told(json: &Json) -> OrderTold {
    let turns = json.get("turns").or_else(|| json.get("messages")).and_then(Json::as_array);
    dates::order_told_by(std::iter::once(json).chain(turns.into_iter().flatten()).filter_map(|json| {
        let place = |name: &str| {
            if name == "created_at" { Some(0) } else { TIMES.iter().position(|time| *time == name) }
        };
        let times = json.as_object().into_iter().flatten().filter(|(_, time)| !time.is_null());
        let first =
            times.filter_map(|(name, time)| Some((place(name)?, time))).min_by_key(|(place, _)| *place);
        first.and_then(|(_, time)| time.as_str())
    }))
}

/// Returns who a word of a system for a role means: as whoever imports said of it, or as it is known.
pub(super) fn sender_of(word: &str, told: &BTreeMap<String, Sender>) -> Option<Sender> {
    match role_of(word, told)? {
        Role::Sender(sender) => Some(sender),
        Role::Note => None,
    }
}

fn role_of(word: &str, told: &BTreeMap<String, Sender>) -> Option<Role> {
    let find = || {
        let folded = words::folded(word);
        told.iter().find(|(told, _)| words::folded(told) == folded)
    };
    let told = if told.is_empty() { None } else { find() };
    told.map(|(_, sender)| Role::Sender(*sender)).or_else(|| words::role(word))
}

/// Reads a record. An error says why the conversation is lost.
pub(super) fn read(json: Json, reading: &Reading, remarks: &mut Vec<Remark>) -> Result<Record, String> {
    let Json::Object(members) = json else { return Err("expected a JSON object".into()) };
    let version = members.get("export_version").filter(|version| !version.is_null()).cloned();
    let Some(version) = version else { return lenient(members, reading, remarks) };
    match Record::from_json(Json::Object(members.clone())) {
        Err(reason) if version == EXPORT_VERSION => {
            // of another hand than ours: what cannot be kept as it is is read like that of others, under the same ids
            let record = lenient(members, reading, remarks)?;
            Record { export_version: Some(EXPORT_VERSION), ..record }.check().or(Err(reason))
        }
        read => read,
    }
}

fn lenient(
    members: Map<String, Json>,
    reading: &Reading,
    remarks: &mut Vec<Remark>,
) -> Result<Record, String> {
    Reader { reading, remarks, turn: None, spare: Vec::new() }.record(members)
}

/// Reads the members of one record.
struct Reader<'a> {
    reading: &'a Reading,
    remarks: &'a mut Vec<Remark>,
    /// The turn that is read, by its position.
    turn: Option<usize>,
    /// What has no place of its own, and becomes custom data.
    spare: Vec<(String, Json)>,
}

/// Members that are read once the others are known.
#[derive(Default)]
struct Later {
    turns: Option<Json>,
    /// A text that the record itself has, where it has no turns.
    text: Option<Json>,
    /// What may be the turns or the text, where nothing else is.
    others: Vec<(String, Json)>,
    custom_data: Option<Json>,
    times: Vec<(String, Json)>,
    /// Names that the record has for itself beside `id`.
    ids: Vec<(String, Json)>,
}

impl Reader<'_> {
    fn record(&mut self, members: Map<String, Json>) -> Result<Record, String> {
        let (mut record, mut later) = (Record::default(), Later::default());
        for (name, value) in members {
            if !is_absent(&value) {
                self.member(&mut record, &mut later, name, value);
            }
        }
        for (name, value) in std::mem::take(&mut later.ids) {
            if record.id.is_empty() {
                record.id = id(value);
            } else {
                self.spare.push((name, value));
            }
        }
        for (name, value) in std::mem::take(&mut later.times) {
            if record.created_at.is_none() {
                record.created_at = self.time(&name, &value);
            } else {
                self.spare.push((name, value));
            }
        }
        self.fill_in(&mut record, &mut later);
        if record.id.trim().is_empty() {
            return Err("id: is required".into());
        }
        if record.id.len() > ID_MAX {
            return Err(format!("id: expected at most {ID_MAX} bytes"));
        }
        let turns = match (later.turns, later.text) {
            (None, Some(text)) => self.only_turn(text),
            (turns, text) => {
                self.spare.extend(text.map(|text| ("text".to_owned(), text)));
                turns.ok_or("turns: is required")?
            }
        };
        record.turns = self.turns(turns, record.contact.as_ref());
        if record.turns.is_empty() {
            return Err("turns: nothing is said in them".into());
        }
        // what lists sorted by their last change say of the beginning is later than what was said first
        let first = record.turns.iter().filter_map(|turn| turn.created_at).min();
        record.created_at = record.created_at.map(|time| first.map_or(time, |first| first.min(time)));
        record.custom_data = self.custom_data("custom_data", later.custom_data);
        Ok(record)
    }

    /// Makes the turn of a record that has the text itself, with who says it.
    fn only_turn(&mut self, text: Json) -> Json {
        let mut turn = Map::from_iter([("text".to_owned(), text)]);
        let of_turn =
            ["role", "sender", "author", "from", "private", "internal", "is_private", "is_internal"];
        let is_of_turn = |(name, _): &mut (String, Json)| of_turn.contains(&name.as_str());
        turn.extend(self.spare.extract_if(.., is_of_turn));
        Json::Object(turn)
    }

    fn member(&mut self, record: &mut Record, later: &mut Later, name: String, value: Json) {
        match name.as_str() {
            "id" => record.id = id(value),
            "conversation_id" | "session_id" | "ticket_id" | "thread_id" | "chat_id" | "case_id" | "_id"
            | "uuid" | "conversationId" | "sessionId" | "ticketId" | "threadId" => {
                later.ids.push((name, value));
            }
            "turns" => later.turns = Some(value),
            "messages" if value.is_array() => later.turns = later.turns.take().or(Some(value)),
            "conversation" | "transcript" | "dialogue" | "dialog" | "utterances" | "thread" | "history"
            | "comments" | "description" | "comment" | "review" | "feedback" | "question" | "utterance"
                if value.is_array() || value.is_string() =>
            {
                later.others.push((name, value));
            }
            "text" | "message" | "body" | "content" if !value.is_object() => later.text = Some(value),
            "channel" => record.channel = self.channel(value),
            "language" => record.language = self.language(value),
            "created_at" => record.created_at = self.time(&name, &value),
            "brand" => record.brand = self.text(&name, value, LINE_MAX),
            "status" => record.status = self.status(value),
            "ai_closure_type" => {
                let word = value.as_str().map(words::folded);
                record.ai_closure_type = match word.as_deref() {
                    Some("assumedresolved") => Some("assumed_resolved"),
                    Some("handedoff" | "handoff") => Some("handed_off"),
                    Some("resolved") => Some("resolved"),
                    _ => None,
                }
                .and_then(|word| word.parse().ok());
                if record.ai_closure_type.is_none() {
                    self.keep(name, value);
                }
            }
            "handoff" => record.handoff = self.handoff(value),
            "ticketing_system" => record.ticketing_system = self.ticketing_system(value),
            "contact" => record.contact = self.contact(value),
            "custom_data" => later.custom_data = Some(value),
            "team" => record.team = self.line(&name, named(value, &["name", "title"])),
            "assignee_id" => record.assignee_id = self.line(&name, named(value, &["id", "email", "name"])),
            "assist_mode" => match truth(&value) {
                Some(is_on) => record.assist_mode = Some(is_on),
                None => self.keep(name, value),
            },
            "tags" => record.tags = self.tags(value),
            "labels" => record.labels = value,
            "findings" | "export_version" | "person" => {}
            name if TIMES.contains(&name) => later.times.push((name.to_owned(), value)),
            _ => self.spare.push((name, value)),
        }
    }

    fn channel(&mut self, value: Json) -> Option<String> {
        let written = self.text("channel", named(value, &["type", "name"]), LINE_MAX)?;
        let mut record = Record { channel: Some(written), ..Record::default() };
        // a word of ours, or one that is read as it stands, is kept as it stands
        let is_known = record.channel().as_str() != "api";
        let written = record.channel.take()?;
        let known = if is_known { None } else { words::channel(&written) };
        Some(known.map_or(written, |channel| channel.as_str().to_owned()))
    }

    fn language(&mut self, value: Json) -> Option<String> {
        let written = self.text("language", named(value, &["code", "name"]), LINE_MAX)?;
        if words::is_nothing(&written) {
            return None;
        }
        // locales of computers have an encoding behind: en_US.UTF-8
        let tag = written.split(['.', '@']).next().unwrap_or_default().trim();
        if tag.len() != 3 && LanguageTag::parse(tag).is_some() {
            return Some(tag.to_owned());
        }
        let known = words::language(&written).map(str::to_owned);
        let known = known.or_else(|| LanguageTag::parse(tag).map(|tag| tag.0));
        if known.is_none() {
            self.remark("language", "no language that is known; left out");
        }
        known
    }

    fn status(&mut self, value: Json) -> Option<SessionStatus> {
        let word = scalar(&value)?;
        let status = SessionStatus::find(&word).or_else(|| words::status(&word));
        if status.is_none() && !words::is_nothing(&word) {
            self.keep("status".to_owned(), value);
        }
        status
    }

    fn handoff(&mut self, value: Json) -> Option<HandoffInput> {
        let (summary, sentiment) = match value {
            Json::Object(mut members) => (members.remove("summary"), members.remove("sentiment")),
            Json::String(_) => (Some(value), None),
            other => {
                self.keep("handoff".to_owned(), other);
                return None;
            }
        };
        let summary = Text(self.text("handoff.summary", summary?, 10_000)?);
        let word = sentiment.filter(|word| !is_absent(word));
        let sentiment =
            word.as_ref().and_then(Json::as_str).and_then(|word| word.trim().to_lowercase().parse().ok());
        if word.is_some() && sentiment.is_none() {
            self.remark("handoff.sentiment", "none that is known; left out");
        }
        Some(HandoffInput { summary, sentiment: Maybe(sentiment) })
    }

    fn ticketing_system(&mut self, value: Json) -> Option<TicketingSystemRef> {
        let written = |member: &str| value.get(member).and_then(scalar);
        let word = |text: String| text.trim().to_lowercase().replace([' ', '-'], "_");
        let read = || {
            let name = word(written("name")?).parse().ok()?;
            let external_id = Text::new(written("external_id")?).ok()?;
            let id_type = written("id_type").map_or(Ok(ExternalIdType::TicketId), |text| word(text).parse());
            Some(TicketingSystemRef::new(name, external_id, id_type.ok()?))
        };
        let reference = read();
        if reference.is_none() {
            self.keep("ticketing_system".to_owned(), value);
        }
        reference
    }

    /// Reads a text: a number or a truth as it is written, too. One that is too long is cut.
    fn text(&mut self, member: &str, value: Json, max: usize) -> Option<String> {
        let text = match value {
            Json::String(text) => text,
            value => {
                let text = scalar(&value);
                if text.is_none() && !is_absent(&value) {
                    self.remark(member, "expected text; left out");
                }
                text?
            }
        };
        let mut text = printable(text);
        if text.trim().is_empty() {
            return None;
        }
        if cut(&mut text, max) {
            self.remark(member, &format!("longer than {max} characters; cut"));
        }
        Some(text)
    }

    fn line(&mut self, member: &str, value: Json) -> Option<SingleLine<LINE_MAX>> {
        self.text(member, value, LINE_MAX).filter(|text| !words::is_nothing(text)).map(SingleLine)
    }

    /// Reads a date. What cannot be read costs the date alone.
    fn time(&mut self, member: &str, value: &Json) -> Option<Timestamp> {
        let Reading { calendar, dates, .. } = self.reading;
        let read = match value {
            Json::String(text) => dates::read(text, calendar, *dates),
            Json::Object(members) if members.contains_key("$date") => {
                return self.time(member, &members["$date"]);
            }
            Json::Object(members) if members.contains_key("$numberLong") => {
                return self.time(member, &members["$numberLong"]);
            }
            Json::Number(number) => {
                number.as_f64().and_then(|number| dates::read_number(number, calendar)).ok_or(Unread::NoDate)
            }
            _ => Err(Unread::NoDate),
        };
        read.map_err(|unread| {
            let what = match unread {
                Unread::NoDate => "no date that can be read; left out",
                Unread::Unordered => "day or month first? Left out: say --dates dmy or --dates mdy",
            };
            self.remark(member, what);
        })
        .ok()
    }

    /// Keeps what cannot be read as custom data, and says so.
    fn keep(&mut self, name: String, value: Json) {
        self.remark(&name, "none that is known; kept as custom data");
        self.spare.push((name, value));
    }

    fn remark(&mut self, member: &str, what: &str) {
        if self.remarks.len() < REMARKS_MAX {
            let member = match self.turn {
                Some(turn) => format!("turns[{turn}].{member}"),
                None => member.to_owned(),
            };
            self.remarks.push(Remark { member, what: what.to_owned() });
        }
    }
}

#[cfg(test)]
mod tests;
