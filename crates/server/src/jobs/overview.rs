//! The queue as people look at it: how many jobs of each kind there are, and which failed.

use super::queue::bucket;
use crate::app::{App, JOBS};
use crate::db::sql;
use crate::error::Result;
use crate::ids::{JobId, OrgId};
use crate::orgs::OrgTx;
use crate::time::Timestamp;
use crate::wire::SafeInt;
use schemars::JsonSchema;
use serde::Serialize;

/// The most failed jobs in a list.
const FAILED_MAX: i64 = 100;
/// The most failed jobs that are tried again at once.
const RETRIED_MAX: i64 = 10_000;

/// The jobs of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema, crate::db::Record)]
#[schemars(inline)]
pub struct KindCounts {
    /// The kind.
    pub kind: String,
    /// Those that wait: for a worker, for their time, or to be tried again.
    #[schemars(with = "SafeInt")]
    pub waiting: i64,
    /// Those that a worker has in hand.
    #[schemars(with = "SafeInt")]
    pub running: i64,
    /// Those that failed for good.
    #[schemars(with = "SafeInt")]
    pub failed: i64,
}

/// A job that failed for good.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema, crate::db::Record)]
#[schemars(inline)]
pub struct FailedJob {
    /// Its id.
    pub id: JobId,
    /// Its kind.
    pub kind: String,
    /// How often it was tried.
    #[schemars(with = "SafeInt")]
    pub attempts: i64,
    /// The time it was set aside.
    pub failed_at: Timestamp,
    /// Why it failed last.
    pub error: String,
}

/// Counts an organization's jobs by kind, in the order of their names.
pub async fn counts_by_kind(app: &App, org_id: OrgId) -> Result<Vec<KindCounts>> {
    let query = sql("
        select kind, count(case when failed_at is null and (leased_until is null or leased_until < $3) then 1 end)
                as waiting,
            count(case when failed_at is null and leased_until >= $3 then 1 end) as running,
            count(failed_at) as failed
        from jobs where bucket = $1 and org_id = $2 group by kind order by kind
    ");
    app.db.fetch_all(query.bind(bucket(org_id)).bind(org_id).bind(app.clock.now())).await
}

/// Lists the jobs that failed for good, the last first, 100 at most.
pub async fn failed(app: &App, org_id: OrgId) -> Result<Vec<FailedJob>> {
    let query = sql("
        select id, kind, attempts, failed_at, coalesce(last_error, '') as error from jobs
        where bucket = $1 and org_id = $2 and failed_at is not null order by failed_at desc, id desc limit $3
    ");
    app.db.fetch_all(query.bind(bucket(org_id)).bind(org_id).bind(FAILED_MAX)).await
}

/// Has failed jobs tried again: these, or all, 10,000 at most. One for which another of its key waits goes, since that one
/// stands for it. Returns how many there were.
pub async fn retry(tx: &mut OrgTx, ids: Option<&[JobId]>) -> Result<usize> {
    let query =
        "select id, kind, payload from jobs where bucket = $1 and org_id = $2 and failed_at is not null";
    let mut query = sql(query).bind(bucket(tx.org_id)).bind(tx.org_id);
    if let Some(ids) = ids {
        query.push(" and id in ").push_list(ids.iter().copied());
    }
    query.push(" order by id limit ").push_bind(RETRIED_MAX);
    let failed: Vec<(JobId, String, String)> = tx.fetch_all(query).await?;
    for (id, kind, payload) in &failed {
        let known = JOBS.iter().find(|known| known.name == kind);
        let key = known.and_then(|known| (known.key)(payload)).unwrap_or_else(|| id.to_string());
        let query = sql("
            delete from jobs where bucket = $1 and org_id = $2 and id = $3 and exists (
                select 1 from jobs o where o.bucket = $1 and o.org_id = $2 and o.id <> $3 and o.dedupe_key = $4
            )
        ");
        let query = query.bind(bucket(tx.org_id)).bind(tx.org_id).bind(*id).bind(&key);
        if tx.execute(query).await? > 0 {
            continue;
        }
        let query = sql("
            update jobs set dedupe_key = $4, run_at = $5, attempts = 0, last_error = null, failed_at = null
            where bucket = $1 and org_id = $2 and id = $3
        ");
        let query = query.bind(bucket(tx.org_id)).bind(tx.org_id).bind(*id).bind(key);
        tx.run(query.bind(tx.now)).await?;
    }
    Ok(failed.len())
}
