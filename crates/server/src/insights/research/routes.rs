//! `/insights/{id}/deep-research`.

use super::{Research, State, structured};
use crate::app::App;
use crate::error::{Error, Result};
use crate::http::{Api, ApiPath, Caller};
use crate::ids::{InsightId, MemberId, ResearchId};
use crate::insights::insight;
use crate::jobs;
use crate::keys::{Resource, Scope};
use crate::openapi::Operation;
use crate::time::Timestamp;
use crate::wire::Nullable;
use axum::Json;
use axum::http::Method;
use schemars::JsonSchema;
use serde::Serialize;

const PATH: &str = "/insights/{id}/deep-research";

/// Returns the operations on deep research.
pub(crate) fn routes() -> Api {
    Api::new()
        .route(
            Operation::new(Method::POST, PATH, "startDeepResearch")
                .summary(
                    "Have an insight explained at length; if that is being done already, get how far it is",
                )
                .scope(Scope::write(Resource::Insights))
                .returns::<DeepResearch>()
                .or(409),
            start,
        )
        .route(
            Operation::new(Method::GET, PATH, "getDeepResearch")
                .summary(
                    "Get how far the latest deep research of an insight is; its report is with the insight",
                )
                .scope(Scope::read(Resource::Insights))
                .returns::<DeepResearch>(),
            show,
        )
        .route(
            Operation::new(Method::DELETE, PATH, "cancelDeepResearch")
                .summary("Cancel the deep research of an insight")
                .scope(Scope::write(Resource::Insights))
                .returns::<DeepResearch>()
                .or(409),
            cancel,
        )
        .merge(structured::routes())
}

/// How far a deep research is.
#[derive(Debug, Serialize, JsonSchema)]
struct DeepResearch {
    id: ResearchId,
    insight_id: InsightId,
    state: State,
    /// Of a hundred.
    progress: i64,
    /// What is being done.
    step: Nullable<String>,
    /// The member whose key asked for it.
    requested_by: Nullable<MemberId>,
    created_at: Timestamp,
    started_at: Nullable<Timestamp>,
    finished_at: Nullable<Timestamp>,
    /// Why there is no report.
    error: Nullable<String>,
}

impl From<Research> for DeepResearch {
    fn from(research: Research) -> Self {
        Self {
            id: research.id,
            insight_id: research.insight_id,
            state: research.state,
            progress: research.progress,
            step: research.step.into(),
            requested_by: research.requested_by.into(),
            created_at: research.created_at,
            started_at: research.started_at.into(),
            finished_at: research.finished_at.into(),
            error: research.error.into(),
        }
    }
}

async fn start(
    axum::extract::State(app): axum::extract::State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<InsightId>,
) -> Result<Json<DeepResearch>> {
    let id = insight::require_current(&app.db, caller.org_id, id).await?;
    let mut tx = app.begin(caller.org_id).await?;
    super::start(&mut tx, id, caller.member_id).await?;
    tx.commit().await?;
    jobs::ring(&app);
    find(&app, &caller, id).await
}

async fn show(
    axum::extract::State(app): axum::extract::State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<InsightId>,
) -> Result<Json<DeepResearch>> {
    let id = insight::require_current(&app.db, caller.org_id, id).await?;
    find(&app, &caller, id).await
}

async fn cancel(
    axum::extract::State(app): axum::extract::State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<InsightId>,
) -> Result<Json<DeepResearch>> {
    let id = insight::require_current(&app.db, caller.org_id, id).await?;
    let found = find(&app, &caller, id).await?;
    if !super::cancel(&app, caller.org_id, id, found.id).await? {
        return Err(Error::Conflict("the deep research of this insight is over".into()));
    }
    find(&app, &caller, id).await
}

async fn find(app: &App, caller: &Caller, id: InsightId) -> Result<Json<DeepResearch>> {
    let research = super::find(&app.db, caller.org_id, id).await?;
    research.map(|research| Json(research.into())).ok_or(Error::NotFound("deep research"))
}
