//! Work on several threads, whose results depend on nothing but the work.

use std::panic;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Returns the result of each of so many pieces of work, in their order. Each of the threads takes the next piece that
/// is left, so that none waits for the others while there is one.
pub(crate) fn each<R: Send>(count: usize, threads: usize, work: impl Fn(usize) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let take = || {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= count {
                return done;
            }
            done.push((at, work(at)));
        }
    };
    let mut done = thread::scope(|scope| {
        let others: Vec<_> = (1..threads.min(count)).map(|_| scope.spawn(take)).collect();
        let mut done = take();
        for other in others {
            done.extend(other.join().unwrap_or_else(|cause| panic::resume_unwind(cause)));
        }
        done
    });
    done.sort_unstable_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_stand_in_the_order_of_the_work() {
        let squares: Vec<usize> = (0..100).map(|at| at * at).collect();
        for threads in [0, 1, 2, 7, 200] {
            assert_eq!(each(100, threads, |at| at * at), squares);
        }
        assert!(each(0, 2, |at| at).is_empty());
    }
}
