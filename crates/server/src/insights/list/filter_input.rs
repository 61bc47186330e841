//! The filter of the calls beside `POST /insights`: its filters, with a list of values each, and the same negated.

use super::input::asked;
use crate::app::App;
use crate::custom_data::Alternatives;
use crate::error::Result;
use crate::ids::{ContactId, OrgId};
use crate::insights::filter::{
    InsightConditions, InsightFilter, InsightValues, SessionConditions, SessionValues, TeamFilter,
};
use crate::insights::insight::InsightStatus;
use crate::sessions::{Channel, KnownLanguage, Sentiment, SessionStatus};
use crate::time::Calendar;
use crate::wire::{BoundedVec, Date, Nullable, Positive, Text};
use schemars::JsonSchema;
use serde::Deserialize;

/// The most values of one member.
const VALUES_MAX: usize = 100;

/// Values of which one must be met. Null and an empty list ask for nothing.
type Values<T> = Nullable<BoundedVec<T, VALUES_MAX>>;

/// Declares a body of the members of a filter, and others.
macro_rules! filter_input {
    ($(#[$doc:meta])* $name:ident { $($(#[$other_doc:meta])* $other:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
        #[serde(default, rename_all = "camelCase", deny_unknown_fields)]
        pub struct $name {
            /// Names of categories; null stands for insights without one
            pub category: Values<Nullable<Text<200>>>,
            /// Places in the insight's life
            pub status: Values<InsightStatus>,
            /// Sentiments of the insight
            pub sentiment: Values<Sentiment>,
            /// The least number of sessions, of those that match
            pub min_sessions: Nullable<Positive>,
            /// Parts of the insight's content
            pub search: Values<Text<200>>,
            /// Teams; none stands for insights without one
            pub team_id: Values<TeamFilter>,
            /// Numbers of insights
            pub insight_number: Values<Positive>,
            /// Languages of the session; null stands for sessions without one
            pub session_language: Values<Nullable<KnownLanguage>>,
            /// Sentiments of the session; null stands for sessions without one
            pub ticket_sentiment: Values<Nullable<Sentiment>>,
            /// Channels
            pub channel: Values<Channel>,
            /// The date from which on the session began
            pub session_from_date: Nullable<Date>,
            /// The date up to which it began; negated together with the one from which on
            pub session_to_date: Nullable<Date>,
            /// Open or closed
            pub session_status: Values<SessionStatus>,
            /// Contacts; null stands for sessions without one
            pub session_contact_id: Values<Nullable<ContactId>>,
            /// Custom data of sessions: one of the objects, all pairs of it
            pub ticket_custom_data: Nullable<Alternatives>,
            /// Custom data of contacts: one of the objects, all pairs of it
            pub contact_custom_data: Nullable<Alternatives>,
            $($(#[$other_doc])* pub $other: $type,)*
        }

        impl $name {
            fn values(self, calendar: &Calendar) -> (SessionValues, InsightValues) {
                let sessions = SessionValues {
                    language: each(self.session_language, |language| language.0),
                    sentiment: each(self.ticket_sentiment, |sentiment| sentiment.0),
                    channel: each(self.channel, |channel| channel),
                    from: self.session_from_date.0.map(|date| date.start(calendar)),
                    to: self.session_to_date.0.map(|date| date.end(calendar)),
                    status: each(self.session_status, |status| status),
                    contact_id: each(self.session_contact_id, |id| id.0),
                    session_data: asked(&self.ticket_custom_data),
                    contact_data: asked(&self.contact_custom_data),
                };
                let insights = InsightValues {
                    status: each(self.status, |status| status),
                    category: each(self.category, |name| name.0.map(|text| text.0)),
                    sentiment: each(self.sentiment, |sentiment| sentiment),
                    sessions_min: self.min_sessions.0.map(|least| least.0),
                    search: each(self.search, |text| text.0),
                    team: each(self.team_id, |team| team),
                    number: each(self.insight_number, |number| number.0),
                };
                (sessions, insights)
            }
        }
    };
}

filter_input! {
    /// The filters of `POST /insights`, each with a list of values. All of them must hold; of a list, one value.
    InsightFilterInput {
        /// What may not hold: none of its members
        not: Nullable<ExcludedInput>,
    }
}

filter_input! {
    /// What may not hold: the members of the filter, each negated.
    ExcludedInput {}
}

impl InsightFilterInput {
    /// Makes a filter of it, in which bare dates are days of the organization.
    pub async fn into_filter(self, app: &App, org_id: OrgId) -> Result<InsightFilter> {
        Ok(self.over(&app.settings(&app.db, org_id).await?.calendar))
    }

    /// Makes a filter of it, in which bare dates are days of `calendar`.
    pub fn over(mut self, calendar: &Calendar) -> InsightFilter {
        let not = self.not.0.take().unwrap_or_default();
        let (sessions, insights) = self.values(calendar);
        let (not_sessions, not_insights) = not.values(calendar);
        InsightFilter {
            sessions: SessionConditions { is: sessions, not: not_sessions },
            insights: InsightConditions { is: insights, not: not_insights },
            ..InsightFilter::default()
        }
    }
}

fn each<T, U>(values: Values<T>, value: impl Fn(T) -> U) -> Vec<U> {
    values.0.map_or_else(Vec::new, |values| values.0.into_iter().map(value).collect())
}
