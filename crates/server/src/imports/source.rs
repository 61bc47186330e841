//! Files of conversations: JSON lines, or CSV with a header; plain, gzip or zstd.

use super::columns::Columns;
use super::record::{Record, TURNS_MAX};
use super::rows::Rows;
use anyhow::Context;
use serde::Serialize;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The most conversations of a batch.
pub const BATCH: usize = 200;
/// The bytes of conversations at which a batch is full.
const BATCH_BYTES: u64 = 4 * 1024 * 1024;
const LINE_MAX: u64 = 16 * 1024 * 1024;
/// Past this many conversations in one file, a repeated id is no longer noticed.
const IDS_REMEMBERED_MAX: usize = 5_000_000;

/// A record that was left out, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BadRecord {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: u64,
    /// The reason, without values.
    pub reason: String,
}

/// Some records of a file, in their order.
#[derive(Debug, Default)]
pub struct Batch {
    /// The good ones.
    pub records: Vec<Record>,
    /// The bad ones.
    pub bad: Vec<BadRecord>,
}

/// A file that is being read.
struct Source<F> {
    file: String,
    batch: Batch,
    /// The bytes of the batch, as they were read.
    bytes: u64,
    lines_of: HashMap<u64, u64>,
    emit: F,
}

/// Reads a file and hands its records on in batches, until `emit` says false. `position` counts the bytes
/// of the file read.
pub fn read_file(
    path: &Path,
    position: Arc<AtomicU64>,
    emit: impl FnMut(Batch) -> bool,
) -> anyhow::Result<()> {
    let name = path.display().to_string();
    let file = File::open(path).with_context(|| format!("opening {name}"))?;
    let counted = Counted { inner: file, position };
    let lower = name.to_ascii_lowercase();
    let (reader, stem): (Box<dyn Read>, &str) = if let Some(stem) = lower.strip_suffix(".gz") {
        (Box::new(flate2::read::MultiGzDecoder::new(BufReader::new(counted))), stem)
    } else if let Some(stem) = lower.strip_suffix(".zst") {
        (Box::new(zstd::Decoder::new(counted).with_context(|| format!("opening {name}"))?), stem)
    } else {
        (Box::new(counted), &lower)
    };
    let mut source =
        Source { file: name.clone(), batch: Batch::default(), bytes: 0, lines_of: HashMap::new(), emit };
    #[expect(clippy::case_sensitive_file_extension_comparisons, reason = "it is in lower case")]
    let read = if stem.ends_with(".csv") {
        source.read_csv(reader)
    } else {
        source.read_lines(BufReader::new(reader))
    };
    read.with_context(|| format!("reading {name}"))
}

/// Reads JSON lines held in memory under the name `file`, as [`read_file`] does.
pub fn read_text(file: &str, text: impl Read, emit: impl FnMut(Batch) -> bool) -> anyhow::Result<()> {
    let mut source =
        Source { file: file.to_owned(), batch: Batch::default(), bytes: 0, lines_of: HashMap::new(), emit };
    source.read_lines(BufReader::new(text))
}

struct Counted {
    inner: File,
    position: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.position.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

impl<F: FnMut(Batch) -> bool> Source<F> {
    fn read_lines(&mut self, mut reader: impl BufRead) -> anyhow::Result<()> {
        let mut buffer = Vec::new();
        for line in 1.. {
            buffer.clear();
            let read = (&mut reader).take(LINE_MAX).read_until(b'\n', &mut buffer)?;
            if read == 0 {
                break;
            }
            let parsed = if read as u64 == LINE_MAX && buffer.last() != Some(&b'\n') {
                skip_line(&mut reader)?;
                Err(format!("the line is longer than {LINE_MAX} bytes"))
            } else {
                match std::str::from_utf8(&buffer) {
                    Ok(text) if text.trim().is_empty() => continue,
                    Ok(text) => Record::parse(text.trim_start_matches('\u{feff}').trim_end()),
                    Err(_) => Err("expected UTF-8".into()),
                }
            };
            if !self.take(line, read as u64, parsed) {
                return Ok(());
            }
        }
        self.flush();
        Ok(())
    }

    /// Takes the record of a line, of so many bytes. Returns false if reading is to stop.
    fn take(&mut self, line: u64, bytes: u64, parsed: Result<Record, String>) -> bool {
        self.bytes += bytes;
        match parsed.and_then(|record| self.unrepeated(line, record)) {
            Ok(record) => self.batch.records.push(record),
            Err(reason) => self.batch.bad.push(BadRecord { file: self.file.clone(), line, reason }),
        }
        let is_full = self.batch.records.len() + self.batch.bad.len() >= BATCH || self.bytes >= BATCH_BYTES;
        if is_full { self.flush() } else { true }
    }

    fn flush(&mut self) -> bool {
        self.bytes = 0;
        let batch = std::mem::take(&mut self.batch);
        (self.emit)(batch)
    }

    /// Refuses a second record under one id in a file, since it would be unclear which of them is meant.
    fn unrepeated(&mut self, line: u64, record: Record) -> Result<Record, String> {
        let mut hasher = DefaultHasher::new();
        record.id.hash(&mut hasher);
        let remembered = self.lines_of.len();
        match self.lines_of.entry(hasher.finish()) {
            Entry::Occupied(first) => Err(format!("id: line {} has the same", first.get())),
            Entry::Vacant(entry) => {
                if remembered < IDS_REMEMBERED_MAX {
                    entry.insert(line);
                }
                Ok(record)
            }
        }
    }

    /// Reads one message a row; rows of one conversation stand together.
    fn read_csv(&mut self, reader: impl Read) -> anyhow::Result<()> {
        let mut rows = Rows::new(reader);
        let header = rows.next()?.and_then(|row| row.cells.ok());
        let columns = Columns::read(&header.unwrap_or_default())?;
        let mut open: Option<Open> = None;
        while let Some(row) = rows.next()? {
            let bytes = row.cells.as_ref().map_or(0, |cells| cells.as_slice().len()) as u64;
            let parsed = row.cells.map_err(ToOwned::to_owned).and_then(|cells| columns.record(&cells));
            let done = match (&mut open, parsed) {
                (Some(open), Ok(next)) if open.record.id == next.id => {
                    open.add(next, bytes);
                    None
                }
                (_, Ok(record)) => open.replace(Open { line: row.line, record, bytes }),
                (_, Err(reason)) => {
                    let goes_on = self.take(row.line, 0, Err(reason));
                    if !goes_on {
                        return Ok(());
                    }
                    None
                }
            };
            if let Some(open) = done
                && !self.take(open.line, open.bytes, open.checked())
            {
                return Ok(());
            }
        }
        if let Some(open) = open {
            self.take(open.line, open.bytes, open.checked());
        }
        self.flush();
        Ok(())
    }
}

/// A conversation of which more rows may come.
struct Open {
    line: u64,
    record: Record,
    bytes: u64,
}

impl Open {
    /// Adds a row. Of too long a conversation nothing more is kept.
    fn add(&mut self, next: Record, bytes: u64) {
        self.bytes = self.bytes.saturating_add(bytes);
        // one more than allowed, so that the check reports it
        if self.bytes <= LINE_MAX && self.record.turns.len() <= TURNS_MAX {
            self.record.turns.extend(next.turns);
        }
    }

    fn checked(self) -> Result<Record, String> {
        if self.bytes > LINE_MAX {
            return Err(format!("the conversation is longer than {LINE_MAX} bytes"));
        }
        self.record.check()
    }
}

fn skip_line(reader: &mut impl BufRead) -> std::io::Result<()> {
    loop {
        let buffer = reader.fill_buf()?;
        if buffer.is_empty() {
            return Ok(());
        }
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let used = end.map_or(buffer.len(), |end| end + 1);
        reader.consume(used);
        if end.is_some() {
            return Ok(());
        }
    }
}
