//! The settings of the database, and of the data folder.

use crate::db::Location;
use anyhow::bail;
use clap::Args;
use serde::{Deserialize, Serialize, Serializer};
use std::path::{Path, PathBuf};

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
}

impl Default for DatabaseConfig {
    fn default() -> Self {
        Self { data: "refrain-data".into(), database_url: None, org_megabytes: 0 }
    }
}

impl DatabaseConfig {
    pub(super) fn check(&self) -> anyhow::Result<()> {
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

#[expect(clippy::ref_option, reason = "serde hands over a reference to the field")]
fn without_password<S: Serializer>(url: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
    let Some(url) = url else { return serializer.serialize_none() };
    let Some((scheme, rest)) = url.split_once("://") else { return serializer.serialize_some(url) };
    match rest.rsplit_once('@') {
        Some((user, rest)) => {
            let user = user.split(':').next().unwrap_or("");
            serializer.serialize_some(&format!("{scheme}://{user}@{rest}"))
        }
        None => serializer.serialize_some(url),
    }
}
