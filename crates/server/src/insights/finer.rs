//! The finer vectors by which a sample of statements is compared: kept with a statement once made, since they cost
//! some milliseconds each.

use super::consolidate::Statement;
use super::vector;
use crate::ids::StatementId;
use refrain_nlp::encoder::{DIMENSIONS, Encoder};
use refrain_nlp::language::Language;
use std::cell::RefCell;
use std::collections::HashMap;

/// The finer vectors of an organization's statements.
pub(super) struct FinerVectors<'a> {
    statements: &'a [Statement],
    /// By text: the statements of one text need one vector.
    kept: HashMap<&'a str, &'a [u8]>,
    made: RefCell<Vec<(StatementId, Vec<u8>)>>,
}

impl<'a> FinerVectors<'a> {
    /// What is kept with these statements.
    pub(super) fn of(statements: &'a [Statement]) -> Self {
        let mark = mark();
        let kept = |statement: &'a Statement| {
            let bytes = statement.finer.as_deref()?.strip_prefix(&mark)?;
            Some((statement.text.as_str(), bytes))
        };
        Self { statements, kept: statements.iter().filter_map(kept).collect(), made: RefCell::default() }
    }

    /// Whether there are such vectors for a language: the encoder reads English alone.
    pub(super) fn are_for(language: &str) -> bool {
        language == Language::En.code()
    }

    /// The vectors of the statements at these positions: kept ones, and new ones where there is none.
    pub(super) fn get(&self, positions: &[usize], threads: usize) -> Vec<Vec<f32>> {
        let kept = |at: &usize| {
            self.kept.get(self.statements[*at].text.as_str()).and_then(|b| vector::from_bytes(b))
        };
        let mut vectors: Vec<Option<Vec<f32>>> = positions.iter().map(kept).collect();
        let missing: Vec<usize> = (0..vectors.len()).filter(|i| vectors[*i].is_none()).collect();
        let texts: Vec<&str> = missing.iter().map(|i| self.statements[positions[*i]].text.as_str()).collect();
        for (i, vector) in missing.into_iter().zip(Encoder::bundled().encode(&texts, threads)) {
            // rounded as it is kept, so that a kept vector makes no difference
            let bytes = vector::to_bytes(&vector);
            vectors[i] = vector::from_bytes(&bytes);
            let id = self.statements[positions[i]].id;
            self.made.borrow_mut().push((id, [mark().as_slice(), &bytes].concat()));
        }
        vectors.into_iter().map(|vector| vector.unwrap_or_else(|| vec![0.0; DIMENSIONS])).collect()
    }

    /// The vectors that were made, as they are to be kept.
    pub(super) fn into_made(self) -> Vec<(StatementId, Vec<u8>)> {
        self.made.into_inner()
    }
}

/// What a kept vector begins with: those of another encoder are none.
fn mark() -> [u8; 4] {
    Encoder::fingerprint().to_le_bytes()
}
