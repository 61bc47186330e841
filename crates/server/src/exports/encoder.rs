//! The forms in which a table is written, row by row.

use super::Format;
use super::parquet::ParquetTable;
use super::table::{Cell, Column, Row};
use crate::spreadsheet::{BYTE_ORDER_MARK, no_formula};
use serde::Serializer;
use std::io::Write;

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
