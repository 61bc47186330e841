//! Records on their way from the reader of files to the writer.

use super::record::Record;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The most conversations of a batch.
pub const BATCH: usize = 200;
/// The bytes of conversations, and the things to say, at which a batch is full.
const BYTES_MAX: usize = 4 * 1024 * 1024;
const FAULTS_MAX: usize = 2_000;

/// Something to say of a record: that it was left out, or what was left out of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ImportFault")]
pub struct Fault {
    /// The file.
    pub file: String,
    /// The line, from 1; 0 where it is about the file.
    pub line: u64,
    /// What it is, without values.
    pub reason: String,
}

/// Some records, in their order, and what there is to say.
#[derive(Debug, Default)]
pub struct Batch {
    /// The records.
    pub records: Vec<Record>,
    /// The conversations that were lost, and why.
    pub bad: Vec<Fault>,
    /// What was left out of conversations that were not lost.
    pub notes: Vec<Fault>,
    /// The files that were read to their end: name, and what it is.
    pub files: Vec<(String, String)>,
    /// The tables among them: name, and of each column what becomes of it.
    pub columns: Vec<(String, Vec<(String, String)>)>,
}

impl Batch {
    /// Leaves a beginning out of the names of files.
    pub(super) fn name_without(&mut self, beginning: &str) {
        let names = self.bad.iter_mut().chain(&mut self.notes).map(|fault| &mut fault.file);
        let names = names.chain(self.files.iter_mut().map(|(name, _)| name));
        for name in names.chain(self.columns.iter_mut().map(|(name, _)| name)) {
            if let Some(rest) = name.strip_prefix(beginning) {
                *name = rest.to_owned();
            }
        }
    }

    /// Returns true if nothing more is to be added to records of so many bytes.
    pub(super) fn is_full(&self, bytes: usize) -> bool {
        let faults = self.bad.len() + self.notes.len();
        self.records.len() >= BATCH || faults >= FAULTS_MAX || bytes >= BYTES_MAX
    }
}
