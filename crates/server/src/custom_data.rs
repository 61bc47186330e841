//! Custom data: names and values that an organization hangs on its sessions and contacts, and how they
//! are filtered by.

use crate::db::{Tx, Value, sql};
use crate::error::{Error, Result};
use crate::ids::OrgId;
use crate::wire::{BoundedVec, printable};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{DeserializeOwned, Deserializer, Error as _, MapAccess, Unexpected, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;
use std::marker::PhantomData;

/// One value of custom data: never nested.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
pub enum Scalar {
    /// Text.
    Text(String),
    /// A number, as it was written.
    #[schemars(with = "crate::wire::Number")]
    Number(serde_json::Number),
    /// True or false.
    Bool(bool),
}

impl Scalar {
    /// Returns the value as text, by which filters compare.
    pub fn as_text(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => text.into(),
            Self::Number(number) => number.to_string().into(),
            Self::Bool(value) => value.to_string().into(),
        }
    }
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor)
    }
}

/// Takes a value that is not nested. What is nested is refused before it is read.
struct ScalarVisitor;

impl Visitor<'_> for ScalarVisitor {
    type Value = Scalar;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string, a number or a boolean: custom data is not nested")
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<Scalar, E> {
        Ok(Scalar::Bool(value))
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Scalar, E> {
        Ok(Scalar::Number(value.into()))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Scalar, E> {
        Ok(Scalar::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Scalar, E> {
        let number = serde_json::Number::from_f64(value);
        number.map(Scalar::Number).ok_or_else(|| E::invalid_value(Unexpected::Float(value), &self))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Scalar, E> {
        Ok(Scalar::Text(text.to_owned()))
    }

    fn visit_string<E: serde::de::Error>(self, text: String) -> Result<Scalar, E> {
        Ok(Scalar::Text(text))
    }
}

const KEYS_MAX: usize = 100;
/// The most bytes of a name.
pub const KEY_BYTES_MAX: usize = 200;
/// The most bytes of a value.
pub const VALUE_BYTES_MAX: usize = 10_000;
/// The most bytes of all names and values of a session or a contact.
const BYTES_MAX: usize = 64_000;
const INDEXED_BYTES_MAX: usize = 200;

/// Custom data: names and values, of type `V`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(transparent)]
pub struct CustomData<V = Scalar>(pub BTreeMap<String, V>);

impl<V> Default for CustomData<V> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

/// A type of values of custom data.
pub trait CustomValue: Clone + Serialize + DeserializeOwned {
    /// Returns the value as text, by which filters compare.
    fn as_text(&self) -> Cow<'_, str>;
    /// Drops the characters that steer a terminal.
    #[must_use]
    fn printable(self) -> Self;
}

impl CustomValue for Scalar {
    fn as_text(&self) -> Cow<'_, str> {
        self.as_text()
    }

    fn printable(self) -> Self {
        match self {
            Self::Text(text) => Self::Text(printable(text)),
            other => other,
        }
    }
}

impl CustomValue for String {
    fn as_text(&self) -> Cow<'_, str> {
        self.into()
    }

    fn printable(self) -> Self {
        printable(self)
    }
}

impl<V: CustomValue> CustomData<V> {
    /// Adds `new`, key by key.
    pub fn merge(&mut self, new: Self) -> Result<()> {
        let before = self.bytes();
        self.0.extend(new.0);
        // what was more before there was a limit may stay as much
        if self.bytes() > BYTES_MAX.max(before) {
            return Err(Error::Invalid(format!(
                "custom_data: expected at most {BYTES_MAX} bytes, old and new together"
            )));
        }
        if self.0.len() > KEYS_MAX {
            return Err(Error::Invalid(format!(
                "custom_data: expected at most {KEYS_MAX} keys, old and new together"
            )));
        }
        Ok(())
    }

    /// Returns the bytes of all names and values.
    fn bytes(&self) -> usize {
        self.0.iter().map(|(key, value)| key.len() + value.as_text().len()).sum()
    }

    /// Reads what [`CustomData::to_column`] wrote; absence is no data.
    pub fn from_column(text: Option<&str>) -> anyhow::Result<Self> {
        Ok(Self(text.map(serde_json::from_str).transpose()?.unwrap_or_default()))
    }

    /// Writes the data as a column keeps it.
    pub fn to_column(&self) -> anyhow::Result<String> {
        Ok(serde_json::to_string(&self.0)?)
    }
}

impl<'de, V: CustomValue> Deserialize<'de> for CustomData<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Pairs(PhantomData))
    }
}

impl<V: CustomValue> CustomData<V> {
    /// Takes names and values that are few and short enough.
    pub fn new(data: impl IntoIterator<Item = (String, V)>) -> Result<Self, String> {
        data.into_iter().try_fold(Self::default(), |mut taken, (key, value)| {
            taken.add(key, value)?;
            Ok(taken)
        })
    }

    /// Adds a name that is not there yet, and its value, if there is room.
    pub fn add(&mut self, key: String, value: V) -> Result<(), String> {
        let (key_bytes, value_bytes) = (key.len(), value.as_text().len());
        let bytes = self.bytes() + key_bytes + value_bytes;
        if key_bytes > KEY_BYTES_MAX || value_bytes > VALUE_BYTES_MAX || bytes > BYTES_MAX {
            return Err(format!(
                "expected keys of at most {KEY_BYTES_MAX} and values of at most {VALUE_BYTES_MAX} bytes, \
                and {BYTES_MAX} bytes of all together"
            ));
        }
        if self.0.len() == KEYS_MAX {
            return Err(format!("expected at most {KEYS_MAX} keys"));
        }
        match self.0.entry(printable(key)) {
            Entry::Vacant(free) => drop(free.insert(value.printable())),
            // as serde says it of a type's own members
            Entry::Occupied(taken) => return Err(format!("duplicate field `{}`", taken.key())),
        }
        Ok(())
    }
}

/// Reads names and values, no further than they are allowed to go.
struct Pairs<V>(PhantomData<V>);

impl<'de, V: CustomValue> Visitor<'de> for Pairs<V> {
    type Value = CustomData<V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut pairs: A) -> Result<Self::Value, A::Error> {
        let mut data = CustomData::default();
        while let Some((key, value)) = pairs.next_entry::<String, V>()? {
            if data.0.contains_key(&key) {
                return Err(A::Error::custom(format!("duplicate field `{key}`")));
            }
            data.add(key, value).map_err(A::Error::custom)?;
        }
        Ok(data)
    }
}

impl<V: JsonSchema> JsonSchema for CustomData<V> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("CustomData{}", V::schema_name()).into()
    }

    /// In requests alone the limits are shown: the contract's answers are closed.
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut values = generator.subschema_for::<V>();
        if generator.contract().is_serialize() {
            return json_schema!({
                "type": "object",
                "propertyNames": {"type": "string"},
                "additionalProperties": values,
            });
        }
        limit_texts(&mut values);
        json_schema!({
            "type": "object",
            "propertyNames": {"type": "string", "maxLength": KEY_BYTES_MAX},
            "additionalProperties": values,
            "maxProperties": KEYS_MAX,
        })
    }
}

/// Writes the limit of values into the schema of one.
fn limit_texts(schema: &mut Schema) {
    if schema.get("type").is_some_and(|kind| kind == "string") {
        schema.insert("maxLength".into(), VALUE_BYTES_MAX.into());
    }
    for choice in schema.get_mut("anyOf").and_then(Json::as_array_mut).into_iter().flatten() {
        if let Ok(choice) = <&mut Schema>::try_from(choice) {
            limit_texts(choice);
        }
    }
}

const ALTERNATIVES_MAX: usize = 50;
const PAIRS_MAX: usize = 20;

/// A filter by custom data: one of the alternatives, all pairs of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Alternatives(Vec<CustomData>);

impl Alternatives {
    /// Returns the alternatives, if they restrict anything. If there is none, or one without pairs, everything
    /// matches.
    pub fn asking(&self) -> Option<&[CustomData]> {
        let asks = !self.0.is_empty() && self.0.iter().all(|pairs| !pairs.0.is_empty());
        asks.then_some(self.0.as_slice())
    }
}

impl<'de> Deserialize<'de> for Alternatives {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let alternatives = <BoundedVec<CustomData, ALTERNATIVES_MAX>>::deserialize(deserializer)?.0;
        if alternatives.iter().any(|pairs| pairs.0.len() > PAIRS_MAX) {
            return Err(D::Error::custom(format!("expected objects of at most {PAIRS_MAX} pairs")));
        }
        Ok(Self(alternatives))
    }
}

impl JsonSchema for Alternatives {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Alternatives".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut pairs = CustomData::<Scalar>::json_schema(generator);
        pairs.insert("maxProperties".into(), PAIRS_MAX.into());
        json_schema!({"type": "array", "items": pairs, "maxItems": ALTERNATIVES_MAX})
    }
}

/// Returns a value in the form of the filter tables: the text, or for a long one its hash, so that it fits an index.
pub(crate) fn index_text(value: &str) -> String {
    if value.len() <= INDEXED_BYTES_MAX {
        value.to_owned()
    } else {
        format!("sha256:{}", URL_SAFE_NO_PAD.encode(Sha256::digest(value)))
    }
}

/// A table of custom data that is filtered by, and its column that names the owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Index {
    /// The table.
    pub table: &'static str,
    /// The column.
    pub owner: &'static str,
}

/// Custom data of sessions.
pub const SESSIONS: Index = Index { table: "session_values", owner: "session_id" };
/// Custom data of contacts.
pub const CONTACTS: Index = Index { table: "contact_values", owner: "contact_id" };

impl Index {
    /// Makes the rows of the table for one owner.
    pub fn rows<V: CustomValue>(
        self,
        org_id: OrgId,
        owner: impl Into<Value>,
        data: &CustomData<V>,
    ) -> Vec<Vec<Value>> {
        let owner = owner.into();
        let row = |(key, value): (&String, &V)| {
            vec![org_id.into(), key.into(), index_text(&value.as_text()).into(), owner.clone()]
        };
        data.0.iter().map(row).collect()
    }

    /// Writes rows made by [`Index::rows`] for owners that have none yet.
    pub async fn insert(self, tx: &mut Tx, rows: Vec<Vec<Value>>) -> Result<()> {
        let insert = format!("insert into {} (org_id, key, value, {})", self.table, self.owner);
        tx.insert_all(&insert, rows, "").await
    }

    /// Replaces the data of an owner.
    pub async fn replace<V: CustomValue>(
        self,
        tx: &mut Tx,
        org_id: OrgId,
        owner: impl Into<Value>,
        data: &CustomData<V>,
    ) -> Result<()> {
        let owner = owner.into();
        let delete = sql(&format!("delete from {} where org_id = $1 and {} = $2", self.table, self.owner));
        tx.execute(delete.bind(org_id).bind(owner.clone())).await?;
        self.insert(tx, self.rows(org_id, owner, data)).await
    }
}
