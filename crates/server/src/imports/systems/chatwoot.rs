//! Chatwoot: conversations and messages, as pages of its API and rows of its tables have them.

use super::shape::{
    System, apart, at, attachments, contact, custom_data, first, has, id, is_true, list, number, object,
    said, tags, text,
};
use crate::imports::found::Found;
use serde_json::Value as Json;

pub(super) const SYSTEM: System = System { name: "Chatwoot", read };

/// Reads a conversation with the messages that its page has, or a message that names its conversation.
fn read(value: &Json, _stream: &str) -> Option<Vec<Found>> {
    if has(value, "message_type") && has(value, "content") {
        let conversation_id = id(value, &["conversation_id", "conversation.id"])?;
        return Some(apart(conversation_id, [message(value)], [("contact", writer(value))]));
    }
    let is_conversation = at(value, "meta.sender").is_some()
        || (has(value, "inbox_id") && (has(value, "contact_inbox") || has(value, "contact_id")));
    is_conversation.then(|| conversation(value)).flatten()
}

fn conversation(value: &Json) -> Option<Vec<Found>> {
    let sender = at(value, "meta.sender").or_else(|| at(value, "contact"));
    let members = [
        ("subject", "additional_attributes.mail_subject"),
        ("priority", "priority"),
        ("inbox_id", "inbox_id"),
        ("number", "display_id"),
    ];
    let record = object([
        ("contact", contact(first(value, &["meta.sender.id", "contact.id", "contact_id"]), sender)),
        ("channel", channel(text(value, "meta.channel")).into()),
        ("status", status(value)),
        ("created_at", first(value, &["created_at", "timestamp"])),
        ("team", first(value, &["meta.team.name"])),
        ("assignee_id", first(value, &["meta.assignee.id", "assignee_id"])),
        ("tags", tags(value, "labels")),
        ("custom_data", custom_data(value, &members, "custom_attributes")),
        ("turns", said(list(value, "messages").iter().map(message))),
    ]);
    Some(vec![Found::Part(id(value, &["id"])?, record)])
}

/// Describes the contact, if it wrote the message.
fn writer(message: &Json) -> Json {
    if role(message) != "contact" {
        return Json::Null;
    }
    contact(first(message, &["sender.id", "sender_id"]), at(message, "sender"))
}

fn message(message: &Json) -> Json {
    object([
        ("id", first(message, &["id"])),
        ("role", role(message).into()),
        ("name", first(message, &["sender.name"])),
        ("text", first(message, &["content"])),
        ("created_at", first(message, &["created_at"])),
        ("attachments", attachments(list(message, "attachments"))),
        ("private", is_true(message, "private").then_some(true).into()),
    ])
}

/// Tells who wrote a message: templates are sent by rules, and activities are what the system says.
fn role(message: &Json) -> &'static str {
    let sender = id(message, &["sender.type", "sender_type"]).unwrap_or_default();
    match id(message, &["message_type"]).unwrap_or_default().as_str() {
        "0" | "incoming" => "contact",
        "1" | "outgoing" if sender.eq_ignore_ascii_case("agent_bot") || sender == "AgentBot" => "ai",
        "1" | "outgoing" => "agent",
        "3" | "template" => "ai",
        _ => "system",
    }
}

/// Returns the word of a status, for which tables have a number.
fn status(value: &Json) -> Json {
    match at(value, "status").and_then(number) {
        Some(0) => "open".into(),
        Some(1) => "resolved".into(),
        Some(2) => "pending".into(),
        Some(3) => "snoozed".into(),
        _ => first(value, &["status"]),
    }
}

fn channel(class: &str) -> &str {
    match class.rsplit("::").next().unwrap_or(class) {
        "WebWidget" => "web",
        "Email" => "email",
        "Api" => "api",
        "Whatsapp" => "whatsapp",
        "FacebookPage" => "messenger",
        "Instagram" => "instagram",
        "Sms" | "TwilioSms" => "sms",
        "Voice" => "phone_voice",
        name => name,
    }
}
