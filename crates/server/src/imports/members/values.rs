//! What a value of JSON says, in whatever form a system writes it.

use crate::wire::printable;
use serde_json::Value as Json;

/// What stands at the end of a text that was cut.
const CUT: &str = "… [cut]";

/// Tells what is as if it were not there: null, blank text, and what has nothing in it.
pub(super) fn is_absent(value: &Json) -> bool {
    match value {
        Json::Null => true,
        Json::String(text) => text.trim().is_empty(),
        Json::Array(items) => items.iter().all(is_absent),
        Json::Object(members) => members.values().all(is_absent),
        Json::Bool(_) | Json::Number(_) => false,
    }
}

/// Returns a value that is not made of others, as it is written.
pub(super) fn scalar(value: &Json) -> Option<String> {
    match value {
        Json::String(text) if !text.trim().is_empty() => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        Json::Bool(is_true) => Some(is_true.to_string()),
        _ => None,
    }
}

/// Returns the first of these members of an object; what is none is itself.
pub(super) fn named(mut value: Json, names: &[&str]) -> Json {
    let Json::Object(members) = &mut value else { return value };
    let mut found = names.iter().filter_map(|name| members.remove(*name)).filter(|value| !is_absent(value));
    found.next().unwrap_or(Json::Null)
}

pub(super) fn truth(value: &Json) -> Option<bool> {
    match scalar(value)?.trim().to_ascii_lowercase().as_str() {
        "true" | "yes" | "y" | "1" | "t" => Some(true),
        "false" | "no" | "n" | "0" | "f" => Some(false),
        _ => None,
    }
}

/// Returns an id as text. Databases of documents write one as an object with one member.
pub(super) fn id(value: Json) -> String {
    let value = named(value, &["$oid", "$uuid", "$numberLong"]);
    let text = if let Json::String(text) = value { Some(text) } else { scalar(&value) };
    printable(text.unwrap_or_default())
}

/// Cuts a text that is longer than so many characters, with a mark at its end. Returns true if it was.
pub(super) fn cut(text: &mut String, max: usize) -> bool {
    if text.len() <= max || text.chars().count() <= max {
        return false;
    }
    let kept = max.saturating_sub(CUT.chars().count());
    let end = text.char_indices().nth(kept).map_or(text.len(), |(end, _)| end);
    text.truncate(end);
    text.push_str(CUT);
    true
}
