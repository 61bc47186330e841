//! The values of rows as JSON that says the same of both databases: numbers, text, null, and objects of one member for
//! bytes (`{"b": "base64"}`) and real numbers (`{"r": "0.1"}`, which JSON numbers need not keep to the last bit).

use crate::db::{Kind, Value};
use anyhow::{Context, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value as Json, json};
use uuid::Uuid;

/// Writes a value.
pub(super) fn write(value: Value) -> Json {
    let bytes = |bytes: &[u8]| json!({"b": STANDARD.encode(bytes)});
    match value {
        Value::Bool(value) => value.map(i64::from).into(),
        Value::Int(value) => value.into(),
        Value::Real(value) => value.map_or(Json::Null, |value| json!({"r": value.to_string()})),
        Value::Text(value) => value.into(),
        Value::Bytes(value) => value.map_or(Json::Null, |value| bytes(&value)),
        Value::Uuid(value) => value.map_or(Json::Null, |value| bytes(value.as_bytes())),
    }
}

/// Reads a value for a column of this kind.
pub(super) fn read(cell: Json, kind: Kind) -> anyhow::Result<Value> {
    let is_null = cell.is_null();
    let value = match (kind, cell) {
        (Kind::Bool, cell) => Value::Bool(cell.as_i64().map(|value| value != 0)),
        (Kind::Int, cell) => Value::Int(cell.as_i64()),
        (Kind::Real, cell) => Value::Real(cell["r"].as_str().and_then(|text| text.parse().ok())),
        (Kind::Text, Json::String(text)) => Value::Text(Some(text)),
        (Kind::Text, _) => Value::Text(None),
        (Kind::Bytes, cell) => Value::Bytes(bytes(&cell)?),
        (Kind::Uuid, cell) => {
            let id = bytes(&cell)?.map(|bytes| Uuid::from_slice(&bytes));
            Value::Uuid(id.transpose().context("expected an id of 16 bytes")?)
        }
    };
    if !is_null && is_none(&value) {
        bail!("a value is not of the kind of its column");
    }
    Ok(value)
}

fn bytes(cell: &Json) -> anyhow::Result<Option<Vec<u8>>> {
    let text = cell["b"].as_str();
    text.map(|text| STANDARD.decode(text)).transpose().context("expected bytes in base64")
}

fn is_none(value: &Value) -> bool {
    matches!(
        value,
        Value::Bool(None)
            | Value::Int(None)
            | Value::Real(None)
            | Value::Text(None)
            | Value::Bytes(None)
            | Value::Uuid(None)
    )
}
