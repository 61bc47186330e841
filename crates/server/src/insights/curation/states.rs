//! `/insights/…/resolve`, `reopen`, `archive` and `restore`, and the insights that would have come back.

use super::archiving::ArchiveInput;
use super::operations;
use crate::app::App;
use crate::db::sql;
use crate::error::Result;
use crate::http::{Api, ApiJson, ApiPath, Caller, IfMatch};
use crate::ids::InsightId;
use crate::insights::insight;
use crate::insights::lifecycle::archive::from_json;
use crate::insights::lifecycle::decide::{Decision, decide};
use crate::insights::list::response::{PublicInsight, WithEtag};
use crate::keys::{Resource, Scope};
use crate::openapi::Operation;
use crate::time::{Calendar, Timestamp};
use crate::wire::SafeInt;
use anyhow::Context;
use axum::Json;
use axum::extract::State;
use axum::http::Method;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

/// The most insights in the list of those that would have come back.
const SHADOW_MAX: i64 = 1_000;

/// Returns the operations that resolve, reopen, archive and restore insights.
pub(crate) fn routes() -> Api {
    let (read, write) = (Scope::read(Resource::Insights), Scope::write(Resource::Insights));
    let one = |path, id, summary| {
        Operation::new(Method::POST, path, id)
            .summary(summary)
            .scope(write)
            .versioned()
            .returns::<PublicInsight>()
    };
    Api::new()
        .route(
            one(
                "/insights/{id}/resolve",
                "resolveInsight",
                "Say that an insight is dealt with, until it is seen again",
            ),
            resolve,
        )
        .route(
            one("/insights/{id}/reopen", "reopenInsight", "Say that a resolved insight is not dealt with"),
            reopen,
        )
        .route(
            one("/insights/{id}/archive", "archiveInsight", "Put an insight out of the way until it matters")
                .body::<ArchiveInput>(),
            archive,
        )
        .route(one("/insights/{id}/restore", "restoreInsight", "Take an insight out of the archive"), restore)
        .route(
            Operation::new(Method::GET, "/insights/shadow", "listShadowInsights")
                .summary("List insights archived forever that would have come back, by when they would have")
                .scope(read)
                .returns::<Vec<ShadowInsight>>(),
            shadow,
        )
}

async fn resolve(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<InsightId>,
    known: IfMatch,
) -> Result<WithEtag> {
    decide_one(&app, &caller, id, known, &Decision::Resolve).await
}

async fn reopen(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<InsightId>,
    known: IfMatch,
) -> Result<WithEtag> {
    decide_one(&app, &caller, id, known, &Decision::Reopen).await
}

async fn archive(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<InsightId>,
    known: IfMatch,
    ApiJson(input): ApiJson<ArchiveInput>,
) -> Result<WithEtag> {
    let decision = Decision::Archive(input.archival("")?);
    decide_one(&app, &caller, id, known, &decision).await
}

async fn restore(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<InsightId>,
    known: IfMatch,
) -> Result<WithEtag> {
    decide_one(&app, &caller, id, known, &Decision::Restore).await
}

async fn decide_one(
    app: &App,
    caller: &Caller,
    id: InsightId,
    known: IfMatch,
    decision: &Decision,
) -> Result<WithEtag> {
    let id = insight::require_current(&app.db, caller.org_id, id).await?;
    let mut tx = operations::begin(app, caller).await?;
    insight::require_revision(&mut tx, id, known.0).await?;
    let settings = app.settings(&mut tx, caller.org_id).await?;
    if decide(&settings, &mut tx, &[id], decision, caller.member_id).await? > 0 {
        super::note(&mut tx, caller, decision.word(), Some(id), 1);
    }
    operations::answer(app, tx, id).await
}

/// An insight that is archived forever, and would have come back by now.
#[derive(Debug, Serialize, JsonSchema)]
struct ShadowInsight {
    id: InsightId,
    #[schemars(with = "SafeInt")]
    insight_number: i64,
    content: String,
    archived_at: Timestamp,
    /// When it would have come back.
    would_have_returned_at: Timestamp,
    /// What it was measured against, and what came, as in the event of a return.
    numbers: Value,
    /// The first day that counted.
    watched_from: String,
}

async fn shadow(State(app): State<App>, caller: Caller) -> Result<Json<Vec<ShadowInsight>>> {
    let query = sql("
        select i.id, i.insight_number, i.content, a.archived_at, a.shadow_at, a.shadow, a.record
        from archives a join insights i on i.org_id = a.org_id and i.id = a.insight_id
        where a.org_id = $1 and a.shadow_at is not null order by a.shadow_at desc, i.id limit $2
    ");
    type Row = (InsightId, i64, String, Timestamp, Timestamp, String, String);
    let rows: Vec<Row> = app.db.fetch_all(query.bind(caller.org_id).bind(SHADOW_MAX)).await?;
    let show = |(id, insight_number, content, archived_at, shadow_at, numbers, record): Row| {
        Ok(ShadowInsight {
            id,
            insight_number,
            content,
            archived_at,
            would_have_returned_at: shadow_at,
            numbers: serde_json::from_str(&numbers).context("reading what a shadow saw")?,
            watched_from: Calendar::date(from_json(&record)?.day + 1).to_string(),
        })
    };
    rows.into_iter().map(show).collect::<Result<Vec<_>>>().map(Json)
}
