//! The command line. Its commands, flags, outputs by `--json` and exit codes are an interface.

mod audit;
mod backup;
mod demo;
mod doctor;
mod eval;
mod export;
mod help;
mod import;
mod insights;
mod keys;
mod members;
mod serve;
mod sheet;
mod table;
mod target;

use crate::app::App;
use crate::config::Config;
use crate::db::{Db, Location};
use crate::error::causes;
use crate::ids::OrgId;
use crate::orgs;
use crate::telemetry;
use crate::time::Clock;
use crate::wire::escaped;
use anyhow::{Context, bail};
use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};
use std::fs::DirBuilder;
use std::io::Write;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The end of a command that did its work, and its exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    /// Everything is done: 0.
    Success,
    /// Everything is done, and something wrong was found and listed: 3.
    Findings,
}

/// Shows what customers keep saying: insights counted, proven and tracked over time.
#[derive(Debug, Parser)]
#[command(name = "refrain", version, max_term_width = 100)]
struct Cli {
    /// Settings file [default: refrain.toml, if it is there]
    #[arg(
        long,
        value_name = "FILE",
        env = "REFRAIN_CONFIG",
        hide_env_values = true,
        global = true,
        help_heading = "Settings"
    )]
    config: Option<PathBuf>,
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
    /// Invite, list and remove the people who sign in
    #[command(subcommand)]
    Members(members::MembersCommand),
    /// Score the grouping on a labeled file, next to plain methods
    Eval(eval::EvalArgs),
    /// Measure how well statements are grouped, by pairs of them that you judge
    Audit(audit::AuditArgs),
    /// Check that everything stored agrees with itself
    Doctor(doctor::DoctorArgs),
    /// Write everything into one file, while the server runs
    Backup(backup::BackupArgs),
    /// Read a backup into an empty database of either kind
    Restore(backup::RestoreArgs),
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

/// The organization that a command is about.
#[derive(Clone, Debug, clap::Args)]
struct OrgArg {
    /// Organization
    #[arg(long, value_name = "NAME", default_value = orgs::DEFAULT_NAME)]
    org: String,
}

/// Returns the whole command line: the commands, their arguments and the settings.
pub fn command() -> clap::Command {
    help::add_settings(Cli::command())
}

/// Runs the command that the process was started with.
pub fn run() -> ExitCode {
    telemetry::quiet_panics();
    let matches = command().get_matches();
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let result = runtime.context("starting the runtime").and_then(|runtime| {
        let result = runtime.block_on(dispatch(cli, &matches));
        runtime.shutdown_timeout(std::time::Duration::from_secs(5));
        result
    });
    match result {
        Ok(Exit::Success) => ExitCode::SUCCESS,
        Ok(Exit::Findings) => ExitCode::from(3),
        Err(error) => {
            print_error(&format!("refrain: {}", causes(&error)));
            // a setting or an argument that is wrong is wrong use
            ExitCode::from(if error.is::<UsageError>() { 2 } else { 1 })
        }
    }
}

/// A wrong use of the command: exit code 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct UsageError(String);

async fn dispatch(cli: Cli, matches: &ArgMatches) -> anyhow::Result<Exit> {
    let config = Config::load(cli.config.as_deref(), matches);
    let config = config.map_err(|error| UsageError(format!("{error:#}")))?;
    let default_log = if matches!(cli.command, Command::Serve) { "info" } else { "warn" };
    let logging = telemetry::start_logging(&config.log, default_log);
    logging.map_err(|error| UsageError(format!("{error:#}")))?;
    match cli.command {
        Command::Serve => serve::serve(config).await,
        Command::Import(args) => import::import(config, args).await,
        Command::Export(args) => export::export(config, args).await,
        Command::Insights(args) => insights::insights(config, *args).await,
        Command::Keys(command) => keys::keys(config, command).await,
        Command::Members(command) => members::members(config, command).await,
        Command::Eval(args) => eval::eval(config, args).await,
        Command::Audit(args) => audit::audit(config, args).await,
        Command::Doctor(args) => doctor::doctor(config, args).await,
        Command::Backup(args) => backup::back_up(config, args).await,
        Command::Restore(args) => backup::restore(config, args).await,
        Command::Config(args) => print_config(&config, &args),
        Command::Demo(args) => demo::demo(config, args).await,
    }
}

fn print_config(config: &Config, args: &ConfigArgs) -> anyhow::Result<Exit> {
    let text = config.to_toml()?;
    if args.json {
        let settings: toml::Value = toml::from_str(&text)?;
        print_line(&serde_json::to_string_pretty(&settings)?)?;
    } else {
        print_line(text.trim_end())?;
    }
    Ok(Exit::Success)
}

/// Opens the database of a command.
async fn open(mut config: Config) -> anyhow::Result<App> {
    config.database.read_key_file().map_err(|error| UsageError(format!("{error:#}")))?;
    let location = config.database.location();
    if let Location::Sqlite(_) = location {
        private_folder(&config.database.data)?;
    }
    let db = Db::open(&location).await?;
    Ok(App::new(db, Clock::default(), config))
}

/// Makes the data folder, if it is not there, for its owner alone.
fn private_folder(folder: &Path) -> anyhow::Result<()> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.with_context(|| format!("making the folder {}", folder.display()))
}

/// Finds the organization that a command names; it has to exist.
async fn find_org(app: &App, arg: &OrgArg) -> anyhow::Result<OrgId> {
    match orgs::find(&app.db, &arg.org).await? {
        Some(id) => Ok(id),
        None => bail!("there is no organization {:?} (import something into it first)", arg.org),
    }
}

/// Prints a line of output, in which nothing steers the terminal. A reader that went away is no error.
fn print_line(text: &str) -> anyhow::Result<()> {
    match writeln!(std::io::stdout().lock(), "{}", escaped(text)) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// Prints a line for a person to standard error.
fn print_error(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{}", escaped(text));
}
