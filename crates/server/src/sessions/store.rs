//! Sessions and their history in SQL.

use super::filter::SessionFilter;
use super::handoff::{self, Handoff};
use super::history::{Message, NewMessage, column};
use super::session::{AiClosureType, Channel, Session, SessionStatus, TicketingSystemRef};
use super::storage;
use crate::custom_data::{self, CustomData};
use crate::db::{self, Db, Query, Sql, Tx, Value, sql};
use crate::error::{Error, Result};
use crate::http::{Cursor, PAGE_SIZE, Walk, Window, cut_page_to_size};
use crate::ids::{ContactId, MessageId, OrgId, SessionId, TeamId};
use crate::orgs::{OrgTx, Subject};
use crate::time::{Calendar, Timestamp};
use crate::wire::Nullable;
use refrain_nlp::case_fold::fold;
use std::collections::BTreeSet;
use uuid::Uuid;

/// A session to insert, with its history so far.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// Its id.
    pub id: SessionId,
    /// Open or closed.
    pub status: SessionStatus,
    /// The channel that the contact came by.
    pub channel: Channel,
    /// Code of the language, where the source says it.
    pub language: Option<String>,
    /// The outcome when the AI agent closed it.
    pub ai_closure_type: Option<AiClosureType>,
    /// The contact who asks for help.
    pub contact_id: Option<ContactId>,
    /// The team that looks after it.
    pub team_id: Option<TeamId>,
    /// The member who is assigned to it.
    pub assignee_id: Option<String>,
    /// Attributes.
    pub custom_data: CustomData,
    /// True if the AI agent only drafts.
    pub assist_mode: bool,
    /// The record at a help desk.
    pub ticketing_system: Option<TicketingSystemRef>,
    /// The handoff to a person, if it came to that.
    pub handoff: Option<Handoff>,
    /// Tags.
    pub tags: Vec<String>,
    /// The entries of its history, in order.
    pub messages: Vec<NewMessage>,
    /// The hash of the imported record.
    pub import_hash: Option<Vec<u8>>,
    /// The time it began.
    pub created_at: Timestamp,
}

const COLUMNS: &str = "id, ticket_number, status, channel, language, language_declared, sentiment,
    ai_closure_type, contact_id, team_id, assignee_id, custom_data, assist_mode, ticketing_system, summary,
    summary_wanted, next_seq, import_hash, last_message_at, created_at, updated_at";

fn select(condition: &str, org_id: OrgId) -> Sql {
    sql(&format!("select {COLUMNS} from sessions where org_id = $1 and {condition}")).bind(org_id)
}

/// Finds the session of this id.
pub async fn find(db: impl Query, org_id: OrgId, id: SessionId) -> Result<Option<Session>> {
    db.fetch_optional(select("id = $2", org_id).bind(id)).await
}

/// Finds the session of this id. A session that is absent or another organization's is a 404.
pub(super) async fn require(tx: &mut OrgTx, id: SessionId) -> Result<Session> {
    let org_id = tx.org_id;
    find(tx, org_id, id).await?.ok_or(Error::NotFound("session"))
}

/// Lists a page of sessions, newest update first, and the cursor of the next one.
pub(super) async fn list(
    db: &Db,
    org_id: OrgId,
    filter: &SessionFilter,
    window: &Window,
    calendar: &Calendar,
) -> Result<(Vec<Session>, Nullable<String>)> {
    let walk = Walk {
        db,
        org_id,
        window,
        calendar,
        subject: Subject::Session,
        select: || select_filtered(org_id, filter),
        position: |session: &Session| (session.updated_at, session.id.into()),
        size: Session::bytes,
    };
    walk.page().await
}

/// Begins a query for sessions with the size of what is shown of their contacts.
pub(super) fn select_for_list(org_id: OrgId) -> Sql {
    sql(&format!(
        "select {COLUMNS}, (
            select cast(
                coalesce(octet_length(c.custom_data), 0) + coalesce(octet_length(c.non_verified_custom_data), 0)
                as bigint)
            from contacts c where c.org_id = s.org_id and c.id = s.contact_id
        ) as contact_bytes
        from sessions s where s.org_id = $1"
    ))
    .bind(org_id)
}

fn select_filtered(org_id: OrgId, filter: &SessionFilter) -> Sql {
    let mut query = select_for_list(org_id);
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
    query
}

/// Loads the page of a session's history behind `after`, oldest first, and where the next page begins. A session that is
/// absent is a 404.
pub(super) async fn history(
    db: &Db,
    org_id: OrgId,
    id: SessionId,
    after: Option<Cursor>,
) -> Result<(Vec<Message>, Nullable<String>)> {
    find(db, org_id, id).await?.ok_or(Error::NotFound("session"))?;
    let query = sql("
        select id, seq, event_type, sender, sender_name, text, attachments, context, created_at
        from messages
        where org_id = $1 and session_id = $2 and seq > $3
        order by seq
        limit $4
    ");
    let after = after.map_or(0, |cursor| cursor.position);
    let query = query.bind(org_id).bind(id).bind(after).bind(db::count(PAGE_SIZE) + 1);
    Ok(cut_page_to_size(db.fetch_all(query).await?, Message::bytes, Message::cursor))
}

/// Returns true if anything was said in a session.
pub(super) async fn has_messages(tx: &mut OrgTx, id: SessionId) -> Result<bool> {
    let query = sql("
        select id from messages where org_id = $1 and session_id = $2 and event_type = 'message' limit 1
    ");
    Ok(tx.fetch_optional::<(MessageId,)>(query.bind(tx.org_id).bind(id)).await?.is_some())
}

/// Lists the tags on a session.
pub(super) async fn tags(tx: &mut OrgTx, id: SessionId) -> Result<Vec<String>> {
    let query =
        sql("select tag_name from session_tags where org_id = $1 and session_id = $2 order by tag_name");
    let rows: Vec<(String,)> = tx.fetch_all(query.bind(tx.org_id).bind(id)).await?;
    Ok(rows.into_iter().map(|(tag,)| tag).collect())
}

#[derive(Default)]
struct Rows {
    sessions: Vec<Vec<Value>>,
    custom_data: Vec<Vec<Value>>,
    tags: Vec<Vec<Value>>,
    handoffs: Vec<Vec<Value>>,
    messages: Vec<Vec<Value>>,
    /// The bytes of the messages.
    bytes: i64,
}

/// Inserts sessions with everything that is theirs. They are numbered in their order.
pub async fn insert_all(tx: &mut OrgTx, sessions: Vec<NewSession>) -> Result<()> {
    let first_number = tx.take_ticket_numbers(db::count(sessions.len())).await?;
    let mut rows = Rows::default();
    for (session, number) in sessions.into_iter().zip(first_number..) {
        tx.changed(Subject::Session, session.id);
        rows.add(tx.org_id, tx.now, number, session)?;
    }
    let insert = "insert into sessions (org_id, id, ticket_number, status, channel, language, language_declared,
        ai_closure_type, contact_id, team_id, assignee_id, custom_data, assist_mode, ticketing_system,
        summary_wanted, next_seq, import_hash, revision, read_revision, last_message_at, created_at, updated_at)";
    tx.insert_all(insert, rows.sessions, "").await?;
    custom_data::SESSIONS.insert(tx, rows.custom_data).await?;
    insert_tags(tx, rows.tags).await?;
    handoff::insert_all(tx, rows.handoffs).await?;
    tx.add_stored(rows.bytes);
    insert_messages(tx, rows.messages).await
}

impl Rows {
    fn add(&mut self, org_id: OrgId, now: Timestamp, number: i64, session: NewSession) -> Result<()> {
        let id = session.id;
        self.sessions.push(session_row(org_id, now, number, &session)?);
        self.custom_data.extend(custom_data::SESSIONS.rows(org_id, id, &session.custom_data));
        self.tags.extend(session.tags.iter().map(|tag| vec![org_id.into(), tag.into(), id.into()]));
        self.handoffs.extend(session.handoff.map(|handoff| handoff::row(org_id, now, id, handoff)));
        for (message, seq) in session.messages.into_iter().zip(1..) {
            self.bytes += storage::bytes(message.text.as_deref());
            self.messages.push(message_row(org_id, id, seq, message)?);
        }
        Ok(())
    }
}

fn session_row(org_id: OrgId, now: Timestamp, number: i64, session: &NewSession) -> Result<Vec<Value>> {
    let said = session.messages.iter().filter(|message| message.text.is_some());
    let last_said_at = said.filter_map(|message| message.created_at).max();
    Ok(vec![
        org_id.into(),
        session.id.into(),
        number.into(),
        session.status.into(),
        session.channel.into(),
        session.language.clone().into(),
        session.language.is_some().into(),
        session.ai_closure_type.into(),
        session.contact_id.into(),
        session.team_id.into(),
        session.assignee_id.clone().into(),
        session.custom_data.to_column()?.into(),
        session.assist_mode.into(),
        column(session.ticketing_system.as_ref())?.into(),
        (session.status != SessionStatus::Open).into(),
        db::count(session.messages.len() + 1).into(),
        session.import_hash.clone().into(),
        1.into(),
        0.into(),
        last_said_at.unwrap_or(session.created_at).max(session.created_at).into(),
        session.created_at.into(),
        now.into(),
    ])
}

async fn insert_tags(tx: &mut Tx, rows: Vec<Vec<Value>>) -> Result<()> {
    tx.insert_all("insert into session_tags (org_id, tag_name, session_id)", rows, "on conflict do nothing")
        .await
}

fn message_row(org_id: OrgId, session_id: SessionId, seq: i64, message: NewMessage) -> Result<Vec<Value>> {
    let attachments = Some(&message.attachments).filter(|attachments| !attachments.is_empty());
    Ok(vec![
        org_id.into(),
        message.id.into(),
        session_id.into(),
        seq.into(),
        message.event.into(),
        message.sender.into(),
        message.sender_name.into(),
        message.text.as_deref().map(fold).into(),
        message.text.into(),
        column(attachments)?.into(),
        column(message.context.as_ref())?.into(),
        message.created_at.into(),
    ])
}

async fn insert_messages(tx: &mut Tx, rows: Vec<Vec<Value>>) -> Result<()> {
    let insert =
        "insert into messages (org_id, id, session_id, seq, event_type, sender, sender_name, text_folded,
        text, attachments, context, created_at)";
    tx.insert_all(insert, rows, "").await
}

/// Adds entries to a session's history. The session's row is to be updated in the same transaction.
pub(super) async fn append(tx: &mut OrgTx, session: &mut Session, messages: Vec<NewMessage>) -> Result<()> {
    let (mut rows, mut bytes) = (Vec::new(), 0);
    for message in messages {
        bytes += storage::bytes(message.text.as_deref());
        rows.push(message_row(tx.org_id, session.id, session.next_seq, message)?);
        session.next_seq += 1;
    }
    tx.add_stored(bytes);
    insert_messages(tx, rows).await
}

/// Updates the text of a message.
pub(super) async fn update_text(tx: &mut OrgTx, id: MessageId, text: Option<&str>) -> Result<()> {
    let query = sql("select text from messages where org_id = $1 and id = $2").bind(tx.org_id).bind(id);
    let old: Option<(Option<String>,)> = tx.fetch_optional(query).await?;
    let grown = storage::bytes(text) - storage::bytes(old.and_then(|(old,)| old).as_deref());
    tx.add_stored(grown);
    // what was masked in the old text has no place in the new one
    let query = sql("
        update messages set text = $3, text_folded = $4, masked = null where org_id = $1 and id = $2
    ");
    tx.run(query.bind(tx.org_id).bind(id).bind(text).bind(text.map(fold))).await
}

/// Updates a session's row, as a new revision that is to be read.
pub(super) async fn update(tx: &mut OrgTx, session: &Session) -> Result<()> {
    let query = sql("
        update sessions set status = $3, language = $4, language_declared = $5, ai_closure_type = $6,
            contact_id = $7, team_id = $8, assignee_id = $9, custom_data = $10, assist_mode = $11,
            ticketing_system = $12, summary_wanted = $13, next_seq = $14, import_hash = $15,
            last_message_at = $16, channel = $17, created_at = $18, revision = revision + 1, updated_at = $19
        where org_id = $1 and id = $2
    ");
    let query = query
        .bind(tx.org_id)
        .bind(session.id)
        .bind(session.status)
        .bind(session.language.clone())
        .bind(session.language_declared)
        .bind(session.ai_closure_type)
        .bind(session.contact_id)
        .bind(session.team_id)
        .bind(session.assignee_id.clone())
        .bind(session.custom_data.clone())
        .bind(session.assist_mode)
        .bind(session.ticketing_system.clone())
        .bind(session.summary_wanted)
        .bind(session.next_seq)
        .bind(session.import_hash.clone())
        .bind(session.last_message_at)
        .bind(session.channel)
        .bind(session.created_at)
        .bind(tx.now);
    tx.run(query).await?;
    tx.changed(Subject::Session, session.id);
    Ok(())
}

/// Replaces the tags on a session.
pub(super) async fn replace_tags(tx: &mut OrgTx, id: SessionId, tags: &BTreeSet<String>) -> Result<()> {
    let query = sql("delete from session_tags where org_id = $1 and session_id = $2");
    tx.run(query.bind(tx.org_id).bind(id)).await?;
    let rows = tags.iter().map(|tag| vec![tx.org_id.into(), tag.into(), id.into()]).collect();
    insert_tags(tx, rows).await
}

/// Clears a contact or a team that is to be deleted from its sessions, which thereby change. Ignores other subjects.
pub async fn forget(tx: &mut OrgTx, subject: Subject, id: Uuid) -> Result<()> {
    let column = match subject {
        Subject::Contact => "contact_id",
        Subject::Team => "team_id",
        _ => return Ok(()),
    };
    let query = sql(&format!(
        "update sessions set {column} = null, updated_at = $3 where org_id = $1 and {column} = $2 returning id"
    ));
    let sessions: Vec<(SessionId,)> = tx.fetch_all(query.bind(tx.org_id).bind(id).bind(tx.now)).await?;
    for (session_id,) in sessions {
        tx.changed(Subject::Session, session_id);
        tx.moved.insert(session_id);
    }
    Ok(())
}
