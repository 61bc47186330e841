//! The checks of every request: its key, its scope and its rate.

use super::rate_limit::Allowance;
use crate::app::App;
use crate::error::{Error, Result};
use crate::keys;
use crate::openapi::Operation;
use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use std::time::Instant;

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
        _ => match caller.require(scope) {
            Err(error) => error.into_response(),
            Ok(()) => {
                request.extensions_mut().insert(caller);
                next.run(request).await
            }
        },
    };
    if let Some(allowance) = allowance {
        write_allowance(response.headers_mut(), allowance);
    }
    response
}

async fn authenticate(app: &App, headers: &HeaderMap) -> Result<Caller> {
    let header = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let (scheme, token) = header.and_then(|value| value.split_once(' ')).ok_or(Error::Unauthenticated)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Error::Unauthenticated);
    }
    let caller = keys::authenticate(&app.db, token.trim(), app.clock.now()).await?;
    let caller = caller.ok_or(Error::Unauthenticated)?;
    keys::note_use(app, &caller);
    Ok(caller)
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
