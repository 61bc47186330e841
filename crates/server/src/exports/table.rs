//! Tables, and the forms in which they are written row by row.

use super::Format;
use super::parquet::ParquetTable;
use crate::spreadsheet::{BYTE_ORDER_MARK, no_formula};
use crate::time::Timestamp;
use serde::{Serialize, Serializer};
use std::io::Write;

/// The type of a column's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Int,
    Real,
    Bool,
    Time,
}

/// A column: its name and its type.
pub(super) type Column = (&'static str, Kind);

/// A value of a row.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub(super) enum Cell {
    Null,
    Text(String),
    Int(i64),
    Real(f64),
    Bool(bool),
    Time(Timestamp),
}

/// A value for each column.
pub(super) type Row = Vec<Cell>;

macro_rules! cell_from {
    ($($type:ty => $variant:ident),+ $(,)?) => {$(
        impl From<$type> for Cell {
            fn from(value: $type) -> Self {
                Self::$variant(value)
            }
        }
    )+};
}

cell_from! { String => Text, i64 => Int, f64 => Real, bool => Bool, Timestamp => Time }

impl<T: Into<Self>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl Cell {
    /// Makes a cell of text from a value that is shown as a word or a number.
    #[expect(clippy::needless_pass_by_value, reason = "so that it can be handed to `map`")]
    pub(super) fn text(value: impl ToString) -> Self {
        Self::Text(value.to_string())
    }
}

/// Writes a table in one of the forms.
pub(super) enum Encoder<W: Write + Send> {
    Lines(&'static [Column], W),
    Csv(Box<csv::Writer<W>>),
    Parquet(Box<ParquetTable<W>>),
}

impl<W: Write + Send> Encoder<W> {
    pub(super) fn new(format: Format, columns: &'static [Column], mut sink: W) -> anyhow::Result<Self> {
        Ok(match format {
            Format::Jsonl => Self::Lines(columns, sink),
            Format::Csv => {
                sink.write_all(BYTE_ORDER_MARK.as_bytes())?;
                let mut csv = csv::Writer::from_writer(sink);
                csv.write_record(columns.iter().map(|(name, _)| name))?;
                Self::Csv(Box::new(csv))
            }
            Format::Parquet => Self::Parquet(Box::new(ParquetTable::new(columns, sink)?)),
        })
    }

    pub(super) fn write(&mut self, row: Row) -> anyhow::Result<()> {
        match self {
            Self::Lines(columns, sink) => {
                let names = columns.iter().map(|(name, _)| name);
                serde_json::Serializer::new(&mut *sink).collect_map(names.zip(&row))?;
                sink.write_all(b"\n")?;
            }
            Self::Csv(csv) => csv.write_record(row.iter().map(csv_field))?,
            Self::Parquet(table) => table.write(row)?,
        }
        Ok(())
    }

    pub(super) fn finish(self) -> anyhow::Result<()> {
        match self {
            Self::Lines(_, mut sink) => sink.flush()?,
            Self::Csv(mut csv) => csv.flush()?,
            Self::Parquet(table) => table.finish()?,
        }
        Ok(())
    }
}

fn csv_field(cell: &Cell) -> String {
    match cell {
        Cell::Null => String::new(),
        Cell::Text(text) => no_formula(text).into_owned(),
        Cell::Int(value) => value.to_string(),
        Cell::Real(value) => value.to_string(),
        Cell::Bool(value) => value.to_string(),
        Cell::Time(time) => time.to_string(),
    }
}
