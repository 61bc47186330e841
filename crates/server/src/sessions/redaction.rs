//! Redaction of a session at rest: entries of its history stay, and what they say goes for good.

use super::attachments;
use super::history::{Event, REDACTED};
use super::reading::read_again;
use super::{handoff, storage, store};
use crate::db::{self, sql};
use crate::error::{Error, Result};
use crate::ids::{MessageId, SessionId};
use crate::orgs::{OrgTx, Subject};
use anyhow::Context;
use serde_json::Value as Json;

/// The entries of a history that say something: the others tell of tags, teams and the like.
const SAYS: &str =
    "event_type in ('message', 'handoff', 'closed_resolved_by_api', 'closed_unresolved_by_api')";
/// The entries in one SQL statement.
const CHUNK: usize = 1_000;

/// What was redacted of a session.
#[derive(Debug, Default)]
pub struct Redaction {
    /// The entries of its history.
    pub entries: Vec<MessageId>,
    /// The number of them that are messages.
    pub messages: u64,
    /// The texts that they had.
    pub said: Vec<String>,
    /// The number of handoffs of which the history has no entry, as of imported ones.
    pub handoffs: u64,
}

impl Redaction {
    /// Returns the number of things that were redacted.
    pub fn count(&self) -> u64 {
        self.entries.len() as u64 + self.handoffs
    }
}

#[derive(crate::db::Record)]
struct Entry {
    id: MessageId,
    event_type: Event,
    text: Option<String>,
    attachments: Option<String>,
    context: Option<String>,
}

/// Redacts an entry of a history. Fails with the 404 if there is none that says something.
pub async fn redact_message(tx: &mut OrgTx, id: MessageId) -> Result<Redaction> {
    let query = sql(&format!("select session_id from messages where org_id = $1 and id = $2 and {SAYS}"));
    let session: Option<(SessionId,)> = tx.fetch_optional(query.bind(tx.org_id).bind(id)).await?;
    let (session_id,) = session.ok_or(Error::NotFound("message"))?;
    redact(tx, session_id, Some(id)).await
}

/// Redacts all that a session says so far. Fails with the 404 if there is none.
pub async fn redact_session(tx: &mut OrgTx, id: SessionId) -> Result<Redaction> {
    store::require(tx, id).await?;
    redact(tx, id, None).await
}

/// Redacts the entries of a session that are not yet, or the only one that is meant. The session is read again after.
async fn redact(tx: &mut OrgTx, session_id: SessionId, only: Option<MessageId>) -> Result<Redaction> {
    let mut query = sql(&format!(
        "select id, event_type, text, attachments, context from messages
        where org_id = $1 and session_id = $2 and redacted_at is null and {SAYS}"
    ));
    query = query.bind(tx.org_id).bind(session_id);
    if let Some(id) = only {
        query.push(" and id = ").push_bind(id);
    }
    query.push(" order by seq");
    let entries: Vec<Entry> = tx.fetch_all(query).await?;
    let mut redaction = Redaction::default();
    let mut files = Vec::new();
    for entry in entries {
        if entry.event_type == Event::Handoff
            && let Some(summary) = summary(entry.context.as_deref())?
        {
            handoff::redact(tx, session_id, Some(&summary)).await?;
        }
        redaction.entries.push(entry.id);
        redaction.messages += u64::from(entry.event_type == Event::Message);
        redaction.said.extend(entry.text);
        files.extend(entry.attachments);
    }
    if only.is_none() {
        redaction.handoffs = handoff::redact(tx, session_id, None).await?;
    }
    if redaction.count() == 0 {
        return Ok(redaction);
    }
    attachments::delete_listed(tx, files).await?;
    let had: i64 = redaction.said.iter().map(|text| storage::bytes(Some(text))).sum();
    let has = db::count(redaction.said.len()) * storage::bytes(Some(REDACTED));
    tx.add_stored(has - had);
    for ids in redaction.entries.chunks(CHUNK) {
        let mut query = sql("
            update messages set text = case when text is null then null else $2 end,
                text_folded = case when text is null then null else $2 end, attachments = null, context = null,
                sender_name = case when sender = 'contact' then null else sender_name end, masked = null,
                set_aside = null, set_aside_at = null, redacted_at = $3
            where org_id = $1 and id in
        ");
        query = query.bind(tx.org_id).bind(REDACTED).bind(tx.now);
        query.push_list(ids.iter().copied());
        tx.run(query).await?;
    }
    let query = sql("update sessions set summary = null, updated_at = $3 where org_id = $1 and id = $2");
    tx.run(query.bind(tx.org_id).bind(session_id).bind(tx.now)).await?;
    tx.changed(Subject::Session, session_id);
    read_again(tx, &[session_id], false).await?;
    Ok(redaction)
}

/// Returns the summary in the context of a handoff.
fn summary(context: Option<&str>) -> Result<Option<String>> {
    let Some(context) = context else { return Ok(None) };
    let context: Json = serde_json::from_str(context).context("reading the context of a handoff")?;
    Ok(context["summary"].as_str().map(str::to_owned))
}
