//! A row of either database, and what it is read into.

use super::Value;
use crate::error::Result;
use anyhow::{Context, anyhow, bail};
use sqlx::{Column as _, Row as _, TypeInfo as _, ValueRef as _};
use sqlx_postgres::PgRow;
use std::cell::{Cell, RefCell};
use std::ptr;
use uuid::Uuid;

/// A type that a row is read into: a struct that derives it, or a tuple of the columns in their order.
pub trait Record: Send + Sized {
    /// Reads a row. Fails if a column is missing, or has another type.
    fn read(row: &Row<'_>) -> Result<Self>;
}

/// A type that a column is read into.
pub trait FromColumn: Sized {
    /// Reads what a column has. Fails if it has something of another type.
    fn from_column(value: ValueRef<'_>) -> anyhow::Result<Self>;
}

/// What a column of a row has. SQLite has booleans as numbers and ids as bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ValueRef<'r> {
    /// Nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A real number.
    Real(f64),
    /// Text.
    Text(&'r str),
    /// Bytes.
    Bytes(&'r [u8]),
    /// An id.
    Uuid(Uuid),
}

impl From<ValueRef<'_>> for Value {
    fn from(value: ValueRef<'_>) -> Self {
        match value {
            ValueRef::Null => Self::Int(None),
            ValueRef::Bool(value) => value.into(),
            ValueRef::Int(value) => value.into(),
            ValueRef::Real(value) => value.into(),
            ValueRef::Text(value) => value.into(),
            ValueRef::Bytes(value) => value.to_owned().into(),
            ValueRef::Uuid(value) => value.into(),
        }
    }
}

/// A row of either database.
#[derive(Debug)]
pub struct Row<'r> {
    of: Of<'r>,
    found: &'r Found,
    /// How many columns were looked for in it.
    looked_for: Cell<usize>,
}

/// Where the columns of a statement's rows were found, in the order in which they were looked for in the first one: each row is
/// read alike.
#[derive(Debug, Default)]
pub(super) struct Found(RefCell<Vec<(&'static str, Option<usize>)>>);

/// Where a row is.
pub(super) enum Of<'r> {
    /// On the connection that reads it.
    Sqlite(&'r rusqlite::Row<'r>),
    /// Taken from its connection: the names of its columns, and what they have.
    Taken(&'r [String], &'r [Value]),
    /// As it came from PostgreSQL.
    Postgres(&'r PgRow),
}

impl std::fmt::Debug for Of<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a row")
    }
}

impl<'r> Row<'r> {
    pub(super) fn new(of: Of<'r>, found: &'r Found) -> Self {
        Self { of, found, looked_for: Cell::new(0) }
    }

    /// Reads the column of this name.
    pub fn get<T: FromColumn>(&self, name: &'static str) -> Result<T> {
        let at = self.find(name).ok_or_else(|| anyhow!("no column {name} in a row"))?;
        self.at(at)
    }

    /// Reads the column of this name, or returns the default if the row has none.
    pub fn get_or_default<T: FromColumn + Default>(&self, name: &'static str) -> Result<T> {
        self.find(name).map_or_else(|| Ok(T::default()), |at| self.at(at))
    }

    /// Reads the column at this place, from 0 on.
    pub fn at<T: FromColumn>(&self, at: usize) -> Result<T> {
        let value = self.value(at)?;
        Ok(T::from_column(value)
            .with_context(|| format!("reading the column {}", self.name(at).unwrap_or_default()))?)
    }

    fn find(&self, name: &'static str) -> Option<usize> {
        let turn = self.looked_for.replace(self.looked_for.get() + 1);
        let mut found = self.found.0.borrow_mut();
        match found.get(turn) {
            Some((known, at)) if ptr::eq(*known, name) => return *at,
            _ => found.truncate(turn),
        }
        // most are read in their order
        let first = found.last().and_then(|(_, at)| *at).map_or(0, |at| at + 1);
        let mut columns = (first..self.columns()).chain(0..first);
        let at = columns.find(|at| self.name(*at) == Some(name));
        found.push((name, at));
        at
    }

    fn columns(&self) -> usize {
        match self.of {
            Of::Sqlite(row) => row.as_ref().column_count(),
            Of::Taken(names, _) => names.len(),
            Of::Postgres(row) => row.len(),
        }
    }

    fn name(&self, at: usize) -> Option<&str> {
        match self.of {
            Of::Sqlite(row) => row.as_ref().column_name(at).ok(),
            Of::Taken(names, _) => names.get(at).map(String::as_str),
            Of::Postgres(row) => row.columns().get(at).map(sqlx_postgres::PgColumn::name),
        }
    }

    /// Returns what the column at this place has.
    pub(super) fn value(&self, at: usize) -> anyhow::Result<ValueRef<'_>> {
        Ok(match self.of {
            Of::Sqlite(row) => match row.get_ref(at)? {
                rusqlite::types::ValueRef::Null => ValueRef::Null,
                rusqlite::types::ValueRef::Integer(number) => ValueRef::Int(number),
                rusqlite::types::ValueRef::Real(number) => ValueRef::Real(number),
                rusqlite::types::ValueRef::Text(text) => ValueRef::Text(std::str::from_utf8(text)?),
                rusqlite::types::ValueRef::Blob(bytes) => ValueRef::Bytes(bytes),
            },
            Of::Taken(_, values) => match values.get(at).context("no such column in a row")? {
                Value::Bool(value) => value.map_or(ValueRef::Null, ValueRef::Bool),
                Value::Int(value) => value.map_or(ValueRef::Null, ValueRef::Int),
                Value::Real(value) => value.map_or(ValueRef::Null, ValueRef::Real),
                Value::Text(value) => value.as_deref().map_or(ValueRef::Null, ValueRef::Text),
                Value::Bytes(value) => value.as_deref().map_or(ValueRef::Null, ValueRef::Bytes),
                Value::Uuid(value) => value.map_or(ValueRef::Null, ValueRef::Uuid),
            },
            Of::Postgres(row) => postgres_value(row, at)?,
        })
    }
}

fn postgres_value(row: &PgRow, at: usize) -> anyhow::Result<ValueRef<'_>> {
    let raw = row.try_get_raw(at)?;
    if raw.is_null() {
        return Ok(ValueRef::Null);
    }
    Ok(match raw.type_info().name() {
        "BOOL" => ValueRef::Bool(row.try_get(at)?),
        "INT8" => ValueRef::Int(row.try_get(at)?),
        "INT4" => ValueRef::Int(row.try_get::<i32, _>(at)?.into()),
        "FLOAT8" => ValueRef::Real(row.try_get(at)?),
        "TEXT" | "VARCHAR" | "NAME" => ValueRef::Text(row.try_get(at)?),
        "BYTEA" => ValueRef::Bytes(row.try_get(at)?),
        "UUID" => ValueRef::Uuid(row.try_get(at)?),
        other => bail!("a column of the type {other}"),
    })
}

macro_rules! from_column {
    ($($type:ty: $wanted:literal, $($pattern:pat => $value:expr),+;)+) => {$(
        impl FromColumn for $type {
            fn from_column(value: ValueRef<'_>) -> anyhow::Result<Self> {
                Ok(match value {
                    $($pattern => $value,)+
                    ValueRef::Null => bail!("expected {}, and there is nothing", $wanted),
                    _ => bail!("expected {}", $wanted),
                })
            }
        }
    )+};
}

from_column! {
    bool: "true or false", ValueRef::Bool(value) => value, ValueRef::Int(value) => value != 0;
    i64: "a whole number", ValueRef::Int(value) => value;
    i32: "a whole number", ValueRef::Int(value) => value.try_into()?;
    f64: "a number", ValueRef::Real(value) => value, ValueRef::Int(value) => value as Self;
    String: "text", ValueRef::Text(value) => value.to_owned();
    Vec<u8>: "bytes", ValueRef::Bytes(value) => value.to_owned();
    Uuid: "an id", ValueRef::Uuid(value) => value, ValueRef::Bytes(value) => Self::from_slice(value)?;
}

impl<T: FromColumn> FromColumn for Option<T> {
    fn from_column(value: ValueRef<'_>) -> anyhow::Result<Self> {
        match value {
            ValueRef::Null => Ok(None),
            value => T::from_column(value).map(Some),
        }
    }
}

macro_rules! tuple_record {
    ($($name:ident $at:tt),+) => {
        impl<$($name: FromColumn + Send),+> Record for ($($name,)+) {
            fn read(row: &Row<'_>) -> Result<Self> {
                Ok(($(row.at::<$name>($at)?,)+))
            }
        }
    };
}

tuple_record!(A 0);
tuple_record!(A 0, B 1);
tuple_record!(A 0, B 1, C 2);
tuple_record!(A 0, B 1, C 2, D 3);
tuple_record!(A 0, B 1, C 2, D 3, E 4);
tuple_record!(A 0, B 1, C 2, D 3, E 4, F 5);
tuple_record!(A 0, B 1, C 2, D 3, E 4, F 5, G 6);
tuple_record!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);
tuple_record!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8);
