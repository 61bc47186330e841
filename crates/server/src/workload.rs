//! `/jobs`: what workers have to do, and what they set aside.

use crate::app::App;
use crate::db::sql;
use crate::error::{Error, Result};
use crate::http::{Api, ApiJson, Caller};
use crate::ids::{JobId, OrgId};
use crate::insights;
use crate::jobs::{self, FailedJob, KindCounts};
use crate::keys::{Resource, Scope};
use crate::openapi::Operation;
use crate::time::Timestamp;
use crate::wire::{Maybe, NonEmptyVec, SafeInt};
use axum::Json;
use axum::extract::State;
use axum::http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The seconds over which it is said how fast conversations are read.
const RATE_SECONDS: i64 = 60;
/// The most jobs that are named to be tried again.
const NAMED_MAX: usize = 1_000;

/// Returns the operations on jobs.
pub fn routes() -> Api {
    Api::tagged("Jobs")
        .route(
            Operation::new(Method::GET, "/jobs", "listJobs")
                .summary("How much work waits, runs and failed, by kind, and how far conversations are read")
                .scope(Scope::read(Resource::Org))
                .returns::<JobsOutput>(),
            show,
        )
        .route(
            Operation::new(Method::POST, "/jobs/retry", "retryJobs")
                .summary("Try failed jobs again: those that are named, or all")
                .scope(Scope::write(Resource::Org))
                .body::<RetryInput>()
                .returns::<RetryOutput>(),
            retry,
        )
}

/// The work of an organization.
#[derive(Debug, Serialize, JsonSchema)]
struct JobsOutput {
    reading: ReadingProgress,
    /// Each kind of which there is a job.
    kinds: Vec<KindCounts>,
    /// The jobs that failed for good, the last first; 100 at most.
    failed: Vec<FailedJob>,
}

/// How far conversations are read.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct ReadingProgress {
    /// Sessions whose last message is read.
    #[schemars(with = "SafeInt")]
    done: u64,
    /// All sessions.
    #[schemars(with = "SafeInt")]
    total: u64,
    /// Sessions that were written down as read in a second, over the last minute.
    per_second: f64,
}

async fn show(State(app): State<App>, caller: Caller) -> Result<Json<JobsOutput>> {
    let (done, total) = insights::progress(&app.db.long(caller.org_id), caller.org_id).await?;
    let per_second = read_a_second(&app, caller.org_id, app.clock.now()).await?;
    Ok(Json(JobsOutput {
        reading: ReadingProgress { done, total, per_second },
        kinds: jobs::counts_by_kind(&app, caller.org_id).await?,
        failed: jobs::failed(&app, caller.org_id).await?,
    }))
}

async fn read_a_second(app: &App, org_id: OrgId, now: Timestamp) -> Result<f64> {
    let query = sql("
        select count(*) from sessions where org_id = $1 and updated_at >= $2 and read_revision = revision
    ");
    let query = query.bind(org_id).bind(now.plus(-RATE_SECONDS * 1_000_000));
    let (read,): (i64,) = app.db.long(org_id).fetch_one(query).await?;
    Ok(read as f64 / RATE_SECONDS as f64)
}

#[derive(Debug, Deserialize, JsonSchema)]
struct RetryInput {
    /// Which jobs; or else `all`.
    #[serde(default)]
    ids: Maybe<NonEmptyVec<JobId, NAMED_MAX>>,
    /// All that failed.
    #[serde(default)]
    all: bool,
}

#[derive(Debug, Serialize, JsonSchema)]
struct RetryOutput {
    /// How many are tried again.
    #[schemars(with = "SafeInt")]
    retried: usize,
}

async fn retry(
    State(app): State<App>,
    caller: Caller,
    ApiJson(input): ApiJson<RetryInput>,
) -> Result<Json<RetryOutput>> {
    let ids = input.ids.0.map(|ids| ids.0);
    if ids.is_some() == input.all {
        return Err(Error::Invalid("ids, all: one of them is required".into()));
    }
    let mut tx = app.begin(caller.org_id).await?;
    let retried = jobs::retry(&mut tx, ids.as_deref()).await?;
    tx.commit().await?;
    jobs::ring(&app);
    Ok(Json(RetryOutput { retried }))
}
