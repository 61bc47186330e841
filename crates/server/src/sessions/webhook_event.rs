//! The bodies of webhook events about a session.

use super::{Handoff, Sender, Session, handoff, store};
use crate::db::{Db, sql};
use crate::error::Result;
use crate::ids::{MessageId, OrgId, SessionId};
use crate::time::Timestamp;
use serde_json::Value as Json;

/// An entry of a session's history, and the session as it is now.
#[derive(Debug)]
pub struct WebhookEvent {
    /// The session.
    pub session: Session,
    /// The kind of the entry.
    pub event_type: String,
    /// The message.
    pub text: Option<String>,
    /// Its sender.
    pub sender: Sender,
    /// The name of its sender.
    pub sender_name: Option<String>,
    /// More that is known of the entry.
    pub context: Option<Json>,
    /// The time of the entry.
    pub created_at: Option<Timestamp>,
    /// The number of messages of the session.
    pub message_count: i64,
    /// The session's latest handoff.
    pub handoff: Option<Handoff>,
    /// The help desk that the session lives in, if it is another.
    pub third_party: Option<String>,
}

#[derive(crate::db::Record)]
struct Row {
    event_type: String,
    sender: Sender,
    text: Option<String>,
    sender_name: Option<String>,
    context: Option<String>,
    created_at: Option<Timestamp>,
    message_count: i64,
}

/// Finds the entry of this id, if it and its session are still there.
pub async fn webhook_event(
    db: &Db,
    org_id: OrgId,
    id: SessionId,
    entry_id: MessageId,
) -> Result<Option<WebhookEvent>> {
    let Some(session) = store::find(db, org_id, id).await? else { return Ok(None) };
    let query = sql("
        select event_type, sender, text, sender_name, context, created_at, (
            select count(*) from messages m
            where m.org_id = $1 and m.session_id = $2 and m.event_type = 'message'
        ) as message_count
        from messages where org_id = $1 and session_id = $2 and id = $3
    ");
    let row: Option<Row> = db.fetch_optional(query.bind(org_id).bind(id).bind(entry_id)).await?;
    let Some(row) = row else { return Ok(None) };
    let context = row.context.as_deref().map(serde_json::from_str).transpose();
    let system: Option<Json> = session
        .ticketing_system
        .as_deref()
        .map(serde_json::from_str)
        .transpose()
        .map_err(anyhow::Error::new)?;
    let system = system.and_then(|system| system["name"].as_str().map(str::to_owned));
    Ok(Some(WebhookEvent {
        event_type: row.event_type,
        sender: row.sender,
        text: row.text,
        sender_name: row.sender_name,
        context: context.map_err(anyhow::Error::new)?,
        created_at: row.created_at,
        message_count: row.message_count,
        handoff: handoff::find_latest(db, org_id, &[id]).await?.remove(&id),
        third_party: system.filter(|name| name != super::TicketingSystemName::Open.as_str()),
        session,
    }))
}
