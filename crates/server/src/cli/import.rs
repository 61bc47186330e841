//! `refrain import`: reads files, writes what is in them, and waits until it is read and grouped.

use super::serve::asked_to_stop;
use super::{Exit, OrgArg, open, print_error, print_line};
use crate::app::App;
use crate::config::Config;
use crate::ids::OrgId;
use crate::imports::{BadRecord, Batch, Import, Totals, read_file};
use crate::{insights, jobs};
use anyhow::{Context, bail};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// Batches read ahead of the database.
const BATCHES_AHEAD: usize = 4;
/// The most bad records that are listed; the rest is only counted.
const BAD_LISTED_MAX: usize = 1_000;
const SOON_MICROS: i64 = 20_000_000;
const LOOK_EVERY: Duration = Duration::from_millis(100);

#[derive(Debug, clap::Args)]
pub(super) struct ImportArgs {
    /// Files: .jsonl or .csv, plain, .gz or .zst
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    org: OrgArg,
    /// Source of the conversations; keeps equal ids of different systems apart
    #[arg(long, value_name = "NAME", default_value = "import")]
    source: String,
    /// Do not wait until everything is read and grouped; the server does it
    #[arg(long)]
    no_wait: bool,
    /// Print the summary as JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn import(config: Config, args: ImportArgs) -> anyhow::Result<Exit> {
    for file in &args.files {
        std::fs::metadata(file).with_context(|| format!("reading {}", file.display()))?;
    }
    let started = Instant::now();
    let app = open(config).await?;
    let org_id = app.find_or_create_org(&args.org.org).await?;
    let import = Import::begin(&app, org_id, &args.source).await?;
    let workers = (!args.no_wait).then(|| tokio::spawn(jobs::work(app.clone(), app.config.jobs.workers)));
    let mut stop = std::pin::pin!(asked_to_stop()?);
    let work = async {
        let (totals, bad) = load(import, &args.files).await?;
        if !args.no_wait {
            wait(&app, org_id).await?;
        }
        anyhow::Ok((totals, bad))
    };
    let outcome = tokio::select! {
        outcome = work => outcome,
        () = &mut stop => Err(anyhow::anyhow!("interrupted; the same command goes on where this ended")),
    };
    app.drain();
    if let Some(workers) = workers {
        workers.await.context("ending the workers")?;
    }
    let (totals, bad) = outcome?;
    summarize(&app, org_id, &args, &totals, &bad, started).await?;
    app.db.close().await;
    Ok(if totals.bad > 0 { Exit::Findings } else { Exit::Success })
}

/// Reads the files on a thread of its own and writes what comes.
pub(super) async fn load(mut import: Import, files: &[PathBuf]) -> anyhow::Result<(Totals, Vec<BadRecord>)> {
    let size = files.iter().map(|file| std::fs::metadata(file).map_or(0, |data| data.len())).sum();
    let position = Arc::new(AtomicU64::new(0));
    let (sender, mut batches) = mpsc::channel::<Batch>(BATCHES_AHEAD);
    let reader = {
        let (files, position) = (files.to_vec(), Arc::clone(&position));
        tokio::task::spawn_blocking(move || {
            for file in files {
                read_file(&file, Arc::clone(&position), |batch| sender.blocking_send(batch).is_ok())?;
            }
            anyhow::Ok(())
        })
    };
    let bar = progress(size, "{msg:>9} {wide_bar} {percent:>3} %  {eta}").with_message("importing");
    let mut bad = Vec::new();
    while let Some(batch) = batches.recv().await {
        for record in import.write(batch).await? {
            bar.suspend(|| print_error(&format!("{}:{}: {}", record.file, record.line, record.reason)));
            if bad.len() < BAD_LISTED_MAX {
                bad.push(record);
            }
        }
        bar.set_position(position.load(Ordering::Relaxed));
    }
    reader.await.context("reading the files")??;
    bar.finish_and_clear();
    Ok((import.finish().await?, bad))
}

/// Waits until everything imported is read and grouped.
pub(super) async fn wait(app: &App, org_id: OrgId) -> anyhow::Result<()> {
    let (done, all) = insights::progress(&app.db, org_id).await?;
    let bar = progress(all, "{msg:>9} {wide_bar} {percent:>3} %  {eta}").with_message("reading");
    bar.set_position(done);
    loop {
        // a job that steps back for another comes again within seconds
        let soon = app.clock.now().plus(SOON_MICROS);
        let backlog = jobs::backlog(app, org_id, soon).await?;
        if backlog.failed > 0 {
            bail!("{} jobs failed; refrain doctor says which", backlog.failed);
        }
        if backlog.due == 0 && backlog.bulk == 0 {
            bar.finish_and_clear();
            return Ok(());
        }
        if backlog.bulk > 0 && !bar.is_hidden() {
            bar.set_position(insights::progress(&app.db, org_id).await?.0);
        } else if backlog.bulk == 0 {
            bar.set_position(all);
            bar.set_message("grouping");
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Makes a progress bar, which shows on a terminal only.
pub(super) fn progress(length: u64, template: &str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::stderr_with_hz(10));
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.set_style(style.progress_chars("━╸ "));
    bar
}

async fn summarize(
    app: &App,
    org_id: OrgId,
    args: &ImportArgs,
    totals: &Totals,
    bad: &[BadRecord],
    started: Instant,
) -> anyhow::Result<()> {
    let counts = insights::counts(&app.db, org_id).await?;
    let seconds = started.elapsed().as_secs_f64();
    if args.json {
        return print_line(
            &json!({
                "imported": totals.imported,
                "updated": totals.updated,
                "unchanged": totals.unchanged,
                "bad": totals.bad,
                "bad_records": bad,
                "sessions": counts.sessions,
                "statements": counts.statements,
                "insights": counts.insights,
                "analyzed": !args.no_wait,
                "seconds": (seconds * 1_000.0).round() / 1_000.0,
            })
            .to_string(),
        );
    }
    let Totals { imported, updated, unchanged, bad } = totals;
    print_line(&format!(
        "{imported} imported, {updated} updated, {unchanged} unchanged, {bad} bad, in {seconds:.1} s"
    ))?;
    let state = if args.no_wait { " so far; the server reads the rest" } else { "" };
    print_line(&format!(
        "{} sessions, {} statements, {} insights{state}",
        counts.sessions, counts.statements, counts.insights
    ))
}
