//! Places that are shared out round robin over organizations, with a most for each: however much one of them asks for,
//! the next place goes to another that waits.

use crate::error::{Error, Result};
use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;
use uuid::Uuid;

/// The places for one kind of work in this process.
#[derive(Debug)]
pub struct Turns {
    places: usize,
    of_one_max: usize,
    waiting_max: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    taken: usize,
    orgs: BTreeMap<Uuid, Org>,
    /// The organization that got a place last, behind which the round goes on.
    last: Uuid,
}

#[derive(Debug, Default)]
struct Org {
    taken: usize,
    waiting: VecDeque<oneshot::Sender<Turn>>,
}

/// A place, free again when it is dropped.
#[derive(Debug)]
pub struct Turn {
    turns: Arc<Turns>,
    org_id: Uuid,
}

/// The error of who would wait where as many do as may.
pub fn too_many_wait() -> Error {
    Error::Unavailable("too many requests of the organization wait for the same")
}

impl Turns {
    /// Makes `places`, of which an organization may have `of_one_max` at once and wait for `waiting_max` more.
    pub fn new(places: usize, of_one_max: usize, waiting_max: usize) -> Arc<Self> {
        Arc::new(Self { places, of_one_max, waiting_max, state: Mutex::default() })
    }

    /// Takes a place if one is free for this organization.
    pub fn try_take(self: &Arc<Self>, org_id: impl Into<Uuid>) -> Option<Turn> {
        let org_id = org_id.into();
        let mut state = self.lock();
        let is_free = state.taken < self.places;
        let org = state.orgs.entry(org_id).or_default();
        if is_free && org.taken < self.of_one_max && org.waiting.is_empty() {
            org.taken += 1;
            state.taken += 1;
            state.last = org_id;
            return Some(Turn { turns: Arc::clone(self), org_id });
        }
        None
    }

    /// Takes a place, and waits for it if need be. Fails if too many wait for the organization already.
    pub async fn take(self: &Arc<Self>, org_id: impl Into<Uuid>) -> Result<Turn> {
        let org_id = org_id.into();
        if let Some(turn) = self.try_take(org_id) {
            return Ok(turn);
        }
        let (sender, receiver) = oneshot::channel();
        {
            let mut state = self.lock();
            let org = state.orgs.entry(org_id).or_default();
            org.waiting.retain(|waiting| !waiting.is_closed());
            if org.waiting.len() >= self.waiting_max {
                return Err(too_many_wait());
            }
            org.waiting.push_back(sender);
        }
        // a place may have become free since it was asked for
        self.share_out();
        receiver.await.map_err(|error| Error::Internal(error.into()))
    }

    /// Gives the free places to those who wait, one after the other.
    fn share_out(self: &Arc<Self>) {
        loop {
            let next = self.lock().next(self.places, self.of_one_max);
            let Some((org_id, waiting)) = next else { return };
            // to one who just left: the place comes back as the turn is dropped
            let _ = waiting.send(Turn { turns: Arc::clone(self), org_id });
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Counts a place for the first who waits in the next organization of the round.
    fn next(&mut self, places: usize, of_one_max: usize) -> Option<(Uuid, oneshot::Sender<Turn>)> {
        self.orgs.retain(|_, org| {
            org.waiting.retain(|waiting| !waiting.is_closed());
            org.taken > 0 || !org.waiting.is_empty()
        });
        if self.taken >= places {
            return None;
        }
        let behind = self.orgs.range((Bound::Excluded(self.last), Bound::Unbounded));
        let mut round = behind.chain(self.orgs.range(..=self.last));
        let found = round.find(|(_, org)| org.taken < of_one_max && !org.waiting.is_empty());
        let org_id = *found?.0;
        let org = self.orgs.get_mut(&org_id)?;
        let waiting = org.waiting.pop_front()?;
        org.taken += 1;
        self.taken += 1;
        self.last = org_id;
        Some((org_id, waiting))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        {
            let mut state = self.turns.lock();
            state.taken -= 1;
            if let Some(org) = state.orgs.get_mut(&self.org_id) {
                org.taken -= 1;
            }
        }
        self.turns.share_out();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    const A: Uuid = Uuid::from_u128(1);
    const B: Uuid = Uuid::from_u128(2);

    #[tokio::test]
    async fn the_next_place_goes_to_another_organization_that_waits() {
        let turns = Turns::new(2, 2, 100);
        let mut held = vec![turns.take(A).await.unwrap(), turns.take(A).await.unwrap()];
        let mut many: Vec<_> = (0..50).map(|_| Box::pin(turns.take(A))).collect();
        assert!(many.iter_mut().all(|waiting| waiting.now_or_never().is_none()));
        let mut other = Box::pin(turns.take(B));
        assert!((&mut other).now_or_never().is_none());
        held.pop();
        assert!((&mut other).now_or_never().is_some(), "before the fifty");
        assert!((&mut many[0]).now_or_never().is_some(), "as its place is free again");
    }

    #[tokio::test]
    async fn one_organization_has_its_most_however_many_places_are_free() {
        let turns = Turns::new(4, 1, 1);
        let first = turns.take(A).await.unwrap();
        assert!(turns.try_take(A).is_none());
        let mut second = Box::pin(turns.take(A));
        assert!((&mut second).now_or_never().is_none());
        assert!(matches!(turns.take(A).await, Err(Error::Unavailable(_))), "one waits already");
        assert!(turns.try_take(B).is_some());
        drop(first);
        assert!((&mut second).now_or_never().is_some());
    }

    #[tokio::test]
    async fn who_leaves_is_passed_over() {
        let turns = Turns::new(1, 1, 10);
        let held = turns.take(A).await.unwrap();
        let mut gone = Box::pin(turns.take(B));
        assert!((&mut gone).now_or_never().is_none());
        let mut waiting = Box::pin(turns.take(A));
        assert!((&mut waiting).now_or_never().is_none());
        drop(gone);
        drop(held);
        drop(waiting.now_or_never().unwrap().unwrap());
        assert!(turns.try_take(B).is_some(), "nothing is lost");
        assert!(turns.lock().orgs.len() <= 1);
    }
}
