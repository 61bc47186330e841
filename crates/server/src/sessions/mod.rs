//! Sessions: one conversation each, whole, with the history of what was said and done in it.

mod attachments;
mod history;
mod language_tag;
mod list;
mod reading;
mod reply;
mod routes;
mod send;
mod store;
mod update;
mod webhook_event;
mod write;

pub use history::{Attachment, Event, NewMessage, Sender};
pub use language_tag::{KnownLanguage, LanguageTag};
pub use reading::{Finding, ReadSessions, Unread, save_findings, unread};
pub use reply::{ChatSessionListItem, GetChatSessionOutput};
pub use routes::routes;
pub use store::{find, find_all};
use update::update;
pub use update::{Changes, HandoffInput, update_imported};
pub use webhook_event::{WebhookEvent, webhook_event};
pub use write::{NewHandoff, NewSession, forget, insert_all};

use crate::error::{Error, Result};
use crate::ids::{ContactId, SessionId, TeamId};
use crate::orgs::OrgTx;
use crate::time::Timestamp;
use crate::wire::{Text, string_enum};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

string_enum! {
    /// Whether a session goes on, and if not, how it ended.
    SessionStatus {
        /// It goes on.
        Open = "open",
        /// The matter is settled.
        ClosedResolved = "closed_resolved",
        /// It ended without that.
        ClosedUnresolved = "closed_unresolved",
    }
}

string_enum! {
    /// How the AI agent left a session.
    AiClosureType {
        /// Nobody said so, but it looked settled.
        AssumedResolved = "assumed_resolved",
        /// A person took over.
        HandedOff = "handed_off",
        /// It was settled.
        Resolved = "resolved",
    }
}

string_enum! {
    /// How a contact felt.
    Sentiment {
        /// Angry.
        Angry = "angry",
        /// Happy.
        Happy = "happy",
        /// Neither.
        Neutral = "neutral",
    }
}

string_enum! {
    /// How a contact reached the organization.
    Channel {
        /// A chat on a website.
        Web = "web",
        /// E-mail.
        Email = "email",
        /// A phone call.
        PhoneVoice = "phone_voice",
        /// Slack.
        Slack = "slack",
        /// Text messages.
        Sms = "sms",
        /// WhatsApp.
        Whatsapp = "whatsapp",
        /// Instagram.
        Instagram = "instagram",
        /// Messenger.
        Messenger = "messenger",
        /// This API.
        Api = "api",
        /// A call on a website.
        WebVoice = "web_voice",
    }
}

string_enum! {
    /// Which help desk a session lives in beside this.
    TicketingSystemName {
        /// Dynamics 365.
        Dynamics365 = "dynamics365",
        /// Freshchat.
        Freshchat = "freshchat",
        /// Freshdesk.
        Freshdesk = "freshdesk",
        /// Freshdesk's tickets.
        FreshdeskTicketing = "freshdesk_ticketing",
        /// Front.
        Front = "front",
        /// Gorgias.
        Gorgias = "gorgias",
        /// HubSpot.
        Hubspot = "hubspot",
        /// Infobip.
        Infobip = "infobip",
        /// Intercom.
        Intercom = "intercom",
        /// None but this.
        Open = "open",
        /// Salesforce.
        Salesforce = "salesforce",
        /// Salesforce, second edition.
        SalesforceV2 = "salesforce_v2",
        /// Twilio Flex.
        TwilioFlex = "twilio_flex",
        /// Zendesk.
        Zendesk = "zendesk",
        /// Zendesk, second edition.
        ZendeskV2 = "zendesk_v2",
    }
}

string_enum! {
    /// What a help desk calls the record that a session is there.
    ExternalIdType {
        /// A conversation.
        ConversationId = "conversation_id",
        /// A ticket.
        TicketId = "ticket_id",
        /// A case.
        CaseId = "case_id",
        /// A conversation at Twilio.
        ConversationSid = "conversation_sid",
    }
}

/// The record that a session is in a help desk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct TicketingSystemRef {
    name: TicketingSystemName,
    #[schemars(with = "String")]
    external_id: Text<500>,
    id_type: ExternalIdType,
}

/// A conversation, as its row keeps it.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// Counts up from 1 within the organization, without gaps.
    pub ticket_number: i64,
    /// Whether it goes on.
    pub status: SessionStatus,
    /// How the contact came.
    pub channel: Channel,
    /// Code of the language the contact writes.
    pub language: Option<String>,
    language_declared: bool,
    /// How the contact felt, all in all.
    pub sentiment: Option<Sentiment>,
    /// How the AI agent left it.
    pub ai_closure_type: Option<AiClosureType>,
    /// Who asks.
    pub contact_id: Option<ContactId>,
    /// Who looks after it.
    pub team_id: Option<TeamId>,
    /// Which person does.
    pub assignee_id: Option<String>,
    custom_data: String,
    assist_mode: bool,
    ticketing_system: Option<String>,
    /// What it was about, in a sentence or two.
    pub summary: Option<String>,
    summary_wanted: bool,
    next_seq: i64,
    import_hash: Option<Vec<u8>>,
    last_message_at: Timestamp,
    /// When it began.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// The session of this id, or the 404 of one that is absent or another organization's.
async fn require(tx: &mut OrgTx, id: SessionId) -> Result<Session> {
    store::find_in(tx, id).await?.ok_or(Error::NotFound("session"))
}
