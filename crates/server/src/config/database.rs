//! The settings of the database, and of the data folder.

use super::Secret;
use crate::db::Location;
use anyhow::{Context, bail};
use clap::Args;
use serde::{Deserialize, Serialize, Serializer};
use std::path::{Path, PathBuf};

const KEY_VARIABLE: &str = "REFRAIN_SECRETS_KEY";
const KEY_LENGTH_MIN: usize = 32;

/// The settings of the database. Serialized without the password.
#[derive(Clone, Debug, PartialEq, Args, Serialize, Deserialize)]
#[serde(default)]
#[command(next_help_heading = "Database")]
pub struct DatabaseConfig {
    /// Folder of the embedded database and everything else that is kept
    #[arg(long, value_name = "DIR", env = "REFRAIN_DATA")]
    #[serde(serialize_with = "readable")]
    pub data: PathBuf,
    /// PostgreSQL database to use instead of the embedded one
    #[arg(long, value_name = "URL", env = "REFRAIN_DATABASE_URL")]
    #[serde(serialize_with = "without_password")]
    pub database_url: Option<String>,
    /// Most megabytes of messages and files that an organization stores; 0 for no limit
    #[arg(long, value_name = "N", env = "REFRAIN_ORG_MEGABYTES")]
    pub org_megabytes: u64,
    /// File with the key that seals the secrets of webhooks in the database; the key can come from
    /// REFRAIN_SECRETS_KEY too [default: none, they are in the clear]
    #[arg(long, value_name = "FILE", env = "REFRAIN_SECRETS_KEY_FILE")]
    pub secrets_key_file: Option<PathBuf>,
    /// The key itself. It has no flag: everybody on the machine sees what a process was started with.
    #[arg(skip)]
    #[serde(skip_serializing)]
    pub secrets_key: Option<Secret>,
}

impl Default for DatabaseConfig {
    fn default() -> Self {
        Self {
            data: "refrain-data".into(),
            database_url: None,
            org_megabytes: 0,
            secrets_key_file: None,
            secrets_key: None,
        }
    }
}

impl DatabaseConfig {
    /// Takes the key of secrets from the environment, if it is there.
    pub(super) fn read_key(&mut self) {
        if let Ok(key) = std::env::var(KEY_VARIABLE) {
            self.secrets_key = Some(Secret(key));
        }
    }

    /// Takes the key of secrets from its file, if there is one and no other key: when the database is opened, so that
    /// what does not open it needs no file.
    pub fn read_key_file(&mut self) -> anyhow::Result<()> {
        if let (Some(path), None) = (&self.secrets_key_file, &self.secrets_key) {
            let key = std::fs::read_to_string(path);
            let key = key.with_context(|| format!("secrets_key_file: reading {}", path.display()))?;
            self.secrets_key = Some(Secret(key));
            self.check()?;
        }
        Ok(())
    }

    pub(super) fn check(&self) -> anyhow::Result<()> {
        if self.secrets_key.as_ref().is_some_and(|key| key.0.trim().len() < KEY_LENGTH_MIN) {
            bail!(
                "secrets_key: expected at least {KEY_LENGTH_MIN} characters, such as of `openssl rand -base64 32`"
            );
        }
        if let Some(url) = &self.database_url
            && !url.starts_with("postgres://")
            && !url.starts_with("postgresql://")
        {
            bail!("database_url: expected a URL that begins with postgres://");
        }
        Ok(())
    }

    /// Returns the most bytes that an organization stores, or none if there is no limit.
    pub fn org_bytes_max(&self) -> Option<i64> {
        let megabytes = i64::try_from(self.org_megabytes).unwrap_or(i64::MAX);
        Some(megabytes.saturating_mul(1_000_000)).filter(|bytes| *bytes > 0)
    }

    /// Returns the place of the database.
    pub fn location(&self) -> Location {
        match &self.database_url {
            Some(url) => Location::Postgres(url.clone()),
            None => Location::Sqlite(self.data.join("refrain.db")),
        }
    }
}

/// Serializes a path that need not be UTF-8, which a path may be, but a text may not.
fn readable<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&path.display())
}

/// The parts of a parameter's name that tell a secret.
const SECRET_NAMES: [&str; 5] = ["pass", "secret", "key", "token", "auth"];

/// Serializes a URL without a password, before the host or among the parameters.
#[expect(clippy::ref_option, reason = "serde hands over a reference to the field")]
pub(super) fn without_password<S: Serializer>(
    url: &Option<String>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match url {
        Some(url) => serializer.serialize_some(&public_part(url)),
        None => serializer.serialize_none(),
    }
}

fn public_part(url: &str) -> String {
    let (place, parameters) = url.split_once('?').unwrap_or((url, ""));
    // a password may hold a question mark of its own
    let (place, parameters) = match parameters.rsplit_once('@') {
        Some((_, rest)) if place.contains("://") => {
            let (host, parameters) = rest.split_once('?').unwrap_or((rest, ""));
            (format!("{place}@{host}"), parameters)
        }
        _ => (place.to_owned(), parameters),
    };
    let place =
        match place.split_once("://").and_then(|(scheme, rest)| Some((scheme, rest.rsplit_once('@')?))) {
            Some((scheme, (user, host))) => {
                let user = user.split(':').next().unwrap_or("");
                format!("{scheme}://{user}@{host}")
            }
            None => place,
        };
    let is_public = |parameter: &&str| {
        let name = parameter.split('=').next().unwrap_or("").to_ascii_lowercase();
        !SECRET_NAMES.iter().any(|secret| name.contains(secret))
    };
    let parameters: Vec<&str> =
        parameters.split('&').filter(|part| !part.is_empty()).filter(is_public).collect();
    if parameters.is_empty() { place } else { format!("{place}?{}", parameters.join("&")) }
}
