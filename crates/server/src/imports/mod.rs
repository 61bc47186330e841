//! Imports: conversations from files, each once even if it comes again. Exports write the same records.

mod cells;
mod columns;
mod company;
mod dates;
mod decode;
mod desk_columns;
mod dialect;
mod format;
mod found;
mod gather;
mod intake;
mod json;
mod json_text;
mod layout;
mod mail;
mod mapping;
mod members;
mod record;
mod report;
mod rows;
mod slack;
mod systems;
mod table;
mod unpack;
mod whatsapp;
mod write;

pub use dates::DateOrder;
pub use format::Format;
pub use intake::{BATCH, Batch, Fault, Options, read_files, read_text};
pub use mapping::Mapping;
pub use record::{Claims, EXPORT_VERSION, Findings, Record, RecordContact, Turn};
pub use report::{Report, thousands};
pub use unpack::files_of;
pub use write::{EXTERNAL_ID, Import, Totals};

/// The bytes of one conversation, as it comes.
const VALUE_MAX: usize = 16 * 1024 * 1024;
