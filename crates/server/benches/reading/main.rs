//! How fast files are read, each format by itself: from the bytes on the disk to the records that an import would write, as
//! `refrain import --dry-run` does, on one thread and without a database. Prints for each format the size of its files, and the
//! megabytes (10^6 bytes) read a second, of the thread's processor time and of the clock. What is packed counts as it is once
//! unpacked.
//!
//! `REFRAIN_BENCH_MEGABYTES` says how large each is (60 otherwise); words behind `--` name formats, all by default.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench that fails to set up fails, and prints what it saw"
)]

mod conversation;
mod desks;
mod files;
mod messengers;
mod tables;

use conversation::Conversations;
use files::FORMATS;
use refrain::imports::{Options, list_files, read_files};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The names and addresses of the company, in mails and chats.
const ME: [&str; 2] = ["@shop.example", "Shop"];

fn main() {
    let megabytes = std::env::var("REFRAIN_BENCH_MEGABYTES").map_or(60, |size| size.parse::<u64>().unwrap());
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let conversations = Conversations::of_sample();
    println!("{:<28} {:>6} {:>8} {:>10} {:>8}", "format", "MB", "records", "MB/s (CPU)", "MB/s");
    for (name, write) in FORMATS {
        if wanted.is_empty() || wanted.iter().any(|word| name.contains(word.as_str())) {
            let folder = tempfile::tempdir().unwrap();
            let bytes = write(folder.path(), megabytes * 1_000_000, &conversations);
            measure(name, bytes, folder.path());
        }
    }
}

/// Reads the files of a folder and prints how fast that was.
fn measure(name: &str, bytes: u64, folder: &Path) {
    let options = Options { me: ME.map(str::to_owned).to_vec(), ..Options::default() };
    let files = list_files(&[folder.to_owned()]).unwrap();
    let (began, worked) = (Instant::now(), processor_time());
    let (mut records, mut lost) = (0, Vec::new());
    read_files(&files, &options, &Arc::default(), |batch| {
        records += batch.records.len();
        lost.extend(batch.bad.into_iter().map(|fault| fault.reason));
        true
    })
    .unwrap();
    let (wall, worked) = (began.elapsed(), processor_time().saturating_sub(worked));
    let megabytes = bytes as f64 / 1e6;
    let speed = |time: Duration| megabytes / time.as_secs_f64();
    println!("{name:<28} {megabytes:>6.0} {records:>8} {:>10.1} {:>8.1}", speed(worked), speed(wall));
    assert_eq!(lost, Vec::<String>::new(), "of what is written nothing may be lost");
}

/// Returns the time that this thread had on a processor; nothing where the system does not say it.
fn processor_time() -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = told.split(' ').next().and_then(|nanoseconds| nanoseconds.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or(0))
}
