//! The rate limit of keys: at most so many requests in any 60 seconds, counted exactly.

use crate::ids::KeyId;
use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const WINDOW: Duration = Duration::from_mins(1);
/// The factor by which the limit of live conversation is larger.
const LIVE_FACTOR: u32 = 10;
/// Past this many keys, those that were quiet for a window are forgotten.
const KEYS_BEFORE_SWEEP: usize = 10_000;

/// The times of each key's requests within the last window. One process counts for itself: replicas
/// beside each other allow as many times the limit.
#[derive(Debug)]
pub struct RateLimiter {
    per_minute: u32,
    requests: Mutex<HashMap<(KeyId, bool), VecDeque<Instant>>>,
}

/// The requests that are left to a key.
#[derive(Clone, Copy, Debug)]
pub struct Allowance {
    /// The limit of requests in a window.
    pub limit: u32,
    /// The requests left now. None means that this one is refused.
    pub remaining: Option<u32>,
    /// The seconds until one more request is allowed.
    pub reset_seconds: u64,
}

impl RateLimiter {
    /// Returns a limiter that allows `per_minute` requests, and ten times as many of live conversation. 0 allows any number.
    pub fn new(per_minute: u32) -> Self {
        Self { per_minute, requests: Mutex::default() }
    }

    /// Counts a request of `key` at `now`. Returns None if there is no limit.
    pub fn take(&self, key: KeyId, live: bool, now: Instant) -> Option<Allowance> {
        if self.per_minute == 0 {
            return None;
        }
        let limit = if live { self.per_minute.saturating_mul(LIVE_FACTOR) } else { self.per_minute };
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        if requests.len() >= KEYS_BEFORE_SWEEP {
            requests.retain(|_, times| times.back().is_some_and(|last| now.duration_since(*last) < WINDOW));
        }
        let times = requests.entry((key, live)).or_default();
        while times.front().is_some_and(|first| now.duration_since(*first) >= WINDOW) {
            times.pop_front();
        }
        let used = u32::try_from(times.len()).unwrap_or(u32::MAX);
        let remaining = limit.checked_sub(used + 1);
        if remaining.is_some() {
            times.push_back(now);
        }
        let oldest = times.front().map_or(Duration::ZERO, |first| now.duration_since(*first));
        let reset_seconds = WINDOW.saturating_sub(oldest).as_millis().div_ceil(1_000);
        Some(Allowance { limit, remaining, reset_seconds: u64::try_from(reset_seconds).unwrap_or(60).max(1) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;

    #[test]
    fn no_window_of_a_minute_holds_more_than_the_limit() {
        let (limiter, key) = (RateLimiter::new(3), KeyId::new(Timestamp::from_micros(0)));
        let start = Instant::now();
        let mut granted = Vec::new();
        for tenth in 0..2_000 {
            let now = start + Duration::from_millis(tenth * 100);
            if limiter.take(key, false, now).is_some_and(|allowance| allowance.remaining.is_some()) {
                granted.push(now);
            }
        }
        assert!(granted.windows(4).all(|four| four[3].duration_since(four[0]) >= WINDOW));
        assert_eq!(granted.len(), 12, "three at once, three times again within 200 seconds");
        assert_eq!(limiter.take(key, true, start).map(|allowance| allowance.limit), Some(30));
    }
}
