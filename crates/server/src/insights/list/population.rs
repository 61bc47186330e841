//! The sessions that are counted: those of an insight, those that show one of many, or those of a filter.

use super::conditions::push_insights_that;
use crate::db::{Tx, sql};
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

    /// Finds the sessions in the index.
    pub(crate) async fn find(&self, tx: &mut Tx, org_id: OrgId, index: &Arc<Index>) -> Result<Found> {
        let (ids, conditions) = match self {
            Self::Sessions(_) => (None, InsightConditions::default()),
            Self::OfInsight(id, _) => (Some(vec![(*id,)]), InsightConditions::default()),
            Self::OfInsights(filter) => {
                let mut query = sql("select i.id ");
                push_insights_that(&mut query, org_id, &filter.insights);
                (Some(tx.fetch_all::<(InsightId,)>(query).await?), filter.insights.clone())
            }
        };
        let (index, asked) = (Arc::clone(index), self.sessions().clone());
        let finding = counting(move || {
            let slice = index.slice(&asked);
            let Some(ids) = ids else { return Found { slice: Arc::new(slice), insights: None } };
            let sessions = |id| index.seen(id, &slice).map_or(0, |seen| seen.sessions);
            let ids = ids.into_iter().map(|(id,)| id);
            let ids: Vec<InsightId> = ids.filter(|id| conditions.allow_count(sessions(*id))).collect();
            let slice = Arc::new(slice.showing(&index, ids.iter().copied()));
            Found { slice, insights: Some(Arc::new(ids)) }
        });
        finding.await
    }

    /// Returns the conditions on sessions.
    const fn sessions(&self) -> &SessionConditions {
        match self {
            Self::Sessions(sessions) | Self::OfInsight(_, sessions) => sessions,
            Self::OfInsights(filter) => &filter.sessions,
        }
    }
}
