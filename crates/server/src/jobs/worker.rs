//! Workers: tasks that take due jobs, run them and renew their leases.

use super::queue::{self, Claimed, Held, Lease, Release};
use super::round::Queue;
use super::{Outcome, is_pointless, pointless, ring};
use crate::app::{App, JOBS};
use crate::error::{Error, Result, causes};
use crate::time::Timestamp;
use anyhow::anyhow;
use futures_util::future::BoxFuture;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tracing::Instrument;

/// The queues of a worker, and those of one that takes what was just said alone.
const ALL: &[Queue] = &[Queue::Usual, Queue::Bulk];
const LIVE: &[Queue] = &[Queue::Live];
const APART: &[Queue] = &[Queue::Apart];
/// Every queue, for a process that works on one job after the other.
const EVERY: &[Queue] = &[Queue::Usual, Queue::Bulk, Queue::Apart];
/// The jobs at once that take hours: each waits most of the time for what it reads to be written.
const APART_WORKERS: usize = 4;
const HEARTBEAT: Duration = Duration::from_secs(2);
const POLL: Duration = Duration::from_millis(500);
const ATTEMPTS_MAX: i64 = 10;
const BACKOFF_SECONDS_MAX: i64 = 300;

/// Runs jobs with `workers` tasks until the app drains, and with some more that take what was just said alone, or what takes
/// hours.
pub async fn work(app: App, workers: usize) {
    let mut tasks = JoinSet::new();
    for _ in 0..workers {
        tasks.spawn(work_alone(app.clone(), ALL, Arc::clone(&app.job_added)));
    }
    for _ in 0..app.config.jobs.live_workers {
        tasks.spawn(work_alone(app.clone(), LIVE, Arc::clone(&app.live_job_added)));
    }
    for _ in 0..APART_WORKERS {
        // nobody rings: they look by themselves
        tasks.spawn(work_alone(app.clone(), APART, Arc::default()));
    }
    tasks.join_all().await;
}

async fn work_alone(app: App, queues: &[Queue], bell: Arc<Notify>) {
    while !app.is_draining() {
        match run_one_of(&app, queues).await {
            Ok(true) => {}
            Ok(false) => {
                let _ = tokio::time::timeout(POLL, bell.notified()).await;
            }
            Err(error) => {
                tracing::error!(%error, "looking for a job failed");
                tokio::time::sleep(POLL).await;
            }
        }
    }
}

/// Runs one due job. Returns false if there is none.
pub async fn run_next(app: &App) -> Result<bool> {
    run_one_of(app, EVERY).await
}

async fn run_one_of(app: &App, queues: &[Queue]) -> Result<bool> {
    let Some(claimed) = queue::claim(app, queues).await? else { return Ok(false) };
    if claimed.is_one_of_many {
        // this worker is busy now, so another takes the next job
        ring(app);
    }
    let ids: Vec<String> = claimed.lease.jobs.iter().map(ToString::to_string).collect();
    // at the highest level, so that a warning has the fields of the span at any log level
    let span = tracing::error_span!(
        "job",
        job.id = ids.join(","),
        job.kind = claimed.kind,
        org.id = %claimed.lease.org_id,
    );
    run_claimed(app, claimed).instrument(span).await?;
    Ok(true)
}

async fn run_claimed(app: &App, claimed: Claimed) -> Result<()> {
    let Claimed { lease, kind, jobs, .. } = claimed;
    let started = Instant::now();
    let known = JOBS.iter().find(|known| known.name == kind);
    let result = match known {
        Some(known) => {
            let payloads = jobs.iter().map(|job| job.payload.clone()).collect();
            let job = (known.run)(app.clone(), lease.clone(), payloads);
            run_held(app, &lease, job, known.time_max).await
        }
        None => Err(pointless(anyhow!("this release does not know the kind of job"))),
    };
    let kind = known.map_or("unknown", |known| known.name);
    let outcome = if result.is_err() { "failed" } else { "done" };
    let count = jobs.len() as u64;
    metrics::counter!("refrain_jobs_total", "kind" => kind, "outcome" => outcome).increment(count);
    metrics::histogram!("refrain_job_seconds", "kind" => kind).record(started.elapsed().as_secs_f64());
    let now = app.clock.now();
    for Held { id, payload, attempts } in jobs {
        let release = match &result {
            Ok(Outcome::Done) => return Ok(()),
            Ok(Outcome::Later(at)) => {
                Release { run_at: *at, attempts: attempts - 1, error: None, failed_at: None }
            }
            Err(error) => failed(error, now, attempts, count > 1),
        };
        // one that was set aside is in the way of no other
        let key = known.and_then(|known| (known.key)(&payload)).filter(|_| release.failed_at.is_none());
        queue::release(app, &lease, id, release, key).await?;
    }
    Ok(())
}

/// Says how a failed job goes back into the queue for another attempt: one of several at once and alone. It is set aside for
/// a person if another attempt is pointless or there were too many.
fn failed(error: &Error, now: Timestamp, attempts: i64, is_one_of_several: bool) -> Release {
    let message = match error {
        Error::Internal(cause) => causes(cause),
        error => error.to_string(),
    };
    tracing::warn!(job.attempts = attempts, error = message, "job failed");
    let seconds = 2_i64.saturating_pow(u32::try_from(attempts).unwrap_or(u32::MAX)).min(BACKOFF_SECONDS_MAX);
    let wait = if is_one_of_several { 0 } else { seconds * 1_000_000 };
    let is_over = !is_one_of_several && (attempts >= ATTEMPTS_MAX || is_pointless(error));
    Release { run_at: now.plus(wait), attempts, error: Some(message), failed_at: is_over.then_some(now) }
}

/// Runs a job and renews its lease meanwhile. Aborts the job after the time limit. A job that lost its lease cannot
/// finish, so it need not be stopped.
async fn run_held(
    app: &App,
    lease: &Lease,
    job: BoxFuture<'static, Result<Outcome>>,
    time_max: Duration,
) -> Result<Outcome> {
    let mut task = JoinSet::new();
    task.spawn(job.in_current_span());
    let deadline = tokio::time::Instant::now() + time_max;
    loop {
        match tokio::time::timeout(HEARTBEAT, task.join_next()).await {
            Ok(Some(Ok(result))) => return result,
            Ok(Some(Err(error))) => return Err(anyhow::Error::new(error).context("running the job").into()),
            Ok(None) => return Err(anyhow!("the job ended without a result").into()),
            Err(_) if tokio::time::Instant::now() > deadline => {
                return Err(anyhow!("the job took too long").into());
            }
            Err(_) => {
                if let Err(error) = queue::renew(app, lease).await {
                    tracing::warn!(%error, "a lease was not renewed");
                }
            }
        }
    }
}
