//! Memory that was needed once and is free. The allocator of glibc keeps it for the process; here it is given back.

use std::time::Duration;

const INTERVAL: Duration = Duration::from_secs(30);

/// Gives free memory back to the system, now and then, for ever.
pub(crate) async fn keep_small() {
    loop {
        tokio::time::sleep(INTERVAL).await;
        // it goes through all that is free, which may take some milliseconds
        let _ = tokio::task::spawn_blocking(give_back).await;
    }
}

/// Gives all memory that is free back to the system.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(
    unsafe_code,
    reason = "the call takes a number, may come at any time from any thread, and touches nothing in use"
)]
fn give_back() {
    unsafe extern "C" {
        fn malloc_trim(pad: usize) -> std::ffi::c_int;
    }
    unsafe {
        malloc_trim(0);
    }
}

/// Does nothing: other allocators give memory back by themselves.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn give_back() {}
