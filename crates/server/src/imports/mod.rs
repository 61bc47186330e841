//! Imports: conversations from files, each once even if it comes again. Exports write the same records.

mod batch;
mod cells;
mod columns;
mod company;
mod dates;
mod decode;
mod desk_columns;
mod dialect;
mod fields;
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
mod options;
mod record;
mod report;
mod rows;
mod slack;
mod systems;
mod table;
mod unpack;
mod whatsapp;
mod write;

pub use batch::{BATCH, Batch, Fault};
pub use dates::DateOrder;
pub use format::Format;
pub use intake::{read_files, read_text};
pub use mapping::Mapping;
pub use options::Options;
pub use record::{Claims, EXPORT_VERSION, Findings, Record, RecordContact, Turn};
pub use report::{Report, thousands};
pub use unpack::{Listed, list_files};
pub use write::{EXTERNAL_ID, Import, Totals};

/// The bytes of one conversation, as it comes.
const VALUE_MAX: usize = 16 * 1024 * 1024;
