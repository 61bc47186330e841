//! What sessions are split by.

use crate::custom_data::KEY_BYTES_MAX;
use crate::insights::index::{Index, Word};
use refrain_index::Owner;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize, Serializer};
use std::borrow::Cow;

/// The words of facets, and the beginnings of those by custom data.
const WORDS: &str =
    "channel, language, sentiment, session_status, status, team, category, keys, session.KEY, contact.KEY";

/// What sessions are counted by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Facet {
    Channel,
    Language,
    Sentiment,
    SessionStatus,
    Status,
    Team,
    Category,
    SessionData(String),
    ContactData(String),
    Keys,
}

impl Facet {
    fn parse(text: &str) -> Option<Self> {
        let key = |key: &str| (!key.is_empty() && key.len() <= KEY_BYTES_MAX).then(|| key.to_owned());
        Some(match text {
            "channel" => Self::Channel,
            "language" => Self::Language,
            "sentiment" => Self::Sentiment,
            "session_status" => Self::SessionStatus,
            "status" => Self::Status,
            "team" => Self::Team,
            "category" => Self::Category,
            "keys" => Self::Keys,
            _ => match text.split_once('.')? {
                ("session", name) => Self::SessionData(key(name)?),
                ("contact", name) => Self::ContactData(key(name)?),
                _ => return None,
            },
        })
    }

    /// Returns the word of sessions that it counts by; none where it is of insights.
    pub(crate) fn word(&self, index: &Index) -> Option<Word> {
        Some(match self {
            Self::Channel => Word::Facet(refrain_index::Facet::Channel),
            Self::Language => Word::Facet(refrain_index::Facet::Language),
            Self::Sentiment => Word::Facet(refrain_index::Facet::Sentiment),
            Self::SessionStatus => Word::Facet(refrain_index::Facet::Status),
            Self::SessionData(key) => index.value(Owner::Session, key),
            Self::ContactData(key) => index.value(Owner::Contact, key),
            Self::Status | Self::Team | Self::Category | Self::Keys => return None,
        })
    }
}

impl std::fmt::Display for Facet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Channel => "channel",
            Self::Language => "language",
            Self::Sentiment => "sentiment",
            Self::SessionStatus => "session_status",
            Self::Status => "status",
            Self::Team => "team",
            Self::Category => "category",
            Self::Keys => "keys",
            Self::SessionData(key) => return write!(f, "session.{key}"),
            Self::ContactData(key) => return write!(f, "contact.{key}"),
        })
    }
}

impl Serialize for Facet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Facet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <Cow<'de, str>>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom(format!("expected one of {WORDS}")))
    }
}

impl JsonSchema for Facet {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Facet".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "maxLength": "contact.".len() + KEY_BYTES_MAX})
    }
}
