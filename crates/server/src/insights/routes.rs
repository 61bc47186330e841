//! `/insights`.

use super::list::{ListInsightsInput, ListInsightsOutput};
use super::reply::{PublicInsight, Tagged};
use super::sessions::{InsightSession, list_sessions};
use super::themes::{self, ThemeOutput};
use super::wording::{self, InsightWording};
use super::{decide, events, list, research, state_routes, store};
use crate::app::App;
use crate::error::{Error, Result};
use crate::http::{Api, ApiJson, ApiPath, ApiPathPair, ApiQuery, Caller, Cursor, IfMatch, Page, cut_page};
use crate::ids::{CategoryId, InsightId, SessionId, TeamId};
use crate::keys::{Resource, read, write};
use crate::openapi::Operation;
use crate::orgs;
use crate::wire::{Few, Line, Maybe, Patch, SafeInt};
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
                .versioned()
                .returns::<PublicInsight>(),
            show,
        )
        .route(
            Operation::new(Method::GET, "/insights/themes", "listInsightThemes")
                .about(
                    TAG,
                    "List the broader subjects that unresolved insights are under, most sessions first",
                )
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
            Operation::new(Method::GET, "/insights/{id}/wording", "getInsightWording")
                .about(TAG, "Get who worded an insight: the grouping, a language model or a person")
                .scope(read)
                .returns::<InsightWording>(),
            show_wording,
        )
        .merge(decision_routes())
        .merge(state_routes::routes())
        .merge(events::routes())
        .merge(research::routes())
}

/// The operations by which people overrule the grouping.
fn decision_routes() -> Api {
    let write = write(Resource::Insights);
    Api::new()
        .route(
            Operation::new(Method::PUT, "/insights/{id}/sessions/{session_id}", "decideInsightSession")
                .about(TAG, "Say whether a session belongs to an insight; no grouping overrules it")
                .scope(write)
                .body::<DecideSessionInput>()
                .versioned()
                .returns::<PublicInsight>(),
            decide_session,
        )
        .route(
            Operation::new(Method::DELETE, "/insights/{id}/sessions/{session_id}", "withdrawInsightSession")
                .about(TAG, "Leave it to the grouping again whether a session belongs to an insight")
                .scope(write)
                .versioned()
                .returns::<PublicInsight>(),
            withdraw_session,
        )
        .route(
            Operation::new(Method::POST, "/insights/{id}/merge", "mergeInsights")
                .about(TAG, "Merge other insights into this one; no grouping parts them again")
                .scope(write)
                .body::<MergeInput>()
                .versioned()
                .returns::<PublicInsight>(),
            merge,
        )
        .route(
            Operation::new(Method::POST, "/insights/{id}/split", "splitInsight")
                .about(TAG, "Make some sessions of an insight an insight of their own; no grouping joins the two again")
                .scope(write)
                .body::<SplitInput>()
                .versioned()
                .returns::<PublicInsight>(),
            split,
        )
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
    known: IfMatch,
    ApiJson(input): ApiJson<UpdateInsightInput>,
) -> Result<Tagged> {
    let id = store::current(&app.db, caller.org_id, id).await?;
    let mut tx = orgs::write(&app.db, &app.clock, caller.org_id).await?;
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

#[derive(Debug, Deserialize, JsonSchema)]
struct DecideSessionInput {
    /// Whether the session is one of those behind the insight.
    belongs: bool,
}

async fn decide_session(
    State(app): State<App>,
    caller: Caller,
    ApiPathPair(id, session_id): ApiPathPair<InsightId, SessionId>,
    known: IfMatch,
    ApiJson(input): ApiJson<DecideSessionInput>,
) -> Result<Tagged> {
    place(&app, &caller, (id, session_id), known, Some(input.belongs)).await
}

async fn withdraw_session(
    State(app): State<App>,
    caller: Caller,
    ApiPathPair(id, session_id): ApiPathPair<InsightId, SessionId>,
    known: IfMatch,
) -> Result<Tagged> {
    place(&app, &caller, (id, session_id), known, None).await
}

async fn place(
    app: &App,
    caller: &Caller,
    (id, session_id): (InsightId, SessionId),
    known: IfMatch,
    belongs: Option<bool>,
) -> Result<Tagged> {
    let id = store::current(&app.db, caller.org_id, id).await?;
    let mut tx = orgs::write(&app.db, &app.clock, caller.org_id).await?;
    store::require_revision(&mut tx, id, known.0).await?;
    decide::place(&mut tx, id, session_id, belongs, caller.member_id).await?;
    tx.commit().await?;
    Tagged::load(&app.db, caller.org_id, id).await
}

/// Insights that are merged at a time.
const MERGED_MAX: usize = 100;

#[derive(Debug, Deserialize, JsonSchema)]
struct MergeInput {
    /// The insights that end in this one.
    insight_ids: Few<InsightId, MERGED_MAX>,
}

async fn merge(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<InsightId>,
    known: IfMatch,
    ApiJson(input): ApiJson<MergeInput>,
) -> Result<Tagged> {
    let id = store::current(&app.db, caller.org_id, id).await?;
    let mut others = Vec::new();
    for other in input.insight_ids.0 {
        others.push(store::current(&app.db, caller.org_id, other).await?);
    }
    others.sort_unstable();
    others.dedup();
    let mut tx = orgs::write(&app.db, &app.clock, caller.org_id).await?;
    store::require_revision(&mut tx, id, known.0).await?;
    decide::merge(&mut tx, id, &others, caller.member_id).await?;
    tx.commit().await?;
    Tagged::load(&app.db, caller.org_id, id).await
}

/// Sessions that are split off at a time.
const SPLIT_MAX: usize = 10_000;

#[derive(Debug, Deserialize, JsonSchema)]
struct SplitInput {
    /// The sessions of the new insight.
    session_ids: Few<SessionId, SPLIT_MAX>,
    /// What the new insight says; if not given, what its sessions say.
    #[serde(default)]
    content: Maybe<Line<500>>,
}

async fn split(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<InsightId>,
    known: IfMatch,
    ApiJson(input): ApiJson<SplitInput>,
) -> Result<Tagged> {
    let id = store::current(&app.db, caller.org_id, id).await?;
    let mut tx = orgs::write(&app.db, &app.clock, caller.org_id).await?;
    store::require_revision(&mut tx, id, known.0).await?;
    let content = input.content.0.map(|content| content.0.trim().to_owned());
    let split = decide::Split { session_ids: input.session_ids.0, content };
    let new_id = decide::split(&app, &mut tx, id, split, caller.member_id).await?;
    tx.commit().await?;
    Tagged::load(&app.db, caller.org_id, new_id).await
}
