//! The index of each organization (`crates/index`): its sessions with their custom data and tags, and the insights that show
//! in them, in memory, so that a slice is counted without a look at the database. It follows the change log: whoever asks brings it up
//! to the moment of their snapshot, so that it is never behind a write, in whatever process that was made.

mod check;
pub(crate) mod filter;
mod keep;
mod read;

pub use check::check_index;
pub use keep::keep_indexes;
pub(crate) use refrain_index::{Index, Slice, Word};

use crate::db::{Db, Tx};
use crate::error::Result;
use crate::ids::OrgId;
use crate::time::Timestamp;
use anyhow::Context;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::OwnedMutexGuard;

/// The indexes of the organizations that were asked about last.
#[derive(Debug)]
pub struct Indexes {
    /// The bytes that all of them take at most. The one that is in use is kept whatever it takes.
    bytes_max: usize,
    of_orgs: Mutex<HashMap<OrgId, Place>>,
}

#[derive(Debug)]
struct Place {
    index: Arc<tokio::sync::Mutex<Option<AsOf>>>,
    /// None: it was made at the start, and nobody asked since.
    used_at: Option<Instant>,
    bytes: usize,
}

/// An index, as of a position of the change log.
#[derive(Clone, Debug)]
struct AsOf {
    position: i64,
    index: Arc<Index>,
    size: Size,
}

/// What an index took when it was measured last, which takes a look at all of it, and how many places and words it had then.
#[derive(Clone, Copy, Debug)]
struct Size {
    bytes: usize,
    parts: usize,
}

impl Size {
    fn of(index: &Index) -> Self {
        Self { bytes: index.bytes(), parts: index.places_len() + index.words_len() }
    }

    /// Measures again if a twentieth was added.
    fn again(self, index: &Index) -> Self {
        let parts = index.places_len() + index.words_len();
        if parts > self.parts + self.parts / 20 + 1_000 { Self::of(index) } else { self }
    }
}

impl Indexes {
    /// Has no index yet. All of them will take so many megabytes at most, but for the one that is in use.
    pub fn new(megabytes: u64) -> Self {
        let bytes_max = usize::try_from(megabytes).unwrap_or(usize::MAX).saturating_mul(1_000_000);
        Self { bytes_max, of_orgs: Mutex::default() }
    }

    /// Begins a snapshot for reads that may take long, and returns it with the index as of that moment.
    pub(crate) async fn snapshot(&self, db: &Db, org_id: OrgId) -> Result<(Tx, Arc<Index>)> {
        let found = self.bring_up(db.long(org_id), org_id).await?;
        if let Some(place) = self.of_orgs().get_mut(&org_id) {
            place.used_at = Some(Instant::now());
        }
        Ok(found)
    }

    /// Brings an index up to a snapshot that begins now. It goes on when whoever asked has left: the next one needs it too.
    async fn bring_up(&self, db: Db, org_id: OrgId) -> Result<(Tx, Arc<Index>)> {
        let held = self.place(org_id).lock_owned().await;
        let reading = tokio::spawn(read_up(db, org_id, held));
        let (tx, AsOf { index, size, .. }) = reading.await.context("reading an index")??;
        self.note(org_id, size.bytes);
        Ok((tx, index))
    }

    fn place(&self, org_id: OrgId) -> Arc<tokio::sync::Mutex<Option<AsOf>>> {
        let new = || Place { index: Arc::default(), used_at: None, bytes: 0 };
        Arc::clone(&self.of_orgs().entry(org_id).or_insert_with(new).index)
    }

    /// Notes how much an index takes, and forgets those that were not used for longest while all take too much.
    fn note(&self, org_id: OrgId, bytes: usize) {
        let mut of_orgs = self.of_orgs();
        if let Some(place) = of_orgs.get_mut(&org_id) {
            place.bytes = bytes;
        }
        while bytes_of(&of_orgs) > self.bytes_max {
            let others = of_orgs.iter().filter(|(id, _)| **id != org_id);
            let Some(oldest) = others.min_by_key(|(_, place)| place.used_at).map(|(id, _)| *id) else {
                break;
            };
            of_orgs.remove(&oldest);
        }
        metrics::gauge!("refrain_index_bytes").set(bytes_of(&of_orgs) as f64);
    }

    /// Forgets the index of an organization, so that it is made anew.
    fn forget(&self, org_id: OrgId) {
        self.of_orgs().remove(&org_id);
    }

    /// Lists the organizations whose index was used in this time, in no order.
    fn used_within(&self, time: Duration) -> Vec<OrgId> {
        let of_orgs = self.of_orgs();
        let is_used = |place: &Place| place.used_at.is_some_and(|at| at.elapsed() <= time);
        of_orgs.iter().filter(|(_, place)| is_used(place)).map(|(id, _)| *id).collect()
    }

    /// Tells if they take less than half of what they may.
    fn has_room(&self) -> bool {
        bytes_of(&self.of_orgs()) < self.bytes_max / 2
    }

    fn of_orgs(&self) -> std::sync::MutexGuard<'_, HashMap<OrgId, Place>> {
        self.of_orgs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Begins a snapshot and reads an index as of it. Whoever has its place does: a snapshot is never older than the index.
async fn read_up(db: Db, org_id: OrgId, mut held: OwnedMutexGuard<Option<AsOf>>) -> Result<(Tx, AsOf)> {
    let mut tx = db.snapshot().await?;
    let as_of = match held.take() {
        Some(before) => read::follow(&mut tx, org_id, before).await?,
        None => read::load(&mut tx, org_id).await?,
    };
    Ok((tx, held.insert(as_of).clone()))
}

fn bytes_of(of_orgs: &HashMap<OrgId, Place>) -> usize {
    of_orgs.values().map(|place| place.bytes).sum()
}

/// Returns the time at which a session began.
pub(crate) fn began(index: &Index, at: u32) -> Timestamp {
    Timestamp::from_micros(index.began(at))
}

/// Counts off the threads that serve requests: in a large organization it takes long.
pub(crate) async fn counting<T: Send + 'static>(count: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    Ok(tokio::task::spawn_blocking(count).await.context("counting a slice")?)
}
