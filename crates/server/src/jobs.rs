//! Work that is done after the request that calls for it: a table of jobs, leased for a while, done at
//! least once and written down at most once.

use crate::app::App;
use crate::db::sql;
use crate::error::{Error, Result};
use crate::ids::{InsightId, JobId, OrgId, ResearchId, SessionId};
use crate::insights;
use crate::orgs::OrgTx;
use crate::time::Timestamp;
use anyhow::anyhow;
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// Jobs of an organization share a bucket, the unit by which the table is split over many machines.
const BUCKETS: u8 = 64;
const LEASE_MICROS: i64 = 15_000_000;
const HEARTBEAT: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(500);
const TIME_MAX: Duration = Duration::from_secs(30 * 60);
const ATTEMPTS_MAX: i64 = 10;
const BACKOFF_SECONDS_MAX: i64 = 300;
/// How many due jobs a worker looks at, so that workers beside each other find different ones.
const CANDIDATES: i64 = 8;

/// What there is to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Job {
    /// Read sessions: language, sentiment, statements, summary, and link them to insights.
    ReadSessions {
        /// Which.
        session_ids: Vec<SessionId>,
    },
    /// Group all statements of the organization.
    Consolidate,
    /// Give insights the categories that describe them best.
    AssignCategories,
    /// Ask the language model for better sentences.
    RewordInsights,
    /// Look whether archived and resolved insights are back.
    ReviewInsights,
    /// Explain an insight at length.
    ResearchInsight {
        /// Which.
        insight_id: InsightId,
        /// For which request.
        research_id: ResearchId,
    },
}

impl Job {
    fn kind(&self) -> &'static str {
        match self {
            Self::ReadSessions { .. } => "read_sessions",
            Self::Consolidate => "consolidate",
            Self::AssignCategories => "assign_categories",
            Self::RewordInsights => "reword_insights",
            Self::ReviewInsights => "review_insights",
            Self::ResearchInsight { .. } => "research_insight",
        }
    }

    /// Jobs of the same key that wait are one; nothing: never the same.
    fn dedupe_key(&self) -> Option<String> {
        match self {
            Self::ReadSessions { session_ids } => match session_ids.as_slice() {
                [one] => Some(format!("{}:{one}", self.kind())),
                _ => None,
            },
            Self::ResearchInsight { research_id, .. } => Some(format!("{}:{research_id}", self.kind())),
            Self::Consolidate | Self::AssignCategories | Self::RewordInsights | Self::ReviewInsights => {
                Some(self.kind().to_owned())
            }
        }
    }
}

/// A job held by a worker.
#[derive(Clone, Debug)]
pub struct Lease {
    bucket: i64,
    /// Whose job.
    pub org_id: OrgId,
    id: JobId,
    lease_id: JobId,
    /// Whether it is one of many of an import.
    pub bulk: bool,
}

/// How a job ended that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Done, and written down as done.
    Done,
    /// To be tried again at this time.
    Later(Timestamp),
}

fn bucket(org_id: OrgId) -> i64 {
    i64::from(org_id.as_bytes()[15] % BUCKETS)
}

/// Which time holds when the same job waits in the queue for another.
const SOONER: &str = "case when excluded.run_at < jobs.run_at then excluded.run_at else jobs.run_at end";
const LATER: &str = "case when excluded.run_at > jobs.run_at then excluded.run_at else jobs.run_at end";

/// Puts a job into the queue, to be done as soon as the transaction is committed.
pub async fn enqueue(tx: &mut OrgTx, job: &Job) -> Result<()> {
    insert(tx, job, false, tx.now, SOONER).await
}

/// Puts a job into the queue that is one of many, and gives way to others.
pub async fn enqueue_bulk(tx: &mut OrgTx, job: &Job) -> Result<()> {
    insert(tx, job, true, tx.now, SOONER).await
}

/// Puts a job into the queue for `at`, or sooner if it waits there for a sooner time.
pub async fn schedule(tx: &mut OrgTx, job: &Job, at: Timestamp) -> Result<()> {
    insert(tx, job, false, at, SOONER).await
}

/// Puts a job into the queue for `at`, and moves it there if it waits for a sooner time.
pub async fn postpone(tx: &mut OrgTx, job: &Job, at: Timestamp) -> Result<()> {
    insert(tx, job, false, at, LATER).await
}

/// Moves a job to `at` if it waits in the queue.
pub async fn move_waiting(tx: &mut OrgTx, job: &Job, at: Timestamp) -> Result<()> {
    let query = sql("update jobs set run_at = $4 where bucket = $1 and org_id = $2 and dedupe_key = $3");
    let query = query.bind(bucket(tx.org_id)).bind(tx.org_id).bind(job.dedupe_key()).bind(at);
    tx.execute(query).await.map(|_| ())
}

async fn insert(tx: &mut OrgTx, job: &Job, bulk: bool, run_at: Timestamp, waiting: &str) -> Result<()> {
    let id = JobId::new(tx.now);
    let query = sql(&format!(
        "insert into jobs (bucket, org_id, id, kind, dedupe_key, payload, bulk, run_at, attempts, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9)
        on conflict (bucket, org_id, dedupe_key) do update set run_at = {waiting}"
    ));
    let query = query
        .bind(bucket(tx.org_id))
        .bind(tx.org_id)
        .bind(id)
        .bind(job.kind())
        .bind(job.dedupe_key().unwrap_or_else(|| id.to_string()))
        .bind(serde_json::to_string(job).map_err(anyhow::Error::new)?)
        .bind(bulk)
        .bind(run_at)
        .bind(tx.now);
    tx.execute(query).await.map(|_| ())
}

/// Wakes a worker of this process; called once the transaction that enqueued is committed.
pub fn ring(app: &App) {
    app.job_added.notify_one();
}

/// Takes a job off the queue, in the transaction that writes its result. Fails if the lease was lost to
/// another worker, which then does the job.
pub async fn finish(tx: &mut OrgTx, lease: &Lease) -> Result<()> {
    let query = sql("delete from jobs where bucket = $1 and org_id = $2 and id = $3 and lease_id = $4");
    let query = query.bind(lease.bucket).bind(lease.org_id).bind(lease.id).bind(lease.lease_id);
    match tx.execute(query).await? {
        0 => Err(Error::Internal(anyhow!("the lease on the job was lost"))),
        _ => Ok(()),
    }
}

/// Whether another worker has such a job of the organization in hand.
pub async fn is_done_by_another(tx: &mut OrgTx, lease: &Lease, job: &Job) -> Result<bool> {
    let query = sql("
        select count(*) from jobs
        where bucket = $1 and org_id = $2 and kind = $3 and id <> $4 and leased_until > $5
    ");
    let query = query.bind(lease.bucket).bind(lease.org_id).bind(job.kind()).bind(lease.id).bind(tx.now);
    tx.fetch_one::<(i64,)>(query).await.map(|(count,)| count > 0)
}

/// Works on jobs with `workers` tasks until the app drains.
pub async fn work(app: App, workers: usize) {
    let mut tasks = JoinSet::new();
    for _ in 0..workers {
        tasks.spawn(work_alone(app.clone()));
    }
    tasks.join_all().await;
}

async fn work_alone(app: App) {
    while !app.is_draining() {
        match run_next(&app).await {
            Ok(true) => {}
            Ok(false) => {
                let _ = tokio::time::timeout(POLL, app.job_added.notified()).await;
            }
            Err(error) => {
                tracing::error!(%error, "looking for a job failed");
                tokio::time::sleep(POLL).await;
            }
        }
    }
}

/// Does one job that is due; whether there was one.
pub async fn run_next(app: &App) -> Result<bool> {
    let Some((lease, job, attempts)) = claim(app).await? else { return Ok(false) };
    // this worker is busy now: if there is more, another may begin
    ring(app);
    let started = Instant::now();
    let kind = job.kind();
    let failure = match run_held(app, &lease, job).await {
        Ok(Outcome::Done) => None,
        Ok(Outcome::Later(at)) => {
            release(app, &lease, at, attempts - 1, None).await?;
            None
        }
        Err(error) => Some(format!("{error:#}")),
    };
    let outcome = if failure.is_some() { "failed" } else { "done" };
    metrics::counter!("refrain_jobs_total", "kind" => kind, "outcome" => outcome).increment(1);
    metrics::histogram!("refrain_job_seconds", "kind" => kind).record(started.elapsed().as_secs_f64());
    if let Some(error) = failure {
        tracing::warn!(job.id = %lease.id, job.kind = kind, job.attempts = attempts, error, "job failed");
        let seconds =
            2_i64.saturating_pow(u32::try_from(attempts).unwrap_or(u32::MAX)).min(BACKOFF_SECONDS_MAX);
        release(app, &lease, app.clock.now().plus(seconds * 1_000_000), attempts, Some(error)).await?;
    }
    Ok(true)
}

async fn claim(app: &App) -> Result<Option<(Lease, Job, i64)>> {
    let now = app.clock.now();
    let due = sql("
        select bucket, org_id, id, bulk from jobs
        where run_at <= $1 and failed_at is null and (leased_until is null or leased_until < $1)
        order by bulk, run_at
        limit $2
    ");
    let due: Vec<(i64, OrgId, JobId, bool)> = app.db.fetch_all(due.bind(now).bind(CANDIDATES)).await?;
    for (bucket, org_id, id, bulk) in due {
        let lease = Lease { bucket, org_id, id, lease_id: JobId::new(now), bulk };
        // a job in hand no longer stands for the same job: what changes from now on calls for another
        let query = sql("
            update jobs set lease_id = $4, leased_until = $5, attempts = attempts + 1, dedupe_key = $6
            where bucket = $1 and org_id = $2 and id = $3 and failed_at is null
                and (leased_until is null or leased_until < $7)
            returning payload, attempts
        ");
        let query = query
            .bind(bucket)
            .bind(org_id)
            .bind(id)
            .bind(lease.lease_id)
            .bind(now.plus(LEASE_MICROS))
            .bind(id.to_string())
            .bind(now);
        let mut tx = app.db.begin().await?;
        let claimed: Option<(String, i64)> = tx.fetch_optional(query).await?;
        tx.commit().await?;
        if let Some((payload, attempts)) = claimed {
            let job = serde_json::from_str(&payload).map_err(anyhow::Error::new)?;
            return Ok(Some((lease, job, attempts)));
        }
    }
    Ok(None)
}

/// Runs a job and keeps its lease meanwhile. Out of time, the job is dropped. Without its lease it can't
/// finish, and need not be stopped.
async fn run_held(app: &App, lease: &Lease, job: Job) -> Result<Outcome> {
    let (task_app, task_lease) = (app.clone(), lease.clone());
    let mut task = JoinSet::new();
    task.spawn(async move { dispatch(&task_app, &task_lease, job).await });
    let deadline = tokio::time::Instant::now() + TIME_MAX;
    loop {
        match tokio::time::timeout(HEARTBEAT, task.join_next()).await {
            Ok(Some(Ok(result))) => return result,
            Ok(Some(Err(error))) => return Err(anyhow!("the job panicked: {error}").into()),
            Ok(None) => return Err(anyhow!("the job ended without a result").into()),
            Err(_) if tokio::time::Instant::now() > deadline => {
                return Err(anyhow!("the job took too long").into());
            }
            Err(_) => {
                if let Err(error) = renew(app, lease).await {
                    tracing::warn!(job.id = %lease.id, %error, "a lease was not renewed");
                }
            }
        }
    }
}

async fn dispatch(app: &App, lease: &Lease, job: Job) -> Result<Outcome> {
    match job {
        Job::ReadSessions { session_ids } => insights::read_sessions(app, lease, &session_ids).await,
        Job::Consolidate => insights::consolidate(app, lease).await,
        Job::AssignCategories => insights::assign_categories(app, lease).await,
        Job::RewordInsights => insights::reword_insights(app, lease).await,
        Job::ReviewInsights => insights::review_insights(app, lease).await,
        Job::ResearchInsight { insight_id, research_id } => {
            insights::research_insight(app, lease, insight_id, research_id).await
        }
    }
}

async fn renew(app: &App, lease: &Lease) -> Result<()> {
    let query = sql("
        update jobs set leased_until = $5 where bucket = $1 and org_id = $2 and id = $3 and lease_id = $4
    ");
    let query = query.bind(lease.bucket).bind(lease.org_id).bind(lease.id).bind(lease.lease_id);
    let mut tx = app.db.begin().await?;
    tx.execute(query.bind(app.clock.now().plus(LEASE_MICROS))).await?;
    tx.commit().await
}

/// Gives a job back, to be tried again at `at`, or after too many attempts to be looked at by a person.
async fn release(
    app: &App,
    lease: &Lease,
    at: Timestamp,
    attempts: i64,
    error: Option<String>,
) -> Result<()> {
    let failed_at = (attempts >= ATTEMPTS_MAX).then(|| app.clock.now());
    let query = sql("
        update jobs set lease_id = null, leased_until = null, run_at = $5, attempts = $6, last_error = $7,
            failed_at = $8
        where bucket = $1 and org_id = $2 and id = $3 and lease_id = $4
    ");
    let query = query.bind(lease.bucket).bind(lease.org_id).bind(lease.id).bind(lease.lease_id);
    let mut tx = app.db.begin().await?;
    tx.execute(query.bind(at).bind(attempts).bind(error).bind(failed_at)).await?;
    tx.commit().await
}

/// What waits in an organization's queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Backlog {
    /// Sessions of imports that are not read yet, in jobs.
    pub bulk: i64,
    /// Jobs that are due, in hand, or failed and to be tried again.
    pub due: i64,
    /// Jobs that failed too often.
    pub failed: i64,
}

/// Counts what waits in an organization's queue up to `until`.
pub async fn backlog(app: &App, org_id: OrgId, until: Timestamp) -> Result<Backlog> {
    let query = sql("
        select count(case when bulk and failed_at is null then 1 end) as bulk,
            count(case when run_at <= $3 and failed_at is null then 1 end) + (
                select count(*) from jobs
                where bucket = $1 and org_id = $2 and failed_at is null and run_at > $3 and last_error is not null
            ) as due,
            count(failed_at) as failed
        from jobs where bucket = $1 and org_id = $2
    ");
    app.db.fetch_one(query.bind(bucket(org_id)).bind(org_id).bind(until)).await
}
