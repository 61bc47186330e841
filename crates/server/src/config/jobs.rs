//! The settings of the queue's workers.

use anyhow::bail;
use clap::Args;
use serde::{Deserialize, Serialize};

/// The settings of the workers.
#[derive(Clone, Debug, PartialEq, Args, Serialize, Deserialize)]
#[serde(default)]
#[command(next_help_heading = "Jobs")]
pub struct JobsConfig {
    /// Jobs worked on at once [default: one a core]
    #[arg(long, value_name = "N", env = "REFRAIN_WORKERS")]
    pub workers: usize,
}

impl Default for JobsConfig {
    fn default() -> Self {
        Self { workers: std::thread::available_parallelism().map_or(2, |n| n.get().clamp(2, 16)) }
    }
}

impl JobsConfig {
    pub(super) fn check(&self) -> anyhow::Result<()> {
        if !(1..=64).contains(&self.workers) {
            bail!("workers: expected a number between 1 and 64");
        }
        Ok(())
    }
}
