//! The rate limit of keys and of members: a bucket that holds ten minutes' worth of requests and is filled at the rate of the limit, so
//! that a client which reads much at once can, and none reads more in the long run.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// The minutes whose requests a bucket holds.
const MINUTES: u32 = 10;
/// The time in which an empty bucket is filled.
pub(super) const FILLED_IN: Duration = Duration::from_mins(MINUTES as u64);
const MINUTE: Duration = Duration::from_mins(1);
/// The factor by which the limit of live conversation is larger.
const LIVE_FACTOR: u32 = 10;
/// Past this many callers, those whose bucket is full are forgotten.
const CALLERS_BEFORE_SWEEP: usize = 10_000;

/// The buckets of keys, or of members. One process counts for itself: replicas beside each other allow as many times the limit.
#[derive(Debug)]
pub struct RateLimiter {
    per_minute: u32,
    /// For each caller, and apart for its live conversation: the time at which its bucket is full. What is missing now is
    /// what flows in until then.
    full_at: Mutex<HashMap<(Uuid, bool), Instant>>,
}

/// The requests that are left to a caller.
#[derive(Clone, Copy, Debug)]
pub struct Allowance {
    /// The requests that a full bucket holds.
    pub limit: u32,
    /// The requests left now. None means that this one is refused.
    pub remaining: Option<u32>,
    /// The seconds until one more request is allowed.
    pub reset_seconds: u64,
}

impl RateLimiter {
    /// Returns a limiter that allows `per_minute` requests, and ten times as many of live conversation. 0 allows any number.
    pub fn new(per_minute: u32) -> Self {
        Self { per_minute, full_at: Mutex::default() }
    }

    /// Counts a request of `caller` at `now`. Returns None if there is no limit.
    pub fn take(&self, caller: Uuid, live: bool, now: Instant) -> Option<Allowance> {
        if self.per_minute == 0 {
            return None;
        }
        let per_minute = if live { self.per_minute.saturating_mul(LIVE_FACTOR) } else { self.per_minute };
        let one = MINUTE / per_minute;
        let mut buckets = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= CALLERS_BEFORE_SWEEP {
            buckets.retain(|_, full_at| *full_at > now);
        }
        let full_at = buckets.entry((caller, live)).or_insert(now);
        let missing = full_at.saturating_duration_since(now);
        let is_allowed = missing + one <= FILLED_IN;
        if is_allowed {
            *full_at = now + missing + one;
        }
        let left = nanos(FILLED_IN.saturating_sub(full_at.saturating_duration_since(now)));
        let remaining = u32::try_from(left / nanos(one)).unwrap_or(u32::MAX);
        let reset_seconds = (nanos(one) - left % nanos(one)).div_ceil(1_000_000_000);
        Some(Allowance {
            limit: per_minute.saturating_mul(MINUTES),
            remaining: is_allowed.then_some(remaining),
            reset_seconds,
        })
    }
}

/// Returns a duration in nanoseconds, at least one.
fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> Uuid {
        Uuid::now_v7()
    }

    #[test]
    fn ten_minutes_worth_is_allowed_at_once_and_the_rate_from_then_on() {
        let (limiter, key, start) = (RateLimiter::new(3), key(), Instant::now());
        for left in (0..30).rev() {
            let allowance = limiter.take(key, false, start).unwrap();
            assert_eq!((allowance.limit, allowance.remaining), (30, Some(left)));
        }
        let mut granted = 0;
        for second in 0..600 {
            let allowance = limiter.take(key, false, start + Duration::from_secs(second)).unwrap();
            granted += u32::from(allowance.remaining.is_some());
            assert!((1..=20).contains(&allowance.reset_seconds));
        }
        assert_eq!(granted, 29, "one every twenty seconds");
        let later = start + Duration::from_hours(2);
        assert_eq!(limiter.take(key, false, later).unwrap().remaining, Some(29), "no more than it holds");
    }

    #[test]
    fn a_refusal_says_when_the_next_is_allowed() {
        let (limiter, key, start) = (RateLimiter::new(6), key(), Instant::now());
        while limiter.take(key, false, start).is_some_and(|allowance| allowance.remaining.is_some()) {}
        let wait = limiter.take(key, false, start).unwrap().reset_seconds;
        assert_eq!(wait, 10);
        let soon = start + Duration::from_secs(wait - 1);
        assert_eq!(limiter.take(key, false, soon).unwrap().remaining, None);
        let then = start + Duration::from_secs(wait);
        assert_eq!(limiter.take(key, false, then).unwrap().remaining, Some(0));
    }

    #[test]
    fn live_conversation_and_other_keys_have_buckets_of_their_own() {
        let (limiter, one, start) = (RateLimiter::new(1), key(), Instant::now());
        while limiter.take(one, false, start).is_some_and(|allowance| allowance.remaining.is_some()) {}
        assert_eq!(limiter.take(one, true, start).unwrap().remaining, Some(99));
        assert_eq!(limiter.take(key(), false, start).unwrap().remaining, Some(9));
        assert!(RateLimiter::new(0).take(one, false, start).is_none());
    }
}
