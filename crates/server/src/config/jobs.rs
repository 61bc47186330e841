//! The settings of the queue's workers.

use anyhow::bail;
use clap::Args;
use serde::{Deserialize, Serialize};

/// The settings of the workers.
#[derive(Clone, Debug, PartialEq, Args, Serialize, Deserialize)]
#[serde(default)]
#[command(next_help_heading = "Jobs")]
pub struct JobsConfig {
    /// Jobs worked on at once [default: one a core, at least 3]
    #[arg(long, value_name = "N", env = "REFRAIN_WORKERS")]
    pub workers: usize,
    /// Conversations read at once besides, as messages come: no import and no grouping is in their way
    #[arg(long, value_name = "N", env = "REFRAIN_LIVE_WORKERS")]
    pub live_workers: usize,
}

impl Default for JobsConfig {
    fn default() -> Self {
        Self {
            workers: std::thread::available_parallelism().map_or(3, |n| n.get().clamp(3, 16)),
            live_workers: 2,
        }
    }
}

impl JobsConfig {
    pub(super) fn check(&self) -> anyhow::Result<()> {
        if !(1..=64).contains(&self.workers) {
            bail!("workers: expected a number between 1 and 64");
        }
        if !(1..=64).contains(&self.live_workers) {
            bail!("live_workers: expected a number between 1 and 64");
        }
        Ok(())
    }
}
