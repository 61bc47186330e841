//! Contextual embeddings, by which a sample of statements is compared. They are stored with a statement once computed,
//! since each costs some milliseconds.

use super::embedding;
use super::store::{self, GroupedStatement, Statement};
use crate::db::Db;
use crate::error::Result;
use crate::ids::{OrgId, StatementId};
use crate::jobs::Progress;
use anyhow::Context;
use refrain_nlp::encoders::english::{self, DIMENSIONS};
use refrain_nlp::encoders::{fingerprint, multilingual};
use refrain_nlp::grouping::{Compared, Options};
use refrain_nlp::language::Language;
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

/// The texts that are encoded before it is said how many are: some tenths of a second.
const AT_ONCE: usize = 128;

/// The contextual embeddings of an organization's statements.
pub(crate) struct ContextualVectors<'a> {
    statements: &'a [Statement],
    /// The stored vectors by text and language: statements of the same text share one.
    kept: HashMap<(&'a str, Option<Language>), &'a [u8]>,
    made: RefCell<Vec<(StatementId, Vec<u8>)>>,
}

impl<'a> ContextualVectors<'a> {
    /// Collects the vectors that are stored with these statements.
    pub(crate) fn of(statements: &'a [Statement]) -> Self {
        let mark = mark();
        let kept = |statement: &'a Statement| {
            let bytes = statement.contextual.as_deref()?.strip_prefix(&mark)?;
            Some(((statement.text.as_str(), language(statement)), bytes))
        };
        Self { statements, kept: statements.iter().filter_map(kept).collect(), made: RefCell::default() }
    }

    /// Returns the vectors of the statements at these positions, and computes those that are not stored. They can be
    /// compared across languages. `progress` is told how many there are, and as each is at hand.
    pub(crate) fn get(&self, positions: &[usize], threads: usize, progress: &Progress) -> Compared {
        progress.expect(positions.len());
        let statements: Vec<&Statement> = positions.iter().map(|at| &self.statements[*at]).collect();
        let languages: Vec<Option<Language>> = statements.iter().copied().map(language).collect();
        let kept = statements.iter().zip(&languages);
        let mut bytes: Vec<Vec<u8>> = kept
            .map(|(statement, language)| {
                self.kept
                    .get(&(statement.text.as_str(), *language))
                    .map_or_else(Vec::new, |kept| kept.to_vec())
            })
            .collect();
        let missing = (0..bytes.len()).filter(|i| bytes[*i].is_empty());
        let (english, other): (Vec<usize>, Vec<usize>) =
            missing.partition(|i| languages[*i] == Some(Language::En));
        progress.add(positions.len() - english.len() - other.len());
        let mut keep = |at: &[usize], made: Vec<[f32; DIMENSIONS]>| {
            for (i, made) in at.iter().zip(made) {
                bytes[*i] = embedding::to_bytes(&made);
                self.made.borrow_mut().push((statements[*i].id, to_keep(&made)));
            }
            progress.add(at.len());
        };
        for at in english.chunks(AT_ONCE) {
            let texts: Vec<&str> = at.iter().map(|i| statements[*i].text.as_str()).collect();
            keep(at, english::encode(&texts, threads));
        }
        for at in other.chunks(AT_ONCE) {
            let texts: Vec<_> = at.iter().map(|i| (statements[*i].text.as_str(), languages[*i])).collect();
            let found = multilingual::encode(&texts, threads).into_iter();
            keep(at, found.map(|found| found.contextual_embedding).collect());
        }
        // new vectors are read back from their stored form, so that they equal stored ones
        let read = |bytes: &Vec<u8>| embedding::from_bytes(bytes).and_then(|vector| vector.try_into().ok());
        let mut vectors: Vec<[f32; DIMENSIONS]> =
            bytes.iter().map(|bytes| read(bytes).unwrap_or([0.0; DIMENSIONS])).collect();
        multilingual::level(&mut vectors, &languages);
        Compared { vectors: vectors.into_iter().map(Vec::from).collect(), languages }
    }

    /// Returns the vectors that were computed, in the form in which they are stored.
    pub(crate) fn into_made(self) -> Vec<(StatementId, Vec<u8>)> {
        self.made.into_inner()
    }
}

/// Returns the contextual embeddings by which a grouping compares these statements, at unit length. Takes some
/// milliseconds for each that is not stored.
pub async fn compared_vectors(
    db: &Db,
    org_id: OrgId,
    of: &[GroupedStatement],
) -> Result<HashMap<StatementId, Vec<f32>>> {
    let wanted: HashSet<StatementId> = of.iter().map(|statement| statement.id).collect();
    let mut statements = store::load(&mut db.patient(org_id).snapshot().await?, org_id).await?;
    statements.retain(|statement| wanted.contains(&statement.id));
    let compare = move || {
        let positions: Vec<usize> = (0..statements.len()).collect();
        let compared = ContextualVectors::of(&statements).get(
            &positions,
            Options::default().threads,
            &Progress::default(),
        );
        statements.iter().map(|statement| statement.id).zip(compared.vectors).collect()
    };
    Ok(tokio::task::spawn_blocking(compare).await.context("comparing statements")?)
}

/// Converts a vector to the form in which it is stored with its statement.
pub(crate) fn to_keep(vector: &[f32; DIMENSIONS]) -> Vec<u8> {
    [mark().as_slice(), &embedding::to_bytes(vector)].concat()
}

/// Returns the prefix of stored vectors: those of another encoder begin otherwise, and are ignored.
fn mark() -> [u8; 4] {
    fingerprint().to_le_bytes()
}

/// Returns the language of a statement. A text without letters to detect one from is read as English.
fn language(statement: &Statement) -> Option<Language> {
    if statement.language.is_empty() { Some(Language::En) } else { Language::from_tag(&statement.language) }
}
