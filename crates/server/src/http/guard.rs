//! The checks of every request: who calls, its scope, its rate and the room for a large body.

use super::body::{self, BodyMax, TURN_TIMEOUT};
use super::kept::Kept;
use super::rate_limit::{Allowance, FILLED_IN};
use super::validator::Validators;
use crate::access::Credential;
use crate::app::App;
use crate::error::{Error, Result};
use crate::openapi::Operation;
use crate::turns::{Turn, Turns};
use axum::body::Body;
use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use tokio::time::timeout;
use tracing::Span;
use tracing::field::display;

pub use crate::access::Caller;

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

/// The place of a request among those that are worked on. One that waits for others to come along gives it up.
#[derive(Clone, Debug)]
pub struct WorkedOn(Arc<Mutex<Option<Turn>>>);

impl WorkedOn {
    fn new(turn: Turn) -> Self {
        Self(Arc::new(Mutex::new(Some(turn))))
    }

    /// Gives the place to the next.
    pub fn give_up(&self) {
        drop(self.0.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

impl<S: Sync> FromRequestParts<S> for WorkedOn {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        parts.extensions.get::<Self>().cloned().ok_or(Error::Unauthenticated)
    }
}

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
    validators: Arc<Validators>,
}

impl Guard {
    /// Makes the guard of these operations.
    pub(super) fn new(app: App, operations: Vec<Operation>) -> Self {
        Self {
            validators: Arc::new(Validators::new(&app.config)),
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

/// Lets a request pass that its key or its sign-in allows. A path without such a method passes too: it has its own answer.
pub(super) async fn guard(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let Some(operation) = find(&guard.operations, &request) else { return next.run(request).await };
    if !operation.needs_caller() {
        return next.run(request).await;
    }
    let mut response = check(&guard, operation, request, next).await;
    // neither a browser nor a proxy keeps what is an organization's
    let no_store = HeaderValue::from_static("no-store");
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(no_store);
    response
}

async fn check(guard: &Guard, operation: &Operation, request: Request, next: Next) -> Response {
    let app = &guard.app;
    if app.is_draining() {
        return Error::Unavailable("the server is shutting down").into_response();
    }
    let (parts, body) = request.into_parts();
    let caller = match app.authenticate(&parts).await {
        Ok(caller) => caller,
        Err(error) => return error.into_response(),
    };
    let span = Span::current();
    span.record("org.id", display(caller.org_id));
    let allowance = match caller.credential {
        Credential::Key(id) => {
            span.record("key.id", display(id));
            app.limiter.take(caller.identity(), operation.live, Instant::now())
        }
        Credential::SignIn(_, id) => {
            span.record("member.id", display(id));
            app.member_limiter.take(caller.identity(), false, Instant::now())
        }
    };
    let mut response = match allowance {
        Some(Allowance { remaining: None, reset_seconds, .. }) => {
            Error::TooManyRequests(reset_seconds).into_response()
        }
        _ => match require(operation, &caller) {
            Err(error) => error.into_response(),
            Ok(()) => validated(guard, operation, caller, Request::from_parts(parts, body), next).await,
        },
    };
    if let Some(allowance) = allowance {
        write_allowance(response.headers_mut(), allowance);
    }
    response
}

/// Fails with the 403 if an operation is not for this caller.
fn require(operation: &Operation, caller: &Caller) -> Result<()> {
    if operation.signed_in {
        caller.signed_in()?;
    }
    operation.scope.map_or(Ok(()), |scope| caller.require(scope))
}

/// Runs the handler, unless the client has the answer already.
async fn validated(
    guard: &Guard,
    operation: &Operation,
    caller: Caller,
    request: Request,
    next: Next,
) -> Response {
    if !operation.revalidates {
        return run(guard, operation.body_max, caller, request, next).await;
    }
    // before the handler reads: a tag that is too old costs an answer, one that is too new would hide a change
    let tag = match guard.validators.tag(&guard.app, &caller).await {
        Ok(tag) => tag,
        Err(error) => return error.into_response(),
    };
    let mut response = if tag.is_known(request.headers()) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        run(guard, operation.body_max, caller, request, next).await
    };
    if response.status() == StatusCode::OK || response.status() == StatusCode::NOT_MODIFIED {
        tag.write(response.headers_mut(), operation);
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
        let (answer, turn) = timeout(TURN_TIMEOUT, turns).await.unwrap_or_else(|_| Err(too_long()))?;
        Ok((room, answer, WorkedOn::new(turn)))
    };
    let (_room, answer, worked_on) = match turns.await {
        Ok(turns) => turns,
        Err(error) => return Error::into_response(error),
    };
    request.extensions_mut().insert(caller);
    request.extensions_mut().insert(BodyMax(body_max));
    request.extensions_mut().insert(worked_on.clone());
    let response = next.run(request).await;
    worked_on.give_up();
    response.map(|body| Body::new(Kept::new(body, answer)))
}

/// Returns the bearer token of a request, if it has one.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
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
