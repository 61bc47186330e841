//! The log.

use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};

/// The settings of the log.
#[derive(Clone, Debug, PartialEq, Args, Serialize, Deserialize)]
#[serde(default)]
#[command(next_help_heading = "Log")]
pub struct LogConfig {
    /// Form of log lines
    #[arg(id = "log_format", long = "log-format", value_name = "FORMAT", env = "REFRAIN_LOG_FORMAT")]
    #[serde(rename = "log_format")]
    pub format: LogFormat,
    /// Lines that are logged: error, warn, info, debug, or a `tracing` filter [default: info by serve, else warn]
    #[arg(id = "log", long = "log", value_name = "FILTER", env = "REFRAIN_LOG")]
    #[serde(rename = "log")]
    pub filter: Option<String>,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { format: LogFormat::Text, filter: None }
    }
}

/// The form of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines.
    Json,
}
