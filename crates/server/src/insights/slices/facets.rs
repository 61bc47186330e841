//! `POST /insights/facets`: what the sessions of a slice are made of, beside all others.

use super::facet_test;
use super::facet_values::{self, Count, Key};
use super::names::{Named, names};
use crate::app::App;
use crate::db::Tx;
use crate::error::Result;
use crate::http::{Api, ApiJson, Caller};
use crate::ids::{InsightId, OrgId};
use crate::insights::filter::SessionConditions;
use crate::insights::index::counting;
use crate::insights::insight;
use crate::insights::list::InsightFilterInput;
use crate::insights::list::facet::Facet;
use crate::insights::list::population::Population;
use crate::keys::{Resource, Scope};
use crate::openapi::Operation;
use crate::time::Timestamp;
use crate::wire::{Maybe, NonEmptyVec, Nullable, Positive, SafeInt};
use axum::Json;
use axum::extract::State;
use axum::http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// The most facets that are asked for together.
const FACETS_MAX: usize = 12;
/// The most values of a facet.
const VALUES_MAX: i64 = 100;
/// The values of a facet if no number is given.
const VALUES_USUAL: i64 = 20;

pub(super) fn routes() -> Api {
    Api::new().route(
        Operation::new(Method::POST, "/insights/facets", "getInsightFacets")
            .summary("Count the sessions of a slice by what is known of them")
            .scope(Scope::read(Resource::Insights))
            .body::<FacetsInput>()
            .returns::<Facets>()
            .or(404),
        facets,
    )
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FacetsInput {
    /// The sessions that are counted: with conditions on insights, those in which such an insight shows.
    #[serde(default)]
    filter: Maybe<InsightFilterInput>,
    /// Those in which this insight shows, beside all that meet what is asked of sessions in the filter.
    #[serde(default)]
    insight_id: Maybe<InsightId>,
    /// channel, language, sentiment, session_status, session.KEY or contact.KEY, which are of sessions; status, team or
    /// category, which are of the insights in them; keys: the keys that there are.
    by: NonEmptyVec<Facet, FACETS_MAX>,
    /// The most values of each, the most frequent first; 20 by default.
    #[serde(default)]
    limit: Maybe<Positive<VALUES_MAX>>,
}

/// The sessions of a slice by what is known of them.
#[derive(Debug, Serialize, JsonSchema)]
struct Facets {
    as_of: Timestamp,
    /// Sessions of the slice.
    #[schemars(with = "SafeInt")]
    sessions: i64,
    /// Sessions that they are compared with: with an insight those of the filter, otherwise all.
    #[schemars(with = "SafeInt")]
    all: i64,
    facets: Vec<FacetOutput>,
    /// The keys of custom data that there are, the most frequent first; empty unless they are asked for.
    keys: Vec<Key>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct FacetOutput {
    #[schemars(with = "String")]
    by: Facet,
    values: Vec<Value>,
    /// All values that are not listed, as one.
    rest: Rest,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct Value {
    /// Null: sessions or insights without one.
    value: Nullable<String>,
    /// The name of a team or category.
    name: Nullable<String>,
    /// Sessions of the slice that have it.
    #[schemars(with = "SafeInt")]
    sessions: i64,
    /// Sessions of all that do.
    #[schemars(with = "SafeInt")]
    all: i64,
    /// The share of the slice that has it, divided by the share of all; null if none of all has it.
    ratio: Nullable<f64>,
    /// Whether it is clearly more frequent in the slice, by a test over contacts.
    sure: bool,
    /// For what is of insights: how many of them have it.
    insights: Nullable<i64>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct Rest {
    /// How many values.
    #[schemars(with = "SafeInt")]
    values: i64,
    /// Sessions of the slice that have one of them.
    #[schemars(with = "SafeInt")]
    sessions: i64,
}

async fn facets(
    State(app): State<App>,
    caller: Caller,
    ApiJson(input): ApiJson<FacetsInput>,
) -> Result<Json<Facets>> {
    let (org_id, now) = (caller.org_id, app.clock.now());
    let filter = input.filter.0.unwrap_or_default().into_filter(&app, org_id).await?;
    let (here, all) = match input.insight_id.0 {
        Some(id) => {
            let id = insight::require_current(&app.db, org_id, id).await?;
            let all = Population::Sessions(filter.sessions.clone());
            (Population::OfInsight(id, filter.sessions), all)
        }
        None => (Population::of(filter), Population::Sessions(SessionConditions::default())),
    };
    let limit = input.limit.0.map_or(VALUES_USUAL, |limit| limit.0);
    let (mut tx, index) = app.indexes.snapshot(&app.db, org_id).await?;
    let is_whole = here == all;
    let here = here.find(&mut tx, org_id, &index).await?;
    let others = if is_whole { None } else { Some(all.find(&mut tx, org_id, &index).await?) };
    let all = others.as_ref().unwrap_or(&here);
    let mut by = input.by.0;
    let with_keys = by.contains(&Facet::Keys);
    by.retain(|facet| *facet != Facet::Keys);
    let counted = facet_values::count(&index, &by, [&here, all], limit).await?;
    let sure = if is_whole {
        vec![Vec::new(); by.len()]
    } else {
        facet_test::sure(&index, &by, &counted, [&here.slice, &all.slice]).await?
    };
    let names = all_names(&mut tx, org_id, &by).await?;
    let totals = [counted.here, counted.all];
    let mut outputs = Vec::new();
    for ((facet, counts), sure) in by.into_iter().zip(counted.facets).zip(sure) {
        outputs.push(output(facet, counts, &sure, totals, &names));
    }
    let keys = if with_keys { counting(move || facet_values::keys(&index)).await? } else { Vec::new() };
    Ok(Json(Facets { as_of: now, sessions: totals[0], all: totals[1], facets: outputs, keys }))
}

fn output(
    by: Facet,
    counts: facet_values::Counts,
    sure: &[bool],
    [here, all]: [i64; 2],
    names: &HashMap<String, String>,
) -> FacetOutput {
    let share = |count: i64, of: i64| count as f64 / of.max(1) as f64;
    let value = |(at, count): (usize, Count)| Value {
        name: count.value.as_ref().and_then(|id| names.get(id)).cloned().into(),
        value: count.value.into(),
        sessions: count.here,
        all: count.all,
        ratio: (count.all > 0).then(|| share(count.here, here) / share(count.all, all)).into(),
        sure: sure.get(at).copied().unwrap_or(false),
        insights: count.insights.into(),
    };
    let values: Vec<Value> = counts.values.into_iter().enumerate().map(value).collect();
    FacetOutput { by, values, rest: Rest { values: counts.rest_values, sessions: counts.rest_here } }
}

async fn all_names(tx: &mut Tx, org_id: OrgId, by: &[Facet]) -> Result<HashMap<String, String>> {
    let mut all = HashMap::new();
    for (facet, named) in [(Facet::Team, Named::Teams), (Facet::Category, Named::Categories)] {
        if by.contains(&facet) {
            all.extend(names(tx, org_id, named).await?);
        }
    }
    Ok(all)
}
