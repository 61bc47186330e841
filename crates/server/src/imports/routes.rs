//! `/imports`.

use super::form;
use super::inbox::{self, Located};
use super::job::{FollowImport, ImportFile};
use super::options::{ImportOptions, Options};
use super::position::Position;
use super::preview::Preview;
use super::progress::ImportProgress;
use super::report::FileRead;
use super::store::{self, FaultCounts, ImportRecord, ImportReport, ImportRow, ImportStatus, RecordKind};
use super::unpack::list_files;
use super::upload;
use crate::app::App;
use crate::error::{Error, Result};
use crate::event::AuditKind;
use crate::http::{
    Api, ApiJson, ApiPath, ApiQuery, Caller, Cursor, PAGE_SIZE, Page, cut_page, cut_page_to_size,
};
use crate::ids::ImportId;
use crate::jobs;
use crate::keys::{Resource, Scope};
use crate::openapi::Operation;
use crate::spreadsheet::{BYTE_ORDER_MARK, no_formula};
use crate::time::Timestamp;
use crate::wire::{Maybe, Nullable, string_enum};
use anyhow::Context;
use axum::Json;
use axum::extract::{FromRequest, Request, State};
use axum::http::{Method, header};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

const CSV: &str = "text/csv; charset=utf-8";
/// The longest that a dry run may take.
const DRY_RUN_MAX: Duration = Duration::from_mins(10);
/// The records of one file for a spreadsheet: an import keeps fewer.
const RECORDS_MAX: usize = 20_000;

/// Returns the operations on imports.
pub fn routes() -> Api {
    let (read, write) = (Scope::read(Resource::Imports), Scope::write(Resource::Imports));
    Api::tagged("Imports")
        .route(
            Operation::new(Method::GET, "/imports", "listImports")
                .summary("List imports, newest first")
                .scope(read)
                .query::<ListImportsInput>()
                .returns::<ListImportsOutput>(),
            list,
        )
        .route(
            Operation::new(Method::POST, "/imports", "createImport")
                .summary("Import a file of conversations, uploaded in a form or named by its path in the inbox, one at a time; or show what it would become")
                .scope(write)
                .body::<ImportOptions>()
                .uploads()
                .returns::<CreateImportOutput>()
                .or(409)
                .or(507),
            create,
        )
        .route(
            Operation::new(Method::GET, "/imports/{id}", "getImport")
                .summary("Get an import: how far it is, and what it has to say")
                .scope(read)
                .returns::<ImportOutput>(),
            show,
        )
        .route(
            Operation::new(Method::POST, "/imports/{id}/cancel", "cancelImport")
                .summary("End an import; what is imported by then stays")
                .scope(write)
                .returns::<ImportOutput>()
                .or(409),
            cancel,
        )
        .route(
            Operation::new(Method::GET, "/imports/{id}/records", "listImportRecords")
                .summary("List what an import has to say, one by one: conversations that were lost, and what was left out of others")
                .scope(read)
                .query::<RecordsInput>()
                .returns::<RecordsOutput>()
                .also_returns(&[CSV]),
            records,
        )
}

#[derive(Debug, Deserialize, JsonSchema)]
struct ListImportsInput {
    /// The `next` of the page before.
    #[serde(default)]
    cursor: Maybe<Cursor>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct ListImportsOutput(Page<ImportOutput>);

/// An import, or what a dry run found.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
enum CreateImportOutput {
    Import(Box<ImportOutput>),
    Preview(Box<Preview>),
}

/// An import.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Import")]
struct ImportOutput {
    id: ImportId,
    status: ImportStatus,
    /// The file as it was called; empty once that is forgotten.
    name: String,
    /// The bytes of it.
    bytes: i64,
    options: ImportOptions,
    /// How often it began with the file: more than once if a server was stopped meanwhile. It then begins anew, and what was
    /// imported by then is unchanged.
    starts: i64,
    progress: ImportProgress,
    /// What it read, at most the first hundred files.
    files: Vec<FileRead>,
    /// The number of files.
    file_count: usize,
    /// The conversations that were lost.
    errors: FaultCounts,
    /// What was left out of others.
    notes: FaultCounts,
    /// The insights of the organization, once all is grouped.
    insights: Nullable<i64>,
    /// Why it could not be read to its end.
    failure: Nullable<String>,
    created_at: Timestamp,
    ended_at: Nullable<Timestamp>,
}

impl From<ImportRow> for ImportOutput {
    fn from(row: ImportRow) -> Self {
        let ImportReport { files, file_count, errors, notes, insights } = row.report;
        Self {
            id: row.id,
            status: row.status,
            name: row.name,
            bytes: row.bytes,
            options: row.options,
            starts: row.starts,
            progress: row.progress,
            files,
            file_count,
            errors,
            notes,
            insights: insights.into(),
            failure: row.failure.into(),
            created_at: row.created_at,
            ended_at: row.ended_at.into(),
        }
    }
}

async fn list(
    State(app): State<App>,
    caller: Caller,
    ApiQuery(input): ApiQuery<ListImportsInput>,
) -> Result<Json<ListImportsOutput>> {
    let rows = store::list(&app.db, caller.org_id, input.cursor.0).await?;
    let size = |row: &ImportRow| serde_json::to_vec(&row.report).map_or(0, |json| json.len());
    let (rows, next) = cut_page_to_size(rows, size, |row| Cursor::new(row.created_at, row.id.as_bytes()));
    Ok(Json(ListImportsOutput(Page { items: rows.into_iter().map(ImportOutput::from).collect(), next })))
}

async fn show(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<ImportId>,
) -> Result<Json<ImportOutput>> {
    Ok(Json(find(&app, &caller, id).await?.into()))
}

async fn find(app: &App, caller: &Caller, id: ImportId) -> Result<ImportRow> {
    store::find(&app.db, caller.org_id, id).await?.ok_or(Error::NotFound("import"))
}

async fn create(
    State(app): State<App>,
    caller: Caller,
    request: Request,
) -> Result<Json<CreateImportOutput>> {
    let org_id = caller.org_id;
    let busy = Error::Unavailable("as many files as may be at once are under way");
    let _place = app.uploads.try_take(org_id).ok_or(busy)?;
    inbox::sweep(&app, Some(org_id)).await?;
    let id = ImportId::new(app.clock.now());
    let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let Some(boundary) = content_type.and_then(form::boundary) else {
        let ApiJson(options) = ApiJson::<ImportOptions>::from_request(request, &()).await?;
        let Some(path) = options.path.0.clone() else {
            return Err(Error::Invalid("path: is required, or a form with a file".into()));
        };
        let located = inbox::find(&app, org_id, &path.0).await?;
        return import_or_show(
            &app,
            &caller,
            Wanted { id, options, located, name: path.0, is_upload: false },
        )
        .await;
    };
    let upload = upload::receive(&app, org_id, id, &boundary, request.into_body()).await?;
    let (options, name) = (upload.options.clone(), upload.name.clone());
    let located = inbox::find_upload(&app, org_id, id, &name).await?.context("finding an upload")?;
    let is_dry = options.dry_run;
    let made = import_or_show(&app, &caller, Wanted { id, options, located, name, is_upload: true }).await?;
    if !is_dry {
        upload.keep();
    }
    Ok(made)
}

/// An import that is asked for.
struct Wanted {
    id: ImportId,
    options: ImportOptions,
    located: Located,
    name: String,
    is_upload: bool,
}

async fn import_or_show(app: &App, caller: &Caller, wanted: Wanted) -> Result<Json<CreateImportOutput>> {
    let calendar = app.settings(&app.db, caller.org_id).await?.calendar;
    let options = wanted.options.read(calendar).map_err(|wrong| {
        // of a pair the reason repeats what was given
        let reason = wrong.reason.rsplit_once(": ").map_or(wrong.reason.as_str(), |(_, reason)| reason);
        Error::Invalid(format!("{}[{}]: {reason}", wrong.name, wrong.at))
    })?;
    if wanted.options.dry_run {
        return preview(wanted.located, options)
            .await
            .map(|shown| Json(CreateImportOutput::Preview(Box::new(shown))));
    }
    let row = import(app, caller, wanted).await?;
    Ok(Json(CreateImportOutput::Import(Box::new(row.into()))))
}

/// Begins an import.
async fn import(app: &App, caller: &Caller, wanted: Wanted) -> Result<ImportRow> {
    let Wanted { id, options, located, name, is_upload } = wanted;
    let place = app.place.id()?;
    let mut tx = app.begin(caller.org_id).await?;
    store::require_none_under_way(&mut tx, caller.org_id).await?;
    let bytes = i64::try_from(located.bytes).unwrap_or(i64::MAX);
    let row = ImportRow {
        id,
        options,
        path: name.clone(),
        name,
        place,
        is_upload,
        bytes,
        status: ImportStatus::Waiting,
        starts: 0,
        progress: ImportProgress::new(bytes, tx.now),
        report: ImportReport::default(),
        failure: None,
        read_at: None,
        created_at: tx.now,
        ended_at: None,
    };
    store::insert(&mut tx, &row).await?;
    jobs::enqueue(&mut tx, &ImportFile { import_id: id, place }).await?;
    let detail = json!({"bytes": bytes, "upload": is_upload});
    tx.audit(AuditKind::ImportStarted, caller.actor(), Some(id.into()), detail);
    tx.commit().await?;
    jobs::ring(app);
    Ok(row)
}

/// Ends the reading of a file with the request that asked for it.
struct StopOnDrop(Arc<Position>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.stop();
    }
}

/// Shows what a file would become.
async fn preview(located: Located, options: Options) -> Result<Preview> {
    let stop = StopOnDrop(Arc::default());
    let position = Arc::clone(&stop.0);
    let left_out = located.left_out();
    let beginning = left_out.clone();
    let read = tokio::task::spawn_blocking(move || {
        Preview::of(&list_files(&[located.path])?, &options, &position, &beginning)
    });
    let Ok(read) = tokio::time::timeout(DRY_RUN_MAX, read).await else {
        return Err(Error::Unavailable("reading the file took too long"));
    };
    read.context("reading a file")?.map_err(|error| {
        let reason = crate::error::causes(&error).replace(&left_out, "");
        Error::Invalid(format!("file: {reason}"))
    })
}

async fn cancel(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<ImportId>,
) -> Result<Json<ImportOutput>> {
    let mut tx = app.begin(caller.org_id).await?;
    let found = store::find(&mut tx, caller.org_id, id).await?;
    let mut row = found.ok_or(Error::NotFound("import"))?;
    match row.status {
        ImportStatus::Canceled => return Ok(Json(row.into())),
        ImportStatus::Done | ImportStatus::Failed => {
            return Err(Error::Conflict("the import has ended".into()));
        }
        ImportStatus::Waiting | ImportStatus::Running => {}
    }
    store::end(&mut tx, id, ImportStatus::Canceled, None).await?;
    jobs::withdraw(&mut tx, &ImportFile { import_id: id, place: row.place }).await?;
    jobs::withdraw(&mut tx, &FollowImport { import_id: id }).await?;
    tx.audit(AuditKind::ImportCanceled, caller.actor(), Some(id.into()), json!({}));
    let is_read = row.status == ImportStatus::Running;
    (row.status, row.ended_at) = (ImportStatus::Canceled, Some(tx.now));
    tx.commit().await?;
    // one that is read is removed by whoever reads it, within a second
    if row.is_upload && !is_read {
        inbox::remove_upload(&app, caller.org_id, id).await;
    }
    Ok(Json(row.into()))
}

string_enum! {
    /// The format of a list.
    RecordsFormat {
        /// Pages of JSON.
        Json = "json",
        /// All of it as CSV with a header, for spreadsheets.
        Csv = "csv",
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
struct RecordsInput {
    /// The `next` of the page before.
    #[serde(default)]
    cursor: Maybe<Cursor>,
    /// Only those of this kind.
    #[serde(default)]
    kind: Maybe<RecordKind>,
    /// json if not given.
    #[serde(default)]
    format: Maybe<RecordsFormat>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ListImportRecordsOutput")]
struct RecordsOutput(Page<ImportRecord>);

async fn records(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<ImportId>,
    ApiQuery(input): ApiQuery<RecordsInput>,
) -> Result<Response> {
    find(&app, &caller, id).await?;
    let (org_id, kind) = (caller.org_id, input.kind.0);
    if input.format.0 == Some(RecordsFormat::Csv) {
        let records = store::records(&app.db.long(org_id), org_id, id, kind, (0, RECORDS_MAX)).await?;
        let csv = tokio::task::spawn_blocking(move || csv(&records)).await.context("writing records")??;
        let disposition = format!("attachment; filename=\"import-{id}.csv\"");
        return Ok((
            [(header::CONTENT_TYPE, CSV.to_owned()), (header::CONTENT_DISPOSITION, disposition)],
            csv,
        )
            .into_response());
    }
    let after = input.cursor.0.map_or(0, |cursor| cursor.position);
    let records = store::records(&app.db, org_id, id, kind, (after, PAGE_SIZE + 1)).await?;
    let (items, next) = cut_page(records, |record| Cursor { position: record.seq, id: id.into() });
    Ok(Json(RecordsOutput(Page { items, next })).into_response())
}

/// Writes records as a table that a spreadsheet opens.
fn csv(records: &[ImportRecord]) -> Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(BYTE_ORDER_MARK.as_bytes().to_vec());
    let mut write = |row: [&str; 4]| writer.write_record(row).context("writing a record");
    write(["kind", "file", "line", "reason"])?;
    for record in records {
        let line = if record.line == 0 { String::new() } else { record.line.to_string() };
        write([record.kind.as_str(), &no_formula(&record.file), &line, &no_formula(&record.reason)])?;
    }
    Ok(writer.into_inner().context("writing records")?)
}
