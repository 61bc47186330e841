//! Writing a backup.

use super::{FORMAT, Line, cell};
use crate::db::Db;
use anyhow::Context;
use serde::Serialize;
use serde_json::Value as Json;
use std::io::Write;
use tokio::runtime::Handle;
use uuid::Uuid;

/// Writes everything that the database holds at this moment, while others go on to write to it. `on_rows` gets the number
/// of rows so far, and returns false to stop. Returns the number of rows. To be called where a thread may block.
pub fn write(
    db: &Db,
    sink: impl Write + Send,
    mut on_rows: impl FnMut(u64) -> bool + Send,
) -> anyhow::Result<u64> {
    let runtime = Handle::current();
    let mut sink = zstd::Encoder::new(sink, 0)?;
    sink.include_checksum(true)?;
    let mut tx = runtime.block_on(db.patient(Uuid::nil()).snapshot())?;
    let (tables, schema) = (runtime.block_on(db.tables())?, runtime.block_on(db.schema())?);
    line(&mut sink, &Line::Header { format: FORMAT, release: env!("CARGO_PKG_VERSION").to_owned(), schema })?;
    let mut rows = 0;
    for table in &tables {
        let columns = table.columns.iter().map(|column| column.name.clone()).collect();
        line(&mut sink, &Line::Table { name: table.name.clone(), columns })?;
        let mut take = |values: Vec<_>| {
            let row: Vec<Json> = values.into_iter().map(cell::write).collect();
            line(&mut sink, &row)?;
            rows += 1;
            if on_rows(rows) { Ok(()) } else { Err(anyhow::anyhow!("the backup was stopped").into()) }
        };
        runtime.block_on(tx.scan(table, &mut take)).with_context(|| format!("reading {}", table.name))?;
    }
    line(&mut sink, &Line::End { rows })?;
    sink.finish()?.flush()?;
    Ok(rows)
}

fn line(sink: &mut impl Write, line: &impl Serialize) -> anyhow::Result<()> {
    serde_json::to_writer(&mut *sink, line)?;
    sink.write_all(b"\n")?;
    Ok(())
}
