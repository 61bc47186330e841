//! The sessions that are counted: those of an insight, those that show one of many, or those of a filter.

use super::conditions::{Source, push_slice};
use super::sql::push_counts;
use crate::db::Sql;
use crate::ids::{InsightId, OrgId};
use crate::insights::filter::{InsightConditions, InsightFilter, SessionConditions};

/// Sessions that meet conditions, each once.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Population {
    /// Any.
    Sessions(SessionConditions),
    /// Those in which an insight shows.
    OfInsight(InsightId, SessionConditions),
    /// Those in which one shows that the filter asks for.
    OfInsights(Box<InsightFilter>),
}

impl Population {
    /// Returns the sessions of a filter: with conditions on insights, those in which such an insight shows.
    pub(crate) fn of(filter: InsightFilter) -> Self {
        if filter.insights == InsightConditions::default() {
            Self::Sessions(filter.sessions)
        } else {
            Self::OfInsights(Box::new(filter))
        }
    }

    /// Adds the sessions, each with what is known of it: a subquery `h`.
    pub(crate) fn push(&self, query: &mut Sql, org_id: OrgId) {
        let (source, sessions) = match self {
            Self::Sessions(sessions) => (Source::Sessions, sessions),
            Self::OfInsight(_, sessions) => (Source::Occurrences, sessions),
            Self::OfInsights(filter) => (Source::Occurrences, &filter.sessions),
        };
        // a session may show several of the insights
        let distinct = if matches!(self, Self::OfInsights(_)) { "distinct " } else { "" };
        query.push(&format!("(select {distinct}{} as session_id, o.contact_id, ", source.session_id()));
        query.push(source.began_at()).push(" as began_at, o.channel, o.language, o.sentiment, o.status ");
        push_slice(query, org_id, source, sessions);
        self.push_insights(query, org_id);
        query.push(") h");
    }

    /// Adds the condition on the insights of occurrences `o`.
    pub(crate) fn push_insights(&self, query: &mut Sql, org_id: OrgId) {
        match self {
            Self::Sessions(_) => {}
            Self::OfInsight(id, _) => {
                query.push(" and o.insight_id = ").push_bind(*id);
            }
            Self::OfInsights(filter) => {
                query.push(" and o.insight_id in (select id from (");
                push_counts(query, org_id, filter);
                query.push(") i)");
            }
        }
    }

    /// Returns the conditions on sessions.
    pub(crate) const fn sessions(&self) -> &SessionConditions {
        match self {
            Self::Sessions(sessions) | Self::OfInsight(_, sessions) => sessions,
            Self::OfInsights(filter) => &filter.sessions,
        }
    }
}
