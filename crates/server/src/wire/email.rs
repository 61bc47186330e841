//! E-mail addresses.

use crate::db::{FromColumn, ValueRef};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use std::borrow::Cow;

/// The contract's pattern of an e-mail address. It looks ahead, which few engines do: [`Email`] checks it
/// by hand.
const EMAIL_PATTERN: &str =
    r"^(?!\.)(?!.*\.\.)([A-Za-z0-9_'+\-\.]*)[A-Za-z0-9_+-]@([A-Za-z0-9][A-Za-z0-9\-]*\.)+[A-Za-z]{2,}$";
const EMAIL_MAX: usize = 254;

/// An e-mail address, kept in lower case: addresses that differ in case alone reach one person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Email(String);

impl Email {
    /// Returns the address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromColumn for Email {
    fn from_column(value: ValueRef<'_>) -> anyhow::Result<Self> {
        String::from_column(value).map(Self)
    }
}

impl std::str::FromStr for Email {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let valid = text.len() <= EMAIL_MAX
            && text.split_once('@').is_some_and(|(local, domain)| is_local_part(local) && is_domain(domain));
        if valid { Ok(Self(text.to_ascii_lowercase())) } else { Err("expected an e-mail address") }
    }
}

/// Checks the pattern, and the limits of RFC 5321, which validators of the format know too.
fn is_local_part(text: &str) -> bool {
    let inner = |b: u8| b.is_ascii_alphanumeric() || b"_'+-.".contains(&b);
    let last = |b: u8| b.is_ascii_alphanumeric() || b"_+-".contains(&b);
    text.len() <= 64
        && text.bytes().all(inner)
        && text.bytes().last().is_some_and(last)
        && !text.starts_with('.')
        && !text.contains("..")
}

fn is_domain(text: &str) -> bool {
    let label = |label: &str| {
        label.len() <= 63
            && label.starts_with(|c: char| c.is_ascii_alphanumeric())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.ends_with('-')
    };
    let top = |label: &str| (2..=63).contains(&label.len()) && label.bytes().all(|b| b.is_ascii_alphabetic());
    text.rsplit_once('.').is_some_and(|(labels, last)| labels.split('.').all(label) && top(last))
}

impl<'de> Deserialize<'de> for Email {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <Cow<'de, str>>::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl JsonSchema for Email {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Email".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = json_schema!({"type": "string", "format": "email", "pattern": EMAIL_PATTERN});
        if generator.contract().is_deserialize() {
            schema.insert("maxLength".into(), EMAIL_MAX.into());
        }
        schema
    }
}

impl From<Email> for crate::db::Value {
    fn from(email: Email) -> Self {
        email.0.into()
    }
}

impl From<Option<Email>> for crate::db::Value {
    fn from(email: Option<Email>) -> Self {
        email.map(|email| email.0).into()
    }
}
