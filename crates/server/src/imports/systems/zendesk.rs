//! Zendesk: tickets with their comments, pages of the incremental export, events and audits of tickets.

use super::shape::{
    System, account_role, apart, at, attachments, contact, custom_data, first, has, id, is_true, list,
    object, said, somebody, text, ticketing_system, words,
};
use crate::imports::found::Found;
use serde_json::Value as Json;

pub(super) const SYSTEM: System = System { name: "Zendesk", read };

/// Reads a ticket, with or without its comments, a comment that names its ticket, or the comments among the events of a
/// ticket.
fn read(value: &Json, _stream: &str) -> Option<Vec<Found>> {
    if let Some(ticket_id) = id(value, &["ticket_id"]) {
        if has(value, "author_id") && has(value, "public") {
            return Some(apart(ticket_id, [comment(value, value)], []));
        }
        let events = list(value, "child_events").iter().chain(list(value, "events"));
        let comments = events.filter(|event| is_comment(event)).map(|event| comment(event, value));
        return (has(value, "child_events") || has(value, "events")).then(|| apart(ticket_id, comments, []));
    }
    let ticket = at(value, "ticket").unwrap_or(value);
    let own = ["via", "submitter_id", "raw_subject", "satisfaction_rating", "is_public"];
    let is_said =
        |comment: &Json| has(comment, "public") && (has(comment, "author_id") || has(comment, "author"));
    let is_ticket = has(ticket, "requester_id") && own.iter().any(|name| has(ticket, name))
        || text(ticket, "url").contains("/api/v2/tickets/")
        || list(ticket, "comments").first().is_some_and(is_said);
    let comments = if has(ticket, "comments") { list(ticket, "comments") } else { list(value, "comments") };
    is_ticket.then(|| read_ticket(ticket, comments)).flatten()
}

fn is_comment(event: &Json) -> bool {
    [text(event, "event_type"), text(event, "type")].iter().any(|kind| kind.eq_ignore_ascii_case("comment"))
}

fn read_ticket(ticket: &Json, comments: &[Json]) -> Option<Vec<Found>> {
    let ticket_id = id(ticket, &["id"])?;
    let requester = first(ticket, &["requester_id", "requester.id"]);
    // a ticket that the requester sent names its sender
    let is_own = !has(ticket, "submitter_id") || at(ticket, "submitter_id") == at(ticket, "requester_id");
    let sender = at(ticket, "via.source.from").filter(|_| is_own);
    let record = object([
        ("contact", contact(requester, at(ticket, "requester").or(sender))),
        ("channel", channel(text(ticket, "via.channel")).into()),
        ("status", first(ticket, &["status"])),
        ("created_at", first(ticket, &["created_at"])),
        ("team", first(ticket, &["group.name"])),
        ("assignee_id", first(ticket, &["assignee_id"])),
        ("tags", first(ticket, &["tags"])),
        ("custom_data", data(ticket)),
        ("ticketing_system", ticketing_system("zendesk", &ticket_id, "ticket_id")),
        ("opening", opening(ticket)),
        ("turns", said(comments.iter().map(|said| comment(said, &Json::Null)))),
    ]);
    let people = ["requester", "submitter", "assignee"].iter().filter_map(|who| at(ticket, who));
    let authors = comments.iter().filter_map(|comment| at(comment, "author"));
    let mut found: Vec<_> = people.chain(authors).filter_map(person).collect();
    found.push(Found::Part(ticket_id, record));
    Some(found)
}

/// Returns the description: a ticket repeats its first comment there, which is by the submitter.
fn opening(ticket: &Json) -> Json {
    let is_private = at(ticket, "is_public") == Some(&Json::Bool(false));
    object([
        words(ticket, &["description"], &[]),
        ("person", first(ticket, &["submitter_id", "requester_id"])),
        ("created_at", first(ticket, &["created_at"])),
        ("private", is_private.then_some(true).into()),
    ])
}

/// Reads a comment, of which some members may stand beside it in an event.
fn comment(comment: &Json, event: &Json) -> Json {
    let or_of_event = |names: &[&str]| match first(comment, names) {
        Json::Null => first(event, names),
        own => own,
    };
    let is_private = has(comment, "public") && !is_true(comment, "public");
    object([
        ("id", first(comment, &["id"])),
        ("person", or_of_event(&["author_id", "author.id", "updater_id"])),
        ("name", first(comment, &["author.name"])),
        words(comment, &["body", "plain_body"], &["html_body"]),
        ("created_at", or_of_event(&["created_at", "timestamp"])),
        ("attachments", attachments(list(comment, "attachments"))),
        ("private", is_private.then_some(true).into()),
    ])
}

fn person(person: &Json) -> Option<Found> {
    Some(somebody(id(person, &["id"])?, person, account_role(person)))
}

fn channel(name: &str) -> &str {
    match name {
        "native_messaging" | "chat" => "web",
        "facebook" => "messenger",
        "instagram_dm" => "instagram",
        name => name,
    }
}

fn data(ticket: &Json) -> Json {
    let members = [
        ("subject", "subject"),
        ("type", "type"),
        ("priority", "priority"),
        ("external_id", "external_id"),
        ("group_id", "group_id"),
        ("organization_id", "organization_id"),
        ("brand_id", "brand_id"),
        ("satisfaction", "satisfaction_rating.score"),
    ];
    custom_data(ticket, &members, "custom_fields")
}
