//! A connection to SQLite that somebody has, and what they run on it.

use super::super::query::{NoRows, Records, TakeRows};
use super::super::row::{Found, Of, Row, ValueRef};
use super::super::sql::{Sql, sql};
use super::super::watch::Watch;
use super::super::{BUSY_TIMEOUT, Value};
use super::connection::Connection;
use super::{Connections, LONG};
use crate::error::{Error, Result};
use crate::turns::Turn;
use anyhow::Context;
use rusqlite::ErrorCode;
use sqlx::migrate::Migrator;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};
use tokio::task::coop;

/// The most rows, and their bytes, that come from another thread at once, and how often so many may wait.
const ROWS_AT_ONCE: usize = 128;
const BYTES_AT_ONCE: usize = 128 * 1024;
const WAITING_MAX: usize = 2;
/// The time between two tries to begin while another process writes.
const AGAIN: Duration = Duration::from_millis(1);

/// A connection that somebody has. If it is dropped before a statement of a long read ended, the statement is stopped; if within
/// a transaction, nothing is written. The next one has it only then.
#[derive(Debug)]
pub(in crate::db) struct Leased {
    /// None while a statement runs on another thread, and if it was left.
    held: Option<Box<Held>>,
    /// The statement that begins the transaction, until another one is run in it.
    begin: Option<&'static str>,
}

impl Leased {
    pub(super) fn new(held: Held) -> Self {
        Self { held: Some(Box::new(held)), begin: None }
    }

    /// Hands each row of `query` to `rows`.
    pub(in crate::db) async fn read_rows(&mut self, query: Sql, rows: &mut dyn TakeRows) -> Result<()> {
        self.send(query, rows).await.map(|_| ())
    }

    /// Runs `query` and returns the number of rows that it changed.
    pub(in crate::db) async fn execute(&mut self, query: Sql) -> Result<u64> {
        self.send(query, &mut NoRows).await
    }

    /// Runs `query`, which may take long, as [`Leased::execute`] does.
    pub(in crate::db) async fn execute_apart(&mut self, query: Sql) -> Result<u64> {
        self.run_apart(query, &mut NoRows).await
    }

    /// Returns the number that `query` reads.
    pub(in crate::db) async fn number(&mut self, query: &str) -> Result<i64> {
        let mut numbers = Records(Vec::new());
        self.read_rows(sql(query), &mut numbers).await?;
        Ok(numbers.0.first().map_or(0, |(number,)| *number))
    }

    /// Runs `query`, each row of which it hands to `rows`. Returns the number of rows that it changed. A read that turns out to
    /// take long is stopped and begun anew apart.
    async fn send(&mut self, query: Sql, rows: &mut dyn TakeRows) -> Result<u64> {
        if let Some(begin) = self.begin {
            self.begin_by(begin).await?;
        }
        let held = self.held()?;
        let reads = held.of.reads;
        if held.of.may_take_long(&query) || reads && !rows.forget() {
            return self.run_apart(query, rows).await;
        }
        match held.run_here(&query, rows, reads) {
            Err(error) if reads && is_interrupted(&error) && rows.forget() => {
                self.run_apart(query, rows).await
            }
            done => {
                // a task that runs many statements lets others run in between
                coop::consume_budget().await;
                done
            }
        }
    }

    /// Begins a transaction, and waits while another process writes.
    async fn begin_by(&mut self, begin: &'static str) -> Result<()> {
        let since = Instant::now();
        loop {
            match self.held()?.connection()?.run_all(begin) {
                Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {}
                done => {
                    self.begin = None;
                    return Ok(done?);
                }
            }
            if since.elapsed() >= BUSY_TIMEOUT {
                return Err(Error::Unavailable("the database is busy"));
            }
            // by ourselves, since the waits of SQLite grow to a tenth of a second, and keep the thread
            tokio::time::sleep(AGAIN).await;
        }
    }

    /// Runs `query` on a thread that may wait, as [`Leased::send`] does.
    pub(in crate::db) async fn run_apart(&mut self, query: Sql, rows: &mut dyn TakeRows) -> Result<u64> {
        let (mut watch, found) = (Watch::of(&query), Found::default());
        let mut held = self.held.take().ok_or(sqlx::Error::PoolClosed)?;
        let stop = Stop(Arc::default());
        let stopped = Arc::clone(&stop.0);
        let (sender, mut batches) = mpsc::channel(WAITING_MAX);
        let (back, done) = oneshot::channel();
        tokio::task::spawn_blocking(move || {
            let ran = held.run_apart(&query, stopped, &sender);
            // where nobody waits for it any more, what is held is dropped, and so given back
            drop(back.send((held, ran)));
        });
        while let Some(batch) = batches.recv().await {
            batch.read(rows, &mut watch, &found)?;
        }
        let (held, ran) = done.await.context("a statement failed on its thread")?;
        self.held = Some(held);
        let (changed, last) = ran?;
        last.read(rows, &mut watch, &found)?;
        Ok(changed)
    }

    /// Runs statements that take no values.
    #[cfg(test)]
    pub(super) fn run(&mut self, statements: &str) -> Result<()> {
        Ok(self.held()?.connection()?.run_all(statements)?)
    }

    /// Runs the migrations that the database lacks.
    pub(in crate::db) fn migrate(&mut self, migrator: &Migrator) -> anyhow::Result<()> {
        self.held()?.connection()?.migrate(migrator)
    }

    /// Begins a transaction by this statement, which goes before the first one in it.
    pub(in crate::db) fn begin(&mut self, statement: &'static str) {
        self.begin = Some(statement);
    }

    /// Commits the transaction.
    pub(in crate::db) async fn commit(mut self) -> Result<()> {
        if self.begin.is_some() {
            return Ok(());
        }
        self.execute(sql("commit")).await?;
        Ok(())
    }

    fn held(&mut self) -> Result<&mut Held, sqlx::Error> {
        self.held.as_deref_mut().ok_or(sqlx::Error::PoolClosed)
    }
}

/// A connection, and what lets somebody have it. Dropped, it is given back.
#[derive(Debug)]
pub(super) struct Held {
    of: Arc<Connections>,
    /// None once it is given back.
    connection: Option<Connection>,
    _permit: OwnedSemaphorePermit,
    _turn: Option<Turn>,
}

impl Held {
    pub(super) fn new(
        of: Arc<Connections>,
        connection: Connection,
        permit: OwnedSemaphorePermit,
        turn: Option<Turn>,
    ) -> Self {
        Self { of, connection: Some(connection), _permit: permit, _turn: turn }
    }

    fn connection(&mut self) -> Result<&mut Connection, sqlx::Error> {
        self.connection.as_mut().ok_or(sqlx::Error::PoolClosed)
    }

    /// Runs `query` on this thread. If it is `brief`, it is stopped once it takes long.
    fn run_here(&mut self, query: &Sql, rows: &mut dyn TakeRows, brief: bool) -> Result<u64> {
        let (mut watch, since, found) = (Watch::of(query), Instant::now(), Found::default());
        let connection = self.connection()?;
        if brief {
            connection.stop_when(move || since.elapsed() > LONG)?;
        }
        let changed = connection.run(query, &mut |row| {
            watch.rows += 1;
            rows.take(&Row::new(Of::Sqlite(row), &found))
        });
        if brief {
            connection.stop_never()?;
        }
        self.of.took(query, since.elapsed());
        changed
    }

    /// Runs `query` and sends its rows to another thread. Returns the number of rows that it changed, and the last rows.
    fn run_apart(
        &mut self,
        query: &Sql,
        stopped: Arc<AtomicBool>,
        sender: &mpsc::Sender<Batch>,
    ) -> Result<(u64, Batch)> {
        let reads = self.of.reads;
        let connection = self.connection()?;
        if reads {
            connection.stop_when(move || stopped.load(Ordering::Relaxed))?;
        }
        let since = Instant::now();
        let mut batch = Batch::default();
        let changed = connection.run(query, &mut |row| {
            batch.take(row)?;
            if batch.rows.len() < ROWS_AT_ONCE && batch.bytes < BYTES_AT_ONCE {
                return Ok(());
            }
            let next = Batch { names: Arc::clone(&batch.names), ..Batch::default() };
            let full = std::mem::replace(&mut batch, next);
            Ok(sender.blocking_send(full).context("nobody waits for these rows any more")?)
        });
        if reads {
            connection.stop_never()?;
        }
        self.of.took(query, since.elapsed());
        Ok((changed?, batch))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else { return };
        if connection.in_transaction()
            && let Err(error) = connection.run_all("rollback")
        {
            tracing::debug!(%error, "a connection is replaced");
            return;
        }
        self.of.put(connection);
    }
}

fn is_interrupted(error: &Error) -> bool {
    let Error::Internal(cause) = error else { return false };
    let cause = cause.downcast_ref().and_then(rusqlite::Error::sqlite_error_code);
    cause == Some(ErrorCode::OperationInterrupted)
}

/// Stops a statement once it is dropped.
struct Stop(Arc<AtomicBool>);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Rows on their way from one thread to another.
#[derive(Debug, Default)]
struct Batch {
    names: Arc<[String]>,
    rows: Vec<Vec<Value>>,
    bytes: usize,
}

impl Batch {
    fn take(&mut self, row: &rusqlite::Row<'_>) -> Result<()> {
        if self.names.is_empty() {
            self.names = row.as_ref().column_names().into_iter().map(str::to_owned).collect();
        }
        let found = Found::default();
        let row = Row::new(Of::Sqlite(row), &found);
        let mut values = Vec::with_capacity(self.names.len());
        for at in 0..self.names.len() {
            let value = row.value(at)?;
            self.bytes += match value {
                ValueRef::Text(text) => text.len(),
                ValueRef::Bytes(bytes) => bytes.len(),
                _ => 0,
            };
            values.push(value.into());
        }
        self.rows.push(values);
        Ok(())
    }

    /// Hands each row to `rows`.
    fn read(self, rows: &mut dyn TakeRows, watch: &mut Watch, found: &Found) -> Result<()> {
        for row in &self.rows {
            watch.rows += 1;
            rows.take(&Row::new(Of::Taken(&self.names, row), found))?;
        }
        Ok(())
    }
}
