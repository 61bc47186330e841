//! Files read into records: each is unpacked, decoded, told what it is, and read; what is found is put together and handed
//! on in batches.

use super::batch::{Batch, Fault};
use super::dates::{DateOrder, OrderTold};
use super::decode::{self, Decoded, Encoding};
use super::dialect::dialect;
use super::format::{self, Format};
use super::found::{Found, bytes_of, hash_of, names_people};
use super::gather::{Gather, Place};
use super::mail::{Mail, Mails};
use super::members::{self, Reading, Remark};
use super::options::Options;
use super::position::Position;
use super::table::Table;
use super::unpack::{self, Input, Listed};
use super::{json, slack, systems, whatsapp};
use crate::error::causes;
use anyhow::Context;
use serde_json::Value as Json;
use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::io::{BufRead, Read};
use std::sync::Arc;

/// Past this many conversations in an import, a repeated id is no longer noticed.
const IDS_REMEMBERED_MAX: usize = 5_000_000;

const LOSSY: &str = "characters that cannot be read became U+FFFD";

/// Reads files and hands their records on in batches until `emit` says false. `position` counts the bytes that were read of
/// them.
pub fn read_files(
    files: &[Listed],
    options: &Options,
    position: &Arc<Position>,
    emit: impl FnMut(Batch) -> bool,
) -> anyhow::Result<()> {
    let mut intake = Intake::new(options, emit);
    for file in files {
        match unpack::open(file, position, &mut |input| intake.read(input)) {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(error) => {
                intake.files.push(file.path.display().to_string());
                if !intake.error(0, causes(&error)) {
                    return Ok(());
                }
            }
        }
    }
    intake.finish()
}

/// Reads a text held in memory under the name `file`, as [`read_files`] does.
pub fn read_text(file: &str, text: &[u8], emit: impl FnMut(Batch) -> bool) -> anyhow::Result<()> {
    let options = Options::default();
    let mut intake = Intake::new(&options, emit);
    if unpack::open_text(file, text, &mut |input| intake.read(input))? { intake.finish() } else { Ok(()) }
}

/// What is read, on its way to the writer.
struct Intake<'a, F> {
    options: &'a Options,
    reading: Reading,
    /// The names of the files, by their number.
    files: Vec<String>,
    gather: Gather,
    mails: Mails,
    /// The numbers of the files that hold them.
    mail_files: BTreeSet<usize>,
    /// The systems whose records are in the file that is read.
    systems: BTreeSet<&'static str>,
    /// The orders of day and month that dates told.
    orders: Vec<DateOrder>,
    batch: Batch,
    bytes: usize,
    /// Of each id, where it was first found.
    first: HashMap<u64, Place>,
    in_batch: HashSet<u64>,
    emit: F,
}

impl<'a, F: FnMut(Batch) -> bool> Intake<'a, F> {
    fn new(options: &'a Options, emit: F) -> Self {
        let Options { dates, me, mapping, calendar, .. } = options.clone();
        Self {
            options,
            mails: Mails::new(&me),
            reading: Reading { calendar, dates, roles: mapping.roles, me },
            files: Vec::new(),
            gather: Gather::default(),
            mail_files: BTreeSet::new(),
            systems: BTreeSet::new(),
            orders: Vec::new(),
            batch: Batch::default(),
            bytes: 0,
            first: HashMap::new(),
            in_batch: HashSet::new(),
            emit,
        }
    }

    /// Reads a file. Returns false if no more are wanted.
    fn read(&mut self, input: Input<'_>) -> anyhow::Result<bool> {
        let Input { name, is_alone, head, reader, is_padded } = input;
        self.files.push(name.clone());
        let told = match self.options.format {
            Some(format) => Ok(Some(format)),
            None => format::tell(&head),
        };
        let format = match told {
            Ok(Some(format)) => format,
            Ok(None) => {
                self.note(0, "no conversations: the file is empty");
                return Ok(true);
            }
            Err(looks) => {
                if is_alone {
                    self.error(0, format!("expected conversations, and this is {looks}"));
                } else {
                    self.note(0, &format!("left alone: it is {looks}"));
                }
                return Ok(true);
            }
        };
        if matches!(format, Format::Mail | Format::Mbox) {
            return self.read_mails(name, format, reader);
        }
        let stream = stream_of(&name);
        let mut decoded = Decoded::new(reader, format == Format::Json);
        let (mut goes_on, mut kind) = (true, format.name());
        match format {
            Format::Csv => (goes_on, kind) = self.read_table(&name, &head, &mut decoded)?,
            Format::Json => json::read(&mut decoded, stream, &mut |line, stream, value| {
                goes_on = self.take_json(line, &name, stream, value);
                goes_on
            })?,
            Format::Whatsapp => {
                let (me, dates) = (self.reading.me.clone(), self.reading.dates);
                let is_day_first = dates.map(|dates| dates == DateOrder::Dmy);
                let remarks = whatsapp::read(&mut decoded, &name, &me, is_day_first, &mut |line, found| {
                    goes_on = self.take(line, found);
                    goes_on
                })?;
                for remark in remarks {
                    self.note(0, remark);
                }
            }
            Format::Mail | Format::Mbox => {}
        }
        if !goes_on {
            return Ok(false);
        }
        self.tell(&name, kind, decoded.encoding());
        if is_padded.get() {
            self.note(0, "zeros behind the end of the archive are left out");
        }
        Ok(true)
    }

    /// Says what a file is, and what of its text could not be read.
    fn tell(&mut self, name: &str, kind: &str, encoding: &Encoding) {
        let guessed = if encoding.is_guess { ", by guess" } else { "" };
        let systems: String =
            std::mem::take(&mut self.systems).iter().map(|system| format!(" of {system}")).collect();
        let kind = format!("{kind}{systems}, {}{guessed}", encoding.name);
        self.batch.files.push((name.to_owned(), kind));
        for line in &encoding.damaged {
            self.note(*line, LOSSY);
        }
    }

    /// Reads a table. Returns false if no more are wanted, and how it is written.
    fn read_table(
        &mut self,
        name: &str,
        head: &[u8],
        reader: impl Read,
    ) -> anyhow::Result<(bool, &'static str)> {
        let dialect = dialect(&decode::beginning(head)).context("expected a table with a header")?;
        let Some(table) = Table::open(reader, &dialect, &self.options.mapping)? else {
            return Ok((true, dialect.name()));
        };
        self.gather.begin_table(Arc::clone(table.layout()));
        self.systems.extend(table.layout().desk.map(|desk| desk.name));
        let (line, remarks) = table.remarks();
        for remark in remarks {
            self.note(line, remark);
        }
        self.batch.columns.push((name.to_owned(), table.columns()));
        let goes_on = table.read(&mut |line, found| self.take(line, found))?;
        Ok((goes_on, dialect.name()))
    }

    /// Reads mails, which are decoded part by part.
    fn read_mails(&mut self, name: String, format: Format, reader: impl BufRead) -> anyhow::Result<bool> {
        self.mail_files.insert(self.files.len() - 1);
        let mut mails = std::mem::take(&mut self.mails);
        let mut goes_on = true;
        let read = if format == Format::Mbox {
            mails.read_mbox(reader, &mut |line, mail| {
                goes_on = self.take_mail(line, mail);
                goes_on
            })
        } else {
            mails.read_one(reader).map(|mail| goes_on = self.take_mail(1, mail))
        };
        self.mails = mails;
        read?;
        self.batch.files.push((name, format.name().to_owned()));
        Ok(goes_on)
    }

    fn take_mail(&mut self, line: u64, mail: Mail) -> bool {
        for remark in mail.remarks {
            self.note(line, remark);
        }
        mail.found.into_iter().all(|found| self.take(line, Ok(found)))
    }

    fn take_json(
        &mut self,
        line: u64,
        path: &str,
        stream: &str,
        value: Result<(Json, bool), String>,
    ) -> bool {
        let value = match value {
            Ok((value, is_lossy)) => {
                if is_lossy {
                    self.note(line, LOSSY);
                }
                value
            }
            Err(reason) => return self.take(line, Err(reason)),
        };
        let found = if value.get("turns").is_some() {
            None
        } else {
            // before the lists of people of any system, which its users stand in
            let slack = slack::read(&value, path, &self.reading.me).map(|found| ("Slack", found));
            slack.or_else(|| systems::read(&value, stream))
        };
        self.systems.extend(found.as_ref().map(|(system, _)| *system));
        match found {
            Some((_, found)) if found.is_empty() => {
                self.note(line, "left out: nothing is said in it");
                true
            }
            Some((system, found)) => found.into_iter().all(|one| self.take(line, Ok(one.of(Some(system))))),
            None => self.take(line, Ok(Found::of_value(value))),
        }
    }

    /// Takes what was found in a line. Returns false if no more is wanted.
    fn take(&mut self, line: u64, found: Result<Found, String>) -> bool {
        let found = match found {
            Ok(found) => found,
            Err(reason) => return self.error(line, reason),
        };
        let place = Place { file: self.files.len().saturating_sub(1), line };
        let (told, is_whole) = match &found {
            Found::Conversation(json) => (members::order_told(json), !names_people(json)),
            Found::Part(_, json) => (members::order_told(json), false),
            Found::Row(_, cells) => (self.gather.order_told(cells), false),
            Found::Same(..) | Found::Person(..) => (OrderTold::Nothing, false),
        };
        self.orders.extend(told.order().filter(|order| !self.orders.contains(order)));
        match found {
            // what waits for others to tell the order of day and month waits with the parts
            Found::Conversation(json)
                if is_whole && (told == OrderTold::Nothing || self.reading.dates.is_some()) =>
            {
                self.record(place, json, false)
            }
            found => match self.gather.add(place, found) {
                Ok(()) => true,
                Err(error) => {
                    self.error(line, format!("{error:#}"));
                    false
                }
            },
        }
    }

    /// Reads a record. Of two with one id in a file it is unclear which is meant, unless parts were put together.
    fn record(&mut self, place: Place, json: Json, is_gathered: bool) -> bool {
        let bytes = bytes_of(&json);
        let mut remarks = Vec::new();
        let read = members::read(json, &self.reading, &mut remarks);
        for Remark { member, what } in remarks {
            self.batch.notes.push(self.fault(place, format!("{member}: {what}")));
        }
        let record = match read {
            Ok(record) => record,
            Err(reason) => return self.bad(self.fault(place, reason)),
        };
        let id = hash_of(&record.id);
        let remembered = self.first.len();
        match self.first.entry(id) {
            Entry::Occupied(first) if !is_gathered && first.get().file == place.file => {
                let reason = format!("id: line {} has the same", first.get().line);
                return self.bad(self.fault(place, reason));
            }
            Entry::Occupied(_) => {}
            Entry::Vacant(entry) => {
                if remembered < IDS_REMEMBERED_MAX {
                    entry.insert(place);
                }
            }
        }
        if self.in_batch.contains(&id) && !self.flush() {
            return false;
        }
        self.in_batch.insert(id);
        self.bytes += bytes;
        self.batch.records.push(record);
        self.flush_if_full()
    }

    fn fault(&self, place: Place, reason: String) -> Fault {
        Fault { file: self.files.get(place.file).cloned().unwrap_or_default(), line: place.line, reason }
    }

    /// Says something of the file that is read.
    fn note(&mut self, line: u64, reason: &str) {
        let place = Place { file: self.files.len().saturating_sub(1), line };
        self.batch.notes.push(self.fault(place, reason.to_owned()));
    }

    fn error(&mut self, line: u64, reason: String) -> bool {
        let place = Place { file: self.files.len().saturating_sub(1), line };
        self.bad(self.fault(place, reason))
    }

    fn bad(&mut self, fault: Fault) -> bool {
        self.batch.bad.push(fault);
        self.flush_if_full()
    }

    fn flush_if_full(&mut self) -> bool {
        if self.batch.is_full(self.bytes) { self.flush() } else { true }
    }

    fn flush(&mut self) -> bool {
        self.bytes = 0;
        self.in_batch.clear();
        let batch = std::mem::take(&mut self.batch);
        (self.emit)(batch)
    }

    /// Puts together what stood apart, and hands on the rest.
    fn finish(mut self) -> anyhow::Result<()> {
        if let ([order], None) = (&self.orders[..], self.reading.dates) {
            self.reading.dates = Some(*order);
            let order = if *order == DateOrder::Dmy { "day, month (dmy)" } else { "month, day (mdy)" };
            self.note(0, &format!("dates are read as {order}, as some can only be read so"));
        }
        let mut unread = BTreeSet::new();
        match self.mails.finish() {
            Ok(None) => {}
            Ok(Some((company, remark))) => {
                self.note(0, &remark);
                self.take(0, Ok(company));
            }
            // who says what in them is not known; other files have no part in it
            Err(asked) => {
                unread = std::mem::take(&mut self.mail_files);
                let place = Place { file: unread.first().copied().unwrap_or(0), line: 0 };
                self.bad(self.fault(place, asked));
            }
        }
        let gather = std::mem::take(&mut self.gather);
        gather.finish(&mut |place, json| match json {
            _ if unread.contains(&place.file) => true,
            Ok(json)
                if self.reading.dates.is_none() && members::order_told(&json) == OrderTold::Ambiguous =>
            {
                self.bad(
                    self.fault(
                        place,
                        "created_at: day or month first? Say --dates dmy or --dates mdy".into(),
                    ),
                )
            }
            Ok(json) => self.record(place, json, true),
            Err(reason) => self.bad(self.fault(place, reason)),
        })?;
        self.flush();
        Ok(())
    }
}

/// Returns the name of what a file holds: its own, without folders and suffixes.
fn stream_of(name: &str) -> &str {
    let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
    file.split('.').next().unwrap_or(file)
}
