//! The bodies of requests: how large they may be, and how many large ones are in hand at once.

use crate::error::{Error, Result};
use crate::ids::OrgId;
use crate::openapi::BODY_MAX;
use crate::turns::{Turn, Turns};
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, header};
use http_body_util::{BodyExt, Limited};
use std::sync::Arc;
use std::time::Duration;

/// The time that a body may take to arrive.
const ARRIVAL_TIMEOUT: Duration = Duration::from_secs(15);
/// The most bodies in hand that are larger than most operations take, and those of one organization.
const LARGE_MAX: usize = 8;
const LARGE_MAX_OF_ORG: usize = 2;
const LARGE_WAITING_MAX: usize = 256;
/// The time that a request waits for its turn.
pub(super) const TURN_TIMEOUT: Duration = Duration::from_secs(10);

/// The length that the body of a request may have. The guard sets it by the operation.
#[derive(Clone, Copy, Debug)]
pub(super) struct BodyMax(pub(super) usize);

/// Reads a body of at most `max` bytes.
pub(super) async fn read(headers: &HeaderMap, body: Body, max: usize) -> Result<Bytes> {
    if announced(headers).is_some_and(|length| length > max) {
        return Err(Error::TooLarge(max));
    }
    match tokio::time::timeout(ARRIVAL_TIMEOUT, Limited::new(body, max).collect()).await {
        Err(_) => Err(Error::RequestTimeout),
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => Err(Error::TooLarge(max)),
        Ok(Err(_)) => Err(Error::Invalid("body: it did not arrive whole".into())),
    }
}

/// Returns the length that a body is said to have; none if it comes in chunks.
fn announced(headers: &HeaderMap) -> Option<usize> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Waits for room for the body of a request, if that may be a large one: each is held several times over while it is read
/// and written down. Fails with the 503 if there is none for long.
pub(super) async fn room(
    large_bodies: &Arc<Turns>,
    org_id: OrgId,
    max: usize,
    headers: &HeaderMap,
) -> Result<Option<Turn>> {
    let is_bare =
        !headers.contains_key(header::CONTENT_LENGTH) && !headers.contains_key(header::TRANSFER_ENCODING);
    if max <= BODY_MAX
        || is_bare
        || announced(headers).is_some_and(|length| length <= BODY_MAX || length > max)
    {
        return Ok(None);
    }
    let room = tokio::time::timeout(TURN_TIMEOUT, large_bodies.take(org_id)).await;
    room.unwrap_or(Err(Error::Unavailable("as many large bodies as may be at once are in hand"))).map(Some)
}

/// Returns the places for large bodies.
pub(super) fn large_bodies() -> Arc<Turns> {
    Turns::new(LARGE_MAX, LARGE_MAX_OF_ORG, LARGE_WAITING_MAX)
}
