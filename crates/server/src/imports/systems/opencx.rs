//! OpenCX, the hosted product: sessions, histories and contacts as its API has them. Sessions and contacts keep their ids.

use super::shape::{System, apart, at, first, has, id, list, object, text};
use crate::ids::SessionId;
use crate::imports::found::Found;
use crate::imports::record::parse_role;
use crate::sessions::Event;
use serde_json::{Map, Value as Json};

pub(super) const SYSTEM: System = System { name: "OpenCX", read };

/// Reads a session, alone or with its history, or an entry of a history that names its session: by a member,
/// or by the name of its file.
fn read(value: &Json, stream: &str) -> Option<Vec<Found>> {
    if at(value, "event.type").is_some() {
        let session_id = id(value, &["session_id"]).or_else(|| id_of(stream))?;
        return Some(apart(session_id, entry(value), []));
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
    object([
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
        ("assist_mode", first(session, &["assist_mode"])),
        ("turns", turns),
    ])
}

fn contact(contact: &Json) -> Json {
    object([
        ("id", first(contact, &["id"])),
        ("created_at", first(contact, &["created_at"])),
        ("email", first(contact, &["email"])),
        ("phone_number", first(contact, &["phone_number"])),
        ("name", first(contact, &["name"])),
        ("custom_data", texts(first(contact, &["custom_data"]))),
        (
            "non_verified",
            object([
                ("email", first(contact, &["non_verified_email"])),
                ("name", first(contact, &["non_verified_name"])),
                ("custom_data", texts(first(contact, &["non_verified_custom_data"]))),
            ]),
        ),
    ])
}

/// Reads an entry of a history. What people of the company said among themselves or never sent is none, and neither is an
/// event without words that a history here cannot have.
fn entry(entry: &Json) -> Option<Json> {
    let kind = text(entry, "event.type");
    let said = text(entry, "event.content.text");
    let event = kind.parse::<Event>().ok().filter(|event| *event != Event::Message);
    if said.is_empty() && event.is_none() && at(entry, "event.attachments").is_none() {
        return None;
    }
    if ["human_agent_comment", "agent_comment", "workflow_note", "email_draft_message"].contains(&kind) {
        return None;
    }
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
    ]))
}

/// Returns the id at the end of a file's name.
fn id_of(name: &str) -> Option<String> {
    let id: SessionId = name.get(name.len().checked_sub(36)?..)?.parse().ok()?;
    Some(id.to_string())
}

/// Returns custom data whose values are texts, as a contact's are.
fn texts(data: Json) -> Json {
    let Json::Object(data) = data else { return Json::Null };
    let text = |value: Json| if value.is_string() { value } else { value.to_string().into() };
    data.into_iter().map(|(name, value)| (name, text(value))).collect::<Map<_, _>>().into()
}
