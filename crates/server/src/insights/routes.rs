//! `/insights`.

use super::list::{ListInsightsInput, ListInsightsOutput};
use super::reply::{self, PublicInsight};
use super::sessions::{InsightSession, list_sessions};
use super::wording::{self, InsightWording};
use super::{decide, list, store};
use crate::app::App;
use crate::error::{Error, Result};
use crate::http::{Api, ApiJson, ApiPath, ApiQuery, Caller, Cursor, Page, cut_page};
use crate::ids::{CategoryId, InsightId, OrgId, TeamId};
use crate::keys::{Resource, read, write};
use crate::openapi::Operation;
use crate::orgs;
use crate::wire::{Line, Maybe, Patch, SafeInt};
use axum::Json;
use axum::extract::State;
use axum::http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const TAG: &str = "Customer Insights";

/// The operations on insights.
pub fn routes() -> Api {
    let (read, write) = (read(Resource::Insights), write(Resource::Insights));
    Api::new()
        .route(
            Operation::new(Method::POST, "/insights", "getVocInsights")
                .about(TAG, "Get customer insights")
                .scope(read)
                .body::<ListInsightsInput>()
                .returns::<ListInsightsOutput>(),
            list_page,
        )
        .route(
            Operation::new(Method::GET, "/insights/{id}", "getVocInsight")
                .about(TAG, "Get a specific customer insight")
                .scope(read)
                .returns::<PublicInsight>(),
            show,
        )
        .route(
            Operation::new(Method::PATCH, "/insights/{id}", "updateInsight")
                .about(
                    TAG,
                    "Set an insight's content, category or team; what a person sets, no grouping overrules",
                )
                .scope(write)
                .body::<UpdateInsightInput>()
                .returns::<PublicInsight>(),
            update,
        )
        .route(
            Operation::new(Method::GET, "/insights/{id}/sessions", "listInsightSessions")
                .about(
                    TAG,
                    "List the sessions behind an insight's count, each with what was said, newest first",
                )
                .scope(read)
                .query::<SessionsInput>()
                .returns::<ListInsightSessionsOutput>(),
            sessions,
        )
        .route(
            Operation::new(Method::GET, "/insights/{id}/wording", "getInsightWording")
                .about(TAG, "Get who worded an insight: the grouping, a language model or a person")
                .scope(read)
                .returns::<InsightWording>(),
            show_wording,
        )
}

async fn list_page(
    State(app): State<App>,
    caller: Caller,
    ApiJson(input): ApiJson<ListInsightsInput>,
) -> Result<Json<ListInsightsOutput>> {
    list(&app.db, caller.org_id, &input).await.map(Json)
}

async fn show(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<InsightId>,
) -> Result<Json<PublicInsight>> {
    let id = store::current(&app.db, caller.org_id, id).await?;
    load(&app, caller.org_id, id).await.map(Json)
}

async fn load(app: &App, org_id: OrgId, id: InsightId) -> Result<PublicInsight> {
    let seen = list::seen(&app.db, org_id, id).await?;
    let mut insights = reply::load(&app.db, org_id, seen.as_slice()).await?;
    insights.pop().ok_or(Error::NotFound("insight"))
}

#[derive(Debug, Deserialize, JsonSchema)]
struct UpdateInsightInput {
    #[serde(default)]
    content: Maybe<Line<500>>,
    #[serde(default)]
    category_id: Patch<CategoryId>,
    #[serde(default)]
    team_id: Patch<TeamId>,
}

async fn update(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<InsightId>,
    ApiJson(input): ApiJson<UpdateInsightInput>,
) -> Result<Json<PublicInsight>> {
    let id = store::current(&app.db, caller.org_id, id).await?;
    let mut tx = orgs::write(&app.db, &app.clock, caller.org_id).await?;
    let edit = decide::Edit {
        content: input.content.0.map(|content| content.0),
        category_id: input.category_id,
        team_id: input.team_id,
    };
    decide::edit(&mut tx, id, edit, caller.member_id).await?;
    tx.commit().await?;
    load(&app, caller.org_id, id).await.map(Json)
}

#[derive(Debug, Deserialize, JsonSchema)]
struct SessionsInput {
    /// The `next` of the page before.
    #[serde(default)]
    cursor: Maybe<Cursor>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct ListInsightSessionsOutput {
    #[serde(flatten)]
    page: Page<InsightSession>,
    /// Sessions on all pages: the insight's `occurrence_count`.
    #[schemars(with = "SafeInt")]
    total: i64,
}

async fn sessions(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<InsightId>,
    ApiQuery(input): ApiQuery<SessionsInput>,
) -> Result<Json<ListInsightSessionsOutput>> {
    let id = store::current(&app.db, caller.org_id, id).await?;
    let seen = list::seen(&app.db, caller.org_id, id).await?.ok_or(Error::NotFound("insight"))?;
    let sessions = list_sessions(&app.db, caller.org_id, id, input.cursor.0).await?;
    let (items, next) = cut_page(sessions, InsightSession::cursor);
    let page = Page { items, next };
    Ok(Json(ListInsightSessionsOutput { page, total: seen.occurrence_count }))
}

async fn show_wording(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<InsightId>,
) -> Result<Json<InsightWording>> {
    let id = store::current(&app.db, caller.org_id, id).await?;
    let wording = wording::find(&app.db, caller.org_id, id).await?;
    wording.map(Json).ok_or(Error::NotFound("insight"))
}
