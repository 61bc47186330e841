//! What the readers of formats find in a file, before it is put together and checked.

use super::cells::Cells;
use super::members::{is_of_message, sender_of};
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

/// The members by which a message of no system that is known names its conversation.
const CONVERSATIONS: [&str; 12] = [
    "conversation_id",
    "conversationId",
    "ticket_id",
    "ticketId",
    "thread_id",
    "threadId",
    "session_id",
    "sessionId",
    "chat_id",
    "chatId",
    "case_id",
    "dialogue_id",
];
/// The members of a message that say who speaks, and those of one that is told by these.
const SPEAKERS: [&str; 8] =
    ["role", "sender", "author", "from", "speaker", "direction", "message_id", "sender_type"];
const OF_MESSAGES: [&str; 22] = [
    "id",
    "name",
    "email",
    "text",
    "content",
    "body",
    "message",
    "html",
    "body_html",
    "attachments",
    "files",
    "private",
    "internal",
    "is_private",
    "is_internal",
    "created_at",
    "createdAt",
    "created",
    "date",
    "sent_at",
    "time",
    "timestamp",
];

/// Something found in a file. Records are loose: they have the members of [`super::Record`] with values as the source writes
/// them, and some more that are gone once conversations are put together:
///
/// - `person`, in `contact` and in a turn: the id of a [`Found::Person`];
/// - `system`: the name of the system whose export it is of, as two may have conversations of one id;
/// - `private`, in a turn: true for a note that the contact never saw;
/// - `html`, in a turn: its text as HTML, where there is no plain one;
/// - `opening`: a turn that stands for all of them where no other is found, such as the beginning that a list repeats.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Found {
    /// A conversation, whole.
    Conversation(Json),
    /// A part of the conversation of this id: members of it, and turns. Of members that several parts have the last one
    /// counts; turns and tags are joined, in the order of the parts, and so are the names of custom data.
    Part(String, Json),
    /// A part of the conversation of this id, as a row of the table that is read.
    Row(String, Cells),
    /// Two ids of parts that belong to one conversation.
    Same(String, String),
    /// Somebody whom records name by this id: `name`, `email`, `phone_number` and `role`.
    Person(String, Json),
}

impl Found {
    /// Finds what a value of no known system is: a conversation; or one message, which says to which conversation it
    /// belongs, and who speaks or at least what is said.
    pub(super) fn of_value(value: Json) -> Self {
        let Json::Object(mut members) = value else { return Self::Conversation(value) };
        let is_set = |name: &&&str| members.get(**name).is_some_and(|value| !value.is_null());
        let is_said = ["text", "content", "body", "message"].iter().filter(is_set).count() > 0;
        let is_whole = ["turns", "messages"].iter().any(|name| is_set(&name));
        let speaks =
            SPEAKERS.iter().any(|name| is_set(&name)) || members.keys().any(|name| is_of_message(name));
        let named = CONVERSATIONS.iter().find(is_set).filter(|_| speaks || !members.contains_key("id"));
        let id = named.and_then(|name| match &members[*name] {
            Json::String(text) => Some(text.trim().to_owned()),
            Json::Number(number) => Some(number.to_string()),
            _ => None,
        });
        let Some(id) = id.filter(|_| is_said && !is_whole) else {
            return Self::Conversation(Json::Object(members));
        };
        if let Some(name) = named {
            members.remove(*name);
        }
        let is_of_turn = |name: &str, value: &Json| {
            SPEAKERS.contains(&name)
                || OF_MESSAGES.contains(&name)
                || is_of_message(name)
                || name == "type"
                    && value.as_str().is_some_and(|word| sender_of(word, &BTreeMap::new()).is_some())
        };
        let (turn, mut record): (Map<_, _>, Map<_, _>) =
            members.into_iter().partition(|(name, value)| is_of_turn(name, value));
        record.insert("turns".to_owned(), vec![Json::Object(turn)].into());
        Self::Part(id, Json::Object(record))
    }

    /// Says which system's export it is of, if that is known.
    pub(super) fn of(mut self, system: Option<&str>) -> Self {
        if let (Self::Part(_, Json::Object(record)), Some(system)) = (&mut self, system) {
            record.insert("system".to_owned(), system.into());
        }
        self
    }
}

/// Tells a record that names people who are described elsewhere.
pub(super) fn names_people(record: &Json) -> bool {
    let turns = record.get("turns").and_then(Json::as_array).into_iter().flatten();
    record.get("contact").into_iter().chain(turns).any(|of| of.get("person").is_some())
}

/// Returns about how much memory a value takes.
pub(super) fn bytes_of(value: &Json) -> usize {
    match value {
        Json::String(text) => 24 + text.len(),
        Json::Array(values) => 24 + values.iter().map(bytes_of).sum::<usize>(),
        Json::Object(object) => {
            24 + object.iter().map(|(name, value)| 24 + name.len() + bytes_of(value)).sum::<usize>()
        }
        _ => 24,
    }
}

/// Returns a number that stands for an id, the same in every run.
pub(super) fn hash_of(id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
}
