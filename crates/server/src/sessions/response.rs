//! Sessions as the contract shows them.

use super::handoff::{self, Handoff};
use super::session::{AiClosureType, Channel, Sentiment, Session, SessionStatus, TicketingSystemRef};
use crate::contacts::{self, SessionContact};
use crate::custom_data::CustomData;
use crate::db::Db;
use crate::error::Result;
use crate::ids::{ContactId, OrgId, SessionId, TeamId};
use crate::teams;
use crate::time::Timestamp;
use crate::wire::{Maybe, Nullable};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::HashMap;

/// The contract's session.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct GetChatSessionOutput {
    id: SessionId,
    status: SessionStatus,
    ai_closure_type: Nullable<AiClosureType>,
    sentiment: Nullable<Sentiment>,
    channel: SessionChannel,
    #[serde(default, skip_serializing_if = "Maybe::is_none")]
    contact: Maybe<SessionContact>,
    #[serde(default, skip_serializing_if = "Maybe::is_none")]
    language: Maybe<String>,
    #[serde(default, skip_serializing_if = "Maybe::is_none")]
    assignee_id: Maybe<Nullable<String>>,
    /// Session-level custom data stored on the chat session.
    #[serde(default, skip_serializing_if = "Maybe::is_none")]
    custom_data: Maybe<CustomData>,
    #[serde(default, skip_serializing_if = "Maybe::is_none")]
    team: Maybe<SessionTeam>,
    #[serde(default, skip_serializing_if = "Maybe::is_none")]
    handoff: Maybe<SessionHandoff>,
    #[serde(default, skip_serializing_if = "Maybe::is_none")]
    ticketing_system: Maybe<TicketingSystemRef>,
    #[schemars(with = "crate::wire::Number")]
    ticket_number: i64,
    assist_mode: bool,
    created_at: Timestamp,
    updated_at: Timestamp,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(inline, deny_unknown_fields)]
struct SessionChannel {
    r#type: Channel,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(inline, deny_unknown_fields)]
struct SessionTeam {
    id: TeamId,
    name: String,
    #[serde(default, skip_serializing_if = "Maybe::is_none")]
    description: Maybe<String>,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(inline, deny_unknown_fields)]
struct SessionHandoff {
    #[serde(default, skip_serializing_if = "Maybe::is_none")]
    sentiment: Maybe<Sentiment>,
    summary: String,
}

/// A session in a list: with the summary that the single session, a closed object, has no place for.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ChatSessionListItem {
    #[serde(flatten)]
    session: GetChatSessionOutput,
    summary: Nullable<String>,
}

/// Loads what the contract shows of these sessions beside their rows. Keeps their order.
pub(super) async fn expand(
    db: &Db,
    org_id: OrgId,
    sessions: Vec<Session>,
) -> Result<Vec<ChatSessionListItem>> {
    let contact_ids: Vec<ContactId> = sessions.iter().filter_map(|session| session.contact_id).collect();
    let team_ids: Vec<TeamId> = sessions.iter().filter_map(|session| session.team_id).collect();
    let session_ids: Vec<SessionId> = sessions.iter().map(|session| session.id).collect();
    let contacts = contacts::find_all(db, org_id, &contact_ids).await?;
    let contacts: HashMap<_, _> = contacts.into_iter().map(|contact| (contact.id, contact)).collect();
    let teams: HashMap<_, _> =
        teams::find_all(db, org_id, &team_ids).await?.into_iter().map(|team| (team.id, team)).collect();
    let handoffs = handoff::find_latest(db, org_id, &session_ids).await?;
    let expand = |session: Session| {
        let contact = session.contact_id.and_then(|id| contacts.get(&id)).cloned();
        let team = session.team_id.and_then(|id| teams.get(&id)).cloned();
        let handoff = handoffs.get(&session.id).cloned();
        shape(session, contact, team, handoff)
    };
    Ok(sessions.into_iter().map(expand).collect::<anyhow::Result<_>>()?)
}

fn shape(
    session: Session,
    contact: Option<contacts::Contact>,
    team: Option<teams::Team>,
    handoff: Option<Handoff>,
) -> anyhow::Result<ChatSessionListItem> {
    let ticketing_system: Option<TicketingSystemRef> =
        session.ticketing_system.as_deref().map(serde_json::from_str).transpose()?;
    let team =
        team.map(|team| SessionTeam { id: team.id, name: team.name, description: team.description.into() });
    let handoff = handoff
        .map(|handoff| SessionHandoff { sentiment: handoff.sentiment.into(), summary: handoff.summary });
    Ok(ChatSessionListItem {
        summary: session.summary.into(),
        session: GetChatSessionOutput {
            id: session.id,
            status: session.status,
            ai_closure_type: session.ai_closure_type.into(),
            sentiment: session.sentiment.into(),
            channel: SessionChannel { r#type: session.channel },
            contact: contact.map(SessionContact::try_from).transpose()?.into(),
            language: session.language.into(),
            assignee_id: Some(session.assignee_id.into()).into(),
            custom_data: Some(CustomData::from_column(Some(&session.custom_data))?).into(),
            team: team.into(),
            handoff: handoff.into(),
            ticketing_system: ticketing_system.into(),
            ticket_number: session.ticket_number,
            assist_mode: session.assist_mode,
            created_at: session.created_at,
            updated_at: session.updated_at,
        },
    })
}

impl ChatSessionListItem {
    /// Leaves out all of its contact but the id, and what was said at its handoff.
    pub(super) fn without_details(mut self) -> Self {
        let contact = self.session.contact.0.take().map(SessionContact::without_details);
        self.session.contact = contact.into();
        self.session.handoff = None.into();
        self
    }
}

impl From<ChatSessionListItem> for GetChatSessionOutput {
    fn from(item: ChatSessionListItem) -> Self {
        item.session
    }
}
