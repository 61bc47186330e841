//! The sessions that are counted: those of an insight, those that show one of many, or those of a filter.

use super::conditions::{Source, push_insights_that, push_slice};
use super::sql::push_counts;
use crate::db::{Sql, Tx, sql};
use crate::error::Result;
use crate::ids::{InsightId, OrgId};
use crate::insights::filter::{InsightConditions, InsightFilter, SessionConditions};
use crate::insights::index::{Index, Slice, counting};
use std::sync::Arc;

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

/// The sessions of a population in the index.
#[derive(Clone)]
pub(crate) struct Found {
    pub(crate) slice: Arc<Slice>,
    /// The insights that are asked for; none where every session counts.
    pub(crate) insights: Option<Arc<Vec<InsightId>>>,
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
        let source = self.source();
        // a session may show several of the insights
        let distinct = if matches!(self, Self::OfInsights(_)) { "distinct " } else { "" };
        query.push(&format!("(select {distinct}{} as session_id, o.contact_id, ", source.session_id()));
        query.push("o.channel, o.language, o.sentiment, o.status ");
        push_slice(query, org_id, source, self.sessions());
        self.push_insights(query, org_id);
        query.push(") h");
    }

    /// Finds the sessions in the index.
    pub(crate) async fn find(&self, tx: &mut Tx, org_id: OrgId, index: &Arc<Index>) -> Result<Found> {
        let slice = index.slice(tx, org_id, self.sessions()).await?;
        let (ids, conditions) = match self {
            Self::Sessions(_) => return Ok(Found { slice: Arc::new(slice), insights: None }),
            Self::OfInsight(id, _) => (vec![(*id,)], InsightConditions::default()),
            Self::OfInsights(filter) => {
                let mut query = sql("select i.id ");
                push_insights_that(&mut query, org_id, &filter.insights);
                (tx.fetch_all::<(InsightId,)>(query).await?, filter.insights.clone())
            }
        };
        let index = Arc::clone(index);
        let finding = counting(move || {
            let sessions = |id| index.seen(id, &slice).map_or(0, |seen| seen.sessions);
            let ids = ids.into_iter().map(|(id,)| id);
            let ids: Vec<InsightId> = ids.filter(|id| conditions.allow_count(sessions(*id))).collect();
            let slice = Arc::new(slice.showing(&index, ids.iter().copied()));
            Found { slice, insights: Some(Arc::new(ids)) }
        });
        finding.await
    }

    /// Adds the condition on the insights of occurrences `o`.
    fn push_insights(&self, query: &mut Sql, org_id: OrgId) {
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
