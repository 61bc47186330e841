//! Long work on the processors of which nobody waits for the end, such as a grouping: it takes what requests and live
//! messages leave of them.

use anyhow::{Context, Result};
use tokio::sync::oneshot;

/// How much such work gives way, from 0 to 19: by 5 it has a quarter of a processor that others want as well
/// (`man 7 sched`).
#[cfg(target_os = "linux")]
const NICENESS: i32 = 5;

/// Runs work on a thread of its own. Fails if it panics, or if there can be no more threads.
pub async fn run<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let (sender, receiver) = oneshot::channel();
    let run = move || {
        give_way();
        // where nobody waits for it any more it is dropped
        drop(sender.send(work()));
    };
    std::thread::Builder::new().name("background".into()).spawn(run).context("starting a thread")?;
    receiver.await.context("work in the background failed")
}

/// Has this thread, and those that it starts, give way to others. A thread of a pool could never be as before again.
#[cfg(target_os = "linux")]
fn give_way() {
    if let Err(error) = rustix::process::setpriority_process(None, NICENESS) {
        tracing::debug!(%error, "work in the background gives no way");
    }
}

/// Elsewhere than on Linux all threads of a process would give way.
#[cfg(not(target_os = "linux"))]
fn give_way() {}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn work_gives_way_to_the_rest_of_the_process() {
        let niceness = || rustix::process::getpriority_process(None).unwrap();
        let before = niceness();
        let in_it = run(move || (niceness(), std::thread::spawn(niceness).join().unwrap())).await.unwrap();
        assert_eq!(in_it, (NICENESS.max(before), NICENESS.max(before)));
        assert_eq!(niceness(), before);
        assert!(run(|| panic!("as it may")).await.is_err());
    }
}
