//! Changes to a session: the differences are written, and recorded in its history.

use super::handoff::{self, HandoffInput};
use super::history::{Event, NewMessage, Sender, column};
use super::session::{AiClosureType, Channel, Session, SessionStatus, TicketingSystemRef};
use super::store;
use crate::custom_data::{self, CustomData};
use crate::error::Result;
use crate::ids::{ContactId, MessageId, TeamId};
use crate::orgs::OrgTx;
use crate::outbox::EventName;
use crate::teams;
use crate::time::Timestamp;
use crate::wire::Patch;
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;

/// Changes to make to a session.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// Open or closed.
    pub status: Option<SessionStatus>,
    /// Context to keep with the event of closing.
    pub closing_context: Option<Json>,
    /// True if a summary is to be written once it is closed.
    pub summary_wanted: bool,
    /// Code of the language.
    pub language: Option<String>,
    /// The outcome when the AI agent closed it.
    pub ai_closure_type: Patch<AiClosureType>,
    /// The contact who asks for help.
    pub contact_id: Option<ContactId>,
    /// The team that looks after it.
    pub team_id: Patch<TeamId>,
    /// The member who is assigned to it.
    pub assignee_id: Patch<String>,
    /// Attributes, added key by key.
    pub custom_data: Option<CustomData>,
    /// True if the AI agent only drafts.
    pub assist_mode: Option<bool>,
    /// The record at a help desk.
    pub ticketing_system: Patch<TicketingSystemRef>,
    /// The handoff to a person.
    pub handoff: Patch<HandoffInput>,
    /// All tags.
    pub tags: Option<Vec<String>>,
    /// The hash of the imported record.
    pub import_hash: Option<Vec<u8>>,
    /// The channel that the contact came by.
    pub channel: Option<Channel>,
    /// The time it began.
    pub created_at: Option<Timestamp>,
}

/// Applies `changes`, adds `said` to the history after the entries that they cause, enqueues a reading, and emits the
/// events. Does nothing if there is no difference.
pub(super) async fn update(
    tx: &mut OrgTx,
    session: &Session,
    changes: Changes,
    said: Vec<NewMessage>,
) -> Result<()> {
    let message = said.iter().find(|entry| entry.event == Event::Message).map(|message| message.id);
    let first = match message {
        Some(id) if session.next_seq == 1 || !store::has_messages(tx, session.id).await? => Some(id),
        _ => None,
    };
    let Some(entries) = apply(tx, session, changes, said).await? else { return Ok(()) };
    if let Some(first) = first {
        tx.emit(EventName::ConversationStarted, session.id, first);
    }
    for entry in entries {
        if let Some(event) = event_of(&entry) {
            tx.emit(event, session.id, entry.id);
        }
    }
    tx.unread.insert(session.id);
    Ok(())
}

/// An entry that was added to a history.
struct Added {
    id: MessageId,
    event: Event,
    sender: Sender,
}

fn event_of(entry: &Added) -> Option<EventName> {
    match (entry.event, entry.sender) {
        (Event::Message, Sender::Contact) => Some(EventName::ConversationContactResponse),
        (Event::Message, Sender::HumanAgent) => Some(EventName::ConversationAgentResponse),
        (Event::Message, Sender::Ai) => Some(EventName::ConversationAiResponse),
        (Event::Handoff | Event::HumanAgentTakeover, _) => Some(EventName::ConversationHandoffToHuman),
        (Event::ClosedResolvedByApi | Event::ClosedUnresolvedByApi, _) => Some(EventName::ConversationClosed),
        _ => None,
    }
}

/// Applies `changes` and returns the entries added to the history, or nothing if there was no difference.
async fn apply(
    tx: &mut OrgTx,
    session: &Session,
    changes: Changes,
    said: Vec<NewMessage>,
) -> Result<Option<Vec<Added>>> {
    let mut history = Vec::new();
    let (mut new, handoff_changed) = changed(tx, session, changes, &mut history).await?;
    history.extend(said);
    if history.is_empty() && new == *session && !handoff_changed {
        return Ok(None);
    }
    new.last_message_at = history
        .iter()
        .filter_map(|entry| entry.text.as_ref().and(entry.created_at))
        .fold(new.last_message_at, Ord::max);
    let added = |entry: &NewMessage| Added { id: entry.id, event: entry.event, sender: entry.sender };
    let added = history.iter().map(added).collect();
    store::append(tx, &mut new, history).await?;
    store::update(tx, &new).await?;
    Ok(Some(added))
}

/// Returns a session with `changes`, whose parts in other tables are written, and true if its handoff is another. Puts
/// the entries that the changes cause into `history`.
pub(super) async fn changed(
    tx: &mut OrgTx,
    session: &Session,
    changes: Changes,
    history: &mut Vec<NewMessage>,
) -> Result<(Session, bool)> {
    let mut new = session.clone();
    change_status(tx, &mut new, &changes, history);
    new.ai_closure_type = changes.ai_closure_type.apply(new.ai_closure_type);
    new.contact_id = changes.contact_id.or(new.contact_id);
    new.assist_mode = changes.assist_mode.unwrap_or(new.assist_mode);
    new.import_hash = changes.import_hash.or(new.import_hash);
    new.channel = changes.channel.unwrap_or(new.channel);
    new.created_at = changes.created_at.unwrap_or(new.created_at);
    if (new.contact_id, new.created_at) != (session.contact_id, session.created_at) {
        tx.moved.insert(session.id);
    }
    if let Some(language) = changes.language {
        (new.language, new.language_declared) = (Some(language), true);
    }
    let old_system = new.ticketing_system.as_deref().map(serde_json::from_str).transpose();
    let system = changes.ticketing_system.apply(old_system.map_err(anyhow::Error::new)?);
    new.ticketing_system = column(system.as_ref())?;
    assign(tx, &mut new, changes.team_id, changes.assignee_id, history).await?;
    if let Some(data) = changes.custom_data {
        let mut merged = CustomData::from_column(Some(&new.custom_data))?;
        merged.merge(data)?;
        new.custom_data = merged.to_column()?;
        let org_id = tx.org_id;
        custom_data::SESSIONS.replace(tx, org_id, new.id, &merged).await?;
    }
    if let Some(tags) = changes.tags {
        change_tags(tx, &new, tags, history).await?;
    }
    let handoff_changed = hand_off(tx, &new, changes.handoff, history).await?;
    Ok((new, handoff_changed))
}

fn change_status(tx: &OrgTx, new: &mut Session, changes: &Changes, history: &mut Vec<NewMessage>) {
    let old = new.status;
    new.status = changes.status.unwrap_or(old);
    if new.status != SessionStatus::Open {
        new.summary_wanted |= changes.summary_wanted;
    }
    if new.status == old {
        return;
    }
    let (event, context) = match new.status {
        SessionStatus::Open => (Event::SystemReopenedSession, None),
        SessionStatus::ClosedResolved => (Event::ClosedResolvedByApi, changes.closing_context.clone()),
        SessionStatus::ClosedUnresolved => (Event::ClosedUnresolvedByApi, changes.closing_context.clone()),
    };
    history.push(NewMessage::event(event, tx.now, context));
}

async fn assign(
    tx: &mut OrgTx,
    new: &mut Session,
    team_id: Patch<TeamId>,
    assignee_id: Patch<String>,
    history: &mut Vec<NewMessage>,
) -> Result<()> {
    let (old_team, old_assignee) = (new.team_id, new.assignee_id.clone());
    new.team_id = team_id.apply(old_team);
    new.assignee_id = assignee_id.apply(old_assignee.clone());
    if new.team_id != old_team {
        let event = match new.team_id {
            Some(id) => {
                let team = teams::require(tx, id).await?;
                let context = json!({"team_id": id, "team_name": team.name});
                NewMessage::event(Event::TeamAssignedBySystem, tx.now, Some(context))
            }
            None => NewMessage::event(Event::TeamUnassignedBySystem, tx.now, None),
        };
        history.push(event);
    }
    if new.assignee_id != old_assignee {
        let event = match &new.assignee_id {
            Some(id) => {
                NewMessage::event(Event::AgentAssignedBySystem, tx.now, Some(json!({"assignee_id": id})))
            }
            None => NewMessage::event(Event::AgentUnassignedBySystem, tx.now, None),
        };
        history.push(event);
    }
    Ok(())
}

async fn change_tags(
    tx: &mut OrgTx,
    session: &Session,
    tags: Vec<String>,
    history: &mut Vec<NewMessage>,
) -> Result<()> {
    let new: BTreeSet<String> = tags.into_iter().collect();
    let old: BTreeSet<String> = store::tags(tx, session.id).await?.into_iter().collect();
    let event = |event, tag: &String| NewMessage::event(event, tx.now, Some(json!({"tag_name": tag})));
    history.extend(new.difference(&old).map(|tag| event(Event::TagAddedByApi, tag)));
    history.extend(old.difference(&new).map(|tag| event(Event::TagRemovedByApi, tag)));
    if new != old {
        store::replace_tags(tx, session.id, &new).await?;
    }
    Ok(())
}

/// Changes the handoff. Returns true if it is now another.
async fn hand_off(
    tx: &mut OrgTx,
    session: &Session,
    patch: Patch<HandoffInput>,
    history: &mut Vec<NewMessage>,
) -> Result<bool> {
    let new = match patch {
        Patch::Keep => return Ok(false),
        Patch::Clear => None,
        Patch::Set(new) => Some(new),
    };
    let org_id = tx.org_id;
    let old = handoff::find_latest(&mut *tx, org_id, &[session.id]).await?.remove(&session.id);
    let Some(new) = new else {
        handoff::delete(tx, session.id).await?;
        return Ok(old.is_some());
    };
    let said_before = old.is_some_and(|old| {
        old.summary == new.summary.0 && new.sentiment.0.is_none_or(|new| Some(new) == old.sentiment)
    });
    if !said_before {
        let context = json!({"summary": new.summary, "sentiment": new.sentiment});
        history.push(NewMessage::event(Event::Handoff, tx.now, Some(context)));
        handoff::insert(tx, session.id, new.into()).await?;
    }
    Ok(!said_before)
}
