//! Writes sessions, their history and handoffs.

use super::history::column;
use super::{AiClosureType, Channel, NewMessage, Sentiment, Session, SessionStatus, TicketingSystemRef};
use crate::custom_data::{self, CustomData};
use crate::db::{Tx, Value, sql};
use crate::error::Result;
use crate::ids::{ContactId, HandoffId, MessageId, OrgId, SessionId, TeamId};
use crate::orgs::{OrgTx, Subject};
use crate::time::Timestamp;
use refrain_nlp::case_fold::fold;
use uuid::Uuid;

/// A session to insert, with its history so far.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// Its id.
    pub id: SessionId,
    /// Whether it goes on.
    pub status: SessionStatus,
    /// How the contact came.
    pub channel: Channel,
    /// Code of the language, where the source says it.
    pub language: Option<String>,
    /// How the AI agent left it.
    pub ai_closure_type: Option<AiClosureType>,
    /// Who asks.
    pub contact_id: Option<ContactId>,
    /// Who looks after it.
    pub team_id: Option<TeamId>,
    /// Which person does.
    pub assignee_id: Option<String>,
    /// Attributes.
    pub custom_data: CustomData,
    /// Whether the AI agent only drafts.
    pub assist_mode: bool,
    /// The record at a help desk.
    pub ticketing_system: Option<TicketingSystemRef>,
    /// The handoff to a person, if it came to that.
    pub handoff: Option<NewHandoff>,
    /// Tags.
    pub tags: Vec<String>,
    /// What was said.
    pub messages: Vec<NewMessage>,
    /// The hash of the imported record.
    pub import_hash: Option<Vec<u8>>,
    /// When it began.
    pub created_at: Timestamp,
}

/// A handoff to write down.
#[derive(Clone, Debug)]
pub struct NewHandoff {
    /// What the person needs to know.
    pub summary: String,
    /// How the contact felt then.
    pub sentiment: Option<Sentiment>,
}

#[derive(Default)]
struct Rows {
    sessions: Vec<Vec<Value>>,
    custom_data: Vec<Vec<Value>>,
    tags: Vec<Vec<Value>>,
    handoffs: Vec<Vec<Value>>,
    messages: Vec<Vec<Value>>,
}

/// Inserts sessions with everything that is theirs. They are numbered in their order.
pub async fn insert_all(tx: &mut OrgTx, sessions: Vec<NewSession>) -> Result<()> {
    let count = i64::try_from(sessions.len()).unwrap_or(i64::MAX);
    let first_number = tx.take_ticket_numbers(count).await?;
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
    insert_handoffs(tx, rows.handoffs).await?;
    insert_messages(tx, rows.messages).await
}

impl Rows {
    fn add(&mut self, org_id: OrgId, now: Timestamp, number: i64, session: NewSession) -> Result<()> {
        let id = session.id;
        self.sessions.push(session_row(org_id, now, number, &session)?);
        self.custom_data.extend(custom_data::SESSIONS.rows(org_id, id, &session.custom_data));
        self.tags.extend(session.tags.iter().map(|tag| vec![org_id.into(), tag.into(), id.into()]));
        self.handoffs.extend(session.handoff.map(|handoff| handoff_row(org_id, now, id, handoff)));
        for (message, seq) in session.messages.into_iter().zip(1..) {
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
        i64::try_from(session.messages.len() + 1).unwrap_or(i64::MAX).into(),
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

fn handoff_row(org_id: OrgId, now: Timestamp, session_id: SessionId, handoff: NewHandoff) -> Vec<Value> {
    vec![
        org_id.into(),
        HandoffId::new(now).into(),
        session_id.into(),
        handoff.summary.into(),
        handoff.sentiment.into(),
        handoff.sentiment.is_some().into(),
        now.into(),
    ]
}

async fn insert_handoffs(tx: &mut Tx, rows: Vec<Vec<Value>>) -> Result<()> {
    let insert =
        "insert into handoffs (org_id, id, session_id, summary, sentiment, sentiment_declared, created_at)";
    tx.insert_all(insert, rows, "").await
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

/// Adds to a session's history. The session's row is to be updated in the same transaction.
pub(super) async fn append(tx: &mut OrgTx, session: &mut Session, messages: Vec<NewMessage>) -> Result<()> {
    let mut rows = Vec::new();
    for message in messages {
        rows.push(message_row(tx.org_id, session.id, session.next_seq, message)?);
        session.next_seq += 1;
    }
    insert_messages(tx, rows).await
}

/// Changes what was said in a message.
pub(super) async fn update_text(tx: &mut OrgTx, id: MessageId, text: &str) -> Result<()> {
    let query = sql("update messages set text = $3, text_folded = $4 where org_id = $1 and id = $2");
    let query = query.bind(tx.org_id).bind(id).bind(text).bind(fold(text));
    tx.execute(query).await.map(|_| ())
}

/// Writes a session's row, as a new revision that is to be read.
pub(super) async fn update(tx: &mut OrgTx, session: &Session) -> Result<()> {
    let query = sql("
        update sessions set status = $3, language = $4, language_declared = $5, ai_closure_type = $6,
            contact_id = $7, team_id = $8, assignee_id = $9, custom_data = $10, assist_mode = $11,
            ticketing_system = $12, summary_wanted = $13, next_seq = $14, import_hash = $15,
            last_message_at = $16, revision = revision + 1, updated_at = $17
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
        .bind(tx.now);
    tx.execute(query).await?;
    tx.changed(Subject::Session, session.id);
    Ok(())
}

/// Writes a handoff of a session down.
pub(super) async fn insert_handoff(tx: &mut OrgTx, id: SessionId, handoff: NewHandoff) -> Result<()> {
    let row = handoff_row(tx.org_id, tx.now, id, handoff);
    insert_handoffs(tx, vec![row]).await
}

/// Forgets the handoffs of a session.
pub(super) async fn delete_handoffs(tx: &mut OrgTx, id: SessionId) -> Result<()> {
    let query = sql("delete from handoffs where org_id = $1 and session_id = $2").bind(tx.org_id).bind(id);
    tx.execute(query).await.map(|_| ())
}

/// Puts `tags` in the place of those on a session.
pub(super) async fn replace_tags(tx: &mut OrgTx, id: SessionId, tags: &[String]) -> Result<()> {
    let query =
        sql("delete from session_tags where org_id = $1 and session_id = $2").bind(tx.org_id).bind(id);
    tx.execute(query).await?;
    let rows = tags.iter().map(|tag| vec![tx.org_id.into(), tag.into(), id.into()]).collect();
    insert_tags(tx, rows).await
}

/// Takes a contact that is to be deleted off its sessions, which thereby change.
pub async fn forget(tx: &mut OrgTx, subject: Subject, id: Uuid) -> Result<()> {
    if subject != Subject::Contact {
        return Ok(());
    }
    let query = sql("
        update sessions set contact_id = null, updated_at = $3
        where org_id = $1 and contact_id = $2 returning id
    ");
    let query = query.bind(tx.org_id).bind(id).bind(tx.now);
    let sessions: Vec<(SessionId,)> = tx.fetch_all(query).await?;
    for (session_id,) in sessions {
        tx.changed(Subject::Session, session_id);
    }
    Ok(())
}
