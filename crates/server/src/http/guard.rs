//! What every request passes: who is calling, may they, how often; and what is written down about it.

use super::limit::Allowance;
use crate::app::App;
use crate::error::{Error, Result};
use crate::keys;
use crate::openapi::Operation;
use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tracing::Instrument;

const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const REQUEST_ID_MAX: usize = 64;

/// Who is calling: an organization's key.
pub use crate::keys::Caller;

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        parts.extensions.get::<Self>().cloned().ok_or(Error::Unauthenticated)
    }
}

fn find<'a>(operations: &'a [Operation], request: &Request) -> Option<&'a Operation> {
    let path = request.extensions().get::<MatchedPath>()?;
    // axum answers HEAD with GET's handler
    let method = if request.method() == Method::HEAD { &Method::GET } else { request.method() };
    operations.iter().find(|operation| operation.method == method && operation.path == path.as_str())
}

/// Lets a request pass that its key allows. A path without such a method passes too: it has its own answer.
pub(super) async fn guard(
    State((app, operations)): State<(App, Arc<[Operation]>)>,
    mut request: Request,
    next: Next,
) -> Response {
    let Some(operation) = find(&operations, &request) else { return next.run(request).await };
    let Some(scope) = operation.scope else { return next.run(request).await };
    if app.is_draining() {
        return Error::Unavailable("the server is shutting down").into_response();
    }
    let caller = match authenticate(&app, request.headers()).await {
        Ok(caller) => caller,
        Err(error) => return error.into_response(),
    };
    let allowance = app.limiter.take(caller.key_id, operation.live, Instant::now());
    let mut response = match allowance {
        Some(Allowance { remaining: None, reset_seconds, .. }) => {
            Error::TooManyRequests(reset_seconds).into_response()
        }
        _ if !caller.scopes.allow(scope) => {
            Error::Forbidden(format!("the key lacks the scope {scope}")).into_response()
        }
        _ => {
            request.extensions_mut().insert(caller);
            run_in_time(request, next).await
        }
    };
    if let Some(allowance) = allowance {
        write_allowance(response.headers_mut(), allowance);
    }
    response
}

async fn run_in_time(request: Request, next: Next) -> Response {
    tokio::time::timeout(REQUEST_TIMEOUT, next.run(request))
        .await
        .unwrap_or_else(|_| Error::Unavailable("the request took too long").into_response())
}

async fn authenticate(app: &App, headers: &HeaderMap) -> Result<Caller> {
    let header = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let (scheme, token) = header.and_then(|value| value.split_once(' ')).ok_or(Error::Unauthenticated)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Error::Unauthenticated);
    }
    keys::authenticate(&app.db, token.trim()).await?.ok_or(Error::Unauthenticated)
}

fn write_allowance(headers: &mut HeaderMap, allowance: Allowance) {
    let remaining = allowance.remaining.unwrap_or(0);
    headers.insert("ratelimit-limit", HeaderValue::from(allowance.limit));
    headers.insert("ratelimit-remaining", HeaderValue::from(remaining));
    headers.insert("ratelimit-reset", HeaderValue::from(allowance.reset_seconds));
    if let Ok(policy) = HeaderValue::from_str(&format!("{};w=60", allowance.limit)) {
        headers.insert("ratelimit-policy", policy);
    }
}

/// Gives the request an id, and writes down what became of it: one line, and the metrics. Labels are the
/// path's template, never the path.
pub(super) async fn observe(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = request_id(request.headers());
    let method = request.method().clone();
    let route =
        request.extensions().get::<MatchedPath>().map_or("none".to_owned(), |path| path.as_str().to_owned());
    let span = tracing::info_span!("request", request.id = id, http.method = %method, http.route = route);
    let mut response = unpanicked(next.run(request)).instrument(span.clone()).await;
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let (status, elapsed) = (response.status().as_u16(), started.elapsed());
    span.in_scope(|| tracing::info!(http.status = status, duration_ms = elapsed.as_millis(), "answered"));
    let labels = [("method", method.to_string()), ("route", route), ("status", status.to_string())];
    metrics::counter!("refrain_http_requests_total", &labels).increment(1);
    metrics::histogram!("refrain_http_request_seconds", &labels[..2]).record(elapsed.as_secs_f64());
    response
}

fn request_id(headers: &HeaderMap) -> String {
    let given = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok());
    let usable = |id: &&str| {
        (1..=REQUEST_ID_MAX).contains(&id.len())
            && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    };
    given.filter(usable).map_or_else(|| uuid::Uuid::now_v7().to_string(), str::to_owned)
}

async fn unpanicked(answer: impl Future<Output = Response>) -> Response {
    use futures_util::FutureExt;
    AssertUnwindSafe(answer)
        .catch_unwind()
        .await
        .unwrap_or_else(|_| Error::Internal(anyhow::anyhow!("the handler panicked")).into_response())
}
