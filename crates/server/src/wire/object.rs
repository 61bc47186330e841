//! Objects of any members, of a bounded size.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value};
use std::borrow::Cow;
use std::fmt;

/// The bytes that a value counts for beside its text, about what it is written in and far below what it is kept in.
const VALUE_BYTES: usize = 16;
/// The depth of lists and objects within the object.
const DEPTH_MAX: usize = 16;

/// A JSON object of at most `MAX` bytes.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(transparent)]
pub struct JsonObject<const MAX: usize>(pub Map<String, Value>);

impl<'de, const MAX: usize> Deserialize<'de> for JsonObject<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut room = Room { bytes: MAX, max: MAX };
        match deserializer.deserialize_map(Any { room: &mut room, depth: 0 })? {
            Value::Object(members) => Ok(Self(members)),
            _ => Err(D::Error::custom("expected an object")),
        }
    }
}

impl<const MAX: usize> JsonSchema for JsonObject<MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("JsonObject{MAX}").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "description": format!("At most {MAX} bytes."),
            "maxProperties": MAX / VALUE_BYTES,
            "additionalProperties": true,
        })
    }
}

/// The bytes that are left.
struct Room {
    bytes: usize,
    max: usize,
}

impl Room {
    fn take<E: Error>(&mut self, text: usize) -> Result<(), E> {
        let left = self.bytes.checked_sub(text.saturating_add(VALUE_BYTES));
        self.bytes =
            left.ok_or_else(|| E::custom(format!("expected an object of at most {} bytes", self.max)))?;
        Ok(())
    }
}

/// The visitor of any value, as long as there is room.
struct Any<'a> {
    room: &'a mut Room,
    depth: usize,
}

impl Any<'_> {
    fn deeper<E: Error>(&mut self) -> Result<Any<'_>, E> {
        if self.depth == DEPTH_MAX {
            return Err(E::custom(format!("expected an object that is at most {DEPTH_MAX} levels deep")));
        }
        Ok(Any { room: &mut *self.room, depth: self.depth + 1 })
    }
}

impl<'de> DeserializeSeed<'de> for Any<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Value, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Any<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.depth == 0 { "an object" } else { "a value" })
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        self.room.take(0)?;
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        self.room.take(0)?;
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        self.room.take(0)?;
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        self.room.take(0)?;
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        self.room.take(text.len())?;
        Ok(text.into())
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        self.room.take(0)?;
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<Value, A::Error> {
        self.room.take(0)?;
        let mut items = Vec::new();
        while let Some(item) = list.next_element_seed(self.deeper()?)? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut object: A) -> Result<Value, A::Error> {
        self.room.take(0)?;
        let mut members = Map::new();
        while let Some(name) = object.next_key::<String>()? {
            self.room.take(name.len())?;
            if members.contains_key(&name) {
                return Err(A::Error::custom(format!("duplicate field `{name}`")));
            }
            let value = object.next_value_seed(self.deeper()?)?;
            members.insert(name, value);
        }
        Ok(Value::Object(members))
    }
}
