//! Requests to webhooks.

use anyhow::bail;
use clap::{ArgAction, Args};
use serde::{Deserialize, Serialize};

/// The settings of requests to webhooks.
#[derive(Clone, Debug, PartialEq, Args, Serialize, Deserialize)]
#[serde(default)]
#[command(next_help_heading = "Webhooks")]
pub struct WebhooksConfig {
    /// Webhooks (docs/webhooks.md) may be at private addresses and speak plain http
    #[arg(
        id = "webhooks_private",
        long = "webhooks-private",
        value_name = "BOOL",
        env = "REFRAIN_WEBHOOKS_PRIVATE",
        action = ArgAction::Set
    )]
    #[serde(rename = "webhooks_private")]
    pub private: bool,
    /// Seconds that a webhook may take to answer
    #[arg(
        id = "webhooks_timeout_seconds",
        long = "webhooks-timeout-seconds",
        value_name = "N",
        env = "REFRAIN_WEBHOOKS_TIMEOUT_SECONDS"
    )]
    #[serde(rename = "webhooks_timeout_seconds")]
    pub timeout_seconds: u32,
}

impl Default for WebhooksConfig {
    fn default() -> Self {
        Self { private: false, timeout_seconds: 15 }
    }
}

impl WebhooksConfig {
    pub(super) fn check(&self) -> anyhow::Result<()> {
        // an attempt must end before another replica may begin it again
        if !(1..=30).contains(&self.timeout_seconds) {
            bail!("webhooks_timeout_seconds: expected a number between 1 and 30");
        }
        Ok(())
    }
}
