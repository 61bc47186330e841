//! Removing what SQLite may still have of rows that were deleted.

use super::{Db, Pools, sql};
use crate::error::Result;
use std::sync::atomic::{AtomicI64, Ordering};
use uuid::Uuid;

/// The largest file that is written anew: that takes about a second, during which others wait to write.
const REWRITTEN_BYTES_MAX: i64 = 64 * 1024 * 1024;
/// The least time between two purges, in microseconds, so that they do not keep others from writing.
const PAUSE: i64 = 30_000_000;

/// The time of the last purge by this process, in microseconds.
#[derive(Debug, Default)]
pub(super) struct LastPurge(AtomicI64);

impl Db {
    /// Removes samples of the planner, and the pages that deleted rows left: a small file is written anew; of a large
    /// one, freed pages are given back, which were overwritten as they were freed. PostgreSQL does as much by its own
    /// vacuum. Returns the time to wait for if the last purge was a moment before `now`; both in microseconds.
    pub async fn purge(&self, now: i64) -> Result<Option<i64>> {
        let Pools::Sqlite { write, .. } = &self.lanes.pools else { return Ok(None) };
        let is_over = |last: i64| (last == 0 || now >= last + PAUSE).then_some(now);
        if let Err(last) = self.lanes.last_purge.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, is_over) {
            return Ok(Some(last + PAUSE));
        }
        let _hold = self.lanes.writer(Uuid::nil()).await?;
        let mut connection = write.take(None).await?;
        if connection.number("select count(*) from sqlite_schema where name = 'sqlite_stat4'").await? > 0 {
            connection.execute(sql("delete from sqlite_stat4")).await?;
        }
        let pages = "select page_count * page_size from pragma_page_count(), pragma_page_size()";
        let is_small = connection.number(pages).await? <= REWRITTEN_BYTES_MAX;
        let purge = if is_small { "vacuum" } else { "pragma incremental_vacuum(10000)" };
        connection.execute_apart(sql(purge)).await?;
        Ok(None)
    }
}
