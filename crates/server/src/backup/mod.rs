//! Backups: everything in the database as one file, which is read into either kind of database.
//!
//! The file is compressed by Zstandard, with its checksum. In it are lines of JSON: a header; for each table a line that
//! names its columns, and an array for each row; and a line with the number of rows, without which a file is not whole.

mod cell;
mod read;
mod write;

pub use read::restore;
pub use write::write;

use serde::{Deserialize, Serialize};

/// The version of the format.
const FORMAT: u32 = 1;

/// A line that is no row.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "line", rename_all = "snake_case")]
enum Line {
    /// The first line.
    Header {
        /// The version of the format.
        format: u32,
        /// The release that wrote it.
        release: String,
        /// The number of the last migration that the database ran.
        schema: i64,
    },
    /// The beginning of a table.
    Table {
        /// Its name.
        name: String,
        /// The names of its columns, in the order of the values of a row.
        columns: Vec<String>,
    },
    /// The last line.
    End {
        /// The number of rows before it.
        rows: u64,
    },
}
