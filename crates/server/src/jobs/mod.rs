//! Jobs: work that is done after the request that calls for it. They are rows in a table, leased to workers, run at
//! least once and committed at most once. A job is a struct in its feature; [`JOBS`](crate::app::JOBS) lists them.

mod overview;
mod place;
mod progress;
mod queue;
mod round;
mod worker;

pub use overview::{FailedJob, KindCounts, counts_by_kind, failed, retry};
pub use place::Place;
pub use progress::Progress;
pub use queue::{
    Backlog, Lease, backlog, enqueue, enqueue_all, enqueue_bulk, finish, finish_some, is_done_by_another,
    is_due, move_waiting, postpone, progress, rest, schedule, withdraw,
};
pub use round::Round;
pub use worker::{run_next, work};

use crate::app::App;
use crate::error::{Error, Result};
use crate::time::Timestamp;
use anyhow::Context;
use futures_util::future::BoxFuture;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::time::Duration;
use uuid::Uuid;

/// A job for an organization. Its members are the payload in the queue, which the previous release and the next one
/// read too.
pub trait Job: Serialize + DeserializeOwned + Send + 'static {
    /// The name of the kind in the queue and in metrics.
    const KIND: &'static str;

    /// How long jobs of the kind take, by which workers share them out.
    const PACE: Pace = Pace::Quick;

    /// True if an organization has one job of the kind in hand at a time, whatever their keys.
    const ALONE: bool = false;

    /// The longest that a job of the kind may take.
    const TIME_MAX: Duration = Duration::from_mins(30);

    /// Returns the key under which waiting jobs are deduplicated, or none if the job is never a duplicate. One job of a
    /// key is in hand at a time, in all processes.
    fn dedupe_key(&self) -> Option<String> {
        Some(Self::KIND.to_owned())
    }

    /// Returns the id of the data folder that the job needs; none if any process can do it.
    fn place(&self) -> Option<Uuid> {
        None
    }

    /// True if several that wait are done together, by [`Job::run_all`]: it costs little more than one.
    const TOGETHER: bool = false;

    /// Runs the job. It may run twice, so it must call [`finish`] in the transaction that writes its result.
    fn run(self, app: &App, lease: &Lease) -> impl Future<Output = Result<Outcome>> + Send;

    /// Runs what was taken together, in the order of the lease's jobs: one, unless [`Job::TOGETHER`] says otherwise.
    fn run_all(jobs: Vec<Self>, app: &App, lease: &Lease) -> impl Future<Output = Result<Outcome>> + Send {
        async {
            let mut outcome = Outcome::Done;
            for job in jobs {
                outcome = job.run(app, lease).await?;
            }
            Ok(outcome)
        }
    }
}

/// How long the jobs of a kind take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Milliseconds, for what was just said: some workers take nothing else.
    Live,
    /// Moments.
    Quick,
    /// Up to minutes: one worker always stays free of such jobs of the same organization.
    Long,
    /// Up to hours, most of which it waits: it has workers of its own, in a process with the data folder that it needs.
    Apart,
}

/// A kind of job that workers know.
#[derive(Debug)]
pub struct JobKind {
    name: &'static str,
    pace: Pace,
    alone: bool,
    together: bool,
    time_max: Duration,
    run: fn(App, Lease, Vec<String>) -> BoxFuture<'static, Result<Outcome>>,
    /// Returns the key of a job with this payload.
    key: fn(&str) -> Option<String>,
}

impl JobKind {
    /// Returns the kind of the job `J`.
    pub const fn of<J: Job>() -> Self {
        Self {
            name: J::KIND,
            pace: J::PACE,
            alone: J::ALONE,
            together: J::TOGETHER,
            time_max: J::TIME_MAX,
            run: |app, lease, payloads| Box::pin(run::<J>(app, lease, payloads)),
            key: |payload| serde_json::from_str::<J>(payload).ok()?.dedupe_key(),
        }
    }
}

async fn run<J: Job>(app: App, lease: Lease, payloads: Vec<String>) -> Result<Outcome> {
    let jobs = payloads.iter().map(|payload| serde_json::from_str(payload)).collect::<Result<Vec<J>, _>>();
    let jobs = jobs.context("reading the payload").map_err(pointless)?;
    J::run_all(jobs, &app, &lease).await
}

/// The end of a job that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The job is done, and its result committed.
    Done,
    /// The job is to be run again at this time.
    Later(Timestamp),
}

/// A failure that every further attempt would repeat.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
struct Pointless(anyhow::Error);

/// Marks an error after which another attempt is pointless, so that the job is set aside at once.
pub fn pointless(error: impl Into<anyhow::Error>) -> Error {
    Error::Internal(Pointless(error.into()).into())
}

fn is_pointless(error: &Error) -> bool {
    matches!(error, Error::Internal(cause) if cause.is::<Pointless>())
}

/// Wakes a worker of this process. To be called after the transaction that enqueued a job is committed.
pub fn ring(app: &App) {
    app.job_added.notify_one();
    app.live_job_added.notify_one();
}
