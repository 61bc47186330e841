//! `refrain export`: everything of an organization into a file that is there whole or not at all.

use super::import::progress;
use super::serve::asked_to_stop;
use super::target::Target;
use super::{Exit, OrgArg, UsageError, find_org, open, print_line};
use crate::config::Config;
use crate::error::Error;
use crate::event::Actor;
use crate::exports::{Export, Format, What};
use anyhow::{Context, bail};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// The time that an interrupted export may take to clear up.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);

#[derive(Debug, clap::Args)]
pub(super) struct ExportArgs {
    /// The file, replaced once the export is whole, and packed if its name ends in .gz or .zst; - for standard output
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// conversations, insights or occurrences
    #[arg(long, default_value_t = What::Conversations)]
    what: What,
    /// jsonl, csv or parquet; if not given, what the name of the file says, else jsonl
    #[arg(long)]
    format: Option<Format>,
    #[command(flatten)]
    org: OrgArg,
    /// Print the summary as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Packing {
    Plain,
    Gzip,
    Zstd,
}

pub(super) async fn export(config: Config, args: ExportArgs) -> anyhow::Result<Exit> {
    let (named, packing) = by_name(&args.out);
    let format = args.format.or(named).unwrap_or(Format::Jsonl);
    if format == Format::Parquet && packing != Packing::Plain {
        return Err(
            UsageError("--out: Parquet is packed already, and not read from .gz or .zst".into()).into()
        );
    }
    let started = Instant::now();
    let app = open(config).await?;
    let org_id = find_org(&app, &args.org).await?;
    let export = Export::begin(&app, org_id, Actor::default(), args.what, format).await;
    let export = export.map_err(|error| match error {
        Error::Invalid(message) => anyhow::Error::new(UsageError(format!("--{message}"))),
        error => error.into(),
    })?;
    let target = Target::open(&args.out)?;
    let stopped = Arc::new(AtomicBool::new(false));
    let mut stop = std::pin::pin!(asked_to_stop()?);
    let mut work = {
        let stopped = Arc::clone(&stopped);
        tokio::task::spawn_blocking(move || write(export, target, packing, &stopped))
    };
    let rows = tokio::select! {
        rows = &mut work => rows.context("writing")?.with_context(|| format!("writing {}", args.out.display()))?,
        () = &mut stop => {
            stopped.store(true, Ordering::Relaxed);
            let _ = tokio::time::timeout(STOP_TIMEOUT, work).await;
            bail!("interrupted; nothing was exported");
        }
    };
    app.db.close().await;
    if args.out.as_os_str() != "-" {
        summarize(&args, format, rows, started.elapsed().as_secs_f64())?;
    }
    Ok(Exit::Success)
}

/// Returns the form and the compression that the name of a file asks for.
fn by_name(path: &Path) -> (Option<Format>, Packing) {
    let name = path.to_string_lossy().to_ascii_lowercase();
    let (stem, packing) = match (name.strip_suffix(".gz"), name.strip_suffix(".zst")) {
        (Some(stem), _) => (stem, Packing::Gzip),
        (_, Some(stem)) => (stem, Packing::Zstd),
        _ => (name.as_str(), Packing::Plain),
    };
    (stem.rsplit_once('.').and_then(|(_, ending)| ending.parse().ok()), packing)
}

fn write(export: Export, target: Target, packing: Packing, stopped: &AtomicBool) -> anyhow::Result<u64> {
    let bar = progress(export.total, "{msg:>9} {wide_bar} {percent:>3} %  {eta}").with_message("exporting");
    let on_page = |rows| {
        bar.set_position(rows);
        !stopped.load(Ordering::Relaxed)
    };
    let rows = target.fill(|sink| packed(export, sink, packing, on_page))?;
    bar.finish_and_clear();
    Ok(rows)
}

fn packed(
    export: Export,
    mut sink: &mut (dyn Write + Send),
    packing: Packing,
    on_page: impl FnMut(u64) -> bool,
) -> anyhow::Result<u64> {
    Ok(match packing {
        Packing::Plain => export.write(&mut sink, on_page)?,
        Packing::Gzip => {
            let mut gzip = GzEncoder::new(&mut sink, Compression::default());
            let rows = export.write(&mut gzip, on_page)?;
            gzip.finish()?;
            rows
        }
        Packing::Zstd => {
            let mut zstd = zstd::Encoder::new(&mut sink, 0)?;
            let rows = export.write(&mut zstd, on_page)?;
            zstd.finish()?;
            rows
        }
    })
}

fn summarize(args: &ExportArgs, format: Format, rows: u64, seconds: f64) -> anyhow::Result<()> {
    let what = args.what;
    if args.json {
        let seconds = (seconds * 1_000.0).round() / 1_000.0;
        return print_line(
            &json!({"what": what, "format": format, "rows": rows, "seconds": seconds}).to_string(),
        );
    }
    print_line(&format!("{rows} {what} exported to {} in {seconds:.1} s", args.out.display()))
}
