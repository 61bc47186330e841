//! Intercom: conversations and tickets with their parts, parts that name their conversation, contacts and admins.

use super::shape::{
    System, apart, at, attachments, contact, custom_data, first, has, id, is_true, list, object, said,
    somebody, tags, text, ticketing_system,
};
use crate::imports::found::Found;
use serde_json::Value as Json;

pub(super) const SYSTEM: System = System { name: "Intercom", read };

/// Reads a conversation, a ticket, a part of one, a contact or an admin; each says by `type` what it is.
fn read(value: &Json, _stream: &str) -> Option<Vec<Found>> {
    match text(value, "type") {
        "conversation"
            if has(value, "source") || has(value, "conversation_message") || has(value, "state") =>
        {
            conversation(value, "conversation_parts.conversation_parts")
        }
        "conversation_part" | "ticket_part" => {
            let whole = id(value, &["conversation_id", "ticket_id"])?;
            Some(apart(whole, [part(value)], []))
        }
        "ticket" if has(value, "ticket_attributes") || has(value, "ticket_parts") => {
            conversation(value, "ticket_parts.ticket_parts")
        }
        "contact" | "user" | "lead" if has(value, "email") => {
            Some(vec![somebody(id(value, &["id"])?, value, "contact")])
        }
        "admin" if has(value, "email") => Some(vec![somebody(id(value, &["id"])?, value, "agent")]),
        "" if has(value, "conversation_parts") => {
            conversation(value, "conversation_parts.conversation_parts")
        }
        _ => None,
    }
}

fn conversation(value: &Json, parts: &str) -> Option<Vec<Found>> {
    let conversation_id = id(value, &["id"])?;
    let is_ticket = text(value, "type") == "ticket";
    // some exports have the list where the API has an object with it
    let parts = match list(value, parts) {
        [] => list(value, parts.split('.').next().unwrap_or(parts)),
        parts => parts,
    };
    let source = at(value, "source").or_else(|| at(value, "conversation_message"));
    let opening = if is_ticket { Some(described(value)) } else { source.map(|source| opened(value, source)) };
    let turns = said(opening.into_iter().chain(parts.iter().map(part)));
    // nobody is 0 in tickets
    let assignee = id(value, &["admin_assignee_id", "assignee.id"]).filter(|id| id != "0");
    let id_type = if is_ticket { "ticket_id" } else { "conversation_id" };
    let record = object([
        ("contact", contact_of(value, source.into_iter().chain(parts))),
        ("channel", channel(text(value, "source.type")).into()),
        ("status", status(value)),
        ("created_at", first(value, &["created_at"])),
        ("assignee_id", assignee.unwrap_or_default().into()),
        ("tags", tags(value, "tags.tags")),
        ("custom_data", data(value, is_ticket)),
        ("ticketing_system", ticketing_system("intercom", &conversation_id, id_type)),
        ("turns", turns),
    ]);
    Some(vec![Found::Part(conversation_id, record)])
}

/// Describes the first contact, as far as what it said does.
fn contact_of<'a>(value: &'a Json, mut said: impl Iterator<Item = &'a Json>) -> Json {
    let contacts = ["contacts.contacts.0", "contacts.0", "customers.0", "user"];
    let named = contacts.iter().find_map(|path| at(value, path));
    let known = named.map(|named| first(named, &["id"]));
    let is_meant = |author: &&Json| {
        role(author) == "contact" && known.as_ref().is_none_or(|id| *id == first(author, &["id"]))
    };
    let author = said.find_map(|said| at(said, "author").filter(is_meant));
    let described = author.or(named);
    contact(described.map(|described| first(described, &["id"])).unwrap_or_default(), described)
}

/// Reads the message that began a conversation.
fn opened(conversation: &Json, source: &Json) -> Json {
    let mut turn = part(source);
    // its id is from another count than those of parts
    turn["id"] = id(source, &["id"]).map(|id| format!("source-{id}")).into();
    turn["created_at"] = first(conversation, &["created_at"]);
    turn
}

/// Reads the description of a ticket.
fn described(ticket: &Json) -> Json {
    object([
        ("role", "contact".into()),
        (
            "text",
            first(ticket, &["ticket_attributes._default_description_", "ticket_attributes._default_title_"]),
        ),
        ("created_at", first(ticket, &["created_at"])),
    ])
}

fn part(part: &Json) -> Json {
    let is_note = text(part, "part_type").starts_with("note");
    let author = at(part, "author").unwrap_or(&Json::Null);
    object([
        ("id", first(part, &["id"])),
        ("role", role(author).into()),
        ("name", first(author, &["name"])),
        ("person", first(author, &["id"])),
        ("html", first(part, &["body"])),
        ("created_at", first(part, &["created_at"])),
        ("attachments", attachments(list(part, "attachments"))),
        ("private", is_note.then_some(true).into()),
    ])
}

fn role(author: &Json) -> &'static str {
    match text(author, "type") {
        "user" | "lead" | "contact" | "visitor" => "contact",
        "bot" => "ai",
        _ if is_true(author, "from_ai_agent") => "ai",
        "admin" | "team" | "teammate" => "agent",
        _ => "system",
    }
}

fn status(value: &Json) -> Json {
    match first(value, &["state", "ticket_state.category", "ticket_state"]) {
        Json::String(state) if state == "submitted" => "new".into(),
        state => state,
    }
}

fn channel(source: &str) -> &str {
    match source {
        "conversation" | "push" | "" => "web",
        "facebook" => "messenger",
        "phone_call" | "phone_switch" => "phone_voice",
        name => name,
    }
}

fn data(value: &Json, is_ticket: bool) -> Json {
    let members = [
        ("subject", "source.subject"),
        ("title", "title"),
        ("title", "ticket_attributes._default_title_"),
        ("type", "ticket_type.name"),
        ("ticket", "ticket_id"),
        ("priority", "priority"),
        ("team_id", "team_assignee_id"),
        ("rating", "conversation_rating.rating"),
    ];
    let mut data =
        custom_data(value, &members, if is_ticket { "ticket_attributes" } else { "custom_attributes" });
    if let Some(data) = data.as_object_mut() {
        // what the ticket was opened with is its title and its first turn
        data.retain(|name, _| !name.starts_with("_default_"));
    }
    data
}
