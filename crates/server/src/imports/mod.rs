//! Imports: conversations from files, each once even if it comes again. Exports write the same records.

mod columns;
mod company;
#[expect(dead_code, reason = "its readers come")]
mod found;
#[expect(dead_code, reason = "its caller comes")]
mod mail;
mod record;
mod rows;
#[expect(dead_code, reason = "its caller comes")]
mod slack;
mod source;
#[expect(dead_code, reason = "its caller comes")]
mod whatsapp;
mod write;

pub use record::{Claims, EXPORT_VERSION, Findings, Record, RecordContact, Turn};
pub use source::{BATCH, BadRecord, Batch, read_file, read_text};
pub use write::{EXTERNAL_ID, Import, Totals};
