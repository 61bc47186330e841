//! Imports: conversations from files, each once even if it comes again. Exports write the same records.

mod columns;
#[expect(dead_code, reason = "its readers come")]
mod found;
mod record;
mod rows;
mod source;
#[expect(dead_code, reason = "the pipeline comes")]
mod systems;
mod write;

pub use record::{Claims, EXPORT_VERSION, Findings, Record, RecordContact, Turn};
pub use source::{BATCH, BadRecord, Batch, read_file, read_text};
pub use write::{EXTERNAL_ID, Import, Totals};
