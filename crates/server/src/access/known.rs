//! The keys that were looked up a moment ago, so that not every request asks the database for its key.

use super::Caller;
use crate::time::Timestamp;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The time for which a key is known: one that another process revokes is refused after it at the latest.
const KNOWN_FOR: Duration = Duration::from_secs(1);
/// The most keys that are known.
const KEYS_MAX: usize = 10_000;

/// How many times this process revoked keys.
static REVOCATIONS: AtomicU64 = AtomicU64::new(0);

/// Has every key be looked up anew by this process. To be called after the commit of what revokes one.
pub fn keys_revoked() {
    REVOCATIONS.fetch_add(1, Ordering::SeqCst);
}

/// Waits until no other process knows a key any more that is revoked by now.
pub async fn keys_forgotten_elsewhere() {
    tokio::time::sleep(KNOWN_FOR).await;
}

/// Keys by the hash of their token.
#[derive(Debug, Default)]
pub struct KnownKeys(Mutex<HashMap<Vec<u8>, Known>>);

#[derive(Debug)]
struct Known {
    caller: Caller,
    expires_at: Option<Timestamp>,
    /// The time and the number of revocations before it was looked up.
    as_of: AsOf,
}

/// A moment of this process.
#[derive(Clone, Copy, Debug)]
pub struct AsOf {
    at: Instant,
    revocations: u64,
}

impl AsOf {
    /// Returns the moment that is now.
    pub fn now() -> Self {
        Self { at: Instant::now(), revocations: REVOCATIONS.load(Ordering::SeqCst) }
    }

    fn holds(&self) -> bool {
        self.at.elapsed() < KNOWN_FOR && self.revocations == REVOCATIONS.load(Ordering::SeqCst)
    }
}

impl KnownKeys {
    fn all(&self) -> MutexGuard<'_, HashMap<Vec<u8>, Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the caller with a token, if it is known and good now.
    pub fn get(&self, token_hash: &[u8], now: Timestamp) -> Option<Caller> {
        let all = self.all();
        let known = all.get(token_hash).filter(|known| known.as_of.holds())?;
        known.expires_at.is_none_or(|at| at > now).then(|| known.caller.clone())
    }

    /// Notes whose token was looked up after a moment.
    pub fn add(&self, token_hash: Vec<u8>, caller: Caller, expires_at: Option<Timestamp>, as_of: AsOf) {
        let mut all = self.all();
        if all.len() >= KEYS_MAX {
            all.retain(|_, known| known.as_of.holds());
        }
        if all.len() < KEYS_MAX {
            all.insert(token_hash, Known { caller, expires_at, as_of });
        }
    }
}
