//! What happens to an organization that others are told: events of sessions and insights, which destinations such as
//! webhooks receive, and events of security, which the audit log keeps.

use crate::db::Value;
use crate::ids::{KeyId, MemberId};
use crate::wire::string_enum;
use std::net::IpAddr;
use uuid::Uuid;

/// An event of a session or an insight.
#[derive(Clone, Debug)]
pub struct Event {
    /// The name of the event.
    pub name: EventName,
    /// The session or insight. The events of one subject are delivered in their order.
    pub subject_id: Value,
    /// The entry of the subject's history from which the body is made.
    pub source_id: Value,
}

string_enum! {
    /// The name of an event: the contract's first, then ours.
    EventName {
        /// The first message of a session.
        ConversationStarted = "conversation.started",
        /// A session was closed.
        ConversationClosed = "conversation.closed",
        /// A session passed to a person.
        ConversationHandoffToHuman = "conversation.handoff_to_human",
        /// The contact wrote.
        ConversationContactResponse = "conversation.contact_response",
        /// A person who helps wrote.
        ConversationAgentResponse = "conversation.agent_response",
        // part of the contract, down to the calls; nothing emits these yet
        /// The AI agent wrote.
        ConversationAiResponse = "conversation.ai_response",
        /// A person at a help desk wrote.
        ConversationThirdPartyAgentResponse = "conversation.third_party_agent_response",
        /// A help desk did not take a session.
        ConversationHandoffToThirdPartyFailed = "conversation.handoff_to_third_party_failed",
        /// A workflow ended well.
        WorkflowRunSucceeded = "workflow.run.succeeded",
        /// A workflow failed.
        WorkflowRunFailed = "workflow.run.failed",
        /// A contact was asked for a score.
        CsatRequested = "csat.requested",
        /// A contact gave a score.
        CsatScoreSubmitted = "csat.score_submitted",
        /// A call began.
        PhoneCallStarted = "phone_call.started",
        /// A new insight.
        InsightCreated = "insight.created",
        /// An archived insight came back.
        InsightResurfaced = "insight.resurfaced",
        /// A resolved insight was seen again.
        InsightRegressed = "insight.regressed",
        /// An insight is seen more often than its baseline.
        InsightEscalating = "insight.escalating",
        /// A person resolved an insight.
        InsightResolved = "insight.resolved",
        /// A person reopened a resolved insight.
        InsightReopened = "insight.reopened",
        /// A person archived an insight.
        InsightArchived = "insight.archived",
        /// A person took an insight out of the archive.
        InsightRestored = "insight.restored",
        /// A person changed the content, the category or the team of an insight.
        InsightEdited = "insight.edited",
        /// Insights were merged into one.
        InsightMerged = "insight.merged",
        /// A merge was undone.
        InsightUnmerged = "insight.unmerged",
        /// An insight was split in two.
        InsightSplit = "insight.split",
        /// The grouping no longer found an insight.
        InsightEnded = "insight.ended",
        /// A deep research of an insight was completed.
        InsightResearchCompleted = "insight.research_completed",
        /// A webhook is tried out.
        WebhookTest = "webhook.test",
    }
}

/// The one who did something: a key and the member who acts through it, a member who signed in, or, without both, an
/// operator on the command line or the product by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Actor {
    /// The key.
    pub key_id: Option<KeyId>,
    /// The member.
    pub member_id: Option<MemberId>,
    /// The address that the request came from.
    pub address: Option<IpAddr>,
}

/// An event of security.
#[derive(Clone, Debug)]
pub struct AuditEvent {
    /// The kind of event.
    pub kind: AuditKind,
    /// The one who caused it.
    pub actor: Actor,
    /// What was changed, if it has an id.
    pub subject_id: Option<Uuid>,
    /// The details: names of members, numbers and given reasons, never values of customers.
    pub detail: serde_json::Value,
}

string_enum! {
    /// The kind of an event of security.
    AuditKind {
        /// A key was made.
        KeyCreated = "key.created",
        /// A key was used for the first time.
        KeyFirstUsed = "key.first_used",
        /// A key was revoked.
        KeyRevoked = "key.revoked",
        /// A member signed in.
        MemberSignedIn = "member.signed_in",
        /// Somebody gave a wrong password, or an address that is no member's.
        SignInFailed = "member.sign_in_failed",
        /// A member signed out.
        MemberSignedOut = "member.signed_out",
        /// A member ended other sign-ins of its own.
        SignInsEnded = "member.sign_ins_ended",
        /// A member was invited, or was given a new link to sign in by.
        MemberInvited = "member.invited",
        /// The role or the name of a member was changed.
        MemberUpdated = "member.updated",
        /// A member was removed.
        MemberRemoved = "member.removed",
        /// A member set a password.
        PasswordChanged = "member.password_changed",
        /// A person decided about insights.
        InsightsDecided = "insights.decided",
        /// An export was begun.
        ExportStarted = "export.started",
        /// An import over the API was begun.
        ImportStarted = "import.started",
        /// An import was canceled.
        ImportCanceled = "import.canceled",
        /// A webhook was made.
        WebhookCreated = "webhook.created",
        /// A webhook was changed.
        WebhookUpdated = "webhook.updated",
        /// A webhook was given a new secret.
        WebhookSecretRotated = "webhook.secret_rotated",
        /// A webhook was deleted.
        WebhookDeleted = "webhook.deleted",
        /// A contact was deleted.
        ContactDeleted = "contact.deleted",
        /// A session was deleted.
        SessionDeleted = "session.deleted",
        /// A message was redacted.
        MessageRedacted = "message.redacted",
        /// A session was shown as it was said.
        SessionRevealed = "session.revealed",
        /// A session was redacted.
        SessionRedacted = "session.redacted",
        /// Settings of the organization were changed.
        SettingsUpdated = "settings.updated",
    }
}
