//! Masking a session at rest: what it keeps of a person is masked where it is stored, for good.

use super::reading::read_again;
use super::{attachments, erase, handoff, masked, store};
use crate::contacts::Words;
use crate::db::sql;
use crate::error::Result;
use crate::ids::{MessageId, SessionId};
use crate::orgs::OrgTx;
use anyhow::Context;
use refrain_nlp::redact::{Finding, Kind};
use serde_json::Value as Json;
use std::sync::Arc;

/// The most names that are looked for in a session.
const NAMES_MAX: usize = 200;
/// Members of a context that are a contact's own, and go as a whole.
const OWN: [&str; 1] = ["avatar_url"];

#[derive(crate::db::Record)]
struct Entry {
    id: MessageId,
    text: Option<String>,
    masked: Option<String>,
    context: Option<String>,
}

/// An entry of a history as it is to be stored: none of what stays as it is.
struct MaskedEntry {
    id: MessageId,
    text: Option<String>,
    context: Option<String>,
}

/// Masks a session: texts, custom data, summary, handoffs. Files go, since they can't be masked, and so do the names
/// under which the contact wrote. It is read again after.
pub async fn mask(tx: &mut OrgTx, id: SessionId, words: &Arc<Words>) -> Result<erase::Touched> {
    let query = sql("
        select id, text, masked, context from messages
        where org_id = $1 and session_id = $2 and (text is not null or context is not null) order by seq
    ");
    let entries: Vec<Entry> = tx.fetch_all(query.bind(tx.org_id).bind(id)).await?;
    let known = Arc::clone(words);
    let masking = move || mask_all(&entries, &known);
    let (masked, words) = tokio::task::spawn_blocking(masking).await.context("masking a session")??;
    let messages = masked.len() as u64;
    for entry in masked {
        if let Some(text) = entry.text {
            store::update_text(tx, entry.id, Some(&text)).await?;
        }
        if let Some(context) = entry.context {
            let query = sql("update messages set context = $3 where org_id = $1 and id = $2");
            tx.run(query.bind(tx.org_id).bind(entry.id).bind(context)).await?;
        }
    }
    let files = attachments::delete(tx, &[id]).await?;
    let query = sql("
        update messages set sender_name = case when sender = 'contact' then null else sender_name end,
            attachments = null
        where org_id = $1 and session_id = $2 and (sender_name is not null or attachments is not null)
    ");
    tx.run(query.bind(tx.org_id).bind(id)).await?;
    handoff::mask(tx, id, &words).await?;
    erase::mask_row(tx, id, &words).await?;
    read_again(tx, &[id], false).await?;
    Ok(erase::Touched { messages, files })
}

/// Masks the entries of a history, with the names that readings found while they were known. Returns those that differ,
/// and the words with these names.
fn mask_all(entries: &[Entry], words: &Words) -> Result<(Vec<MaskedEntry>, Words)> {
    let mut words = words.clone();
    let mut kept = Vec::new();
    for entry in entries {
        let text = entry.text.as_deref().unwrap_or_default();
        let findings = masked::from_column(entry.masked.as_deref(), text)?;
        let names = findings.iter().filter(|finding| finding.kind == Kind::Name);
        for name in names.map(|finding| &text[finding.start..finding.end]) {
            if words.names.len() < NAMES_MAX && !words.names.iter().any(|known| known == name) {
                words.names.push(name.to_owned());
            }
        }
        kept.push(findings);
    }
    let masked = entries.iter().zip(&kept).filter_map(|(entry, kept)| mask_entry(entry, kept, &words));
    let masked = masked.collect();
    Ok((masked, words))
}

fn mask_entry(entry: &Entry, kept: &[Finding], words: &Words) -> Option<MaskedEntry> {
    let text = entry.text.as_deref().and_then(|text| words.mask_beside(text, kept));
    let context = entry.context.as_deref().and_then(|context| {
        let mut json: Json = serde_json::from_str(context).ok()?;
        mask_json(&mut json, words).then(|| json.to_string())
    });
    (text.is_some() || context.is_some()).then_some(MaskedEntry { id: entry.id, text, context })
}

/// Masks the texts of a JSON value, but for ids, by which things are found. Returns true if it is another then.
pub(super) fn mask_json(json: &mut Json, words: &Words) -> bool {
    match json {
        Json::String(text) => match words.mask(text) {
            Some(masked) => {
                *text = masked;
                true
            }
            None => false,
        },
        Json::Array(items) => {
            items.iter_mut().filter_map(|item| mask_json(item, words).then_some(())).count() > 0
        }
        Json::Object(members) => {
            let before = members.len();
            members.retain(|name, _| !OWN.contains(&name.as_str()));
            let fewer = members.len() < before;
            let texts = members.iter_mut().filter(|(name, _)| !name.ends_with("_id"));
            texts.fold(fewer, |any, (_, member)| mask_json(member, words) || any)
        }
        _ => false,
    }
}
