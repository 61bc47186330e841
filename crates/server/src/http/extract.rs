//! Extractors: they parse a request for handlers, or refuse it with the contract's error body, which names the
//! member that is wrong and never repeats its value.

use super::strict::Strict;
use crate::error::{Error, Result};
use axum::extract::{FromRequest, FromRequestParts, RawPathParams, Request};
use axum::http::header;
use axum::http::request::Parts;
use http_body_util::{BodyExt, Limited};
use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use std::str::FromStr;
use std::time::Duration;

/// The largest body taken: room for a message's attachments.
const BODY_MAX: usize = 8 * 1024 * 1024;
const BODY_TIMEOUT: Duration = Duration::from_secs(15);

/// A JSON body. An empty body is an empty object.
#[derive(Debug)]
pub struct ApiJson<T>(pub T);

impl<S: Sync, T: DeserializeOwned> FromRequest<S> for ApiJson<T> {
    type Rejection = Error;

    async fn from_request(request: Request, _: &S) -> Result<Self> {
        let is_json = request.headers().get(header::CONTENT_TYPE).map(|value| {
            let media_type = value.to_str().unwrap_or("").split(';').next().unwrap_or("").trim();
            media_type.eq_ignore_ascii_case("application/json") || media_type.ends_with("+json")
        });
        let bytes = read_body(request).await?;
        if bytes.is_empty() {
            return parse_json(Json::Object(serde_json::Map::new())).map(Self);
        }
        if is_json != Some(true) {
            return Err(Error::UnsupportedMediaType);
        }
        let json = serde_json::from_slice(&bytes).map_err(|error| {
            Error::Invalid(format!("body: malformed JSON at line {} column {}", error.line(), error.column()))
        })?;
        parse_json(json).map(Self)
    }
}

async fn read_body(request: Request) -> Result<Vec<u8>> {
    let body = Limited::new(request.into_body(), BODY_MAX);
    match tokio::time::timeout(BODY_TIMEOUT, body.collect()).await {
        Err(_) => Err(Error::RequestTimeout),
        Ok(Ok(body)) => Ok(body.to_bytes().into()),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => Err(Error::TooLarge(BODY_MAX)),
        Ok(Err(_)) => Err(Error::Invalid("body: it did not arrive whole".into())),
    }
}

/// Parses a request from JSON. The error names the member that is wrong, and never its value.
pub fn parse_json<T: DeserializeOwned>(json: Json) -> Result<T> {
    serde_path_to_error::deserialize(Strict(json)).map_err(|error| {
        let path = error.path().to_string();
        Error::Invalid(describe(if path == "." { "body" } else { &path }, &error.into_inner().to_string()))
    })
}

/// Says what is wrong with `member`, from serde's message but without the value it may quote.
pub fn describe(member: &str, message: &str) -> String {
    let message = match message.split_once(", expected ") {
        Some((unknown, _)) if unknown.starts_with("unknown field") => "is not known".to_owned(),
        Some((_, expected)) => {
            let expected = expected.split(" at line ").next().unwrap_or(expected);
            format!("expected {}", expected.replace('`', ""))
        }
        None => message.split(" at line ").next().unwrap_or(message).replace('`', ""),
    };
    match message.strip_prefix("missing field ") {
        Some(field) if member == "body" => format!("{field}: is required"),
        Some(field) => format!("{member}.{field}: is required"),
        None => format!("{member}: {message}"),
    }
}

/// The query string. Unknown parameters are ignored; an empty `cursor` is an absent one.
#[derive(Debug)]
pub struct ApiQuery<T>(pub T);

impl<S: Sync, T: DeserializeOwned> FromRequestParts<S> for ApiQuery<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        let query = parts.uri.query().unwrap_or("");
        let mut members = serde_json::Map::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if !(name == "cursor" && value.is_empty())
                && members.insert(name.to_string(), Json::String(value.into_owned())).is_some()
            {
                return Err(Error::Invalid(describe(&name, "given more than once")));
            }
        }
        parse_json(Json::Object(members)).map(Self)
    }
}

/// The id in the path. A malformed one is answered with 404, as one that does not exist.
#[derive(Debug)]
pub struct ApiPath<T>(pub T);

impl<S: Send + Sync, T: FromStr> FromRequestParts<S> for ApiPath<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let parameters = RawPathParams::from_request_parts(parts, state).await;
        let parameters = parameters.map_err(|error| Error::Internal(anyhow::Error::new(error)))?;
        let value = parameters.iter().next().and_then(|(_, value)| value.parse().ok());
        value.map(Self).ok_or(Error::NotFound("resource"))
    }
}

/// The revision that `If-Match` names: the request is for that state alone. None if it is for any state.
#[derive(Clone, Copy, Debug)]
pub struct IfMatch(pub Option<i64>);

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        let Some(tag) = parts.headers.get(header::IF_MATCH) else { return Ok(Self(None)) };
        let tag = tag.to_str().unwrap_or("").trim();
        if tag == "*" {
            return Ok(Self(None));
        }
        let revision = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"')?.parse().ok());
        let revision =
            revision.ok_or_else(|| Error::Invalid("if-match: expected an ETag of a reply".into()))?;
        Ok(Self(Some(revision)))
    }
}

/// The two ids in a path. Malformed ones are answered with 404.
#[derive(Clone, Copy, Debug)]
pub struct ApiPathPair<A, B>(pub A, pub B);

impl<S: Send + Sync, A: FromStr, B: FromStr> FromRequestParts<S> for ApiPathPair<A, B> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let parameters = RawPathParams::from_request_parts(parts, state).await;
        let parameters = parameters.map_err(|error| Error::Internal(anyhow::Error::new(error)))?;
        let mut values = parameters.iter().map(|(_, value)| value);
        let first = values.next().and_then(|value| value.parse().ok());
        let second = values.next().and_then(|value| value.parse().ok());
        first.zip(second).map(|(first, second)| Self(first, second)).ok_or(Error::NotFound("resource"))
    }
}
