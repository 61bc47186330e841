//! `POST /overview`: what moved in a slice, in a period beside the time before it.

use super::candidates::{Candidate, candidates};
use super::measures::{Movement, Periods};
use super::movement::{MovementKind, Moves};
use crate::app::App;
use crate::db::{self, Tx, sql};
use crate::error::{Error, Result};
use crate::http::{Api, ApiJson, Caller};
use crate::ids::{InsightId, OrgId};
use crate::insights::lifecycle::movers::{LISTED_MAX, RECENT_DAYS};
use crate::insights::list::InsightFilterInput;
use crate::keys::{Resource, Scope};
use crate::openapi::Operation;
use crate::time::{Calendar, Timestamp};
use crate::wire::{Date, Maybe, SafeInt};
use axum::Json;
use axum::extract::State;
use axum::http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// The most days of a period.
const DAYS_MAX: i64 = 400;

pub(super) fn routes() -> Api {
    Api::new().route(
        Operation::new(Method::POST, "/overview", "getOverviewOfSlice")
            .summary("Get what moved in a slice in a period, beside as long a time before it")
            .scope(Scope::read(Resource::Insights))
            .body::<MovedInput>()
            .returns::<Moved>(),
        moved,
    )
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct MovedInput {
    /// Which insights, over which sessions.
    #[serde(default)]
    filter: Maybe<InsightFilterInput>,
    /// The first day of the period; by default so that it has 14 days.
    #[serde(default)]
    from: Maybe<Date>,
    /// The last one; today by default.
    #[serde(default)]
    to: Maybe<Date>,
}

/// What moved in a period. Each list has its 50 first at most.
#[derive(Debug, Serialize, JsonSchema)]
struct Moved {
    as_of: Timestamp,
    /// The time zone of the days.
    time_zone: String,
    /// The first day of the period.
    from: String,
    /// Its last day.
    to: String,
    /// Sessions of the slice, at any time.
    #[schemars(with = "SafeInt")]
    sessions: i64,
    /// Unresolved insights that are said more, those with the greatest rise at least first.
    risers: Vec<Mover>,
    /// Unresolved insights that are said less, those with the greatest fall at least first.
    fallers: Vec<Mover>,
    /// Insights that nobody spoke of before the period, latest first.
    new: Vec<Mover>,
    /// Insights that came back from the archive in it, latest first.
    back: Vec<Mover>,
    /// Resolved insights that were seen again in it, latest first.
    regressed: Vec<Mover>,
}

/// An insight that moved.
#[derive(Debug, Serialize, JsonSchema)]
struct Mover {
    id: InsightId,
    #[schemars(with = "SafeInt")]
    insight_number: i64,
    content: String,
    since: Timestamp,
    /// Sessions of the slice, at any time.
    #[schemars(with = "SafeInt")]
    sessions: i64,
    change: Movement,
}

async fn moved(
    State(app): State<App>,
    caller: Caller,
    ApiJson(input): ApiJson<MovedInput>,
) -> Result<Json<Moved>> {
    let (org_id, now) = (caller.org_id, app.clock.now());
    let (mut tx, index) = app.indexes.snapshot(&app.db, org_id).await?;
    let settings = app.settings(&mut tx, org_id).await?;
    let calendar = &settings.calendar;
    let last = input.to.0.map_or_else(|| calendar.day(now), |to| to.day(calendar));
    let first = input.from.0.map_or(last + 1 - RECENT_DAYS, |from| from.day(calendar));
    let days = last + 1 - first;
    if !(1..=DAYS_MAX).contains(&days) {
        return Err(Error::Invalid(format!("from, to: expected between 1 and {DAYS_MAX} days")));
    }
    let periods = Periods {
        before: calendar.start(first - days),
        recent: calendar.start(first),
        end: calendar.start(last + 1).min(now.plus(1)),
    };
    let filter = input.filter.0.unwrap_or_default().over(calendar);
    let (candidates, slice) = candidates(&settings, &mut tx, &index, org_id, &filter, &periods).await?;
    let mut by_kind: HashMap<MovementKind, Vec<(&Candidate, Moves)>> = HashMap::new();
    for candidate in candidates.iter().filter(|of| filter.insights.allow(of.measures.status)) {
        for moves in &candidate.moves {
            by_kind.entry(moves.kind).or_default().push((candidate, *moves));
        }
    }
    for (kind, movers) in &mut by_kind {
        movers.sort_by(|(a, a_moves), (b, b_moves)| {
            let order = match kind {
                MovementKind::Escalating => b.change.at_least().total_cmp(&a.change.at_least()),
                MovementKind::Falling => a.change.at_most().total_cmp(&b.change.at_most()),
                _ => b_moves.since.cmp(&a_moves.since),
            };
            order.then(a.measures.insight_number.cmp(&b.measures.insight_number))
        });
        movers.truncate(LISTED_MAX);
    }
    let contents =
        contents(&mut tx, org_id, by_kind.values().flatten().map(|(of, _)| of.measures.id)).await?;
    let list = |kind| {
        let movers = by_kind.get(&kind).map_or(&[][..], Vec::as_slice).iter();
        movers.filter_map(|(of, moves)| mover(of, *moves, &contents)).collect()
    };
    Ok(Json(Moved {
        as_of: now,
        time_zone: calendar.name().to_owned(),
        from: Calendar::date(first).to_string(),
        to: Calendar::date(last).to_string(),
        sessions: db::count(slice.len()),
        risers: list(MovementKind::Escalating),
        fallers: list(MovementKind::Falling),
        new: list(MovementKind::New),
        back: list(MovementKind::Back),
        regressed: list(MovementKind::Regressed),
    }))
}

fn mover(of: &Candidate, moves: Moves, contents: &HashMap<InsightId, String>) -> Option<Mover> {
    Some(Mover {
        id: of.measures.id,
        insight_number: of.measures.insight_number,
        content: contents.get(&of.measures.id)?.clone(),
        since: moves.since,
        sessions: of.measures.of.sessions,
        change: of.change.clone(),
    })
}

async fn contents(
    tx: &mut Tx,
    org_id: OrgId,
    ids: impl Iterator<Item = InsightId>,
) -> Result<HashMap<InsightId, String>> {
    let mut query = sql("select id, content from insights where org_id = $1 and id in ").bind(org_id);
    query.push_list(ids);
    let contents: Vec<(InsightId, String)> = tx.fetch_all(query).await?;
    Ok(contents.into_iter().collect())
}
