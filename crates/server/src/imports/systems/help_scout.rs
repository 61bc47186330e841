//! Help Scout: conversations with their threads, threads that name their conversation.

use super::shape::{
    System, apart, at, attachments, contact, custom_data, first, has, id, list, name, number, object, said,
    tags, text,
};
use crate::imports::found::Found;
use serde_json::Value as Json;

pub(super) const SYSTEM: System = System { name: "Help Scout", read };

/// Reads a conversation, with or without its threads, or a thread that names its conversation.
fn read(value: &Json, _stream: &str) -> Option<Vec<Found>> {
    if let Some(conversation_id) = id(value, &["conversation_id", "conversationId"]) {
        let is_thread = has(value, "createdBy") && has(value, "type");
        return is_thread.then(|| apart(conversation_id, [thread(value)], [("contact", writer(value))]));
    }
    let is_conversation = has(value, "primaryCustomer") || at(value, "_embedded.threads").is_some();
    (is_conversation && has(value, "status")).then(|| conversation(value)).flatten()
}

fn conversation(value: &Json) -> Option<Vec<Found>> {
    let customer = at(value, "primaryCustomer").or_else(|| at(value, "customer"));
    let members = [("subject", "subject"), ("number", "number"), ("mailbox_id", "mailboxId")];
    let record = object([
        ("contact", contact(customer.map_or(Json::Null, |customer| first(customer, &["id"])), customer)),
        ("channel", channel(text(value, "type")).into()),
        ("status", first(value, &["status"])),
        ("created_at", first(value, &["createdAt"])),
        ("assignee_id", first(value, &["assignee.id"])),
        ("tags", tags(value, "tags")),
        ("custom_data", custom_data(value, &members, "customFields")),
        ("turns", said(list(value, "_embedded.threads").iter().map(thread))),
    ]);
    Some(vec![Found::Part(id(value, &["id"])?, record)])
}

fn thread(thread: &Json) -> Json {
    let author = at(thread, "createdBy").unwrap_or(&Json::Null);
    // a draft was never sent
    let is_private = text(thread, "type") == "note" || text(thread, "state") == "draft";
    object([
        ("id", first(thread, &["id"])),
        ("role", role(thread, author).into()),
        ("name", name(author)),
        ("html", first(thread, &["body", "text"])),
        ("created_at", first(thread, &["createdAt"])),
        ("attachments", attachments(list(thread, "_embedded.attachments"))),
        ("private", is_private.then_some(true).into()),
    ])
}

/// Describes the customer, if it wrote the thread.
fn writer(thread: &Json) -> Json {
    let author = at(thread, "createdBy");
    let customer = author.filter(|author| role(thread, author) == "contact");
    customer.map(|customer| contact(first(customer, &["id"]), Some(customer))).unwrap_or_default()
}

/// Tells who wrote a thread. The system's own user has the id 0 or 1, and writes for workflows.
fn role(thread: &Json, author: &Json) -> &'static str {
    match text(author, "type") {
        _ if text(thread, "type") == "lineitem" => "system",
        "customer" => "contact",
        "user" if matches!(at(author, "id").and_then(number), Some(0 | 1)) => "ai",
        "" if text(thread, "type") == "customer" => "contact",
        _ => "agent",
    }
}

fn channel(kind: &str) -> &str {
    match kind {
        "chat" | "beaconchat" => "web",
        name => name,
    }
}
