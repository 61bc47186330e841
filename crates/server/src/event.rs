//! Events of sessions and insights that destinations, such as webhooks, may receive.

use crate::db::Value;
use crate::wire::string_enum;

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
