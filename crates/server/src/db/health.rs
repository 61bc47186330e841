//! Whether the database can be used. While a PostgreSQL server is gone, requests fail fast.

use crate::error::{Error, Result};
use sqlx::Connection;
use sqlx_postgres::{PgConnectOptions, PgConnection, PgPool};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

/// The wait for a connection after which it is looked whether the server is there at all.
const PATIENCE: Duration = Duration::from_secs(1);
/// The longest wait for the server when it is looked whether it is there.
const PROBE_TIMEOUT: Duration = Duration::from_secs(2);
/// The time for which a look holds.
pub(super) const PROBE_PAUSE: Duration = Duration::from_secs(1);
const TOO_MANY_CONNECTIONS: &str = "53300";

const GONE: Error = Error::Unavailable("the database cannot be reached");

/// The state of the database, as far as the last looks showed. One caller at a time looks.
#[derive(Debug, Default)]
pub(super) struct Health {
    /// True if the PostgreSQL server was not there.
    is_gone: AtomicBool,
    /// The time of the last look whether it is there.
    probed_at: Mutex<Option<Instant>>,
    /// The time of the last look at which writing was possible.
    pub(super) wrote_at: Mutex<Option<Instant>>,
}

impl Health {
    /// Awaits `attempt`, which waits for a connection of `pool`. Fails at once while the server is known to be gone,
    /// but for one caller a second, who looks whether it is back.
    pub(super) async fn attempt<T>(
        &self,
        pool: &PgPool,
        attempt: impl Future<Output = Result<T, sqlx::Error>>,
    ) -> Result<T> {
        if self.is_gone.load(Ordering::Relaxed) {
            self.probe(pool).await?;
        }
        let mut attempt = pin!(attempt);
        if let Ok(result) = timeout(PATIENCE, &mut attempt).await {
            return Ok(result?);
        }
        // all connections may be busy, or there may be nobody to connect to
        self.probe(pool).await?;
        Ok(attempt.await?)
    }

    /// Looks whether the server is there, unless another caller just did. Fails if it is gone.
    async fn probe(&self, pool: &PgPool) -> Result<()> {
        let Ok(mut probed_at) = self.probed_at.try_lock() else {
            return if self.is_gone.load(Ordering::Relaxed) { Err(GONE) } else { Ok(()) };
        };
        if probed_at.is_none_or(|at| at.elapsed() >= PROBE_PAUSE) {
            let is_there = answers(&pool.connect_options()).await;
            if self.is_gone.swap(!is_there, Ordering::Relaxed) == is_there {
                if is_there {
                    tracing::info!("the database is back");
                } else {
                    tracing::error!("the database cannot be reached");
                }
            }
            *probed_at = Some(Instant::now());
        }
        if self.is_gone.load(Ordering::Relaxed) { Err(GONE) } else { Ok(()) }
    }
}

/// Returns true if the server takes a connection. One that has no more connections to give answers too.
async fn answers(options: &PgConnectOptions) -> bool {
    match timeout(PROBE_TIMEOUT, PgConnection::connect_with(options)).await {
        Ok(Ok(connection)) => {
            let _ = timeout(PROBE_TIMEOUT, connection.close()).await;
            true
        }
        Ok(Err(sqlx::Error::Database(error))) => {
            error.code().is_some_and(|code| code == TOO_MANY_CONNECTIONS)
        }
        _ => false,
    }
}
