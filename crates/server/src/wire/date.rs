//! Dates and points in time in requests.

use crate::time::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;

/// The most characters of a date.
const DATE_MAX: usize = 64;

/// A point in time in a request: see [`Timestamp::parse`]. As an upper bound a bare date is its last moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Date {
    /// Its first moment, used as a lower bound.
    pub start: Timestamp,
    /// Its last moment, used as an upper bound.
    pub end: Timestamp,
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <Cow<'de, str>>::deserialize(deserializer)?;
        if text.len() > DATE_MAX {
            return Err(D::Error::custom(format!("expected at most {DATE_MAX} characters")));
        }
        let start = Timestamp::parse(&text).map_err(D::Error::custom)?;
        let end = Timestamp::parse_end(&text).map_err(D::Error::custom)?;
        Ok(Self { start, end })
    }
}

impl JsonSchema for Date {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Date".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "maxLength": DATE_MAX})
    }
}
