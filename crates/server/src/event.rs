//! Things that happen to sessions and insights, as others are told of them.

use crate::db::Value;
use crate::wire::string_enum;

/// Something that happened to a session or an insight.
#[derive(Clone, Debug)]
pub struct Event {
    /// Its name.
    pub name: EventName,
    /// The session or insight. Its events are delivered in their order.
    pub subject_id: Value,
    /// The entry of the subject's history that says what happened.
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
        /// An insight is seen more often than usual.
        InsightEscalating = "insight.escalating",
        /// A person said that an insight is settled.
        InsightResolved = "insight.resolved",
        /// A person took that back.
        InsightReopened = "insight.reopened",
        /// A person put an insight aside.
        InsightArchived = "insight.archived",
        /// A person took that back.
        InsightRestored = "insight.restored",
        /// A person changed what an insight says, its category or its team.
        InsightEdited = "insight.edited",
        /// Insights became one.
        InsightMerged = "insight.merged",
        /// A merge was taken back.
        InsightUnmerged = "insight.unmerged",
        /// An insight became two.
        InsightSplit = "insight.split",
        /// The grouping found an insight no more.
        InsightEnded = "insight.ended",
        /// An insight was explained at length.
        InsightResearchCompleted = "insight.research_completed",
        /// A webhook is tried out.
        WebhookTest = "webhook.test",
    }
}
