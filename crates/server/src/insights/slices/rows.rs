//! `POST /insights/rows`: a page of insights with all numbers of a slice that a list shows.

use super::candidates::{Candidate, candidates};
use super::listing::{Counted, GroupBy, Listing, RowSort};
use super::measures::{self, LookedAt, Measures, Movement, Periods};
use super::movement::{self, MovementKind, Moves};
use crate::app::App;
use crate::db::{self, Tx};
use crate::error::Result;
use crate::http::{Api, ApiJson, Caller, Cursor};
use crate::ids::{InsightId, OrgId, ThemeId};
use crate::insights::grouping;
use crate::insights::list::InsightFilterInput;
use crate::insights::list::response::{self, InsightCounts, PublicInsight};
use crate::insights::trends::weeks::{self, Weeks};
use crate::keys::{Resource, Scope};
use crate::openapi::Operation;
use crate::time::Timestamp;
use crate::wire::{BoundedVec, Maybe, Nullable, Positive, SafeInt, SortOrder};
use axum::Json;
use axum::extract::State;
use axum::http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// The most rows on a page.
const ROWS_MAX: i64 = 200;
/// The rows on a page if no number is given.
const ROWS_USUAL: i64 = 50;

pub(super) fn routes() -> Api {
    Api::new().route(
        Operation::new(Method::POST, "/insights/rows", "listInsightRows")
            .summary("List insights with the numbers of a slice of the sessions")
            .scope(Scope::read(Resource::Insights))
            .body::<RowsInput>()
            .returns::<Rows>(),
        list,
    )
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RowsInput {
    /// Which insights, over which sessions.
    #[serde(default)]
    filter: Maybe<InsightFilterInput>,
    /// Only insights that move in one of these ways.
    #[serde(default)]
    movement: Maybe<BoundedVec<MovementKind, 5>>,
    /// movement by default.
    #[serde(default)]
    sort: Maybe<RowSort>,
    /// desc by default: the most urgent, the most, the latest first.
    #[serde(default)]
    order: Maybe<SortOrder>,
    /// Rows of a group follow each other; groups with the most insights come first.
    #[serde(default)]
    group_by: Maybe<GroupBy>,
    /// 50 by default.
    #[serde(default)]
    limit: Maybe<Positive<ROWS_MAX>>,
    /// The `next` of the page before.
    #[serde(default)]
    cursor: Maybe<Cursor>,
}

/// A page of rows.
#[derive(Debug, Serialize, JsonSchema)]
struct Rows {
    as_of: Timestamp,
    /// Sessions of the slice, whether an insight shows in them or not.
    #[schemars(with = "SafeInt")]
    sessions: i64,
    #[serde(flatten)]
    counted: Counted,
    items: Vec<Row>,
    /// The cursor of the next page; null on the last.
    next: Nullable<String>,
}

/// An insight, and what it has of the slice.
#[derive(Debug, Serialize, JsonSchema)]
struct Row {
    /// Its `occurrence_count`, `first_seen_at` and `last_seen_at` are of the slice.
    insight: PublicInsight,
    #[schemars(with = "SafeInt")]
    sessions: i64,
    /// Different contacts; a session without one counts for itself.
    #[schemars(with = "SafeInt")]
    people: i64,
    /// The share of the sessions of the slice.
    share: f64,
    /// Sessions in each of the last twelve weeks, oldest first; the last one ends with today.
    weeks: Weeks,
    /// The last 14 days, today included, and the 14 before.
    change: Movement,
    /// Sessions by how their contacts feel.
    #[schemars(with = "SafeInt")]
    angry: i64,
    #[schemars(with = "SafeInt")]
    neutral: i64,
    #[schemars(with = "SafeInt")]
    happy: i64,
    /// How it moves, the most urgent first; only an unresolved insight does.
    movement: Vec<Moves>,
    /// With `group_by` theme: the theme that it is under.
    theme_id: Nullable<ThemeId>,
}

async fn list(
    State(app): State<App>,
    caller: Caller,
    ApiJson(input): ApiJson<RowsInput>,
) -> Result<Json<Rows>> {
    let (org_id, now) = (caller.org_id, app.clock.now());
    let (mut tx, index) = app.indexes.snapshot(&app.db, org_id).await?;
    let settings = app.settings(&mut tx, org_id).await?;
    let filter = input.filter.0.unwrap_or_default().over(&settings.calendar);
    let periods = Periods::lately(&settings.calendar, now);
    let sort = input.sort.0.unwrap_or(RowSort::Movement);
    let (mut candidates, slice) = candidates(&settings, &mut tx, &index, org_id, &filter, &periods).await?;
    if sort == RowSort::Returned {
        let returns = movement::returns(&mut tx, org_id).await?;
        for candidate in &mut candidates {
            candidate.returned_at = returns.get(&candidate.measures.id).copied();
        }
    }
    let all_looked_at = matches!(sort, RowSort::People | RowSort::FirstSeen | RowSort::LastSeen);
    if all_looked_at {
        let ids = candidates.iter().map(|candidate| candidate.measures.id).collect();
        let looked_at = measures::look_at(&index, &slice, ids).await?;
        for (candidate, looked_at) in candidates.iter_mut().zip(looked_at) {
            candidate.looked_at = looked_at;
        }
    }
    let movement = input.movement.0.map_or_else(Vec::new, |kinds| kinds.0);
    let group_by = input.group_by.0;
    if group_by == Some(GroupBy::Theme) {
        let themes = grouping::themes_of_insights(&mut tx, org_id).await?;
        for candidate in &mut candidates {
            candidate.theme_id = themes.get(&candidate.measures.id).copied();
        }
    }
    let mut listing = Listing::new(candidates, &filter.insights, &movement, group_by);
    listing.sort(sort, input.order.0.unwrap_or(SortOrder::Desc));
    listing.name_groups(&mut tx, org_id, group_by).await?;
    let limit = usize::try_from(input.limit.0.map_or(ROWS_USUAL, |limit| limit.0)).unwrap_or(0);
    let (page, next) = listing.page(limit, input.cursor.0);
    let ids: Vec<InsightId> = page.iter().map(|candidate| candidate.measures.id).collect();
    let looked_at = if all_looked_at {
        page.iter().map(|candidate| candidate.looked_at).collect()
    } else {
        measures::look_at(&index, &slice, ids.clone()).await?
    };
    let weeks = weeks::of_slice(index, filter.sessions, ids, settings.calendar, now).await?;
    let page =
        page.into_iter().zip(looked_at).zip(weeks).map(|((of, looked_at), weeks)| (of, looked_at, weeks));
    let sessions = db::count(slice.len());
    let items = rows(&mut tx, org_id, page.collect(), sessions).await?;
    Ok(Json(Rows { as_of: now, sessions, counted: listing.counted, items, next }))
}

/// Loads the rest of what the rows of a page show.
async fn rows(
    tx: &mut Tx,
    org_id: OrgId,
    page: Vec<(&Candidate, LookedAt, Weeks)>,
    sessions: i64,
) -> Result<Vec<Row>> {
    let counts = page.iter().map(|(candidate, looked_at, _)| InsightCounts {
        id: candidate.measures.id,
        occurrence_count: candidate.measures.of.sessions,
        first_seen_at: looked_at.first_seen_at,
        last_seen_at: looked_at.last_seen_at,
    });
    let counts: Vec<InsightCounts> = counts.collect();
    let loaded = response::load(&mut *tx, org_id, &counts).await?;
    let mut insights: HashMap<_, _> = loaded.into_iter().map(|insight| (insight.id, insight)).collect();
    let row = |(candidate, looked_at, weeks): (&Candidate, LookedAt, Weeks)| {
        let Measures { id, of, .. } = &candidate.measures;
        Some(Row {
            insight: insights.remove(id)?,
            sessions: of.sessions,
            people: looked_at.people,
            share: of.sessions as f64 / sessions.max(1) as f64,
            weeks,
            change: candidate.change.clone(),
            angry: of.angry,
            neutral: of.neutral,
            happy: of.happy,
            movement: candidate.moves.clone(),
            theme_id: candidate.theme_id.into(),
        })
    };
    Ok(page.into_iter().filter_map(row).collect())
}
