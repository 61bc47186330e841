//! One conversation as files bring it.

use crate::custom_data::{CustomData, Scalar};
use crate::http::describe;
use crate::sessions::{
    AiClosureType, Channel, HandoffInput, LanguageTag, Sender, SessionStatus, TicketingSystemRef,
};
use crate::time::Timestamp;
use crate::wire::{Email, Line, Text};
use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};

pub(super) const TURNS_MAX: usize = 10_000;

/// A conversation. Members that are not named here are left out.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Record {
    /// What the source calls it.
    #[serde(deserialize_with = "text_or_number")]
    pub id: String,
    /// How the contact came; what is no channel of ours is kept in the custom data.
    #[serde(default)]
    pub channel: Option<String>,
    /// A BCP 47 tag.
    #[serde(default)]
    pub language: Option<String>,
    /// When it began.
    #[serde(default, with = "iso")]
    pub created_at: Option<Timestamp>,
    /// Which brand was asked; kept in the custom data.
    #[serde(default)]
    pub brand: Option<String>,
    /// What was said.
    pub turns: Vec<Turn>,
    /// Whether it goes on; closed and resolved if nothing is said.
    #[serde(default)]
    pub status: Option<SessionStatus>,
    /// How the AI agent left it.
    #[serde(default)]
    pub ai_closure_type: Option<AiClosureType>,
    /// The handoff to a person.
    #[serde(default)]
    pub handoff: Option<HandoffInput>,
    /// The record at a help desk.
    #[serde(default)]
    pub ticketing_system: Option<TicketingSystemRef>,
    /// Who asks.
    #[serde(default)]
    pub contact: Option<RecordContact>,
    /// Attributes.
    #[serde(default)]
    pub custom_data: Option<CustomData>,
    /// The name of the team that looks after it.
    #[serde(default)]
    pub team: Option<Line<200>>,
    /// Which person does.
    #[serde(default)]
    pub assignee_id: Option<Line<200>>,
    /// Whether the AI agent only drafts.
    #[serde(default)]
    pub assist_mode: Option<bool>,
    /// Tags.
    #[serde(default)]
    pub tags: Option<Vec<Line<200>>>,
    /// What it is about in truth, where somebody labeled it: for `refrain eval`, and no part of what is imported.
    #[serde(default, skip_serializing)]
    pub labels: Json,
}

/// Something said in a conversation.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Turn {
    /// What the source calls it.
    #[serde(default)]
    pub id: Option<String>,
    /// By whom.
    #[serde(deserialize_with = "role")]
    pub role: Sender,
    /// What.
    pub text: Text<100_000>,
    /// The sender's name.
    #[serde(default)]
    pub name: Option<Text<300>>,
    /// When.
    #[serde(default, with = "iso")]
    pub created_at: Option<Timestamp>,
}

/// The contact of a conversation, as the organization knows it.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct RecordContact {
    /// E-mail address.
    #[serde(default)]
    pub email: Option<Email>,
    /// Phone number.
    #[serde(default)]
    pub phone_number: Option<Text<100>>,
    /// Name.
    #[serde(default)]
    pub name: Option<Text<300>>,
    /// Attributes.
    #[serde(default)]
    pub custom_data: Option<CustomData<String>>,
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

/// Reads who said something, in the words that exports use.
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

    pub(super) fn serialize<S: Serializer>(
        time: &Option<Timestamp>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        time.serialize(serializer)
    }
}

impl Record {
    /// Reads a record from a line of JSON; what is wrong with it otherwise, without its values.
    pub fn parse(line: &str) -> Result<Self, String> {
        let mut json: Json = serde_json::from_str(line)
            .map_err(|error| format!("malformed JSON at column {}", error.column()))?;
        if !json.is_object() {
            return Err("expected a JSON object".into());
        }
        drop_nul(&mut json);
        let record: Self = serde_path_to_error::deserialize(json).map_err(|error| {
            let path = error.path().to_string();
            describe(if path == "." { "body" } else { &path }, &error.into_inner().to_string())
        })?;
        record.check()
    }

    /// Checks what types can't.
    pub fn check(self) -> Result<Self, String> {
        if self.turns.len() > TURNS_MAX {
            return Err(format!("turns: expected at most {TURNS_MAX}"));
        }
        if self.language.as_deref().is_some_and(|tag| LanguageTag::parse(tag).is_none()) {
            return Err("language: expected a language tag such as en or pt-BR".into());
        }
        Ok(self)
    }

    /// Code of the language, where the source says it.
    pub fn language_code(&self) -> Option<String> {
        self.language.as_deref().and_then(LanguageTag::parse).map(|tag| tag.0)
    }

    /// The channel of ours that the source's is.
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

    /// The attributes, with the brand and a channel that is none of ours.
    pub fn attributes(&self) -> CustomData {
        let mut data = self.custom_data.clone().unwrap_or_default();
        let mut add = |key: &str, value: &Option<String>| {
            if let Some(value) = value {
                data.0.entry(key.to_owned()).or_insert_with(|| Scalar::Text(value.clone()));
            }
        };
        add("brand", &self.brand);
        if self.channel() == Channel::Api {
            add("channel", &self.channel);
        }
        data
    }

    /// The SHA-256 of everything in the record, to tell whether it changed since it was imported.
    pub fn hash(&self) -> Vec<u8> {
        Sha256::digest(serde_json::to_vec(self).unwrap_or_default()).to_vec()
    }
}

/// Takes the character out that PostgreSQL can't keep.
fn drop_nul(json: &mut Json) {
    match json {
        Json::String(text) if text.contains('\0') => *text = text.replace('\0', ""),
        Json::Array(items) => items.iter_mut().for_each(drop_nul),
        Json::Object(members) => members.values_mut().for_each(drop_nul),
        _ => {}
    }
}
