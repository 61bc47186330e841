//! Imports: conversations from files, each once even if it comes again. Exports write the same records.

mod columns;
mod dates;
#[expect(dead_code, reason = "its readers come")]
mod found;
#[expect(dead_code, reason = "its readers come")]
mod json_text;
#[expect(dead_code, reason = "its readers come")]
mod members;
mod record;
mod rows;
mod source;
mod write;

pub use dates::DateOrder;
pub use record::{Claims, EXPORT_VERSION, Findings, Record, RecordContact, Turn};
pub use source::{BATCH, BadRecord, Batch, read_file, read_text};
pub use write::{EXTERNAL_ID, Import, Totals};
