//! Parts of conversations as they are set aside: one behind the other, each behind the number of its id and its length, so that
//! they can be counted and dealt out without being read.

use super::Place;
use crate::imports::cells::Cells;
use anyhow::Context;
use serde::{Deserialize, Serialize};
use std::io::BufRead;

const HEAD: usize = 16;

/// A part of a conversation.
#[derive(Serialize, Deserialize)]
pub(super) struct Part {
    pub(super) place: Place,
    pub(super) id: String,
    /// True if it is a conversation in each of two systems that count alike.
    pub(super) is_two: bool,
    pub(super) content: Content,
}

/// What a part holds. A row is read only once all others of its conversation are there.
#[derive(Serialize, Deserialize)]
pub(super) enum Content {
    /// Members of the conversation, as JSON.
    Record(String),
    /// Of the table of this number.
    Row(usize, Cells),
}

impl Part {
    /// Writes it behind others.
    pub(super) fn write(&self, key: u64, parts: &mut Vec<u8>) -> anyhow::Result<()> {
        let start = parts.len();
        parts.extend(key.to_le_bytes());
        parts.extend([0; 8]);
        *parts = postcard::to_extend(self, std::mem::take(parts))?;
        let bytes = (parts.len() - start - HEAD) as u64;
        parts[start + 8..start + HEAD].copy_from_slice(&bytes.to_le_bytes());
        Ok(())
    }

    /// Reads one that [`next`] found.
    pub(super) fn read(bytes: &[u8]) -> anyhow::Result<Self> {
        postcard::from_bytes(bytes.get(HEAD..).unwrap_or_default()).context("reading from the disk")
    }
}

/// Finds the next part: returns the number of its id and leaves all its bytes in `part`. Returns none behind the last one.
pub(super) fn next(parts: &mut impl BufRead, part: &mut Vec<u8>) -> anyhow::Result<Option<u64>> {
    let context = "reading from the disk";
    if parts.fill_buf().context(context)?.is_empty() {
        return Ok(None);
    }
    let mut head = [[0; 8]; 2];
    parts.read_exact(head.as_flattened_mut()).context(context)?;
    let [key, bytes] = head.map(u64::from_le_bytes);
    part.clear();
    part.extend(head.as_flattened());
    part.resize(HEAD + usize::try_from(bytes)?, 0);
    parts.read_exact(&mut part[HEAD..]).context(context)?;
    Ok(Some(key))
}
