//! A session's history: messages and what else happened, in the order it happened.

use crate::error::Result;
use crate::http::Cursor;
use crate::ids::MessageId;
use crate::time::Timestamp;
use crate::wire::{Maybe, Nullable, string_enum};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

string_enum! {
    /// The kind of an entry of the history.
    Event {
        /// Something said.
        Message = "message",
        /// The session passed to a person.
        Handoff = "handoff",
        /// A person took the session from the AI agent.
        HumanAgentTakeover = "human_agent_takeover",
        /// Closed over the API, settled.
        ClosedResolvedByApi = "closed_resolved_by_api",
        /// Closed over the API, not settled.
        ClosedUnresolvedByApi = "closed_unresolved_by_api",
        /// Opened again.
        SystemReopenedSession = "system_reopened_session",
        /// Given to a person.
        AgentAssignedBySystem = "agent_assigned_by_system",
        /// Taken from a person.
        AgentUnassignedBySystem = "agent_unassigned_by_system",
        /// Given to a team.
        TeamAssignedBySystem = "team_assigned_by_system",
        /// Taken from a team.
        TeamUnassignedBySystem = "team_unassigned_by_system",
        /// A tag was put on.
        TagAddedByApi = "tag_added_by_api",
        /// A tag was taken off.
        TagRemovedByApi = "tag_removed_by_api",
    }
}

string_enum! {
    /// The originator of an entry of the history.
    Sender {
        /// The person who asks for help.
        Contact = "contact",
        /// The AI agent.
        Ai = "ai",
        /// A person who helps.
        HumanAgent = "human_agent",
        /// The product.
        System = "system",
    }
}

/// The member of a message's context that keeps its HTML where a text came with it.
pub const HTML: &str = "html";

/// Stands in the place of a text that was redacted.
pub const REDACTED: &str = "[redacted]";

/// Chooses what is read and shown of a message that came as text, as HTML, or as both: the text, if anything is in it.
/// Returns it with HTML to keep beside it.
pub fn shown(text: Option<String>, html: Option<String>) -> (Option<String>, Option<String>) {
    match (text, html) {
        (Some(text), Some(html)) if text.trim().is_empty() => (Some(html), None),
        (None, html) => (html, None),
        both => both,
    }
}

/// An entry to add to a session's history.
#[derive(Clone, Debug)]
pub struct NewMessage {
    /// Its id.
    pub id: MessageId,
    /// Its kind.
    pub event: Event,
    /// Its originator.
    pub sender: Sender,
    /// The sender's name.
    pub sender_name: Option<String>,
    /// The text that was said.
    pub text: Option<String>,
    /// Files that came with it.
    pub attachments: Vec<Attachment>,
    /// Further facts about it, as a JSON object.
    pub context: Option<serde_json::Value>,
    /// The time it happened.
    pub created_at: Option<Timestamp>,
}

impl NewMessage {
    /// Makes an entry of something said, without name, files or context.
    pub fn said(id: MessageId, sender: Sender, text: String, created_at: Option<Timestamp>) -> Self {
        Self {
            id,
            event: Event::Message,
            sender,
            sender_name: None,
            text: Some(text),
            attachments: Vec::new(),
            context: None,
            created_at,
        }
    }

    /// Adds a fact to its context.
    pub fn add_fact(&mut self, name: &str, value: serde_json::Value) {
        self.context.get_or_insert_with(|| serde_json::json!({}))[name] = value;
    }

    /// Makes an entry of something that happened now.
    pub fn event(event: Event, now: Timestamp, context: Option<serde_json::Value>) -> Self {
        Self {
            id: MessageId::new(now),
            event,
            sender: Sender::System,
            sender_name: None,
            text: None,
            attachments: Vec::new(),
            context,
            created_at: Some(now),
        }
    }
}

/// A file that came with a message.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub struct Attachment {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its size in bytes; 0 where it lies elsewhere.
    #[schemars(with = "crate::wire::Number")]
    pub size: u64,
    /// Its media type.
    pub r#type: String,
    /// Where it is.
    pub url: String,
}

/// An entry of the history as its row keeps it.
#[derive(Debug, crate::db::Record)]
pub(super) struct Message {
    pub(super) id: MessageId,
    seq: i64,
    event_type: String,
    pub(super) sender: Sender,
    pub(super) sender_name: Option<String>,
    pub(super) text: Option<String>,
    pub(super) attachments: Option<String>,
    pub(super) context: Option<String>,
    created_at: Option<Timestamp>,
}

impl Message {
    /// Returns about how many bytes it is shown in.
    pub(super) fn bytes(&self) -> usize {
        let texts = [&self.text, &self.attachments, &self.context];
        texts.into_iter().flatten().map(String::len).sum()
    }

    /// Returns the cursor of a page whose last entry this is.
    pub(super) fn cursor(&self) -> Cursor {
        Cursor { position: self.seq, id: Uuid::nil() }
    }
}

/// The contract's entry of the history.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ChatHistoryItem {
    id: MessageId,
    created_at: Nullable<Timestamp>,
    event: HistoryEvent,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct HistoryEvent {
    r#type: String,
    #[serde(default, skip_serializing_if = "Maybe::is_none")]
    sender: Maybe<EventSender>,
    #[serde(default, skip_serializing_if = "Maybe::is_none")]
    content: Maybe<EventContent>,
    #[serde(default, skip_serializing_if = "Maybe::is_none")]
    attachments: Maybe<Vec<Attachment>>,
    #[serde(default, skip_serializing_if = "Maybe::is_none")]
    context: Maybe<serde_json::Map<String, serde_json::Value>>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct EventSender {
    r#type: Sender,
    name: Nullable<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct EventContent {
    r#type: &'static str,
    text: Nullable<String>,
}

impl TryFrom<Message> for ChatHistoryItem {
    type Error = anyhow::Error;

    fn try_from(message: Message) -> anyhow::Result<Self> {
        let attachments: Option<Vec<Attachment>> =
            message.attachments.as_deref().map(serde_json::from_str).transpose()?;
        let context: Option<serde_json::Map<_, _>> =
            message.context.as_deref().map(serde_json::from_str).transpose()?;
        let content = message.text.map(|text| EventContent { r#type: "text", text: Some(text).into() });
        Ok(Self {
            id: message.id,
            created_at: message.created_at.into(),
            event: HistoryEvent {
                r#type: message.event_type,
                sender: Some(EventSender { r#type: message.sender, name: message.sender_name.into() }).into(),
                content: content.into(),
                attachments: attachments.into(),
                context: context.into(),
            },
        })
    }
}

/// Writes a value as the JSON text that a column keeps.
pub(super) fn column<T: Serialize>(value: Option<&T>) -> Result<Option<String>> {
    Ok(value.map(serde_json::to_string).transpose().map_err(anyhow::Error::new)?)
}
