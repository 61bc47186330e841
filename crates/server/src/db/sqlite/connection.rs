//! One connection to SQLite: opening it, bringing its schema up to date, and running a statement.

use super::super::{BUSY_TIMEOUT, Sql, Value};
use crate::error::Result;
use anyhow::{anyhow, bail};
use rusqlite::config::DbConfig;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Statement, ToSql, TransactionBehavior, params};
use sqlx::migrate::{Migration, Migrator};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// The most statements that a connection keeps compiled, and the most values of one that is kept: those of more rows differ
/// each time.
const KEPT_MAX: usize = 128;
const KEPT_VALUES_MAX: usize = 64;
/// The steps of SQLite's machine after which it looks again if anybody still waits. Few: the step that compares a text
/// with a pattern can take milliseconds.
const STEPS_BETWEEN_LOOKS: i32 = 100;

/// How connections are opened.
#[derive(Clone, Debug)]
pub(in crate::db) struct Options {
    /// The file, made if it is missing.
    pub(in crate::db) path: PathBuf,
    /// What is run first.
    pub(in crate::db) pragmas: String,
    /// What is run last.
    pub(in crate::db) on_close: &'static str,
    /// True if a statement is planned once for all values. Else it is compiled anew whenever others are bound that its plan may
    /// depend on, which takes longer than a short statement does.
    pub(in crate::db) plans_once: bool,
}

/// A connection.
#[derive(Debug)]
pub(super) struct Connection {
    sqlite: rusqlite::Connection,
    on_close: &'static str,
}

impl Connection {
    pub(super) fn open(options: &Options) -> Result<Self> {
        let sqlite = rusqlite::Connection::open(&options.path)?;
        sqlite.busy_timeout(BUSY_TIMEOUT)?;
        sqlite.set_prepared_statement_cache_capacity(KEPT_MAX);
        sqlite.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, options.plans_once)?;
        sqlite.execute_batch(&options.pragmas)?;
        Ok(Self { sqlite, on_close: options.on_close })
    }

    pub(super) fn close(self) -> rusqlite::Result<()> {
        self.sqlite.execute_batch(self.on_close)?;
        self.sqlite.close().map_err(|(_, error)| error)
    }

    /// Returns true if a transaction began and has not ended.
    pub(super) fn in_transaction(&self) -> bool {
        !self.sqlite.is_autocommit()
    }

    /// Runs statements that take no values.
    pub(super) fn run_all(&self, statements: &str) -> rusqlite::Result<()> {
        self.sqlite.execute_batch(statements)
    }

    /// Has what runs from now on stopped once `stops` returns true.
    pub(super) fn stop_when(&mut self, stops: impl FnMut() -> bool + Send + 'static) -> rusqlite::Result<()> {
        self.sqlite.progress_handler(STEPS_BETWEEN_LOOKS, Some(stops))
    }

    /// Has nothing stopped from now on.
    pub(super) fn stop_never(&mut self) -> rusqlite::Result<()> {
        self.sqlite.progress_handler(0, None::<fn() -> bool>)
    }

    /// Runs a statement and hands each row to `take`. Returns the number of rows that it changed.
    pub(super) fn run(
        &self,
        query: &Sql,
        take: &mut dyn FnMut(&rusqlite::Row<'_>) -> Result<()>,
    ) -> Result<u64> {
        let text = query.sqlite();
        if query.values().len() > KEPT_VALUES_MAX {
            run_statement(&mut self.sqlite.prepare(&text)?, query.values(), take)?;
        } else {
            run_statement(&mut *self.sqlite.prepare_cached(&text)?, query.values(), take)?;
        }
        Ok(self.sqlite.changes())
    }

    /// Runs the migrations that the database lacks, each in a transaction. Where `migrator` ignores those that it lacks, the
    /// database may have run later ones. They are noted as sqlx notes them, which does the same on PostgreSQL.
    pub(super) fn migrate(&mut self, migrator: &Migrator) -> anyhow::Result<()> {
        self.sqlite.busy_timeout(BUSY_TIMEOUT)?;
        let done = self.run_migrations(migrator);
        self.sqlite.busy_timeout(Duration::ZERO)?;
        done
    }

    fn run_migrations(&mut self, migrator: &Migrator) -> anyhow::Result<()> {
        self.sqlite.execute_batch(
            "create table if not exists _sqlx_migrations (
                version bigint primary key,
                description text not null,
                installed_on timestamp not null default current_timestamp,
                success boolean not null,
                checksum blob not null,
                execution_time bigint not null
            )",
        )?;
        let ran = self.ran()?;
        for version in ran.keys() {
            let is_known = migrator.iter().any(|migration| migration.version == *version);
            if !is_known && !migrator.ignore_missing {
                bail!("the database ran migration {version}: it is of a later release than this");
            }
        }
        for migration in migrator.iter() {
            match ran.get(&migration.version) {
                Some(checksum) if *checksum == *migration.checksum => {}
                Some(_) => bail!("the database ran another migration {}", migration.version),
                None => self.run_migration(migration)?,
            }
        }
        Ok(())
    }

    /// Returns the numbers and the checksums of the migrations that were run.
    fn ran(&self) -> rusqlite::Result<BTreeMap<i64, Vec<u8>>> {
        let mut ran = self.sqlite.prepare("select version, checksum from _sqlx_migrations")?;
        ran.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
    }

    fn run_migration(&mut self, migration: &Migration) -> anyhow::Result<()> {
        let since = Instant::now();
        let tx = self.sqlite.transaction_with_behavior(TransactionBehavior::Immediate)?;
        tx.execute_batch(migration.sql.as_str())?;
        tx.execute(
            "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
            values (?, ?, true, ?, ?)",
            params![
                migration.version,
                migration.description,
                &*migration.checksum,
                i64::try_from(since.elapsed().as_nanos())?,
            ],
        )?;
        Ok(tx.commit()?)
    }
}

fn run_statement(
    statement: &mut Statement<'_>,
    values: &[Value],
    take: &mut dyn FnMut(&rusqlite::Row<'_>) -> Result<()>,
) -> Result<()> {
    let wanted = statement.parameter_count();
    if wanted > values.len() {
        return Err(anyhow!("no value is bound to ${wanted}").into());
    }
    for (i, value) in values.iter().enumerate().take(wanted) {
        statement.raw_bind_parameter(i + 1, value)?;
    }
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next()? {
        take(row)?;
    }
    Ok(())
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let value = match self {
            Self::Bool(value) => value.map(|value| ValueRef::Integer(value.into())),
            Self::Int(value) => value.map(ValueRef::Integer),
            Self::Real(value) => value.map(ValueRef::Real),
            Self::Text(value) => value.as_ref().map(|value| ValueRef::Text(value.as_bytes())),
            Self::Bytes(value) => value.as_ref().map(|value| ValueRef::Blob(value)),
            Self::Uuid(value) => value.as_ref().map(|value| ValueRef::Blob(value.as_bytes())),
        };
        Ok(ToSqlOutput::Borrowed(value.unwrap_or(ValueRef::Null)))
    }
}
