//! Insights that say nearly the same.

use crate::app::App;
use crate::db::{Tx, sql};
use crate::error::Result;
use crate::http::{Api, ApiPath, Caller};
use crate::ids::{InsightId, OrgId};
use crate::insights::insight::{self, InsightStatus, SHOWN};
use crate::insights::occurrences;
use crate::keys::{Resource, Scope};
use crate::openapi::Operation;
use crate::time::Timestamp;
use crate::wire::SafeInt;
use anyhow::Context;
use axum::Json;
use axum::extract::State;
use axum::http::Method;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::HashMap;

/// The most insights, or pairs of them, in an answer.
const LISTED_MAX: usize = 50;
/// The likeness from which insights are similar.
const SIMILAR_MIN: f32 = 0.5;

pub(super) fn routes() -> Api {
    let read = Scope::read(Resource::Insights);
    Api::new()
        .route(
            Operation::new(Method::GET, "/insights/{id}/similar", "listSimilarInsights")
                .summary("List the insights that say something similar, the most similar first")
                .scope(read)
                .revalidates()
                .quotes()
                .returns::<Vec<Similar>>(),
            similar,
        )
        .route(
            Operation::new(Method::GET, "/insights/near-duplicates", "listNearDuplicates")
                .summary(
                    "List the pairs of unresolved insights that say nearly the same, the most similar first",
                )
                .scope(read)
                .revalidates()
                .quotes()
                .returns::<Vec<NearDuplicates>>(),
            near_duplicates,
        )
}

/// An insight, and how much of what it says another one says.
#[derive(Debug, Serialize, JsonSchema)]
struct Similar {
    insight: Twin,
    #[serde(flatten)]
    pair: Pair,
}

/// Two insights that say nearly the same.
#[derive(Debug, Serialize, JsonSchema)]
struct NearDuplicates {
    /// The one with the lower number first.
    insights: [Twin; 2],
    #[serde(flatten)]
    pair: Pair,
}

/// What there is to know of two insights together.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
struct Pair {
    /// How near what they say is, up to 1.
    likeness: f32,
    /// Sessions that show both.
    #[schemars(with = "SafeInt")]
    sessions_of_both: i64,
    /// Whether a person split one from the other, so that they stay apart.
    kept_apart: bool,
}

/// One of two insights.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct Twin {
    id: InsightId,
    #[schemars(with = "SafeInt")]
    insight_number: i64,
    content: String,
    #[schemars(with = "SafeInt")]
    occurrence_count: i64,
    #[schemars(with = "String")]
    status: InsightStatus,
}

async fn similar(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<InsightId>,
) -> Result<Json<Vec<Similar>>> {
    let org_id = caller.org_id;
    let id = insight::require_current(&app.db, org_id, id).await?;
    let version = occurrences::grouping_version(&app.db, org_id).await?;
    let centroids = app.centroids.get(&app.db, org_id, version).await?;
    let near = tokio::task::spawn_blocking(move || centroids.similar(id, SIMILAR_MIN, LISTED_MAX))
        .await
        .context("comparing insights")?;
    let mut tx = app.db.snapshot().await?;
    let ids: Vec<InsightId> = near.iter().map(|(other, _)| *other).collect();
    let twins = twins(&mut tx, org_id, &ids).await?;
    let mut listed = Vec::new();
    for (other, likeness) in near {
        if let Some(twin) = twins.get(&other) {
            let pair = pair(&mut tx, org_id, [id, other], likeness).await?;
            listed.push(Similar { insight: twin.clone(), pair });
        }
    }
    Ok(Json(listed))
}

async fn near_duplicates(State(app): State<App>, caller: Caller) -> Result<Json<Vec<NearDuplicates>>> {
    let org_id = caller.org_id;
    let version = occurrences::grouping_version(&app.db, org_id).await?;
    let centroids = app.centroids.get(&app.db, org_id, version).await?;
    let near = tokio::task::spawn_blocking(move || centroids.near_pairs().to_vec())
        .await
        .context("comparing insights")?;
    let mut tx = app.db.snapshot().await?;
    let ids: Vec<InsightId> = near.iter().flat_map(|(ids, _)| *ids).collect();
    let twins = twins(&mut tx, org_id, &ids).await?;
    let mut listed = Vec::new();
    for ([a, b], likeness) in near {
        let (Some(first), Some(second)) = (twins.get(&a), twins.get(&b)) else { continue };
        let are_open = [first, second].iter().all(|twin| twin.status == InsightStatus::Unresolved);
        if are_open && listed.len() < LISTED_MAX {
            let mut insights = [first.clone(), second.clone()];
            insights.sort_by_key(|twin| twin.insight_number);
            listed.push(NearDuplicates { insights, pair: pair(&mut tx, org_id, [a, b], likeness).await? });
        }
    }
    Ok(Json(listed))
}

/// Loads insights that are shown.
async fn twins(tx: &mut Tx, org_id: OrgId, ids: &[InsightId]) -> Result<HashMap<InsightId, Twin>> {
    let mut query = sql(&format!(
        "select id, insight_number, content, occurrence_count, resolved_at, archived_at from insights
        where org_id = $1 and {SHOWN} and id in "
    ))
    .bind(org_id);
    query.push_list(ids.iter().copied());
    type Row = (InsightId, i64, String, i64, Option<Timestamp>, Option<Timestamp>);
    let rows: Vec<Row> = tx.fetch_all(query).await?;
    let twin = |(id, insight_number, content, occurrence_count, resolved_at, archived_at): Row| {
        let status = InsightStatus::of(resolved_at, archived_at);
        (id, Twin { id, insight_number, content, occurrence_count, status })
    };
    Ok(rows.into_iter().map(twin).collect())
}

async fn pair(tx: &mut Tx, org_id: OrgId, [a, b]: [InsightId; 2], likeness: f32) -> Result<Pair> {
    let query = sql("
        select (
            select count(*) from occurrences o
            join occurrences p on p.org_id = o.org_id and p.session_id = o.session_id and p.insight_id = $3
            where o.org_id = $1 and o.insight_id = $2
        ), (select count(*) from insights_apart where org_id = $1 and insight_id = $2 and other_id = $3)
    ");
    let (sessions_of_both, apart): (i64, i64) = tx.fetch_one(query.bind(org_id).bind(a).bind(b)).await?;
    Ok(Pair { likeness, sessions_of_both, kept_apart: apart > 0 })
}
