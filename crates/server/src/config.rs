//! Every setting: defaults, then the file, then the environment, then flags.

use crate::db::Location;
use crate::escalation::{EscalationBasis, Sensitivity};
use crate::language_model::LanguageModel;
use crate::time::Calendar;
use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use refrain_nlp::grouping::Options;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// The settings in effect, checked.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where the embedded database and everything else that is kept lies.
    pub data: PathBuf,
    /// A PostgreSQL database to use instead of the embedded one.
    pub database_url: Option<String>,
    /// Where to listen.
    pub listen: SocketAddr,
    /// What callers reach this server as; in the addresses of attachments.
    pub public_url: Option<String>,
    /// Requests a minute of one key; ten times as many that carry live conversation. 0: no limit.
    pub rate_limit: u32,
    /// How many jobs are worked on at once.
    pub workers: usize,
    /// Code of the language that is assumed where a text is too short to tell.
    pub language: String,
    /// How many different contacts must say a thing before it is shown.
    pub contacts_min: u32,
    /// Whether what is alike becomes one insight or several.
    pub granularity: Granularity,
    /// The time zone by which days and weeks are counted, as the IANA database names it.
    pub time_zone: String,
    /// How readily insights come back that are archived until they escalate.
    pub escalation_sensitivity: Sensitivity,
    /// Whether growth of all conversations explains an insight's.
    pub escalation_basis: EscalationBasis,
    /// How many false returns a week are allowed for, of all insights together; takes the place of the sensitivity.
    pub escalation_returns_week: Option<f64>,
    /// Whether a resolved insight that is seen again becomes unresolved.
    pub regress: bool,
    /// How many days after it was resolved that begins.
    pub regress_grace_days: u32,
    /// Whether log lines are text or JSON.
    pub log_format: LogFormat,
    /// What is logged, as a `tracing` filter; if not set, `info` by the server and `warn` by other commands.
    pub log: Option<String>,
    /// Base URL of an OpenAI-compatible endpoint that may reword insights; not set: nothing leaves the machine.
    pub language_model_url: Option<String>,
    /// The model to ask there.
    pub language_model: Option<String>,
    /// The key to ask with. Shown nowhere.
    #[serde(skip_serializing)]
    pub language_model_key: Option<Secret>,
    /// How long one request to it may take.
    pub language_model_timeout_seconds: u32,
    /// The most requests to it a day, for each organization.
    pub language_model_requests_day: u32,
    /// Whether webhooks may be at private addresses and speak plain http.
    pub webhooks_private: bool,
    /// How long a webhook may take to answer.
    pub webhooks_timeout_seconds: u32,
}

/// A text that is in no log and no output.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[secret]")
    }
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines.
    Json,
}

/// How much has to be the same for one insight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Granularity {
    /// Fewer and broader insights.
    Coarse,
    /// What suits most.
    Balanced,
    /// More and narrower insights.
    Fine,
}

impl Granularity {
    /// The settings of the grouping (docs/engine.md).
    pub fn options(self) -> Options {
        match self {
            Self::Coarse => Options { cut: 0.65, ..Options::default() },
            Self::Balanced => Options::default(),
            Self::Fine => Options { cut: 0.42, least: 0.125, ..Options::default() },
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data: "refrain-data".into(),
            database_url: None,
            listen: ([127, 0, 0, 1], 8080).into(),
            public_url: None,
            rate_limit: 100,
            workers: std::thread::available_parallelism().map_or(2, |n| n.get().clamp(2, 16)),
            language: "en".into(),
            contacts_min: 3,
            granularity: Granularity::Balanced,
            time_zone: "UTC".into(),
            escalation_sensitivity: Sensitivity::Normal,
            escalation_basis: EscalationBasis::Share,
            escalation_returns_week: None,
            regress: true,
            regress_grace_days: 0,
            log_format: LogFormat::Text,
            log: None,
            language_model_url: None,
            language_model: None,
            language_model_key: None,
            language_model_timeout_seconds: 60,
            language_model_requests_day: 200,
            webhooks_private: false,
            webhooks_timeout_seconds: 15,
        }
    }
}

/// The settings as flags and environment variables.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Settings")]
pub struct Flags {
    /// Settings file [default: refrain.toml, if it is there]
    #[arg(long, value_name = "FILE", env = "REFRAIN_CONFIG", hide_env_values = true, global = true)]
    config: Option<PathBuf>,
    /// Folder of the embedded database [default: ./refrain-data]
    #[arg(long, value_name = "DIR", env = "REFRAIN_DATA", hide_env_values = true, global = true)]
    data: Option<PathBuf>,
    /// PostgreSQL database to use instead of the embedded one
    #[arg(long, value_name = "URL", env = "REFRAIN_DATABASE_URL", hide_env_values = true, global = true)]
    database_url: Option<String>,
    /// Language assumed where a text is too short to tell [default: en]
    #[arg(
        long,
        value_name = "CODE",
        env = "REFRAIN_LANGUAGE",
        hide_env_values = true,
        global = true,
        hide_short_help = true
    )]
    language: Option<String>,
    /// Different contacts that must say a thing before it is shown [default: 3]
    #[arg(
        long,
        value_name = "N",
        env = "REFRAIN_CONTACTS_MIN",
        hide_env_values = true,
        global = true,
        hide_short_help = true
    )]
    contacts_min: Option<u32>,
    /// How much has to be the same for one insight [default: balanced]
    #[arg(
        long,
        value_name = "WORD",
        env = "REFRAIN_GRANULARITY",
        hide_env_values = true,
        global = true,
        hide_short_help = true
    )]
    granularity: Option<Granularity>,
    /// Time zone by which days and weeks are counted [default: UTC]
    #[arg(
        long,
        value_name = "NAME",
        env = "REFRAIN_TIME_ZONE",
        hide_env_values = true,
        global = true,
        hide_short_help = true
    )]
    time_zone: Option<String>,
    /// How readily archived insights come back as they escalate: eager, normal or strict [default: normal]
    #[arg(
        long,
        value_name = "WORD",
        env = "REFRAIN_ESCALATION_SENSITIVITY",
        hide_env_values = true,
        global = true,
        hide_short_help = true
    )]
    escalation_sensitivity: Option<Sensitivity>,
    /// What has to grow: an insight's share of the conversations, or its volume [default: share]
    #[arg(
        long,
        value_name = "WORD",
        env = "REFRAIN_ESCALATION_BASIS",
        hide_env_values = true,
        global = true,
        hide_short_help = true
    )]
    escalation_basis: Option<EscalationBasis>,
    /// False returns a week to allow for, all insights together [default: none, each by its sensitivity]
    #[arg(
        long,
        value_name = "N",
        env = "REFRAIN_ESCALATION_RETURNS_WEEK",
        hide_env_values = true,
        global = true,
        hide_short_help = true
    )]
    escalation_returns_week: Option<f64>,
    /// Whether a resolved insight that is seen again becomes unresolved [default: true]
    #[arg(
        long,
        value_name = "BOOL",
        env = "REFRAIN_REGRESS",
        hide_env_values = true,
        global = true,
        hide_short_help = true
    )]
    regress: Option<bool>,
    /// Days after which a resolved insight that is seen again becomes unresolved [default: 0]
    #[arg(
        long,
        value_name = "N",
        env = "REFRAIN_REGRESS_GRACE_DAYS",
        hide_env_values = true,
        global = true,
        hide_short_help = true
    )]
    regress_grace_days: Option<u32>,
    /// Jobs worked on at once [default: one a core]
    #[arg(
        long,
        value_name = "N",
        env = "REFRAIN_WORKERS",
        hide_env_values = true,
        global = true,
        hide_short_help = true
    )]
    workers: Option<usize>,
    /// Form of log lines [default: text]
    #[arg(
        long,
        value_name = "FORMAT",
        env = "REFRAIN_LOG_FORMAT",
        hide_env_values = true,
        global = true,
        hide_short_help = true
    )]
    log_format: Option<LogFormat>,
    /// What is logged: error, warn, info, debug, or a filter [default: info by serve, else warn]
    #[arg(
        long,
        value_name = "FILTER",
        env = "REFRAIN_LOG",
        hide_env_values = true,
        global = true,
        hide_short_help = true
    )]
    log: Option<String>,
    /// Address to listen on; port 0 takes a free one [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR", env = "REFRAIN_LISTEN", hide_env_values = true, global = true)]
    listen: Option<SocketAddr>,
    /// What callers reach this server as
    #[arg(
        long,
        value_name = "URL",
        env = "REFRAIN_PUBLIC_URL",
        hide_env_values = true,
        global = true,
        hide_short_help = true
    )]
    public_url: Option<String>,
    /// Requests a minute of one key, 0 for no limit [default: 100]
    #[arg(
        long,
        value_name = "N",
        env = "REFRAIN_RATE_LIMIT",
        hide_env_values = true,
        global = true,
        hide_short_help = true
    )]
    rate_limit: Option<u32>,
    /// Base URL of an OpenAI-compatible endpoint that may reword insights [default: none, nothing leaves the machine]
    #[arg(
        long,
        value_name = "URL",
        env = "REFRAIN_LANGUAGE_MODEL_URL",
        hide_env_values = true,
        global = true,
        hide_short_help = true
    )]
    language_model_url: Option<String>,
    /// Model to ask there; the key comes from REFRAIN_LANGUAGE_MODEL_KEY or the settings file
    #[arg(
        long,
        value_name = "NAME",
        env = "REFRAIN_LANGUAGE_MODEL",
        hide_env_values = true,
        global = true,
        hide_short_help = true
    )]
    language_model: Option<String>,
    /// Seconds that a request to it may take [default: 60]
    #[arg(
        long,
        value_name = "N",
        env = "REFRAIN_LANGUAGE_MODEL_TIMEOUT_SECONDS",
        hide_env_values = true,
        global = true,
        hide_short_help = true
    )]
    language_model_timeout_seconds: Option<u32>,
    /// Requests to it a day, for each organization [default: 200]
    #[arg(
        long,
        value_name = "N",
        env = "REFRAIN_LANGUAGE_MODEL_REQUESTS_DAY",
        hide_env_values = true,
        global = true,
        hide_short_help = true
    )]
    language_model_requests_day: Option<u32>,
    /// Lets webhooks be at private addresses and speak plain http [default: false]
    #[arg(
        long,
        value_name = "BOOL",
        env = "REFRAIN_WEBHOOKS_PRIVATE",
        hide_env_values = true,
        global = true,
        hide_short_help = true
    )]
    webhooks_private: Option<bool>,
    /// Seconds that a webhook may take to answer [default: 15]
    #[arg(
        long,
        value_name = "N",
        env = "REFRAIN_WEBHOOKS_TIMEOUT_SECONDS",
        hide_env_values = true,
        global = true,
        hide_short_help = true
    )]
    webhooks_timeout_seconds: Option<u32>,
}

const LANGUAGE_MODEL_KEY: &str = "REFRAIN_LANGUAGE_MODEL_KEY";
const DEFAULT_FILE: &str = "refrain.toml";

impl Config {
    /// Puts the settings together and checks them.
    pub fn load(flags: &Flags) -> anyhow::Result<Self> {
        let mut config = match &flags.config {
            Some(path) => Self::read(path)?,
            None if Path::new(DEFAULT_FILE).exists() => Self::read(Path::new(DEFAULT_FILE))?,
            None => Self::default(),
        };
        let flags = flags.clone();
        set(&mut config.data, flags.data);
        set(&mut config.language, flags.language);
        set(&mut config.contacts_min, flags.contacts_min);
        set(&mut config.granularity, flags.granularity);
        set(&mut config.time_zone, flags.time_zone);
        set(&mut config.escalation_sensitivity, flags.escalation_sensitivity);
        set(&mut config.escalation_basis, flags.escalation_basis);
        config.escalation_returns_week = flags.escalation_returns_week.or(config.escalation_returns_week);
        set(&mut config.regress, flags.regress);
        set(&mut config.regress_grace_days, flags.regress_grace_days);
        set(&mut config.workers, flags.workers);
        set(&mut config.log_format, flags.log_format);
        set(&mut config.listen, flags.listen);
        set(&mut config.rate_limit, flags.rate_limit);
        config.database_url = flags.database_url.or(config.database_url);
        config.log = flags.log.or(config.log);
        config.public_url = flags.public_url.or(config.public_url);
        config.language_model_url = flags.language_model_url.or(config.language_model_url);
        config.language_model = flags.language_model.or(config.language_model);
        set(&mut config.language_model_timeout_seconds, flags.language_model_timeout_seconds);
        set(&mut config.language_model_requests_day, flags.language_model_requests_day);
        set(&mut config.webhooks_private, flags.webhooks_private);
        set(&mut config.webhooks_timeout_seconds, flags.webhooks_timeout_seconds);
        // no flag: what a process was started with is for everybody on the machine to see
        let key = std::env::var(LANGUAGE_MODEL_KEY).ok().map(Secret);
        config.language_model_key = key.or(config.language_model_key);
        config.check()?;
        Ok(config)
    }

    fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
        toml::from_str(&text).with_context(|| format!("reading {}", path.display()))
    }

    fn check(&self) -> anyhow::Result<()> {
        if let Some(url) = &self.database_url
            && !url.starts_with("postgres://")
            && !url.starts_with("postgresql://")
        {
            bail!("database_url: expected a URL that begins with postgres://");
        }
        if refrain_nlp::language::Language::from_code(&self.language).is_none() {
            bail!("language: expected one of the 37 language codes, such as en");
        }
        if !(1..=64).contains(&self.workers) {
            bail!("workers: expected a number between 1 and 64");
        }
        if self.contacts_min == 0 {
            bail!("contacts_min: expected at least 1");
        }
        Calendar::of(&self.time_zone).context("time_zone")?;
        if self.escalation_returns_week.is_some_and(|returns| returns.is_nan() || returns <= 0.0) {
            bail!("escalation_returns_week: expected more than 0");
        }
        // an attempt must end before another replica may begin it again
        if !(1..=30).contains(&self.webhooks_timeout_seconds) {
            bail!("webhooks_timeout_seconds: expected a number between 1 and 30");
        }
        self.check_language_model()
    }

    fn check_language_model(&self) -> anyhow::Result<()> {
        if self.language_model_url.is_some() != self.language_model.is_some() {
            bail!("language_model_url, language_model: expected both or neither");
        }
        if !(1..=600).contains(&self.language_model_timeout_seconds) {
            bail!("language_model_timeout_seconds: expected a number between 1 and 600");
        }
        if self.language_model_requests_day == 0 {
            bail!("language_model_requests_day: expected at least 1");
        }
        LanguageModel::from_config(self).map(|_| ())
    }

    /// Where the database is.
    pub fn location(&self) -> Location {
        match &self.database_url {
            Some(url) => Location::Postgres(url.clone()),
            None => Location::Sqlite(self.data.join("refrain.db")),
        }
    }

    /// What callers reach this server as.
    pub fn public_url(&self) -> String {
        self.public_url.clone().unwrap_or_else(|| format!("http://{}", self.listen))
    }

    /// The settings as a commented file; a password in the database's URL and keys are left out.
    pub fn to_toml(&self) -> String {
        [self.server_toml(), self.insights_toml(), self.outside_toml()].join("\n")
    }

    fn server_toml(&self) -> String {
        format!(
            "# Folder of the embedded database and everything else that is kept.\n\
            data = {}\n\n\
            # A PostgreSQL database to use instead of the embedded one.\n\
            {}\n\n\
            # Where to listen; port 0 takes a free one.\n\
            listen = {}\n\n\
            # What callers reach this server as; in the addresses of attachments.\n\
            {}\n\n\
            # Requests a minute of one key, and ten times as many that carry live conversation. 0: no limit.\n\
            rate_limit = {}\n\n\
            # Jobs worked on at once.\n\
            workers = {}\n\n\
            # Form of log lines: text or json.\n\
            log_format = {}\n\n\
            # What is logged: error, warn, info, debug, or a filter. If not set, info by the server and warn by\n\
            # other commands.\n\
            {}\n",
            quoted(&self.data.display().to_string()),
            optional(
                "database_url",
                self.database_url.as_deref().map(without_password),
                "postgres://user@host/refrain"
            ),
            quoted(&self.listen.to_string()),
            optional("public_url", self.public_url.clone(), "https://refrain.example.com"),
            self.rate_limit,
            self.workers,
            quoted(&word(self.log_format)),
            optional("log", self.log.clone(), "info"),
        )
    }

    fn insights_toml(&self) -> String {
        format!(
            "# Code of the language that is assumed where a text is too short to tell.\n\
            language = {}\n\n\
            # How many different contacts must say a thing before it is shown.\n\
            contacts_min = {}\n\n\
            # How much has to be the same for one insight: coarse, balanced or fine. Takes effect with the next\n\
            # grouping.\n\
            granularity = {}\n\n\
            # Time zone by which days and weeks are counted.\n\
            time_zone = {}\n\n\
            # How readily insights come back that are archived until they escalate: eager, normal or strict\n\
            # (docs/escalation.md).\n\
            escalation_sensitivity = {}\n\n\
            # What has to grow: an insight's share of the conversations, or its volume.\n\
            escalation_basis = {}\n\n\
            # False returns a week to allow for, all insights together. If not set, each has its sensitivity.\n\
            {}\n\n\
            # Whether a resolved insight that is seen again becomes unresolved, and after how many days.\n\
            regress = {}\n\
            regress_grace_days = {}\n",
            quoted(&self.language),
            self.contacts_min,
            quoted(&word(self.granularity)),
            quoted(&self.time_zone),
            quoted(self.escalation_sensitivity.as_str()),
            quoted(self.escalation_basis.as_str()),
            match self.escalation_returns_week {
                Some(returns) => format!("escalation_returns_week = {returns:?}"),
                None => "# escalation_returns_week = 1.0".to_owned(),
            },
            self.regress,
            self.regress_grace_days,
        )
    }

    fn outside_toml(&self) -> String {
        format!(
            "# Base URL of an OpenAI-compatible endpoint that may reword insights (docs/language-model.md). If not\n\
            # set, nothing leaves the machine.\n\
            {}\n\n\
            # The model to ask there.\n\
            {}\n\n\
            # The key to ask with; shown nowhere, so it is not repeated here. Better: REFRAIN_LANGUAGE_MODEL_KEY.\n\
            # language_model_key = \"…\"\n\n\
            # How long one request to it may take.\n\
            language_model_timeout_seconds = {}\n\n\
            # The most requests to it a day, for each organization.\n\
            language_model_requests_day = {}\n\n\
            # Whether webhooks (docs/webhooks.md) may be at private addresses and speak plain http.\n\
            webhooks_private = {}\n\n\
            # How long a webhook may take to answer.\n\
            webhooks_timeout_seconds = {}\n",
            optional("language_model_url", self.language_model_url.clone(), "http://127.0.0.1:11434/v1"),
            optional("language_model", self.language_model.clone(), "qwen2.5:7b"),
            self.language_model_timeout_seconds,
            self.language_model_requests_day,
            self.webhooks_private,
            self.webhooks_timeout_seconds,
        )
    }
}

fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

/// A setting that may be left out; then, for an example.
fn optional(name: &str, value: Option<String>, example: &str) -> String {
    match value {
        Some(value) => format!("{name} = {}", quoted(&value)),
        None => format!("# {name} = {}", quoted(example)),
    }
}

fn set<T>(setting: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *setting = value;
    }
}

/// The word for a value: that of its flag is that of the settings file.
fn word(value: impl ValueEnum) -> String {
    value.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
}

fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    match rest.rsplit_once('@') {
        Some((user, rest)) => format!("{scheme}://{}@{rest}", user.split(':').next().unwrap_or("")),
        None => url.to_owned(),
    }
}
