//! The waits that follow from failures to sign in: each doubles the one before it, up to a quarter of an hour. An attempt
//! that comes too early is refused and counts for nothing, so that no wait grows by being tried again.
//!
//! Failures are counted by account and by address. Those at an account from elsewhere do not hold up a member at an
//! address from which it signed in lately, and nobody is held up who has a link: strangers can lock no member out for good.

use crate::error::{Error, Result};
use crate::time::Timestamp;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The failures that cost no wait, at an account and from an address, behind which a whole office may be.
const FREE_AT_ACCOUNT: u32 = 5;
const FREE_FROM_ADDRESS: u32 = 20;
const SECOND: i64 = 1_000_000;
/// The longest wait.
const WAIT_MAX: i64 = 15 * 60 * SECOND;
/// The time without a failure after which those before it are forgotten.
const FORGOTTEN_AFTER: i64 = 60 * 60 * SECOND;
/// The most accounts and addresses that are remembered.
const REMEMBERED_MAX: usize = 100_000;

/// The failures so far. One process counts for itself.
#[derive(Debug, Default)]
pub struct BackOff(Mutex<HashMap<Subject, Failures>>);

/// The one whose failures are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Subject {
    /// An account, from addresses that it does not know.
    Account([u8; 32]),
    /// An account, from an address that it knows.
    AccountAt([u8; 32], IpAddr),
    /// An address.
    Address(IpAddr),
}

#[derive(Clone, Copy, Debug)]
struct Failures {
    count: u32,
    last: Timestamp,
}

/// An attempt to sign in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attempt {
    /// The hash of what the account is called, whether or not there is one.
    pub(super) account: [u8; 32],
    /// The network that it comes from.
    pub(super) address: IpAddr,
    /// True if the account signed in from there lately.
    pub(super) is_familiar: bool,
}

impl Attempt {
    fn subjects(&self) -> [(Subject, u32); 2] {
        let account = if self.is_familiar {
            Subject::AccountAt(self.account, self.address)
        } else {
            Subject::Account(self.account)
        };
        [(account, FREE_AT_ACCOUNT), (Subject::Address(self.address), FREE_FROM_ADDRESS)]
    }
}

impl Failures {
    /// Returns the time from which on the next attempt may be made.
    fn ends(self, free: u32) -> Timestamp {
        let wait = match self.count.checked_sub(free) {
            None => 0,
            Some(more) => WAIT_MAX.min(SECOND << more.min(20)),
        };
        self.last.plus(wait)
    }

    fn is_forgotten(self, now: Timestamp) -> bool {
        now >= self.last.plus(FORGOTTEN_AFTER)
    }
}

impl BackOff {
    /// Counts an attempt as failed before it is made, so that many at once are not one. Fails with the 429 if it comes too
    /// early.
    pub(super) fn begin(&self, attempt: &Attempt, now: Timestamp) -> Result<()> {
        let mut failures = self.lock();
        let known =
            |subject: &Subject| failures.get(subject).filter(|known| !known.is_forgotten(now)).copied();
        let subjects = attempt.subjects().map(|(subject, free)| (subject, free, known(&subject)));
        let ends = subjects.iter().filter_map(|(_, free, known)| known.map(|known| known.ends(*free)));
        if let Some(end) = ends.max().filter(|end| *end > now) {
            let seconds = (end.micros() - now.micros()).unsigned_abs().div_ceil(1_000_000);
            return Err(Error::TooManyRequests(seconds));
        }
        if failures.len() >= REMEMBERED_MAX {
            failures.retain(|_, known| !known.is_forgotten(now));
        }
        for (subject, _, known) in subjects {
            // with no room left the places for passwords are what holds attempts up
            if failures.len() < REMEMBERED_MAX || failures.contains_key(&subject) {
                let count = known.map_or(0, |known| known.count).saturating_add(1);
                failures.insert(subject, Failures { count, last: now });
            }
        }
        Ok(())
    }

    /// Takes an attempt back that did not fail: the account begins anew, the address has one failure less.
    pub(super) fn succeeded(&self, attempt: &Attempt) {
        let mut failures = self.lock();
        let [(account, _), (address, _)] = attempt.subjects();
        failures.remove(&account);
        if let Some(known) = failures.get_mut(&address) {
            known.count = known.count.saturating_sub(1);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Subject, Failures>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * SECOND)
    }

    fn attempt(account: u8, address: u8, is_familiar: bool) -> Attempt {
        Attempt { account: [account; 32], address: [10, 0, 0, address].into(), is_familiar }
    }

    /// Tries every second for so long, and returns the seconds in which an attempt could be made.
    fn tries(back_off: &BackOff, attempt: &Attempt, seconds: std::ops::Range<i64>) -> Vec<i64> {
        seconds.filter(|second| back_off.begin(attempt, at(*second)).is_ok()).collect()
    }

    #[test]
    fn waits_double_up_to_a_quarter_of_an_hour_and_end() {
        let back_off = BackOff::default();
        let made = tries(&back_off, &attempt(1, 1, false), 0..24 * HOUR);
        let waits: Vec<i64> = made.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert_eq!(waits[..10], [1, 1, 1, 1, 1, 2, 4, 8, 16, 32]);
        assert_eq!(waits.iter().max(), Some(&900), "and none is longer, however often it fails");
        assert!((90..120).contains(&made.len()), "{}", made.len());
        // who comes at the end of the wait signs in, and the account begins anew
        let then = made[made.len() - 1] + 900;
        back_off.begin(&attempt(1, 1, false), at(then)).unwrap();
        back_off.succeeded(&attempt(1, 1, false));
        assert_eq!(tries(&back_off, &attempt(1, 2, false), then..then + 5).len(), 5);
    }

    #[test]
    fn failures_elsewhere_do_not_hold_up_who_is_where_it_signed_in_before() {
        let back_off = BackOff::default();
        tries(&back_off, &attempt(1, 1, false), 0..HOUR);
        assert!(back_off.begin(&attempt(1, 2, false), at(HOUR)).is_err(), "from anywhere else");
        back_off.begin(&attempt(1, 3, true), at(HOUR)).unwrap();
        // its own failures do
        assert_eq!(tries(&back_off, &attempt(1, 3, true), HOUR..HOUR + 30).len(), 8);
    }

    #[test]
    fn an_address_that_tries_many_accounts_waits_too() {
        let back_off = BackOff::default();
        let made = (0..100_u8).filter(|account| back_off.begin(&attempt(*account, 1, false), at(0)).is_ok());
        assert_eq!(made.count(), FREE_FROM_ADDRESS as usize);
        back_off.begin(&attempt(1, 2, false), at(0)).unwrap();
        // an hour without a failure is a new beginning
        assert_eq!(tries(&back_off, &attempt(7, 1, false), 2 * HOUR..2 * HOUR + 5).len(), 5);
    }
}
