//! The settings of retention.

use anyhow::bail;
use clap::Args;
use serde::{Deserialize, Serialize};

/// The most days for which sessions can be kept: a hundred years.
const DAYS_MAX: u32 = 36_500;

/// The settings of retention, for organizations that have none of their own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args, Serialize, Deserialize)]
#[serde(default)]
#[command(next_help_heading = "Retention")]
pub struct RetentionConfig {
    /// Days after its last message after which a closed session is erased [default: none, it is kept]
    #[arg(long, value_name = "N", env = "REFRAIN_RETENTION_DAYS")]
    pub retention_days: Option<u32>,
}

impl RetentionConfig {
    pub(super) fn check(&self) -> anyhow::Result<()> {
        if self.retention_days.is_some_and(|days| !(1..=DAYS_MAX).contains(&days)) {
            bail!("retention_days: expected a number between 1 and {DAYS_MAX}");
        }
        Ok(())
    }
}
