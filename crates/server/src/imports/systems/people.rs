//! People of any system, and what exports have besides conversations and people.

use super::shape::{System, account_role, at, has, id, somebody};
use crate::imports::found::Found;
use serde_json::Value as Json;

pub(super) const SYSTEM: System = System { name: "people", read };

/// Lists of people, who are named by conversations of other lists.
const PEOPLE: &[&str] = &[
    "users",
    "contacts",
    "customers",
    "agents",
    "admins",
    "teammates",
    "visitors",
    "leads",
    "end_users",
    "requesters",
];
/// Lists that have no part in conversations.
const OTHERS: &[&str] = &[
    "brands",
    "companies",
    "custom_roles",
    "group_memberships",
    "groups",
    "inboxes",
    "macros",
    "mailboxes",
    "organization_memberships",
    "organizations",
    "satisfaction_ratings",
    "sla_policies",
    "tags",
    "teams",
    "ticket_fields",
    "ticket_forms",
    "ticket_metric_events",
    "ticket_metrics",
    "ticket_skips",
    "time_entries",
];

/// Reads somebody: `id`, a name in one or two parts, `email`, `phone`; and passes over what is in lists of other things.
fn read(value: &Json, stream: &str) -> Option<Vec<Found>> {
    let stream = stream.rsplit('/').next().unwrap_or(stream).to_ascii_lowercase();
    let says = ["turns", "text", "body", "message"].iter().any(|name| has(value, name));
    if says || !value.is_object() {
        return None;
    }
    if OTHERS.contains(&stream.as_str()) {
        return Some(Vec::new());
    }
    if !PEOPLE.contains(&stream.as_str()) {
        return None;
    }
    let inner = ["user", "contact", "customer", "agent"].iter().find_map(|name| at(value, name));
    let person = inner.filter(|_| !has(value, "id")).unwrap_or(value);
    Some(id(person, &["id"]).map(|id| somebody(id, person, account_role(person))).into_iter().collect())
}
