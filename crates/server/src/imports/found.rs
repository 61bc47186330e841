//! What the readers of formats find in a file, before it is put together and checked.

use serde_json::Value as Json;

/// Something found in a file. Records are loose: they have the members of [`super::Record`] with values as the source writes
/// them, and some more that are gone once conversations are put together:
///
/// - `person`, in `contact` and in a turn: the id of a [`Found::Person`];
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
