//! Tables: a message a row, or a conversation a row. Rows of one conversation need not stand together.

use super::cells::Cells;
use super::columns::Columns;
use super::desk_columns::Desk;
use super::dialect::Dialect;
use super::fields::Field;
use super::found::Found;
use super::layout::Layout;
use super::mapping::Mapping;
use super::rows::{Row, Rows};
use anyhow::Context;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::io::Read;
use std::sync::Arc;

/// The rows that are looked at before the columns are fixed, and the bytes of them.
const SAMPLE_ROWS: usize = 200;
const SAMPLE_BYTES: usize = 1024 * 1024;
/// The rows without an id of which equal ones are told apart.
const REMEMBERED_MAX: usize = 5_000_000;

/// A table whose header was read.
pub(super) struct Table<R> {
    rows: Rows<R>,
    /// The rows that were read already.
    sample: Vec<Row>,
    header_line: u64,
    layout: Arc<Layout>,
    seen: Seen,
}

/// How often rows without an id came, by what they say.
type Seen = HashMap<[u8; 16], u32>;

impl<R: Read> Table<R> {
    /// Reads the header; none if there is none. An error names the columns that were seen.
    pub(super) fn open(reader: R, dialect: &Dialect, mapping: &Mapping) -> anyhow::Result<Option<Self>> {
        let mut rows = Rows::new(reader, dialect.signs);
        rows.skip(dialect.above)?;
        let Some(Row { line, cells }) = rows.next()? else { return Ok(None) };
        let at = || format!("line {line}");
        let header = cells.map_err(anyhow::Error::msg).with_context(at)?;
        let desk = Desk::of(&header);
        let mut mapping = mapping.clone();
        if let Some(desk) = desk {
            desk.complete(&mut mapping);
        }
        let columns = Columns::read(&header, &mapping).map_err(anyhow::Error::msg).with_context(at)?;
        rows.expect(columns.len());
        let (mut sample, mut bytes) = (Vec::new(), 0);
        while sample.len() < SAMPLE_ROWS && bytes < SAMPLE_BYTES {
            let Some(row) = rows.next()? else { break };
            bytes += row.cells.as_ref().map_or(0, |cells| cells.iter().map(str::len).sum());
            sample.push(row);
        }
        let cells: Vec<&Cells> = sample.iter().filter_map(|row| row.cells.as_ref().ok()).collect();
        let layout = Arc::new(Layout::new(columns, desk, mapping.roles, &cells));
        Ok(Some(Self { rows, sample, header_line: line, layout, seen: Seen::new() }))
    }

    /// Returns what its columns mean together.
    pub(super) fn layout(&self) -> &Arc<Layout> {
        &self.layout
    }

    /// Returns each column, and what becomes of it.
    pub(super) fn columns(&self) -> Vec<(String, String)> {
        self.layout.columns.fates()
    }

    /// Returns the line of the header, and what is to be said of the columns.
    pub(super) fn remarks(&self) -> (u64, &[String]) {
        (self.header_line, &self.layout.columns.remarks)
    }

    /// Hands on what the rows hold, until `take` says false, which it then returns.
    pub(super) fn read(
        mut self,
        take: &mut dyn FnMut(u64, Result<Found, String>) -> bool,
    ) -> anyhow::Result<bool> {
        for row in std::mem::take(&mut self.sample) {
            if !self.row(row, take) {
                return Ok(false);
            }
        }
        while let Some(row) = self.rows.next()? {
            if !self.row(row, take) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Takes a row. Returns false if no more are wanted.
    fn row(&mut self, row: Row, take: &mut dyn FnMut(u64, Result<Found, String>) -> bool) -> bool {
        let Row { line, cells } = row;
        let cells = match cells {
            Ok(cells) => cells,
            Err(reason) => return take(line, Err(reason)),
        };
        let width = self.layout.columns.len();
        if cells.filled() > width {
            return take(line, Err(format!("{} cells, where the header has {width}", cells.filled())));
        }
        let id = match self.id(&cells) {
            Ok(Some(id)) => id,
            Ok(None) => return true,
            Err(reason) => return take(line, Err(reason)),
        };
        if self.layout.key.is_none() {
            // whole, as no other row can have its id
            let mut record = self.layout.record(&id, &cells);
            record.insert("id".to_owned(), id.into());
            return take(line, Ok(Found::Conversation(record.into())));
        }
        let answered = self.layout.columns.cell(&cells, Field::ReplyTo);
        if let Some(answered) = answered.map(|answered| as_written(answered, &id).to_owned())
            && !take(line, Ok(Found::Same(id.clone(), answered)))
        {
            return false;
        }
        take(line, Ok(Found::Row(id, cells)))
    }

    /// Returns the id of a row's conversation, none if the row says nothing.
    fn id(&mut self, row: &Cells) -> Result<Option<String>, String> {
        let has_text =
            [Field::Text, Field::Html].iter().any(|field| self.layout.columns.cell(row, *field).is_some());
        match self.layout.key {
            Some(field) => match self.layout.columns.cell(row, field) {
                Some(id) => Ok(Some(unwrapped(id).to_owned())),
                None if has_text => Err("id: is required".into()),
                None => Ok(None),
            },
            None if has_text => Ok(Some(self.derived_id(row))),
            None => Ok(None),
        }
    }

    /// Makes an id of what a row says, so that importing it again changes nothing. Equal rows are told apart by their order.
    fn derived_id(&mut self, row: &Cells) -> String {
        let mut hasher = Sha256::new();
        for cell in row.iter() {
            hasher.update(cell);
            hasher.update([0x1f]);
        }
        let hash = hasher.finalize();
        let mut id = hex::encode(&hash[..16]);
        let mut key = [0; 16];
        key.copy_from_slice(&hash[..16]);
        let is_room = self.seen.len() < REMEMBERED_MAX;
        if let Some(count) = self.seen.get_mut(&key) {
            *count += 1;
            id.push_str(&format!("-{count}"));
        } else if is_room {
            self.seen.insert(key, 1);
        }
        id
    }
}

/// Returns an id without what keeps a spreadsheet from taking it for a number: `="007"`.
fn unwrapped(id: &str) -> &str {
    let id = id.trim();
    id.strip_prefix("=\"").and_then(|id| id.strip_suffix('"')).unwrap_or(id)
}

/// Returns the id of another row as that row has it, if programs took a column with gaps for one of fractions.
fn as_written<'a>(other: &'a str, id: &str) -> &'a str {
    let other = unwrapped(other);
    other.strip_suffix(".0").filter(|_| !id.ends_with(".0")).unwrap_or(other)
}

#[cfg(test)]
mod tests;
