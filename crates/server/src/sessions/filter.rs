//! Filters and orders of the lists of sessions.

use super::session::{Channel, Sentiment, SessionStatus};
use crate::custom_data::{self, CustomData};
use crate::db::{Sql, Value};
use crate::ids::{ContactId, OrgId, TeamId};
use crate::time::Calendar;
use crate::wire::{BoundedVec, Date, Maybe, Positive, SortOrder, Text, string_enum};
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

impl Filters {
    /// Adds the conditions to a query on sessions `s`.
    pub(super) fn push(&self, query: &mut Sql, org_id: OrgId, calendar: &Calendar) {
        if let Some(from) = self.date_from.0 {
            query.push(" and s.created_at >= ").push_bind(from.start(calendar));
        }
        if let Some(to) = self.date_to.0 {
            query.push(" and s.created_at <= ").push_bind(to.end(calendar));
        }
        push_any(query, "s.channel", self.channels.0.as_ref());
        push_any(query, "s.status", self.statuses.0.as_ref());
        push_any(query, "s.sentiment", self.sentiments.0.as_ref());
        push_any(query, "s.assignee_id", self.assignee_ids.0.as_ref());
        push_any(query, "s.team_id", self.team_ids.0.as_ref());
        push_any(query, "s.contact_id", self.contact_ids.0.as_ref());
        push_any(query, "s.language", self.languages.0.as_ref());
        if let Some(tags) = self.tags.0.as_ref().filter(|tags| !tags.0.is_empty()) {
            query.push(" and s.id in (select session_id from session_tags where org_id = ").push_bind(org_id);
            query.push(" and tag_name in ").push_list(tags.0.iter().cloned()).push(")");
        }
        if let Some(data) = self.custom_data.0.as_ref().filter(|data| !data.0.is_empty()) {
            query.push(" and s.id in ");
            custom_data::SESSIONS.push_owners(query, org_id, std::slice::from_ref(data));
        }
    }
}

fn push_any<V: Clone + Into<Value>>(query: &mut Sql, column: &str, values: Option<&Values<V>>) {
    if let Some(BoundedVec(values)) = values.filter(|values| !values.0.is_empty()) {
        query.push(" and ").push(column).push(" in ").push_list(values.iter().cloned());
    }
}
