//! Opening the database: connections, and migrations.

use super::lanes::{IDLE_MAX, LONG_PLACES, Pools, Running, SHORT_PLACES};
use super::sqlite::{Connections, Options};
use super::{ACQUIRE_TIMEOUT, Location};
use anyhow::Context;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{AssertSqlSafe, ConnectOptions, SqlSafeStr};
use sqlx_postgres::{PgConnectOptions, PgPoolOptions};
use std::fs::File;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

/// The connections to PostgreSQL, without those of long reads.
const POSTGRES_CONNECTIONS: u32 = 14;
/// What each connection to SQLite is told.
const PRAGMAS: [&str; 6] = [
    "pragma synchronous = full",
    "pragma foreign_keys = on",
    // in KiB: nine connections have less than 160 MB together
    "pragma cache_size = -16000",
    "pragma mmap_size = 268435456",
    "pragma temp_store = memory",
    // what is deleted is overwritten
    "pragma secure_delete = on",
];
/// What the one that writes is told before. Pages of what is deleted can be given back, in new files, since it is set as they
/// are made. It is set by a write, which readers must not need: a disk may be full. Who begins to write looks for the lock itself.
const WRITER_PRAGMAS: &str =
    "pragma auto_vacuum = incremental; pragma journal_mode = wal; pragma busy_timeout = 0";
/// What those that read are told before.
const READER_PRAGMAS: &str = "pragma query_only = on";

/// Every migration, in PostgreSQL's words: its number, its name and its text.
const MIGRATIONS: [(i64, &str, &str); 18] = [
    (1, "initial", include_str!("../../migrations/0001_initial.sql")),
    (2, "destinations", include_str!("../../migrations/0002_destinations.sql")),
    (3, "org_settings", include_str!("../../migrations/0003_org_settings.sql")),
    (4, "tenants", include_str!("../../migrations/0004_tenants.sql")),
    (5, "masking", include_str!("../../migrations/0005_masking.sql")),
    (6, "access", include_str!("../../migrations/0006_access.sql")),
    (8, "erasure", include_str!("../../migrations/0008_erasure.sql")),
    (10, "set_aside", include_str!("../../migrations/0010_set_aside.sql")),
    (11, "boilerplate", include_str!("../../migrations/0011_boilerplate.sql")),
    (12, "idempotency_redaction", include_str!("../../migrations/0012_idempotency_redaction.sql")),
    (13, "imports", include_str!("../../migrations/0013_imports.sql")),
    (14, "members", include_str!("../../migrations/0014_members.sql")),
    (15, "decisions", include_str!("../../migrations/0015_decisions.sql")),
    (16, "proof", include_str!("../../migrations/0016_proof.sql")),
    (17, "slices", include_str!("../../migrations/0017_slices.sql")),
    (18, "facets", include_str!("../../migrations/0018_facets.sql")),
    (19, "index", include_str!("../../migrations/0019_index.sql")),
    (20, "ticket_links", include_str!("../../migrations/0020_ticket_links.sql")),
];

/// Words of PostgreSQL in a migration, and what SQLite has in their place. Databases keep a checksum of each
/// migration that they ran: a pair is added, never changed.
const IN_SQLITE: [(&str, &str); 8] = [
    (" uuid", " blob"),
    (" bytea", " blob"),
    (" bigint", " integer"),
    (" boolean", " integer"),
    (" double precision", " real"),
    (" default false", " default 0"),
    ("\n);", "\n) strict;"),
    // in the comment of the first migration
    ("The same file for SQLite differs", "The same file for PostgreSQL differs"),
];

/// The number of the last migration.
pub(super) const SCHEMA: i64 = MIGRATIONS[MIGRATIONS.len() - 1].0;

/// Lists the tables that migrations make, in the order in which they do: each after those that it refers to.
pub(super) fn tables() -> Vec<String> {
    let made = |text: &'static str| text.split("create table ").skip(1);
    let name = |rest: &str| rest.split([' ', '(']).next().unwrap_or("").to_owned();
    MIGRATIONS.iter().flat_map(|(_, _, text)| made(text)).map(name).collect()
}

/// Opens the connections to the database and runs the migrations that it lacks, up to this number.
pub(super) async fn open(location: &Location, schema: i64) -> anyhow::Result<Pools> {
    let pools = match location {
        Location::Sqlite(path) => open_sqlite(path).await?,
        Location::Postgres(url) => open_postgres(url).await?,
    };
    migrate(location, &pools, schema).await?;
    Ok(pools)
}

/// Runs the migrations that the database lacks, up to this number.
pub(super) async fn migrate(location: &Location, pools: &Pools, schema: i64) -> anyhow::Result<()> {
    // one process at a time: sqlx ensures that on PostgreSQL alone
    let _lock = match location {
        Location::Sqlite(path) => {
            let file = private_file(&path.with_extension("lock"))?;
            file.lock()?;
            Some(file)
        }
        Location::Postgres(_) => None,
    };
    let done = match pools {
        Pools::Sqlite { write, .. } => write.take(None).await?.migrate(&migrator(in_sqlite, schema)),
        Pools::Postgres { main, .. } => Ok(migrator(str::to_owned, schema).run(main).await?),
    };
    done.context("bringing the schema up to date")
}

/// Opens a file, which is made for its owner alone. SQLite makes its other files as the first one is.
fn private_file(path: &Path) -> std::io::Result<File> {
    File::options().write(true).create(true).truncate(false).mode(0o600).open(path)
}

/// Makes the migrator, with each migration as `render` writes it for the database.
fn migrator(render: fn(&str) -> String, schema: i64) -> Migrator {
    let migration = |(number, name, text): (i64, &'static str, &str)| {
        let text = AssertSqlSafe(render(text)).into_sql_str();
        Migration::new(number, name.into(), MigrationType::Simple, text, false)
    };
    let known = MIGRATIONS.into_iter().filter(|(number, _, _)| *number <= schema);
    let mut migrator = Migrator::with_migrations(known.map(migration).collect());
    migrator.set_ignore_missing(schema < SCHEMA);
    migrator
}

fn in_sqlite(text: &str) -> String {
    IN_SQLITE.iter().fold(text.to_owned(), |text, (word, in_sqlite)| text.replace(word, in_sqlite))
}

async fn open_sqlite(path: &Path) -> anyhow::Result<Pools> {
    let opening = || format!("opening {}", path.display());
    private_file(path).with_context(opening)?;
    let options = |own: &str| Options {
        path: path.to_owned(),
        pragmas: format!("{own}; {}", PRAGMAS.join(";")),
        on_close: "",
        plans_once: true,
    };
    let on_close = "pragma analysis_limit = 1000; pragma optimize";
    let write = Connections::writer(Options { on_close, ..options(WRITER_PRAGMAS) });
    // a new file is made first
    write.take(None).await.with_context(opening)?;
    let short = Connections::readers(options(READER_PRAGMAS), SHORT_PLACES, None);
    let reads = Options { plans_once: false, ..options(READER_PRAGMAS) };
    let long = Connections::readers(reads, u32::try_from(LONG_PLACES)?, Some(IDLE_MAX));
    // while a reader is open, SQLite keeps the index of its write-ahead log, which it could not make anew on a full disk
    short.take(None).await.with_context(opening)?;
    Ok(Pools::Sqlite { write, short, long })
}

async fn open_postgres(url: &str) -> anyhow::Result<Pools> {
    let options = PgConnectOptions::from_str(url)
        .context("reading the database URL")?
        .application_name("refrain")
        .options([
            ("statement_timeout", "60000"),
            // a process that stops within a transaction holds an organization no longer than this
            ("idle_in_transaction_session_timeout", "4000"),
            ("lock_timeout", "15000"),
            // and one whose machine is gone no longer than this
            ("tcp_user_timeout", "8000"),
            // filters differ too much in what they match for one plan to fit them all
            ("plan_cache_mode", "force_custom_plan"),
            ("jit", "off"),
        ])
        .disable_statement_logging();
    let main = PgPoolOptions::new()
        .max_connections(POSTGRES_CONNECTIONS)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_with(options.clone())
        .await
        .context("connecting to PostgreSQL")?;
    let running = Arc::new(Running::default());
    let release = Arc::clone(&running);
    let long = PgPoolOptions::new()
        .max_connections(u32::try_from(LONG_PLACES)?)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .after_release(move |connection, _| {
            let running = Arc::clone(&release);
            Box::pin(async move { running.release(connection).await.map(|()| true) })
        })
        .connect_lazy_with(options);
    Ok(Pools::Postgres { main, long, running })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The checksums that databases keep of a migration, on SQLite and on PostgreSQL.
    fn checksums(number: usize) -> [String; 2] {
        [in_sqlite as fn(&str) -> String, str::to_owned].map(|render| {
            let checksum = migrator(render, SCHEMA).iter().nth(number - 1).unwrap().checksum.clone();
            hex::encode(checksum)
        })
    }

    #[test]
    fn a_migration_that_databases_ran_is_never_another() {
        let sqlite = "1c4f4b67225d8f599a8d09819dcf5aa5a8f9fccc82e6fecc669db0972f674aef\
            7fe1b9f7858902d6fa2873e3f4aac06c";
        let postgres = "06d0facc4d00214bcdc67759e12ca2b2c41ea6fcb68e9ccb133126ad269df0e5\
            1f9fbbc0202a4a1c85e817d2072cfd16";
        assert_eq!(checksums(1), [sqlite, postgres]);
    }

    #[test]
    fn every_file_of_migrations_is_run() {
        let folder = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations")).unwrap();
        let mut files: Vec<_> = folder.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        files.sort();
        assert_eq!(files, MIGRATIONS.map(|(number, name, _)| format!("{number:04}_{name}.sql")));
    }
}
