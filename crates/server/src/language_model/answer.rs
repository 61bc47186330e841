//! The answer of an endpoint: a completion, or a failure.

use axum::http::{HeaderMap, StatusCode, header};
use serde::Deserialize;

/// The longest wait that an endpoint can ask for.
const RETRY_AFTER_SECONDS_MAX: i64 = 86_400;

/// The reason why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// No answer in time, none that is whole, or none that makes sense.
    #[error("{0}")]
    Failed(String),
    /// Too many requests; it may say when to come again.
    #[error("it has too many requests")]
    Limited(Option<i64>),
    /// The request was refused, and another one would be too.
    #[error("status {0}: check language_model_url, language_model and language_model_key")]
    Refused(u16),
}

impl Failure {
    /// Returns the label of its metric.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Failed(_) => "failed",
            Self::Limited(_) => "limited",
            Self::Refused(_) => "refused",
        }
    }
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

/// Reads the text of a completion.
pub(super) fn read(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Result<String, Failure> {
    match status.as_u16() {
        200 => {}
        429 => return Err(Failure::Limited(retry_after(headers))),
        503 if retry_after(headers).is_some() => {
            return Err(Failure::Limited(retry_after(headers)));
        }
        408 | 500.. => return Err(Failure::Failed(format!("status {}", status.as_u16()))),
        status => return Err(Failure::Refused(status)),
    }
    // the parser's error could quote the body
    let completion: Option<Completion> = serde_json::from_slice(body).ok();
    let completion = completion.ok_or_else(|| Failure::Failed("its answer is no completion".to_owned()))?;
    if let Some(usage) = &completion.usage {
        for (kind, tokens) in [("prompt", usage.prompt_tokens), ("completion", usage.completion_tokens)] {
            metrics::counter!("refrain_language_model_tokens_total", "kind" => kind).increment(tokens);
        }
    }
    let first = completion.choices.into_iter().next();
    Ok(first.ok_or_else(|| Failure::Failed("its answer is empty".to_owned()))?.message.content)
}

/// Returns the seconds that an endpoint asks to wait for; a date is not read.
#[expect(clippy::cast_possible_truncation, reason = "what is out of bounds becomes the bound")]
fn retry_after(headers: &HeaderMap) -> Option<i64> {
    let seconds: f64 = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    // not a number becomes 0
    Some((seconds.ceil() as i64).clamp(1, RETRY_AFTER_SECONDS_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

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
