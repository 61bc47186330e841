//! Freshdesk: tickets with or without their conversations, and the tickets and notes of an account export.

use super::shape::{
    System, apart, at, attachments, contact, custom_data, first, has, id, is_true, list, number, object,
    said, tags, text, ticketing_system, words,
};
use crate::imports::found::Found;
use serde_json::Value as Json;

pub(super) const SYSTEM: System = System { name: "Freshdesk", read };

/// Reads a ticket, also as an account export wraps it, or a reply or note that names its ticket.
fn read(value: &Json, _stream: &str) -> Option<Vec<Found>> {
    if let Some(ticket) = at(value, "helpdesk_ticket") {
        return read_ticket(ticket);
    }
    if let Some(ticket_id) = id(value, &["ticket_id"]) {
        let is_reply = has(value, "incoming") && has(value, "private");
        return is_reply.then(|| apart(ticket_id, [reply(value)], []));
    }
    let names = ["responder_id", "description_text", "fr_escalated", "conversations"];
    let is_ticket = has(value, "requester_id") && names.iter().any(|name| has(value, name));
    is_ticket.then(|| read_ticket(value)).flatten()
}

fn read_ticket(ticket: &Json) -> Option<Vec<Found>> {
    let ticket_id = id(ticket, &["display_id", "id"])?;
    let notes = list(ticket, "notes").iter().map(|note| at(note, "helpdesk_note").unwrap_or(note));
    let replies = list(ticket, "conversations").iter().chain(notes).map(reply);
    let named = object([("name", first(ticket, &["requester_name"]))]);
    let source = first(ticket, &["source_name", "source"]);
    let record = object([
        ("contact", contact(first(ticket, &["requester_id"]), at(ticket, "requester").or(Some(&named)))),
        ("channel", channel(&source)),
        ("status", status(first(ticket, &["status_name", "status"]))),
        ("created_at", first(ticket, &["created_at"])),
        ("team", first(ticket, &["group_name", "group.name"])),
        ("assignee_id", first(ticket, &["responder_id"])),
        ("tags", tags(ticket, "tags")),
        ("custom_data", data(ticket)),
        ("ticketing_system", ticketing_system("freshdesk", &ticket_id, "ticket_id")),
        ("turns", said([description(ticket, &source)].into_iter().chain(replies))),
    ]);
    Some(vec![Found::Part(ticket_id, record)])
}

/// Reads what the ticket began with: the requester's words, but in a mail that an agent sent out.
fn description(ticket: &Json, source: &Json) -> Json {
    let is_sent = number(source) == Some(10) || source.as_str() == Some("Outbound Email");
    // in an account export the plain text has the name that the API has for HTML
    let (plain, html): (&[_], &[_]) = if has(ticket, "description_html") {
        (&["description"], &["description_html"])
    } else {
        (&["description_text"], &["description"])
    };
    object([
        ("id", "description".into()),
        ("role", if is_sent { "agent" } else { "contact" }.into()),
        words(ticket, plain, html),
        ("created_at", first(ticket, &["created_at"])),
        ("attachments", attachments(list(ticket, "attachments"))),
    ])
}

fn reply(reply: &Json) -> Json {
    let is_private = is_true(reply, "private") || is_true(reply, "deleted");
    let (plain, html): (&[_], &[_]) =
        if has(reply, "body_html") { (&["body"], &["body_html"]) } else { (&["body_text"], &["body"]) };
    object([
        ("id", first(reply, &["id"])),
        ("role", if is_true(reply, "incoming") { "contact" } else { "agent" }.into()),
        ("person", first(reply, &["user_id"])),
        words(reply, plain, html),
        ("created_at", first(reply, &["created_at"])),
        ("attachments", attachments(list(reply, "attachments"))),
        ("private", is_private.then_some(true).into()),
    ])
}

/// Returns the word for the number of a status; an account may have more of its own.
fn status(status: Json) -> Json {
    match number(&status) {
        Some(2) => "open".into(),
        Some(3) => "pending".into(),
        Some(4) => "resolved".into(),
        Some(5) => "closed".into(),
        Some(6) => "waiting on customer".into(),
        Some(7) => "waiting on third party".into(),
        _ => status,
    }
}

fn channel(source: &Json) -> Json {
    match number(source) {
        Some(1 | 10) => "email".into(),
        Some(2) => "portal".into(),
        Some(3) => "phone_voice".into(),
        Some(5) => "twitter".into(),
        Some(6) => "messenger".into(),
        Some(7) => "web".into(),
        Some(9) => "feedback widget".into(),
        Some(13) => "whatsapp".into(),
        _ => source.clone(),
    }
}

fn data(ticket: &Json) -> Json {
    let members = [
        ("subject", "subject"),
        ("type", "type"),
        ("type", "ticket_type"),
        ("group_id", "group_id"),
        ("company_id", "company_id"),
        ("product_id", "product_id"),
        ("priority", "priority_name"),
    ];
    let fields = if has(ticket, "custom_fields") { "custom_fields" } else { "custom_field" };
    let mut data = custom_data(ticket, &members, fields);
    let priority = match at(ticket, "priority").and_then(number) {
        Some(1) => "low",
        Some(2) => "medium",
        Some(3) => "high",
        Some(4) => "urgent",
        _ => text(ticket, "priority"),
    };
    if !priority.is_empty() && !has(&data, "priority") {
        data["priority"] = priority.into();
    }
    data
}
