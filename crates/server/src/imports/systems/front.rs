//! Front: conversations, their messages and comments, which say by the beginnings of their ids what they are.

use super::shape::{
    System, apart, at, attachments, custom_data, first, has, id, is_true, list, name, object, said, somebody,
    tags, text, ticketing_system, words,
};
use crate::imports::found::Found;
use serde_json::Value as Json;

pub(super) const SYSTEM: System = System { name: "Front", read };

/// Reads a conversation, a message or a comment that names its conversation, or a teammate.
fn read(value: &Json, _stream: &str) -> Option<Vec<Found>> {
    let own_id = id(value, &["id"])?;
    match own_id.split_once('_')?.0 {
        "cnv" => Some(vec![Found::Part(own_id, conversation(value))]),
        "msg" if has(value, "is_inbound") => {
            let told = [("contact", sender(value)), ("channel", channel(text(value, "type")).into())];
            Some(apart(conversation_of(value)?, [message(value)], told))
        }
        "com" if has(value, "posted_at") => Some(apart(conversation_of(value)?, [comment(value)], [])),
        "tea" => Some(vec![somebody(own_id, value, "agent")]),
        "evt" | "tag" | "inb" | "cmp" | "rul" | "cha" | "tim" => Some(Vec::new()),
        _ => None,
    }
}

/// Returns the id of the conversation that a message or comment names, or links to.
fn conversation_of(value: &Json) -> Option<String> {
    let linked =
        || text(value, "_links.related.conversation").rsplit('/').next().filter(|id| id.starts_with("cnv_"));
    id(value, &["conversation_id", "conversation.id"]).or_else(|| linked().map(ToOwned::to_owned))
}

fn conversation(value: &Json) -> Json {
    let messages = list(value, "messages").iter().chain(at(value, "last_message"));
    let kind = messages.clone().map(|message| text(message, "type")).next().unwrap_or_default();
    let comments = list(value, "comments").iter().map(comment);
    let members = [("subject", "subject")];
    object([
        ("contact", handle(value, "recipient")),
        ("channel", channel(kind).into()),
        ("status", first(value, &["status"])),
        ("created_at", first(value, &["created_at"])),
        ("assignee_id", first(value, &["assignee.id"])),
        ("tags", tags(value, "tags")),
        ("custom_data", custom_data(value, &members, "custom_fields")),
        ("ticketing_system", ticketing_system("front", text(value, "id"), "conversation_id")),
        ("turns", said(messages.map(message).chain(comments))),
    ])
}

/// Describes somebody by the address, number or name that a channel knows them by.
fn handle(value: &Json, path: &str) -> Json {
    let recipient = at(value, path).unwrap_or(&Json::Null);
    let handle = text(recipient, "handle");
    let is_number = handle.starts_with('+') && handle.chars().skip(1).all(|c| c.is_ascii_digit());
    object([
        ("email", if handle.contains('@') { handle } else { "" }.into()),
        ("phone_number", if is_number { handle } else { "" }.into()),
        ("name", name(recipient)),
    ])
}

/// Describes who sent a message, if it came in.
fn sender(message: &Json) -> Json {
    let from = list(message, "recipients").iter().position(|recipient| text(recipient, "role") == "from");
    match from {
        Some(place) if is_true(message, "is_inbound") => handle(message, &format!("recipients.{place}")),
        _ => Json::Null,
    }
}

fn message(message: &Json) -> Json {
    object([
        ("id", first(message, &["id"])),
        ("role", if is_true(message, "is_inbound") { "contact" } else { "agent" }.into()),
        ("name", at(message, "author").map(name).unwrap_or_default()),
        words(message, &["text"], &["body", "blurb"]),
        ("created_at", first(message, &["created_at"])),
        ("attachments", attachments(list(message, "attachments"))),
        // a draft was never sent
        ("private", is_true(message, "is_draft").then_some(true).into()),
    ])
}

fn comment(comment: &Json) -> Json {
    object([
        ("id", first(comment, &["id"])),
        ("role", "agent".into()),
        ("name", at(comment, "author").map(name).unwrap_or_default()),
        ("text", first(comment, &["body"])),
        ("created_at", first(comment, &["posted_at"])),
        ("private", true.into()),
    ])
}

fn channel(kind: &str) -> &str {
    match kind {
        "front_chat" | "intercom" => "web",
        "facebook" => "messenger",
        "call" | "phone-call" => "phone_voice",
        name => name,
    }
}
