//! `POST /chat/sessions/{session_id}/reveal`: a history as it was said, for who has the right to it.

use super::history::ChatHistoryItem;
use super::send::ListChatHistoryOutput;
use super::store;
use crate::access::{Resource, Scope};
use crate::app::App;
use crate::error::Result;
use crate::event::AuditKind;
use crate::http::{Api, ApiJson, ApiPath, Caller, Cursor, Page};
use crate::ids::SessionId;
use crate::openapi::Operation;
use crate::wire::{Maybe, SingleLine};
use axum::Json;
use axum::extract::State;
use axum::http::Method;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

/// Returns the operation that shows what is masked.
pub(super) fn routes() -> Api {
    Api::new().route(
        Operation::new(Method::POST, "/chat/sessions/{session_id}/reveal", "revealChatSession")
            .summary("List what was said in a session as it was said; the audit log has who did and why")
            .scope(Scope::read(Resource::Unmasked))
            .body::<RevealInput>()
            .returns::<ListChatHistoryOutput>(),
        reveal,
    )
}

#[derive(Debug, Deserialize, JsonSchema)]
struct RevealInput {
    /// The `next` of the page before.
    #[serde(default)]
    cursor: Maybe<Cursor>,
    /// Why, for the audit log.
    #[serde(default)]
    reason: Maybe<SingleLine<500>>,
}

async fn reveal(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<SessionId>,
    ApiJson(input): ApiJson<RevealInput>,
) -> Result<Json<ListChatHistoryOutput>> {
    caller.require(Scope::read(Resource::ChatSessions))?;
    let (messages, next) = store::history(&app.db, caller.org_id, id, input.cursor.0).await?;
    // nobody sees a word before it is written down who did
    let detail = json!({"messages": messages.len(), "reason": input.reason.0.map(|reason| reason.0)});
    let mut tx = app.begin(caller.org_id).await?;
    tx.audit(AuditKind::SessionRevealed, caller.actor(), Some(id.into()), detail);
    tx.commit().await?;
    let items = messages.into_iter().map(ChatHistoryItem::try_from).collect::<anyhow::Result<_>>()?;
    Ok(Json(ListChatHistoryOutput(Page { items, next })))
}
