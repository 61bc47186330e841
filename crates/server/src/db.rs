//! SQLite or PostgreSQL behind one `Db`. Every statement is written once, in what both accept; this file
//! alone knows which of the two is behind.

use crate::error::{Error, Result};
use anyhow::{Context, anyhow};
use refrain_nlp::case_fold::fold;
use sqlx::postgres::{PgArguments, PgConnectOptions, PgPoolOptions, PgRow};
use sqlx::sqlite::{
    SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
};
use sqlx::{Arguments, AssertSqlSafe, FromRow, PgPool, Postgres, Sqlite, SqlitePool};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;
use uuid::Uuid;

/// The most values one statement of many rows binds: SQLite takes 32,766, PostgreSQL 65,535, and longer
/// statements gain nothing.
const VALUES_MAX: usize = 8_000;
const SQLITE_READERS: u32 = 4;
const POSTGRES_CONNECTIONS: u32 = 16;
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// A value bound to a statement.
#[derive(Clone, Debug)]
pub enum Value {
    /// True or false.
    Bool(Option<bool>),
    /// A whole number; times and counts too.
    Int(Option<i64>),
    /// A real number.
    Real(Option<f64>),
    /// Text.
    Text(Option<String>),
    /// Bytes.
    Bytes(Option<Vec<u8>>),
    /// An id.
    Uuid(Option<Uuid>),
}

macro_rules! value_from {
    ($($type:ty => $variant:ident),+ $(,)?) => {$(
        impl From<$type> for Value {
            fn from(value: $type) -> Self {
                Self::$variant(Some(value.into()))
            }
        }

        impl From<Option<$type>> for Value {
            fn from(value: Option<$type>) -> Self {
                Self::$variant(value.map(Into::into))
            }
        }
    )+};
}

value_from! { bool => Bool, i64 => Int, i32 => Int, f64 => Real, &str => Text, &String => Text, String => Text, Vec<u8> => Bytes, Uuid => Uuid }

/// A statement and the values bound to its `$1`, `$2`, ….
#[derive(Clone, Debug, Default)]
pub struct Sql {
    text: String,
    values: Vec<Value>,
}

/// Begins a statement with `text`.
pub fn sql(text: &str) -> Sql {
    Sql { text: text.to_owned(), values: Vec::new() }
}

impl Sql {
    /// Binds the next of the placeholders that stand in the text so far.
    pub fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Adds text.
    pub fn push(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Adds a placeholder and the value bound to it.
    pub fn push_bind(&mut self, value: impl Into<Value>) -> &mut Self {
        self.values.push(value.into());
        self.text.push('$');
        self.text.push_str(&self.values.len().to_string());
        self
    }

    /// Adds `(…, …)` of one placeholder for each value. An empty list would be no SQL: `(null)` is in no set.
    pub fn push_list<V: Into<Value>>(&mut self, values: impl IntoIterator<Item = V>) -> &mut Self {
        self.push("(");
        let before = self.values.len();
        for value in values {
            self.push(if self.values.len() > before { "," } else { "" }).push_bind(value);
        }
        self.push(if self.values.len() > before { ")" } else { "null)" })
    }

    /// For SQLite, with a bare `?` for each placeholder: it finds numbered ones by a walk over all of them,
    /// which costs a long list of rows its square.
    fn sqlite(self) -> Result<(AssertSqlSafe<String>, SqliteArguments)> {
        let mut text = String::with_capacity(self.text.len());
        let mut values = Vec::with_capacity(self.values.len());
        let mut parts = self.text.split('$');
        text.push_str(parts.next().unwrap_or(""));
        for part in parts {
            let digits = part.bytes().take_while(u8::is_ascii_digit).count();
            let number: usize = part[..digits].parse().unwrap_or(0);
            let value = number.checked_sub(1).and_then(|at| self.values.get(at));
            values.push(value.cloned().ok_or_else(|| anyhow!("no value is bound to ${number}"))?);
            text.push('?');
            text.push_str(&part[digits..]);
        }
        let mut arguments = SqliteArguments::default();
        add_all(&mut arguments, values)?;
        Ok((AssertSqlSafe(text), arguments))
    }

    fn postgres(self) -> Result<(AssertSqlSafe<String>, PgArguments)> {
        let mut arguments = PgArguments::default();
        add_all(&mut arguments, self.values)?;
        Ok((AssertSqlSafe(self.text), arguments))
    }
}

/// A `like` pattern that finds `text` anywhere in folded text; to be used with `escape '\'`.
pub fn like_pattern(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in fold(text).chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

fn add_all<A>(arguments: &mut A, values: Vec<Value>) -> Result<()>
where
    A: Arguments,
    for<'v> Option<bool>: sqlx::Encode<'v, A::Database> + sqlx::Type<A::Database>,
    for<'v> Option<i64>: sqlx::Encode<'v, A::Database> + sqlx::Type<A::Database>,
    for<'v> Option<f64>: sqlx::Encode<'v, A::Database> + sqlx::Type<A::Database>,
    for<'v> Option<String>: sqlx::Encode<'v, A::Database> + sqlx::Type<A::Database>,
    for<'v> Option<Vec<u8>>: sqlx::Encode<'v, A::Database> + sqlx::Type<A::Database>,
    for<'v> Option<Uuid>: sqlx::Encode<'v, A::Database> + sqlx::Type<A::Database>,
{
    for value in values {
        match value {
            Value::Bool(v) => arguments.add(v),
            Value::Int(v) => arguments.add(v),
            Value::Real(v) => arguments.add(v),
            Value::Text(v) => arguments.add(v),
            Value::Bytes(v) => arguments.add(v),
            Value::Uuid(v) => arguments.add(v),
        }
        .map_err(sqlx::Error::Encode)?;
    }
    Ok(())
}

/// What a row can be read into, from either database.
pub trait Record: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}

impl<T> Record for T where T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}

#[derive(Clone, Debug)]
enum Pools {
    /// One connection that writes, several that read: SQLite has one writer at a time.
    Sqlite {
        write: SqlitePool,
        read: SqlitePool,
    },
    Postgres(PgPool),
}

/// The database.
#[derive(Clone, Debug)]
pub struct Db {
    pools: Pools,
}

/// Where the database is.
#[derive(Clone, Debug)]
pub enum Location {
    /// A file that is made when missing.
    Sqlite(PathBuf),
    /// A `postgres://` URL.
    Postgres(String),
}

impl Db {
    /// Opens the database and brings its schema up to date.
    pub async fn open(location: &Location) -> anyhow::Result<Self> {
        let pools = match location {
            Location::Sqlite(path) => open_sqlite(path).await?,
            Location::Postgres(url) => open_postgres(url).await?,
        };
        migrate(location, &pools).await.context("bringing the schema up to date")?;
        Ok(Self { pools })
    }

    /// Ends every connection; SQLite folds its write-ahead log into the file.
    pub async fn close(&self) {
        match &self.pools {
            Pools::Sqlite { write, read } => {
                read.close().await;
                write.close().await;
            }
            Pools::Postgres(pool) => pool.close().await,
        }
    }

    /// The name of the database behind, for people.
    pub fn name(&self) -> &'static str {
        match self.pools {
            Pools::Sqlite { .. } => "SQLite",
            Pools::Postgres(_) => "PostgreSQL",
        }
    }

    /// Every row of `query`; the query bounds how many.
    pub async fn fetch_all<T: Record>(&self, query: Sql) -> Result<Vec<T>> {
        Ok(match &self.pools {
            Pools::Sqlite { read, .. } => {
                let (text, arguments) = query.sqlite()?;
                sqlx::query_as_with(text, arguments).fetch_all(read).await?
            }
            Pools::Postgres(pool) => {
                let (text, arguments) = query.postgres()?;
                sqlx::query_as_with(text, arguments).fetch_all(pool).await?
            }
        })
    }

    /// The only row of `query`, if it has one.
    pub async fn fetch_optional<T: Record>(&self, query: Sql) -> Result<Option<T>> {
        Ok(self.fetch_all(query).await?.into_iter().next())
    }

    /// The one row of `query`.
    pub async fn fetch_one<T: Record>(&self, query: Sql) -> Result<T> {
        self.fetch_optional(query).await?.ok_or_else(|| sqlx::Error::RowNotFound.into())
    }

    /// Has PostgreSQL look how the values of conversations and insights are spread, so that it plans well right after
    /// many came: by itself it looks a minute later. SQLite plans well without.
    pub async fn analyze(&self) -> Result<()> {
        if let Pools::Postgres(pool) = &self.pools {
            sqlx::query(
                "analyze sessions, session_values, contacts, contact_values, statements, occurrences",
            )
            .execute(pool)
            .await?;
        }
        Ok(())
    }

    /// Begins a transaction that writes.
    pub async fn begin(&self) -> Result<Tx> {
        Ok(match &self.pools {
            Pools::Sqlite { write, .. } => Tx::Sqlite(write.begin_with("begin immediate").await?),
            Pools::Postgres(pool) => Tx::Postgres(pool.begin().await?),
        })
    }

    /// Begins a transaction that sees one state of the database throughout, and only reads.
    pub async fn snapshot(&self) -> Result<Tx> {
        Ok(match &self.pools {
            Pools::Sqlite { read, .. } => Tx::Sqlite(read.begin().await?),
            Pools::Postgres(pool) => {
                Tx::Postgres(pool.begin_with("begin isolation level repeatable read read only").await?)
            }
        })
    }
}

async fn migrate(location: &Location, pools: &Pools) -> anyhow::Result<()> {
    // one process at a time: sqlx sees to it on PostgreSQL alone
    let _lock = match location {
        Location::Sqlite(path) => {
            let file = std::fs::File::create(path.with_extension("lock"))?;
            file.lock()?;
            Some(file)
        }
        Location::Postgres(_) => None,
    };
    match pools {
        Pools::Sqlite { write, .. } => sqlx::migrate!("./migrations/sqlite").run(write).await?,
        Pools::Postgres(pool) => sqlx::migrate!("./migrations/postgres").run(pool).await?,
    }
    Ok(())
}

async fn open_sqlite(path: &PathBuf) -> anyhow::Result<Pools> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        .pragma("cache_size", "-32000")
        .pragma("mmap_size", "268435456")
        .pragma("temp_store", "memory")
        .optimize_on_close(true, 1000);
    let opening = || format!("opening {}", path.display());
    let write = SqlitePoolOptions::new()
        .max_connections(1)
        .acquire_timeout(BUSY_TIMEOUT)
        // there is one writer: waiting for it is nothing to warn of
        .acquire_slow_threshold(BUSY_TIMEOUT)
        .connect_with(options.clone())
        .await
        .with_context(opening)?;
    let read = SqlitePoolOptions::new()
        .max_connections(SQLITE_READERS)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_with(options.pragma("query_only", "on").optimize_on_close(false, None))
        .await
        .with_context(opening)?;
    Ok(Pools::Sqlite { write, read })
}

async fn open_postgres(url: &str) -> anyhow::Result<Pools> {
    let options = PgConnectOptions::from_str(url)
        .context("reading the database URL")?
        .application_name("refrain")
        .options([
            ("statement_timeout", "60000"),
            ("idle_in_transaction_session_timeout", "60000"),
            // filters differ too much in what they match for one plan to fit them all
            ("plan_cache_mode", "force_custom_plan"),
            ("jit", "off"),
        ]);
    let pool = PgPoolOptions::new()
        .max_connections(POSTGRES_CONNECTIONS)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_with(options)
        .await
        .context("connecting to PostgreSQL")?;
    Ok(Pools::Postgres(pool))
}

/// A transaction. Dropped without [`Tx::commit`], nothing of it happened.
#[derive(Debug)]
pub enum Tx {
    /// On SQLite.
    Sqlite(sqlx::Transaction<'static, Sqlite>),
    /// On PostgreSQL.
    Postgres(sqlx::Transaction<'static, Postgres>),
}

impl Tx {
    /// Runs `query` and returns how many rows it changed.
    pub async fn execute(&mut self, query: Sql) -> Result<u64> {
        Ok(match self {
            Self::Sqlite(tx) => {
                let (text, arguments) = query.sqlite()?;
                sqlx::query_with(text, arguments).execute(&mut **tx).await?.rows_affected()
            }
            Self::Postgres(tx) => {
                let (text, arguments) = query.postgres()?;
                sqlx::query_with(text, arguments).execute(&mut **tx).await?.rows_affected()
            }
        })
    }

    /// Every row of `query`; the query bounds how many.
    pub async fn fetch_all<T: Record>(&mut self, query: Sql) -> Result<Vec<T>> {
        Ok(match self {
            Self::Sqlite(tx) => {
                let (text, arguments) = query.sqlite()?;
                sqlx::query_as_with(text, arguments).fetch_all(&mut **tx).await?
            }
            Self::Postgres(tx) => {
                let (text, arguments) = query.postgres()?;
                sqlx::query_as_with(text, arguments).fetch_all(&mut **tx).await?
            }
        })
    }

    /// The only row of `query`, if it has one.
    pub async fn fetch_optional<T: Record>(&mut self, query: Sql) -> Result<Option<T>> {
        Ok(self.fetch_all(query).await?.into_iter().next())
    }

    /// The one row of `query`.
    pub async fn fetch_one<T: Record>(&mut self, query: Sql) -> Result<T> {
        self.fetch_optional(query).await?.ok_or_else(|| sqlx::Error::RowNotFound.into())
    }

    /// Inserts `rows` of equal length behind `insert into … (…)`, as many statements as it takes, each
    /// ended by `suffix`.
    pub async fn insert_all(&mut self, insert: &str, rows: Vec<Vec<Value>>, suffix: &str) -> Result<()> {
        let width = rows.first().map_or(1, Vec::len).max(1);
        let mut rows = rows.into_iter().peekable();
        while rows.peek().is_some() {
            let mut query = sql(insert);
            for (i, row) in rows.by_ref().take(VALUES_MAX / width).enumerate() {
                query.push(if i == 0 { " values " } else { "," }).push_list(row);
            }
            query.push(" ").push(suffix);
            self.execute(query).await?;
        }
        Ok(())
    }

    /// Makes everything of this transaction lasting.
    pub async fn commit(self) -> Result<()> {
        match self {
            Self::Sqlite(tx) => tx.commit().await?,
            Self::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }
}

/// Whether `error` says that a row with that key is there already.
pub fn is_unique_violation(error: &Error) -> bool {
    let Error::Internal(cause) = error else { return false };
    matches!(cause.downcast_ref(), Some(sqlx::Error::Database(cause)) if cause.is_unique_violation())
}
