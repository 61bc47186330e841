//! A bound on exports under way at once: each holds a connection for as long as it lasts.

use crate::ids::OrgId;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

/// The most exports of all organizations together; SQLite has four connections that read.
const EXPORTS_MAX: usize = 2;

/// The organizations being exported over the API: one export of each at a time. One process counts for
/// itself.
#[derive(Debug, Default)]
pub struct Slots(Mutex<HashSet<OrgId>>);

/// A place among the exports under way, free again when it is dropped.
#[derive(Debug)]
pub struct Slot {
    slots: Arc<Slots>,
    org_id: OrgId,
}

impl Slots {
    /// Takes a place for an export of this organization, if one is free.
    pub fn take(self: &Arc<Self>, org_id: OrgId) -> Option<Slot> {
        let mut exported = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let free = exported.len() < EXPORTS_MAX && exported.insert(org_id);
        free.then(|| Slot { slots: Arc::clone(self), org_id })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.slots.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.org_id);
    }
}
