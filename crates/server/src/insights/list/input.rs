//! The body of `POST /insights`, and its conversion to a filter.

use crate::app::App;
use crate::custom_data::{Alternatives, CustomData};
use crate::error::Result;
use crate::ids::{ContactId, OrgId, TeamId};
use crate::insights::filter::{
    InsightConditions, InsightFilter, InsightSort, InsightValues, SessionConditions, SessionValues,
    TeamFilter,
};
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
        let sessions = SessionValues {
            language: one(input.session_language).map(Some).collect(),
            sentiment: one(input.ticket_sentiment).map(Some).collect(),
            channel: one(input.channel).collect(),
            from: input.session_from_date.0.map(|date| date.start(calendar)),
            to: input.session_to_date.0.map(|date| date.end(calendar)),
            status: one(input.session_status).collect(),
            contact_id: one(input.session_contact_id).map(Some).collect(),
            session_data: asked(&input.ticket_custom_data),
            contact_data: asked(&input.contact_custom_data),
        };
        let insights = InsightValues {
            status: one(input.status).collect(),
            category: one(input.category).map(|text| Some(text.0)).collect(),
            sentiment: one(input.sentiment).collect(),
            sessions_min: input.min_sessions.0.map(|least| least.0),
            search: one(input.search).map(|text| text.0).collect(),
            team: one(input.team_id).collect(),
            number: one(input.insight_number).map(|number| number.0).collect(),
        };
        InsightFilter {
            sessions: SessionConditions { is: sessions, ..SessionConditions::default() },
            insights: InsightConditions { is: insights, ..InsightConditions::default() },
            sort: input.sort_by.0.unwrap_or(InsightSort::OccurrenceCount),
            order: input.sort_order.0.unwrap_or(SortOrder::Desc),
            page: input.page.0.0,
        }
    }
}

/// Returns the value that is given, if one is.
fn one<T>(value: Nullable<T>) -> impl Iterator<Item = T> {
    value.0.into_iter()
}

/// Returns the custom data that is asked for: nothing, if anything will do.
pub(super) fn asked(alternatives: &Nullable<Alternatives>) -> Vec<CustomData> {
    alternatives.0.as_ref().and_then(Alternatives::asking).unwrap_or_default().to_vec()
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
