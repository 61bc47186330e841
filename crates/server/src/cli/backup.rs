//! `refrain backup` and `refrain restore`.

use super::serve::asked_to_stop;
use super::target::Target;
use super::{Exit, open, print_error, print_line, private_folder};
use crate::backup;
use crate::config::Config;
use crate::db::Location;
use anyhow::{Context, bail};
use serde_json::json;
use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// The rows between two words of progress.
const ROWS_BETWEEN_WORDS: u64 = 100_000;
/// The time that an interrupted command may take to clear up.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);

#[derive(Debug, clap::Args)]
pub(super) struct BackupArgs {
    /// The file, replaced once the backup is whole; - for standard output
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Print the summary as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct RestoreArgs {
    /// A file that `refrain backup` wrote; - for standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Print the summary as JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn back_up(config: Config, args: BackupArgs) -> anyhow::Result<Exit> {
    let (started, app) = (Instant::now(), open(config).await?);
    let target = Target::open(&args.file)?;
    let db = app.db.clone();
    let rows =
        interruptible("the backup", move |is_wanted| target.fill(|sink| backup::write(&db, sink, is_wanted)))
            .await
            .with_context(|| format!("writing {}", args.file.display()))?;
    app.db.close().await;
    if args.file.as_os_str() != "-" {
        summarize("backed up to", &args.file, rows, started, args.json)?;
    }
    Ok(Exit::Success)
}

pub(super) async fn restore(config: Config, args: RestoreArgs) -> anyhow::Result<Exit> {
    let (started, location) = (Instant::now(), config.database.location());
    if let Location::Sqlite(_) = location {
        private_folder(&config.database.data)?;
    }
    let source: Box<dyn Read + Send> = if args.file.as_os_str() == "-" {
        Box::new(io::stdin())
    } else {
        Box::new(File::open(&args.file).with_context(|| format!("opening {}", args.file.display()))?)
    };
    let rows = interruptible("the restore", move |is_wanted| backup::restore(&location, source, is_wanted))
        .await
        .with_context(|| format!("restoring {}", args.file.display()))?;
    summarize("restored from", &args.file, rows, started, args.json)?;
    Ok(Exit::Success)
}

/// Runs `work` where it may block. It asks with the number of rows whether to go on, which ends with a signal.
async fn interruptible(
    name: &str,
    work: impl FnOnce(&(dyn Fn(u64) -> bool + Sync)) -> anyhow::Result<u64> + Send + 'static,
) -> anyhow::Result<u64> {
    let stopped = Arc::new(AtomicBool::new(false));
    let mut stop = std::pin::pin!(asked_to_stop()?);
    let mut work = {
        let stopped = Arc::clone(&stopped);
        tokio::task::spawn_blocking(move || {
            work(&|rows| {
                if rows % ROWS_BETWEEN_WORDS == 0 && io::stderr().is_terminal() {
                    print_error(&format!("{rows} rows"));
                }
                !stopped.load(Ordering::Relaxed)
            })
        })
    };
    tokio::select! {
        rows = &mut work => rows.context("working")?,
        () = &mut stop => {
            stopped.store(true, Ordering::Relaxed);
            let _ = tokio::time::timeout(STOP_TIMEOUT, work).await;
            bail!("interrupted; {name} was given up");
        }
    }
}

fn summarize(done: &str, file: &Path, rows: u64, started: Instant, as_json: bool) -> anyhow::Result<()> {
    let seconds = started.elapsed().as_secs_f64();
    if as_json {
        return print_line(
            &json!({"rows": rows, "seconds": (seconds * 1_000.0).round() / 1_000.0}).to_string(),
        );
    }
    print_line(&format!("{rows} rows {done} {} in {seconds:.1} s", file.display()))
}
