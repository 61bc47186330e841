//! The words for how insights move: escalating, new, back, regressed, falling.

use super::measures::{Measures, Movement, Periods};
use crate::db::{Tx, sql};
use crate::error::Result;
use crate::ids::{InsightId, OrgId};
use crate::insights::insight::{InsightEventKind, InsightStatus};
use crate::time::{Calendar, Timestamp};
use crate::wire::string_enum;
use anyhow::Context;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

string_enum! {
    /// A way in which an unresolved insight moves, the most urgent first.
    MovementKind {
        /// It is said more than usual.
        Escalating = "escalating",
        /// Nobody spoke of it before.
        New = "new",
        /// It came back from the archive.
        Back = "back",
        /// It was seen again after it was resolved.
        Regressed = "regressed",
        /// It is said less than before.
        Falling = "falling",
    }
}

/// A way in which an insight moves, and since when.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub(super) struct Moves {
    pub(super) kind: MovementKind,
    pub(super) since: Timestamp,
}

/// The member of the detail of an escalating event that says from which day on it could be told.
#[derive(Deserialize)]
struct Noted {
    since: Option<String>,
}

/// What happened to insights in a period, of what shows in how they move: the latest of each kind.
pub(super) struct Happened(HashMap<(InsightId, InsightEventKind), Timestamp>);

impl Happened {
    /// Loads what happened in the later period.
    pub(super) async fn load(
        tx: &mut Tx,
        org_id: OrgId,
        calendar: &Calendar,
        periods: &Periods,
    ) -> Result<Self> {
        use InsightEventKind::{Escalating, Regressed, Resurfaced};
        let mut query = sql("
            select insight_id, kind, created_at, detail from insight_events
            where org_id = $1 and created_at >= $2 and created_at < $3 and kind in
        ")
        .bind(org_id)
        .bind(periods.recent)
        .bind(periods.end);
        query.push_list([Escalating, Resurfaced, Regressed]).push(" order by created_at, id");
        type Row = (InsightId, InsightEventKind, Timestamp, Option<String>);
        let rows: Vec<Row> = tx.fetch_all(query).await?;
        let mut happened = HashMap::new();
        for (id, kind, mut at, detail) in rows {
            if kind == Escalating {
                let noted: Option<Noted> =
                    detail.as_deref().map(serde_json::from_str).transpose().context("reading an event")?;
                let day = noted.and_then(|noted| Calendar::parse_day(&noted.since?));
                at = day.map_or(at, |day| calendar.start(day));
            }
            happened.insert((id, kind), at);
        }
        Ok(Self(happened))
    }

    /// Says how an insight moves, the most urgent first. One that is new is said to be nothing else of what compares it
    /// with the time before.
    pub(super) fn moves(&self, of: &Measures, movement: &Movement, periods: &Periods) -> Vec<Moves> {
        let at = |kind| self.0.get(&(of.id, kind)).copied();
        if of.status != InsightStatus::Unresolved {
            return Vec::new();
        }
        let is_new = of.known_since >= periods.recent;
        let noted = at(InsightEventKind::Escalating).filter(|_| movement.is_more());
        let rises = noted.or_else(|| movement.rises().then_some(periods.recent));
        let found = [
            (MovementKind::Escalating, rises.filter(|_| !is_new)),
            (MovementKind::New, is_new.then_some(of.known_since)),
            (MovementKind::Back, at(InsightEventKind::Resurfaced)),
            (MovementKind::Regressed, at(InsightEventKind::Regressed)),
            (MovementKind::Falling, (movement.falls() && !is_new).then_some(periods.recent)),
        ];
        found.into_iter().filter_map(|(kind, since)| Some(Moves { kind, since: since? })).collect()
    }
}

/// Returns when each insight came back from the archive the last time.
pub(super) async fn returns(tx: &mut Tx, org_id: OrgId) -> Result<HashMap<InsightId, Timestamp>> {
    let query = sql("
        select insight_id, max(created_at) from insight_events where org_id = $1 and kind = $2 group by insight_id
    ");
    let query = query.bind(org_id).bind(InsightEventKind::Resurfaced);
    let returns: Vec<(InsightId, Timestamp)> = tx.fetch_all(query).await?;
    Ok(returns.into_iter().collect())
}
