//! Imports: conversations from files, each once even if it comes again. Exports write the same records.

mod company;
mod dates;
mod decode;
mod format;
mod found;
mod gather;
mod intake;
mod json;
mod json_text;
mod mail;
mod members;
mod record;
mod report;
mod slack;
mod systems;
mod unpack;
mod whatsapp;
mod write;

pub use dates::DateOrder;
pub use format::Format;
pub use intake::{BATCH, Batch, Fault, Options, read_files, read_text};

pub use record::{Claims, EXPORT_VERSION, Findings, Record, RecordContact, Turn};
pub use report::{Report, thousands};
pub use unpack::files_of;
pub use write::{EXTERNAL_ID, Import, Totals};

/// The bytes of one conversation, as it comes.
const VALUE_MAX: usize = 16 * 1024 * 1024;
