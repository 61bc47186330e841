//! The sessions that are counted: those of an insight, those that show one of many, or those of a filter.

use crate::db::Tx;
use crate::error::Result;
use crate::ids::{InsightId, OrgId};
use crate::insights::filter::{InsightConditions, InsightFilter, SessionConditions};
use crate::insights::index::{Index, Slice, counting, filter};
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
        let conditions = match self {
            Self::OfInsights(filter) => Some(filter::of_insights(tx, org_id, &filter.insights).await?),
            Self::Sessions(_) | Self::OfInsight(..) => None,
        };
        let (index, population) = (Arc::clone(index), self.clone());
        let finding = counting(move || {
            let sessions = filter::of_sessions(population.sessions());
            let (slice, ids): (Slice, Vec<InsightId>) = match (population, conditions) {
                (Self::OfInsight(id, _), _) => {
                    let slice = index.slice(&sessions);
                    let shown = index.seen(id, &slice).map(|_| id);
                    (slice, shown.into_iter().collect())
                }
                (_, Some(conditions)) => {
                    let (slice, counts) = index.slice_with_counts(&sessions);
                    let ids = index.insights_with(&counts, &conditions).into_iter();
                    (slice, ids.map(InsightId::from).collect())
                }
                _ => return Found { slice: Arc::new(index.slice(&sessions)), insights: None },
            };
            let slice = Arc::new(slice.showing(&index, &ids));
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
