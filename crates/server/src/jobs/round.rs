//! The order in which workers take jobs: organization after organization, so that a long queue of one holds up no other.

use super::Pace;
use crate::app::JOBS;
use crate::db::{Sql, sql};
use crate::time::Timestamp;
use std::sync::{Mutex, PoisonError};
use uuid::Uuid;

/// The due jobs that are a worker's candidates, so that workers beside each other find different ones.
const CANDIDATES: i64 = 32;

/// A queue that is looked through organization by organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Queue {
    /// What was just said.
    Live,
    /// Everything but the jobs of imports.
    Usual,
    /// The jobs of imports.
    Bulk,
    /// What takes hours.
    Apart,
}

/// Whose turn it is.
#[derive(Debug, Default)]
pub struct Round {
    /// The organization whose job this process took last from each queue.
    last: Mutex<[Uuid; 4]>,
    /// Held by the worker that looks for a job.
    pub(super) claiming: tokio::sync::Mutex<()>,
}

impl Round {
    /// Returns the organization that was served last.
    pub(super) fn last(&self, queue: Queue) -> Uuid {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)[queue as usize]
    }

    /// Notes that an organization is served.
    pub(super) fn served(&self, queue: Queue, org_id: Uuid) {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)[queue as usize] = org_id;
    }
}

/// Makes the query of due jobs of the organizations behind `last`, or from the first one up to it. `place` is the data
/// folder of the process.
pub(super) fn due(
    queue: Queue,
    now: Timestamp,
    last: Uuid,
    is_behind: bool,
    workers: usize,
    place: Option<Uuid>,
) -> Sql {
    let mut query = sql("
        select bucket, org_id, id, kind, bulk, attempts from jobs
        where bulk = $1 and failed_at is null and run_at <= $2 and (leased_until is null or leased_until < $2)
            and not exists (
                select 1 from jobs held
                where held.bucket = jobs.bucket and held.org_id = jobs.org_id and held.id <> jobs.id
                    and held.dedupe_key in ('+' || jobs.dedupe_key, '+' || jobs.kind)
            )
    ");
    query = query.bind(queue == Queue::Bulk).bind(now);
    match queue {
        Queue::Live => {
            query.push(" and kind in ").push_list(kinds(Pace::Live));
        }
        Queue::Usual => {
            query.push(" and kind not in ").push_list(kinds(Pace::Apart));
            query
                .push(" and (kind not in ")
                .push_list(kinds(Pace::Long))
                .push(" or (select count(*) from jobs held");
            query.push(" where held.bucket = jobs.bucket and held.org_id = jobs.org_id and held.kind in ");
            query.push_list(kinds(Pace::Long)).push(" and held.leased_until >= ").push_bind(now);
            query.push(") < ").push_bind(crate::db::count(workers.saturating_sub(1).max(1))).push(")");
        }
        Queue::Bulk => {}
        Queue::Apart => {
            query.push(" and kind in ").push_list(kinds(Pace::Apart));
            query.push(" and place = ").push_bind(place);
        }
    }
    query.push(if is_behind { " and org_id > " } else { " and org_id <= " }).push_bind(last);
    query.push(" order by org_id, run_at limit ").push_bind(CANDIDATES);
    query
}

fn kinds(pace: Pace) -> impl Iterator<Item = &'static str> {
    JOBS.iter().filter(move |kind| kind.pace == pace).map(|kind| kind.name)
}
