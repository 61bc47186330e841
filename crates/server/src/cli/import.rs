//! `refrain import`: reads files, writes what is in them, and waits until it is read and grouped.

use super::serve::asked_to_stop;
use super::{Exit, OrgArg, UsageError, open, print_error, print_line};
use crate::app::App;
use crate::config::Config;
use crate::ids::OrgId;
use crate::imports::{
    Import, ImportOptions, Listed, Options, Preview, Reader, Report, Told, Totals, list_files, thousands,
};
use crate::insights::{self, Consolidate};
use crate::time::Calendar;
use crate::{jobs, settings};
use anyhow::{Context, bail};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The files that are named in the summary.
const FILES_SHOWN: usize = 5;
/// The form of a progress bar.
const BAR: &str = "{msg:>9} {wide_bar} {percent:>3} %  {eta}";
const SOON_MICROS: i64 = 20_000_000;
const LOOK_EVERY: Duration = Duration::from_millis(100);

#[derive(Debug, clap::Args)]
pub(super) struct ImportArgs {
    /// Files, folders or archives, in whatever format; - is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    org: OrgArg,
    #[command(flatten)]
    options: ImportOptions,
    /// Do not wait until everything is read and grouped; the server does it
    #[arg(long)]
    no_wait: bool,
    /// Print the summary as JSON
    #[arg(long)]
    json: bool,
}

/// Reads options; a mapping that is no list of pairs is the name of a TOML file.
fn read_options(words: &ImportOptions, calendar: Calendar) -> anyhow::Result<Options> {
    let mut read = words.clone();
    for map in read.map.iter_mut().filter(|map| !map.contains('=')) {
        let text = std::fs::read_to_string(&map).with_context(|| format!("reading --map {map}"))?;
        *map = format!("{text}\n");
    }
    read.read(calendar).map_err(|wrong| {
        let given = if wrong.name == "role" { &words.role } else { &words.map };
        let given = given.get(wrong.at).map_or("", String::as_str);
        UsageError(format!("--{} {given}: {}", wrong.name, wrong.reason)).into()
    })
}

/// Prints what was lost and what was left out to standard error, a line a kind.
fn print_faults(lost: &Report, notes: &Report) {
    lost.lines().iter().for_each(|line| print_error(line));
    notes.lines().iter().for_each(|line| print_error(&format!("note: {line}")));
}

/// Prints what files are.
fn print_files<'a>(files: impl ExactSizeIterator<Item = (&'a str, &'a str)>) -> anyhow::Result<()> {
    let more = files.len().saturating_sub(FILES_SHOWN);
    for (name, kind) in files.take(FILES_SHOWN) {
        print_line(&format!("{name}: {kind}"))?;
    }
    if more > 0 {
        print_line(&format!("and {} more files", thousands(more as u64)))?;
    }
    Ok(())
}

fn exit(lost: &Report) -> Exit {
    if lost.count > 0 { Exit::Findings } else { Exit::Success }
}

pub(super) async fn import(config: Config, args: ImportArgs) -> anyhow::Result<Exit> {
    let files = list_files(&args.files)?;
    // what is wrong with the arguments is said before anything is opened
    let options = read_options(&args.options, Calendar::of(&config.insights.time_zone)?)?;
    if args.options.dry_run {
        return tokio::task::spawn_blocking(move || dry_run(args.json, &files, &options))
            .await
            .context("reading the files")?;
    }
    let started = Instant::now();
    let app = open(config).await?;
    let org_id = app.find_or_create_org(&args.org.org).await?;
    let calendar = settings::load(&app.db, &app.config, org_id).await?.calendar;
    let options = Options { calendar, ..options };
    let import = Import::begin(&app, org_id, &args.options.source).await?;
    let workers = (!args.no_wait).then(|| tokio::spawn(jobs::work(app.clone(), app.config.jobs.workers)));
    let mut stop = std::pin::pin!(asked_to_stop()?);
    let work = async {
        let loaded = read(import, files, options).await?;
        if !args.no_wait {
            wait(&app, org_id).await?;
        }
        anyhow::Ok(loaded)
    };
    let outcome = tokio::select! {
        outcome = work => outcome,
        () = &mut stop => Err(anyhow::anyhow!("interrupted; the same command goes on where this ended")),
    };
    app.drain();
    if let Some(workers) = workers {
        workers.await.context("ending the workers")?;
    }
    let (totals, told) = outcome?;
    summarize(&app, org_id, &args, &totals, &told, started).await?;
    app.db.close().await;
    Ok(exit(&told.lost))
}

/// Reads files and imports what is in them.
pub(super) async fn load(import: Import, files: &[PathBuf]) -> anyhow::Result<()> {
    let (_, told) = read(import, list_files(files)?, Options::default()).await?;
    print_faults(&told.lost, &told.notes);
    Ok(())
}

/// Reads the files and writes what comes.
async fn read(mut import: Import, files: Vec<Listed>, options: Options) -> anyhow::Result<(Totals, Told)> {
    let mut reader = Reader::start(files, options);
    let bar = progress(reader.size, BAR).with_message("importing");
    let mut told = Told::default();
    while let Some(mut batch) = reader.next().await? {
        told.add(&mut batch);
        import.write(batch).await?;
        bar.set_position(reader.position());
    }
    bar.finish_and_clear();
    Ok((import.finish().await?, told))
}

/// Reads the files and prints what would be imported.
fn dry_run(is_json: bool, files: &[Listed], options: &Options) -> anyhow::Result<Exit> {
    let shown = Preview::of(files, options, &Arc::default(), "")?;
    print_faults(&shown.errors, &shown.notes);
    if is_json {
        print_line(&serde_json::to_string(&shown)?)?;
        return Ok(exit(&shown.errors));
    }
    print_files(shown.files.iter().map(|read| (read.file.as_str(), read.format.as_str())))?;
    for (file, columns) in shown.columns.iter().take(FILES_SHOWN) {
        print_line(&format!("columns of {file}:"))?;
        for (name, fate) in columns {
            print_line(&format!("  {name}: {fate}"))?;
        }
    }
    for record in &shown.first {
        print_line("")?;
        print_line(&serde_json::to_string_pretty(record)?)?;
    }
    print_line(&format!("{} conversations would be imported", thousands(shown.conversations)))?;
    Ok(exit(&shown.errors))
}

/// Waits until everything imported is read and grouped.
pub(super) async fn wait(app: &App, org_id: OrgId) -> anyhow::Result<()> {
    let (done, all) = insights::progress(&app.db, org_id).await?;
    let mut bar = progress(all, BAR).with_message("reading");
    bar.set_position(done);
    let mut is_grouping = false;
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
        if backlog.bulk == 0 && !is_grouping {
            bar.finish_and_clear();
            bar = progress(1, BAR).with_message("grouping");
            is_grouping = true;
        }
        if !is_grouping && !bar.is_hidden() {
            bar.set_position(insights::progress(&app.db, org_id).await?.0);
        } else if is_grouping && let Some((done, total)) = jobs::progress::<Consolidate>(app, org_id).await? {
            // how many of the statements are compared; more of them that turn up take nothing back
            bar.set_length(total.unsigned_abs());
            bar.set_position(bar.position().max(done.unsigned_abs()));
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
    told: &Told,
    started: Instant,
) -> anyhow::Result<()> {
    let counts = insights::counts(&app.db, org_id).await?;
    let seconds = started.elapsed().as_secs_f64();
    let Totals { imported, updated, unchanged } = totals;
    let bad = told.lost.count;
    print_faults(&told.lost, &told.notes);
    if args.json {
        return print_line(
            &json!({
                "files": told.files(usize::MAX),
                "imported": imported,
                "updated": updated,
                "unchanged": unchanged,
                "bad": bad,
                "bad_records": told.lost.faults,
                "errors": told.lost.kinds,
                "notes": told.notes,
                "sessions": counts.sessions,
                "statements": counts.statements,
                "insights": counts.insights,
                "analyzed": !args.no_wait,
                "seconds": (seconds * 1_000.0).round() / 1_000.0,
            })
            .to_string(),
        );
    }
    print_files(told.files.iter().map(|(name, kind)| (name.as_str(), kind.as_str())))?;
    if imported + updated + unchanged == 0 {
        print_line("no conversations in what was read")?;
    }
    print_line(&format!(
        "{imported} imported, {updated} updated, {unchanged} unchanged, {bad} bad, in {seconds:.1} s"
    ))?;
    let state = if args.no_wait { " so far; the server reads the rest" } else { "" };
    print_line(&format!(
        "{} sessions, {} statements, {} insights{state}",
        counts.sessions, counts.statements, counts.insights
    ))
}
