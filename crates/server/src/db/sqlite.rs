//! Connections to SQLite, and who has them. A pool of sqlx asks a connection before and after each use whether it is still
//! there, and each question takes as long as a statement; these are asked only after a statement or a transaction that was
//! not ended.

use super::query::{ReadRow, Row};
use super::sql::{Sql, sql};
use super::watch::Watch;
use super::{ACQUIRE_TIMEOUT, BUSY_TIMEOUT};
use crate::error::{Error, Result};
use crate::turns::Turn;
use futures_util::TryStreamExt;
use sqlx::error::DatabaseError;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::{ConnectOptions, Connection, Either};
use sqlx_sqlite::{SqliteConnectOptions, SqliteConnection};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The steps of SQLite's machine after which it looks again if anybody still waits. Few: the step that compares a text
/// with a pattern can take milliseconds.
const STEPS_BETWEEN_LOOKS: i32 = 100;

/// The most statements that wait to go with the next one, and the most values of one that does: those of more rows differ
/// each time, and their text is kept for none.
const LATER_MAX: usize = 16;
const LATER_VALUES_MAX: usize = 32;

/// The code of SQLite for a lock that another has.
const BUSY: &str = "5";

/// Connections to one database for one use, opened as they are needed.
#[derive(Debug)]
pub(super) struct Connections {
    options: SqliteConnectOptions,
    count: u32,
    permits: Arc<Semaphore>,
    /// Those that nobody has, the last used at the end.
    free: Mutex<VecDeque<Free>>,
    /// True if they read: a statement that nobody waits for is stopped.
    reads: bool,
    /// The time without use after which one is closed, with its cache.
    idle_max: Option<Duration>,
    is_swept: AtomicBool,
}

#[derive(Debug)]
struct Free {
    opened: Opened,
    since: Instant,
}

#[derive(Debug)]
struct Opened {
    connection: SqliteConnection,
    /// Stops the statement that runs.
    stopped: Arc<AtomicBool>,
}

impl Connections {
    /// Makes the one connection that writes.
    pub(super) fn writer(options: SqliteConnectOptions) -> Arc<Self> {
        Self::new(options, 1, false, None)
    }

    /// Makes `count` connections that read, closed after `idle_max` without use.
    pub(super) fn readers(
        options: SqliteConnectOptions,
        count: u32,
        idle_max: Option<Duration>,
    ) -> Arc<Self> {
        Self::new(options, count, true, idle_max)
    }

    fn new(options: SqliteConnectOptions, count: u32, reads: bool, idle_max: Option<Duration>) -> Arc<Self> {
        let permits = Arc::new(Semaphore::new(count as usize));
        let (free, is_swept) = (Mutex::default(), AtomicBool::new(false));
        Arc::new(Self { options, count, permits, free, reads, idle_max, is_swept })
    }

    /// Takes a connection, and waits for it if need be. `turn` is held as long as the connection is.
    pub(super) async fn take(self: &Arc<Self>, turn: Option<Turn>) -> Result<Leased> {
        let permit = tokio::time::timeout(ACQUIRE_TIMEOUT, Arc::clone(&self.permits).acquire_owned()).await;
        let permit = permit
            .map_err(|_elapsed| sqlx::Error::PoolTimedOut)?
            .map_err(|_closed| sqlx::Error::PoolClosed)?;
        let free = self.free().pop_back();
        let opened = match free {
            Some(free) => free.opened,
            None => self.open().await?,
        };
        let right = Right { _permit: permit, _turn: turn };
        let kept = Some((opened, right));
        let (of, later) = (Arc::clone(self), Vec::new());
        Ok(Leased { of, kept, later, begin: None, is_running: false, in_transaction: false })
    }

    async fn open(&self) -> Result<Opened> {
        let mut connection = self.options.connect().await?;
        let stopped = Arc::new(AtomicBool::new(false));
        if self.reads {
            let flag = Arc::clone(&stopped);
            let goes_on = move || !flag.load(Ordering::Relaxed);
            connection.lock_handle().await?.set_progress_handler(STEPS_BETWEEN_LOOKS, goes_on);
        }
        Ok(Opened { connection, stopped })
    }

    /// Waits until nobody has a connection any more, and closes all. Then none can be taken.
    pub(super) async fn close(&self) {
        let _all = self.permits.acquire_many(self.count).await;
        self.permits.close();
        let free = std::mem::take(&mut *self.free());
        close_all(free).await;
    }

    fn free(&self) -> MutexGuard<'_, VecDeque<Free>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a connection back on which nothing runs.
    fn put(self: &Arc<Self>, opened: Opened) {
        self.free().push_back(Free { opened, since: Instant::now() });
        if let Some(idle_max) = self.idle_max
            && let Ok(runtime) = Handle::try_current()
            && !self.is_swept.swap(true, Ordering::Relaxed)
        {
            runtime.spawn(close_idle(Arc::downgrade(self), idle_max));
        }
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
        close_all(idle).await;
        if !goes_on {
            return;
        }
    }
}

async fn close_all(free: impl IntoIterator<Item = Free>) {
    for Free { opened, .. } in free {
        if let Err(error) = opened.connection.close().await {
            tracing::warn!(%error, "a connection was not closed");
        }
    }
}

/// A connection that somebody has. If it is dropped before a statement ended, or within a transaction, the statement is
/// stopped and nothing is written; the next one has it only then.
#[derive(Debug)]
pub(super) struct Leased {
    of: Arc<Connections>,
    /// None once it is given back.
    kept: Option<(Opened, Right)>,
    /// Statements of which nobody waits for a result. They go with the next one: each by itself would be longer on its way
    /// to the connection's thread and back than in SQLite.
    later: Vec<Sql>,
    /// The statement that begins the transaction, until it is sent.
    begin: Option<&'static str>,
    is_running: bool,
    in_transaction: bool,
}

/// What lets somebody have a connection.
#[derive(Debug)]
struct Right {
    _permit: OwnedSemaphorePermit,
    _turn: Option<Turn>,
}

impl Leased {
    /// Hands each row of `query` to `read`.
    pub(super) async fn read_rows(&mut self, query: Sql, read: ReadRow<'_>) -> Result<()> {
        self.send(query, read).await.map(|_| ())
    }

    /// Runs the statements that wait, and then `query`, each row of which it hands to `read`. Returns the number of rows that
    /// `query` changed.
    async fn send(&mut self, query: Sql, read: ReadRow<'_>) -> Result<u64> {
        let mut statements: Vec<Sql> = self.begin.into_iter().map(sql).collect();
        statements.append(&mut self.later);
        statements.push(query);
        let mut watch = Watch::of(&statements);
        let since = Instant::now();
        // while another process writes, again and again, since the waits of SQLite itself grow to a tenth of a second
        while since.elapsed() < BUSY_TIMEOUT {
            if let Some(changed) = self.send_all(&statements, &mut watch, read).await? {
                return Ok(changed);
            }
        }
        Err(Error::Unavailable("the database is busy"))
    }

    /// Runs statements as [`Leased::send`] does. Returns none, and nothing is run, if another process writes.
    async fn send_all(
        &mut self,
        statements: &[Sql],
        watch: &mut Watch,
        read: ReadRow<'_>,
    ) -> Result<Option<u64>> {
        let (mut before, mut changed) = (statements.len() - 1, 0);
        let (text, arguments) = Sql::sqlite(statements)?;
        self.in_transaction |= self.begin.is_some();
        self.is_running = true;
        let (opened, _) = self.kept.as_mut().ok_or(sqlx::Error::PoolClosed)?;
        #[expect(deprecated, reason = "SQLite alone takes several statements at once, and this is SQLite")]
        let mut steps = sqlx::query_with(text, arguments).fetch_many(&mut opened.connection);
        loop {
            let step = match steps.try_next().await {
                Err(sqlx::Error::Database(error)) if self.begin.is_some() && is_busy(&*error) => {
                    drop(steps);
                    (self.is_running, self.in_transaction) = (false, false);
                    return Ok(None);
                }
                step => step?,
            };
            match step {
                Some(Either::Left(done)) => {
                    // the first that ends is the one that begins
                    self.begin = None;
                    if before == 0 {
                        changed = done.rows_affected();
                    }
                    before = before.saturating_sub(1);
                }
                Some(Either::Right(row)) if before == 0 => {
                    read(Row::Sqlite(&row))?;
                    watch.row().await;
                }
                Some(Either::Right(_)) => {}
                None => break,
            }
        }
        drop(steps);
        self.is_running = false;
        Ok(Some(changed))
    }

    /// Returns the number that `query` reads.
    pub(super) async fn number(&mut self, query: &str) -> Result<i64> {
        let mut number = 0;
        let mut read = |row: Row<'_>| row.record().map(|(read,): (i64,)| number = read);
        self.read_rows(sql(query), &mut read).await?;
        Ok(number)
    }

    /// Runs `query` and returns the number of rows that it changed.
    pub(super) async fn execute(&mut self, query: Sql) -> Result<u64> {
        self.send(query, &mut |_| Ok(())).await
    }

    /// Runs `query`, at the latest before the commit: an error in it may be told by a later statement.
    pub(super) async fn execute_later(&mut self, query: Sql) -> Result<()> {
        if query.values() > LATER_VALUES_MAX || self.later.len() >= LATER_MAX {
            return self.execute(query).await.map(|_| ());
        }
        self.later.push(query);
        Ok(())
    }

    /// Runs statements that take no values, such as those that no transaction can hold.
    pub(super) async fn run(&mut self, statements: &'static str) -> Result<(), sqlx::Error> {
        sqlx::raw_sql(statements).execute(self.begins()?).await?;
        self.is_running = false;
        Ok(())
    }

    /// Runs migrations.
    pub(super) async fn migrate(&mut self, migrator: &Migrator) -> Result<(), MigrateError> {
        migrator.run(self.begins()?).await?;
        self.is_running = false;
        Ok(())
    }

    /// Begins a transaction by this statement, which goes with the first one in it.
    pub(super) fn begin(&mut self, statement: &'static str) {
        self.begin = Some(statement);
    }

    /// Commits the transaction.
    pub(super) async fn commit(mut self) -> Result<()> {
        if self.begin.is_none() || !self.later.is_empty() {
            self.execute(sql("commit")).await?;
        }
        self.in_transaction = false;
        Ok(())
    }

    /// Returns the connection for a statement, which runs until it is said that it ended.
    fn begins(&mut self) -> Result<&mut SqliteConnection, sqlx::Error> {
        self.is_running = true;
        let (opened, _) = self.kept.as_mut().ok_or(sqlx::Error::PoolClosed)?;
        Ok(&mut opened.connection)
    }
}

/// Tells the error of a lock that another process has.
fn is_busy(error: &dyn DatabaseError) -> bool {
    error.code().as_deref() == Some(BUSY)
}

impl Drop for Leased {
    fn drop(&mut self) {
        let Some((mut opened, right)) = self.kept.take() else { return };
        if !self.is_running && !self.in_transaction {
            self.of.put(opened);
            return;
        }
        // without a runtime the connection is closed, and its transaction with it
        let Ok(runtime) = Handle::try_current() else { return };
        let (of, in_transaction) = (Arc::clone(&self.of), self.in_transaction);
        opened.stopped.store(true, Ordering::Relaxed);
        runtime.spawn(async move {
            let is_there = opened.settle(in_transaction).await;
            match is_there {
                Ok(()) => of.put(opened),
                Err(error) => tracing::debug!(%error, "a connection is replaced"),
            }
            drop(right);
        });
    }
}

impl Opened {
    /// Waits for the end of what runs, and of the transaction.
    async fn settle(&mut self, in_transaction: bool) -> Result<(), sqlx::Error> {
        self.connection.ping().await?;
        self.stopped.store(false, Ordering::Relaxed);
        if in_transaction {
            // fails if there is none any more, as after a full disk
            sqlx::query("rollback").execute(&mut self.connection).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
