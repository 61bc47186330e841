//! The endpoint: its settings, and one request to it.

use super::answer::{self, Failure};
use super::breaker::Breaker;
use crate::config::{LanguageModelConfig, completions_url};
use crate::http_client::{self, Reach};
use crate::time::Timestamp;
use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use serde_json::json;
use std::time::{Duration, Instant};

const BODY_BYTES_MAX: usize = 1 << 20;

/// An endpoint, and the circuit breaker that keeps requests from it after failures.
#[derive(Debug)]
pub struct LanguageModel {
    /// The name of the model at the endpoint.
    pub name: String,
    /// The longest that a request may take.
    pub timeout: Duration,
    url: Uri,
    reach: Reach,
    authorization: Option<HeaderValue>,
    breaker: Breaker,
}

impl LanguageModel {
    /// Reads the endpoint from the settings, if one is configured.
    pub fn from_config(config: &LanguageModelConfig) -> anyhow::Result<Option<Self>> {
        Self::with_reach(config, Reach::Anywhere)
    }

    /// Reads the endpoint from settings, whose author may name these addresses.
    pub(crate) fn with_reach(config: &LanguageModelConfig, reach: Reach) -> anyhow::Result<Option<Self>> {
        let (Some(base), Some(name)) = (&config.url, &config.model) else {
            return Ok(None);
        };
        Ok(Some(Self {
            name: name.clone(),
            timeout: Duration::from_secs(config.timeout_seconds.into()),
            url: completions_url(base)?,
            reach,
            authorization: config.authorization()?,
            breaker: Breaker::default(),
        }))
    }

    /// Returns until when nobody is to ask, if the circuit breaker is open.
    pub fn circuit_open_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.breaker.open_until(now)
    }

    /// Notes an answer that made sense.
    pub fn answered(&self) {
        self.breaker.close();
        count("answered");
    }

    /// Notes a failure, and returns until when the circuit breaker is open for it.
    pub fn failed(&self, failure: &Failure, now: Timestamp) -> Timestamp {
        count(failure.word());
        let until = self.breaker.open(failure, now);
        let seconds = (until.micros() - now.micros()) / 1_000_000;
        tracing::warn!(seconds, %failure, "the language model gave no answer, and the circuit breaker is open");
        until
    }

    /// Asks once. The caller then calls [`Self::answered`] or [`Self::failed`].
    pub async fn ask(&self, instructions: &str, data: &str) -> Result<String, Failure> {
        let started = Instant::now();
        let answer = tokio::time::timeout(self.timeout, self.exchange(instructions, data)).await;
        metrics::histogram!("refrain_language_model_seconds").record(started.elapsed().as_secs_f64());
        match answer {
            Ok(Ok((status, headers, body))) => answer::read(status, &headers, &body),
            Ok(Err(error)) => Err(Failure::Failed(format!("{error:#}"))),
            Err(_) => Err(Failure::Failed("it took too long".to_owned())),
        }
    }

    async fn exchange(
        &self,
        instructions: &str,
        data: &str,
    ) -> anyhow::Result<(StatusCode, HeaderMap, Bytes)> {
        // what else could be set, such as a temperature, one or another endpoint refuses
        let body = json!({
            "model": self.name,
            "messages": [
                {"role": "system", "content": instructions},
                {"role": "user", "content": data},
            ],
        });
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        if let Some(value) = &self.authorization {
            headers.insert(header::AUTHORIZATION, value.clone());
        }
        let mut response = http_client::post(&self.url, self.reach, headers, body.to_string()).await?;
        let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
        Ok((status, headers, http_client::read_body(response, BODY_BYTES_MAX).await?))
    }
}

fn count(outcome: &'static str) {
    metrics::counter!("refrain_language_model_requests_total", "outcome" => outcome).increment(1);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(url: &str) -> anyhow::Result<Option<LanguageModel>> {
        let config = LanguageModelConfig {
            url: Some(url.to_owned()),
            model: Some("m".to_owned()),
            key: Some(crate::config::Secret("sk-quiet".to_owned())),
            ..LanguageModelConfig::default()
        };
        assert!(!format!("{config:?}").contains("quiet"));
        LanguageModel::from_config(&config)
    }

    #[test]
    fn a_base_url_is_http_and_nothing_else() {
        for (url, expected) in [
            ("https://api.example.com/v1", Some("https://api.example.com/v1/chat/completions")),
            ("http://[::1]:8080/", Some("http://[::1]:8080/chat/completions")),
            ("ftp://example.com", None),
            ("example.com/v1", None),
            ("https://u:p@example.com/v1", None),
            ("https://example.com/v1?a=b", None),
        ] {
            let model = model(url).ok().flatten();
            assert_eq!(model.map(|model| model.url.to_string()).as_deref(), expected, "{url}");
        }
        assert!(
            LanguageModel::from_config(&LanguageModelConfig::default()).is_ok_and(|model| model.is_none())
        );
    }

    #[test]
    fn the_key_is_in_no_debug_output() {
        let model = model("https://example.com/v1").unwrap().unwrap();
        assert!(!format!("{model:?}").contains("quiet"));
    }
}
