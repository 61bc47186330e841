//! What the readers of formats find in a file, before it is put together and checked.

use serde_json::Value as Json;
use std::hash::{DefaultHasher, Hash, Hasher};

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
    /// Two ids of parts that belong to one conversation.
    Same(String, String),
    /// Somebody whom records name by this id: `name`, `email`, `phone_number` and `role`.
    Person(String, Json),
}

impl Found {
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
