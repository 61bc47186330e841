//! The checks of every request: its key, its scope, its rate and the room for a large body.

use super::body::{self, BodyMax, TURN_TIMEOUT};
use super::kept::Kept;
use super::rate_limit::{Allowance, FILLED_IN};
use crate::app::App;
use crate::error::{Error, Result};
use crate::keys::{self, Scope};
use crate::openapi::Operation;
use crate::turns::Turns;
use axum::body::Body;
use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use std::time::Instant;
use tokio::time::timeout;
use tracing::Span;
use tracing::field::display;

pub use crate::keys::Caller;

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        parts.extensions.get::<Self>().cloned().ok_or(Error::Unauthenticated)
    }
}

/// The most requests that are worked on at once, those of one organization, and how many more of it may wait. What one makes
/// of the processors in a row is bounded by the size of a page; with few in hand, another's request is soon behind none.
const WORKED_ON_MAX: usize = 256;
const WORKED_ON_MAX_OF_ORG: usize = 8;
const WAITING_MAX: usize = 512;
/// The most answers of one organization that are being made or wait to be taken by their clients, and those of all.
const ANSWERS_MAX: usize = 1_024;
const ANSWERS_MAX_OF_ORG: usize = 32;

/// What the guard needs.
#[derive(Clone, Debug)]
pub(super) struct Guard {
    app: App,
    operations: Arc<[Operation]>,
    /// The requests that are worked on.
    worked_on: Arc<Turns>,
    /// The answers that are not taken yet.
    answers: Arc<Turns>,
    large_bodies: Arc<Turns>,
}

impl Guard {
    /// Makes the guard of these operations.
    pub(super) fn new(app: App, operations: Vec<Operation>) -> Self {
        Self {
            app,
            operations: operations.into(),
            worked_on: Turns::new(WORKED_ON_MAX, WORKED_ON_MAX_OF_ORG, WAITING_MAX),
            answers: Turns::new(ANSWERS_MAX, ANSWERS_MAX_OF_ORG, WAITING_MAX),
            large_bodies: body::large_bodies(),
        }
    }
}

fn find<'a>(operations: &'a [Operation], request: &Request) -> Option<&'a Operation> {
    let path = request.extensions().get::<MatchedPath>()?;
    // axum answers HEAD with GET's handler
    let method = if request.method() == Method::HEAD { &Method::GET } else { request.method() };
    operations.iter().find(|operation| operation.method == method && operation.path == path.as_str())
}

/// Lets a request pass that its key allows. A path without such a method passes too: it has its own answer.
pub(super) async fn guard(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let Some(operation) = find(&guard.operations, &request) else { return next.run(request).await };
    let Some(scope) = operation.scope else { return next.run(request).await };
    let mut response = check(&guard, operation, scope, request, next).await;
    // neither a browser nor a proxy keeps what is an organization's
    let no_store = HeaderValue::from_static("no-store");
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(no_store);
    response
}

async fn check(guard: &Guard, operation: &Operation, scope: Scope, request: Request, next: Next) -> Response {
    let app = &guard.app;
    if app.is_draining() {
        return Error::Unavailable("the server is shutting down").into_response();
    }
    let caller = match authenticate(app, request.headers()).await {
        Ok(caller) => caller,
        Err(error) => return error.into_response(),
    };
    let span = Span::current();
    span.record("key.id", display(caller.key_id)).record("org.id", display(caller.org_id));
    let allowance = app.limiter.take(caller.key_id, operation.live, Instant::now());
    let mut response = match allowance {
        Some(Allowance { remaining: None, reset_seconds, .. }) => {
            Error::TooManyRequests(reset_seconds).into_response()
        }
        _ => match caller.require(scope) {
            Err(error) => error.into_response(),
            Ok(()) => run(guard, operation.body_max, caller, request, next).await,
        },
    };
    if let Some(allowance) = allowance {
        write_allowance(response.headers_mut(), allowance);
    }
    response
}

/// Runs the handler, once there is room for the body.
async fn run(guard: &Guard, body_max: usize, caller: Caller, mut request: Request, next: Next) -> Response {
    let (org_id, headers) = (caller.org_id, request.headers());
    let turns = async {
        let room = body::room(&guard.large_bodies, org_id, body_max, headers).await?;
        let turns = async { Ok((guard.answers.take(org_id).await?, guard.worked_on.take(org_id).await?)) };
        let too_long = || Error::Unavailable("too many requests of the organization are in hand");
        let (answer, work) = timeout(TURN_TIMEOUT, turns).await.unwrap_or_else(|_| Err(too_long()))?;
        Ok((room, answer, work))
    };
    let (_room, answer, _work) = match turns.await {
        Ok(turns) => turns,
        Err(error) => return Error::into_response(error),
    };
    request.extensions_mut().insert(caller);
    request.extensions_mut().insert(BodyMax(body_max));
    next.run(request).await.map(|body| Body::new(Kept::new(body, answer)))
}

async fn authenticate(app: &App, headers: &HeaderMap) -> Result<Caller> {
    let token = bearer(headers).ok_or(Error::Unauthenticated)?;
    let caller = keys::authenticate(&app.db, token, app.clock.now()).await?;
    let caller = caller.ok_or(Error::Unauthenticated)?;
    keys::note_use(app, &caller);
    Ok(caller)
}

/// Returns the bearer token of a request, if it has one.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn write_allowance(headers: &mut HeaderMap, allowance: Allowance) {
    let remaining = allowance.remaining.unwrap_or(0);
    headers.insert("ratelimit-limit", HeaderValue::from(allowance.limit));
    headers.insert("ratelimit-remaining", HeaderValue::from(remaining));
    headers.insert("ratelimit-reset", HeaderValue::from(allowance.reset_seconds));
    if let Ok(policy) = HeaderValue::from_str(&format!("{};w={}", allowance.limit, FILLED_IN.as_secs())) {
        headers.insert("ratelimit-policy", policy);
    }
}
