//! What erases, and `/erasures`.

use super::Fate;
use super::receipt::Receipt;
use super::store::{self, Erasure};
use crate::app::App;
use crate::error::{Error, Result};
use crate::event::AuditKind;
use crate::http::{Api, ApiPath, ApiQuery, Caller, Cursor, Page, cut_page};
use crate::ids::{ContactId, ErasureId, SessionId};
use crate::jobs;
use crate::keys::{Resource, Scope};
use crate::openapi::Operation;
use crate::sessions::Flag;
use crate::wire::Maybe;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// The header that names the erasure that a request began.
const ERASURE_ID: HeaderName = HeaderName::from_static("x-erasure-id");

/// Returns the operations that erase, and those on erasures.
pub fn routes() -> Api {
    let contacts = Api::tagged("Contacts").route(
        Operation::new(Method::DELETE, "/contacts/{contact_id}", "deleteContact")
            .summary("Delete a contact; its sessions stay, without a contact and masked, or with sessions=true (needs chat-sessions:write too) are deleted. The header x-erasure-id names the erasure")
            .scope(Scope::write(Resource::Contacts))
            .query::<DeleteContactInput>(),
        delete_contact,
    );
    let sessions = Api::tagged("Sessions").route(
        Operation::new(Method::DELETE, "/chat/sessions/{session_id}", "deleteChatSession")
            .summary("Delete a chat session with everything that is kept of it")
            .scope(Scope::write(Resource::ChatSessions))
            .returns::<Receipt>(),
        delete_session,
    );
    Api::tagged("Erasures")
        .merge(contacts)
        .merge(sessions)
        .route(
            Operation::new(Method::GET, "/erasures", "listErasures")
                .summary("List what was erased, newest first")
                .scope(Scope::read(Resource::Contacts))
                .query::<ListErasuresInput>()
                .returns::<ListErasuresOutput>(),
            list,
        )
        .route(
            Operation::new(Method::GET, "/erasures/{id}", "getErasure")
                .summary("Get the receipt of an erasure: what went, and what is counted since")
                .scope(Scope::read(Resource::Contacts))
                .returns::<Receipt>(),
            show,
        )
}

#[derive(Debug, Deserialize, JsonSchema)]
struct DeleteContactInput {
    /// Whether the contact's sessions are deleted too.
    #[serde(default)]
    sessions: Maybe<Flag>,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct ListErasuresInput {
    /// The `next` of the page before.
    #[serde(default)]
    cursor: Maybe<Cursor>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct ListErasuresOutput(Page<Receipt>);

async fn delete_contact(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<ContactId>,
    ApiQuery(input): ApiQuery<DeleteContactInput>,
) -> Result<HeaderMap> {
    let with_sessions = input.sessions.0.is_some_and(|flag| flag.0);
    let scope = Scope::write(Resource::ChatSessions);
    if with_sessions && !caller.scopes.allow(scope) {
        return Err(Error::Forbidden(format!("the key lacks the scope {scope}")));
    }
    let fate = if with_sessions { Fate::Deleted } else { Fate::Masked };
    let mut tx = app.begin(caller.org_id).await?;
    let erasure = super::erase_contact(&mut tx, id, fate).await?;
    let detail = json!({"sessions": fate, "erasure_id": erasure.id});
    tx.audit(AuditKind::ContactDeleted, caller.actor(), Some(id.into()), detail);
    tx.commit().await?;
    jobs::ring(&app);
    Ok(headers(&erasure))
}

async fn delete_session(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<SessionId>,
) -> Result<(HeaderMap, Json<Receipt>)> {
    let mut tx = app.begin(caller.org_id).await?;
    let erasure = super::erase_session(&mut tx, id).await?;
    let detail = json!({"erasure_id": erasure.id});
    tx.audit(AuditKind::SessionDeleted, caller.actor(), Some(id.into()), detail);
    tx.commit().await?;
    jobs::ring(&app);
    Ok((headers(&erasure), Json(erasure.into())))
}

/// Returns the headers that name an erasure.
fn headers(erasure: &Erasure) -> HeaderMap {
    let id = erasure.id.to_string();
    let mut headers = HeaderMap::new();
    for (name, value) in [(header::LOCATION, format!("/erasures/{id}")), (ERASURE_ID, id)] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    headers
}

async fn list(
    State(app): State<App>,
    caller: Caller,
    ApiQuery(input): ApiQuery<ListErasuresInput>,
) -> Result<Json<ListErasuresOutput>> {
    let erasures = store::list(&app.db, caller.org_id, input.cursor.0).await?;
    let behind = |erasure: &Erasure| Cursor::new(erasure.created_at, erasure.id.as_bytes());
    let (erasures, next) = cut_page(erasures, behind);
    Ok(Json(ListErasuresOutput(Page { items: erasures.into_iter().map(Receipt::from).collect(), next })))
}

async fn show(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<ErasureId>,
) -> Result<Json<Receipt>> {
    let erasure = store::find(&app.db, caller.org_id, id).await?;
    erasure.map(|erasure| Json(erasure.into())).ok_or(Error::NotFound("erasure"))
}
