//! Freshchat: conversations, messages in parts, users.

use super::shape::{
    System, apart, at, attachments, contact, custom_data, first, has, id, list, object, said, text,
    ticketing_system,
};
use crate::imports::found::Found;
use serde_json::Value as Json;

pub(super) const SYSTEM: System = System { name: "Freshchat", read };

/// Reads a conversation, with or without its messages, or a message that names its conversation.
fn read(value: &Json, _stream: &str) -> Option<Vec<Found>> {
    let conversation_id = id(value, &["conversation_id"])?;
    if has(value, "message_parts") || has(value, "msg_parts") {
        return Some(apart(conversation_id, [message(value)], [("contact", contact(writer(value), None))]));
    }
    let is_conversation = ["app_id", "assigned_agent_id", "assigned_group_id", "interaction_id"];
    is_conversation.iter().any(|name| has(value, name)).then(|| conversation(conversation_id, value))
}

fn conversation(conversation_id: String, value: &Json) -> Vec<Found> {
    let messages = list(value, "messages");
    let user = at(value, "users.0").or_else(|| at(value, "user"));
    let person = match user.map(|user| first(user, &["id"])) {
        Some(id) => id,
        None => messages.iter().map(writer).find(|writer| !writer.is_null()).unwrap_or_default(),
    };
    let members =
        [("channel_id", "channel_id"), ("group_id", "assigned_group_id"), ("team_id", "assigned_team_id")];
    let record = object([
        ("contact", contact(person, user)),
        ("channel", "web".into()),
        ("status", first(value, &["status"])),
        ("created_at", first(value, &["created_time"])),
        ("assignee_id", first(value, &["assigned_agent_id"])),
        ("custom_data", custom_data(value, &members, "properties")),
        ("ticketing_system", ticketing_system("freshchat", &conversation_id, "conversation_id")),
        ("turns", said(messages.iter().map(message))),
    ]);
    vec![Found::Part(conversation_id, record)]
}

/// Returns the id of the user who wrote a message, if one did.
fn writer(message: &Json) -> Json {
    if role(message) == "contact" {
        first(message, &["actor_id", "actor.actor_id", "user_id"])
    } else {
        Json::Null
    }
}

fn message(message: &Json) -> Json {
    let parts = [list(message, "message_parts"), list(message, "msg_parts")].concat();
    let texts = parts.iter().filter_map(|part| id(part, &["text.content", "quick_reply_button.label"]));
    let files: Vec<_> = ["image", "file", "video", "audio"]
        .iter()
        .flat_map(|kind| parts.iter().filter_map(|part| at(part, kind)))
        .cloned()
        .collect();
    object([
        ("id", first(message, &["id"])),
        ("role", role(message).into()),
        ("person", first(message, &["actor_id", "actor.actor_id"])),
        ("text", texts.collect::<Vec<_>>().join("\n").into()),
        ("created_at", first(message, &["created_time"])),
        ("attachments", attachments(&files)),
        ("private", (text(message, "message_type") == "private").then_some(true).into()),
    ])
}

fn role(message: &Json) -> &'static str {
    let kind = id(message, &["actor_type", "actor.actor_type"]).unwrap_or_default();
    match kind.to_ascii_lowercase().as_str() {
        _ if text(message, "message_type") == "system" => "system",
        "user" => "contact",
        "agent" => "agent",
        "bot" => "ai",
        _ => "system",
    }
}
