//! HubSpot: threads of its conversations, their messages and comments, and the tickets and contacts of its CRM.

use super::shape::{
    System, apart, at, attachments, contact, custom_data, first, has, id, list, object, said, somebody, text,
    ticketing_system, words,
};
use crate::imports::found::Found;
use serde_json::Value as Json;

pub(super) const SYSTEM: System = System { name: "HubSpot", read };

/// Reads a thread, a message that names its thread, an actor, a ticket or a contact.
fn read(value: &Json, _stream: &str) -> Option<Vec<Found>> {
    if let Some(thread_id) = id(value, &["conversationsThreadId"]) {
        let told = [("contact", writer(value)), ("channel", channel(value, "channelId"))];
        return Some(apart(thread_id, [message(value)], told));
    }
    let own_id = id(value, &["id"])?;
    if has(value, "latestMessageTimestamp") || has(value, "originalChannelId") {
        return Some(vec![Found::Part(own_id.clone(), thread(value, &own_id))]);
    }
    let properties = at(value, "properties")?;
    if has(properties, "hs_pipeline_stage") || has(properties, "hs_ticket_priority") {
        return Some(vec![Found::Part(own_id.clone(), ticket(properties, &own_id))]);
    }
    let is_contact =
        has(properties, "email") && (has(properties, "firstname") || has(properties, "lastname"));
    // a contact of the CRM is the visitor V-… of a conversation
    is_contact.then(|| vec![somebody(format!("V-{own_id}"), properties, "contact")])
}

fn thread(value: &Json, thread_id: &str) -> Json {
    let person = id(value, &["associatedContactId"]).map(|contact| format!("V-{contact}"));
    let members = [("inbox_id", "inboxId"), ("ticket", "threadAssociations.associatedTicketId")];
    object([
        ("contact", contact(person.into(), None)),
        ("channel", channel(value, "originalChannelId")),
        ("status", first(value, &["status"])),
        ("created_at", first(value, &["createdAt"])),
        ("assignee_id", first(value, &["assignedTo"])),
        ("custom_data", custom_data(value, &members, "customFields")),
        ("ticketing_system", ticketing_system("hubspot", thread_id, "conversation_id")),
        ("turns", said(list(value, "messages").iter().map(message))),
    ])
}

/// Reads a ticket, of which the CRM has no messages but the words that it was opened with.
fn ticket(properties: &Json, ticket_id: &str) -> Json {
    let members = [
        ("subject", "subject"),
        ("category", "hs_ticket_category"),
        ("priority", "hs_ticket_priority"),
        ("pipeline", "hs_pipeline"),
        ("stage", "hs_pipeline_stage"),
    ];
    let is_closed = at(properties, "closed_date").is_some();
    let opening = object([
        ("role", "contact".into()),
        ("text", first(properties, &["content"])),
        ("created_at", first(properties, &["createdate"])),
    ]);
    object([
        ("channel", text(properties, "source_type").to_ascii_lowercase().into()),
        ("status", if is_closed { "closed" } else { "open" }.into()),
        ("created_at", first(properties, &["createdate"])),
        ("assignee_id", first(properties, &["hubspot_owner_id"])),
        ("custom_data", custom_data(properties, &members, "")),
        ("ticketing_system", ticketing_system("hubspot", ticket_id, "ticket_id")),
        ("turns", said([opening])),
    ])
}

/// Describes the visitor, if one wrote the message.
fn writer(message: &Json) -> Json {
    if role(message) != "contact" {
        return Json::Null;
    }
    let address = first(message, &["senders.0.deliveryIdentifier.value"]);
    let known_by = |kind: &str| {
        let is_known = text(message, "senders.0.deliveryIdentifier.type") == kind;
        if is_known { address.clone() } else { Json::Null }
    };
    object([
        ("person", first(message, &["senders.0.actorId", "createdBy"])),
        ("name", first(message, &["senders.0.name"])),
        ("email", known_by("HS_EMAIL_ADDRESS")),
        ("phone_number", known_by("HS_PHONE_NUMBER")),
    ])
}

fn message(message: &Json) -> Json {
    object([
        ("id", first(message, &["id"])),
        ("role", role(message).into()),
        ("person", first(message, &["senders.0.actorId", "createdBy"])),
        ("name", first(message, &["senders.0.name"])),
        words(message, &["text"], &["richText"]),
        ("created_at", first(message, &["createdAt"])),
        ("attachments", attachments(list(message, "attachments"))),
        ("private", (text(message, "type") == "COMMENT").then_some(true).into()),
    ])
}

/// Tells who wrote a message: by the direction, and among those that went out by the kind of actor.
fn role(message: &Json) -> &'static str {
    let actor = id(message, &["senders.0.actorId", "createdBy"]).unwrap_or_default();
    match actor.split('-').next() {
        _ if text(message, "direction") == "INCOMING" => "contact",
        _ if !matches!(text(message, "type"), "MESSAGE" | "COMMENT" | "WELCOME_MESSAGE" | "") => "system",
        Some("B") => "ai",
        Some("S" | "I") => "system",
        Some("V" | "E") if text(message, "direction").is_empty() => "contact",
        _ => "agent",
    }
}

/// Returns the channel for the ids of those that every account has.
fn channel(value: &Json, path: &str) -> Json {
    match id(value, &[path]).unwrap_or_default().as_str() {
        "1000" => "web".into(),
        "1001" => "messenger".into(),
        "1002" => "email".into(),
        "1007" => "whatsapp".into(),
        _ => Json::Null,
    }
}
