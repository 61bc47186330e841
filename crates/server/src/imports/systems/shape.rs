//! Members of JSON by their paths, and the parts of a record that they are put into.

use crate::imports::found::Found;
use serde_json::{Map, Value as Json, json};

/// A system that exports JSON.
pub(in crate::imports) struct System {
    /// The name that people know it by.
    pub(in crate::imports) name: &'static str,
    /// Reads a value that stood in the list or stream of this name. None says that it is nothing of this system; nothing
    /// found, that it is, and has no part in conversations.
    pub(in crate::imports) read: fn(&Json, &str) -> Option<Vec<Found>>,
}

/// Returns what stands at a path, members and places in lists with dots between. What is empty is as if it were not
/// there.
pub(super) fn at<'a>(value: &'a Json, path: &str) -> Option<&'a Json> {
    let step = |value: &'a Json, name: &str| match value {
        Json::Array(items) => items.get(name.parse::<usize>().ok()?),
        value => value.get(name),
    };
    path.split('.').try_fold(value, step).filter(|found| !is_empty(found))
}

fn is_empty(value: &Json) -> bool {
    match value {
        Json::Null => true,
        Json::String(text) => text.trim().is_empty(),
        Json::Array(items) => items.is_empty(),
        Json::Object(members) => members.is_empty(),
        Json::Bool(_) | Json::Number(_) => false,
    }
}

/// Returns what stands at the first of these paths that leads somewhere, else null.
pub(super) fn first(value: &Json, paths: &[&str]) -> Json {
    paths.iter().find_map(|path| at(value, path)).cloned().unwrap_or_default()
}

/// Returns the text at a path, else an empty one.
pub(super) fn text<'a>(value: &'a Json, path: &str) -> &'a str {
    at(value, path).and_then(Json::as_str).map_or("", str::trim)
}

/// Returns the id at the first of these paths that leads to text or a number.
pub(super) fn id(value: &Json, paths: &[&str]) -> Option<String> {
    paths.iter().find_map(|path| match at(value, path)? {
        Json::String(text) => Some(text.trim().to_owned()),
        Json::Number(number) => Some(number.to_string()),
        _ => None,
    })
}

/// Returns the whole number that a value is, which may be written as text.
pub(super) fn number(value: &Json) -> Option<i64> {
    match value {
        Json::Number(number) => number.as_i64(),
        Json::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// Tells whether true stands at a path, in one of the ways of writing it.
pub(super) fn is_true(value: &Json, path: &str) -> bool {
    match at(value, path) {
        Some(Json::Bool(is)) => *is,
        Some(Json::Number(number)) => number.as_i64() == Some(1),
        Some(Json::String(text)) => matches!(text.trim(), "true" | "True" | "TRUE" | "1"),
        _ => false,
    }
}

/// Tells whether a value has a member, be it empty.
pub(super) fn has(value: &Json, name: &str) -> bool {
    value.get(name).is_some()
}

/// Returns the list at a path, else an empty one.
pub(super) fn list<'a>(value: &'a Json, path: &str) -> &'a [Json] {
    at(value, path).and_then(Json::as_array).map_or(&[], Vec::as_slice)
}

/// Builds an object of the members that are not empty.
pub(super) fn object<const N: usize>(members: [(&str, Json); N]) -> Json {
    let members = members.into_iter().filter(|(_, value)| !is_empty(value));
    members.map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>().into()
}

/// Returns the words of a turn as the member they become: plain where there are some, else HTML.
pub(super) fn words(value: &Json, plain: &[&str], html: &[&str]) -> (&'static str, Json) {
    match first(value, plain) {
        Json::Null => ("html", first(value, html)),
        text => ("text", text),
    }
}

/// Keeps the turns in which something was said, sent or done.
pub(super) fn said(turns: impl IntoIterator<Item = Json>) -> Json {
    let members = ["text", "html", "attachments", "event"];
    turns.into_iter().filter(|turn| members.iter().any(|name| has(turn, name))).collect()
}

/// Finds turns that stand apart from their conversation, with what they tell of it. There is nothing to find where nothing was
/// said.
pub(super) fn apart<const N: usize>(
    id: String,
    turns: impl IntoIterator<Item = Json>,
    told: [(&str, Json); N],
) -> Vec<Found> {
    let turns = said(turns);
    if is_empty(&turns) {
        return Vec::new();
    }
    let mut part = object(told);
    part["turns"] = turns;
    vec![Found::Part(id, part)]
}

/// Describes a contact, whom the system knows by this id, as far as the value does.
pub(super) fn contact(person: Json, described: Option<&Json>) -> Json {
    let described = described.unwrap_or(&Json::Null);
    object([
        ("person", person),
        ("name", name(described)),
        (
            "email",
            first(described, &["email", "address", "emails.0.value", "emails.0.email", "contact.email"]),
        ),
        ("phone_number", first(described, &["phone_number", "phone", "mobile", "phones.0.value"])),
    ])
}

/// Returns somebody's name, which may be in two parts.
pub(super) fn name(described: &Json) -> Json {
    let whole = first(described, &["name", "display_name", "displayName", "contact.name"]);
    if !whole.is_null() {
        return whole;
    }
    let given = ["first_name", "firstName", "firstname", "first"];
    let family = ["last_name", "lastName", "lastname", "last"];
    let parts = [first(described, &given), first(described, &family)];
    parts.iter().filter_map(Json::as_str).map(str::trim).collect::<Vec<_>>().join(" ").into()
}

/// Returns who somebody is by the role of their account.
pub(super) fn account_role(described: &Json) -> &'static str {
    match text(described, "role") {
        "end-user" => "contact",
        "agent" | "admin" => "agent",
        _ => "",
    }
}

/// Finds somebody whom conversations may name.
pub(super) fn somebody(id: String, described: &Json, role: &str) -> Found {
    let mut person = contact(Json::Null, Some(described));
    if !role.is_empty() {
        person["role"] = role.into();
    }
    Found::Person(id, person)
}

/// Collects custom data: members that the record has no place for, under names of ours, and the fields that the
/// system's customer made.
pub(super) fn custom_data(value: &Json, members: &[(&str, &str)], fields: &str) -> Json {
    let named =
        members.iter().filter_map(|(name, path)| Some(((*name).to_owned(), at(value, path)?.clone())));
    let mut data: Map<_, _> = named.collect();
    match at(value, fields) {
        Some(Json::Object(fields)) => {
            for (name, field) in fields {
                let field = if has(field, "value") { first(field, &["value"]) } else { field.clone() };
                data.insert(name.clone(), field);
            }
        }
        Some(Json::Array(fields)) => {
            for field in fields {
                if let Some(name) = id(field, &["name", "title", "id"]) {
                    data.insert(name, first(field, &["text", "value"]));
                }
            }
        }
        _ => {}
    }
    data.retain(|_, value| !is_empty(value));
    data.into()
}

/// Returns the names of tags, which are texts or objects that have one.
pub(super) fn tags(value: &Json, path: &str) -> Json {
    let Some(Json::Array(tags)) = at(value, path) else {
        return first(value, &[path]);
    };
    let name = |tag: &Json| if tag.is_object() { first(tag, &["name", "tag"]) } else { tag.clone() };
    tags.iter().map(name).filter(|tag| !is_empty(tag)).collect()
}

/// Describes the files of a turn, which lie elsewhere.
pub(super) fn attachments(files: &[Json]) -> Json {
    let urls = ["url", "content_url", "attachment_url", "data_url", "_links.web.href", "_links.data.href"];
    let names = ["name", "file_name", "filename", "content_file_name", "attachment_file_name"];
    let types = ["content_type", "mimeType", "mime_type", "content_content_type"];
    let described = |file: &Json| {
        object([
            ("id", first(file, &["id", "fileId"])),
            ("name", first(file, &names)),
            ("type", first(file, &types)),
            ("size", first(file, &["size", "filesize", "file_size"])),
            ("url", first(file, &urls)),
        ])
    };
    files.iter().map(described).filter(|file| !is_empty(file)).collect()
}

/// Names the record that a conversation is in its system.
pub(super) fn ticketing_system(name: &str, id: &str, id_type: &str) -> Json {
    json!({ "name": name, "external_id": id, "id_type": id_type })
}
