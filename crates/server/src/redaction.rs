//! Redaction when somebody asks for it: what a message or a session says is taken out, wherever it is kept, for good.
//! The message stays as one, and the session still counts for the insights that it was counted for.

use crate::app::App;
use crate::erasures::Purge;
use crate::error::Result;
use crate::event::AuditKind;
use crate::http::{Api, ApiJson, Caller};
use crate::ids::{MessageId, SessionId};
use crate::insights;
use crate::jobs;
use crate::keys::{Resource, Scope};
use crate::openapi::Operation;
use crate::orgs::OrgTx;
use crate::sessions::{self, Redaction};
use crate::wire::{Maybe, SafeInt, Text, string_enum};
use axum::Json;
use axum::extract::State;
use axum::http::Method;
use refrain_nlp::redact;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

/// Returns the operations that redact.
pub fn routes() -> Api {
    let write = Scope::write(Resource::Redaction);
    Api::tagged("Redaction")
        .route(
            Operation::new(Method::POST, "/redaction/message", "redactMessage")
                .summary("Take out what a message says, with its files, for good")
                .scope(write)
                .body::<RedactMessageDto>()
                .returns::<RedactMessageOutput>()
                .or(404),
            redact_message,
        )
        .route(
            Operation::new(Method::POST, "/redaction/session", "redactSession")
                .summary("Take out all that a session says, with its files, for good")
                .scope(write)
                .body::<RedactSessionDto>()
                .returns::<RedactSessionOutput>()
                .or(404),
            redact_session,
        )
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct RedactMessageDto {
    message_id: MessageId,
    /// Kept in the audit log, with personal data masked.
    #[serde(default)]
    reason: Maybe<Text<1_000>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct RedactSessionDto {
    session_id: SessionId,
    /// Kept in the audit log, with personal data masked.
    #[serde(default)]
    reason: Maybe<Text<1_000>>,
}

string_enum! {
    /// The kind of what was redacted.
    RedactionType {
        /// A message.
        Message = "message",
        /// A session.
        Session = "session",
    }
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct RedactMessageOutput {
    success: bool,
    message: &'static str,
    item_id: MessageId,
    redaction_type: RedactionType,
    /// The entries of the history that this call redacted: one or none.
    #[schemars(with = "SafeInt")]
    affected_count: u64,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct RedactSessionOutput {
    success: bool,
    message: &'static str,
    item_id: SessionId,
    redaction_type: RedactionType,
    /// The entries of the history that this call redacted (messages, handoffs, what came with a closing), and handoffs
    /// of which there is no entry.
    #[schemars(with = "SafeInt")]
    affected_count: u64,
    /// The messages among them.
    #[schemars(with = "SafeInt")]
    messages_redacted: u64,
}

async fn redact_message(
    State(app): State<App>,
    caller: Caller,
    ApiJson(input): ApiJson<RedactMessageDto>,
) -> Result<Json<RedactMessageOutput>> {
    let mut tx = app.begin(caller.org_id).await?;
    let redaction = sessions::redact_message(&mut tx, input.message_id).await?;
    let (kind, id) = (AuditKind::MessageRedacted, input.message_id);
    finish(&app, tx, &caller, &redaction, kind, id.into(), input.reason).await?;
    Ok(Json(RedactMessageOutput {
        success: true,
        message: "the message is redacted",
        item_id: id,
        redaction_type: RedactionType::Message,
        affected_count: redaction.count(),
    }))
}

async fn redact_session(
    State(app): State<App>,
    caller: Caller,
    ApiJson(input): ApiJson<RedactSessionDto>,
) -> Result<Json<RedactSessionOutput>> {
    let mut tx = app.begin(caller.org_id).await?;
    let redaction = sessions::redact_session(&mut tx, input.session_id).await?;
    let (kind, id) = (AuditKind::SessionRedacted, input.session_id);
    finish(&app, tx, &caller, &redaction, kind, id.into(), input.reason).await?;
    Ok(Json(RedactSessionOutput {
        success: true,
        message: "the session is redacted",
        item_id: id,
        redaction_type: RedactionType::Session,
        affected_count: redaction.count(),
        messages_redacted: redaction.messages,
    }))
}

/// Takes what was redacted out of insights, notes who asked for it, and commits. Writes nothing if all was redacted before.
async fn finish(
    app: &App,
    mut tx: OrgTx,
    caller: &Caller,
    redaction: &Redaction,
    kind: AuditKind,
    subject_id: Uuid,
    reason: Maybe<Text<1_000>>,
) -> Result<()> {
    if redaction.count() == 0 {
        return Ok(());
    }
    insights::redact_messages(&mut tx, &redaction.entries, &redaction.said).await?;
    let reason = reason.0.map(|reason| redact::mask(&reason.0, &redact::find(&reason.0, &[])));
    let detail = json!({"count": redaction.count(), "reason": reason});
    tx.audit(kind, caller.actor(), Some(subject_id), detail);
    jobs::enqueue(&mut tx, &Purge {}).await?;
    tx.commit().await?;
    jobs::ring(app);
    Ok(())
}
