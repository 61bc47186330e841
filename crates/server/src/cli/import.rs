//! `refrain import`: reads files, writes what is in them, and waits until it is read and grouped.

use super::serve::asked_to_stop;
use super::{Exit, OrgArg, UsageError, open, print_error, print_line};
use crate::app::App;
use crate::config::Config;
use crate::ids::OrgId;
use crate::imports::{
    Batch, DateOrder, Format, Import, Listed, Options, Record, Report, Totals, list_files, read_files,
    thousands,
};
use crate::time::Calendar;
use crate::{insights, jobs, settings};
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
/// The files that are named in the summary, and the conversations that a dry run shows.
const FILES_SHOWN: usize = 5;
const SHOWN: usize = 3;
const SOON_MICROS: i64 = 20_000_000;
const LOOK_EVERY: Duration = Duration::from_millis(100);

#[derive(Debug, clap::Args)]
pub(super) struct ImportArgs {
    /// Files, folders or archives, in whatever format; - is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    org: OrgArg,
    /// Source of the conversations; keeps equal ids of different systems apart
    #[arg(long, value_name = "NAME", default_value = "import")]
    source: String,
    #[command(flatten)]
    reading: ReadingArgs,
    /// Say what would be read, and import nothing
    #[arg(long)]
    dry_run: bool,
    /// Do not wait until everything is read and grouped; the server does it
    #[arg(long)]
    no_wait: bool,
    /// Print the summary as JSON
    #[arg(long)]
    json: bool,
}

/// How files are to be read, where they do not tell.
#[derive(Debug, clap::Args)]
struct ReadingArgs {
    /// The format, where the bytes do not tell it
    #[arg(long, value_name = "FORMAT")]
    format: Option<Format>,
    /// The order of day and month in dates such as 01/04/2025
    #[arg(long, value_name = "ORDER")]
    dates: Option<DateOrder>,
    /// Whom a word of the source stands for: contact, agent, ai or system
    #[arg(long = "role", value_name = "WORD=ROLE")]
    roles: Vec<String>,
    /// What columns of a table mean, as in text=Description,id="Ticket ID", or a TOML file of the same
    #[arg(long = "map", value_name = "NAME=COLUMN,…|FILE")]
    maps: Vec<String>,
    /// A name, address or domain of the company itself, in mails and chats
    #[arg(long, value_name = "NAME")]
    me: Vec<String>,
}

impl ReadingArgs {
    fn options(&self, calendar: Calendar) -> anyhow::Result<Options> {
        let mut options = Options {
            format: self.format,
            dates: self.dates,
            me: self.me.clone(),
            calendar,
            ..Options::default()
        };
        for pair in &self.roles {
            let added = match pair.split_once('=') {
                Some((word, role)) => options.mapping.add_role(word, role),
                None => Err("expected WORD=ROLE"),
            };
            added.map_err(|error| UsageError(format!("--role {pair}: {error}")))?;
        }
        for map in &self.maps {
            let added = if map.contains('=') {
                options.mapping.add(map)
            } else {
                let text = std::fs::read_to_string(map).with_context(|| format!("reading --map {map}"))?;
                options.mapping.add_toml(&text)
            };
            added.map_err(|error| UsageError(format!("--map {map}: {error}")))?;
        }
        Ok(options)
    }
}

/// What reading files came to.
#[derive(Default)]
struct Told {
    lost: Report,
    notes: Report,
    /// The files, and what each is.
    files: Vec<(String, String)>,
    /// The tables among them, and of each column what becomes of it.
    columns: Vec<(String, Vec<(String, String)>)>,
}

impl Told {
    fn add(&mut self, batch: &mut Batch) {
        self.lost.add(std::mem::take(&mut batch.bad));
        self.notes.add(std::mem::take(&mut batch.notes));
        self.files.append(&mut batch.files);
        self.columns.append(&mut batch.columns);
    }

    /// Prints what was lost and what was left out to standard error, a line a kind.
    fn print_faults(&self) {
        self.lost.lines().iter().for_each(|line| print_error(line));
        self.notes.lines().iter().for_each(|line| print_error(&format!("note: {line}")));
    }

    /// Prints what the files are.
    fn print_files(&self) -> anyhow::Result<()> {
        for (name, kind) in self.files.iter().take(FILES_SHOWN) {
            print_line(&format!("{name}: {kind}"))?;
        }
        let more = self.files.len().saturating_sub(FILES_SHOWN);
        if more > 0 {
            print_line(&format!("and {} more files", thousands(more as u64)))?;
        }
        Ok(())
    }

    fn exit(&self) -> Exit {
        if self.lost.count > 0 { Exit::Findings } else { Exit::Success }
    }
}

pub(super) async fn import(config: Config, args: ImportArgs) -> anyhow::Result<Exit> {
    let files = list_files(&args.files)?;
    // what is wrong with the arguments is said before anything is opened
    let options = args.reading.options(Calendar::of(&config.insights.time_zone)?)?;
    if args.dry_run {
        return tokio::task::spawn_blocking(move || dry_run(&args, &files, &options))
            .await
            .context("reading the files")?;
    }
    let started = Instant::now();
    let app = open(config).await?;
    let org_id = app.find_or_create_org(&args.org.org).await?;
    let calendar = settings::load(&app.db, &app.config, org_id).await?.calendar;
    let options = Options { calendar, ..options };
    let import = Import::begin(&app, org_id, &args.source).await?;
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
    Ok(told.exit())
}

/// Reads files and imports what is in them.
pub(super) async fn load(import: Import, files: &[PathBuf]) -> anyhow::Result<()> {
    let (_, told) = read(import, list_files(files)?, Options::default()).await?;
    told.print_faults();
    Ok(())
}

/// Reads the files on a thread of its own and writes what comes.
async fn read(mut import: Import, files: Vec<Listed>, options: Options) -> anyhow::Result<(Totals, Told)> {
    let size = files.iter().map(|file| file.size).sum();
    let position = Arc::new(AtomicU64::new(0));
    let (sender, mut batches) = mpsc::channel::<Batch>(BATCHES_AHEAD);
    let reader = {
        let position = Arc::clone(&position);
        tokio::task::spawn_blocking(move || {
            read_files(&files, &options, &position, |batch| sender.blocking_send(batch).is_ok())
        })
    };
    let bar = progress(size, "{msg:>9} {wide_bar} {percent:>3} %  {eta}").with_message("importing");
    let mut told = Told::default();
    while let Some(mut batch) = batches.recv().await {
        told.add(&mut batch);
        import.write(batch).await?;
        bar.set_position(position.load(Ordering::Relaxed));
    }
    reader.await.context("reading the files")??;
    bar.finish_and_clear();
    Ok((import.finish().await?, told))
}

/// Reads the files and prints what would be imported.
fn dry_run(args: &ImportArgs, files: &[Listed], options: &Options) -> anyhow::Result<Exit> {
    let (mut told, mut shown, mut count): (Told, Vec<Record>, u64) = Default::default();
    read_files(files, options, &Arc::default(), |mut batch| {
        told.add(&mut batch);
        count += batch.records.len() as u64;
        shown.extend(batch.records.into_iter().take(SHOWN - shown.len()));
        true
    })?;
    told.print_faults();
    if args.json {
        let files: Vec<_> =
            told.files.iter().map(|(file, format)| json!({"file": file, "format": format})).collect();
        let summary = json!({"conversations": count, "files": files, "columns": told.columns, "first": shown, "errors": told.lost, "notes": told.notes});
        print_line(&summary.to_string())?;
        return Ok(told.exit());
    }
    told.print_files()?;
    for (file, columns) in told.columns.iter().take(FILES_SHOWN) {
        print_line(&format!("columns of {file}:"))?;
        for (name, fate) in columns {
            print_line(&format!("  {name}: {fate}"))?;
        }
    }
    for record in &shown {
        print_line("")?;
        print_line(&serde_json::to_string_pretty(record)?)?;
    }
    print_line(&format!("{} conversations would be imported", thousands(count)))?;
    Ok(told.exit())
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
    told: &Told,
    started: Instant,
) -> anyhow::Result<()> {
    let counts = insights::counts(&app.db, org_id).await?;
    let seconds = started.elapsed().as_secs_f64();
    let Totals { imported, updated, unchanged } = totals;
    let bad = told.lost.count;
    told.print_faults();
    if args.json {
        return print_line(
            &json!({
                "files": told.files.iter().map(|(file, format)| json!({"file": file, "format": format})).collect::<Vec<_>>(),
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
    told.print_files()?;
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
