//! Connections to SQLite, and who has them. A statement that is known to be short runs where it is asked for: on its way to
//! another thread and back it would be longer than in SQLite. What may take long runs on a thread that may wait.

mod connection;
mod leased;

pub(super) use connection::Options;
pub(super) use leased::Leased;

use super::ACQUIRE_TIMEOUT;
use super::sql::Sql;
use crate::error::Result;
use crate::turns::Turn;
use connection::Connection;
use leased::Held;
use std::collections::{HashSet, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

/// The most values of a statement that runs where it is asked for.
const VALUES_HERE_MAX: usize = 1_000;
/// The time after which a statement is one that takes long, and under which it is no more.
const LONG: Duration = Duration::from_millis(2);
const SHORT: Duration = Duration::from_micros(500);
/// The most texts of statements that take long.
const KNOWN_LONG_MAX: usize = 500;

/// Connections to one database for one use, opened as they are needed.
#[derive(Debug)]
pub(super) struct Connections {
    options: Options,
    count: u32,
    permits: Arc<Semaphore>,
    /// Those that nobody has, the last used at the end.
    free: Mutex<VecDeque<Free>>,
    /// True if they read: a statement that nobody waits for is stopped.
    reads: bool,
    /// The statements that took long when they ran last.
    known_long: Mutex<HashSet<String>>,
    /// The time without use after which one is closed, with its cache.
    idle_max: Option<Duration>,
    is_swept: AtomicBool,
}

#[derive(Debug)]
struct Free {
    connection: Connection,
    since: Instant,
}

impl Connections {
    /// Makes the one connection that writes.
    pub(super) fn writer(options: Options) -> Arc<Self> {
        Self::new(options, 1, false, None)
    }

    /// Makes `count` connections that read, closed after `idle_max` without use.
    pub(super) fn readers(options: Options, count: u32, idle_max: Option<Duration>) -> Arc<Self> {
        Self::new(options, count, true, idle_max)
    }

    fn new(options: Options, count: u32, reads: bool, idle_max: Option<Duration>) -> Arc<Self> {
        let permits = Arc::new(Semaphore::new(count as usize));
        let (free, known_long, is_swept) = (Mutex::default(), Mutex::default(), AtomicBool::new(false));
        Arc::new(Self { options, count, permits, free, reads, known_long, idle_max, is_swept })
    }

    /// Takes a connection, and waits for it if need be. `turn` is held as long as the connection is.
    pub(super) async fn take(self: &Arc<Self>, turn: Option<Turn>) -> Result<Leased> {
        let permit = tokio::time::timeout(ACQUIRE_TIMEOUT, Arc::clone(&self.permits).acquire_owned()).await;
        let permit = permit
            .map_err(|_elapsed| sqlx::Error::PoolTimedOut)?
            .map_err(|_closed| sqlx::Error::PoolClosed)?;
        let free = self.free().pop_back();
        let connection = match free {
            Some(free) => free.connection,
            None => Connection::open(&self.options)?,
        };
        Ok(Leased::new(Held::new(Arc::clone(self), connection, permit, turn)))
    }

    /// Waits until nobody has a connection any more, and closes all. Then none can be taken.
    pub(super) async fn close(&self) {
        let _all = self.permits.acquire_many(self.count).await;
        self.permits.close();
        let free = std::mem::take(&mut *self.free());
        close_all(free);
    }

    fn free(&self) -> MutexGuard<'_, VecDeque<Free>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a connection back on which nothing runs.
    fn put(self: &Arc<Self>, connection: Connection) {
        self.free().push_back(Free { connection, since: Instant::now() });
        if let Some(idle_max) = self.idle_max
            && let Ok(runtime) = Handle::try_current()
            && !self.is_swept.swap(true, Ordering::Relaxed)
        {
            runtime.spawn(close_idle(Arc::downgrade(self), idle_max));
        }
    }

    /// Returns true if a statement runs on a thread that may wait.
    fn may_take_long(&self, query: &Sql) -> bool {
        query.values().len() > VALUES_HERE_MAX || self.known_long().contains(query.text())
    }

    /// Notes how long a statement took.
    fn took(&self, query: &Sql, time: Duration) {
        if (SHORT..LONG).contains(&time) {
            return;
        }
        let mut known_long = self.known_long();
        if time < SHORT {
            known_long.remove(query.text());
        } else if known_long.len() < KNOWN_LONG_MAX && query.values().len() <= VALUES_HERE_MAX {
            known_long.insert(query.text().to_owned());
        }
    }

    fn known_long(&self) -> MutexGuard<'_, HashSet<String>> {
        self.known_long.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Closes what was not used for `idle_max`, as long as there is anything to close.
async fn close_idle(of: Weak<Connections>, idle_max: Duration) {
    loop {
        tokio::time::sleep(idle_max).await;
        let Some(of) = of.upgrade() else { return };
        let (idle, goes_on): (VecDeque<Free>, bool) = {
            let mut free = of.free();
            let count = free.iter().take_while(|free| free.since.elapsed() >= idle_max).count();
            let idle = free.drain(..count).collect();
            // who puts one back from now on begins anew
            of.is_swept.store(!free.is_empty(), Ordering::Relaxed);
            (idle, !free.is_empty())
        };
        close_all(idle);
        if !goes_on {
            return;
        }
    }
}

fn close_all(free: impl IntoIterator<Item = Free>) {
    for Free { connection, .. } in free {
        if let Err(error) = connection.close() {
            tracing::warn!(%error, "a connection was not closed");
        }
    }
}

#[cfg(test)]
mod tests;
