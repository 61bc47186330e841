//! The circuit breaker: after a failure nobody asks the endpoint for a while, and for longer with each failure in a row.

use super::answer::Failure;
use crate::time::Timestamp;
use std::sync::{Mutex, MutexGuard, PoisonError};

const OPEN_SECONDS_MIN: i64 = 30;
const OPEN_SECONDS_MAX: i64 = 3_600;

/// A circuit breaker. It is open until a time, and closed afterwards.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The failures since the last answer.
    failures: u32,
    open_until: Option<Timestamp>,
}

impl Breaker {
    /// Returns until when it is open, if it is.
    pub(super) fn open_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.state().open_until.filter(|until| *until > now)
    }

    /// Closes it, and forgets the failures so far.
    pub(super) fn close(&self) {
        *self.state() = State::default();
    }

    /// Opens it for a failure, and returns until when.
    pub(super) fn open(&self, failure: &Failure, now: Timestamp) -> Timestamp {
        let mut state = self.state();
        state.failures += 1;
        let doubled = 2_i64.saturating_pow(state.failures - 1).saturating_mul(OPEN_SECONDS_MIN);
        let seconds = match failure {
            Failure::Limited(Some(seconds)) => *seconds,
            Failure::Limited(None) | Failure::Failed(_) => doubled.min(OPEN_SECONDS_MAX),
            Failure::Refused(_) => OPEN_SECONDS_MAX,
        };
        let until = now.plus(seconds * 1_000_000);
        state.open_until = Some(until);
        until
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_circuit_breaker_opens_for_longer_each_time_and_closes_with_an_answer() {
        let breaker = Breaker::default();
        let now = Timestamp::parse("2026-06-15T12:00:00Z").unwrap();
        let opened = |failure: Failure| (breaker.open(&failure, now).micros() - now.micros()) / 1_000_000;
        let failed = || Failure::Failed(String::new());
        assert_eq!([opened(failed()), opened(failed()), opened(Failure::Limited(None))], [30, 60, 120]);
        assert_eq!(opened(Failure::Limited(Some(7))), 7);
        assert_eq!(opened(Failure::Refused(401)), 3_600);
        assert_eq!((0..40).map(|_| opened(failed())).max(), Some(3_600));
        assert!(breaker.open_until(now).is_some());
        breaker.close();
        assert_eq!((breaker.open_until(now), opened(failed())), (None, 30));
    }
}
