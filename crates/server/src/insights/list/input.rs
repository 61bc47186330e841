//! The body of `POST /insights`, and its conversion to a filter.

use crate::app::App;
use crate::custom_data::Alternatives;
use crate::error::Result;
use crate::ids::{ContactId, OrgId, TeamId};
use crate::insights::filter::{InsightConditions, InsightFilter, InsightSort, SessionConditions, TeamFilter};
use crate::insights::insight::InsightStatus;
use crate::sessions::{Channel, KnownLanguage, Sentiment, SessionStatus};
use crate::time::Calendar;
use crate::wire::{Date, Nullable, Positive, SortOrder, Text};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _};
use std::borrow::Cow;

/// A filter as it is sent. Null and absence ask for nothing, or the default.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct ListInsightsInput {
    /// Filter by category name
    pub category: Nullable<Text<200>>,
    /// Filter by status; all by default
    pub status: Nullable<InsightStatus>,
    /// Filter by sentiment
    pub sentiment: Nullable<Sentiment>,
    /// What to order by; occurrence_count by default
    pub sort_by: Nullable<InsightSort>,
    /// Which way; desc by default
    pub sort_order: Nullable<SortOrder>,
    /// Minimum occurrence count
    pub min_sessions: Nullable<Positive>,
    /// Search in insight content
    pub search: Nullable<Text<200>>,
    /// Filter by specific team ID or none for unassigned insights
    pub team_id: Nullable<TeamFilter>,
    /// Filter by insight number
    pub insight_number: Nullable<Positive>,
    /// Filter by session language
    pub session_language: Nullable<KnownLanguage>,
    /// Filter by session sentiment
    pub ticket_sentiment: Nullable<Sentiment>,
    /// Filter by session channel
    pub channel: Nullable<Channel>,
    /// Filter sessions created from this date (ISO 8601)
    pub session_from_date: Nullable<Date>,
    /// Filter sessions created to this date (ISO 8601)
    pub session_to_date: Nullable<Date>,
    /// Filter by session status
    pub session_status: Nullable<SessionStatus>,
    /// Filter by session contact ID
    pub session_contact_id: Nullable<ContactId>,
    /// Custom data of sessions: one of the objects, all pairs of it
    pub ticket_custom_data: Nullable<Alternatives>,
    /// Custom data of contacts: one of the objects, all pairs of it
    pub contact_custom_data: Nullable<Alternatives>,
    /// The page, from 1
    pub page: InsightPage,
}

/// The number of a page, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct InsightPage(pub Positive);

impl Default for InsightPage {
    fn default() -> Self {
        Self(Positive(1))
    }
}

impl JsonSchema for InsightPage {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "InsightPage".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = Positive::<9_007_199_254_740_991>::json_schema(generator);
        schema.insert("default".into(), 1.into());
        schema
    }
}

impl ListInsightsInput {
    /// Makes a filter of it, in which bare dates are days of the organization.
    pub async fn into_filter(self, app: &App, org_id: OrgId) -> Result<InsightFilter> {
        let dates = [self.session_from_date.0, self.session_to_date.0];
        // it is the call that is made most, and mostly without a date
        let calendar = match dates {
            [None, None] => Calendar::default(),
            _ => app.settings(&app.db, org_id).await?.calendar,
        };
        Ok(self.over(&calendar))
    }

    fn over(self, calendar: &Calendar) -> InsightFilter {
        let input = self;
        let asked = |alternatives: Nullable<Alternatives>| {
            alternatives.0.as_ref().and_then(Alternatives::asking).unwrap_or_default().to_vec()
        };
        InsightFilter {
            sessions: SessionConditions {
                language: input.session_language.0,
                sentiment: input.ticket_sentiment.0,
                channel: input.channel.0,
                from: input.session_from_date.0.map(|date| date.start(calendar)),
                to: input.session_to_date.0.map(|date| date.end(calendar)),
                status: input.session_status.0,
                contact_id: input.session_contact_id.0,
                session_data: asked(input.ticket_custom_data),
                contact_data: asked(input.contact_custom_data),
            },
            insights: InsightConditions {
                status: input.status.0,
                category: input.category.0.map(|text| text.0),
                sentiment: input.sentiment.0,
                sessions_min: input.min_sessions.0.map(|least| least.0),
                search: input.search.0.map(|text| text.0),
                team: input.team_id.0,
                number: input.insight_number.0.map(|number| number.0),
            },
            sort: input.sort_by.0.unwrap_or(InsightSort::OccurrenceCount),
            order: input.sort_order.0.unwrap_or(SortOrder::Desc),
            page: input.page.0.0,
        }
    }
}

impl<'de> Deserialize<'de> for TeamFilter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <Cow<'de, str>>::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl JsonSchema for TeamFilter {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "TeamFilter".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({"anyOf": [generator.subschema_for::<TeamId>(), {"const": "none"}]})
    }
}
