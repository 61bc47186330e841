//! SQLite or PostgreSQL behind one `Db`. Every statement is written once, in SQL that both accept; this folder alone
//! knows which of the two is in use.

mod health;
mod lanes;
mod open;
mod purge;
mod query;
mod row;
mod sql;
mod sqlite;
mod table;
mod watch;

pub use lanes::Hold;
pub use query::Query;
pub use refrain_record_derive::Record;
pub use row::{FromColumn, Record, Row, ValueRef};
pub use sql::{Sql, Value, like_pattern, sql};
pub use table::{Column, Kind, Table};

use crate::error::{Error, Result};
use futures_util::TryStreamExt;
use health::PROBE_PAUSE;
use lanes::{Lane, Lanes, Pools};
use query::{Records, TakeRows};
use row::{Found, Of};
use rusqlite::ffi;
use sqlite::Leased;
use sqlx::SqlSafeStr;
use sqlx_postgres::Postgres;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use uuid::Uuid;
use watch::Watch;

/// The most values that one statement of many rows binds: SQLite takes 32,766, PostgreSQL 65,535, and longer
/// statements gain nothing.
const VALUES_MAX: usize = 8_000;
/// The time for which a connection is waited for.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);
/// The time for which the turn to write is waited for.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);
/// The longest wait for the writer by one who only looks whether writing is possible.
const WRITE_PATIENCE: Duration = Duration::from_secs(2);

/// The database. Its reads are short ones: those of them that may take long are made by [`Db::long`].
#[derive(Clone, Debug)]
pub struct Db {
    lanes: Arc<Lanes>,
    lane: Lane,
}

/// The place of the database.
#[derive(Clone, Debug)]
pub enum Location {
    /// A file, created if it is missing.
    Sqlite(PathBuf),
    /// A `postgres://` URL.
    Postgres(String),
}

impl Db {
    /// The number of the last migration that this release knows.
    pub const SCHEMA: i64 = open::SCHEMA;

    /// Opens the database and brings its schema up to date.
    pub async fn open(location: &Location) -> anyhow::Result<Self> {
        Self::open_at(location, Self::SCHEMA).await
    }

    /// Opens the database and brings its schema up to the migration of this number, if it is not past it.
    pub async fn open_at(location: &Location, schema: i64) -> anyhow::Result<Self> {
        let pools = open::open(location, schema).await?;
        Ok(Self { lanes: Arc::new(Lanes::new(pools, location.clone())), lane: Lane::Short })
    }

    /// Returns the database for reads that may take long: searches, counts over many rows, exports. They have
    /// connections of their own, shared out over organizations. PostgreSQL ends a statement after less than a request
    /// may take.
    pub fn long(&self, org_id: impl Into<Uuid>) -> Self {
        Self { lanes: Arc::clone(&self.lanes), lane: Lane::request(org_id.into()) }
    }

    /// Returns the database for the long reads of a job or a command, whose statements may take longer.
    pub fn patient(&self, org_id: impl Into<Uuid>) -> Self {
        Self { lanes: Arc::clone(&self.lanes), lane: Lane::job(org_id.into()) }
    }

    /// Brings the schema up to date.
    pub async fn migrate(&self) -> anyhow::Result<()> {
        open::migrate(&self.lanes.location, &self.lanes.pools, Self::SCHEMA).await
    }

    /// Returns the number of the last migration that the database ran.
    pub async fn schema(&self) -> Result<i64> {
        self.fetch_one(sql("select max(version) from _sqlx_migrations")).await.map(|(version,)| version)
    }

    /// Closes every connection. SQLite merges its write-ahead log into the file.
    pub async fn close(&self) {
        self.lanes.close().await;
    }

    /// Returns the name of the database, for people.
    pub fn name(&self) -> &'static str {
        match self.lanes.pools {
            Pools::Sqlite { .. } => "SQLite",
            Pools::Postgres { .. } => "PostgreSQL",
        }
    }

    /// Returns true if other processes may serve on it.
    pub fn is_shared(&self) -> bool {
        matches!(self.lanes.pools, Pools::Postgres { .. })
    }

    /// Reads every row of `query`, which must bound their number.
    pub async fn fetch_all<T: Record>(&self, query: Sql) -> Result<Vec<T>> {
        let mut records = Records(Vec::new());
        // boxed, as what waits for a connection is large, and every caller would be as large
        Box::pin(self.read_rows(query, &mut records)).await?;
        Ok(records.0)
    }

    /// Hands each row of `query` to `rows`. It is no generic function, so that it is compiled once and not for each
    /// type of record.
    async fn read_rows(&self, query: Sql, rows: &mut dyn TakeRows) -> Result<()> {
        match &self.lanes.pools {
            Pools::Sqlite { .. } => {
                let mut reader = self.lanes.reader(self.lane).await?;
                reader.read_rows(query, rows).await?;
            }
            Pools::Postgres { .. } => {
                let (mut connection, mut hold) = self.lanes.postgres(self.lane).await?;
                let mut watch = Watch::of(&query);
                let (text, arguments) = query.postgres()?;
                hold.begins();
                let found = Found::default();
                let mut read = sqlx::query_with(text, arguments).fetch(&mut *connection);
                while let Some(row) = read.try_next().await? {
                    rows.take(&Row::new(Of::Postgres(&row), &found))?;
                    watch.row().await;
                }
                hold.ended();
            }
        }
        Ok(())
    }

    /// Reads the only row of `query`, if it has one.
    pub async fn fetch_optional<T: Record>(&self, query: Sql) -> Result<Option<T>> {
        Ok(self.fetch_all(query).await?.into_iter().next())
    }

    /// Reads the only row of `query`. Fails if it has none.
    pub async fn fetch_one<T: Record>(&self, query: Sql) -> Result<T> {
        self.fetch_optional(query).await?.ok_or_else(|| sqlx::Error::RowNotFound.into())
    }

    /// Makes PostgreSQL analyze the tables of conversations and insights, so that it plans well right after many rows
    /// came: by itself it analyzes up to a minute later. SQLite plans well without.
    pub async fn analyze(&self) -> Result<()> {
        if let Pools::Postgres { main: pool, .. } = &self.lanes.pools {
            sqlx::query(
                "analyze sessions, session_values, contacts, contact_values, statements, occurrences",
            )
            .execute(pool)
            .await?;
        }
        Ok(())
    }

    /// Begins a transaction that writes what belongs to no organization, or to more than one.
    pub async fn begin(&self) -> Result<Tx> {
        self.begin_for(Uuid::nil()).await
    }

    /// Begins a transaction that writes for an organization. Those who wait for it take turns.
    pub async fn begin_for(&self, org_id: impl Into<Uuid>) -> Result<Tx> {
        Box::pin(self.begin_in_turn(org_id.into())).await
    }

    async fn begin_in_turn(&self, org_id: Uuid) -> Result<Tx> {
        let hold = self.lanes.writer(org_id).await?;
        let on = match &self.lanes.pools {
            Pools::Sqlite { write, .. } => {
                let mut writer = write.take(None).await?;
                writer.begin("begin immediate");
                On::Sqlite(writer)
            }
            Pools::Postgres { main, .. } => {
                On::Postgres(self.lanes.health.attempt(main, main.begin()).await?)
            }
        };
        Ok(Tx { on, hold })
    }

    /// Writes something of no matter, once a second at most. Fails if the database cannot be written to. That other
    /// writers keep it busy is no failure.
    pub async fn try_writing(&self) -> Result<()> {
        let mut wrote_at = self.lanes.health.wrote_at.lock().await;
        if wrote_at.is_some_and(|at| at.elapsed() < PROBE_PAUSE) {
            return Ok(());
        }
        let write = async {
            let mut tx = self.begin().await?;
            tx.run(sql("update _sqlx_migrations set success = success where version = 1")).await?;
            tx.commit().await
        };
        tokio::time::timeout(WRITE_PATIENCE, write).await.unwrap_or(Ok(()))?;
        *wrote_at = Some(Instant::now());
        Ok(())
    }

    /// Begins a read-only transaction that sees one snapshot of the database throughout.
    pub async fn snapshot(&self) -> Result<Tx> {
        Box::pin(self.begin_snapshot()).await
    }

    async fn begin_snapshot(&self) -> Result<Tx> {
        Ok(match &self.lanes.pools {
            Pools::Sqlite { .. } => {
                let mut reader = self.lanes.reader(self.lane).await?;
                reader.begin("begin");
                Tx { on: On::Sqlite(reader), hold: Hold::nothing() }
            }
            Pools::Postgres { .. } => {
                let (connection, hold) = self.lanes.postgres(self.lane).await?;
                let begin = "begin isolation level repeatable read read only".into_sql_str();
                let mut tx = sqlx::Transaction::begin(connection, Some(begin)).await?;
                // it holds up nobody, and its reader may be slow
                sqlx::query("set local idle_in_transaction_session_timeout = '60s'")
                    .execute(&mut *tx)
                    .await?;
                Tx { on: On::Postgres(tx), hold }
            }
        })
    }
}

/// A transaction. If it is dropped without [`Tx::commit`], nothing is written.
#[derive(Debug)]
pub struct Tx {
    on: On,
    // the last to be dropped: the turn ends with the transaction
    hold: Hold,
}

/// The connection of a transaction.
#[derive(Debug)]
enum On {
    Sqlite(Leased),
    Postgres(sqlx::Transaction<'static, Postgres>),
}

impl Tx {
    /// Runs `query` and returns the number of rows that it changed.
    pub async fn execute(&mut self, query: Sql) -> Result<u64> {
        Ok(match &mut self.on {
            On::Sqlite(connection) => connection.execute(query).await?,
            On::Postgres(tx) => {
                let _watch = Watch::of(&query);
                let (text, arguments) = query.postgres()?;
                sqlx::query_with(text, arguments).execute(&mut **tx).await?.rows_affected()
            }
        })
    }

    /// Reads every row of `query`, which must bound their number.
    pub async fn fetch_all<T: Record>(&mut self, query: Sql) -> Result<Vec<T>> {
        let mut records = Records(Vec::new());
        self.read_rows(query, &mut records).await?;
        Ok(records.0)
    }

    /// Reads the rows of `query` and hands on each, so that their number need not be bounded.
    pub async fn fetch_each<T: Record>(&mut self, query: Sql, mut take: impl FnMut(T) + Send) -> Result<()> {
        self.read_rows(query, &mut |row: &Row<'_>| T::read(row).map(&mut take)).await
    }

    /// Hands each row of `query` to `rows`, as [`Db::read_rows`] does.
    async fn read_rows(&mut self, query: Sql, rows: &mut dyn TakeRows) -> Result<()> {
        match &mut self.on {
            On::Sqlite(connection) => connection.read_rows(query, rows).await?,
            On::Postgres(tx) => {
                let hold = &mut self.hold;
                let mut watch = Watch::of(&query);
                let (text, arguments) = query.postgres()?;
                hold.begins();
                let found = Found::default();
                let mut read = sqlx::query_with(text, arguments).fetch(&mut **tx);
                while let Some(row) = read.try_next().await? {
                    rows.take(&Row::new(Of::Postgres(&row), &found))?;
                    watch.row().await;
                }
                hold.ended();
            }
        }
        Ok(())
    }

    /// Reads the only row of `query`, if it has one.
    pub async fn fetch_optional<T: Record>(&mut self, query: Sql) -> Result<Option<T>> {
        Ok(self.fetch_all(query).await?.into_iter().next())
    }

    /// Reads the only row of `query`. Fails if it has none.
    pub async fn fetch_one<T: Record>(&mut self, query: Sql) -> Result<T> {
        self.fetch_optional(query).await?.ok_or_else(|| sqlx::Error::RowNotFound.into())
    }

    /// Runs `query` and ignores the number of rows that it changed.
    pub async fn run(&mut self, query: Sql) -> Result<()> {
        self.execute(query).await.map(|_| ())
    }

    /// Inserts `rows` of equal length after `insert into … (…)`, in as many statements as it takes. Each statement ends
    /// with `suffix`.
    pub async fn insert_all(&mut self, insert: &str, rows: Vec<Vec<Value>>, suffix: &str) -> Result<()> {
        let width = rows.first().map_or(1, Vec::len).max(1);
        let mut rows = rows.into_iter().peekable();
        while rows.peek().is_some() {
            let mut query = sql(insert);
            query.push(" ").push_values(rows.by_ref().take(VALUES_MAX / width)).push(" ").push(suffix);
            self.run(query).await?;
        }
        Ok(())
    }

    /// Commits the transaction.
    pub async fn commit(self) -> Result<()> {
        let Self { on, hold: _hold } = self;
        match on {
            On::Sqlite(connection) => connection.commit().await?,
            On::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }
}

/// Converts a length to the type in which the database counts rows.
pub fn count(len: usize) -> i64 {
    i64::try_from(len).unwrap_or(i64::MAX)
}

/// Returns true if `error` is a violation of a unique key.
pub fn is_unique_violation(error: &Error) -> bool {
    let Error::Internal(cause) = error else { return false };
    let on_sqlite = |cause: &rusqlite::Error| {
        let code = cause.sqlite_error().map(|error| error.extended_code);
        code.is_some_and(|code| {
            [ffi::SQLITE_CONSTRAINT_UNIQUE, ffi::SQLITE_CONSTRAINT_PRIMARYKEY].contains(&code)
        })
    };
    matches!(cause.downcast_ref(), Some(sqlx::Error::Database(cause)) if cause.is_unique_violation())
        || cause.downcast_ref().is_some_and(on_sqlite)
}
