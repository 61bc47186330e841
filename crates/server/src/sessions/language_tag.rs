//! The language of a session as callers name it.

use crate::db::Value;
use refrain_nlp::language::Language;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _};
use std::borrow::Cow;

/// The characters that BCP 47 has every reader take of a tag.
const TAG_MAX: usize = 35;

/// A BCP 47 tag, kept as the short code of its language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LanguageTag(pub String);

impl<'de> Deserialize<'de> for LanguageTag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let tag = String::deserialize(deserializer)?;
        Self::parse(&tag).ok_or_else(|| D::Error::custom("expected a language tag such as en or pt-BR"))
    }
}

impl LanguageTag {
    /// Reads a tag. Returns nothing if it is no tag.
    pub fn parse(tag: &str) -> Option<Self> {
        if tag.len() > TAG_MAX {
            return None;
        }
        if let Some(language) = Language::from_tag(tag) {
            return Some(Self(language.code().to_owned()));
        }
        let code = tag.split(['-', '_']).next().unwrap_or("");
        let valid = (2..=3).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_alphabetic());
        valid.then(|| Self(code.to_ascii_lowercase()))
    }
}

impl JsonSchema for LanguageTag {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "LanguageTag".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "maxLength": TAG_MAX, "pattern": "^[A-Za-z]{2,3}([-_][A-Za-z0-9]{1,8})*$"})
    }
}

/// One of the 37 languages that insights are filtered by, as its code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownLanguage(pub Language);

impl std::str::FromStr for KnownLanguage {
    type Err = &'static str;

    fn from_str(code: &str) -> Result<Self, Self::Err> {
        Language::from_code(code).map(Self).ok_or("expected one of the 37 language codes, such as en")
    }
}

impl<'de> Deserialize<'de> for KnownLanguage {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <Cow<'de, str>>::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl JsonSchema for KnownLanguage {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "KnownLanguage".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "enum": Language::ALL.map(Language::code).as_slice()})
    }
}

impl From<KnownLanguage> for Value {
    fn from(language: KnownLanguage) -> Self {
        language.0.code().into()
    }
}
