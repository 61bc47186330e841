//! `GET /insights/themes`.

use super::themes::{self, ThemeOutput};
use crate::app::App;
use crate::error::Result;
use crate::http::{Api, Caller};
use crate::keys::{Resource, Scope};
use crate::openapi::Operation;
use axum::Json;
use axum::extract::State;
use axum::http::Method;

/// Returns the operation that lists themes.
pub(crate) fn routes() -> Api {
    Api::new().route(
        Operation::new(Method::GET, "/insights/themes", "listInsightThemes")
            .summary("List the broader subjects that unresolved insights are under")
            .scope(Scope::read(Resource::Insights))
            .returns::<Vec<ThemeOutput>>(),
        list_themes,
    )
}

async fn list_themes(State(app): State<App>, caller: Caller) -> Result<Json<Vec<ThemeOutput>>> {
    themes::list(&app.db, caller.org_id).await.map(Json)
}
