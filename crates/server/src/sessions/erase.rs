//! The erasure of sessions: which ones an erasure is of, and their deletion with everything that is theirs.

use super::attachments;
use crate::contacts::Words;
use crate::custom_data::{self, CustomData};
use crate::db::{Sql, sql};
use crate::error::Result;
use crate::ids::{ContactId, ErasureId, SessionId};
use crate::orgs::{OrgTx, Subject};
use crate::time::Timestamp;

/// The most sessions of one step of an erasure, and the most characters of their messages together.
const STEP_SESSIONS: i64 = 100;
const STEP_CHARS: i64 = 1_000_000;
/// The most names of one person that its messages were sent under.
const NAMES_MAX: i64 = 100;

/// The sessions that an erasure is of.
#[derive(Clone, Copy, Debug)]
pub enum Erased {
    /// Those of a contact.
    OfContact(ContactId),
    /// One.
    One(SessionId),
    /// The closed ones in which nothing was said since, at most so many.
    Older(Timestamp, i64),
    /// Those that are marked for an erasure that is under way.
    Marked(ErasureId),
}

impl Erased {
    /// Adds the condition that a session `s` is one of them.
    pub fn push(self, query: &mut Sql) {
        match self {
            Self::OfContact(id) => query.push(" s.contact_id = ").push_bind(id),
            Self::One(id) => query.push(" s.id = ").push_bind(id),
            Self::Older(time, _) => query
                .push(" s.status <> 'open' and s.erasure_id is null and s.last_message_at < ")
                .push_bind(time),
            Self::Marked(id) => query.push(" s.erasure_id = ").push_bind(id),
        };
    }
}

/// Marks sessions for an erasure. Nothing of them is read any more until it is done with them. Returns their number.
pub async fn mark(tx: &mut OrgTx, erased: Erased, erasure_id: ErasureId) -> Result<u64> {
    let mut query = sql("update sessions set erasure_id = $2 where org_id = $1 and id in (
        select s.id from sessions s where s.org_id = $1 and ");
    query = query.bind(tx.org_id).bind(erasure_id);
    erased.push(&mut query);
    if let Erased::Older(_, most) = erased {
        query.push(" order by s.last_message_at, s.id limit ").push_bind(most);
    }
    query.push(")");
    tx.execute(query).await
}

/// Lists the next sessions of an erasure that is under way, with what they have to say bounded.
pub async fn marked(tx: &mut OrgTx, erasure_id: ErasureId) -> Result<Vec<SessionId>> {
    let query = sql("
        select s.id, coalesce((
            select sum(length(m.text)) from messages m where m.org_id = s.org_id and m.session_id = s.id
        ), 0) from sessions s
        where s.org_id = $1 and s.erasure_id = $2 order by s.id limit $3
    ");
    let query = query.bind(tx.org_id).bind(erasure_id).bind(STEP_SESSIONS);
    let rows: Vec<(SessionId, i64)> = tx.fetch_all(query).await?;
    let mut chars = 0;
    let mut sessions = Vec::new();
    for (id, length) in rows {
        chars += length;
        if chars > STEP_CHARS && !sessions.is_empty() {
            break;
        }
        sessions.push(id);
    }
    Ok(sessions)
}

/// Lists the names under which the contacts of marked sessions wrote.
pub async fn senders(tx: &mut OrgTx, erasure_id: ErasureId) -> Result<Vec<String>> {
    let query = sql("
        select distinct m.sender_name from messages m
        join sessions s on s.org_id = m.org_id and s.id = m.session_id
        where s.org_id = $1 and s.erasure_id = $2 and m.sender = 'contact' and m.sender_name is not null
        limit $3
    ");
    let names: Vec<(String,)> = tx.fetch_all(query.bind(tx.org_id).bind(erasure_id).bind(NAMES_MAX)).await?;
    Ok(names.into_iter().map(|(name,)| name).collect())
}

/// Lists the values of the custom data of marked sessions.
pub async fn values(tx: &mut OrgTx, ids: &[SessionId]) -> Result<Vec<String>> {
    let mut query = sql("
        select distinct v.value from session_values v where v.org_id = $1 and not exists (
            select 1 from session_values o
            where o.org_id = v.org_id and o.key = v.key and o.value = v.value and o.session_id <> v.session_id
        ) and v.session_id in
    ")
    .bind(tx.org_id);
    query.push_list(ids.iter().copied());
    let values: Vec<(String,)> = tx.fetch_all(query).await?;
    Ok(values.into_iter().map(|(value,)| value).collect())
}

/// The numbers of messages and files that went with sessions, or of which something was masked.
#[derive(Clone, Copy, Debug, Default)]
pub struct Touched {
    /// Entries of histories.
    pub messages: u64,
    /// Files.
    pub files: u64,
}

/// Deletes sessions with everything that is theirs. What counts them must be gone already.
pub async fn delete_all(tx: &mut OrgTx, ids: &[SessionId]) -> Result<Touched> {
    let files = attachments::delete(tx, ids).await?;
    let mut query =
        sql("select coalesce(sum(octet_length(text)), 0) from messages where org_id = $1 and session_id in ")
            .bind(tx.org_id);
    query.push_list(ids.iter().copied());
    let (bytes,): (i64,) = tx.fetch_one(query).await?;
    tx.add_stored(-bytes);
    let mut query = sql("delete from messages where org_id = $1 and session_id in ").bind(tx.org_id);
    query.push_list(ids.iter().copied());
    let messages = tx.execute(query).await?;
    let mut query = sql("delete from sessions where org_id = $1 and id in ").bind(tx.org_id);
    query.push_list(ids.iter().copied());
    tx.run(query).await?;
    for id in ids {
        tx.changed(Subject::Session, *id);
    }
    Ok(Touched { messages, files })
}

/// Masks what is known of a session beside its messages, and ends its erasure.
pub(super) async fn mask_row(tx: &mut OrgTx, id: SessionId, words: &Words) -> Result<()> {
    let query = sql("select custom_data, summary from sessions where org_id = $1 and id = $2");
    let (data, summary): (String, Option<String>) = tx.fetch_one(query.bind(tx.org_id).bind(id)).await?;
    let mut data: CustomData = CustomData::from_column(Some(&data))?;
    for value in data.0.values_mut() {
        if let Some(masked) = words.mask(&value.as_text()) {
            *value = custom_data::Scalar::Text(masked);
        }
    }
    let summary = summary.map(|summary| words.mask(&summary).unwrap_or(summary));
    let query = sql("
        update sessions set custom_data = $3, summary = $4, erasure_id = null, updated_at = $5
        where org_id = $1 and id = $2
    ");
    let query = query.bind(tx.org_id).bind(id).bind(data.to_column()?).bind(summary).bind(tx.now);
    tx.run(query).await?;
    let org_id = tx.org_id;
    custom_data::SESSIONS.replace(tx, org_id, id, &data).await?;
    tx.changed(Subject::Session, id);
    Ok(())
}
