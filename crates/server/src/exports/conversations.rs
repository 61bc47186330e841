//! Conversations as imports take them. A record has everything that grouping sees, and the ids of session and
//! contact, so that what is imported into an empty organization groups the same.

use crate::contacts::{self, Contact, Details};
use crate::custom_data::CustomData;
use crate::db::{Tx, sql};
use crate::error::Result;
use crate::ids::{ContactId, OrgId, SessionId};
use crate::imports::{Claims, EXPORT_VERSION, EXTERNAL_ID, Findings, Record, RecordContact, Turn};
use crate::sessions::{
    AiClosureType, Attachment, Channel, Event, HandoffInput, Sender, Sentiment, SessionStatus,
};
use crate::time::Timestamp;
use crate::wire::{SingleLine, Text};
use anyhow::Context;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use std::collections::HashMap;

const PAGE: i64 = 100;
/// A page has fewer conversations where their histories have more entries together.
const ENTRIES_MAX: i64 = 2_000;

#[derive(crate::db::Record)]
struct Session {
    id: SessionId,
    ticket_number: i64,
    status: SessionStatus,
    channel: Channel,
    language: Option<String>,
    language_declared: bool,
    sentiment: Option<Sentiment>,
    ai_closure_type: Option<AiClosureType>,
    contact_id: Option<ContactId>,
    team: Option<String>,
    assignee_id: Option<String>,
    custom_data: String,
    assist_mode: bool,
    ticketing_system: Option<String>,
    summary: Option<String>,
    next_seq: i64,
    created_at: Timestamp,
}

#[derive(crate::db::Record)]
struct Entry {
    session_id: SessionId,
    event_type: Event,
    sender: Sender,
    sender_name: Option<String>,
    text: Option<String>,
    attachments: Option<String>,
    context: Option<String>,
    created_at: Option<Timestamp>,
}

/// The parts of a page beside the rows of its sessions.
struct Beside {
    contacts: HashMap<ContactId, RecordContact>,
    handoffs: HashMap<SessionId, HandoffInput>,
    tags: HashMap<SessionId, Vec<SingleLine<200>>>,
    turns: HashMap<SessionId, Vec<Turn>>,
}

/// Loads the conversations after the one of ticket number `last`, each complete, in that order, so that an import
/// numbers them in the same order.
pub(super) async fn page(tx: &mut Tx, org_id: OrgId, last: i64) -> Result<Vec<(i64, Record)>> {
    let query = sql("
        select s.id, s.ticket_number, s.status, s.channel, s.language, s.language_declared, s.sentiment,
            s.ai_closure_type, s.contact_id, t.name as team, s.assignee_id, s.custom_data, s.assist_mode,
            s.ticketing_system, s.summary, s.next_seq, s.created_at
        from sessions s left join teams t on t.org_id = s.org_id and t.id = s.team_id
        where s.org_id = $1 and s.ticket_number > $2
        order by s.ticket_number
        limit $3
    ");
    let mut sessions: Vec<Session> = tx.fetch_all(query.bind(org_id).bind(last).bind(PAGE)).await?;
    let mut entries = 0;
    let fits = |session: &&Session| {
        entries += session.next_seq;
        entries <= ENTRIES_MAX
    };
    let count = sessions.iter().take_while(fits).count().max(1);
    sessions.truncate(count);
    let ids: Vec<SessionId> = sessions.iter().map(|session| session.id).collect();
    let contact_ids: Vec<ContactId> = sessions.iter().filter_map(|session| session.contact_id).collect();
    let mut beside = Beside {
        contacts: load_contacts(tx, org_id, &contact_ids).await?,
        handoffs: load_handoffs(tx, org_id, &ids).await?,
        tags: load_tags(tx, org_id, &ids).await?,
        turns: load_turns(tx, org_id, &ids).await?,
    };
    let numbered = |session: Session| Ok((session.ticket_number, record(session, &mut beside)?));
    sessions.into_iter().map(numbered).collect()
}

fn record(session: Session, beside: &mut Beside) -> Result<Record> {
    let custom_data = CustomData::from_column(Some(&session.custom_data))?;
    Ok(Record {
        export_version: Some(EXPORT_VERSION),
        id: session.id.to_string(),
        channel: Some(session.channel.to_string()),
        language: session.language.clone().filter(|_| session.language_declared),
        created_at: Some(session.created_at),
        brand: None,
        turns: beside.turns.remove(&session.id).unwrap_or_default(),
        status: Some(session.status),
        ai_closure_type: session.ai_closure_type,
        handoff: beside.handoffs.remove(&session.id),
        ticketing_system: from_column(session.ticketing_system.as_deref())?,
        contact: session.contact_id.and_then(|id| beside.contacts.get(&id)).cloned(),
        custom_data: Some(custom_data).filter(|data| !data.0.is_empty()),
        team: session.team.map(SingleLine),
        assignee_id: session.assignee_id.map(SingleLine),
        assist_mode: session.assist_mode.then_some(true),
        tags: beside.tags.remove(&session.id),
        labels: Json::Null,
        findings: Some(Findings {
            language: session.language,
            sentiment: session.sentiment,
            summary: session.summary,
        }),
    })
}

async fn load_contacts(
    tx: &mut Tx,
    org_id: OrgId,
    ids: &[ContactId],
) -> Result<HashMap<ContactId, RecordContact>> {
    let contacts = contacts::find_all(tx, org_id, ids).await?;
    contacts.into_iter().map(|contact| Ok((contact.id, contact_of(&contact)?))).collect()
}

fn contact_of(contact: &Contact) -> Result<RecordContact> {
    let Details { email, phone_number, name, custom_data } = contact.known()?;
    let claimed = contact.claimed()?;
    let non_verified = (!claimed.is_empty()).then(|| Claims {
        email: claimed.email,
        phone_number: claimed.phone_number.map(Text),
        name: claimed.name.map(Text),
        custom_data: claimed.custom_data,
    });
    Ok(RecordContact {
        id: contact.id.to_string().into(),
        created_at: contact.created_at.to_string().into(),
        email,
        phone_number: phone_number.map(Text),
        name: name.map(Text),
        custom_data,
        non_verified,
    })
}

/// Loads the latest handoff of each session, with its sentiment where somebody said it.
async fn load_handoffs(
    tx: &mut Tx,
    org_id: OrgId,
    ids: &[SessionId],
) -> Result<HashMap<SessionId, HandoffInput>> {
    let mut query = sql("
        select session_id, summary, sentiment, sentiment_declared from handoffs
        where org_id = $1 and session_id in
    ")
    .bind(org_id);
    query.push_list(ids.iter().copied()).push(" order by created_at, id");
    let rows: Vec<(SessionId, String, Option<Sentiment>, bool)> = tx.fetch_all(query).await?;
    let handoff = |(id, summary, sentiment, declared): (SessionId, String, Option<Sentiment>, bool)| {
        let sentiment = sentiment.filter(|_| declared);
        (id, HandoffInput { summary: Text(summary), sentiment: sentiment.into() })
    };
    Ok(rows.into_iter().map(handoff).collect())
}

async fn load_tags(
    tx: &mut Tx,
    org_id: OrgId,
    ids: &[SessionId],
) -> Result<HashMap<SessionId, Vec<SingleLine<200>>>> {
    let mut query = sql("select session_id, tag_name from session_tags where org_id = $1 and session_id in ")
        .bind(org_id);
    query.push_list(ids.iter().copied()).push(" order by session_id");
    let rows: Vec<(SessionId, String)> = tx.fetch_all(query).await?;
    let mut tags: HashMap<SessionId, Vec<SingleLine<200>>> = HashMap::new();
    for (id, tag) in rows {
        tags.entry(id).or_default().push(SingleLine(tag));
    }
    // sorted here, since PostgreSQL would order by the locale of its server
    for tags in tags.values_mut() {
        tags.sort_by(|a, b| a.0.cmp(&b.0));
    }
    Ok(tags)
}

async fn load_turns(tx: &mut Tx, org_id: OrgId, ids: &[SessionId]) -> Result<HashMap<SessionId, Vec<Turn>>> {
    let mut query = sql("
        select session_id, event_type, sender, sender_name, text, attachments, context, created_at
        from messages where org_id = $1 and session_id in
    ")
    .bind(org_id);
    query.push_list(ids.iter().copied()).push(" order by session_id, seq");
    let entries: Vec<Entry> = tx.fetch_all(query).await?;
    let mut turns: HashMap<SessionId, Vec<Turn>> = HashMap::new();
    for entry in entries {
        turns.entry(entry.session_id).or_default().push(turn(entry)?);
    }
    Ok(turns)
}

fn turn(entry: Entry) -> Result<Turn> {
    let mut context: Option<serde_json::Map<String, Json>> = from_column(entry.context.as_deref())?;
    let external_id =
        context.as_ref().and_then(|context| context.get(EXTERNAL_ID)?.as_str().map(str::to_owned));
    if external_id.is_some() {
        context.as_mut().and_then(|context| context.remove(EXTERNAL_ID));
    }
    let attachments: Option<Vec<Attachment>> = from_column(entry.attachments.as_deref())?;
    Ok(Turn {
        id: external_id,
        event: Some(entry.event_type).filter(|event| *event != Event::Message),
        role: entry.sender,
        text: entry.text.map(Text),
        html: None,
        name: entry.sender_name.map(Text),
        created_at: entry.created_at,
        attachments,
        context: context.filter(|context| !context.is_empty()),
    })
}

fn from_column<T: DeserializeOwned>(text: Option<&str>) -> Result<Option<T>> {
    Ok(text.map(serde_json::from_str).transpose().context("reading what a column keeps")?)
}
