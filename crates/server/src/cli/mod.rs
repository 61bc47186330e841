//! The command line. Its commands, flags, outputs by `--json` and exit codes are an interface.

mod audit;
mod demo;
mod doctor;
mod eval;
mod export;
mod import;
mod insights;
mod keys;
mod serve;
mod sheet;
mod table;

use crate::app::App;
use crate::config::{Config, Flags};
use crate::db::{Db, Location};
use crate::ids::OrgId;
use crate::orgs;
use crate::telemetry;
use crate::time::Clock;
use anyhow::{Context, bail};
use clap::{Parser, Subcommand};
use std::io::Write;
use std::process::ExitCode;

/// What a command that did its work ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Done {
    /// All of it: 0.
    Whole,
    /// It found what it was looking for, and that is not good: 1.
    WithFindings,
    /// All but the bad records it listed: 3.
    WithBadRecords,
}

/// Shows what customers keep saying: insights counted, proven and tracked over time.
#[derive(Debug, Parser)]
#[command(name = "refrain", version, max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    flags: Flags,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API
    Serve,
    /// Import conversations from files (JSON lines or CSV; plain, .gz or .zst)
    Import(import::ImportArgs),
    /// Export conversations, insights or occurrences into a file
    Export(export::ExportArgs),
    /// List insights
    Insights(Box<insights::InsightsArgs>),
    /// Make, list and revoke API keys
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    /// Score the grouping on a labeled file, next to plain methods
    Eval(eval::EvalArgs),
    /// Measure how well statements are grouped, by pairs of them that you judge
    Audit(audit::AuditArgs),
    /// Check that everything stored agrees with itself
    Doctor(doctor::DoctorArgs),
    /// Print the settings in effect, as a settings file
    Config(ConfigArgs),
    /// Load the bundled sample, show what it says, and serve it
    Demo(demo::DemoArgs),
}

#[derive(Debug, clap::Args)]
struct ConfigArgs {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Which organization a command is about.
#[derive(Clone, Debug, clap::Args)]
struct OrgArg {
    /// Organization
    #[arg(long, value_name = "NAME", default_value = orgs::DEFAULT_NAME)]
    org: String,
}

/// Runs the command that the process was started with.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let result = runtime.context("starting the runtime").and_then(|runtime| {
        let result = runtime.block_on(dispatch(cli));
        runtime.shutdown_timeout(std::time::Duration::from_secs(5));
        result
    });
    match result {
        Ok(Done::Whole) => ExitCode::SUCCESS,
        Ok(Done::WithFindings) => ExitCode::FAILURE,
        Ok(Done::WithBadRecords) => ExitCode::from(3),
        Err(error) => {
            complain(&format!("refrain: {error:#}"));
            // a setting or an argument that is wrong is wrong use
            ExitCode::from(if error.is::<Misuse>() { 2 } else { 1 })
        }
    }
}

/// The command was used wrongly: exit code 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Misuse(String);

async fn dispatch(cli: Cli) -> anyhow::Result<Done> {
    let config = Config::load(&cli.flags).map_err(|error| Misuse(format!("{error:#}")))?;
    let default_log = if matches!(cli.command, Command::Serve) { "info" } else { "warn" };
    telemetry::start_logging(&config, default_log).map_err(|error| Misuse(format!("{error:#}")))?;
    match cli.command {
        Command::Serve => serve::serve(config).await,
        Command::Import(args) => import::import(config, args).await,
        Command::Export(args) => export::export(config, args).await,
        Command::Insights(args) => insights::insights(config, *args).await,
        Command::Keys(command) => keys::keys(config, command).await,
        Command::Eval(args) => eval::eval(config, args).await,
        Command::Audit(args) => audit::audit(config, args).await,
        Command::Doctor(args) => doctor::doctor(config, args).await,
        Command::Config(args) => print_config(&config, &args),
        Command::Demo(args) => demo::demo(config, args).await,
    }
}

fn print_config(config: &Config, args: &ConfigArgs) -> anyhow::Result<Done> {
    let text = config.to_toml();
    if args.json {
        let settings: toml::Value = toml::from_str(&text)?;
        say(&serde_json::to_string_pretty(&settings)?)?;
    } else {
        say(text.trim_end())?;
    }
    Ok(Done::Whole)
}

/// Opens the database of a command.
async fn open(config: Config) -> anyhow::Result<App> {
    if let Location::Sqlite(_) = config.location() {
        std::fs::create_dir_all(&config.data)
            .with_context(|| format!("making the folder {}", config.data.display()))?;
    }
    let db = Db::open(&config.location()).await?;
    Ok(App::new(db, Clock::default(), config))
}

/// The organization that a command names; it has to exist.
async fn find_org(app: &App, arg: &OrgArg) -> anyhow::Result<OrgId> {
    match orgs::find(&app.db, &arg.org).await? {
        Some(id) => Ok(id),
        None => bail!("there is no organization {:?} (import something into it first)", arg.org),
    }
}

/// Prints a line for whoever asked. That nobody reads on is no error.
fn say(text: &str) -> anyhow::Result<()> {
    match writeln!(std::io::stdout().lock(), "{text}") {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// Prints a line for a person beside the output.
fn complain(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}
