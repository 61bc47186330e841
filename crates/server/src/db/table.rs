//! Tables and their columns as the database describes them, to copy rows from one database to another.

use super::lanes::Pools;
use super::{Db, Row, Tx, Value, open, sql};
use crate::error::Result;
use anyhow::anyhow;

/// A table.
#[derive(Clone, Debug)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its columns, in their order.
    pub columns: Vec<Column>,
}

/// A column of a table.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// The kind of its values.
    pub kind: Kind,
}

/// The kind of the values of a column. SQLite keeps booleans as numbers and ids as bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// True or false.
    Bool,
    /// A whole number.
    Int,
    /// A real number.
    Real,
    /// Text.
    Text,
    /// Bytes.
    Bytes,
    /// An id.
    Uuid,
}

impl Kind {
    fn of(declared: &str) -> Result<Self> {
        Ok(match declared.to_ascii_lowercase().as_str() {
            "boolean" => Self::Bool,
            "integer" | "bigint" => Self::Int,
            "real" | "double precision" => Self::Real,
            "text" => Self::Text,
            "blob" | "bytea" => Self::Bytes,
            "uuid" => Self::Uuid,
            other => return Err(anyhow!("a column of an unknown type: {other}").into()),
        })
    }
}

/// A function that takes the values of one row, in the order of the columns.
pub(super) type TakeRow<'f> = &'f mut (dyn FnMut(Vec<Value>) -> Result<()> + Send);

impl Db {
    /// Lists the tables that the migrations make, each after those that its rows refer to.
    pub async fn tables(&self) -> Result<Vec<Table>> {
        let columns = match self.lanes.pools {
            Pools::Sqlite { .. } => "select name, type from pragma_table_info($1) order by cid",
            Pools::Postgres { .. } => {
                "select column_name::text, data_type::text from information_schema.columns
                where table_schema = current_schema() and table_name = $1 order by ordinal_position"
            }
        };
        let mut tables = Vec::new();
        for name in open::tables() {
            let columns: Vec<(String, String)> = self.fetch_all(sql(columns).bind(&name)).await?;
            let column = |(name, declared): (String, String)| Ok(Column { name, kind: Kind::of(&declared)? });
            let columns = columns.into_iter().map(column).collect::<Result<Vec<_>>>()?;
            // a later migration made it, or dropped it
            if !columns.is_empty() {
                tables.push(Table { name, columns });
            }
        }
        Ok(tables)
    }
}

impl Tx {
    /// Hands each row of a table to `take`.
    pub async fn scan(&mut self, table: &Table, take: TakeRow<'_>) -> Result<()> {
        let names: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
        let query = sql(&format!("select {} from {}", names.join(", "), table.name));
        self.read_rows(query, &mut |row: &Row<'_>| {
            let values = table.columns.iter().enumerate().map(|(at, column)| row.owned(at, column.kind));
            take(values.collect::<Result<_>>()?)
        })
        .await
    }
}

impl Row<'_> {
    fn owned(&self, at: usize, kind: Kind) -> Result<Value> {
        Ok(match kind {
            Kind::Bool => Value::Bool(self.at(at)?),
            Kind::Int => Value::Int(self.at(at)?),
            Kind::Real => Value::Real(self.at(at)?),
            Kind::Text => Value::Text(self.at(at)?),
            Kind::Bytes => Value::Bytes(self.at(at)?),
            Kind::Uuid => Value::Uuid(self.at(at)?),
        })
    }
}
