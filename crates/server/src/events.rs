//! What happened that others may be told of. It is written down, once for each webhook that asks for it, in
//! the transaction in which it happened: what is committed is told, and what is not was never said.

use crate::db::{Value, sql};
use crate::error::Result;
use crate::ids::{DeliveryId, WebhookId};
use crate::orgs::OrgTx;
use crate::wire::string_enum;

/// Deliveries that wait for one webhook. What comes then is dropped, and counted.
pub const QUEUE_MAX: i64 = 100_000;
/// Subjects in one statement.
const CHUNK: usize = 1_000;

string_enum! {
    /// What happened: the names of the contract first, then ours.
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
        // what follows, down to the calls, nothing here causes yet
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

impl EventName {
    /// What an entry of this kind in an insight's history is told as, if it is.
    pub fn of_insight(kind: &str) -> Option<Self> {
        format!("insight.{kind}").parse().ok()
    }
}

string_enum! {
    /// What became of a delivery.
    DeliveryState {
        /// It is to be sent, for the first time or again.
        Waiting = "waiting",
        /// The receiver took it.
        Delivered = "delivered",
        /// It was given up.
        Dead = "dead",
        /// What it was about was erased before it was sent.
        Erased = "erased",
    }
}

/// Something that happened.
#[derive(Clone, Debug)]
pub struct Told {
    /// What.
    pub event: EventName,
    /// To which session or insight: its events are delivered in their order.
    pub subject_id: Value,
    /// The entry of its history that says so.
    pub source_id: Value,
}

/// Writes down what happened in a transaction for every webhook that asks for it.
pub async fn write(tx: &mut OrgTx) -> Result<()> {
    let told = tx.take_told();
    if told.is_empty() {
        return Ok(());
    }
    let query =
        sql("select id, events, waiting from webhooks where org_id = $1 and disabled_at is null order by id");
    let query = query.bind(tx.org_id);
    let webhooks: Vec<(WebhookId, Option<String>, i64)> = tx.fetch_all(query).await?;
    for (id, events, waiting) in webhooks {
        let events: Option<Vec<String>> =
            events.as_deref().map(serde_json::from_str).transpose().map_err(anyhow::Error::new)?;
        let asked = |told: &&Told| {
            events.as_ref().is_none_or(|events| events.iter().any(|e| e == told.event.as_str()))
        };
        let mut asked: Vec<Told> = told.iter().filter(asked).cloned().collect();
        let room = usize::try_from(QUEUE_MAX - waiting).unwrap_or(0);
        let dropped = asked.len().saturating_sub(room);
        asked.truncate(room);
        if dropped > 0 {
            metrics::counter!("refrain_webhook_events_dropped_total").increment(dropped as u64);
            let query = sql("update webhooks set dropped = dropped + $3 where org_id = $1 and id = $2");
            let query = query.bind(tx.org_id).bind(id).bind(i64::try_from(dropped).unwrap_or(i64::MAX));
            tx.execute(query).await?;
        }
        queue(tx, id, asked).await?;
    }
    Ok(())
}

/// Puts events into the queue of a webhook, and returns their deliveries.
pub async fn queue(tx: &mut OrgTx, webhook_id: WebhookId, told: Vec<Told>) -> Result<Vec<DeliveryId>> {
    if told.is_empty() {
        return Ok(Vec::new());
    }
    let first = tx.take_event_seqs(told.len()).await?;
    let subjects: Vec<Value> = told.iter().map(|told| told.subject_id.clone()).collect();
    let ids: Vec<DeliveryId> = told.iter().map(|_| DeliveryId::new(tx.now)).collect();
    let row = |((told, id), seq): ((Told, &DeliveryId), i64)| {
        vec![
            tx.org_id.into(),
            (*id).into(),
            webhook_id.into(),
            seq.into(),
            told.event.into(),
            told.subject_id,
            told.source_id,
            DeliveryState::Waiting.into(),
            0.into(),
            tx.now.into(),
        ]
    };
    let rows: Vec<Vec<Value>> = told.into_iter().zip(&ids).zip(first..).map(row).collect();
    let insert =
        "insert into deliveries (org_id, id, webhook_id, seq, event, subject_id, source_id, state, attempts,
        created_at)";
    tx.insert_all(insert, rows, "").await?;
    count_waiting(tx, webhook_id, i64::try_from(ids.len()).unwrap_or(i64::MAX)).await?;
    make_due(tx, &subjects).await?;
    Ok(ids)
}

/// Counts more deliveries that wait for a webhook, or fewer.
pub async fn count_waiting(tx: &mut OrgTx, webhook_id: WebhookId, more: i64) -> Result<()> {
    let query = sql("update webhooks set waiting = waiting + $3 where org_id = $1 and id = $2");
    let query = query.bind(tx.org_id).bind(webhook_id).bind(more);
    tx.execute(query).await.map(|_| ())
}

/// Makes due the first delivery that waits of each of these subjects, for each webhook.
pub async fn make_due(tx: &mut OrgTx, subjects: &[Value]) -> Result<()> {
    for subjects in subjects.chunks(CHUNK) {
        let mut query = sql("
            update deliveries set due_at = $2
            where org_id = $1 and state = 'waiting' and due_at is null and not exists (
                select 1 from deliveries e
                where e.org_id = $1 and e.subject_id = deliveries.subject_id
                    and e.webhook_id = deliveries.webhook_id and e.state = 'waiting' and e.seq < deliveries.seq
            ) and subject_id in
        ")
        .bind(tx.org_id)
        .bind(tx.now);
        query.push_list(subjects.iter().cloned());
        tx.execute(query).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happens_to_insights_is_told_by_its_kind() {
        for (kind, event) in [
            ("created", Some(EventName::InsightCreated)),
            ("regressed", Some(EventName::InsightRegressed)),
            ("research_completed", Some(EventName::InsightResearchCompleted)),
            ("reworded", None),
        ] {
            assert_eq!(EventName::of_insight(kind), event, "{kind}");
        }
    }
}
