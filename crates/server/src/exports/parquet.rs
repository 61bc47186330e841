//! Tables as Parquet: typed columns, times as timestamps, packed by Snappy, in row groups of bounded size.

use super::table::{Cell, Column, Kind, Row};
use anyhow::bail;
use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;
use std::io::Write;
use std::sync::Arc;

/// The rows that are held until they are written column by column.
const GROUP_ROWS: usize = 10_000;

/// A table that is being written.
pub(super) struct ParquetTable<W: Write + Send> {
    file: SerializedFileWriter<W>,
    rows: Vec<Row>,
}

impl<W: Write + Send> ParquetTable<W> {
    pub(super) fn new(columns: &[Column], sink: W) -> anyhow::Result<Self> {
        let fields = columns.iter().map(field).collect::<anyhow::Result<_>>()?;
        let schema = Type::group_type_builder("schema").with_fields(fields).build()?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_created_by(concat!("refrain ", env!("CARGO_PKG_VERSION")).to_owned())
            .build();
        let file = SerializedFileWriter::new(sink, Arc::new(schema), Arc::new(properties))?;
        Ok(Self { file, rows: Vec::new() })
    }

    pub(super) fn write(&mut self, row: Row) -> anyhow::Result<()> {
        self.rows.push(row);
        if self.rows.len() >= GROUP_ROWS { self.write_group() } else { Ok(()) }
    }

    pub(super) fn finish(mut self) -> anyhow::Result<()> {
        if !self.rows.is_empty() {
            self.write_group()?;
        }
        self.file.finish()?;
        self.file.inner_mut().flush()?;
        Ok(())
    }

    fn write_group(&mut self) -> anyhow::Result<()> {
        let mut group = self.file.next_row_group()?;
        let mut at = 0;
        while let Some(mut column) = group.next_column()? {
            write_column(column.untyped(), self.rows.iter().map(|row| &row[at]))?;
            column.close()?;
            at += 1;
        }
        group.close()?;
        self.rows.clear();
        Ok(())
    }
}

fn field((name, kind): &Column) -> anyhow::Result<Arc<Type>> {
    let (physical, logical) = match kind {
        Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        Kind::Int => (Physical::INT64, None),
        Kind::Real => (Physical::DOUBLE, None),
        Kind::Bool => (Physical::BOOLEAN, None),
        Kind::Time => (Physical::INT64, Some(LogicalType::timestamp(true, TimeUnit::MICROS))),
    };
    let field = Type::primitive_type_builder(name, physical)
        .with_repetition(Repetition::OPTIONAL)
        .with_logical_type(logical)
        .build()?;
    Ok(Arc::new(field))
}

/// Writes the values that are not null, with the definition levels that mark them.
fn write_column<'c>(
    column: &mut ColumnWriter<'_>,
    cells: impl Iterator<Item = &'c Cell> + Clone,
) -> anyhow::Result<()> {
    let there: Vec<i16> = cells.clone().map(|cell| i16::from(*cell != Cell::Null)).collect();
    let whole = |cell: &Cell| match cell {
        Cell::Int(value) => Some(*value),
        Cell::Time(time) => Some(time.micros()),
        _ => None,
    };
    match column {
        ColumnWriter::ByteArrayColumnWriter(column) => {
            let text =
                |cell: &Cell| if let Cell::Text(text) = cell { Some(text.as_str().into()) } else { None };
            let values: Vec<ByteArray> = cells.filter_map(text).collect();
            column.write_batch(&values, Some(&there), None)?;
        }
        ColumnWriter::Int64ColumnWriter(column) => {
            let values: Vec<i64> = cells.filter_map(whole).collect();
            column.write_batch(&values, Some(&there), None)?;
        }
        ColumnWriter::DoubleColumnWriter(column) => {
            let real = |cell: &Cell| if let Cell::Real(value) = cell { Some(*value) } else { None };
            let values: Vec<f64> = cells.filter_map(real).collect();
            column.write_batch(&values, Some(&there), None)?;
        }
        ColumnWriter::BoolColumnWriter(column) => {
            let bool = |cell: &Cell| if let Cell::Bool(value) = cell { Some(*value) } else { None };
            let values: Vec<bool> = cells.filter_map(bool).collect();
            column.write_batch(&values, Some(&there), None)?;
        }
        _ => bail!("a column of a kind that no table has"),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use parquet::file::metadata::RowGroupMetaData;
    use parquet::file::reader::{FileReader, SerializedFileReader};

    #[test]
    fn rows_are_written_in_groups_of_bounded_size() {
        let mut bytes = Vec::new();
        let mut table = ParquetTable::new(&[("n", Kind::Int), ("text", Kind::Text)], &mut bytes).unwrap();
        for n in 0..25_000 {
            let text = if n % 3 == 0 { Cell::Null } else { Cell::text(n) };
            table.write(vec![Cell::Int(n), text]).unwrap();
        }
        table.finish().unwrap();
        let file = SerializedFileReader::new(axum::body::Bytes::from(bytes)).unwrap();
        let groups: Vec<i64> = file.metadata().row_groups().iter().map(RowGroupMetaData::num_rows).collect();
        assert_eq!(groups, [10_000, 10_000, 5_000]);
        let last = file.get_row_iter(None).unwrap().last().unwrap().unwrap();
        assert_eq!(last.to_string(), "{n: 24999, text: null}");
    }
}
