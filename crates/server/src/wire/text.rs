//! Texts of a bounded length.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value as Json};
use std::borrow::Cow;

/// Drops the characters that steer a terminal or the direction of what is read: control characters but the end of a line
/// and the tab, and marks, embeddings and isolates of direction. Joiners, which scripts and emoji need, stay.
pub fn printable(text: String) -> String {
    if !has_steering(&text) {
        return text;
    }
    // the ends of lines of old systems; those of Windows keep their second half
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.chars().filter(|c| !is_steering(*c)).collect()
}

/// Drops the same from every text and name of a member within a value.
pub fn printable_json(json: Json) -> Json {
    match json {
        Json::String(text) => Json::String(printable(text)),
        Json::Array(items) => items.into_iter().map(printable_json).collect(),
        Json::Object(members) => Json::Object(printable_members(members)),
        other => other,
    }
}

/// Drops the same from the members of an object.
pub fn printable_members(members: Map<String, Json>) -> Map<String, Json> {
    members.into_iter().map(|(name, value)| (printable(name), printable_json(value))).collect()
}

/// Writes the same characters as escapes of JSON, for output that a terminal may read.
pub fn escaped(text: &str) -> Cow<'_, str> {
    if !has_steering(text) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if is_steering(c) {
            escaped.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            escaped.push(c);
        }
    }
    Cow::Owned(escaped)
}

/// Tells a text with such a character. Most have none, which their bytes tell: the first ones of those characters are few.
fn has_steering(text: &str) -> bool {
    let may_be = |byte: &u8| {
        *byte < 0x20 && !matches!(byte, b'\n' | b'\t') || matches!(byte, 0x7f | 0xc2 | 0xd8 | 0xe2)
    };
    // many bytes at a time, all of them looked at, so that they are compared at once
    text.as_bytes().chunks(64).any(|bytes| bytes.iter().fold(false, |any, byte| any | may_be(byte)))
        && text.contains(is_steering)
}

fn is_steering(c: char) -> bool {
    c.is_control() && !matches!(c, '\n' | '\t')
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Text of at most `MAX` characters. Characters that steer a terminal are dropped when it is read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Text<const MAX: usize>(pub String);

impl<'de, const MAX: usize> Deserialize<'de> for Text<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

impl<const MAX: usize> Text<MAX> {
    /// Takes a text that is short enough.
    pub fn new(text: String) -> Result<Self, String> {
        let text = printable(text);
        if text.chars().count() > MAX {
            return Err(format!("expected at most {MAX} characters"));
        }
        Ok(Self(text))
    }
}

impl<const MAX: usize> JsonSchema for Text<MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Text{MAX}").into()
    }

    /// In requests alone the limit is shown: the contract's answers are closed.
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        if generator.contract().is_serialize() {
            return json_schema!({"type": "string"});
        }
        json_schema!({"type": "string", "maxLength": MAX})
    }
}

impl<const MAX: usize> From<Text<MAX>> for crate::db::Value {
    fn from(text: Text<MAX>) -> Self {
        text.0.into()
    }
}

/// Text of at most `MAX` characters that are not all blanks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct SingleLine<const MAX: usize>(pub String);

impl<'de, const MAX: usize> Deserialize<'de> for SingleLine<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Text::<MAX>::deserialize(deserializer)?.0;
        if text.trim().is_empty() {
            return Err(D::Error::custom("expected text that is not blank"));
        }
        Ok(Self(text))
    }
}

impl<const MAX: usize> JsonSchema for SingleLine<MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("SingleLine{MAX}").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "minLength": 1, "maxLength": MAX, "pattern": "\\S"})
    }
}
