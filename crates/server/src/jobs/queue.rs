//! The queue in SQL. A job is a row; the worker that has its lease runs it.

use super::round::{self, Queue};
use super::{Job, Progress};
use crate::app::{App, JOBS};
use crate::db::{is_unique_violation, sql};
use crate::error::{Error, Result};
use crate::ids::{JobId, OrgId};
use crate::orgs::OrgTx;
use crate::time::Timestamp;
use anyhow::anyhow;
use serde::Serialize;
use std::sync::Arc;

/// The number of buckets. The jobs of an organization share a bucket, by which the table can be split over machines.
const BUCKETS: u8 = 64;
const LEASE_MICROS: i64 = 15_000_000;

/// A job held by a worker.
#[derive(Clone, Debug)]
pub struct Lease {
    bucket: i64,
    /// The organization that the job belongs to.
    pub org_id: OrgId,
    id: JobId,
    lease_id: JobId,
    /// True for one of the many jobs of an import.
    pub bulk: bool,
    /// How far the job is, as far as it says.
    pub progress: Arc<Progress>,
}

impl Lease {
    pub(super) fn id(&self) -> JobId {
        self.id
    }
}

/// Returns the bucket of an organization.
pub(super) fn bucket(org_id: OrgId) -> i64 {
    i64::from(org_id.as_bytes()[15] % BUCKETS)
}

/// The time that a job gets if the same one waits already: the sooner one; below, the later one.
const SOONER: &str = "case when excluded.run_at < jobs.run_at then excluded.run_at else jobs.run_at end";
const LATER: &str = "case when excluded.run_at > jobs.run_at then excluded.run_at else jobs.run_at end";

/// Enqueues a job, to be run as soon as the transaction is committed.
pub async fn enqueue<J: Job>(tx: &mut OrgTx, job: &J) -> Result<()> {
    insert(tx, job, false, tx.now, SOONER).await
}

/// Enqueues one of the many jobs of an import, which give way to others.
pub async fn enqueue_bulk<J: Job>(tx: &mut OrgTx, job: &J) -> Result<()> {
    insert(tx, job, true, tx.now, SOONER).await
}

/// Enqueues a job for `at`. If it waits already, the sooner time holds.
pub async fn schedule<J: Job>(tx: &mut OrgTx, job: &J, at: Timestamp) -> Result<()> {
    insert(tx, job, false, at, SOONER).await
}

/// Enqueues a job for `at`. If it waits already, the later time holds.
pub async fn postpone<J: Job>(tx: &mut OrgTx, job: &J, at: Timestamp) -> Result<()> {
    insert(tx, job, false, at, LATER).await
}

/// Moves a job to `at`, if it waits in the queue.
pub async fn move_waiting<J: Job>(tx: &mut OrgTx, job: &J, at: Timestamp) -> Result<()> {
    let query = sql("update jobs set run_at = $4 where bucket = $1 and org_id = $2 and dedupe_key = $3");
    tx.run(query.bind(bucket(tx.org_id)).bind(tx.org_id).bind(job.dedupe_key()).bind(at)).await
}

/// The payload of a job. The first member is the kind, which the previous release reads from there.
#[derive(Serialize)]
struct Payload<'a, J> {
    kind: &'static str,
    #[serde(flatten)]
    job: &'a J,
}

async fn insert<J: Job>(tx: &mut OrgTx, job: &J, bulk: bool, run_at: Timestamp, waiting: &str) -> Result<()> {
    let id = JobId::new(tx.now);
    let query = sql(&format!(
        "insert into jobs (bucket, org_id, id, kind, dedupe_key, payload, bulk, run_at, attempts, created_at, place)
        values ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9, $10)
        on conflict (bucket, org_id, dedupe_key) do update set
            run_at = case when jobs.last_error is null then {waiting} else jobs.run_at end,
            bulk = jobs.bulk and excluded.bulk"
    ));
    let payload = serde_json::to_string(&Payload { kind: J::KIND, job }).map_err(anyhow::Error::new)?;
    let query = query
        .bind(bucket(tx.org_id))
        .bind(tx.org_id)
        .bind(id)
        .bind(J::KIND)
        .bind(job.dedupe_key().unwrap_or_else(|| id.to_string()))
        .bind(payload)
        .bind(bulk)
        .bind(run_at)
        .bind(tx.now)
        .bind(job.place());
    tx.run(query).await
}

/// Takes a job out of the queue, in hand or not. A worker that has it cannot finish it any more.
pub async fn withdraw<J: Job>(tx: &mut OrgTx, job: &J) -> Result<()> {
    let Some(key) = job.dedupe_key() else { return Ok(()) };
    let query = sql("delete from jobs where bucket = $1 and org_id = $2 and dedupe_key in ($3, $4)");
    tx.run(query.bind(bucket(tx.org_id)).bind(tx.org_id).bind(format!("+{key}")).bind(key)).await
}

/// Takes a job off the queue, in the transaction that writes its result. Fails if the lease was lost to another
/// worker, which then does the job.
pub async fn finish(tx: &mut OrgTx, lease: &Lease) -> Result<()> {
    let query = sql("delete from jobs where bucket = $1 and org_id = $2 and id = $3 and lease_id = $4");
    match tx.execute(query.bind(lease.bucket).bind(lease.org_id).bind(lease.id).bind(lease.lease_id)).await? {
        0 => Err(Error::Internal(anyhow!("the lease on the job was lost"))),
        _ => Ok(()),
    }
}

/// Leaves a job in hand until then, so that no other of its key begins, in the transaction that writes its result. Then
/// it is run once more, for what came meanwhile. Fails if the lease was lost to another worker.
pub async fn rest(tx: &mut OrgTx, lease: &Lease, until: Timestamp) -> Result<()> {
    // a lease that nobody renews
    let query = sql("
        update jobs set lease_id = $5, leased_until = $6, run_at = $6, attempts = 0
        where bucket = $1 and org_id = $2 and id = $3 and lease_id = $4
    ");
    let query = query.bind(lease.bucket).bind(lease.org_id).bind(lease.id).bind(lease.lease_id);
    match tx.execute(query.bind(JobId::new(tx.now)).bind(until)).await? {
        0 => Err(Error::Internal(anyhow!("the lease on the job was lost"))),
        _ => Ok(()),
    }
}

/// Returns true if another worker runs a job of the kind for the organization.
pub async fn is_done_by_another<J: Job>(tx: &mut OrgTx, lease: &Lease) -> Result<bool> {
    let query = sql("
        select count(*) from jobs
        where bucket = $1 and org_id = $2 and kind = $3 and id <> $4 and leased_until > $5
    ");
    let query = query.bind(lease.bucket).bind(lease.org_id).bind(J::KIND).bind(lease.id).bind(tx.now);
    tx.fetch_one::<(i64,)>(query).await.map(|(count,)| count > 0)
}

/// A job that a worker just took, with its payload.
pub(super) struct Claimed {
    pub(super) lease: Lease,
    pub(super) kind: String,
    pub(super) payload: String,
    pub(super) attempts: i64,
    /// True if more may be due beside it.
    pub(super) is_one_of_many: bool,
}

/// A due job that a worker may try to take.
#[derive(sqlx::FromRow)]
struct Candidate {
    bucket: i64,
    org_id: OrgId,
    id: JobId,
    kind: String,
    dedupe_key: String,
    bulk: bool,
}

/// Takes a due job from the first of these queues that has one, of the organization whose turn it is. Returns none if
/// there is none.
pub(super) async fn claim(app: &App, queues: &[Queue]) -> Result<Option<Claimed>> {
    let (now, workers) = (app.clock.now(), app.config.jobs.workers);
    for &queue in queues {
        let last = app.job_round.last(queue);
        for is_behind in [true, false] {
            let due = round::due(queue, now, last, is_behind, workers, app.place.known());
            let due: Vec<Candidate> = app.db.fetch_all(due).await?;
            let is_one_of_many = is_behind || due.len() > 1;
            for candidate in due {
                let org_id = candidate.org_id;
                if let Some(claimed) = take(app, candidate, now).await? {
                    app.job_round.served(queue, org_id.into());
                    return Ok(Some(Claimed { is_one_of_many, ..claimed }));
                }
            }
        }
    }
    Ok(None)
}

/// Returns the key of a job in hand, which is no other job's. Its own is free, so that a change made from now on enqueues
/// another, which waits until this one has ended.
fn key_in_hand(kind: &str, key: &str) -> String {
    let alone = JOBS.iter().any(|known| known.name == kind && known.alone);
    match key {
        _ if alone => format!("+{kind}"),
        key if key.starts_with('+') => key.to_owned(),
        key => format!("+{key}"),
    }
}

/// Takes a due job. Returns none if another worker was faster, or has a job of the same key.
async fn take(app: &App, due: Candidate, now: Timestamp) -> Result<Option<Claimed>> {
    let Candidate { bucket, org_id, id, bulk, .. } = due;
    let lease = Lease { bucket, org_id, id, lease_id: JobId::new(now), bulk, progress: Arc::default() };
    let query = sql("
        update jobs set lease_id = $4, leased_until = $5, attempts = attempts + 1, dedupe_key = $6,
            done = null, total = null
        where bucket = $1 and org_id = $2 and id = $3 and failed_at is null
            and (leased_until is null or leased_until < $7)
            and not exists (
                select 1 from jobs held
                where held.bucket = $1 and held.org_id = $2 and held.id <> $3 and held.dedupe_key = $6
            )
        returning kind, payload, attempts
    ");
    let query = query
        .bind(bucket)
        .bind(org_id)
        .bind(id)
        .bind(lease.lease_id)
        .bind(now.plus(LEASE_MICROS))
        .bind(key_in_hand(&due.kind, &due.dedupe_key))
        .bind(now);
    let mut tx = app.db.begin().await?;
    let claimed: Option<(String, String, i64)> = match tx.fetch_optional(query).await {
        // a worker of another process took one of the same key at the same moment
        Err(error) if is_unique_violation(&error) => return Ok(None),
        claimed => claimed?,
    };
    tx.commit().await?;
    let is_one_of_many = false;
    Ok(claimed.map(|(kind, payload, attempts)| Claimed { lease, kind, payload, attempts, is_one_of_many }))
}

/// Renews the lease on a job, and writes down how far it is.
pub(super) async fn renew(app: &App, lease: &Lease) -> Result<()> {
    let query = sql("
        update jobs set leased_until = $5, done = $6, total = $7
        where bucket = $1 and org_id = $2 and id = $3 and lease_id = $4
    ");
    let query = query.bind(lease.bucket).bind(lease.org_id).bind(lease.id).bind(lease.lease_id);
    let query = query.bind(app.clock.now().plus(LEASE_MICROS));
    let mut tx = app.db.begin().await?;
    tx.run(query.bind(lease.progress.done()).bind(lease.progress.total())).await?;
    tx.commit().await
}

/// The state in which a job goes back into the queue.
pub(super) struct Release {
    pub(super) run_at: Timestamp,
    pub(super) attempts: i64,
    pub(super) error: Option<String>,
    /// The time at which the job was set aside; none if it is to be tried again.
    pub(super) failed_at: Option<Timestamp>,
}

/// Returns a job that was not done to the queue. It takes its key again, and stands for what was enqueued under it
/// meanwhile; without a key it is apart from others.
pub(super) async fn release(app: &App, lease: &Lease, release: Release, key: Option<String>) -> Result<()> {
    let Some(key) = key else { return put_back(app, lease, &release, &lease.id.to_string()).await };
    match put_back(app, lease, &release, &key).await {
        // another was enqueued at this moment
        Err(error) if is_unique_violation(&error) => {
            put_back(app, lease, &release, &lease.id.to_string()).await
        }
        result => result,
    }
}

async fn put_back(app: &App, lease: &Lease, release: &Release, key: &str) -> Result<()> {
    let mut tx = app.db.begin().await?;
    let query = sql("
        delete from jobs where bucket = $1 and org_id = $2 and dedupe_key = $4 and id <> $3 and exists (
            select 1 from jobs held
            where held.bucket = $1 and held.org_id = $2 and held.id = $3 and held.lease_id = $5
        )
    ");
    let query = query.bind(lease.bucket).bind(lease.org_id).bind(lease.id).bind(key);
    tx.run(query.bind(lease.lease_id)).await?;
    let query = sql("
        update jobs set lease_id = null, leased_until = null, run_at = $5, attempts = $6, last_error = $7,
            failed_at = $8, dedupe_key = $9
        where bucket = $1 and org_id = $2 and id = $3 and lease_id = $4
    ");
    let query = query
        .bind(lease.bucket)
        .bind(lease.org_id)
        .bind(lease.id)
        .bind(lease.lease_id)
        .bind(release.run_at)
        .bind(release.attempts)
        .bind(release.error.clone())
        .bind(release.failed_at)
        .bind(key);
    tx.run(query).await?;
    tx.commit().await
}

/// Returns how far the job in hand of a kind is, as it was when its lease was last renewed: so much of so much. None if it
/// does not say.
pub async fn progress<J: Job>(app: &App, org_id: OrgId) -> Result<Option<(i64, i64)>> {
    let query = sql("
        select done, total from jobs
        where bucket = $1 and org_id = $2 and kind = $3 and leased_until > $4 and total > 0
        order by run_at limit 1
    ");
    app.db.fetch_optional(query.bind(bucket(org_id)).bind(org_id).bind(J::KIND).bind(app.clock.now())).await
}

/// Returns true if a job of the kind is in hand or due up to `until`.
pub async fn is_due<J: Job>(app: &App, org_id: OrgId, until: Timestamp) -> Result<bool> {
    let query = sql("
        select count(*) from jobs
        where bucket = $1 and org_id = $2 and kind = $3 and run_at <= $4 and failed_at is null
    ");
    let query = query.bind(bucket(org_id)).bind(org_id).bind(J::KIND).bind(until);
    app.db.fetch_one::<(i64,)>(query).await.map(|(count,)| count > 0)
}

/// The numbers of jobs that wait in an organization's queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Backlog {
    /// The jobs of imports whose sessions are not read yet.
    pub bulk: i64,
    /// The jobs that are due, in hand, or failed and to be tried again.
    pub due: i64,
    /// The jobs that were set aside.
    pub failed: i64,
}

/// Counts the jobs that wait in an organization's queue up to `until`.
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
