//! A language model behind an OpenAI-compatible endpoint, if one is configured. It words what was found and
//! counts nothing; without it everything works.

use crate::config::{LanguageModelConfig, completions_url};
use crate::http_client::{self, Reach};
use crate::time::Timestamp;
use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use serde::Deserialize;
use serde_json::json;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const BODY_BYTES_MAX: usize = 1 << 20;
const REST_SECONDS_MIN: i64 = 30;
const REST_SECONDS_MAX: i64 = 3_600;
/// The longest rest that an endpoint can ask for.
const RETRY_AFTER_SECONDS_MAX: i64 = 86_400;

/// An endpoint, and whether it is to be left alone for a while.
#[derive(Debug)]
pub struct LanguageModel {
    /// What it is called there.
    pub name: String,
    /// How long a request may take.
    pub timeout: Duration,
    url: Uri,
    authorization: Option<HeaderValue>,
    rest: Mutex<Rest>,
}

#[derive(Debug, Default)]
struct Rest {
    failures: u32,
    until: Option<Timestamp>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// No answer in time, none that is whole, or none that makes sense.
    #[error("{0}")]
    Failed(String),
    /// Too many requests; it may say when to come again.
    #[error("it has too many requests")]
    Limited(Option<i64>),
    /// It takes no such request, and will take none.
    #[error("status {0}: check language_model_url, language_model and language_model_key")]
    Refused(u16),
}

impl Failure {
    fn word(&self) -> &'static str {
        match self {
            Self::Failed(_) => "failed",
            Self::Limited(_) => "limited",
            Self::Refused(_) => "refused",
        }
    }
}

/// What came over the wire.
struct Response {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

#[derive(Deserialize)]
struct Completion {
    choices: Vec<Choice>,
    #[serde(default)]
    usage: Option<Usage>,
}

#[derive(Deserialize)]
struct Choice {
    message: Message,
}

#[derive(Deserialize)]
struct Message {
    content: String,
}

#[derive(Deserialize)]
struct Usage {
    #[serde(default)]
    prompt_tokens: u64,
    #[serde(default)]
    completion_tokens: u64,
}

impl LanguageModel {
    /// Makes the client of the endpoint that is configured, if one is.
    pub fn from_config(config: &LanguageModelConfig) -> anyhow::Result<Option<Self>> {
        let (Some(base), Some(name)) = (&config.url, &config.model) else {
            return Ok(None);
        };
        Ok(Some(Self {
            name: name.clone(),
            timeout: Duration::from_secs(config.timeout_seconds.into()),
            url: completions_url(base)?,
            authorization: config.authorization()?,
            rest: Mutex::default(),
        }))
    }

    /// Until when the endpoint is to be left alone, if it is.
    pub fn rests_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.rest().until.filter(|until| *until > now)
    }

    /// Notes an answer that made sense.
    pub fn answered(&self) {
        *self.rest() = Rest::default();
        count("answered");
    }

    /// Notes a failure, and until when the endpoint is left alone for it: for longer with each one in a row.
    pub fn failed(&self, failure: &Failure, now: Timestamp) -> Timestamp {
        count(failure.word());
        let mut rest = self.rest();
        rest.failures += 1;
        let doubled = 2_i64.saturating_pow(rest.failures - 1).saturating_mul(REST_SECONDS_MIN);
        let seconds = match failure {
            Failure::Limited(Some(seconds)) => *seconds,
            Failure::Limited(None) | Failure::Failed(_) => doubled.min(REST_SECONDS_MAX),
            Failure::Refused(_) => REST_SECONDS_MAX,
        };
        let until = now.plus(seconds * 1_000_000);
        rest.until = Some(until);
        tracing::warn!(seconds, %failure, "the language model gave no answer, and is left alone for a while");
        until
    }

    fn rest(&self) -> std::sync::MutexGuard<'_, Rest> {
        self.rest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks once. The caller notes how it ended.
    pub async fn ask(&self, instructions: &str, data: &str) -> Result<String, Failure> {
        let started = Instant::now();
        let answer = tokio::time::timeout(self.timeout, self.exchange(instructions, data)).await;
        metrics::histogram!("refrain_language_model_seconds").record(started.elapsed().as_secs_f64());
        let response = match answer {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Err(Failure::Failed(format!("{error:#}"))),
            Err(_) => return Err(Failure::Failed("it took too long".to_owned())),
        };
        read(&response)
    }

    async fn exchange(&self, instructions: &str, data: &str) -> anyhow::Result<Response> {
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
        let mut response = http_client::post(&self.url, Reach::Anywhere, headers, body.to_string()).await?;
        let (status, headers) = (response.status, std::mem::take(&mut response.headers));
        Ok(Response { status, headers, body: response.bytes(BODY_BYTES_MAX).await? })
    }
}

fn count(outcome: &'static str) {
    metrics::counter!("refrain_language_model_requests_total", "outcome" => outcome).increment(1);
}

fn read(response: &Response) -> Result<String, Failure> {
    match response.status.as_u16() {
        200 => {}
        429 => return Err(Failure::Limited(retry_after(&response.headers))),
        503 if retry_after(&response.headers).is_some() => {
            return Err(Failure::Limited(retry_after(&response.headers)));
        }
        408 | 500.. => return Err(Failure::Failed(format!("status {}", response.status.as_u16()))),
        status => return Err(Failure::Refused(status)),
    }
    // the parser's error could quote the body
    let completion: Option<Completion> = serde_json::from_slice(&response.body).ok();
    let completion = completion.ok_or_else(|| Failure::Failed("its answer is no completion".to_owned()))?;
    if let Some(usage) = &completion.usage {
        for (kind, tokens) in [("prompt", usage.prompt_tokens), ("completion", usage.completion_tokens)] {
            metrics::counter!("refrain_language_model_tokens_total", "kind" => kind).increment(tokens);
        }
    }
    let first = completion.choices.into_iter().next();
    Ok(first.ok_or_else(|| Failure::Failed("its answer is empty".to_owned()))?.message.content)
}

/// The seconds that an endpoint asks to be left alone for; a date is not read.
fn retry_after(headers: &HeaderMap) -> Option<i64> {
    let seconds: f64 = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    // not a number becomes 0
    Some((seconds.ceil() as i64).clamp(1, RETRY_AFTER_SECONDS_MAX))
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

    #[test]
    fn rests_grow_and_end_with_an_answer() {
        let model = model("https://example.com/v1").unwrap().unwrap();
        let now = Timestamp::parse("2026-06-15T12:00:00Z").unwrap();
        let rest = |failure: Failure| (model.failed(&failure, now).micros() - now.micros()) / 1_000_000;
        let failed = || Failure::Failed(String::new());
        assert_eq!([rest(failed()), rest(failed()), rest(Failure::Limited(None))], [30, 60, 120]);
        assert_eq!(rest(Failure::Limited(Some(7))), 7);
        assert_eq!(rest(Failure::Refused(401)), 3_600);
        assert_eq!((0..40).map(|_| rest(failed())).max(), Some(3_600));
        assert!(model.rests_until(now).is_some());
        model.answered();
        assert_eq!((model.rests_until(now), rest(failed())), (None, 30));
    }

    #[test]
    fn an_endpoint_says_when_to_come_again() {
        for (value, expected) in
            [("7", Some(7)), ("0.2", Some(1)), ("1e99", Some(86_400)), ("-5", Some(1)), ("soon", None)]
        {
            let headers = HeaderMap::from_iter([(header::RETRY_AFTER, HeaderValue::from_static(value))]);
            assert_eq!(retry_after(&headers), expected, "{value}");
        }
    }
}
