//! What sessions are split by.

use super::conditions::Source;
use crate::custom_data::{self, Index, KEY_BYTES_MAX};
use crate::db::Sql;
use crate::ids::OrgId;
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

    /// Returns the custom data that the facet is of: the table, and the key.
    pub(crate) fn data(&self) -> Option<(Index, &str)> {
        match self {
            Self::SessionData(key) => Some((custom_data::SESSIONS, key)),
            Self::ContactData(key) => Some((custom_data::CONTACTS, key)),
            _ => None,
        }
    }
}

impl Facet {
    /// Adds that a session `o` has this value; none is the absence of one. Returns false if the facet is of no session.
    pub(crate) fn push_value(
        &self,
        query: &mut Sql,
        org_id: OrgId,
        source: Source,
        value: Option<&str>,
    ) -> bool {
        let column = match self {
            Self::Channel => "o.channel",
            Self::Language => "o.language",
            Self::Sentiment => "o.sentiment",
            Self::SessionStatus => "o.status",
            Self::SessionData(_) => source.session_id(),
            Self::ContactData(_) => "o.contact_id",
            Self::Status | Self::Team | Self::Category | Self::Keys => return false,
        };
        match (self.data(), value) {
            (None, None) => query.push(&format!(" and {column} is null")),
            (None, Some(value)) => query.push(&format!(" and {column} = ")).push_bind(value),
            (Some((index, key)), value) => {
                let (is, owner, table) =
                    (if value.is_some() { "" } else { "not " }, index.owner, index.table);
                query.push(&format!(
                    " and coalesce({column} {is}in (select {owner} from {table} where org_id = "
                ));
                query.push_bind(org_id).push(" and key = ").push_bind(key);
                if let Some(value) = value {
                    query.push(" and value = ").push_bind(value);
                }
                // a session without a contact has no value
                query.push(&format!("), {})", value.is_none()))
            }
        };
        true
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
