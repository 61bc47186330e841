//! The connections that are open: how many there may be, and which one has to go when another comes.
//!
//! A client that asks for nothing, or takes nothing of what it asked for, keeps its place only while nobody needs it.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tokio::sync::Notify;

/// The most connections at once.
const CONNECTIONS_MAX: usize = 1_024;

/// The open connections.
#[derive(Debug)]
pub(super) struct Connections {
    total_max: usize,
    peer_max: usize,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    next_id: u64,
    places: HashMap<u64, Arc<Activity>>,
}

/// What a connection does.
#[derive(Debug)]
pub(super) struct Activity {
    peer: IpAddr,
    /// The requests that are worked on, with their answers as far as these are still made.
    busy: AtomicUsize,
    /// True while the client does not take what is written to it.
    blocked: AtomicBool,
    /// The time when it last asked for something, or took some of what it asked for.
    moved: Mutex<Instant>,
    evicted: Notify,
}

impl Connections {
    /// Makes an empty list that takes `peer_max` connections from one address.
    pub(super) fn new(peer_max: usize) -> Self {
        Self { total_max: CONNECTIONS_MAX, peer_max, open: Mutex::default() }
    }

    /// Gives a new connection its place. Where there is none left, in all or for its peer, the one goes that has been
    /// without use for longest. Returns none if all of them are in use.
    pub(super) fn admit(self: &Arc<Self>, peer: IpAddr) -> Option<Place> {
        let peer = network(peer);
        let mut open = self.lock();
        let of_peer = open.places.values().filter(|activity| activity.peer == peer).count();
        if of_peer >= self.peer_max {
            evict(&mut open, |activity| activity.peer == peer)?;
        } else if open.places.len() >= self.total_max {
            let largest = open.peer_with_most_to_spare()?;
            evict(&mut open, |activity| activity.peer == largest)?;
        }
        let activity = Arc::new(Activity {
            peer,
            busy: AtomicUsize::new(0),
            blocked: AtomicBool::new(false),
            moved: Mutex::new(Instant::now()),
            evicted: Notify::new(),
        });
        let id = open.next_id;
        open.next_id += 1;
        open.places.insert(id, Arc::clone(&activity));
        Some(Place { id, connections: Arc::clone(self), activity })
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    /// Returns the peer with most connections, of those that have one without use.
    fn peer_with_most_to_spare(&self) -> Option<IpAddr> {
        let mut peers: HashMap<IpAddr, (usize, bool)> = HashMap::new();
        for activity in self.places.values() {
            let (count, spare) = peers.entry(activity.peer).or_default();
            *count += 1;
            *spare |= activity.is_without_use();
        }
        let with_spare = peers.into_iter().filter(|(_, (_, spare))| *spare);
        with_spare.max_by_key(|(_, (count, _))| *count).map(|(peer, _)| peer)
    }
}

/// Takes the place of the connection that has been without use for longest, of those that `may_go`.
fn evict(open: &mut Open, may_go: impl Fn(&Activity) -> bool) -> Option<()> {
    let idle = open.places.iter().filter(|(_, activity)| may_go(activity) && activity.is_without_use());
    let id = *idle.min_by_key(|(_, activity)| activity.moved_at()).map(|(id, _)| id)?;
    let activity = open.places.remove(&id)?;
    activity.evicted.notify_one();
    metrics::counter!("refrain_http_connections_evicted_total").increment(1);
    Some(())
}

impl Activity {
    /// Notes that the client asked for something, or took something.
    pub(super) fn moved(&self) {
        self.blocked.store(false, Ordering::Relaxed);
        *self.moved.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// Notes that the client takes nothing at the moment.
    pub(super) fn blocked(&self) {
        self.blocked.store(true, Ordering::Relaxed);
    }

    /// Notes a request, until the value is dropped.
    pub(super) fn begin(self: &Arc<Self>) -> Busy {
        self.moved();
        self.busy.fetch_add(1, Ordering::Relaxed);
        Busy(Arc::clone(self))
    }

    fn moved_at(&self) -> Instant {
        *self.moved.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_without_use(&self) -> bool {
        self.busy.load(Ordering::Relaxed) == 0 || self.blocked.load(Ordering::Relaxed)
    }
}

/// A request that is worked on.
#[derive(Debug)]
pub(super) struct Busy(Arc<Activity>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.busy.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The place of an open connection, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    id: u64,
    connections: Arc<Connections>,
    /// What the connection does.
    pub(super) activity: Arc<Activity>,
}

impl Place {
    /// Waits until another connection needs the place.
    pub(super) async fn evicted(&self) {
        self.activity.evicted.notified().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connections.lock().places.remove(&self.id);
    }
}

/// Returns the peer that an address counts for: an IPv6 address for its network of 64 bits, all of which one client has.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    fn connections(total_max: usize, peer_max: usize) -> Arc<Connections> {
        Arc::new(Connections { total_max, ..Connections::new(peer_max) })
    }

    fn is_evicted(place: &Place) -> bool {
        place.evicted().now_or_never().is_some()
    }

    fn peer(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    #[test]
    fn a_peer_at_its_most_gives_up_what_it_used_least() {
        let connections = connections(10, 2);
        let first = connections.admit(peer(1)).unwrap();
        let second = connections.admit(peer(1)).unwrap();
        let other = connections.admit(peer(2)).unwrap();
        first.activity.moved();
        let third = connections.admit(peer(1)).unwrap();
        assert!(is_evicted(&second) && !is_evicted(&first) && !is_evicted(&other) && !is_evicted(&third));
    }

    #[test]
    fn what_is_in_use_stays_and_what_is_not_taken_goes() {
        let connections = connections(10, 2);
        let places = [connections.admit(peer(1)).unwrap(), connections.admit(peer(1)).unwrap()];
        let busy = places.each_ref().map(|place| place.activity.begin());
        assert!(connections.admit(peer(1)).is_none());
        places[1].activity.blocked();
        let third = connections.admit(peer(1)).unwrap();
        assert!(!is_evicted(&places[0]) && is_evicted(&places[1]));
        let _third_busy = third.activity.begin();
        drop(busy);
        assert!(connections.admit(peer(1)).is_some());
    }

    #[test]
    fn when_all_places_are_taken_who_has_most_gives_one_up() {
        let connections = connections(4, 3);
        let one = connections.admit(peer(1)).unwrap();
        let many: Vec<Place> = (0..3).map(|_| connections.admit(peer(2)).unwrap()).collect();
        let _new = connections.admit(peer(3)).unwrap();
        assert!(is_evicted(&many[0]) && !is_evicted(&one));
        drop(many);
        assert_eq!(connections.lock().places.len(), 2);
    }

    #[test]
    fn a_network_of_ipv6_is_one_peer() {
        let of = |text: &str| network(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::2"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:192.0.2.1"), peer(1));
    }
}
