//! Parts of conversations as they are set aside: one behind the other, each behind the number of its id and its length, so that
//! they can be counted and dealt out without being read.

use super::Place;
use crate::imports::cells::Cells;
use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};
use std::io::{BufRead, Read, Seek};

const HEAD: usize = 16;
const CONTEXT: &str = "reading from the disk";

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
        postcard::from_bytes(bytes.get(HEAD..).unwrap_or_default()).context(CONTEXT)
    }
}

/// Finds the next part: returns the number of its id and leaves all its bytes in `part`. Returns none behind the last one.
pub(super) fn next(parts: &mut impl BufRead, part: &mut Vec<u8>) -> anyhow::Result<Option<u64>> {
    let Some([key, bytes]) = head(parts)? else { return Ok(None) };
    part.clear();
    part.extend([key, bytes].map(u64::to_le_bytes).as_flattened());
    if parts.take(bytes).read_to_end(part).context(CONTEXT)? as u64 != bytes {
        bail!(CONTEXT);
    }
    Ok(Some(key))
}

/// Passes over the next part: returns the number of its id, none behind the last one.
pub(super) fn pass(parts: &mut (impl BufRead + Seek)) -> anyhow::Result<Option<u64>> {
    let Some([key, bytes]) = head(parts)? else { return Ok(None) };
    parts.seek_relative(bytes.try_into()?).context(CONTEXT)?;
    Ok(Some(key))
}

/// Reads the number of a part's id, and its length.
fn head(parts: &mut impl BufRead) -> anyhow::Result<Option<[u64; 2]>> {
    if parts.fill_buf().context(CONTEXT)?.is_empty() {
        return Ok(None);
    }
    let mut head = [[0; 8]; 2];
    parts.read_exact(head.as_flattened_mut()).context(CONTEXT)?;
    Ok(Some(head.map(u64::from_le_bytes)))
}
