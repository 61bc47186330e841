//! The connections, and who may use them when. Short reads, long ones and writes have lanes of their own; in those of
//! long reads and of writes, organizations take turns. A statement that reads ends with whoever waits for it.

use super::health::Health;
use super::purge::LastPurge;
use super::sqlite::{Connections, Leased};
use super::{BUSY_TIMEOUT, Location};
use crate::error::{Error, Result};
use crate::turns::{Turn, Turns};
use sqlx::pool::PoolConnection;
use sqlx_postgres::{PgConnection, PgPool, Postgres};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use uuid::Uuid;

/// The connections of short reads to SQLite; below, those of long ones to either database, and the most of them that
/// one organization uses.
pub(super) const SHORT_PLACES: u32 = 4;
pub(super) const LONG_PLACES: usize = 4;
const LONG_OF_ONE: usize = 2;
/// The most transactions that write at once on PostgreSQL, and those of one organization. They would wait for one another in
/// the database: if this process stopped then, each would hold up other processes in turn until the database ends it.
const WRITES_AT_ONCE: usize = 10;
const WRITES_OF_ONE: usize = 1;
/// The most that wait for an organization in a lane.
const WAITING_MAX: usize = 512;
/// The most that one statement of PostgreSQL may take: less than a request, and what a job may wait for.
const REQUEST_STATEMENT_MS: i64 = 25_000;
const JOB_STATEMENT_MS: i64 = 300_000;
/// The length of a transaction on SQLite from which other processes are let go first, and for how long: they look for
/// the lock every few milliseconds, and would seldom find it free between two transactions of an import.
const LONG_WRITE: Duration = Duration::from_millis(20);
const WAY_GIVEN: Duration = Duration::from_millis(5);
/// The time between two tries to end a statement of PostgreSQL that nobody waits for.
const CANCELLED_AGAIN: Duration = Duration::from_millis(20);
/// The time after which a connection of SQLite for long reads is closed, with its cache.
pub(super) const IDLE_MAX: Duration = Duration::from_mins(1);

/// The lane of a read.
#[derive(Clone, Copy, Debug)]
pub(super) enum Lane {
    /// A few rows by a key.
    Short,
    /// Anything that may take long, for an organization.
    Long { org_id: Uuid, statement_ms: i64 },
}

impl Lane {
    pub(super) fn request(org_id: Uuid) -> Self {
        Self::Long { org_id, statement_ms: REQUEST_STATEMENT_MS }
    }

    pub(super) fn job(org_id: Uuid) -> Self {
        Self::Long { org_id, statement_ms: JOB_STATEMENT_MS }
    }
}

/// The connections to a database.
#[derive(Debug)]
pub(super) enum Pools {
    /// One connection that writes, several that read: SQLite has one writer at a time.
    Sqlite { write: Arc<Connections>, short: Arc<Connections>, long: Arc<Connections> },
    /// The connections of writes and short reads, those of long reads, and the statements that run on the latter.
    Postgres { main: PgPool, long: PgPool, running: Arc<Running> },
}

/// The connections to a database and the turns in which they are used.
#[derive(Debug)]
pub(super) struct Lanes {
    pub(super) pools: Pools,
    pub(super) location: Location,
    pub(super) health: Health,
    pub(super) last_purge: LastPurge,
    long: Arc<Turns>,
    writes: Arc<Turns>,
}

impl Lanes {
    pub(super) fn new(pools: Pools, location: Location) -> Self {
        let (at_once, of_one) = match pools {
            Pools::Sqlite { .. } => (1, 1),
            Pools::Postgres { .. } => (WRITES_AT_ONCE, WRITES_OF_ONE),
        };
        Self {
            pools,
            location,
            health: Health::default(),
            last_purge: LastPurge::default(),
            long: Turns::new(LONG_PLACES, LONG_OF_ONE, WAITING_MAX),
            writes: Turns::new(at_once, of_one, WAITING_MAX),
        }
    }

    pub(super) async fn close(&self) {
        match &self.pools {
            Pools::Sqlite { write, short, long } => {
                for connections in [short, long, write] {
                    connections.close().await;
                }
            }
            Pools::Postgres { main, long, .. } => {
                long.close().await;
                main.close().await;
            }
        }
    }

    /// Waits for the turn of an organization to write.
    pub(super) async fn writer(&self, org_id: Uuid) -> Result<Hold> {
        let turn = tokio::time::timeout(BUSY_TIMEOUT, self.writes.take(org_id)).await;
        let turn = turn.map_err(|_elapsed| Error::Unavailable("the database is busy"))??;
        let gives_way = matches!(self.pools, Pools::Sqlite { .. });
        Ok(Hold(Held::Write(Write { turn: Some(turn), since: Instant::now(), gives_way })))
    }

    /// Takes a connection to SQLite that reads, and waits for it if need be.
    pub(super) async fn reader(&self, lane: Lane) -> Result<Leased> {
        let Pools::Sqlite { short, long, .. } = &self.pools else {
            return Err(Error::Internal(anyhow::anyhow!("SQLite is not in use")));
        };
        match lane {
            Lane::Short => short.take(None).await,
            Lane::Long { org_id, .. } => long.take(Some(self.long.take(org_id).await?)).await,
        }
    }

    /// Takes a connection to PostgreSQL that reads, and waits for it if need be.
    pub(super) async fn postgres(&self, lane: Lane) -> Result<(PoolConnection<Postgres>, Hold)> {
        let Pools::Postgres { main, long, running } = &self.pools else {
            return Err(Error::Internal(anyhow::anyhow!("PostgreSQL is not in use")));
        };
        let Lane::Long { org_id, statement_ms } = lane else {
            return Ok((self.health.attempt(main, main.acquire()).await?, Hold::nothing()));
        };
        let turn = self.long.take(org_id).await?;
        let mut connection = self.health.attempt(long, long.acquire()).await?;
        let prepare = "select pg_backend_pid(), set_config('statement_timeout', $1, false)";
        let query = sqlx::query_as(prepare).bind(statement_ms.to_string());
        let (process_id, _): (i32, String) = query.fetch_one(&mut *connection).await?;
        let running = Arc::clone(running);
        let statement = Statement { process_id, running, pool: main.clone(), turn: Some(turn) };
        Ok((connection, Hold(Held::Statement(statement))))
    }
}

/// The right to a connection for the length of a transaction or a statement, behind which the next may follow.
#[derive(Debug)]
pub struct Hold(Held);

#[derive(Debug)]
enum Held {
    Nothing,
    Write(#[expect(dead_code, reason = "held until the transaction ends")] Write),
    Statement(Statement),
}

impl Hold {
    /// Returns the right to what nobody waits for.
    pub(super) fn nothing() -> Self {
        Self(Held::Nothing)
    }

    /// Notes that a statement runs: if the hold is dropped meanwhile, it is cancelled.
    pub(super) fn begins(&mut self) {
        if let Held::Statement(statement) = &mut self.0 {
            statement.running.all().insert(statement.process_id);
        }
    }

    /// Notes that the statement has ended.
    pub(super) fn ended(&mut self) {
        if let Held::Statement(statement) = &mut self.0 {
            statement.running.all().remove(&statement.process_id);
        }
    }
}

/// A turn to write.
#[derive(Debug)]
struct Write {
    turn: Option<Turn>,
    since: Instant,
    /// True if other processes wait for the same lock, by looking at it again and again.
    gives_way: bool,
}

impl Drop for Write {
    fn drop(&mut self) {
        let turn = self.turn.take();
        if self.gives_way
            && self.since.elapsed() > LONG_WRITE
            && let Ok(runtime) = Handle::try_current()
        {
            runtime.spawn(async move {
                tokio::time::sleep(WAY_GIVEN).await;
                drop(turn);
            });
        }
    }
}

/// The processes of the PostgreSQL server that have a statement of the lane of long reads, from before it is sent until its
/// connection is free again.
#[derive(Debug, Default)]
pub(super) struct Running(Mutex<HashSet<i32>>);

impl Running {
    /// Waits until what was sent on a connection has ended, if it may be one of these, and notes it.
    pub(super) async fn release(&self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        if self.all().is_empty() {
            return Ok(());
        }
        let query = sqlx::query_as("select pg_backend_pid()");
        let (process_id,): (i32,) = query.fetch_one(connection).await?;
        self.all().remove(&process_id);
        Ok(())
    }

    fn all(&self) -> MutexGuard<'_, HashSet<i32>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The statements of a connection to PostgreSQL.
#[derive(Debug)]
struct Statement {
    process_id: i32,
    running: Arc<Running>,
    /// The connections by which it is cancelled.
    pool: PgPool,
    turn: Option<Turn>,
}

impl Drop for Statement {
    fn drop(&mut self) {
        let turn = self.turn.take();
        let Ok(runtime) = Handle::try_current() else { return };
        let (process_id, running, pool) = (self.process_id, Arc::clone(&self.running), self.pool.clone());
        if !running.all().contains(&process_id) {
            return;
        }
        runtime.spawn(async move {
            // again and again: it does nothing to a statement that has not arrived yet
            while running.all().contains(&process_id) {
                let cancel = sqlx::query_as("select pg_cancel_backend($1)").bind(process_id);
                match cancel.fetch_one(&pool).await {
                    Ok((true,)) => tokio::time::sleep(CANCELLED_AGAIN).await,
                    Ok((false,)) => break,
                    Err(error) => {
                        tracing::warn!(%error, "a statement was not cancelled");
                        break;
                    }
                }
            }
            running.all().remove(&process_id);
            // there are as many turns as connections: while this one is kept, nobody else has the connection
            drop(turn);
        });
    }
}
