//! Imports: conversations from files, once each however often they come.

mod record;
mod source;
mod write;

pub use record::Record;
pub use source::{BATCH, BadRecord, Batch, read_file, read_text};
pub use write::{Import, Totals};
