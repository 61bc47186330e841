//! Sessions, their history and handoffs in SQL.

use super::history::Message;
use super::list::{FilterInput, SessionFilter};
use super::{AiClosureType, Sentiment, Session};
use crate::custom_data;
use crate::db::like_pattern;
use crate::db::{Db, Sql, Value, sql};
use crate::error::Result;
use crate::http::{PAGE_SIZE, Window};
use crate::ids::{ContactId, MessageId, OrgId, SessionId};
use crate::orgs::OrgTx;
use std::collections::HashMap;

const COLUMNS: &str = "id, ticket_number, status, channel, language, language_declared, sentiment,
    ai_closure_type, contact_id, team_id, assignee_id, custom_data, assist_mode, ticketing_system, summary,
    summary_wanted, next_seq, import_hash, last_message_at, created_at, updated_at";

fn select(condition: &str, org_id: OrgId) -> Sql {
    sql(&format!("select {COLUMNS} from sessions where org_id = $1 and {condition}")).bind(org_id)
}

/// The session of this id.
pub async fn find(db: &Db, org_id: OrgId, id: SessionId) -> Result<Option<Session>> {
    db.fetch_optional(select("id = $2", org_id).bind(id)).await
}

pub(super) async fn find_in(tx: &mut OrgTx, id: SessionId) -> Result<Option<Session>> {
    let query = select("id = $2", tx.org_id).bind(id);
    tx.fetch_optional(query).await
}

/// The sessions of these ids, in no order.
pub async fn find_all(db: &Db, org_id: OrgId, ids: &[SessionId]) -> Result<Vec<Session>> {
    let mut query = select("id in ", org_id);
    query.push_list(ids.iter().copied());
    db.fetch_all(query).await
}

/// One page of sessions and one more, newest update first.
pub(super) async fn list(
    db: &Db,
    org_id: OrgId,
    filter: &SessionFilter,
    window: &Window,
) -> Result<Vec<Session>> {
    let mut query = select("1 = 1", org_id);
    if let Some(status) = filter.status.0 {
        query.push(" and status = ").push_bind(status);
    }
    if let Some(channel) = filter.channel_type.0 {
        query.push(" and channel = ").push_bind(channel);
    }
    if let Some(handed_off) = filter.handed_off.0 {
        query.push(if handed_off.0 { " and " } else { " and not " });
        query.push("(coalesce(ai_closure_type, '') = ").push_bind(AiClosureType::HandedOff);
        query.push(" or assignee_id is not null)");
    }
    window.push(&mut query);
    db.fetch_all(query).await
}

/// One page of sessions and one more, as `input` filters and orders them.
pub(super) async fn filter(db: &Db, org_id: OrgId, input: &FilterInput) -> Result<Vec<Session>> {
    let mut query = select("1 = 1", org_id);
    let filters = &input.filters;
    if let Some(from) = filters.date_from.0 {
        query.push(" and created_at >= ").push_bind(from.start);
    }
    if let Some(to) = filters.date_to.0 {
        query.push(" and created_at <= ").push_bind(to.end);
    }
    push_any(&mut query, "channel", filters.channels.0.as_deref());
    push_any(&mut query, "status", filters.statuses.0.as_deref());
    push_any(&mut query, "sentiment", filters.sentiments.0.as_deref());
    push_any(&mut query, "assignee_id", filters.assignee_ids.0.as_deref());
    push_any(&mut query, "team_id", filters.team_ids.0.as_deref());
    push_any(&mut query, "contact_id", filters.contact_ids.0.as_deref());
    push_any(&mut query, "language", filters.languages.0.as_deref());
    if let Some(tags) = filters.tags.0.as_deref().filter(|tags| !tags.is_empty()) {
        query.push(" and id in (select session_id from session_tags where org_id = ").push_bind(org_id);
        query.push(" and tag_name in ").push_list(tags.iter().cloned()).push(")");
    }
    if let Some(data) = filters.custom_data.0.as_ref().filter(|data| !data.0.is_empty()) {
        query.push(" and id in ");
        custom_data::SESSIONS.push_owners(&mut query, org_id, std::slice::from_ref(data));
    }
    let direction = input.sort_order.as_str();
    query.push(&format!(" order by {} {direction}, id {direction} limit ", input.sort_by.as_str()));
    let offset = (input.page.0 - 1).saturating_mul(input.limit.0);
    query.push_bind(input.limit.0 + 1).push(" offset ").push_bind(offset);
    db.fetch_all(query).await
}

fn push_any<V: Clone + Into<Value>>(query: &mut Sql, column: &str, values: Option<&[V]>) {
    if let Some(values) = values.filter(|values| !values.is_empty()) {
        query.push(" and ").push(column).push(" in ").push_list(values.iter().cloned());
    }
}

/// Messages that contain `text`, of one contact's sessions or all: id, session, text, kind.
pub(super) async fn search_messages(
    db: &Db,
    org_id: OrgId,
    text: &str,
    contact_id: Option<ContactId>,
    limit: i64,
) -> Result<Vec<(MessageId, SessionId, Option<String>, String)>> {
    let mut query = sql("
        select id, session_id, text, event_type from messages
        where org_id = $1 and text_folded like $2 escape '\\'
    ")
    .bind(org_id)
    .bind(like_pattern(text));
    if let Some(contact_id) = contact_id {
        query.push(" and session_id in (select id from sessions where org_id = ").push_bind(org_id);
        query.push(" and contact_id = ").push_bind(contact_id).push(")");
    }
    query.push(" order by id desc limit ").push_bind(limit);
    db.fetch_all(query).await
}

/// One page of a session's history and one more, oldest first, behind the entry of sequence `after`.
pub(super) async fn history(db: &Db, org_id: OrgId, id: SessionId, after: i64) -> Result<Vec<Message>> {
    let query = sql("
        select id, seq, event_type, sender, sender_name, text, attachments, context, created_at
        from messages
        where org_id = $1 and session_id = $2 and seq > $3
        order by seq
        limit $4
    ");
    db.fetch_all(query.bind(org_id).bind(id).bind(after).bind(PAGE_SIZE as i64 + 1)).await
}

/// The latest handoff of each of these sessions that has one: summary and sentiment.
pub(super) async fn latest_handoffs(
    db: &Db,
    org_id: OrgId,
    ids: &[SessionId],
) -> Result<HashMap<SessionId, (String, Option<Sentiment>)>> {
    let mut query =
        sql("select session_id, summary, sentiment from handoffs where org_id = $1 and session_id in ")
            .bind(org_id);
    query.push_list(ids.iter().copied()).push(" order by created_at, id");
    let rows: Vec<(SessionId, String, Option<Sentiment>)> = db.fetch_all(query).await?;
    Ok(rows.into_iter().map(|(id, summary, sentiment)| (id, (summary, sentiment))).collect())
}

/// The latest handoff of a session: summary and sentiment.
pub(super) async fn latest_handoff(
    tx: &mut OrgTx,
    id: SessionId,
) -> Result<Option<(String, Option<Sentiment>)>> {
    let query = sql("
        select summary, sentiment from handoffs where org_id = $1 and session_id = $2
        order by created_at desc, id desc limit 1
    ");
    let query = query.bind(tx.org_id).bind(id);
    tx.fetch_optional(query).await
}

/// What each message of a session says.
pub(super) async fn texts(tx: &mut OrgTx, id: SessionId) -> Result<HashMap<MessageId, Option<String>>> {
    let query = sql("select id, text from messages where org_id = $1 and session_id = $2");
    let query = query.bind(tx.org_id).bind(id);
    let rows: Vec<(MessageId, Option<String>)> = tx.fetch_all(query).await?;
    Ok(rows.into_iter().collect())
}

/// Whether anything was said in a session.
pub(super) async fn has_messages(tx: &mut OrgTx, id: SessionId) -> Result<bool> {
    let query = sql("
        select id from messages where org_id = $1 and session_id = $2 and event_type = 'message' limit 1
    ");
    let query = query.bind(tx.org_id).bind(id);
    Ok(tx.fetch_optional::<(MessageId,)>(query).await?.is_some())
}

/// The tags on a session.
pub(super) async fn tags(tx: &mut OrgTx, id: SessionId) -> Result<Vec<String>> {
    let query =
        sql("select tag_name from session_tags where org_id = $1 and session_id = $2 order by tag_name");
    let query = query.bind(tx.org_id).bind(id);
    let rows: Vec<(String,)> = tx.fetch_all(query).await?;
    Ok(rows.into_iter().map(|(tag,)| tag).collect())
}
