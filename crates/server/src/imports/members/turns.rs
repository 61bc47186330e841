//! The turns of a conversation: who said what, and when.

use super::super::company;
use super::super::record::{RecordContact, TURNS_MAX, Turn};
use super::other_names::Speaks;
use super::words::Role;
use super::{Reader, TIMES, is_absent, named, role_of, scalar, truth};
use crate::sessions::{Attachment, Event, Sender, shown};
use crate::wire::{Text, is_web_address, printable, printable_json};
use serde_json::{Map, Value as Json};

const TEXT_MAX: usize = 100_000;
const NAME_MAX: usize = 300;
/// The most characters of an attachment's members.
const FILE_MAX: usize = 2_000;
/// The lists and objects around the words of a turn.
const DEPTH_MAX: usize = 4;
/// The most bytes of a role that is repeated: what is longer may be anything.
const SHOWN_MAX: usize = 40;
/// The address of a file of which none is known: it holds nothing.
const NOWHERE: &str = "data:,";

/// The members of a turn as they stand there.
#[derive(Default)]
struct Said {
    role: Option<Json>,
    /// Who says it, in one member: a role, a name, or an object with both.
    author: Option<Json>,
    name: Option<Json>,
    email: Option<Json>,
    text: Option<Json>,
    other_text: Option<Json>,
    html: Option<Json>,
    id: Option<Json>,
    event: Option<Json>,
    time: Option<Json>,
    other_time: Option<(String, Json)>,
    files: Option<Json>,
    context: Map<String, Json>,
    is_note: bool,
    /// What other members say of who speaks.
    speaks: Speaks,
}

impl Said {
    fn read(members: Map<String, Json>) -> Self {
        let mut said = Self::default();
        for (name, value) in members {
            if is_absent(&value) {
                continue;
            }
            match name.as_str() {
                "role" => said.role = Some(value),
                "sender" | "author" | "from" | "speaker" => said.author = Some(value),
                "name" => said.name = Some(value),
                "email" => said.email = Some(value),
                "text" => said.text = Some(value),
                "content" | "body" | "message" | "value" | "parts" | "utterance" | "body_text"
                | "plain_text" | "comment" | "msg" => said.other_text = Some(value),
                "html" | "body_html" | "html_body" => said.html = Some(value),
                "id" | "message_id" => said.id = said.id.or(Some(value)),
                "event" => said.event = Some(value),
                "created_at" => said.time = Some(value),
                "attachments" | "files" => said.files = Some(value),
                "private" | "internal" | "is_private" | "is_internal" => {
                    said.is_note |= truth(&value) == Some(true);
                }
                "person" | "labels" => {}
                name if TIMES.contains(&name) => said.other_time = Some((name.to_owned(), value)),
                "context" => match value {
                    Json::Object(members) => said.context.extend(members),
                    value => drop(said.context.insert(name, value)),
                },
                _ => {
                    if let Some(value) = said.speaks.take(&name, value) {
                        said.context.insert(name, value);
                    }
                }
            }
        }
        said.is_note |= said.speaks.is_note;
        said
    }
}

impl Reader<'_> {
    /// Reads turns, and puts them in the order of their times.
    pub(super) fn turns(&mut self, value: Json, contact: Option<&RecordContact>) -> Vec<Turn> {
        let mut items = match value {
            Json::Array(items) => items,
            // a list that is an object, each item under its place
            Json::Object(items) if items.values().all(Json::is_object) => {
                items.into_iter().map(|(_, item)| item).collect()
            }
            value => vec![value],
        };
        if items.len() > TURNS_MAX {
            self.remark(
                "turns",
                &format!("more than {TURNS_MAX}; {} at the end are left out", items.len() - TURNS_MAX),
            );
            items.truncate(TURNS_MAX);
        }
        let mut turns = Vec::with_capacity(items.len());
        for (i, item) in items.into_iter().enumerate() {
            self.turn = Some(i);
            match item {
                Json::Object(members) => turns.extend(self.turn(Said::read(members), contact)),
                Json::Null => {}
                text => {
                    let said = Said { text: Some(text), ..Said::default() };
                    turns.extend(self.turn(said, contact));
                }
            }
        }
        self.turn = None;
        in_order(turns)
    }

    fn turn(&mut self, mut said: Said, contact: Option<&RecordContact>) -> Option<Turn> {
        let role = self.role(&mut said, contact);
        if said.is_note || role == Role::Note {
            self.remark("private", "an internal note; left out");
            return None;
        }
        let files = said.files.take().map(|files| self.files(files)).filter(|files| !files.is_empty());
        let words = [said.text.take(), said.other_text.take()];
        let text = words.into_iter().flatten().find_map(|value| self.words(value));
        let html = said.html.take().and_then(|value| self.words(value));
        let (text, html) = shown(text, html);
        let event =
            said.event.take().and_then(|event| match event.as_str().and_then(|word| word.parse().ok()) {
                Some(event) => Some(event),
                None => {
                    said.context.insert("event".to_owned(), event);
                    None
                }
            });
        if text.is_none() && files.is_none() && matches!(event, None | Some(Event::Message)) {
            self.remark("text", "nothing is said; the turn is left out");
            return None;
        }
        let created_at = match (said.time, said.other_time) {
            (Some(time), _) => self.time("created_at", &time),
            (None, Some((name, time))) => self.time(&name, &time),
            (None, None) => None,
        };
        let context: Map<String, Json> =
            said.context.into_iter().map(|(name, value)| (printable(name), printable_json(value))).collect();
        Some(Turn {
            id: said.id.and_then(|id| self.text("id", id, FILE_MAX)),
            event,
            role: if let Role::Sender(sender) = role { sender } else { Sender::System },
            text: text.map(Text),
            html: html.map(Text),
            name: said.name.and_then(|name| self.text("name", name, NAME_MAX)).map(Text),
            created_at,
            attachments: files,
            context: (!context.is_empty()).then_some(context),
        })
    }

    /// Tells who says it. A turn of nobody is the contact's; one of somebody unknown is nobody's.
    fn role(&mut self, said: &mut Said, contact: Option<&RecordContact>) -> Role {
        if let Some(Json::Object(mut author)) = said.author.take_if(|author| author.is_object()) {
            let mut take = |names: &[&str]| {
                names.iter().find_map(|name| author.remove(*name)).filter(|value| !is_absent(value))
            };
            said.author = take(&["role", "type", "kind", "t"]);
            said.name = said.name.take().or_else(|| take(&["name", "display_name", "n"]));
            said.email = said.email.take().or_else(|| take(&["email", "address"]));
        }
        let written = said
            .role
            .take()
            .or(said.author.take())
            .or_else(|| said.speaks.word(|word| role_of(word, &self.reading.roles).is_some()))
            .map(|value| scalar(&named(value, &["type", "name", "role"])).unwrap_or_default());
        let known = written.as_deref().and_then(|word| role_of(word, &self.reading.roles));
        let name = said.name.as_ref().and_then(scalar);
        let email = said.email.as_ref().and_then(scalar);
        let is_ours = |name: &String| company::is_ours(&self.reading.me, name.trim(), name.trim());
        let is_people = !matches!(known, Some(Role::Note | Role::Sender(Sender::Ai | Sender::System)));
        if is_people && [&name, &email, &written].into_iter().flatten().any(is_ours) {
            return Role::Sender(Sender::HumanAgent);
        }
        match (known, written) {
            (Some(role), _) => role,
            (None, None) => Role::Sender(Sender::Contact),
            (None, Some(word)) => {
                if contact.is_some_and(|contact| is_contact(&word, contact)) {
                    return Role::Sender(Sender::Contact);
                }
                self.unknown_role(&word);
                Role::Sender(Sender::System)
            }
        }
    }

    /// Remarks a role without the place of the turn, so that one word is one remark.
    fn unknown_role(&mut self, word: &str) {
        let turn = self.turn.take();
        let word = printable(word.trim().to_lowercase());
        let is_word = word.len() <= SHOWN_MAX && !word.contains('@');
        let member = if is_word { format!("role \"{word}\"") } else { "role".to_owned() };
        self.remark(
            &member,
            "nobody that is known; its turns are kept as nobody's (--role WORD=contact, agent, ai or system)",
        );
        self.turn = turn;
    }

    /// Returns the words of a value: a text, or the texts of a list or an object.
    fn words(&mut self, value: Json) -> Option<String> {
        let value = match value {
            Json::Array(_) | Json::Object(_) => {
                let mut words = String::new();
                gather_words(value, 0, &mut words);
                Json::String(words)
            }
            value => value,
        };
        self.text("text", value, TEXT_MAX)
    }

    /// Reads files: each an object, or its address or name alone.
    fn files(&mut self, value: Json) -> Vec<Attachment> {
        let items = match value {
            Json::Array(items) => items,
            value => vec![value],
        };
        let mut files = Vec::new();
        for (i, item) in items.into_iter().enumerate() {
            let mut members = match item {
                Json::Object(members) => members,
                Json::String(text) if is_web_address(&text) => {
                    Map::from_iter([("url".to_owned(), Json::String(text))])
                }
                Json::String(text) => Map::from_iter([("name".to_owned(), Json::String(text))]),
                _ => continue,
            };
            let mut take = |names: &[&str]| {
                let value =
                    names.iter().filter_map(|name| members.remove(*name)).find(|value| !is_absent(value))?;
                self.text("attachments", value, FILE_MAX)
            };
            let url = take(&["url", "content_url", "data_url", "file_url", "attachment_url", "href", "link"]);
            let name = take(&["name", "file_name", "filename", "title"]);
            let id = take(&["id"]);
            let kind = take(&["type", "content_type", "mime_type", "file_type"]);
            let size = take(&["size", "file_size"]).and_then(|size| size.parse().ok());
            if url.is_none() && name.is_none() && id.is_none() {
                continue;
            }
            let is_safe = url.as_deref().is_none_or(is_web_address);
            if !is_safe {
                self.remark(
                    "attachments",
                    "an address that does not begin with http:, https: or data:; left out",
                );
            }
            let url = url.filter(|_| is_safe).unwrap_or_else(|| NOWHERE.to_owned());
            let last = url.rsplit('/').next().and_then(|last| last.split(['?', '#']).next());
            let last =
                last.filter(|last| !last.is_empty() && !url.starts_with("data:")).unwrap_or("attachment");
            files.push(Attachment {
                id: id.unwrap_or_else(|| (i + 1).to_string()),
                name: name.unwrap_or_else(|| last.to_owned()),
                size: size.unwrap_or(0),
                r#type: kind.unwrap_or_else(|| "application/octet-stream".to_owned()),
                url,
            });
        }
        files
    }
}

fn is_contact(word: &str, contact: &RecordContact) -> bool {
    let name = contact.name.as_ref().map(|name| name.0.as_str());
    let email = contact.email.as_ref().map(crate::wire::Email::as_str);
    [name, email].into_iter().flatten().any(|known| known.eq_ignore_ascii_case(word.trim()))
}

fn gather_words(value: Json, depth: usize, words: &mut String) {
    match value {
        Json::String(text) => {
            if !words.is_empty() && !text.is_empty() {
                words.push('\n');
            }
            words.push_str(&text);
        }
        Json::Array(items) if depth < DEPTH_MAX => {
            for item in items {
                gather_words(item, depth + 1, words);
            }
        }
        Json::Object(_) if depth < DEPTH_MAX => {
            let value = named(value, &["text", "value", "content", "body", "parts", "plain", "html"]);
            gather_words(value, depth + 1, words);
        }
        _ => {}
    }
}

/// Puts turns in the order of their times; one without a time stays behind the one before it.
fn in_order(turns: Vec<Turn>) -> Vec<Turn> {
    let times = || turns.iter().filter_map(|turn| turn.created_at);
    if times().zip(times().skip(1)).all(|(time, next)| time <= next) {
        return turns;
    }
    let mut last = None;
    let mut timed: Vec<_> = turns
        .into_iter()
        .map(|turn| {
            last = turn.created_at.or(last);
            (last, turn)
        })
        .collect();
    timed.sort_by_key(|(time, _)| *time);
    timed.into_iter().map(|(_, turn)| turn).collect()
}
