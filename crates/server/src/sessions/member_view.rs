//! Conversations as members read them: masked. What keys read is the contract's, and as it was said.

use super::history::{HTML, Message, Sender};
use super::mask::mask_json;
use super::masked::from_column;
use super::response::ChatSessionListItem;
use super::set_aside::SetAsideReason;
use crate::access::{Caller, Resource, Scope};
use crate::app::App;
use crate::contacts::Words;
use crate::db::sql;
use crate::error::Result;
use crate::ids::{MessageId, OrgId};
use anyhow::Context;
use refrain_nlp::redact::{self, Finding};
use serde_json::Value as Json;
use std::collections::HashMap;

/// What is masked in a message: what readings found, and the words that its contact is known by now. It may have been
/// said since the last reading.
pub(super) struct Mask {
    kept: Option<String>,
    words: Words,
    pub(super) set_aside: Option<SetAsideReason>,
}

impl Mask {
    /// Finds what is masked in the text of the message.
    pub(super) fn findings(&self, text: &str) -> Result<Vec<Finding>> {
        let kept = from_column(self.kept.as_deref(), text)?;
        Ok(self.words.find_beside(text, &kept))
    }

    fn text(&self, text: &str) -> Result<String> {
        Ok(redact::mask(text, &self.findings(text)?))
    }

    fn message(&self, message: &mut Message) -> Result<()> {
        message.text = message.text.as_deref().map(|text| self.text(text)).transpose()?;
        if message.sender == Sender::Contact {
            message.sender_name = None;
        }
        if let Some(context) = &message.context {
            let mut json: Json = serde_json::from_str(context).context("reading the context of a message")?;
            if let Some(members) = json.as_object_mut() {
                members.remove(HTML);
            }
            mask_json(&mut json, &self.words);
            message.context = Some(json.to_string());
        }
        Ok(())
    }
}

pub(super) async fn masks(app: &App, org_id: OrgId, ids: Vec<MessageId>) -> Result<HashMap<MessageId, Mask>> {
    #[derive(crate::db::Record)]
    struct Row {
        id: MessageId,
        masked: Option<String>,
        set_aside: Option<SetAsideReason>,
        name: Option<String>,
        non_verified_name: Option<String>,
        email: Option<String>,
        non_verified_email: Option<String>,
        phone_number: Option<String>,
        non_verified_phone_number: Option<String>,
    }
    let mut query = sql("
        select m.id, m.masked, m.set_aside, c.name, c.non_verified_name, c.email, c.non_verified_email, c.phone_number,
            c.non_verified_phone_number
        from messages m
            join sessions s on s.org_id = m.org_id and s.id = m.session_id
            left join contacts c on c.org_id = s.org_id and c.id = s.contact_id
        where m.org_id = $1 and m.id in
    ")
    .bind(org_id);
    query.push_list(ids);
    let rows: Vec<Row> = app.db.fetch_all(query).await?;
    let mask = |row: Row| {
        let words = Words {
            names: row.name.into_iter().chain(row.non_verified_name).collect(),
            emails: row.email.into_iter().chain(row.non_verified_email).collect(),
            phones: row.phone_number.into_iter().chain(row.non_verified_phone_number).collect(),
            values: Vec::new(),
        };
        (row.id, Mask { kept: row.masked, words, set_aside: row.set_aside })
    };
    Ok(rows.into_iter().map(mask).collect())
}

/// Returns a page of a history as a caller is shown it. Files have what nothing masks: they take the right to read
/// unmasked.
pub(super) async fn of_history(
    app: &App,
    caller: &Caller,
    mut messages: Vec<Message>,
) -> Result<Vec<Message>> {
    if !caller.is_member() {
        return Ok(messages);
    }
    let masks = masks(app, caller.org_id, messages.iter().map(|message| message.id).collect()).await?;
    let has_files = caller.require_unmasked().is_ok();
    let masking = move || {
        for message in &mut messages {
            if let Some(mask) = masks.get(&message.id) {
                mask.message(message)?;
            }
            if !has_files {
                message.attachments = None;
            }
        }
        Ok(messages)
    };
    tokio::task::spawn_blocking(masking).await.context("masking a history")?
}

/// Returns texts of messages as a caller is shown them.
pub(super) async fn of_texts(
    app: &App,
    caller: &Caller,
    mut texts: Vec<(MessageId, Option<String>)>,
) -> Result<Vec<Option<String>>> {
    if caller.is_member() {
        let masks = masks(app, caller.org_id, texts.iter().map(|(id, _)| *id).collect()).await?;
        let masking = move || {
            for (id, text) in &mut texts {
                let mask = masks.get(id).zip(text.as_deref());
                *text = mask.map(|(mask, text)| mask.text(text)).transpose()?;
            }
            Ok::<_, crate::error::Error>(texts)
        };
        texts = tokio::task::spawn_blocking(masking).await.context("masking messages")??;
    }
    Ok(texts.into_iter().map(|(_, text)| text).collect())
}

/// Returns sessions as a caller is shown them: to a member who may read no contacts, without the details of theirs.
pub(super) fn of_sessions(caller: &Caller, sessions: Vec<ChatSessionListItem>) -> Vec<ChatSessionListItem> {
    if reads_contacts(caller) {
        return sessions;
    }
    sessions.into_iter().map(ChatSessionListItem::without_details).collect()
}

/// Returns true if a caller of a call on sessions is shown details of contacts too.
pub(super) fn reads_contacts(caller: &Caller) -> bool {
    !caller.is_member() || caller.scopes.allow(Scope::read(Resource::Contacts))
}
