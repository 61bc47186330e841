//! The body of a delivery. It is made from the database at the moment of sending, so that erased data never leave. The
//! members of sessions' events are those of the contract.

use super::access;
use crate::contacts::{self, SessionContact};
use crate::db::Db;
use crate::error::Result;
use crate::ids::OrgId;
use crate::insights;
use crate::keys::Scopes;
use crate::outbox::{Delivery, EventName};
use crate::sessions::{self, AiClosureType, Sender, SessionStatus, WebhookEvent};
use crate::time::Timestamp;
use serde_json::{Value as Json, json};
use std::str::FromStr;

/// The name of the AI agent where the contract wants one.
const AI_NAME: &str = "AI";

/// Makes the body of a delivery to a webhook that may be told as much as `scopes`. Returns none if its subject does not
/// exist any more, or may not be told of any more.
pub(super) async fn body(
    db: &Db,
    org_id: OrgId,
    delivery: &Delivery,
    scopes: &Scopes,
) -> Result<Option<String>> {
    let Some(data) = data(db, org_id, delivery, scopes).await? else { return Ok(None) };
    let body = json!({"event": delivery.event, "organization_id": org_id, "data": data});
    Ok(Some(body.to_string()))
}

async fn data(db: &Db, org_id: OrgId, delivery: &Delivery, scopes: &Scopes) -> Result<Option<Json>> {
    let event = EventName::from_str(&delivery.event).map_err(anyhow::Error::msg)?;
    if access::scope_of(event).is_some_and(|scope| !scopes.allow(scope)) {
        return Ok(None);
    }
    if event == EventName::WebhookTest {
        return Ok(Some(json!({"webhook_id": delivery.destination_id, "timestamp": delivery.created_at})));
    }
    if delivery.event.starts_with("insight.") {
        let told = insights::webhook_event(db, org_id, delivery.source_id.into()).await?;
        let mut told = told.map(serde_json::to_value).transpose().map_err(anyhow::Error::new)?;
        let email = told.as_mut().and_then(|told| told["member"].get_mut("email"));
        if let Some(email) = email.filter(|_| !scopes.allow(access::MEMBERS)) {
            *email = Json::Null;
        }
        return Ok(told);
    }
    let entry =
        sessions::webhook_event(db, org_id, delivery.subject_id.into(), delivery.source_id.into()).await?;
    let Some(entry) = entry else { return Ok(None) };
    let at = entry.created_at.unwrap_or(delivery.created_at);
    Ok(match event {
        EventName::ConversationStarted => Some(started(db, org_id, &entry, at, scopes).await?),
        EventName::ConversationClosed => Some(json!([closed(&entry, at)])),
        EventName::ConversationHandoffToHuman => Some(json!([handed_off(&entry, at)])),
        _ => Some(said(&entry, at, delivery, scopes)),
    })
}

async fn started(
    db: &Db,
    org_id: OrgId,
    entry: &WebhookEvent,
    at: Timestamp,
    scopes: &Scopes,
) -> Result<Json> {
    let session = &entry.session;
    let contact = match session.contact_id.filter(|_| scopes.allow(access::CONTACTS)) {
        Some(id) => contacts::find(db, org_id, id).await?.map(SessionContact::try_from).transpose()?,
        None => None,
    };
    let contact = serde_json::to_value(contact).map_err(anyhow::Error::new)?;
    let assignee = match &session.assignee_id {
        Some(id) => json!({"id": id, "type": "human", "name": "", "avatar_url": ""}),
        None => json!({"type": "AI", "name": AI_NAME}),
    };
    let first =
        |members: [&str; 2]| members.into_iter().map(|name| &contact[name]).find(|value| !value.is_null());
    Ok(json!({
        "conversation_id": session.id,
        "assignee": assignee,
        "contact": without_nulls(json!({
            "id": session.contact_id,
            "name": first(["name", "non_verified_name"]),
            "enriched_data": without_nulls(json!({
                "phone_number": contact["phone_number"],
                "email": first(["email", "non_verified_email"]),
            })),
            "custom_objects": first(["custom_data", "non_verified_custom_data"]),
        })),
        "channel": session.channel,
        "first_message": entry.text.as_deref().unwrap_or(""),
        "timestamp": at,
    }))
}

fn closed(entry: &WebhookEvent, at: Timestamp) -> Json {
    let session = &entry.session;
    let resolved = entry.event_type.starts_with(SessionStatus::ClosedResolved.as_str());
    let by_ai = match session.ai_closure_type {
        Some(AiClosureType::Resolved | AiClosureType::AssumedResolved) => true,
        Some(AiClosureType::HandedOff) => false,
        None => session.assignee_id.is_none(),
    };
    // the contract wants a number and an address of the person; unknown ones are 0 and empty
    let number = session.assignee_id.as_deref().and_then(|id| id.parse::<i64>().ok()).unwrap_or(0);
    let closed_by = if by_ai {
        json!({"type": "AI", "name": AI_NAME})
    } else {
        json!({"type": "human", "id": number, "email": ""})
    };
    let mut data = without_nulls(json!({
        "conversation_id": session.id,
        "contact_id": session.contact_id,
        "session_closed_payload": entry.context.as_ref().map(|context| &context["session_closed_payload"]),
    }));
    let rest = json!({
        "timestamp": at,
        "resolution_status": if resolved { "resolved" } else { "not_resolved" },
        "closed_by": closed_by,
        "is_from_third_party": entry.third_party.is_some(),
        "third_party_name": entry.third_party,
        "summary": session.summary,
        "user_sentiment": session.sentiment,
        "language": session.language,
        "message_count": entry.message_count,
    });
    merge(&mut data, rest);
    data
}

fn handed_off(entry: &WebhookEvent, at: Timestamp) -> Json {
    let session = &entry.session;
    let taken_over = entry.event_type == "human_agent_takeover";
    let reason = if taken_over {
        "human_agent_decided_to_take_over"
    } else {
        "ai_decided_to_handoff_the_conversation"
    };
    // the entry has the summary as it was then
    let said = entry.context.as_ref().and_then(|context| context["summary"].as_str());
    let latest = entry.handoff.as_ref();
    let summary = said.or(latest.map(|handoff| handoff.summary.as_str())).unwrap_or("");
    let mut data = without_nulls(json!({
        "customer_id": session.contact_id,
        "user_sentiment": latest.and_then(|handoff| handoff.sentiment),
        "language": session.language,
    }));
    let rest = json!({
        "conversation_id": session.id,
        "timestamp": at,
        "reason": reason,
        "summary": summary,
        "was_handedoff_to_third_party": entry.third_party.is_some(),
        "third_party_name": entry.third_party,
        "message_count": entry.message_count,
    });
    merge(&mut data, rest);
    data
}

/// Makes the body for a message. The contract publishes none, so it has the members of
/// `conversation.third_party_agent_response`, and the sender.
fn said(entry: &WebhookEvent, at: Timestamp, delivery: &Delivery, scopes: &Scopes) -> Json {
    let is_named = entry.sender != Sender::Contact || scopes.allow(access::CONTACTS);
    json!({
        "conversation_id": entry.session.id,
        "message_id": delivery.source_id,
        "timestamp": at,
        "customer_id": entry.session.contact_id,
        "sender_name": entry.sender_name.as_deref().filter(|_| is_named),
        "response": entry.text.as_deref().unwrap_or(""),
        "message_count": entry.message_count,
        "language": entry.session.language,
    })
}

/// Removes members that are null, since the contract allows them to be absent, but not null.
fn without_nulls(mut object: Json) -> Json {
    if let Some(members) = object.as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
    object
}

fn merge(object: &mut Json, rest: Json) {
    if let (Some(members), Json::Object(rest)) = (object.as_object_mut(), rest) {
        members.extend(rest);
    }
}
