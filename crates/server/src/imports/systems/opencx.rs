//! OpenCX, the hosted product: sessions, histories and contacts as its API has them. Sessions and contacts keep their ids.

use super::shape::{System, at, first, has, id, list, object, text, turns_of};
use crate::imports::found::Found;
use crate::imports::record::parse_role;
use crate::sessions::Event;
use serde_json::Value as Json;

pub(super) const SYSTEM: System = System { name: "OpenCX", read };

/// Reads a session, alone or with its history, or an entry of a history that names its session: by a member,
/// or by the name of its file.
fn read(value: &Json, stream: &str) -> Option<Vec<Found>> {
    if at(value, "event.type").is_some() {
        let session_id = id(value, &["session_id"]).or_else(|| uuid_in(stream))?;
        return Some(turns_of(session_id, entry(value).into_iter()));
    }
    let is_session =
        at(value, "channel.type").is_some() && (has(value, "ticket_number") || has(value, "ai_closure_type"));
    if !is_session {
        return None;
    }
    let history = list(value, "history").iter().chain(list(value, "history.items"));
    let turns = history.filter_map(entry).collect();
    Some(vec![Found::Part(id(value, &["id"])?, record(value, turns))])
}

fn record(session: &Json, turns: Json) -> Json {
    let mut record = object([
        ("export_version", 1.into()),
        ("channel", first(session, &["channel.type"])),
        ("language", first(session, &["language"])),
        ("created_at", first(session, &["created_at"])),
        ("status", first(session, &["status"])),
        ("ai_closure_type", first(session, &["ai_closure_type"])),
        ("handoff", first(session, &["handoff"])),
        ("ticketing_system", first(session, &["ticketing_system"])),
        ("contact", at(session, "contact").map(contact).unwrap_or_default()),
        ("custom_data", first(session, &["custom_data"])),
        ("team", first(session, &["team.name"])),
        ("assignee_id", first(session, &["assignee_id"])),
        ("tags", first(session, &["tags"])),
        ("turns", turns),
    ]);
    record["assist_mode"] = first(session, &["assist_mode"]);
    record
}

fn contact(contact: &Json) -> Json {
    object([
        ("id", first(contact, &["id"])),
        ("created_at", first(contact, &["created_at"])),
        ("email", first(contact, &["email"])),
        ("phone_number", first(contact, &["phone_number"])),
        ("name", first(contact, &["name"])),
        ("custom_data", first(contact, &["custom_data"])),
        (
            "non_verified",
            object([
                ("email", first(contact, &["non_verified_email"])),
                ("name", first(contact, &["non_verified_name"])),
                ("custom_data", first(contact, &["non_verified_custom_data"])),
            ]),
        ),
    ])
}

/// Reads an entry of a history. An event without words that a history here cannot have is none.
fn entry(entry: &Json) -> Option<Json> {
    let kind = text(entry, "event.type");
    let said = text(entry, "event.content.text");
    let event = kind.parse::<Event>().ok().filter(|event| *event != Event::Message);
    if said.is_empty() && event.is_none() && at(entry, "event.attachments").is_none() {
        return None;
    }
    // people of the company among themselves, and what was never sent
    let private = ["human_agent_comment", "agent_comment", "workflow_note", "email_draft_message"];
    let is_private = private.contains(&kind);
    let role = match text(entry, "event.sender.type") {
        sender if parse_role(sender).is_ok() => sender,
        _ if kind.starts_with("agent_") => "agent",
        _ => "system",
    };
    Some(object([
        ("id", first(entry, &["id"])),
        ("event", event.map(|_| kind).into()),
        ("role", role.into()),
        ("name", first(entry, &["event.sender.name"])),
        ("text", first(entry, &["event.content.text"])),
        ("created_at", first(entry, &["created_at"])),
        ("attachments", first(entry, &["event.attachments"])),
        ("context", first(entry, &["event.context"])),
        ("private", is_private.then_some(true).into()),
    ]))
}

/// Returns the UUID in the name of a file.
fn uuid_in(name: &str) -> Option<String> {
    let is_uuid = |text: &str| {
        text.bytes().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
    };
    name.as_bytes()
        .windows(36)
        .filter_map(|text| std::str::from_utf8(text).ok())
        .find(|text| is_uuid(text))
        .map(str::to_lowercase)
}
