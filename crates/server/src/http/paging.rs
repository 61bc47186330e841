//! Pages of lists that change while they are read.

use crate::error::Result;
use crate::time::Timestamp;
use crate::wire::Nullable;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use uuid::Uuid;

/// The rows on a page of a list that takes no size.
pub const PAGE_SIZE: usize = 50;
/// The bytes after which a page ends early.
pub const PAGE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// The most characters of a cursor.
const CURSOR_MAX: usize = 200;

/// A page, and where the next one begins.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// The cursor of the next page; null on the last.
    pub next: Nullable<String>,
}

/// Cuts `rows`, of which one more than a page was loaded, to a page. `cursor` gives the position after a row.
pub fn cut_page<T>(rows: Vec<T>, cursor: impl Fn(&T) -> Cursor) -> (Vec<T>, Nullable<String>) {
    cut_page_to_size(rows, |_| 0, cursor)
}

/// Cuts `rows`, of which one more than a page was loaded, to a page that is bounded in bytes too. `size` gives the bytes
/// of a row.
pub fn cut_page_to_size<T>(
    mut rows: Vec<T>,
    size: impl Fn(&T) -> usize,
    cursor: impl Fn(&T) -> Cursor,
) -> (Vec<T>, Nullable<String>) {
    let count = count_fitting(&rows, size);
    let more = rows.len() > count;
    rows.truncate(count);
    let next = rows.last().filter(|_| more).map(|last| cursor(last).to_string());
    (rows, next.into())
}

/// Returns how many of `rows` fit on a page; one at least.
pub(super) fn count_fitting<T>(rows: &[T], size: impl Fn(&T) -> usize) -> usize {
    let mut bytes = 0_usize;
    let fits = |row: &&T| {
        bytes = bytes.saturating_add(size(row));
        bytes <= PAGE_BYTES_MAX
    };
    rows.iter().take(PAGE_SIZE).take_while(fits).count().max(1)
}

/// The position after the last row of a page: a time or sequence, and an id. Opaque on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The value that the list is ordered by.
    pub position: i64,
    /// The id that settles ties.
    pub id: Uuid,
}

impl Cursor {
    /// Returns the position after the row at `time` with `id`.
    pub fn new(time: Timestamp, id: &[u8; 16]) -> Self {
        Self { position: time.micros(), id: Uuid::from_bytes(*id) }
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&opaque(&[&self.position.to_be_bytes()[..], self.id.as_bytes()].concat()))
    }
}

impl<'de> Deserialize<'de> for Cursor {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_opaque(deserializer, |bytes| {
            let (position, id) = bytes.split_first_chunk()?;
            Some(Self { position: i64::from_be_bytes(*position), id: Uuid::from_slice(id).ok()? })
        })
    }
}

/// Writes the bytes of a position in a list as they are on the wire.
pub(super) fn opaque(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads the bytes of a position, of which `read` makes one, if they are of one.
pub(super) fn read_opaque<'de, D: serde::Deserializer<'de>, T>(
    deserializer: D,
    read: impl Fn(&[u8]) -> Option<T>,
) -> Result<T, D::Error> {
    let text = <Cow<'de, str>>::deserialize(deserializer)?;
    let text = if text.len() <= CURSOR_MAX { text.as_bytes() } else { &[] };
    let bytes = URL_SAFE_NO_PAD.decode(text).unwrap_or_default();
    read(&bytes).ok_or_else(|| D::Error::custom("expected the `next` of an earlier page"))
}

impl JsonSchema for Cursor {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Cursor".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "maxLength": CURSOR_MAX})
    }
}
