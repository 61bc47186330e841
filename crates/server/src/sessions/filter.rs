//! Filters and orders of the lists of sessions.

use super::session::{Channel, Sentiment, SessionStatus};
use crate::custom_data::CustomData;
use crate::ids::{ContactId, TeamId};
use crate::wire::{Date, Maybe, Positive, SortOrder, string_enum};
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct SessionFilter {
    #[serde(default)]
    pub(super) status: Maybe<SessionStatus>,
    #[serde(default)]
    pub(super) channel_type: Maybe<Channel>,
    /// Whether the AI agent handed the session off or a person looks after it.
    #[serde(default)]
    pub(super) handed_off: Maybe<Flag>,
}

/// `true` or `false` in a query string.
#[derive(Clone, Copy, Debug)]
pub struct Flag(pub bool);

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match String::deserialize(deserializer)?.as_str() {
            "true" => Ok(Self(true)),
            "false" => Ok(Self(false)),
            _ => Err(D::Error::custom("expected true or false")),
        }
    }
}

impl JsonSchema for Flag {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Flag".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "boolean"})
    }
}

string_enum! {
    /// The time that filtered sessions are ordered by.
    SortBy {
        /// The latest message.
        LastMessageAt = "last_message_at",
        /// The time the session began.
        CreatedAt = "created_at",
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct FilterInput {
    #[serde(default)]
    pub(super) filters: Filters,
    #[serde(default = "FilterInput::default_sort")]
    pub(super) sort_by: SortBy,
    #[serde(default = "FilterInput::default_order")]
    pub(super) sort_order: SortOrder,
    #[serde(default = "FilterInput::default_page")]
    pub(super) page: Positive,
    #[serde(default = "FilterInput::default_limit")]
    pub(super) limit: Positive<100>,
}

impl FilterInput {
    fn default_sort() -> SortBy {
        SortBy::LastMessageAt
    }

    fn default_order() -> SortOrder {
        SortOrder::Desc
    }

    fn default_page() -> Positive {
        Positive(1)
    }

    fn default_limit() -> Positive<100> {
        Positive(25)
    }
}

/// Criteria that a session must all meet; of a list of values, one. An empty list asks for nothing.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub(super) struct Filters {
    #[serde(default)]
    pub(super) date_from: Maybe<Date>,
    #[serde(default)]
    pub(super) date_to: Maybe<Date>,
    #[serde(default)]
    pub(super) channels: Maybe<Vec<Channel>>,
    #[serde(default)]
    pub(super) statuses: Maybe<Vec<SessionStatus>>,
    #[serde(default)]
    pub(super) sentiments: Maybe<Vec<Sentiment>>,
    #[serde(default)]
    pub(super) tags: Maybe<Vec<String>>,
    #[serde(default)]
    pub(super) assignee_ids: Maybe<Vec<String>>,
    #[serde(default)]
    pub(super) team_ids: Maybe<Vec<TeamId>>,
    #[serde(default)]
    pub(super) contact_ids: Maybe<Vec<ContactId>>,
    #[serde(default)]
    pub(super) languages: Maybe<Vec<String>>,
    #[serde(default)]
    pub(super) custom_data: Maybe<CustomData>,
}
