//! Files of conversations: JSON lines, or CSV with a header; plain, gzip or zstd.

use super::record::{Record, TURNS_MAX, Turn, parse_role};
use crate::custom_data::{CustomData, Scalar};
use crate::time::Timestamp;
use crate::wire::Text;
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

/// The conversations of a batch.
pub const BATCH: usize = 200;
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
    let mut source = Source { file: name.clone(), batch: Batch::default(), lines_of: HashMap::new(), emit };
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
        Source { file: file.to_owned(), batch: Batch::default(), lines_of: HashMap::new(), emit };
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
            if !self.take(line, parsed) {
                return Ok(());
            }
        }
        self.flush();
        Ok(())
    }

    /// Takes the record of a line. Returns false if reading is to stop.
    fn take(&mut self, line: u64, parsed: Result<Record, String>) -> bool {
        match parsed.and_then(|record| self.unrepeated(line, record)) {
            Ok(record) => self.batch.records.push(record),
            Err(reason) => self.batch.bad.push(BadRecord { file: self.file.clone(), line, reason }),
        }
        if self.batch.records.len() + self.batch.bad.len() >= BATCH { self.flush() } else { true }
    }

    fn flush(&mut self) -> bool {
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
        let mut csv = csv::ReaderBuilder::new().flexible(true).from_reader(reader);
        let header = Header::read(csv.headers()?)?;
        let mut open: Option<(u64, Record)> = None;
        let mut row = csv::StringRecord::new();
        loop {
            let parsed = match csv.read_record(&mut row) {
                Ok(false) => break,
                Ok(true) => header.parse(&row),
                Err(error) if error.is_io_error() => return Err(error.into()),
                Err(_) => Err("malformed CSV or no UTF-8".into()),
            };
            let line = row.position().map_or_else(|| csv.position().line(), csv::Position::line);
            let done = match (&mut open, parsed) {
                (Some((_, record)), Ok(next)) if record.id == next.id => {
                    // one more than allowed, so that the check reports it
                    if record.turns.len() <= TURNS_MAX {
                        record.turns.extend(next.turns);
                    }
                    None
                }
                (_, Ok(next)) => open.replace((line, next)),
                (_, Err(reason)) => {
                    self.batch.bad.push(BadRecord { file: self.file.clone(), line, reason });
                    None
                }
            };
            if let Some((line, record)) = done
                && !self.take(line, record.check())
            {
                return Ok(());
            }
        }
        if let Some((line, record)) = open {
            self.take(line, record.check());
        }
        self.flush();
        Ok(())
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

/// The columns of a CSV file. Those that are not known become custom data.
struct Header {
    id: usize,
    text: usize,
    columns: Vec<String>,
}

impl Header {
    fn read(header: &csv::StringRecord) -> anyhow::Result<Self> {
        let columns: Vec<String> = header
            .iter()
            .map(|name| match name.trim().trim_start_matches('\u{feff}').to_ascii_lowercase().as_str() {
                "conversation_id" | "session_id" | "ticket_id" => "id".to_owned(),
                "message" | "body" => "text".to_owned(),
                "sender" | "author" => "role".to_owned(),
                "timestamp" | "date" | "time" => "created_at".to_owned(),
                "email" => "contact_email".to_owned(),
                "phone" | "phone_number" | "contact_phone" => "contact_phone_number".to_owned(),
                name => name.to_owned(),
            })
            .collect();
        let find = |wanted: &str| columns.iter().position(|name| name == wanted);
        let id =
            find("id").context("line 1: expected a column id, conversation_id, session_id or ticket_id")?;
        let text = find("text").context("line 1: expected a column text, message or body")?;
        Ok(Self { id, text, columns })
    }

    fn parse(&self, row: &csv::StringRecord) -> Result<Record, String> {
        let cell = |at: usize| row.get(at).map(|text| text.replace('\0', "")).unwrap_or_default();
        let named = |name: &str| {
            let at = self.columns.iter().position(|column| column == name)?;
            Some(cell(at)).filter(|text| !text.trim().is_empty())
        };
        if row.len() > self.columns.len() {
            return Err(format!("expected {} columns", self.columns.len()));
        }
        if cell(self.id).trim().is_empty() {
            return Err("id: is required".into());
        }
        let time = named("created_at").map(|text| Timestamp::parse(&text));
        let time = time.transpose().map_err(|error| format!("created_at: {error}"))?;
        let role = named("role").unwrap_or_else(|| "contact".into());
        let turn = Turn {
            id: None,
            event: None,
            role: parse_role(&role).map_err(|error| format!("role: {error}"))?,
            text: Some(Text(cell(self.text))),
            name: named("name").map(Text),
            created_at: time,
            attachments: None,
            context: None,
        };
        let contact: serde_json::Map<_, _> = ["email", "phone_number", "name"]
            .into_iter()
            .filter_map(|name| Some((name.to_owned(), named(&format!("contact_{name}"))?.into())))
            .collect();
        let mut record = serde_json::json!({"id": cell(self.id), "turns": []});
        for name in ["channel", "language", "brand", "status", "team", "assignee_id"] {
            record[name] = named(name).into();
        }
        if !contact.is_empty() {
            record["contact"] = contact.into();
        }
        let mut record = Record::parse(&record.to_string())?;
        record.created_at = time;
        record.turns.push(turn);
        record.custom_data = Some(self.custom_data(&cell));
        Ok(record)
    }

    fn custom_data(&self, cell: &impl Fn(usize) -> String) -> CustomData {
        const KNOWN: [&str; 14] = [
            "id",
            "text",
            "role",
            "name",
            "created_at",
            "channel",
            "language",
            "brand",
            "status",
            "team",
            "assignee_id",
            "contact_email",
            "contact_phone_number",
            "contact_name",
        ];
        let unknown = self.columns.iter().enumerate().filter(|(_, name)| !KNOWN.contains(&name.as_str()));
        let filled =
            unknown.map(|(at, name)| (name.clone(), cell(at))).filter(|(_, value)| !value.is_empty());
        CustomData(filled.map(|(name, value)| (name, Scalar::Text(value))).collect())
    }
}
