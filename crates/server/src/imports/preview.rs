//! What files would become, before anything is imported.

use super::intake::read_files;
use super::options::Options;
use super::position::Position;
use super::record::Record;
use super::report::{FileRead, Report, Told};
use super::unpack::Listed;
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;

/// The conversations that are shown.
const SHOWN: usize = 3;

/// What files would become.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ImportPreview")]
pub struct Preview {
    /// The conversations that would be imported.
    pub conversations: u64,
    /// The files, and what each is.
    pub files: Vec<FileRead>,
    /// The tables among them, and of each column what becomes of it.
    pub columns: Vec<(String, Vec<(String, String)>)>,
    /// The first conversations, as they would be imported.
    #[schemars(with = "Vec<serde_json::Map<String, serde_json::Value>>")]
    pub first: Vec<Record>,
    /// The conversations that would be lost.
    pub errors: Report,
    /// What would be left out of others.
    pub notes: Report,
}

impl Preview {
    /// Reads files and imports nothing. A part of their paths is left out of what is said of them.
    pub fn of(
        files: &[Listed],
        options: &Options,
        position: &Arc<Position>,
        left_out: &str,
    ) -> anyhow::Result<Self> {
        let (mut told, mut first, mut conversations) = (Told::default(), Vec::new(), 0);
        read_files(files, options, position, |mut batch| {
            batch.name_without(left_out);
            told.add(&mut batch);
            conversations += batch.records.len() as u64;
            first.extend(batch.records.into_iter().take(SHOWN - first.len()));
            true
        })?;
        let files = told.files(usize::MAX);
        let Told { lost: errors, notes, columns, .. } = told;
        Ok(Self { conversations, files, columns, first, errors, notes })
    }
}
