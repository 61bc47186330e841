//! The HTTP server.

use clap::Args;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;

/// The settings of the HTTP server.
#[derive(Clone, Debug, PartialEq, Args, Serialize, Deserialize)]
#[serde(default)]
#[command(next_help_heading = "Server")]
pub struct ServerConfig {
    /// Address to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDR", env = "REFRAIN_LISTEN")]
    pub listen: SocketAddr,
    /// Address under which callers reach this server; in the addresses of attachments
    #[arg(long, value_name = "URL", env = "REFRAIN_PUBLIC_URL")]
    pub public_url: Option<String>,
    /// Requests a minute of one key, and ten times as many that carry live conversation; 0 for no limit
    #[arg(long, value_name = "N", env = "REFRAIN_RATE_LIMIT")]
    pub rate_limit: u32,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self { listen: ([127, 0, 0, 1], 8080).into(), public_url: None, rate_limit: 100 }
    }
}

impl ServerConfig {
    /// Returns the address under which callers reach this server.
    pub fn public_url(&self) -> String {
        self.public_url.clone().unwrap_or_else(|| format!("http://{}", self.listen))
    }
}
