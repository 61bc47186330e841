//! Objects that are no records but hold some: pages of an API, and the envelopes of Airbyte and Singer.

use super::{DEPTH_MAX, PLAIN_LISTS, Take};
use crate::imports::json_text::parse;
use serde_json::{Map, Value as Json};

/// The members by which an object is a record, and no page with a list of records. `ts` is what Slack calls the id of a message.
const IDS: [&str; 18] = [
    "id",
    "_id",
    "uuid",
    "conversation_id",
    "session_id",
    "ticket_id",
    "thread_id",
    "key",
    "chat_id",
    "chatId",
    "ticketId",
    "conversationId",
    "ticket_number",
    "ticketNumber",
    "case_number",
    "turns",
    "message_id",
    "ts",
];
/// The texts of a page without records.
const OF_PAGES: [&str; 14] = [
    "type",
    "object",
    "url",
    "uri",
    "next",
    "previous",
    "next_page",
    "previous_page",
    "next_url",
    "before_url",
    "after_url",
    "after_cursor",
    "before_cursor",
    "next_cursor",
];

/// Tells the beginning of an object that holds a list of objects before anything by which it would be a record.
pub(super) fn opens_list(object: &[u8]) -> bool {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(byte) = object.get(at) {
        at += 1;
        match byte {
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            b'[' if object[at..].trim_ascii_start().starts_with(b"{") => return depth <= DEPTH_MAX,
            b'"' => {
                let start = at;
                while let Some(byte) = object.get(at) {
                    at += if *byte == b'\\' { 2 } else { 1 };
                    if *byte == b'"' {
                        break;
                    }
                }
                let text = object.get(start..at - 1).unwrap_or_default();
                let is_name = object.get(at..).is_some_and(|rest| rest.trim_ascii_start().starts_with(b":"));
                if depth == 1 && is_name && IDS.iter().any(|id| id.as_bytes() == text) {
                    return false;
                }
            }
            _ => {}
        }
    }
    false
}

/// Takes a value out of its envelope, and the values out of a page.
pub(super) fn unwrap(
    line: u64,
    stream: &str,
    (value, is_lossy): (Json, bool),
    depth: usize,
    take: &mut Take<'_>,
) -> bool {
    let Json::Object(mut object) = value else {
        return match value {
            Json::Array(values) if depth > 0 => {
                values.into_iter().all(|value| unwrap(line, stream, (value, is_lossy), depth - 1, take))
            }
            _ => take(line, stream, Err("expected a JSON object".into())),
        };
    };
    if let Some(data) = object.remove("_airbyte_data") {
        let text = data.as_str().map(|text| parse(text.as_bytes()));
        let data = text.and_then(Result::ok).unwrap_or((data, is_lossy));
        return take(line, stream, Ok(data));
    }
    if let Some((stream, record)) = enveloped(&mut object, stream) {
        return record.is_none_or(|record| take(line, &stream, Ok((record, is_lossy))));
    }
    if depth == 0 || !is_page(&object) {
        return take(line, stream, Ok((Json::Object(object), is_lossy)));
    }
    let lists = object.into_iter().filter(|(name, value)| is_named(name, value) || is_list(value, false));
    for (name, list) in lists {
        if is_named(&name, &list) {
            if !take(line, stream, Ok((with_id(name, list), is_lossy))) {
                return false;
            }
            continue;
        }
        let named = if PLAIN_LISTS.contains(&name.as_str()) { stream } else { &name };
        let goes_on = match list {
            Json::Array(values) => {
                values.into_iter().all(|value| unwrap(line, named, (value, is_lossy), depth - 1, take))
            }
            list => unwrap(line, named, (list, is_lossy), depth - 1, take),
        };
        if !goes_on {
            return false;
        }
    }
    true
}

/// Returns stream and record of a message of Airbyte or Singer, no record where it carries none; none if it is no such
/// message.
fn enveloped(object: &mut Map<String, Json>, stream: &str) -> Option<(String, Option<Json>)> {
    match object.get("type")?.as_str()? {
        "RECORD" => {}
        "SCHEMA" | "STATE" | "ACTIVATE_VERSION" | "LOG" | "TRACE" | "CATALOG" | "CONTROL" | "SPEC" => {
            return Some((String::new(), None));
        }
        _ => return None,
    }
    let mut stream = object.get("stream").and_then(Json::as_str).unwrap_or(stream).to_owned();
    let mut record = object.remove("record")?;
    if let Some(data) = record.get_mut("data").filter(|data| data.is_object()).map(Json::take) {
        stream = record.get("stream").and_then(Json::as_str).unwrap_or(&stream).to_owned();
        record = data;
    }
    Some((stream, Some(record)))
}

/// Tells a conversation that stands under its id, as lists that are objects have it: `{"17": {"turns": […]}}`.
pub(super) fn is_named(name: &str, value: &Json) -> bool {
    let has = |member: &str| value.get(member).is_some_and(Json::is_array);
    let is_bare = || !IDS.iter().any(|id| value.get(id).is_some());
    name.contains(|c: char| c.is_ascii_digit()) && (has("turns") || has("messages") && is_bare())
}

/// Gives a conversation the id under which it stands.
pub(super) fn with_id(name: String, mut value: Json) -> Json {
    if let Json::Object(members) = &mut value {
        members.entry("id").or_insert(Json::String(name));
    }
    value
}

pub(super) fn is_page(object: &Map<String, Json>) -> bool {
    let has_list = |is_empty: bool| object.values().any(|value| is_list(value, is_empty));
    let says_nothing =
        |(name, value): (&String, &Json)| !value.is_string() || OF_PAGES.contains(&name.as_str());
    !IDS.iter().any(|id| object.contains_key(*id))
        && (has_list(false)
            || has_list(true) && object.iter().all(says_nothing)
            || object.iter().any(|(name, value)| is_named(name, value)))
}

/// Tells a list of objects, or an empty one, and an object around one.
fn is_list(value: &Json, is_empty: bool) -> bool {
    match value {
        Json::Array(values) => values.first().map_or(is_empty, Json::is_object),
        Json::Object(object) => is_page(object),
        _ => false,
    }
}
