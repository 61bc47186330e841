//! The HTTP server.

use super::Secret;
use anyhow::{Context, bail};
use axum::http::{HeaderValue, Uri};
use clap::{ArgAction, Args};
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;

const METRICS_KEY_VARIABLE: &str = "REFRAIN_METRICS_KEY";
/// The fewest characters of a key for metrics: fewer can be guessed.
const METRICS_KEY_MIN: usize = 16;
const ORIGINS_MAX: usize = 100;

/// The settings of the HTTP server. Serialized without the key for metrics.
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
    /// Serve the dashboard (docs/dashboard.md) under /app/
    #[arg(long, value_name = "BOOL", env = "REFRAIN_DASHBOARD", action = ArgAction::Set)]
    pub dashboard: bool,
    /// Requests a minute of one key, and ten times as many that carry live conversation; 0 for no limit. A key may use
    /// up ten minutes' worth at once
    #[arg(long, value_name = "N", env = "REFRAIN_RATE_LIMIT")]
    pub rate_limit: u32,
    /// Requests a minute of one member who signed in; 0 for no limit
    #[arg(long, value_name = "N", env = "REFRAIN_MEMBER_RATE_LIMIT")]
    pub member_rate_limit: u32,
    /// Connections at once from one address (for IPv6 from one /64 network), of 1,024 in all; a proxy in front is one
    /// address
    #[arg(long, value_name = "N", env = "REFRAIN_CONNECTIONS_PER_PEER")]
    pub connections_per_peer: u32,
    /// Most megabytes of a file that is uploaded to be imported
    #[arg(long, value_name = "N", env = "REFRAIN_IMPORT_MEGABYTES")]
    pub import_megabytes: u64,
    /// File with the certificates to speak TLS with, in PEM, the server's own first; read again when it changes
    #[arg(long, value_name = "FILE", env = "REFRAIN_TLS_CERTIFICATE")]
    pub tls_certificate: Option<PathBuf>,
    /// File with the private key of the certificate, in PEM; read again when it changes
    #[arg(long, value_name = "FILE", env = "REFRAIN_TLS_KEY")]
    pub tls_key: Option<PathBuf>,
    /// Origins of web pages that may call the API, separated by commas, or * for any [default: none]
    #[arg(long, value_name = "ORIGINS", env = "REFRAIN_CORS_ORIGINS")]
    pub cors_origins: Option<String>,
    /// Address on which /metrics is served alone, without TLS; the API then has no /metrics. The key comes from
    /// REFRAIN_METRICS_KEY or the settings file
    #[arg(long, value_name = "ADDR", env = "REFRAIN_METRICS_LISTEN")]
    pub metrics_listen: Option<SocketAddr>,
    /// Key that /metrics asks for as a bearer token. It has no flag: everybody on the machine sees what a process was
    /// started with.
    #[arg(skip)]
    #[serde(skip_serializing)]
    pub metrics_key: Option<Secret>,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            listen: ([127, 0, 0, 1], 8080).into(),
            public_url: None,
            dashboard: true,
            rate_limit: 100,
            member_rate_limit: 600,
            connections_per_peer: 256,
            import_megabytes: 1_000,
            tls_certificate: None,
            tls_key: None,
            cors_origins: None,
            metrics_listen: None,
            metrics_key: None,
        }
    }
}

impl ServerConfig {
    /// Returns the most bytes of a file that is uploaded.
    pub fn import_bytes_max(&self) -> u64 {
        self.import_megabytes.saturating_mul(1_000_000)
    }

    /// Takes the key for metrics from the environment, if it is there.
    pub(super) fn read_key(&mut self) {
        if let Ok(key) = std::env::var(METRICS_KEY_VARIABLE) {
            self.metrics_key = Some(Secret(key));
        }
    }

    pub(super) fn check(&self) -> anyhow::Result<()> {
        if self.tls_certificate.is_some() != self.tls_key.is_some() {
            bail!("tls_certificate, tls_key: expected both or neither");
        }
        if self.connections_per_peer == 0 {
            bail!("connections_per_peer: expected at least 1");
        }
        if let Some(Secret(key)) = &self.metrics_key
            && (key.len() < METRICS_KEY_MIN || !key.bytes().all(|byte| byte.is_ascii_graphic()))
        {
            bail!(
                "metrics_key: expected at least {METRICS_KEY_MIN} letters, digits and signs without blanks"
            );
        }
        self.cors_origins().map(drop)
    }

    /// Returns the address under which callers reach this server: where none is configured, the address that it listens
    /// on, or of this machine where that stands for all addresses.
    pub fn public_url(&self) -> String {
        let scheme = if self.tls_certificate.is_some() { "https" } else { "http" };
        self.public_url.clone().unwrap_or_else(|| format!("{scheme}://{}", reachable(self.listen)))
    }

    /// Returns the origins that may call the API, if there are any.
    pub fn cors_origins(&self) -> anyhow::Result<Option<Origins>> {
        let Some(text) = &self.cors_origins else { return Ok(None) };
        if text.trim() == "*" {
            return Ok(Some(Origins::Any));
        }
        let origins: Vec<&str> = text.split(',').map(str::trim).filter(|origin| !origin.is_empty()).collect();
        let expected =
            || format!("cors_origins: expected at most {ORIGINS_MAX} of the form https://example.com");
        if origins.is_empty() || origins.len() > ORIGINS_MAX {
            bail!(expected());
        }
        let origins: Option<_> = origins.into_iter().map(origin).collect();
        origins.map(|origins| Some(Origins::These(origins))).with_context(expected)
    }
}

/// The origins of web pages that may call the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origins {
    /// Any.
    Any,
    /// These alone.
    These(Vec<HeaderValue>),
}

/// Reads an origin: a scheme, a host and perhaps a port, as browsers send it.
fn origin(text: &str) -> Option<HeaderValue> {
    let url: Uri = text.parse().ok()?;
    let (scheme, authority) = (url.scheme_str()?, url.authority()?);
    let plain = format!("{scheme}://{authority}") == text && !authority.as_str().contains('@');
    HeaderValue::from_str(text).ok().filter(|_| plain)
}

/// Returns an address of this machine for one that stands for all of its addresses, which nobody can connect to.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_name_an_address_that_can_be_reached() {
        let listening =
            |address: &str| ServerConfig { listen: address.parse().unwrap(), ..ServerConfig::default() };
        for (listen, url) in [
            ("127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("10.0.0.7:80", "http://10.0.0.7:80"),
            ("0.0.0.0:8080", "http://127.0.0.1:8080"),
            ("[::]:8080", "http://[::1]:8080"),
        ] {
            assert_eq!(listening(listen).public_url(), url);
        }
        let tls = ServerConfig { tls_certificate: Some("a".into()), ..listening("0.0.0.0:443") };
        assert_eq!(tls.public_url(), "https://127.0.0.1:443");
        let public = ServerConfig { public_url: Some("https://x.example".into()), ..tls };
        assert_eq!(public.public_url(), "https://x.example");
    }

    #[test]
    fn origins_are_as_browsers_send_them() {
        let origins = |text: &str| {
            ServerConfig { cors_origins: Some(text.into()), ..ServerConfig::default() }.cors_origins()
        };
        assert_eq!(origins("*").unwrap(), Some(Origins::Any));
        let Some(Origins::These(two)) = origins("https://a.example, http://localhost:3000").unwrap() else {
            panic!()
        };
        assert_eq!(two, ["https://a.example", "http://localhost:3000"]);
        for wrong in
            ["", ",", "a.example", "https://a.example/", "https://a.example/x", "https://u@a.example", "null"]
        {
            assert!(origins(wrong).is_err(), "{wrong}");
        }
    }
}
