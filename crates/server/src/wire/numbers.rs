//! Numbers.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Error as _};
use serde::{Deserialize, Deserializer, Serialize};
use std::borrow::Cow;

const SAFE_MAX: i64 = 9_007_199_254_740_991;

/// An integer that JavaScript holds exactly; `1.0` is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct SafeInt(pub i64);

impl<'de> Deserialize<'de> for SafeInt {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = SafeInt;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "an integer between -{SAFE_MAX} and {SAFE_MAX}")
            }

            fn visit_i64<E: de::Error>(self, value: i64) -> Result<SafeInt, E> {
                if value.unsigned_abs() > SAFE_MAX.unsigned_abs() {
                    return Err(E::invalid_value(de::Unexpected::Signed(value), &self));
                }
                Ok(SafeInt(value))
            }

            fn visit_u64<E: de::Error>(self, value: u64) -> Result<SafeInt, E> {
                self.visit_i64(i64::try_from(value).unwrap_or(i64::MAX))
            }

            #[expect(clippy::cast_possible_truncation, reason = "whole and within the bounds")]
            fn visit_f64<E: de::Error>(self, value: f64) -> Result<SafeInt, E> {
                if value.fract() != 0.0 || value.abs() > SAFE_MAX as f64 {
                    return Err(E::invalid_value(de::Unexpected::Float(value), &self));
                }
                Ok(SafeInt(value as i64))
            }

            /// From a query string.
            fn visit_str<E: de::Error>(self, value: &str) -> Result<SafeInt, E> {
                let number =
                    value.parse().ok().ok_or_else(|| E::invalid_type(de::Unexpected::Str(""), &self))?;
                self.visit_i64(number)
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl JsonSchema for SafeInt {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "SafeInt".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "integer", "minimum": -SAFE_MAX, "maximum": SAFE_MAX})
    }
}

/// The schema of a number of any kind.
#[derive(Debug)]
pub struct Number;

impl JsonSchema for Number {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Number".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "number"})
    }
}

/// An integer from 1 to `MAX`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Positive<const MAX: i64 = SAFE_MAX>(pub i64);

impl<'de, const MAX: i64> Deserialize<'de> for Positive<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match SafeInt::deserialize(deserializer)?.0 {
            value if (1..=MAX).contains(&value) => Ok(Self(value)),
            _ => Err(D::Error::custom(format!("expected an integer between 1 and {MAX}"))),
        }
    }
}

impl<const MAX: i64> JsonSchema for Positive<MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Positive{MAX}").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "integer", "exclusiveMinimum": 0, "maximum": MAX})
    }
}
