//! A session and the closed lists of words that describe it.

use crate::ids::{ContactId, SessionId, TeamId};
use crate::time::Timestamp;
use crate::wire::{Text, string_enum};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The most tags of a session.
pub const TAGS_MAX: usize = 100;

string_enum! {
    /// The status of a session: open, or closed with its outcome.
    SessionStatus {
        /// The session is open.
        Open = "open",
        /// The session ended, and the matter is settled.
        ClosedResolved = "closed_resolved",
        /// The session ended, but the matter is not settled.
        ClosedUnresolved = "closed_unresolved",
    }
}

string_enum! {
    /// The outcome when the AI agent closed a session.
    AiClosureType {
        /// The matter looked settled, though nobody said so.
        AssumedResolved = "assumed_resolved",
        /// A person took over.
        HandedOff = "handed_off",
        /// The matter was settled.
        Resolved = "resolved",
    }
}

string_enum! {
    /// A contact's sentiment.
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
    /// The channel by which a contact reached the organization.
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
    /// The help desk that a session lives in beside this.
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
    /// A help desk's name for the record that a session is there.
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
#[schemars(inline, deny_unknown_fields)]
pub struct TicketingSystemRef {
    name: TicketingSystemName,
    external_id: Text<500>,
    id_type: ExternalIdType,
}

impl TicketingSystemRef {
    /// Refers to the record of this id there.
    pub fn new(name: TicketingSystemName, external_id: Text<500>, id_type: ExternalIdType) -> Self {
        Self { name, external_id, id_type }
    }

    /// Returns the name of the system.
    pub fn name(&self) -> TicketingSystemName {
        self.name
    }
}

/// A conversation, as its row keeps it.
#[derive(Clone, Debug, PartialEq, crate::db::Record)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// Counts up from 1 within the organization, without gaps.
    pub ticket_number: i64,
    /// Open or closed.
    pub status: SessionStatus,
    /// The channel that the contact came by.
    pub channel: Channel,
    /// Code of the language the contact writes.
    pub language: Option<String>,
    pub(super) language_declared: bool,
    /// The contact's sentiment, all in all.
    pub sentiment: Option<Sentiment>,
    /// The outcome when the AI agent closed it.
    pub ai_closure_type: Option<AiClosureType>,
    /// The contact who asks for help.
    pub contact_id: Option<ContactId>,
    /// The team that looks after it.
    pub team_id: Option<TeamId>,
    /// The member who is assigned to it.
    pub assignee_id: Option<String>,
    pub(super) custom_data: String,
    /// The bytes of its contact's custom data, where lists load it.
    #[record(default)]
    pub(super) contact_bytes: Option<i64>,
    pub(super) assist_mode: bool,
    pub(super) ticketing_system: Option<String>,
    /// A summary, in a sentence or two.
    pub summary: Option<String>,
    pub(super) summary_wanted: bool,
    pub(super) next_seq: i64,
    pub(super) import_hash: Option<Vec<u8>>,
    pub(super) last_message_at: Timestamp,
    /// The time it began.
    pub created_at: Timestamp,
    /// The time of its last change.
    pub updated_at: Timestamp,
}

impl Session {
    /// Returns about how many bytes it is shown in.
    pub(super) fn bytes(&self) -> usize {
        self.custom_data.len() + self.contact_bytes.and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or(0)
    }
}
