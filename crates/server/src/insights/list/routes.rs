//! `POST /insights`, `GET /insights/{id}` and the sessions behind an insight.

use super::filter_input::InsightFilterInput;
use super::input::ListInsightsInput;
use super::proof;
use super::response::{PublicInsight, WithEtag};
use super::sessions::{InsightSession, list_sessions};
use super::sql::{self, ListInsightsOutput};
use crate::app::App;
use crate::error::{Error, Result};
use crate::http::{Api, ApiJson, ApiPath, ApiQuery, Caller, Cursor, Page, cut_page};
use crate::ids::InsightId;
use crate::insights::filter::SessionConditions;
use crate::insights::insight;
use crate::keys::{Resource, Scope};
use crate::openapi::Operation;
use crate::wire::{Maybe, SafeInt};
use axum::Json;
use axum::extract::State;
use axum::http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Returns the operations that list insights.
pub(crate) fn routes() -> Api {
    let read = Scope::read(Resource::Insights);
    Api::new()
        .route(
            Operation::new(Method::POST, "/insights", "getVocInsights")
                .summary("Get customer insights")
                .scope(read)
                .body::<ListInsightsInput>()
                .returns::<ListInsightsOutput>(),
            list_page,
        )
        .route(
            Operation::new(Method::GET, "/insights/{id}", "getVocInsight")
                .summary("Get a specific customer insight")
                .scope(read)
                .versioned()
                .returns::<PublicInsight>(),
            show,
        )
        .route(
            Operation::new(Method::GET, "/insights/{id}/sessions", "listInsightSessions")
                .summary("List the sessions behind an insight's count, each with what was said, newest first")
                .scope(read)
                .query::<SessionsInput>()
                .returns::<ListInsightSessionsOutput>(),
            sessions,
        )
        .route(
            Operation::new(Method::POST, "/insights/{id}/sessions", "filterInsightSessions")
                .summary("List the sessions behind an insight's count that a filter asks for")
                .scope(read)
                .body::<FilterSessionsInput>()
                .returns::<ListInsightSessionsOutput>(),
            filter_sessions,
        )
        .merge(proof::routes())
}

async fn list_page(
    State(app): State<App>,
    caller: Caller,
    ApiJson(input): ApiJson<ListInsightsInput>,
) -> Result<Json<ListInsightsOutput>> {
    let filter = input.into_filter(&app, caller.org_id).await?;
    sql::list(&app, caller.org_id, &filter).await.map(Json)
}

async fn show(State(app): State<App>, caller: Caller, ApiPath(id): ApiPath<InsightId>) -> Result<WithEtag> {
    match WithEtag::load(&app.db, caller.org_id, id).await {
        Err(Error::NotFound(_)) => {
            // one that is shown went into no other
            let id = insight::current(&app.db, caller.org_id, id).await?;
            WithEtag::load(&app.db, caller.org_id, id).await
        }
        found => found,
    }
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
    page_of_sessions(&app, &caller, id, &SessionConditions::default(), input.cursor.0).await
}

#[derive(Debug, Deserialize, JsonSchema)]
struct FilterSessionsInput {
    /// Which sessions; what is asked of insights is ignored.
    #[serde(default)]
    filter: Maybe<InsightFilterInput>,
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
    let filter = input.filter.0.unwrap_or_default().into_filter(&app, caller.org_id).await?;
    page_of_sessions(&app, &caller, id, &filter.sessions, input.cursor.0).await
}

async fn page_of_sessions(
    app: &App,
    caller: &Caller,
    id: InsightId,
    filter: &SessionConditions,
    cursor: Option<Cursor>,
) -> Result<Json<ListInsightSessionsOutput>> {
    let id = insight::require_current(&app.db, caller.org_id, id).await?;
    let (sessions, total) = list_sessions(app, caller.org_id, id, filter, cursor).await?;
    let (items, next) = cut_page(sessions, InsightSession::cursor);
    Ok(Json(ListInsightSessionsOutput { page: Page { items, next }, total }))
}
