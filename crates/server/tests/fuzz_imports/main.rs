//! Damaged files, read as `refrain import --dry-run` reads them: no panic, no hang, no memory beyond a bound, and every record
//! that is found is one that could be exported and come again. A process of its own, since it watches its memory.
//!
//! `REFRAIN_FUZZ_SECONDS` says for how long (some seconds otherwise), and `REFRAIN_FUZZ_SEED` with which seed to begin. Each
//! case follows from its seed, which a finding prints; a process that dies leaves it in `fuzz_imports.seed`, beside the files of the case.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test that fails to set up fails, and what it found is printed"
)]

#[path = "../it/imports/corpus.rs"]
mod corpus;
mod damage;

use corpus::{Dice, Example, ME};
use refrain::imports::{DateOrder, Format, Options, Record, list_files, read_files};
use refrain::telemetry;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const SECONDS: u64 = 5;
/// The bound of a case in an unoptimized build, which reads some ten times more slowly.
const CASE_SECONDS_MAX: u64 = 60;
/// The bound of the whole process, the examples and the model included.
const MEMORY_MIB_MAX: u64 = 700;
/// A record holds less than what it was read from, but for escapes.
const RECORD_BYTES_MAX: usize = 64 * 1024 * 1024;

const REASON_BYTES_MAX: usize = 64 * 1024;

/// The seed of the case under way, and the seconds in which it may have run: while the process is stopped there are none.
static SEED: AtomicU64 = AtomicU64::new(0);
static SECONDS_OF_CASE: AtomicU64 = AtomicU64::new(0);

#[test]
fn damaged_files_cost_no_panic_no_hang_and_no_memory() {
    let number = |name: &str| std::env::var(name).ok().map(|value| value.parse::<u64>().unwrap());
    let limit = Duration::from_secs(number("REFRAIN_FUZZ_SECONDS").unwrap_or(SECONDS));
    let first = number("REFRAIN_FUZZ_SEED").unwrap_or(1);
    let examples = corpus::examples();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fuzz_imports");
    let started = Instant::now();
    std::thread::spawn(watch);
    let (mut seed, mut slowest) = (first, (Duration::ZERO, 0));
    while started.elapsed() < limit {
        SEED.store(seed, Ordering::SeqCst);
        SECONDS_OF_CASE.store(0, Ordering::SeqCst);
        let began = Instant::now();
        let case = std::panic::AssertUnwindSafe(|| check(seed, &examples, &folder));
        assert!(std::panic::catch_unwind(case).is_ok(), "seed {seed}");
        slowest = slowest.max((began.elapsed(), seed));
        let memory = telemetry::peak_memory_mib(std::process::id());
        assert!(memory.unwrap_or(0) < MEMORY_MIB_MAX, "seed {seed}: {memory:?} MiB");
        seed += 1;
    }
    println!(
        "{} cases from seed {first} in {} s; the slowest took {:.1} s (seed {}); {} MiB at most",
        seed - first,
        started.elapsed().as_secs(),
        slowest.0.as_secs_f64(),
        slowest.1,
        telemetry::peak_memory_mib(std::process::id()).unwrap_or(0),
    );
}

/// Ends the process when a case does not end.
fn watch() {
    loop {
        std::thread::sleep(Duration::from_secs(1));
        if SECONDS_OF_CASE.fetch_add(1, Ordering::SeqCst) > CASE_SECONDS_MAX {
            println!("seed {}: does not end within {CASE_SECONDS_MAX} s", SEED.load(Ordering::SeqCst));
            std::process::exit(1);
        }
    }
}

/// Reads the files that follow from a seed.
fn check(seed: u64, examples: &[Example], folder: &Path) {
    let mut dice = Dice(seed);
    let _ = std::fs::remove_dir_all(folder);
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(folder.with_extension("seed"), seed.to_string()).unwrap();
    for (name, bytes) in damage::files(examples, &mut dice) {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    let options = options(&mut dice);
    let mut wanted = if dice.below(10) == 0 { dice.below(3) } else { usize::MAX };
    let files = list_files(&[folder.to_owned()]).unwrap();
    let read = read_files(&files, &options, &Arc::default(), |batch| {
        for record in &batch.records {
            let text = serde_json::to_string(record).unwrap();
            assert!(text.len() < RECORD_BYTES_MAX);
            let again = Record::parse(&text).unwrap();
            assert_eq!(again.hash(), record.hash(), "{text}");
        }
        for fault in batch.bad.iter().chain(&batch.notes) {
            let shown: String = fault.reason.chars().take(200).collect();
            assert!(fault.reason.len() < REASON_BYTES_MAX, "{shown}");
        }
        wanted = wanted.saturating_sub(1);
        wanted > 0
    });
    // the files are there and can be read: whatever is in them is said of them
    read.unwrap();
}

fn options(dice: &mut Dice) -> Options {
    let mut options = Options::default();
    if dice.below(2) == 0 {
        options.me = ME.map(str::to_owned).to_vec();
    }
    options.dates = [None, None, Some(DateOrder::Dmy), Some(DateOrder::Mdy)][dice.below(4)];
    if dice.below(8) == 0 {
        let formats = [Format::Json, Format::Csv, Format::Mail, Format::Mbox, Format::Whatsapp];
        options.format = Some(formats[dice.below(formats.len())]);
    }
    if dice.below(16) == 0 {
        options.mapping.add("text=text,id=id").unwrap();
    }
    options
}
