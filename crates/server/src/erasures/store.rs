//! Erasures in SQL.

use super::counts::{Counts, Extent};
use super::{Cause, Fate};
use crate::contacts::Words;
use crate::db::{self, Db, Query, sql};
use crate::error::Result;
use crate::http::{Cursor, PAGE_SIZE};
use crate::ids::{ErasureId, OrgId};
use crate::orgs::OrgTx;
use crate::sessions::Erased;
use crate::time::Timestamp;
use anyhow::Context;
use std::sync::Arc;
use uuid::Uuid;

/// An erasure, under way or done.
#[derive(Clone, Debug)]
pub(super) struct Erasure {
    pub(super) id: ErasureId,
    pub(super) cause: Cause,
    pub(super) subject_id: Option<Uuid>,
    pub(super) fate: Fate,
    /// The words of the person, while there is something to mask.
    pub(super) words: Arc<Words>,
    pub(super) counts: Counts,
    pub(super) created_at: Timestamp,
    pub(super) finished_at: Option<Timestamp>,
}

impl Erasure {
    pub(super) fn new(tx: &OrgTx, cause: Cause, subject_id: Option<Uuid>, fate: Fate, words: Words) -> Self {
        Self {
            id: ErasureId::new(tx.now),
            cause,
            subject_id,
            fate,
            words: Arc::new(words),
            counts: Counts::default(),
            created_at: tx.now,
            finished_at: None,
        }
    }
}

#[derive(crate::db::Record)]
struct Row {
    id: ErasureId,
    cause: Cause,
    subject_id: Option<Uuid>,
    fate: Fate,
    words: Option<String>,
    counts: String,
    created_at: Timestamp,
    finished_at: Option<Timestamp>,
}

impl TryFrom<Row> for Erasure {
    type Error = anyhow::Error;

    fn try_from(row: Row) -> anyhow::Result<Self> {
        let words = row.words.as_deref().map(serde_json::from_str).transpose();
        Ok(Self {
            id: row.id,
            cause: row.cause,
            subject_id: row.subject_id,
            fate: row.fate,
            words: Arc::new(words.context("reading the words of an erasure")?.unwrap_or_default()),
            counts: serde_json::from_str(&row.counts).context("reading the counts of an erasure")?,
            created_at: row.created_at,
            finished_at: row.finished_at,
        })
    }
}

const COLUMNS: &str = "id, cause, subject_id, fate, words, counts, created_at, finished_at";

/// Finds the erasure of this id.
pub(super) async fn find(db: impl Query, org_id: OrgId, id: ErasureId) -> Result<Option<Erasure>> {
    let query = sql(&format!("select {COLUMNS} from erasures where org_id = $1 and id = $2"));
    let row: Option<Row> = db.fetch_optional(query.bind(org_id).bind(id)).await?;
    Ok(row.map(Erasure::try_from).transpose()?)
}

/// Lists a page of erasures, newest first, with one more if there is a next page.
pub(super) async fn list(db: &Db, org_id: OrgId, after: Option<Cursor>) -> Result<Vec<Erasure>> {
    let mut query = sql(&format!("select {COLUMNS} from erasures where org_id = $1")).bind(org_id);
    if let Some(after) = after {
        query.push(" and id < ").push_bind(after.id);
    }
    query.push(" order by id desc limit ").push_bind(db::count(PAGE_SIZE) + 1);
    let rows: Vec<Row> = db.fetch_all(query).await?;
    Ok(rows.into_iter().map(Erasure::try_from).collect::<anyhow::Result<_>>()?)
}

/// Inserts an erasure that begins.
pub(super) async fn insert(tx: &mut OrgTx, erasure: &Erasure) -> Result<()> {
    let query = sql("
        insert into erasures
            (org_id, id, cause, subject_id, fate, words, counts, sessions_deleted, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, 0, $8)
    ");
    let words = serde_json::to_string(&*erasure.words).context("writing the words of an erasure")?;
    let query = query
        .bind(tx.org_id)
        .bind(erasure.id)
        .bind(erasure.cause)
        .bind(erasure.subject_id)
        .bind(erasure.fate)
        .bind(words)
        .bind(counts(erasure)?)
        .bind(erasure.created_at);
    tx.run(query).await
}

/// Saves what an erasure did so far.
pub(super) async fn save(tx: &mut OrgTx, erasure: &Erasure) -> Result<()> {
    let query = sql("
        update erasures set counts = $3, sessions_deleted = $4, finished_at = $5 where org_id = $1 and id = $2
    ");
    let query = query
        .bind(tx.org_id)
        .bind(erasure.id)
        .bind(counts(erasure)?)
        .bind(erasure.counts.deleted.sessions)
        .bind(erasure.finished_at);
    tx.run(query).await
}

/// Forgets the words of a person of whom nothing is left to mask.
pub(super) async fn forget_words(tx: &mut OrgTx, id: ErasureId) -> Result<()> {
    let query = sql("update erasures set words = null where org_id = $1 and id = $2");
    tx.run(query.bind(tx.org_id).bind(id)).await
}

fn counts(erasure: &Erasure) -> Result<String> {
    Ok(serde_json::to_string(&erasure.counts).context("writing the counts of an erasure")?)
}

/// Counts what is linked to these sessions.
pub(super) async fn extent(tx: &mut OrgTx, erased: Erased) -> Result<Extent> {
    let mut query =
        sql("with e (id) as (select s.id from sessions s where s.org_id = $1 and ").bind(tx.org_id);
    erased.push(&mut query);
    query.push(
        ") select (select count(*) from e) as sessions,
            (select count(*) from messages m join e on e.id = m.session_id where m.org_id = $1) as messages,
            (select count(*) from statements t join e on e.id = t.session_id where t.org_id = $1) as statements,
            (select count(*) from occurrences o join e on e.id = o.session_id where o.org_id = $1) as occurrences",
    );
    tx.fetch_one(query).await
}
