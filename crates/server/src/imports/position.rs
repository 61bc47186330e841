//! How far the files of an import are read, seen from another thread, which can also stop it.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// The bytes that were read so far.
#[derive(Debug, Default)]
pub struct Position {
    read: AtomicU64,
    is_stopped: AtomicBool,
}

impl Position {
    /// Returns the bytes that were read.
    pub fn read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// Has reading end at the next bytes.
    pub fn stop(&self) {
        self.is_stopped.store(true, Ordering::Relaxed);
    }

    /// Adds bytes that were read. Fails if reading is to end.
    pub(super) fn add(&self, bytes: usize) -> io::Result<()> {
        self.read.fetch_add(bytes as u64, Ordering::Relaxed);
        if self.is_stopped.load(Ordering::Relaxed) {
            return Err(io::Error::other("reading was stopped"));
        }
        Ok(())
    }
}
