//! Texts of a bounded length.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use std::borrow::Cow;

/// Text of at most `MAX` characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Text<const MAX: usize>(pub String);

impl<'de, const MAX: usize> Deserialize<'de> for Text<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.chars().count() > MAX {
            return Err(D::Error::custom(format!("expected at most {MAX} characters")));
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
