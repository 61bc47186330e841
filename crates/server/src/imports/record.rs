//! A conversation in the format of imports and exports.

use crate::contacts::Details;
use crate::custom_data::{CustomData, Scalar};
use crate::http::describe;
use crate::ids::{ContactId, SessionId};
use crate::sessions::{
    AiClosureType, Attachment, Channel, Event, HandoffInput, LanguageTag, Sender, Sentiment, SessionStatus,
    TAGS_MAX, TicketingSystemRef,
};
use crate::time::Timestamp;
use crate::wire::{Email, SingleLine, Text, is_web_address, printable_json};
use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};

pub(super) const TURNS_MAX: usize = 10_000;
/// The version of the records that `refrain export` writes.
pub const EXPORT_VERSION: u8 = 1;

/// A conversation, as imports take it and exports write it. Members that are not named here are left out.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Record {
    /// Set where `refrain export` wrote it: `id` is that of the session then, and kept, and so is its contact's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub export_version: Option<u8>,
    /// The source's name for it.
    #[serde(deserialize_with = "text_or_number")]
    pub id: String,
    /// The channel that the contact came by; one that is none of ours is kept in the custom data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// A BCP 47 tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The time it began.
    #[serde(default, with = "iso", skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// The brand that was asked; kept in the custom data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brand: Option<String>,
    /// The turns, in the order of the conversation.
    pub turns: Vec<Turn>,
    /// Open or closed; closed and resolved if nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<SessionStatus>,
    /// The outcome when the AI agent closed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ai_closure_type: Option<AiClosureType>,
    /// The handoff to a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handoff: Option<HandoffInput>,
    /// The record at a help desk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticketing_system: Option<TicketingSystemRef>,
    /// The contact who asks for help.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<RecordContact>,
    /// Attributes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom_data: Option<CustomData>,
    /// The name of the team that looks after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<SingleLine<200>>,
    /// The member who is assigned to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee_id: Option<SingleLine<200>>,
    /// True if the AI agent only drafts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assist_mode: Option<bool>,
    /// Tags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<SingleLine<200>>>,
    /// The gold labels, where somebody labeled it: for `refrain eval`, and not imported.
    #[serde(default, skip_serializing)]
    pub labels: Json,
    /// The findings from reading it: for whoever uses an export, and not imported.
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    pub findings: Option<Findings>,
}

/// The findings from reading a conversation.
#[derive(Clone, Debug, Serialize)]
pub struct Findings {
    /// The code of its language, declared or detected.
    pub language: Option<String>,
    /// The contact's sentiment.
    pub sentiment: Option<Sentiment>,
    /// A summary.
    pub summary: Option<String>,
}

/// Something said or done in a conversation.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Turn {
    /// The source's name for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The kind of event, where nothing was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<Event>,
    /// The sender.
    #[serde(deserialize_with = "role")]
    pub role: Sender,
    /// The text that was said; only an event goes without, or a turn that is a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Text<100_000>>,
    /// The same as HTML, beside the text or in its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub html: Option<Text<100_000>>,
    /// The sender's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Text<300>>,
    /// The time it happened.
    #[serde(default, with = "iso", skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// Files that came with it, which lie elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attachments: Option<Vec<Attachment>>,
    /// Further facts about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<serde_json::Map<String, Json>>,
}

/// The contact of a conversation, as the organization knows it.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct RecordContact {
    /// Its id: kept where the record is of an export, else the source's.
    #[serde(default, skip_serializing_if = "Json::is_null")]
    pub id: Json,
    /// The time it was created, kept where the record is of an export.
    #[serde(default, skip_serializing_if = "Json::is_null")]
    pub created_at: Json,
    /// E-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Email>,
    /// Phone number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<Text<100>>,
    /// Name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Text<300>>,
    /// Attributes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom_data: Option<CustomData<String>>,
    /// The details that the contact gave and nobody confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub non_verified: Option<Claims>,
}

/// Details that a contact gave and nobody confirmed.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Claims {
    /// E-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Email>,
    /// Phone number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<Text<100>>,
    /// Name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Text<300>>,
    /// Attributes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom_data: Option<CustomData<String>>,
}

impl RecordContact {
    /// Returns the contact's id where exports have it.
    pub(super) fn kept_id(&self) -> Option<ContactId> {
        self.id.as_str().and_then(|id| id.parse().ok())
    }

    /// Returns the id that the source knows the contact by.
    pub(super) fn source_id(&self) -> Option<String> {
        match &self.id {
            Json::String(id) => Some(id.trim().to_owned()).filter(|id| !id.is_empty()),
            Json::Number(id) => Some(id.to_string()),
            _ => None,
        }
    }

    /// Returns the time the contact was created, where exports have it.
    pub(super) fn kept_time(&self) -> Option<Timestamp> {
        self.created_at.as_str().and_then(|time| Timestamp::parse(time).ok())
    }

    /// Returns the details that the organization knows.
    pub(super) fn details(&self) -> Details {
        Details {
            email: self.email.clone(),
            phone_number: self.phone_number.clone().map(|text| text.0),
            name: self.name.clone().map(|text| text.0),
            custom_data: self.custom_data.clone(),
        }
    }

    /// Returns the details that the contact gave.
    pub(super) fn claims(&self) -> Details {
        let claims = self.non_verified.clone();
        claims.map_or_else(Details::default, |claims| Details {
            email: claims.email,
            phone_number: claims.phone_number.map(|text| text.0),
            name: claims.name.map(|text| text.0),
            custom_data: claims.custom_data,
        })
    }
}

fn text_or_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    match Json::deserialize(deserializer)? {
        Json::String(text) if !text.trim().is_empty() && text.len() <= 500 => Ok(text),
        Json::Number(number) => Ok(number.to_string()),
        _ => Err(D::Error::custom("expected text of 1 to 500 bytes, or a number")),
    }
}

fn role<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Sender, D::Error> {
    parse_role(&String::deserialize(deserializer)?).map_err(D::Error::custom)
}

/// Reads the sender of something said, in the words that exports use.
pub(super) fn parse_role(role: &str) -> Result<Sender, &'static str> {
    match role.trim().to_ascii_lowercase().as_str() {
        "contact" | "customer" | "user" | "visitor" | "end_user" | "client" => Ok(Sender::Contact),
        "agent" | "human_agent" | "human" | "operator" | "support" => Ok(Sender::HumanAgent),
        "ai" | "bot" | "assistant" => Ok(Sender::Ai),
        "system" => Ok(Sender::System),
        _ => Err("expected contact, agent, ai or system"),
    }
}

mod iso {
    use super::{Deserialize, Deserializer, Timestamp};
    use serde::de::Error as _;
    use serde::{Serialize as _, Serializer};

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Timestamp>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| Timestamp::parse(&text).map_err(D::Error::custom)).transpose()
    }

    #[expect(clippy::ref_option, reason = "serde hands over a reference to the field")]
    pub(super) fn serialize<S: Serializer>(
        time: &Option<Timestamp>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        time.serialize(serializer)
    }
}

impl Record {
    /// Reads a record from a line of JSON. An error names what is wrong, without values.
    pub fn parse(line: &str) -> Result<Self, String> {
        let json: Json = serde_json::from_str(line)
            .map_err(|error| format!("malformed JSON at column {}", error.column()))?;
        Self::from_json(json)
    }

    /// Reads a record from JSON; characters that steer a terminal, or that no database keeps, are dropped.
    pub(super) fn from_json(json: Json) -> Result<Self, String> {
        if !json.is_object() {
            return Err("expected a JSON object".into());
        }
        let json = printable_json(json);
        let record: Self = serde_path_to_error::deserialize(json).map_err(|error| {
            let path = error.path().to_string();
            describe(if path == "." { "body" } else { &path }, &error.into_inner().to_string())
        })?;
        record.check()
    }

    /// Checks what the types do not check.
    pub fn check(self) -> Result<Self, String> {
        if self.turns.len() > TURNS_MAX {
            return Err(format!("turns: expected at most {TURNS_MAX}"));
        }
        if self.tags.as_ref().is_some_and(|tags| tags.len() > TAGS_MAX) {
            return Err(format!("tags: expected at most {TAGS_MAX} items"));
        }
        let mut attached = self.turns.iter().enumerate();
        let has_other =
            |turn: &Turn| turn.attachments.iter().flatten().any(|file| !is_web_address(&file.url));
        if let Some((i, _)) = attached.find(|(_, turn)| has_other(turn)) {
            return Err(format!(
                "turns[{i}].attachments: expected addresses that begin with http:, https: or data:"
            ));
        }
        if self.language.as_deref().is_some_and(|tag| LanguageTag::parse(tag).is_none()) {
            return Err("language: expected a language tag such as en or pt-BR".into());
        }
        let silent = |turn: &Turn| {
            let says_nothing = turn.text.is_none() && turn.html.is_none() && turn.attachments.is_none();
            says_nothing && matches!(turn.event, None | Some(Event::Message))
        };
        if let Some(i) = self.turns.iter().position(silent) {
            return Err(format!("turns[{i}].text: is required"));
        }
        match self.export_version {
            None => return Ok(self),
            Some(EXPORT_VERSION) => {}
            Some(_) => return Err(format!("export_version: expected {EXPORT_VERSION}")),
        }
        if self.kept_id().is_none() {
            return Err("id: expected a UUID, as exports have it".into());
        }
        if self.contact.as_ref().is_some_and(|contact| contact.kept_id().is_none()) {
            return Err("contact.id: expected a UUID, as exports have it".into());
        }
        Ok(self)
    }

    /// Returns the session's id, where `refrain export` wrote the record.
    pub fn kept_id(&self) -> Option<SessionId> {
        let id = self.id.parse().ok().filter(|id: &SessionId| id.to_string() == self.id);
        self.export_version.and(id)
    }

    /// Returns the code of the language, where the source says it.
    pub fn language_code(&self) -> Option<String> {
        self.language.as_deref().and_then(LanguageTag::parse).map(|tag| tag.0)
    }

    /// Returns the time that it began: as it says, or else that of what was said first.
    pub fn began_at(&self) -> Option<Timestamp> {
        self.created_at.or_else(|| self.turns.iter().find_map(|turn| turn.created_at))
    }

    /// Returns the channel of ours that the source's corresponds to.
    pub fn channel(&self) -> Channel {
        let name = self.channel.as_deref().unwrap_or("api").trim().to_ascii_lowercase();
        match name.as_str() {
            "chat" | "webchat" | "live_chat" | "livechat" | "website" | "widget" => Channel::Web,
            "phone" | "voice" | "call" | "telephone" => Channel::PhoneVoice,
            "e-mail" | "mail" => Channel::Email,
            "facebook" | "fb" => Channel::Messenger,
            name => name.parse().unwrap_or(Channel::Api),
        }
    }

    /// Returns the attributes, with the brand and a channel that is none of ours.
    pub fn attributes(&self) -> CustomData {
        let mut data = self.custom_data.clone().unwrap_or_default();
        let mut add = |key: &str, value: &Option<String>| {
            if let Some(value) = value {
                data.0.entry(key.to_owned()).or_insert_with(|| Scalar::Text(value.clone()));
            }
        };
        add("brand", &self.brand);
        let named = self.channel.as_deref().map(|name| name.trim().to_ascii_lowercase());
        if self.channel() == Channel::Api && named.as_deref() != Some("api") {
            add("channel", &self.channel);
        }
        data
    }

    /// Returns the SHA-256 of everything in the record, to tell whether it changed since it was imported.
    pub fn hash(&self) -> Vec<u8> {
        Sha256::digest(serde_json::to_vec(self).unwrap_or_default()).to_vec()
    }
}
