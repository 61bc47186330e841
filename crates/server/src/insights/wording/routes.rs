//! `GET /insights/{id}/wording`.

use super::store::{self, InsightWording};
use crate::app::App;
use crate::error::{Error, Result};
use crate::http::{Api, ApiPath, Caller};
use crate::ids::InsightId;
use crate::insights::insight;
use crate::keys::{Resource, Scope};
use crate::openapi::Operation;
use axum::Json;
use axum::extract::State;
use axum::http::Method;

/// Returns the operation that shows the author of an insight's content.
pub(crate) fn routes() -> Api {
    Api::new().route(
        Operation::new(Method::GET, "/insights/{id}/wording", "getInsightWording")
            .summary("Get who worded an insight: the grouping, a language model or a person")
            .scope(Scope::read(Resource::Insights))
            .returns::<InsightWording>(),
        show_wording,
    )
}

async fn show_wording(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<InsightId>,
) -> Result<Json<InsightWording>> {
    let id = insight::current(&app.db, caller.org_id, id).await?;
    let wording = store::find(&app.db, caller.org_id, id).await?;
    wording.map(Json).ok_or(Error::NotFound("insight"))
}
