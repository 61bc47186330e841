//! The queue in SQL. A job is a row; the worker that has its lease runs it.

use super::round::{self, Queue};
use super::{Job, JobKind, Progress};
use crate::app::{App, JOBS};
use crate::db::{Sql, Value, is_unique_violation, sql};
use crate::error::Result;
use crate::ids::{JobId, OrgId};
use crate::orgs::OrgTx;
use crate::time::Timestamp;
use anyhow::anyhow;
use serde::Serialize;
use std::sync::Arc;

/// The number of buckets. The jobs of an organization share a bucket, by which the table can be split over machines.
const BUCKETS: u8 = 64;
const LEASE_MICROS: i64 = 15_000_000;
/// The most jobs that are done together.
const TOGETHER_MAX: usize = 32;

/// What a worker holds: a job, or several of a kind that are done together.
#[derive(Clone, Debug)]
pub struct Lease {
    bucket: i64,
    /// The organization that the jobs belong to.
    pub org_id: OrgId,
    /// The jobs, in the order in which they were put together.
    pub jobs: Vec<JobId>,
    lease_id: JobId,
    /// True for one of the many jobs of an import.
    pub bulk: bool,
    /// How far the job is, as far as it says.
    pub progress: Arc<Progress>,
}

impl Lease {
    /// Ends a statement on jobs that are held by it still.
    fn held(&self, mut query: Sql, jobs: &[JobId]) -> Sql {
        query.push(" where bucket = ").push_bind(self.bucket);
        query.push(" and org_id = ").push_bind(self.org_id);
        query.push(" and lease_id = ").push_bind(self.lease_id);
        query.push(" and id in ").push_list(jobs.iter().copied());
        query
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
    insert(tx, &[job], false, tx.now, SOONER).await
}

/// Enqueues jobs, as [`enqueue`] does, each with a key of its own.
pub async fn enqueue_all<J: Job>(tx: &mut OrgTx, jobs: &[J]) -> Result<()> {
    insert(tx, &jobs.iter().collect::<Vec<_>>(), false, tx.now, SOONER).await
}

/// Enqueues one of the many jobs of an import, which give way to others.
pub async fn enqueue_bulk<J: Job>(tx: &mut OrgTx, job: &J) -> Result<()> {
    insert(tx, &[job], true, tx.now, SOONER).await
}

/// Enqueues a job for `at`. If it waits already, the sooner time holds.
pub async fn schedule<J: Job>(tx: &mut OrgTx, job: &J, at: Timestamp) -> Result<()> {
    insert(tx, &[job], false, at, SOONER).await
}

/// Enqueues a job for `at`. If it waits already, the later time holds.
pub async fn postpone<J: Job>(tx: &mut OrgTx, job: &J, at: Timestamp) -> Result<()> {
    insert(tx, &[job], false, at, LATER).await
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

async fn insert<J: Job>(
    tx: &mut OrgTx,
    jobs: &[&J],
    bulk: bool,
    run_at: Timestamp,
    waiting: &str,
) -> Result<()> {
    let mut rows: Vec<Vec<Value>> = Vec::with_capacity(jobs.len());
    for &job in jobs {
        let id = JobId::new(tx.now);
        let payload = serde_json::to_string(&Payload { kind: J::KIND, job }).map_err(anyhow::Error::new)?;
        rows.push(vec![
            bucket(tx.org_id).into(),
            tx.org_id.into(),
            id.into(),
            J::KIND.into(),
            job.dedupe_key().unwrap_or_else(|| id.to_string()).into(),
            payload.into(),
            bulk.into(),
            run_at.into(),
            0_i64.into(),
            tx.now.into(),
            job.place().into(),
        ]);
    }
    let insert = "
        insert into jobs (
            bucket, org_id, id, kind, dedupe_key, payload, bulk, run_at, attempts, created_at, place
        )";
    let again = format!(
        "on conflict (bucket, org_id, dedupe_key) do update set
            run_at = case when jobs.last_error is null then {waiting} else jobs.run_at end,
            bulk = jobs.bulk and excluded.bulk"
    );
    tx.insert_all(insert, rows, &again).await
}

/// Takes a job out of the queue, in hand or not. A worker that has it cannot finish it any more.
pub async fn withdraw<J: Job>(tx: &mut OrgTx, job: &J) -> Result<()> {
    let Some(key) = job.dedupe_key() else { return Ok(()) };
    let query = sql("delete from jobs where bucket = $1 and org_id = $2 and dedupe_key in ($3, $4)");
    tx.run(query.bind(bucket(tx.org_id)).bind(tx.org_id).bind(format!("+{key}")).bind(key)).await
}

/// Takes jobs off the queue, in the transaction that writes their result. Fails if the lease was lost to another worker,
/// which then does them.
pub async fn finish(tx: &mut OrgTx, lease: &Lease) -> Result<()> {
    finish_some(tx, lease, &lease.jobs).await
}

/// Takes some of the jobs off the queue, as [`finish`] does.
pub async fn finish_some(tx: &mut OrgTx, lease: &Lease, jobs: &[JobId]) -> Result<()> {
    all_held(tx.execute(lease.held(sql("delete from jobs"), jobs)).await?, jobs)
}

/// Leaves a job in hand until then, so that no other of its key begins, in the transaction that writes its result. Then
/// it is run once more, for what came meanwhile. Fails if the lease was lost to another worker.
pub async fn rest(tx: &mut OrgTx, lease: &Lease, job: JobId, until: Timestamp) -> Result<()> {
    // a lease that nobody renews
    let query = sql("update jobs set lease_id = $1, leased_until = $2, run_at = $2, attempts = 0");
    let query = query.bind(JobId::new(tx.now)).bind(until);
    all_held(tx.execute(lease.held(query, &[job])).await?, &[job])
}

fn all_held(count: u64, jobs: &[JobId]) -> Result<()> {
    if count == jobs.len() as u64 { Ok(()) } else { Err(anyhow!("the lease on the job was lost").into()) }
}

/// Returns true if another worker runs a job of the kind for the organization.
pub async fn is_done_by_another<J: Job>(tx: &mut OrgTx, lease: &Lease) -> Result<bool> {
    let query = sql("
        select count(*) from jobs
        where bucket = $1 and org_id = $2 and kind = $3 and lease_id <> $4 and leased_until > $5
    ");
    let query = query.bind(lease.bucket).bind(lease.org_id).bind(J::KIND).bind(lease.lease_id).bind(tx.now);
    tx.fetch_one::<(i64,)>(query).await.map(|(count,)| count > 0)
}

/// What a worker just took.
pub(super) struct Claimed {
    pub(super) lease: Lease,
    pub(super) kind: String,
    /// The jobs, as the lease has them.
    pub(super) jobs: Vec<Held>,
    /// True if more may be due beside them.
    pub(super) is_one_of_many: bool,
}

/// A job in hand.
#[derive(crate::db::Record)]
pub(super) struct Held {
    pub(super) id: JobId,
    pub(super) payload: String,
    pub(super) attempts: i64,
}

/// A due job that a worker may try to take.
#[derive(crate::db::Record)]
struct Candidate {
    bucket: i64,
    org_id: OrgId,
    id: JobId,
    kind: String,
    bulk: bool,
    attempts: i64,
}

impl Candidate {
    /// Tells whether both are done together. One that failed is tried alone, so that others do not fail with it.
    fn goes_with(&self, other: &Self) -> bool {
        let is_new = |job: &Self| !job.bulk && job.attempts == 0;
        let is_of_kind = self.org_id == other.org_id && self.kind == other.kind;
        is_of_kind && is_new(self) && is_new(other) && is_kind(&self.kind, |kind| kind.together)
    }
}

fn is_kind(name: &str, is_it: fn(&JobKind) -> bool) -> bool {
    JOBS.iter().any(|kind| kind.name == name && is_it(kind))
}

/// Takes a due job from the first of these queues that has one, of the organization whose turn it is, with others that
/// are done together with it. Returns none if there is none.
pub(super) async fn claim(app: &App, queues: &[Queue]) -> Result<Option<Claimed>> {
    // workers who look at the same moment find the same
    let _alone = app.job_round.claiming.lock().await;
    let (now, workers) = (app.clock.now(), app.config.jobs.workers);
    for &queue in queues {
        let last = app.job_round.last(queue);
        for is_behind in [true, false] {
            let due = round::due(queue, now, last, is_behind, workers, app.place.known());
            let mut due: Vec<Candidate> = app.db.fetch_all(due).await?;
            while !due.is_empty() {
                let (together, others) = split(due);
                let is_one_of_many = is_behind || !others.is_empty();
                if let Some(claimed) = take(app, &together, now, is_one_of_many).await? {
                    app.job_round.served(queue, claimed.lease.org_id.into());
                    return Ok(Some(claimed));
                }
                due = others;
            }
        }
    }
    Ok(None)
}

/// Splits due jobs into the first, with those that are done together with it, and the others.
fn split(due: Vec<Candidate>) -> (Vec<Candidate>, Vec<Candidate>) {
    let (mut together, mut others) = (Vec::<Candidate>::new(), Vec::new());
    for job in due {
        let has_room = together.len() < TOGETHER_MAX;
        let fits = together.first().is_none_or(|first| has_room && job.goes_with(first));
        if fits { together.push(job) } else { others.push(job) }
    }
    (together, others)
}

/// Takes due jobs, those of them that no other worker took, nor one of the same key. Returns none if there is none.
async fn take(app: &App, due: &[Candidate], now: Timestamp, is_one_of_many: bool) -> Result<Option<Claimed>> {
    let Some(Candidate { bucket, org_id, kind, bulk, .. }) = due.first() else { return Ok(None) };
    let (bucket, org_id, lease_id) = (*bucket, *org_id, JobId::new(now));
    // the key of a job in hand is no other job's; its own is free, so that a change made from now on enqueues another, which
    // waits until this one has ended
    let key = if is_kind(kind, |kind| kind.alone) {
        "'+' || jobs.kind"
    } else {
        "case when jobs.dedupe_key like '+%' then jobs.dedupe_key else '+' || jobs.dedupe_key end"
    };
    let mut query = sql(&format!(
        "update jobs set lease_id = $3, leased_until = $4, attempts = attempts + 1, dedupe_key = {key},
            done = null, total = null
        where bucket = $1 and org_id = $2 and failed_at is null and (leased_until is null or leased_until < $5)
            and not exists (
                select 1 from jobs held
                where held.bucket = $1 and held.org_id = $2 and held.id <> jobs.id and held.dedupe_key = {key}
            )
            and id in "
    ));
    query = query.bind(bucket).bind(org_id).bind(lease_id).bind(now.plus(LEASE_MICROS)).bind(now);
    query.push_list(due.iter().map(|job| job.id)).push(" returning id, payload, attempts");
    let mut tx = app.db.begin().await?;
    let mut jobs: Vec<Held> = match tx.fetch_all(query).await {
        // a worker of another process took one of the same key at the same moment
        Err(error) if is_unique_violation(&error) => return Ok(None),
        jobs => jobs?,
    };
    tx.commit().await?;
    if jobs.is_empty() {
        return Ok(None);
    }
    jobs.sort_by_key(|job| due.iter().position(|due| due.id == job.id));
    let ids = jobs.iter().map(|job| job.id).collect();
    let lease = Lease { bucket, org_id, jobs: ids, lease_id, bulk: *bulk, progress: Arc::default() };
    Ok(Some(Claimed { lease, kind: kind.clone(), jobs, is_one_of_many }))
}

/// Renews the lease on what is in hand, and writes down how far it is.
pub(super) async fn renew(app: &App, lease: &Lease) -> Result<()> {
    let query = sql("update jobs set leased_until = $1, done = $2, total = $3");
    let query = query.bind(app.clock.now().plus(LEASE_MICROS));
    let query = query.bind(lease.progress.done()).bind(lease.progress.total());
    let mut tx = app.db.begin().await?;
    tx.run(lease.held(query, &lease.jobs)).await?;
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
pub(super) async fn release(
    app: &App,
    lease: &Lease,
    job: JobId,
    release: Release,
    key: Option<String>,
) -> Result<()> {
    let Some(key) = key else { return put_back(app, lease, job, &release, &job.to_string()).await };
    match put_back(app, lease, job, &release, &key).await {
        // another was enqueued at this moment
        Err(error) if is_unique_violation(&error) => {
            put_back(app, lease, job, &release, &job.to_string()).await
        }
        result => result,
    }
}

async fn put_back(app: &App, lease: &Lease, job: JobId, release: &Release, key: &str) -> Result<()> {
    let mut tx = app.db.begin().await?;
    let query = sql("
        delete from jobs where bucket = $1 and org_id = $2 and dedupe_key = $4 and id <> $3 and exists (
            select 1 from jobs held
            where held.bucket = $1 and held.org_id = $2 and held.id = $3 and held.lease_id = $5
        )
    ");
    let query = query.bind(lease.bucket).bind(lease.org_id).bind(job).bind(key);
    tx.run(query.bind(lease.lease_id)).await?;
    let query = sql("
        update jobs set lease_id = null, leased_until = null, run_at = $1, attempts = $2, last_error = $3,
            failed_at = $4, dedupe_key = $5
    ");
    let query = query.bind(release.run_at).bind(release.attempts).bind(release.error.clone());
    let query = query.bind(release.failed_at).bind(key);
    tx.run(lease.held(query, &[job])).await?;
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, crate::db::Record)]
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
