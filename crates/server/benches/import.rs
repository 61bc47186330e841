//! `refrain import` of 100,000 conversations with everything that follows: conversations a second, and the
//! most memory the process had. The conversations are those of `REFRAIN_BENCH_DATA` (a folder of files in the
//! import format; the bundled sample if it is not set), repeated under new ids.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench that fails to set up fails, and prints what it saw"
)]

use flate2::read::MultiGzDecoder;
use refrain::telemetry;
use serde_json::Value;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const CONVERSATIONS: usize = 100_000;

fn main() {
    let folder = std::env::var_os("REFRAIN_BENCH_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("sample"), PathBuf::from);
    let work = tempfile::tempdir().unwrap();
    let file = work.path().join("conversations.jsonl");
    let turns = repeat(&folder, &file);
    println!(
        "{CONVERSATIONS} conversations of {turns} turns, from {}",
        folder.file_name().unwrap_or_default().display()
    );
    let mut databases =
        vec![("SQLite", vec!["--data".to_owned(), work.path().join("data").display().to_string()])];
    if let Ok(url) = std::env::var("TEST_DATABASE_URL") {
        databases.push(("PostgreSQL", vec!["--database-url".to_owned(), url]));
    }
    for (name, place) in databases {
        let started = Instant::now();
        let mut child = Command::new(env!("CARGO_BIN_EXE_refrain"))
            .args(["import", "--json", "--org", "bench"])
            .arg(&file)
            .args(place)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut memory = None;
        while child.try_wait().unwrap().is_none() {
            memory = memory.max(telemetry::peak_memory_mib(child.id()));
            std::thread::sleep(Duration::from_millis(50));
        }
        let seconds = started.elapsed().as_secs_f64();
        let output = child.wait_with_output().unwrap();
        let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
        println!(
            "{name}: {:.1} s, {:.0} conversations a second, {} MiB at most; {} statements, {} insights",
            seconds,
            CONVERSATIONS as f64 / seconds,
            memory.unwrap_or(0),
            summary["statements"],
            summary["insights"],
        );
    }
}

/// Writes conversations in turn from every file until there are enough; returns how many turns they have.
fn repeat(folder: &Path, file: &Path) -> usize {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.to_string_lossy().ends_with(".jsonl.gz"));
    files.sort();
    let mut records: Vec<Value> = Vec::new();
    for path in files {
        let lines = BufReader::new(MultiGzDecoder::new(std::fs::File::open(path).unwrap())).lines();
        records.extend(lines.map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap()));
    }
    let mut out = BufWriter::new(std::fs::File::create(file).unwrap());
    let mut turns = 0;
    for i in 0..CONVERSATIONS {
        let mut record = records[i % records.len()].clone();
        record["id"] = Value::String(format!("{i}"));
        turns += record["turns"].as_array().unwrap().len();
        writeln!(out, "{record}").unwrap();
    }
    out.flush().unwrap();
    turns
}
