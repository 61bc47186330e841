//! Custom data: names and values that an organization hangs on its sessions and contacts, and how they
//! are filtered by.

use crate::db::{Sql, Tx, Value, sql};
use crate::error::{Error, Result};
use crate::ids::OrgId;
use crate::wire::printable;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{DeserializeOwned, Deserializer, Error as _};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::collections::BTreeMap;

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
        match Json::deserialize(deserializer)? {
            Json::String(text) => Ok(Self::Text(text)),
            Json::Number(number) => Ok(Self::Number(number)),
            Json::Bool(value) => Ok(Self::Bool(value)),
            _ => Err(D::Error::custom("expected a string, a number or a boolean: custom data is not nested")),
        }
    }
}

const KEYS_MAX: usize = 100;
const KEY_BYTES_MAX: usize = 200;
const VALUE_BYTES_MAX: usize = 10_000;
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
        self.0.extend(new.0);
        if self.0.len() > KEYS_MAX {
            return Err(Error::Invalid(format!(
                "custom_data: expected at most {KEYS_MAX} keys, old and new together"
            )));
        }
        Ok(())
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
        Self::new(<BTreeMap<String, V>>::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

impl<V: CustomValue> CustomData<V> {
    /// Takes names and values that are few and short enough.
    pub fn new(data: BTreeMap<String, V>) -> Result<Self, String> {
        if data.len() > KEYS_MAX {
            return Err(format!("expected at most {KEYS_MAX} keys"));
        }
        let is_long = |(key, value): (&String, &V)| {
            key.len() > KEY_BYTES_MAX || value.as_text().len() > VALUE_BYTES_MAX
        };
        if data.iter().any(is_long) {
            return Err(format!(
                "expected keys of at most {KEY_BYTES_MAX} and values of at most {VALUE_BYTES_MAX} bytes"
            ));
        }
        Ok(Self(data.into_iter().map(|(key, value)| (printable(key), value.printable())).collect()))
    }
}

impl<V: JsonSchema> JsonSchema for CustomData<V> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("CustomData{}", V::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "propertyNames": {"type": "string"},
            "additionalProperties": generator.subschema_for::<V>(),
        })
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
        let alternatives = <Vec<CustomData>>::deserialize(deserializer)?;
        if alternatives.len() > ALTERNATIVES_MAX || alternatives.iter().any(|pairs| pairs.0.len() > PAIRS_MAX)
        {
            return Err(D::Error::custom(format!(
                "expected at most {ALTERNATIVES_MAX} objects of at most {PAIRS_MAX} pairs"
            )));
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
fn index_text(value: &str) -> String {
    if value.len() <= INDEXED_BYTES_MAX {
        value.to_owned()
    } else {
        format!("sha256:{}", URL_SAFE_NO_PAD.encode(Sha256::digest(value)))
    }
}

/// A table of custom data that is filtered by, and its column that names the owner.
#[derive(Clone, Copy, Debug)]
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

    /// Adds to `query` the owners that match one of `alternatives`, all pairs of it, each once: a subquery in
    /// parentheses, of one column, `owner`.
    pub fn push_owners(self, query: &mut Sql, org_id: OrgId, alternatives: &[CustomData]) {
        query.push("(");
        for (i, pairs) in alternatives.iter().enumerate() {
            query.push(if i > 0 { " union " } else { "" });
            for (j, (key, value)) in pairs.0.iter().enumerate() {
                if j > 0 {
                    query.push(&format!(" and {} in (", self.owner));
                }
                query.push(&format!("select {} as owner from {} where org_id = ", self.owner, self.table));
                query.push_bind(org_id).push(" and key = ").push_bind(key);
                query.push(" and value = ").push_bind(index_text(&value.as_text()));
            }
            query.push(&")".repeat(pairs.0.len().saturating_sub(1)));
        }
        query.push(")");
    }
}
