//! Dates and points in time in requests.

use crate::time::{Calendar, Timestamp};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;

/// The most characters of a date.
const DATE_MAX: usize = 64;

/// A point in time in a request, or a bare date: a day of the organization's time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Date {
    /// A date and time.
    Time(Timestamp),
    /// A bare date, as the number of a day from 1970-01-01 on.
    Day(i64),
}

impl Date {
    /// Returns the time as a lower bound: the first moment of a day.
    pub fn start(self, calendar: &Calendar) -> Timestamp {
        match self {
            Self::Time(time) => time,
            Self::Day(day) => calendar.start(day),
        }
    }

    /// Returns the time as an upper bound: the last moment of a day.
    pub fn end(self, calendar: &Calendar) -> Timestamp {
        match self {
            Self::Time(time) => time,
            Self::Day(day) => calendar.start(day + 1).plus(-1),
        }
    }

    /// Returns the day of the time.
    pub fn day(self, calendar: &Calendar) -> i64 {
        match self {
            Self::Time(time) => calendar.day(time),
            Self::Day(day) => day,
        }
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <Cow<'de, str>>::deserialize(deserializer)?;
        if text.len() > DATE_MAX {
            return Err(D::Error::custom(format!("expected at most {DATE_MAX} characters")));
        }
        match Calendar::parse_day(&text) {
            Some(day) => Ok(Self::Day(day)),
            None => Timestamp::parse(&text).map(Self::Time).map_err(D::Error::custom),
        }
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
