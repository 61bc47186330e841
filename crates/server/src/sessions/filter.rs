//! Filters of the lists of sessions.

use super::session::{Channel, Sentiment, SessionStatus};
use crate::custom_data::CustomData;
use crate::ids::{ContactId, TeamId};
use crate::wire::{BoundedVec, Date, Maybe, Text};
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

/// The most values of one criterion.
const VALUES_MAX: usize = 500;

/// Values of which a session has one.
pub(crate) type Values<T> = BoundedVec<T, VALUES_MAX>;

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

/// Criteria that a session must all meet; of a list of values, one. An empty list asks for nothing.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct Filters {
    #[serde(default)]
    pub(crate) date_from: Maybe<Date>,
    #[serde(default)]
    pub(crate) date_to: Maybe<Date>,
    #[serde(default)]
    pub(crate) channels: Maybe<Values<Channel>>,
    #[serde(default)]
    pub(crate) statuses: Maybe<Values<SessionStatus>>,
    #[serde(default)]
    pub(crate) sentiments: Maybe<Values<Sentiment>>,
    #[serde(default)]
    pub(crate) tags: Maybe<Values<Text<200>>>,
    #[serde(default)]
    pub(crate) assignee_ids: Maybe<Values<Text<200>>>,
    #[serde(default)]
    pub(crate) team_ids: Maybe<Values<TeamId>>,
    #[serde(default)]
    pub(crate) contact_ids: Maybe<Values<ContactId>>,
    #[serde(default)]
    pub(crate) languages: Maybe<Values<Text<35>>>,
    #[serde(default)]
    pub(crate) custom_data: Maybe<CustomData>,
}
