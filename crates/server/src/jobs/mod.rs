//! Work that is done after the request that calls for it: a table of jobs, leased for a while, done at
//! least once and written down at most once. A job is a struct in its feature; [`JOBS`](crate::app::JOBS) lists them.

mod queue;
mod worker;

pub use queue::{
    Backlog, Lease, backlog, enqueue, enqueue_bulk, finish, is_done_by_another, move_waiting, postpone,
    schedule,
};
pub use worker::{run_next, work};

use crate::app::App;
use crate::error::{Error, Result};
use crate::time::Timestamp;
use anyhow::Context;
use futures_util::future::BoxFuture;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Something to do for an organization. Its members are the payload that waits in the queue: the previous
/// release and the next one read it too.
pub trait Job: Serialize + DeserializeOwned + Send + 'static {
    /// The word for it in the queue and in metrics.
    const KIND: &'static str;

    /// The key under which jobs that wait are one. None: it never is the same as another.
    fn dedupe_key(&self) -> Option<String> {
        Some(Self::KIND.to_owned())
    }

    /// Does the job. It may run twice, so it takes itself off the queue by [`finish`] in the transaction that
    /// writes its result.
    fn run(self, app: &App, lease: &Lease) -> impl Future<Output = Result<Outcome>> + Send;
}

/// A kind of job that workers know.
#[derive(Debug)]
pub struct JobKind {
    name: &'static str,
    run: fn(App, Lease, String) -> BoxFuture<'static, Result<Outcome>>,
}

impl JobKind {
    /// The kind of the job `J`.
    pub const fn of<J: Job>() -> Self {
        Self { name: J::KIND, run: |app, lease, payload| Box::pin(run::<J>(app, lease, payload)) }
    }
}

async fn run<J: Job>(app: App, lease: Lease, payload: String) -> Result<Outcome> {
    let job: J = serde_json::from_str(&payload).context("reading the payload").map_err(pointless)?;
    job.run(&app, &lease).await
}

/// The end of a job that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Done, and written down as done.
    Done,
    /// To be tried again at this time.
    Later(Timestamp),
}

/// A failure that every further attempt would repeat.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
struct Pointless(anyhow::Error);

/// Says that it is pointless to try a job again after this error: it is set aside at once.
pub fn pointless(error: impl Into<anyhow::Error>) -> Error {
    Error::Internal(Pointless(error.into()).into())
}

fn is_pointless(error: &Error) -> bool {
    matches!(error, Error::Internal(cause) if cause.is::<Pointless>())
}

/// Wakes a worker of this process; called once the transaction that enqueued is committed.
pub fn ring(app: &App) {
    app.job_added.notify_one();
}
