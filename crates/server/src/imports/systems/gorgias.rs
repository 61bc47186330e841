//! Gorgias: tickets with or without their messages, messages that name their ticket.

use super::shape::{
    System, apart, at, attachments, contact, custom_data, first, has, id, is_true, list, name, object, said,
    tags, text, ticketing_system, words,
};
use crate::imports::found::Found;
use serde_json::Value as Json;

pub(super) const SYSTEM: System = System { name: "Gorgias", read };

/// Reads a ticket or a message.
fn read(value: &Json, _stream: &str) -> Option<Vec<Found>> {
    // tickets say too who began them
    let is_ticket = has(value, "created_datetime") && has(value, "customer") && has(value, "status");
    if is_ticket {
        return ticket(value);
    }
    if has(value, "from_agent") {
        let writer = if is_true(value, "from_agent") { Json::Null } else { customer(value, "sender") };
        return Some(apart(id(value, &["ticket_id"])?, [message(value)], [("contact", writer)]));
    }
    None
}

fn ticket(ticket: &Json) -> Option<Vec<Found>> {
    let ticket_id = id(ticket, &["id"])?;
    let members = [("subject", "subject"), ("priority", "priority"), ("external_id", "external_id")];
    let record = object([
        ("contact", customer(ticket, "customer")),
        ("channel", channel(text(ticket, "channel")).into()),
        ("language", first(ticket, &["language"])),
        ("status", first(ticket, &["status"])),
        ("created_at", first(ticket, &["created_datetime"])),
        ("team", first(ticket, &["assignee_team.name"])),
        ("assignee_id", first(ticket, &["assignee_user.id"])),
        ("tags", tags(ticket, "tags")),
        ("custom_data", custom_data(ticket, &members, "custom_fields")),
        ("ticketing_system", ticketing_system("gorgias", &ticket_id, "ticket_id")),
        ("turns", said(list(ticket, "messages").iter().map(message))),
    ]);
    Some(vec![Found::Part(ticket_id, record)])
}

fn customer(value: &Json, path: &str) -> Json {
    contact(at(value, path).map(|customer| first(customer, &["id"])).unwrap_or_default(), at(value, path))
}

fn message(message: &Json) -> Json {
    // what rules send has no person behind it
    let role = match text(message, "via") {
        _ if !is_true(message, "from_agent") => "contact",
        "rule" | "autoresponder" | "self_service" => "ai",
        _ => "agent",
    };
    let is_public = !has(message, "public") || is_true(message, "public");
    let is_note = text(message, "channel") == "internal-note" || !is_public;
    object([
        ("id", first(message, &["id"])),
        ("role", role.into()),
        ("name", at(message, "sender").map(name).unwrap_or_default()),
        words(message, &["body_text", "stripped_text"], &["body_html", "stripped_html"]),
        ("created_at", first(message, &["sent_datetime", "created_datetime"])),
        ("attachments", attachments(list(message, "attachments"))),
        ("private", is_note.then_some(true).into()),
    ])
}

fn channel(name: &str) -> &str {
    match name {
        "chat" | "contact_form" | "help-center" => "web",
        "facebook" | "facebook-messenger" => "messenger",
        "instagram-direct-message" | "instagram-comment" | "instagram-mention" => "instagram",
        "phone" => "phone_voice",
        name => name,
    }
}
