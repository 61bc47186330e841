//! `/insights`.

use super::list::{ListInsightsInput, ListInsightsOutput};
use super::reply::{PublicInsight, Tagged};
use super::sessions::{InsightSession, list_sessions};
use super::themes::{self, ThemeOutput};
use super::wording::{self, InsightWording};
use super::{decide, decide_routes, events, list, overview, proof, research, state_routes, store, trend};
use crate::app::App;
use crate::error::{Error, Result};
use crate::http::{Api, ApiJson, ApiPath, ApiQuery, Caller, Cursor, IfMatch, Page, cut_page};
use crate::ids::{CategoryId, InsightId, TeamId};
use crate::keys::{Resource, Scope};
use crate::openapi::Operation;
use crate::wire::{Maybe, Patch, SafeInt, SingleLine};
use axum::Json;
use axum::extract::State;
use axum::http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const TAG: &str = "Customer Insights";

/// The operations on insights.
pub fn routes() -> Api {
    let (read, write) = (Scope::read(Resource::Insights), Scope::write(Resource::Insights));
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
                .versioned()
                .returns::<PublicInsight>(),
            show,
        )
        .route(
            Operation::new(Method::GET, "/insights/themes", "listInsightThemes")
                .about(TAG, "List the broader subjects that unresolved insights are under")
                .scope(read)
                .returns::<Vec<ThemeOutput>>(),
            list_themes,
        )
        .route(
            Operation::new(Method::PATCH, "/insights/{id}", "updateInsight")
                .about(
                    TAG,
                    "Set an insight's content, category or team; what a person sets, no grouping overrules",
                )
                .scope(write)
                .body::<UpdateInsightInput>()
                .versioned()
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
            Operation::new(Method::POST, "/insights/{id}/sessions", "filterInsightSessions")
                .about(TAG, "List the sessions behind an insight's count that a filter asks for")
                .scope(read)
                .body::<FilterSessionsInput>()
                .returns::<ListInsightSessionsOutput>(),
            filter_sessions,
        )
        .route(
            Operation::new(Method::GET, "/insights/{id}/wording", "getInsightWording")
                .about(TAG, "Get who worded an insight: the grouping, a language model or a person")
                .scope(read)
                .returns::<InsightWording>(),
            show_wording,
        )
        .merge(decide_routes::routes())
        .merge(state_routes::routes())
        .merge(events::routes())
        .merge(trend::routes())
        .merge(proof::routes())
        .merge(overview::routes())
        .merge(research::routes())
}

async fn list_page(
    State(app): State<App>,
    caller: Caller,
    ApiJson(input): ApiJson<ListInsightsInput>,
) -> Result<Json<ListInsightsOutput>> {
    list(&app.db, caller.org_id, &input).await.map(Json)
}

async fn list_themes(State(app): State<App>, caller: Caller) -> Result<Json<Vec<ThemeOutput>>> {
    themes::list(&app.db, caller.org_id).await.map(Json)
}

async fn show(State(app): State<App>, caller: Caller, ApiPath(id): ApiPath<InsightId>) -> Result<Tagged> {
    let id = store::current(&app.db, caller.org_id, id).await?;
    Tagged::load(&app.db, caller.org_id, id).await
}

#[derive(Debug, Deserialize, JsonSchema)]
struct UpdateInsightInput {
    #[serde(default)]
    content: Maybe<SingleLine<500>>,
    #[serde(default)]
    category_id: Patch<CategoryId>,
    #[serde(default)]
    team_id: Patch<TeamId>,
}

async fn update(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<InsightId>,
    known: IfMatch,
    ApiJson(input): ApiJson<UpdateInsightInput>,
) -> Result<Tagged> {
    let id = store::current(&app.db, caller.org_id, id).await?;
    let mut tx = app.begin(caller.org_id).await?;
    store::require_revision(&mut tx, id, known.0).await?;
    let edit = decide::Edit {
        content: input.content.0.map(|content| content.0),
        category_id: input.category_id,
        team_id: input.team_id,
    };
    decide::edit(&mut tx, id, edit, caller.member_id).await?;
    tx.commit().await?;
    Tagged::load(&app.db, caller.org_id, id).await
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
    /// Sessions on all pages: the insight's `occurrence_count`, over the same filter.
    #[schemars(with = "SafeInt")]
    total: i64,
}

async fn sessions(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<InsightId>,
    ApiQuery(input): ApiQuery<SessionsInput>,
) -> Result<Json<ListInsightSessionsOutput>> {
    page_of_sessions(&app, &caller, id, &ListInsightsInput::default(), input.cursor.0).await
}

#[derive(Debug, Deserialize, JsonSchema)]
struct FilterSessionsInput {
    /// The session filters of `POST /insights`; its other members are ignored.
    #[serde(default)]
    filter: Maybe<ListInsightsInput>,
    /// The `next` of the page before.
    #[serde(default)]
    cursor: Maybe<Cursor>,
}

async fn filter_sessions(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<InsightId>,
    ApiJson(input): ApiJson<FilterSessionsInput>,
) -> Result<Json<ListInsightSessionsOutput>> {
    let filter = input.filter.0.unwrap_or_default();
    page_of_sessions(&app, &caller, id, &filter, input.cursor.0).await
}

async fn page_of_sessions(
    app: &App,
    caller: &Caller,
    id: InsightId,
    filter: &ListInsightsInput,
    cursor: Option<Cursor>,
) -> Result<Json<ListInsightSessionsOutput>> {
    let id = store::require_current(&app.db, caller.org_id, id).await?;
    let (sessions, total) = list_sessions(app, caller.org_id, id, filter, cursor).await?;
    let (items, next) = cut_page(sessions, InsightSession::cursor);
    Ok(Json(ListInsightSessionsOutput { page: Page { items, next }, total }))
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
