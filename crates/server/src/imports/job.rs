//! The jobs of an import over the API: one imports its files, the other follows what comes of them.
//!
//! A job that dies is done again from the start of the files, where what is imported already is unchanged.

use super::batch::{BATCH, Batch, Fault};
use super::inbox;
use super::progress::ImportPhase;
use super::reader::Reader;
use super::report::Told;
use super::store::{self, ImportReport, ImportRow, ImportStatus, RecordKind};
use super::unpack::list_files;
use super::write::Import;
use crate::app::App;
use crate::error::{Error, Result, causes};
use crate::ids::{ImportId, OrgId};
use crate::insights::{self, Consolidate};
use crate::jobs::{self, Job, Lease, Outcome, Pace};
use anyhow::Context;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tokio::time::Instant;
use uuid::Uuid;

/// How often an import writes down how far it is, and looks if it is to end.
const SAVE_EVERY: Duration = Duration::from_secs(1);
const LOOK_MICROS: i64 = 1_000_000;
/// The time within which grouping follows once all is read.
const SOON_MICROS: i64 = 20_000_000;
/// The times that an import begins. After this many an error is its end.
const STARTS_MAX: i64 = 9;

/// The job that imports files. The process must have the data folder that they are in.
#[derive(Debug, Serialize, Deserialize)]
pub struct ImportFile {
    /// The import.
    pub import_id: ImportId,
    /// The id of the data folder.
    pub place: Uuid,
}

/// The job that follows an import until what was imported is read and grouped.
#[derive(Debug, Serialize, Deserialize)]
pub struct FollowImport {
    /// The import.
    pub import_id: ImportId,
}

impl Job for ImportFile {
    const KIND: &str = "import_file";
    const PACE: Pace = Pace::Apart;
    const TIME_MAX: Duration = Duration::from_hours(12);

    fn dedupe_key(&self) -> Option<String> {
        Some(format!("{}:{}", Self::KIND, self.import_id))
    }

    fn place(&self) -> Option<Uuid> {
        Some(self.place)
    }

    async fn run(self, app: &App, lease: &Lease) -> Result<Outcome> {
        let mut tx = app.begin(lease.org_id).await?;
        let Some(row) = store::start(&mut tx, self.import_id).await? else {
            // not `finish`: whoever ended the import took the job out of the queue
            jobs::withdraw(&mut tx, &self).await?;
            tx.commit().await?;
            return Ok(Outcome::Done);
        };
        tx.commit().await?;
        let (is_upload, starts) = (row.is_upload, row.starts);
        let failure = match run(app, lease, row).await {
            Ok(End::Draining) => return Ok(Outcome::Later(app.clock.now())),
            Ok(End::Read | End::Stopped) => None,
            Ok(End::Failed(reason)) => Some(reason),
            Err(error @ (Error::QuotaReached | Error::StorageFull(_))) => Some(error.to_string()),
            Err(error) if starts < STARTS_MAX => return Err(error),
            Err(error) => {
                tracing::warn!(%error, "an import failed for the last time");
                Some("it failed again and again; the log of the server says why".to_owned())
            }
        };
        if let Some(reason) = failure {
            let mut tx = app.begin(lease.org_id).await?;
            store::end(&mut tx, self.import_id, ImportStatus::Failed, Some(&reason)).await?;
            jobs::finish(&mut tx, lease).await?;
            tx.commit().await?;
        }
        if is_upload {
            inbox::remove_upload(app, lease.org_id, self.import_id).await;
        }
        Ok(Outcome::Done)
    }
}

/// How reading the files of an import ended.
enum End {
    /// All is read.
    Read,
    /// The import was canceled, or goes on elsewhere.
    Stopped,
    /// The server is shutting down.
    Draining,
    /// The files cannot be read.
    Failed(String),
}

/// An import whose files are read.
struct Running<'a> {
    app: &'a App,
    org_id: OrgId,
    row: ImportRow,
    reader: Reader,
    import: Import,
    told: Told,
    /// What is told and not written down yet, behind what is.
    untold: Vec<(RecordKind, Fault)>,
    written: i64,
    left_out: String,
}

/// Reads the files and writes what is in them.
async fn run(app: &App, lease: &Lease, row: ImportRow) -> Result<End> {
    let org_id = lease.org_id;
    let located = if row.is_upload {
        inbox::find_upload(app, org_id, row.id, &row.path).await?
    } else {
        inbox::find(app, org_id, &row.path).await.ok()
    };
    let Some(located) = located else {
        return Ok(End::Failed("the file is gone".to_owned()));
    };
    let left_out = located.left_out();
    let calendar = app.settings(&app.db, org_id).await?.calendar;
    let options =
        row.options.read(calendar).map_err(|wrong| anyhow::anyhow!("{}: {}", wrong.name, wrong.reason))?;
    let files = tokio::task::spawn_blocking(move || list_files(&[located.path])).await;
    let files = files.context("listing the files")??;
    let import = Import::begin(app, org_id, &row.options.source).await?;
    let reader = Reader::start(files, options);
    let running = Running {
        app,
        org_id,
        row,
        reader,
        import,
        told: Told::default(),
        untold: Vec::new(),
        written: 0,
        left_out,
    };
    running.run(lease).await
}

impl Running<'_> {
    async fn run(mut self, lease: &Lease) -> Result<End> {
        let mut save_at = Instant::now() + SAVE_EVERY;
        loop {
            let batch = tokio::time::timeout_at(save_at, self.reader.next()).await;
            if self.app.is_draining() {
                return Ok(End::Draining);
            }
            match batch {
                Ok(Ok(Some(batch))) => self.take(batch).await?,
                Ok(Ok(None)) => break,
                Ok(Err(error)) => {
                    self.save().await?;
                    self.import.finish().await?;
                    return Ok(End::Failed(causes(&error).replace(&self.left_out, "")));
                }
                Err(_) => {}
            }
            if Instant::now() >= save_at {
                if !self.save().await? {
                    self.import.finish().await?;
                    return Ok(End::Stopped);
                }
                save_at = Instant::now() + SAVE_EVERY;
            }
        }
        self.finish(lease).await
    }

    /// Writes a batch.
    async fn take(&mut self, mut batch: Batch) -> Result<()> {
        batch.name_without(&self.left_out);
        self.told.add(&mut batch);
        let errors = self.told.lost.take().into_iter().map(|fault| (RecordKind::Error, fault));
        self.untold.extend(errors);
        self.untold.extend(self.told.notes.take().into_iter().map(|fault| (RecordKind::Note, fault)));
        self.import.write(batch).await?;
        self.row.progress.conversations = self.import.totals().into();
        Ok(())
    }

    /// Writes down how far it is. Returns false if the import is to end here.
    async fn save(&mut self) -> Result<bool> {
        let mut tx = self.app.begin(self.org_id).await?;
        let read = i64::try_from(self.reader.position()).unwrap_or(i64::MAX);
        self.row.progress.step(read, Some(self.row.bytes), tx.now);
        self.row.report = ImportReport::of(&self.told);
        let goes_on = store::save(&mut tx, &self.row).await?;
        let untold = std::mem::take(&mut self.untold);
        let count = crate::db::count(untold.len());
        store::add_records(&mut tx, self.row.id, self.written, untold).await?;
        self.written += count;
        tx.commit().await?;
        Ok(goes_on)
    }

    /// Hands on to the job that follows what comes of it.
    async fn finish(mut self, lease: &Lease) -> Result<End> {
        let goes_on = self.save().await?;
        let counts = self.row.progress.conversations;
        self.import.finish().await?;
        if !goes_on {
            return Ok(End::Stopped);
        }
        let mut tx = self.app.begin(self.org_id).await?;
        let total = crate::db::count(counts.new + counts.changed);
        self.row.progress.enter(ImportPhase::Reading, Some(total), tx.now);
        if !store::save(&mut tx, &self.row).await? {
            return Ok(End::Stopped);
        }
        jobs::finish(&mut tx, lease).await?;
        jobs::enqueue(&mut tx, &FollowImport { import_id: self.row.id }).await?;
        tx.commit().await?;
        jobs::ring(self.app);
        Ok(End::Read)
    }
}

impl Job for FollowImport {
    const KIND: &str = "follow_import";

    fn dedupe_key(&self) -> Option<String> {
        Some(format!("{}:{}", Self::KIND, self.import_id))
    }

    async fn run(self, app: &App, lease: &Lease) -> Result<Outcome> {
        let org_id = lease.org_id;
        let under_way = store::under_way(&app.db, org_id).await?.filter(|row| row.id == self.import_id);
        let Some(mut row) = under_way else {
            let mut tx = app.begin(org_id).await?;
            jobs::withdraw(&mut tx, &self).await?;
            tx.commit().await?;
            return Ok(Outcome::Done);
        };
        let is_grouped = follow(app, org_id, &mut row).await?;
        if is_grouped {
            row.report.insights = Some(insights::counts(&app.db.patient(org_id), org_id).await?.insights);
        }
        let mut tx = app.begin(org_id).await?;
        if !store::save(&mut tx, &row).await? {
            return Ok(Outcome::Done);
        }
        if is_grouped {
            store::end(&mut tx, row.id, ImportStatus::Done, None).await?;
            jobs::finish(&mut tx, lease).await?;
        }
        let next = tx.now.plus(LOOK_MICROS);
        tx.commit().await?;
        Ok(if is_grouped { Outcome::Done } else { Outcome::Later(next) })
    }
}

/// Looks how far what follows from an import is. Returns true if all of it is read and grouped.
async fn follow(app: &App, org_id: OrgId, row: &mut ImportRow) -> Result<bool> {
    let now = app.clock.now();
    let bulk = jobs::backlog(app, org_id, now).await?.bulk;
    let Some(read_at) = row.read_at else {
        if bulk == 0 {
            row.read_at = Some(now);
            row.progress.enter(ImportPhase::Grouping, None, now);
        } else {
            let counts = row.progress.conversations;
            let total = crate::db::count(counts.new + counts.changed);
            let left = bulk.saturating_mul(crate::db::count(BATCH));
            row.progress.step(total.saturating_sub(left).max(0), Some(total), now);
        }
        return Ok(false);
    };
    // where boilerplate was learned from it, all is read once more before it is grouped
    if bulk == 0 && !jobs::is_due::<Consolidate>(app, org_id, read_at.plus(SOON_MICROS)).await? {
        return Ok(true);
    }
    if let Some((done, total)) = jobs::progress::<Consolidate>(app, org_id).await? {
        row.progress.step(done, Some(total), now);
    }
    Ok(false)
}
