//! Connections to SQLite, and who has them. A pool of sqlx asks a connection before and after each use whether it is still
//! there, and each question takes as long as a statement; these are asked only after a statement or a transaction that was
//! not ended.

use super::ACQUIRE_TIMEOUT;
use super::query::{ReadRow, Row};
use super::sql::{Sql, sql};
use super::watch::Watch;
use crate::error::Result;
use crate::turns::Turn;
use futures_util::TryStreamExt;
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
        Ok(Leased { of: Arc::clone(self), kept, later: Vec::new(), is_running: false, in_transaction: false })
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
        let mut statements = std::mem::take(&mut self.later);
        let (mut before, mut changed) = (statements.len(), 0);
        statements.push(query);
        let mut watch = Watch::of(&statements);
        let (text, arguments) = Sql::sqlite(&statements)?;
        #[expect(deprecated, reason = "SQLite alone takes several statements at once, and this is SQLite")]
        let mut steps = sqlx::query_with(text, arguments).fetch_many(self.begins()?);
        while let Some(step) = steps.try_next().await? {
            match step {
                Either::Left(_) if before > 0 => before -= 1,
                Either::Left(done) => changed = done.rows_affected(),
                Either::Right(_) if before > 0 => {}
                Either::Right(row) => {
                    read(Row::Sqlite(&row))?;
                    watch.row().await;
                }
            }
        }
        drop(steps);
        self.is_running = false;
        Ok(changed)
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

    /// Begins a transaction by this statement.
    pub(super) async fn begin(&mut self, statement: &'static str) -> Result<(), sqlx::Error> {
        // from before it is sent, as it may be left at any moment
        self.in_transaction = true;
        let begun = sqlx::query(statement).execute(self.begins()?).await;
        (self.is_running, self.in_transaction) = (false, begun.is_ok());
        begun.map(|_| ())
    }

    /// Commits the transaction.
    pub(super) async fn commit(mut self) -> Result<()> {
        self.execute(sql("commit")).await?;
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
mod tests {
    use super::*;

    fn options(folder: &tempfile::TempDir) -> SqliteConnectOptions {
        SqliteConnectOptions::new().filename(folder.path().join("db")).create_if_missing(true)
    }

    #[tokio::test]
    async fn a_transaction_that_is_left_writes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let connections = Connections::writer(options(&folder));
        connections.take(None).await.unwrap().run("create table t (a integer)").await.unwrap();
        for (leaves, rows) in [(true, 0), (false, 1), (true, 1)] {
            let mut writer = connections.take(None).await.unwrap();
            writer.begin("begin immediate").await.unwrap();
            writer.execute(sql("insert into t values (1)")).await.unwrap();
            if leaves {
                drop(writer);
            } else {
                writer.commit().await.unwrap();
            }
            let mut writer = connections.take(None).await.unwrap();
            assert_eq!(writer.number("select count(*) from t").await.unwrap(), rows);
        }
        // what ended by itself, as on a full disk, leaves a connection that can be used
        let mut writer = connections.take(None).await.unwrap();
        writer.begin("begin").await.unwrap();
        writer.run("rollback").await.unwrap();
        drop(writer);
        let mut writer = connections.take(None).await.unwrap();
        writer.begin("begin immediate").await.unwrap();
    }

    #[tokio::test]
    async fn what_goes_with_a_later_statement_is_seen_by_it_and_fails_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let connections = Connections::writer(options(&folder));
        connections.take(None).await.unwrap().run("create table t (a integer)").await.unwrap();
        let insert = |a: i64| sql("insert into t values ($1) returning a").bind(a);
        let mut writer = connections.take(None).await.unwrap();
        writer.begin("begin immediate").await.unwrap();
        for a in 0..40 {
            writer.execute_later(insert(a)).await.unwrap();
        }
        assert_eq!(writer.number("select count(*) from t").await.unwrap(), 40);
        writer.execute_later(insert(40)).await.unwrap();
        assert_eq!(writer.execute(sql("delete from t where a >= $1").bind(38)).await.unwrap(), 3);
        writer.execute_later(insert(50)).await.unwrap();
        writer.commit().await.unwrap();
        let mut writer = connections.take(None).await.unwrap();
        writer.begin("begin immediate").await.unwrap();
        writer.execute_later(insert(51)).await.unwrap();
        writer.execute_later(sql("insert into nothing values (1)")).await.unwrap();
        assert!(writer.commit().await.is_err());
        let mut writer = connections.take(None).await.unwrap();
        assert_eq!(writer.number("select sum(a) from t").await.unwrap(), (0..38).sum::<i64>() + 50);
    }

    #[tokio::test]
    async fn a_statement_that_is_left_is_stopped_before_the_next_begins() {
        let folder = tempfile::tempdir().unwrap();
        let connections = Connections::readers(options(&folder), 1, None);
        let endless = "with recursive n (i) as (select 1 union all select i + 1 from n) select max(i) from n";
        for _ in 0..20 {
            let mut reader = connections.take(None).await.unwrap();
            let left = tokio::time::timeout(Duration::from_millis(5), reader.number(endless)).await;
            assert!(left.is_err());
            drop(reader);
            let mut reader = connections.take(None).await.unwrap();
            assert_eq!(reader.number("select 7").await.unwrap(), 7);
        }
    }

    #[tokio::test]
    async fn what_is_not_used_is_closed_and_opened_again() {
        let folder = tempfile::tempdir().unwrap();
        let connections = Connections::readers(options(&folder), 2, Some(Duration::from_millis(20)));
        for _ in 0..2 {
            let both = (connections.take(None).await.unwrap(), connections.take(None).await.unwrap());
            drop(both);
            assert_eq!(connections.free().len(), 2);
            while !connections.free().is_empty() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
        connections.close().await;
        assert!(connections.take(None).await.is_err());
    }
}
