//! Sessions that were imported before, and come again with more or other things said in them.

use super::apply::{Changes, changed};
use super::handoff;
use super::history::{Event, NewMessage, REDACTED, Sender, column};
use super::session::SessionStatus;
use super::store;
use crate::db::sql;
use crate::error::Result;
use crate::ids::{MessageId, SessionId};
use crate::orgs::OrgTx;
use crate::time::Timestamp;
use crate::wire::Patch;
use std::collections::HashMap;

/// Applies an imported record to its session: known messages become what it says of them, the others are added; what was
/// redacted stays so. The history is the record's, as if it came for the first time: nobody here closed or tagged the
/// session. The import enqueues the reading, and nothing is emitted, since the conversation happened elsewhere.
pub async fn update_imported(
    tx: &mut OrgTx,
    id: SessionId,
    mut changes: Changes,
    messages: Vec<NewMessage>,
) -> Result<()> {
    let session = store::require(tx, id).await?;
    let org_id = tx.org_id;
    let handoff = handoff::find_latest(&mut *tx, org_id, &[id]).await?.remove(&id);
    if handoff.is_some_and(|handoff| handoff.summary == REDACTED) {
        changes.handoff = Patch::Keep;
    }
    let (mut new, _) = changed(tx, &session, changes, &mut Vec::new()).await?;
    let mut known = known(tx, id).await?;
    let mut said = Vec::new();
    for message in messages {
        match known.remove(&message.id) {
            Some(old) if old.is_redacted => {}
            Some(old) => old.become_what_is_said(tx, message).await?,
            None => said.push(message),
        }
    }
    store::append(tx, &mut new, said).await?;
    let query = sql("
        select max(created_at) from messages where org_id = $1 and session_id = $2 and text is not null
    ");
    let (last_said_at,): (Option<Timestamp>,) = tx.fetch_one(query.bind(tx.org_id).bind(id)).await?;
    new.summary_wanted = new.status != SessionStatus::Open;
    new.last_message_at = last_said_at.unwrap_or(new.created_at).max(new.created_at);
    store::update(tx, &new).await
}

/// A message as it is stored.
#[derive(crate::db::Record)]
struct Known {
    id: MessageId,
    text: Option<String>,
    is_redacted: bool,
    #[record(flatten)]
    facts: Facts,
}

/// A message but for its text.
#[derive(PartialEq, crate::db::Record)]
struct Facts {
    event_type: Event,
    sender: Sender,
    sender_name: Option<String>,
    attachments: Option<String>,
    context: Option<String>,
    created_at: Option<Timestamp>,
}

async fn known(tx: &mut OrgTx, id: SessionId) -> Result<HashMap<MessageId, Known>> {
    let query = sql("
        select id, text, redacted_at is not null as is_redacted, event_type, sender, sender_name, attachments,
            context, created_at
        from messages where org_id = $1 and session_id = $2
    ");
    let known: Vec<Known> = tx.fetch_all(query.bind(tx.org_id).bind(id)).await?;
    Ok(known.into_iter().map(|known| (known.id, known)).collect())
}

impl Known {
    async fn become_what_is_said(self, tx: &mut OrgTx, said: NewMessage) -> Result<()> {
        if self.text != said.text {
            store::update_text(tx, self.id, said.text.as_deref()).await?;
        }
        let facts = Facts {
            event_type: said.event,
            sender: said.sender,
            sender_name: said.sender_name,
            attachments: column(Some(&said.attachments).filter(|files| !files.is_empty()))?,
            context: column(said.context.as_ref())?,
            created_at: said.created_at,
        };
        if self.facts == facts {
            return Ok(());
        }
        let query = sql("
            update messages set event_type = $3, sender = $4, sender_name = $5, attachments = $6, context = $7,
                created_at = $8
            where org_id = $1 and id = $2
        ");
        let query = query
            .bind(tx.org_id)
            .bind(self.id)
            .bind(facts.event_type)
            .bind(facts.sender)
            .bind(facts.sender_name)
            .bind(facts.attachments)
            .bind(facts.context)
            .bind(facts.created_at);
        tx.run(query).await
    }
}
