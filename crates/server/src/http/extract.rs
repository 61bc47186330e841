//! Extractors: they parse a request for handlers, or refuse it with the contract's error body, which names the
//! member that is wrong and never repeats its value.

use super::body::{self, BodyMax};
use super::strict::Strict;
use crate::error::{Error, Result};
use crate::wire::whole_pairs;
use anyhow::Context;
use axum::extract::{ConnectInfo, FromRequest, FromRequestParts, RawPathParams, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use serde::de::{DeserializeOwned, Deserializer};
use serde_json::Value as Json;
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

/// The most characters of a member's name in an error: some names are a client's own.
const MEMBER_MAX: usize = 200;

/// The bytes of a body that is parsed where it arrives. A larger one would keep other requests of the thread waiting.
const PARSED_AT_ONCE_MAX: usize = 64 * 1024;

/// A JSON body. An empty body is an empty object.
#[derive(Debug)]
pub struct ApiJson<T>(pub T);

impl<S: Sync, T: DeserializeOwned + Send + 'static> FromRequest<S> for ApiJson<T> {
    type Rejection = Error;

    async fn from_request(request: Request, _: &S) -> Result<Self> {
        json_body(request, |_| ()).await.map(|(value, ())| Self(value))
    }
}

/// Reads a JSON body as [`ApiJson`] does, and makes something of its bytes too.
pub async fn json_body<T, U>(
    request: Request,
    make: impl FnOnce(&[u8]) -> U + Send + 'static,
) -> Result<(T, U)>
where
    T: DeserializeOwned + Send + 'static,
    U: Send + 'static,
{
    let max = request.extensions().get::<BodyMax>().map_or(crate::openapi::BODY_MAX, |max| max.0);
    let (parts, body) = request.into_parts();
    let bytes = body::read(&parts.headers, body, max).await?;
    if bytes.is_empty() {
        return Ok((parse_json(Json::Object(serde_json::Map::new()))?, make(&bytes)));
    }
    require_json(&parts.headers)?;
    let is_small = bytes.len() <= PARSED_AT_ONCE_MAX;
    let parse = move || Ok((parse_body(&bytes)?, make(&bytes)));
    if is_small {
        return parse();
    }
    tokio::task::spawn_blocking(parse).await.context("parsing a body")?
}

/// Fails with the 415 unless a body is said to be JSON, in UTF-8 and not packed.
fn require_json(headers: &HeaderMap) -> Result<()> {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("").to_ascii_lowercase());
    let is_plain = |encoding: String| encoding.trim().is_empty() || encoding.trim() == "identity";
    if !text(header::CONTENT_ENCODING).is_none_or(is_plain) {
        return Err(Error::UnsupportedMediaType("expected a body without content-encoding"));
    }
    let content_type = text(header::CONTENT_TYPE).unwrap_or_default();
    let mut parts = content_type.split(';').map(str::trim);
    let media_type = parts.next().unwrap_or("");
    if media_type != "application/json" && !media_type.ends_with("+json") {
        return Err(Error::UnsupportedMediaType("expected content-type: application/json"));
    }
    let mut charsets = parts.filter_map(|part| part.strip_prefix("charset="));
    if charsets.any(|charset| !matches!(charset.trim_matches('"'), "utf-8" | "utf8")) {
        return Err(Error::UnsupportedMediaType("expected charset=utf-8"));
    }
    Ok(())
}

/// Reads a body into its type as it is parsed: no tree of what it holds is made. Bytes that are no UTF-8 and halves of
/// characters become U+FFFD: what else is said in a message counts.
fn parse_body<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    let text = String::from_utf8_lossy(bytes);
    let whole = whole_pairs(text.as_bytes());
    let mut json = serde_json::Deserializer::from_slice(&whole);
    let value = read(&mut json, |error| (!error.is_data()).then(|| malformed(error)))?;
    json.end().map_err(|error| malformed(&error))?;
    Ok(value)
}

fn malformed(error: &serde_json::Error) -> Error {
    Error::Invalid(format!("body: malformed JSON at line {} column {}", error.line(), error.column()))
}

/// Parses a request from JSON. The error names the member that is wrong, and never its value.
pub fn parse_json<T: DeserializeOwned>(json: Json) -> Result<T> {
    read(json, |_| None)
}

/// Reads a value strictly. An error is as `special` has it, else it names the member that is wrong.
fn read<'de, T, D>(json: D, special: impl Fn(&D::Error) -> Option<Error>) -> Result<T>
where
    T: DeserializeOwned,
    D: Deserializer<'de>,
{
    serde_path_to_error::deserialize(Strict(json)).map_err(|error| {
        if let Some(error) = special(error.inner()) {
            return error;
        }
        let path = error.path().to_string();
        Error::Invalid(describe(if path == "." { "body" } else { &path }, &error.into_inner().to_string()))
    })
}

/// Says what is wrong with `member`, from serde's message but without the value it may quote.
pub fn describe(member: &str, message: &str) -> String {
    let end = member.char_indices().nth(MEMBER_MAX).map_or(member.len(), |(end, _)| end);
    let member = &member[..end];
    let message = match message.split_once(", expected ") {
        Some((unknown, _)) if unknown.starts_with("unknown field") => "is not known".to_owned(),
        Some((_, expected)) => {
            let expected = expected.split(" at line ").next().unwrap_or(expected);
            format!("expected {}", expected.replace('`', ""))
        }
        None => message.split(" at line ").next().unwrap_or(message).replace('`', ""),
    };
    let within = |field: &str| if member == "body" { field.to_owned() } else { format!("{member}.{field}") };
    match (message.strip_prefix("missing field "), message.strip_prefix("duplicate field ")) {
        (Some(field), _) => format!("{}: is required", within(field)),
        (_, Some(field)) => format!("{}: given more than once", within(field)),
        _ => format!("{member}: {message}"),
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

/// The address that a request came from. None if it came over no socket.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub Option<IpAddr>);

impl Peer {
    /// Returns the address that a request came from.
    pub fn of(parts: &Parts) -> Self {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        Self(peer.map(|ConnectInfo(peer)| peer.ip().to_canonical()))
    }
}

impl<S: Sync> FromRequestParts<S> for Peer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(parts))
    }
}
