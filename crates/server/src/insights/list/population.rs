//! The sessions that are counted: those of an insight, those that show one of many, or those of a filter.

use super::conditions::{Source, push_slice, session_id};
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

    /// Returns true if every session of an organization is one.
    pub(crate) fn is_whole(&self) -> bool {
        *self == Self::Sessions(SessionConditions::default())
    }

    /// Adds the sessions, each with what is known of it: a subquery `h`.
    pub(crate) fn push(&self, query: &mut Sql, org_id: OrgId) {
        self.push_sample(query, org_id, 1);
    }

    /// Adds the sessions whose ticket number `every` divides, as [`Population::push`] adds all.
    pub(crate) fn push_sample(&self, query: &mut Sql, org_id: OrgId, every: i64) {
        let source = self.source();
        // a session may show several of the insights
        let distinct = if matches!(self, Self::OfInsights(_)) { "distinct " } else { "" };
        query.push(&format!("(select {distinct}{} as session_id, o.contact_id, ", source.session_id()));
        query.push("o.channel, o.language, o.sentiment, o.status ");
        push_slice(query, org_id, source, self.sessions());
        self.push_insights(query, org_id, "o.insight_id");
        if every > 1 {
            let id = session_id(source, self.sessions());
            query.push(&format!(" and {id} in (select id from sessions where org_id = "));
            query.push_bind(org_id).push(" and ticket_number % ").push_bind(every).push(" = 0)");
        }
        query.push(") h");
    }

    /// Adds a query that counts the sessions by columns `o` of theirs, or all of them.
    pub(crate) fn push_count(&self, query: &mut Sql, org_id: OrgId, by: &[&str]) {
        let (count, insight_id) = match self {
            // read in the order of the columns and of sessions, not of insights
            Self::OfInsights(_) => ("count(distinct o.session_id)", "coalesce(o.insight_id, o.insight_id)"),
            _ => ("count(*)", "o.insight_id"),
        };
        let by = by.join(", ");
        let (comma, group_by) = if by.is_empty() { ("", "") } else { (", ", " group by ") };
        query.push(&format!("select {by}{comma}{count} as sessions "));
        push_slice(query, org_id, self.source(), self.sessions());
        self.push_insights(query, org_id, insight_id);
        query.push(group_by).push(&by);
    }

    /// Adds a query of the ids of the sessions, which comes to its end with further conditions on rows `o`. It has a session
    /// once for each insight that it shows.
    pub(crate) fn push_ids(&self, query: &mut Sql, org_id: OrgId) {
        let source = self.source();
        query.push(&format!("select {} as session_id ", source.session_id()));
        push_slice(query, org_id, source, self.sessions());
        self.push_insights(query, org_id, "o.insight_id");
    }

    /// Adds the condition on the insights of occurrences `o`, which are in this column.
    pub(crate) fn push_insights(&self, query: &mut Sql, org_id: OrgId, column: &str) {
        match self {
            Self::Sessions(_) => {}
            Self::OfInsight(id, _) => {
                query.push(" and ").push(column).push(" = ").push_bind(*id);
            }
            Self::OfInsights(filter) => {
                query.push(" and ").push(column).push(" in (select id from (");
                push_counts(query, org_id, filter);
                query.push(") i)");
            }
        }
    }

    /// Returns the rows `o` that its sessions are read from.
    pub(crate) const fn source(&self) -> Source {
        match self {
            Self::Sessions(_) => Source::Sessions,
            Self::OfInsight(..) | Self::OfInsights(_) => Source::Occurrences,
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
