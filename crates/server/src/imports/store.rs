//! Imports over the API in SQL.

use super::batch::Fault;
use super::options::ImportOptions;
use super::progress::ImportProgress;
use super::report::{FileRead, Kind, Report, Told};
use crate::db::{self, Db, Query, sql};
use crate::error::{Error, Result};
use crate::http::{Cursor, PAGE_SIZE};
use crate::ids::{ImportId, OrgId};
use crate::orgs::{OrgTx, Subject};
use crate::time::Timestamp;
use crate::wire::string_enum;
use anyhow::Context;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The imports of an organization that are kept, with the one under way.
const KEPT_MAX: i64 = 100;
/// The files that are named.
const FILES_MAX: usize = 100;

string_enum! {
    /// The state of an import.
    ImportStatus {
        /// It waits for its turn.
        Waiting = "waiting",
        /// The file is read, or what was imported is.
        Running = "running",
        /// Everything is imported, read and grouped.
        Done = "done",
        /// It could not be read to its end.
        Failed = "failed",
        /// Somebody ended it; what was imported by then is there.
        Canceled = "canceled",
    }
}

string_enum! {
    /// The kind of something that an import has to say.
    RecordKind {
        /// A conversation was lost.
        Error = "error",
        /// Something was left out of a conversation that was not lost.
        Note = "note",
    }
}

/// An import.
#[derive(Clone, Debug)]
pub(super) struct ImportRow {
    pub(super) id: ImportId,
    pub(super) options: ImportOptions,
    pub(super) name: String,
    pub(super) place: Uuid,
    pub(super) path: String,
    pub(super) is_upload: bool,
    pub(super) bytes: i64,
    pub(super) status: ImportStatus,
    pub(super) starts: i64,
    pub(super) progress: ImportProgress,
    pub(super) report: ImportReport,
    pub(super) failure: Option<String>,
    pub(super) read_at: Option<Timestamp>,
    pub(super) created_at: Timestamp,
    pub(super) ended_at: Option<Timestamp>,
}

/// What an import has to say so far.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct ImportReport {
    pub(super) files: Vec<FileRead>,
    pub(super) file_count: usize,
    pub(super) errors: FaultCounts,
    pub(super) notes: FaultCounts,
    /// The insights that the organization has at the end.
    pub(super) insights: Option<i64>,
}

/// Faults counted by kind.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ImportFaultCounts")]
pub(super) struct FaultCounts {
    /// All of them.
    count: u64,
    /// Their kinds, each with the places of the first.
    kinds: Vec<Kind>,
}

impl ImportReport {
    /// Returns what was told so far.
    pub(super) fn of(told: &Told) -> Self {
        let counts = |report: &Report| FaultCounts { count: report.count, kinds: report.kinds.clone() };
        Self {
            files: told.files(FILES_MAX),
            file_count: told.files.len(),
            errors: counts(&told.lost),
            notes: counts(&told.notes),
            insights: None,
        }
    }
}

#[derive(crate::db::Record)]
struct Row {
    id: ImportId,
    options: String,
    name: String,
    place: Uuid,
    path: String,
    is_upload: bool,
    bytes: i64,
    status: ImportStatus,
    starts: i64,
    progress: String,
    report: String,
    failure: Option<String>,
    read_at: Option<Timestamp>,
    created_at: Timestamp,
    ended_at: Option<Timestamp>,
}

const SELECT: &str = "
    select id, options, name, place, path, is_upload, bytes, status, starts, progress, report, failure, read_at,
        created_at, ended_at
    from imports where org_id = $1";

impl Row {
    fn into_import(self) -> Result<ImportRow> {
        Ok(ImportRow {
            id: self.id,
            options: read(&self.options)?,
            name: self.name,
            place: self.place,
            path: self.path,
            is_upload: self.is_upload,
            bytes: self.bytes,
            status: self.status,
            starts: self.starts,
            progress: read(&self.progress)?,
            report: read(&self.report)?,
            failure: self.failure,
            read_at: self.read_at,
            created_at: self.created_at,
            ended_at: self.ended_at,
        })
    }
}

fn read<T: serde::de::DeserializeOwned>(json: &str) -> Result<T> {
    Ok(serde_json::from_str(json).context("reading an import")?)
}

fn write<T: Serialize>(value: &T) -> Result<String> {
    Ok(serde_json::to_string(value).context("writing an import")?)
}

/// Lists imports, newest first; one more than a page if there is a next one.
pub(super) async fn list(db: &Db, org_id: OrgId, after: Option<Cursor>) -> Result<Vec<ImportRow>> {
    let mut query = sql(SELECT).bind(org_id);
    if let Some(cursor) = after {
        query.push(" and (created_at, id) < (").push_bind(cursor.position);
        query.push(", ").push_bind(cursor.id).push(")");
    }
    query.push(" order by created_at desc, id desc limit ").push_bind(db::count(PAGE_SIZE) + 1);
    let rows: Vec<Row> = db.fetch_all(query).await?;
    rows.into_iter().map(Row::into_import).collect()
}

/// Finds an import.
pub(super) async fn find(db: impl Query, org_id: OrgId, id: ImportId) -> Result<Option<ImportRow>> {
    let mut query = sql(SELECT).bind(org_id);
    query.push(" and id = ").push_bind(id);
    one(db, query).await
}

/// Finds the import that is under way.
pub(super) async fn under_way(db: impl Query, org_id: OrgId) -> Result<Option<ImportRow>> {
    let mut query = sql(SELECT).bind(org_id);
    query.push(" and ended_at is null");
    one(db, query).await
}

async fn one(db: impl Query, query: db::Sql) -> Result<Option<ImportRow>> {
    let rows: Vec<Row> = db.fetch_all(query).await?;
    rows.into_iter().next().map(Row::into_import).transpose()
}

/// Fails if an import is under way, and names it.
pub(super) async fn require_none_under_way(db: impl Query, org_id: OrgId) -> Result<()> {
    match under_way(db, org_id).await? {
        Some(import) => Err(Error::Conflict(format!("the import {} is under way", import.id))),
        None => Ok(()),
    }
}

/// Inserts an import, and deletes the oldest beyond those that are kept.
pub(super) async fn insert(tx: &mut OrgTx, import: &ImportRow) -> Result<()> {
    let query = sql("
        insert into imports (org_id, id, options, name, place, path, is_upload, bytes, status, progress, report,
            created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
    ");
    let query = query
        .bind(tx.org_id)
        .bind(import.id)
        .bind(write(&import.options)?)
        .bind(&import.name)
        .bind(import.place)
        .bind(&import.path)
        .bind(import.is_upload)
        .bind(import.bytes)
        .bind(import.status)
        .bind(write(&import.progress)?)
        .bind(write(&import.report)?)
        .bind(import.created_at);
    tx.run(query).await?;
    let query = sql("
        delete from imports where org_id = $1 and ended_at is not null and id not in (
            select id from imports where org_id = $1 order by created_at desc, id desc limit $2
        )
    ");
    tx.run(query.bind(tx.org_id).bind(KEPT_MAX)).await
}

/// Notes that the file is read from its start. Returns none if the import has ended.
pub(super) async fn start(tx: &mut OrgTx, id: ImportId) -> Result<Option<ImportRow>> {
    let org_id = tx.org_id;
    let Some(mut import) = under_way(&mut *tx, org_id).await?.filter(|import| import.id == id) else {
        return Ok(None);
    };
    import.starts += 1;
    import.status = ImportStatus::Running;
    import.progress = ImportProgress::new(import.bytes, tx.now);
    let query = sql("delete from import_records where org_id = $1 and import_id = $2");
    tx.run(query.bind(tx.org_id).bind(id)).await?;
    let query = sql("
        update imports set status = $3, starts = $4, progress = $5 where org_id = $1 and id = $2
    ");
    let query = query.bind(tx.org_id).bind(id).bind(import.status).bind(import.starts);
    tx.run(query.bind(write(&import.progress)?)).await?;
    Ok(Some(import))
}

/// Saves how far an import is and what it has to say. Returns false if it has ended meanwhile, or began anew elsewhere.
pub(super) async fn save(tx: &mut OrgTx, import: &ImportRow) -> Result<bool> {
    let query = sql("
        update imports set progress = $4, report = $5, read_at = $6
        where org_id = $1 and id = $2 and starts = $3 and (ended_at is null or status = $7)
        returning status
    ");
    let query = query
        .bind(tx.org_id)
        .bind(import.id)
        .bind(import.starts)
        .bind(write(&import.progress)?)
        .bind(write(&import.report)?)
        .bind(import.read_at)
        // what was imported before it was noticed counts
        .bind(ImportStatus::Canceled);
    let found: Option<(ImportStatus,)> = tx.fetch_optional(query).await?;
    Ok(found.is_some_and(|(status,)| status == ImportStatus::Running))
}

/// Ends an import.
pub(super) async fn end(
    tx: &mut OrgTx,
    id: ImportId,
    status: ImportStatus,
    failure: Option<&str>,
) -> Result<()> {
    let query = sql("
        update imports set status = $3, failure = $4, ended_at = $5
        where org_id = $1 and id = $2 and ended_at is null
    ");
    let query = query.bind(tx.org_id).bind(id).bind(status).bind(failure).bind(tx.now);
    if tx.execute(query).await? > 0 {
        tx.count(metrics::counter!("refrain_imports_total", "outcome" => status.as_str()), 1);
    }
    Ok(())
}

/// Something that an import has to say.
#[derive(Debug, Serialize, JsonSchema, crate::db::Record)]
#[schemars(rename = "ImportRecord")]
pub(super) struct ImportRecord {
    #[serde(skip)]
    pub(super) seq: i64,
    /// Whether a conversation was lost.
    pub(super) kind: RecordKind,
    /// The file.
    pub(super) file: String,
    /// The line, from 1; 0 where it is about the file.
    pub(super) line: i64,
    /// What it is, without values.
    pub(super) reason: String,
}

/// Adds what an import has to say, behind the first `before`.
pub(super) async fn add_records(
    tx: &mut OrgTx,
    id: ImportId,
    before: i64,
    records: Vec<(RecordKind, Fault)>,
) -> Result<()> {
    let org_id = tx.org_id;
    let row = |(seq, (kind, fault)): (i64, (RecordKind, Fault))| {
        let line = i64::try_from(fault.line).unwrap_or(i64::MAX);
        vec![
            org_id.into(),
            id.into(),
            seq.into(),
            kind.into(),
            fault.file.into(),
            line.into(),
            fault.reason.into(),
        ]
    };
    let rows = (before + 1..).zip(records).map(row).collect();
    let insert = "insert into import_records (org_id, import_id, seq, kind, file, line, reason)";
    tx.insert_all(insert, rows, "").await
}

/// Lists what an import has to say, in the order in which it was found, behind a position.
pub(super) async fn records(
    db: &Db,
    org_id: OrgId,
    id: ImportId,
    kind: Option<RecordKind>,
    (after, limit): (i64, usize),
) -> Result<Vec<ImportRecord>> {
    let mut query = sql("
        select seq, kind, file, line, reason from import_records
        where org_id = $1 and import_id = $2 and seq > $3
    ")
    .bind(org_id)
    .bind(id)
    .bind(after);
    if let Some(kind) = kind {
        query.push(" and kind = ").push_bind(kind);
    }
    query.push(" order by seq limit ").push_bind(db::count(limit));
    db.fetch_all(query).await
}

/// Forgets what imports that have ended said of files, once a contact is deleted: names of files and of addresses may be
/// the contact's.
pub async fn forget(tx: &mut OrgTx, subject: Subject) -> Result<()> {
    if subject != Subject::Contact {
        return Ok(());
    }
    let query = sql("
        delete from import_records where org_id = $1 and import_id in (
            select id from imports where org_id = $1 and ended_at is not null
        )
    ");
    tx.run(query.bind(tx.org_id)).await?;
    let query = sql("
        update imports set name = '', path = '', options = '{}', report = '{}', failure = null
        where org_id = $1 and ended_at is not null and options <> '{}'
    ");
    tx.run(query.bind(tx.org_id)).await
}
