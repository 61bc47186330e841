//! How far a job in hand is.

use std::sync::atomic::{AtomicI64, Ordering};

/// So much of so much, as a job says it from whatever thread. It is written down with each renewal of the lease.
#[derive(Debug, Default)]
pub struct Progress {
    done: AtomicI64,
    total: AtomicI64,
}

impl Progress {
    /// Adds to what there is to do.
    pub fn expect(&self, count: usize) {
        self.total.fetch_add(crate::db::count(count), Ordering::Relaxed);
    }

    /// Adds to what is done.
    pub fn add(&self, count: usize) {
        self.done.fetch_add(crate::db::count(count), Ordering::Relaxed);
    }

    /// Returns what is done.
    pub fn done(&self) -> i64 {
        self.done.load(Ordering::Relaxed)
    }

    /// Returns what there is to do, as far as it is known.
    pub fn total(&self) -> i64 {
        self.total.load(Ordering::Relaxed)
    }
}
