//! The settings of the endpoint that may reword insights (docs/language-model.md).

use super::database::without_password;
use crate::http_client;
use anyhow::{Context, bail};
use axum::http::{HeaderValue, Uri};
use clap::Args;
use serde::{Deserialize, Serialize};

const KEY_VARIABLE: &str = "REFRAIN_LANGUAGE_MODEL_KEY";

/// The settings of the language model. Serialized without the key.
#[derive(Clone, Debug, PartialEq, Args, Serialize, Deserialize)]
#[serde(default)]
#[command(next_help_heading = "Language model")]
pub struct LanguageModelConfig {
    /// Base URL of an OpenAI-compatible endpoint that may reword insights (docs/language-model.md) [default: none,
    /// nothing leaves the machine]
    #[arg(
        id = "language_model_url",
        long = "language-model-url",
        value_name = "URL",
        env = "REFRAIN_LANGUAGE_MODEL_URL"
    )]
    #[serde(rename = "language_model_url", serialize_with = "without_password")]
    pub url: Option<String>,
    /// Model to ask there; the key comes from REFRAIN_LANGUAGE_MODEL_KEY or the settings file
    #[arg(
        id = "language_model",
        long = "language-model",
        value_name = "NAME",
        env = "REFRAIN_LANGUAGE_MODEL"
    )]
    #[serde(rename = "language_model")]
    pub model: Option<String>,
    /// Key to ask with. It has no flag: everybody on the machine sees what a process was started with.
    #[arg(skip)]
    #[serde(rename = "language_model_key", skip_serializing)]
    pub key: Option<Secret>,
    /// Seconds that a request to it may take
    #[arg(
        id = "language_model_timeout_seconds",
        long = "language-model-timeout-seconds",
        value_name = "N",
        env = "REFRAIN_LANGUAGE_MODEL_TIMEOUT_SECONDS"
    )]
    #[serde(rename = "language_model_timeout_seconds")]
    pub timeout_seconds: u32,
    /// Requests to it a day, for each organization
    #[arg(
        id = "language_model_requests_day",
        long = "language-model-requests-day",
        value_name = "N",
        env = "REFRAIN_LANGUAGE_MODEL_REQUESTS_DAY"
    )]
    #[serde(rename = "language_model_requests_day")]
    pub requests_day: u32,
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

impl Default for LanguageModelConfig {
    fn default() -> Self {
        Self { url: None, model: None, key: None, timeout_seconds: 60, requests_day: 200 }
    }
}

impl LanguageModelConfig {
    /// Takes the key from the environment, if it is there.
    pub(super) fn read_key(&mut self) {
        if let Ok(key) = std::env::var(KEY_VARIABLE) {
            self.key = Some(Secret(key));
        }
    }

    pub(super) fn check(&self) -> anyhow::Result<()> {
        if self.url.is_some() != self.model.is_some() {
            bail!("language_model_url, language_model: expected both or neither");
        }
        if !(1..=600).contains(&self.timeout_seconds) {
            bail!("language_model_timeout_seconds: expected a number between 1 and 600");
        }
        if self.requests_day == 0 {
            bail!("language_model_requests_day: expected at least 1");
        }
        if let Some(base) = &self.url {
            completions_url(base)?;
            self.authorization()?;
        }
        Ok(())
    }

    /// Returns the header that carries the key, if there is one.
    pub(crate) fn authorization(&self) -> anyhow::Result<Option<HeaderValue>> {
        let Some(Secret(key)) = &self.key else { return Ok(None) };
        // the error would say nothing of the value, but is not passed on either
        let mut value = HeaderValue::from_str(&format!("Bearer {}", key.trim()))
            .ok()
            .context("language_model_key: expected letters, digits and signs without blanks")?;
        value.set_sensitive(true);
        Ok(Some(value))
    }
}

/// Returns the URL of chat completions below the base URL of an endpoint.
pub(crate) fn completions_url(base: &str) -> anyhow::Result<Uri> {
    let url = http_client::parse_url(&format!("{}/chat/completions", base.trim_end_matches('/')));
    url.filter(|_| !base.contains(['?', '#']))
        .context("language_model_url: expected an http or https URL without a user and a query")
}
