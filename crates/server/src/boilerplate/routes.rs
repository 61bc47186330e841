//! `/boilerplate`, which the public contract does not have.

use super::store::REVOKED_MAX;
use super::{BoilerplateEdge, Entry, read_again, store};
use crate::app::App;
use crate::error::{Error, Result};
use crate::http::{Api, ApiPath, Caller};
use crate::ids::BoilerplateId;
use crate::jobs;
use crate::keys::{Resource, Scope};
use crate::openapi::Operation;
use crate::time::Timestamp;
use crate::wire::Nullable;
use axum::Json;
use axum::extract::State;
use axum::http::Method;
use schemars::JsonSchema;
use serde::Serialize;

/// Returns the operations on boilerplate.
pub fn routes() -> Api {
    let (read, write) = (Scope::read(Resource::Insights), Scope::write(Resource::Insights));
    Api::tagged("Boilerplate")
        .route(
            Operation::new(Method::GET, "/boilerplate", "listBoilerplate")
                .summary("List the lines that a widget, a form or a mail gateway puts at the edges of messages, most frequent first")
                .scope(read)
                .returns::<Vec<BoilerplateOutput>>(),
            list,
        )
        .route(
            Operation::new(Method::POST, "/boilerplate/{id}/revoke", "revokeBoilerplate")
                .summary("Have lines read as what customers say, in all sessions, for good")
                .scope(write)
                .returns::<BoilerplateOutput>()
                .or(409),
            revoke,
        )
        .route(
            Operation::new(Method::POST, "/boilerplate/{id}/restore", "restoreBoilerplate")
                .summary("Take back that lines are what customers say")
                .scope(write)
                .returns::<BoilerplateOutput>(),
            restore,
        )
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Boilerplate")]
struct BoilerplateOutput {
    id: BoilerplateId,
    /// The edge of messages at which it stands.
    edge: BoilerplateEdge,
    /// Its lines, with `#` for each number, and personal data masked.
    text: String,
    /// The number of contacts from whom it was learned; of a sample where sessions are many.
    contacts: i64,
    learned_at: Timestamp,
    /// When somebody decided that it is what customers say; null while it is left out.
    revoked_at: Nullable<Timestamp>,
}

impl From<Entry> for BoilerplateOutput {
    fn from(entry: Entry) -> Self {
        Self {
            id: entry.id,
            edge: entry.edge,
            text: entry.text,
            contacts: entry.contacts,
            learned_at: entry.learned_at,
            revoked_at: entry.revoked_at.into(),
        }
    }
}

async fn list(State(app): State<App>, caller: Caller) -> Result<Json<Vec<BoilerplateOutput>>> {
    let entries = store::list(&app.db, caller.org_id).await?;
    Ok(Json(entries.into_iter().map(BoilerplateOutput::from).collect()))
}

async fn revoke(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<BoilerplateId>,
) -> Result<Json<BoilerplateOutput>> {
    decide(&app, &caller, id, true).await
}

async fn restore(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<BoilerplateId>,
) -> Result<Json<BoilerplateOutput>> {
    decide(&app, &caller, id, false).await
}

/// Revokes an entry, or takes that back, and has sessions read again if that changes anything.
async fn decide(
    app: &App,
    caller: &Caller,
    id: BoilerplateId,
    is_revoked: bool,
) -> Result<Json<BoilerplateOutput>> {
    let mut tx = app.begin(caller.org_id).await?;
    let entries = store::list(&mut tx, caller.org_id).await?;
    let revoked = entries.iter().filter(|entry| entry.revoked_at.is_some()).count();
    let mut entry = entries.into_iter().find(|entry| entry.id == id).ok_or(Error::NotFound("boilerplate"))?;
    if entry.revoked_at.is_some() == is_revoked {
        return Ok(Json(entry.into()));
    }
    if is_revoked && revoked >= REVOKED_MAX {
        return Err(Error::Conflict(format!("an organization revokes at most {REVOKED_MAX}")));
    }
    entry.revoked_at = is_revoked.then_some(tx.now);
    store::set_revoked(&mut tx, id, entry.revoked_at).await?;
    read_again(&mut tx).await?;
    tx.commit().await?;
    jobs::ring(app);
    Ok(Json(entry.into()))
}
