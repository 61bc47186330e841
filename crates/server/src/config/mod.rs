//! Every setting: defaults, then the file, then the environment, then flags.
//!
//! A setting is written in its section: as a field, which is its flag, its environment variable, its member of the
//! settings file and what is said of it in the help and by `refrain config`; and in the section's `Default`.

mod database;
mod escalation;
mod file;
mod insights;
mod jobs;
mod language_model;
mod log;
mod retention;
mod server;
mod webhooks;

pub use database::DatabaseConfig;
pub use escalation::EscalationConfig;
pub use insights::{Granularity, InsightsConfig};
pub use jobs::JobsConfig;
pub(crate) use language_model::completions_url;
pub use language_model::{LanguageModelConfig, Secret};
pub use log::{LogConfig, LogFormat};
pub use retention::RetentionConfig;
pub use server::{Origins, ServerConfig};
pub use webhooks::WebhooksConfig;

use clap::{Arg, ArgMatches, Args, FromArgMatches};
use serde::Serialize;
use std::path::Path;

const DEFAULT_FILE: &str = "refrain.toml";

/// The settings in effect, checked.
#[derive(Clone, Debug, Default, PartialEq, Args, Serialize)]
pub struct Config {
    /// The database and the folder of what else is kept.
    #[command(flatten)]
    #[serde(flatten)]
    pub database: DatabaseConfig,
    /// The HTTP server.
    #[command(flatten)]
    #[serde(flatten)]
    pub server: ServerConfig,
    /// The workers of the queue.
    #[command(flatten)]
    #[serde(flatten)]
    pub jobs: JobsConfig,
    /// The log.
    #[command(flatten)]
    #[serde(flatten)]
    pub log: LogConfig,
    /// Reading, counting and grouping.
    #[command(flatten)]
    #[serde(flatten)]
    pub insights: InsightsConfig,
    /// The return of archived insights that escalate.
    #[command(flatten)]
    #[serde(flatten)]
    pub escalation: EscalationConfig,
    /// The time for which sessions are kept.
    #[command(flatten)]
    #[serde(flatten)]
    pub retention: RetentionConfig,
    /// The endpoint that may reword insights.
    #[command(flatten)]
    #[serde(flatten)]
    pub language_model: LanguageModelConfig,
    /// Requests to webhooks.
    #[command(flatten)]
    #[serde(flatten)]
    pub webhooks: WebhooksConfig,
}

impl Config {
    /// Puts the settings together from the file, the environment and the flags, and checks them. Without a path the
    /// file is `refrain.toml`, if there is one.
    pub fn load(file: Option<&Path>, matches: &ArgMatches) -> anyhow::Result<Self> {
        let default_file = Some(Path::new(DEFAULT_FILE)).filter(|path| path.exists());
        let mut config = match file.or(default_file) {
            Some(path) => file::read(path)?,
            None => Self::default(),
        };
        // takes only what a flag or a variable gives
        config.update_from_arg_matches(matches)?;
        config.server.read_key();
        config.database.read_key();
        config.language_model.read_key();
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> anyhow::Result<()> {
        self.database.check()?;
        self.server.check()?;
        self.jobs.check()?;
        self.insights.check()?;
        self.escalation.check()?;
        self.retention.check()?;
        self.webhooks.check()?;
        self.language_model.check()
    }

    /// Writes the settings as a commented file; a password in the database's URL and keys are left out.
    pub fn to_toml(&self) -> anyhow::Result<String> {
        file::write(self)
    }
}

/// Lists the settings as arguments of the command line, which every command takes. Their help ends with the default,
/// and their heading is the section.
pub fn flags() -> Vec<Arg> {
    let defaults = toml::Table::try_from(Config::default()).unwrap_or_default();
    let command = Config::augment_args_for_update(clap::Command::new("settings"));
    command.get_arguments().cloned().map(|flag| with_default(flag, &defaults)).collect()
}

fn with_default(flag: Arg, defaults: &toml::Table) -> Arg {
    let flag = flag.global(true).hide_env_values(true);
    let help = flag.get_help().map(ToString::to_string).unwrap_or_default();
    match defaults.get(flag.get_id().as_str()) {
        // a default that depends on the machine says so itself
        Some(_) if help.contains("[default: ") => flag,
        Some(toml::Value::String(text)) => flag.help(format!("{help} [default: {text}]")),
        Some(value) => flag.help(format!("{help} [default: {value}]")),
        None => flag,
    }
}
