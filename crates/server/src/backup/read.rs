//! Reading a backup into a database that is empty.

use super::{FORMAT, Line, cell};
use crate::db::{Db, Location, Table, Tx, Value, sql};
use anyhow::{Context, bail};
use serde_json::Value as Json;
use std::io::{BufRead, BufReader, Read};
use tokio::runtime::Handle;

/// The longest line: a row holds one file at most.
const LINE_MAX: u64 = 64 * 1024 * 1024;
/// The bytes of lines that are inserted together, and the most rows.
const BATCH_BYTES: usize = 4 * 1024 * 1024;
const BATCH_ROWS: usize = 2_000;

/// Reads a backup into the database at `location`, which must be empty, and brings it up to date. Either everything is
/// there afterwards or nothing. `on_rows` gets the number of rows so far, and returns false to stop. To be called where a
/// thread may block.
pub fn restore(
    location: &Location,
    source: impl Read,
    mut on_rows: impl FnMut(u64) -> bool,
) -> anyhow::Result<u64> {
    let runtime = Handle::current();
    let mut lines =
        Lines { source: BufReader::new(zstd::Decoder::new(source)?), number: 0, buffer: Vec::new() };
    let Line::Header { format, schema, release } = lines.next_line().context("it is no backup of Refrain")?
    else {
        bail!("it is no backup of Refrain: its first line is no header");
    };
    if format != FORMAT || schema > Db::SCHEMA {
        bail!("the backup is of a later release ({release}): restore it with that one");
    }
    let db = runtime.block_on(Db::open_at(location, schema))?;
    let result = runtime.block_on(async {
        require_empty(&db, schema).await?;
        let tables = db.tables().await?;
        let mut tx = db.begin().await?;
        let rows = read_all(&mut lines, &mut tx, &tables, &mut on_rows).await?;
        tx.commit().await?;
        db.migrate().await?;
        db.analyze().await?;
        Ok(rows)
    });
    runtime.block_on(db.close());
    result
}

async fn require_empty(db: &Db, schema: i64) -> anyhow::Result<()> {
    let (orgs,): (i64,) = db.fetch_one(sql("select count(*) from orgs")).await?;
    if orgs > 0 {
        bail!("the database is not empty: restore into a new one");
    }
    if db.schema().await? != schema {
        bail!("the database was opened by a later release than the backup is of: restore into a new one");
    }
    Ok(())
}

async fn read_all(
    lines: &mut Lines<impl BufRead>,
    tx: &mut Tx,
    tables: &[Table],
    on_rows: &mut impl FnMut(u64) -> bool,
) -> anyhow::Result<u64> {
    let (mut rows, mut batch) = (0, None::<Batch>);
    loop {
        let text = lines.read()?;
        if text.starts_with(b"[") {
            let batch = batch.as_mut().context("a row before the first table")?;
            batch.add(text).with_context(|| format!("line {}", lines.number))?;
            rows += 1;
            if batch.is_full() {
                batch.insert(tx).await?;
                if !on_rows(rows) {
                    bail!("the restore was stopped");
                }
            }
            continue;
        }
        if let Some(mut full) = batch.take() {
            full.insert(tx).await?;
        }
        match lines.parse()? {
            Line::Table { name, columns } => batch = Some(Batch::new(tables, &name, &columns)?),
            Line::End { rows: expected } if expected == rows => return lines.end().map(|()| rows),
            Line::End { rows: expected } => bail!("it says {expected} rows and has {rows}"),
            Line::Header { .. } => bail!("line {}: a second header", lines.number),
        }
    }
}

/// Rows of a table that are inserted together.
struct Batch<'a> {
    insert: String,
    columns: Vec<&'a crate::db::Column>,
    rows: Vec<Vec<Value>>,
    bytes: usize,
}

impl<'a> Batch<'a> {
    fn new(tables: &'a [Table], name: &str, columns: &[String]) -> anyhow::Result<Self> {
        let table = tables.iter().find(|table| table.name == name);
        let table = table.with_context(|| format!("a table that this release does not know: {name:?}"))?;
        let find = |column: &String| {
            let known = table.columns.iter().find(|known| known.name == *column);
            known.with_context(|| format!("a column of {name} that this release does not know: {column:?}"))
        };
        let known = columns.iter().map(find).collect::<anyhow::Result<Vec<_>>>()?;
        let insert = format!("insert into {name} ({})", columns.join(", "));
        Ok(Self { insert, columns: known, rows: Vec::new(), bytes: 0 })
    }

    fn add(&mut self, line: &[u8]) -> anyhow::Result<()> {
        let cells: Vec<Json> = serde_json::from_slice(line)?;
        if cells.len() != self.columns.len() {
            bail!("{} values for {} columns", cells.len(), self.columns.len());
        }
        let values = cells.into_iter().zip(&self.columns).map(|(cell, column)| cell::read(cell, column.kind));
        self.rows.push(values.collect::<anyhow::Result<_>>()?);
        self.bytes += line.len();
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.bytes >= BATCH_BYTES || self.rows.len() >= BATCH_ROWS
    }

    async fn insert(&mut self, tx: &mut Tx) -> anyhow::Result<()> {
        self.bytes = 0;
        tx.insert_all(&self.insert, std::mem::take(&mut self.rows), "").await?;
        Ok(())
    }
}

/// The lines of a backup, one at a time.
struct Lines<R> {
    source: R,
    number: u64,
    buffer: Vec<u8>,
}

impl<R: BufRead> Lines<R> {
    /// Reads the next line. Fails at the end of the file, which comes after the last line alone.
    fn read(&mut self) -> anyhow::Result<&[u8]> {
        self.buffer.clear();
        self.number += 1;
        let reading = || format!("reading line {}", self.number);
        let mut limited = self.source.by_ref().take(LINE_MAX);
        limited.read_until(b'\n', &mut self.buffer).with_context(reading)?;
        if self.buffer.last() != Some(&b'\n') {
            bail!("the file is not whole: it ends in line {}", self.number);
        }
        Ok(&self.buffer)
    }

    /// Parses the line that was read last.
    fn parse(&self) -> anyhow::Result<Line> {
        serde_json::from_slice(&self.buffer).with_context(|| format!("line {}", self.number))
    }

    fn next_line(&mut self) -> anyhow::Result<Line> {
        self.read()?;
        self.parse()
    }

    /// Fails unless this is the end, where the checksum is compared.
    fn end(&mut self) -> anyhow::Result<()> {
        let rest = self.source.fill_buf().context("reading the end")?;
        if !rest.is_empty() {
            bail!("there is something after the last line");
        }
        Ok(())
    }
}
