//! Requests that a client may send again. The answer to one that came with an `Idempotency-Key` is kept in the
//! transaction that the request changed something in, so that a crash loses both or neither; a request that comes again
//! is given it and changes nothing. While the first is worked on it holds the organization, and so the others wait.
//!
//! A key and a body are kept as hashes: clients make keys of what they please, an e-mail address too.

use crate::db::{Db, Query, sql};
use crate::error::{Error, Result};
use crate::http::{Caller, json_body};
use crate::ids::OrgId;
use crate::openapi::IDEMPOTENCY_KEY_MAX;
use crate::orgs::OrgTx;
use crate::time::{DAY, Timestamp};
use anyhow::Context;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The header of an answer that was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// The time for which an answer is kept.
const KEPT_MICROS: i64 = DAY;
/// The most answers that are kept of an organization, the newest.
const KEPT_MAX: i64 = 1_000_000;

/// A JSON body that is to be acted on once, and what tells whether it was.
#[derive(Debug)]
pub struct Once<T>(pub T, pub Attempt);

/// One of the times that a request was sent. Without an `Idempotency-Key` each stands for itself.
#[derive(Debug)]
pub struct Attempt(Option<Hashes>);

#[derive(Debug)]
struct Hashes {
    /// The hash of the key or the member, the path and the `Idempotency-Key`.
    id: Vec<u8>,
    /// The hash of the `Idempotency-Key` and the body.
    request: Vec<u8>,
}

impl<S: Sync, T: DeserializeOwned + Send + 'static> FromRequest<S> for Once<T> {
    type Rejection = Error;

    async fn from_request(request: Request, _: &S) -> Result<Self> {
        let Some(key) = key(request.headers())? else {
            let (input, ()) = json_body(request, |_| ()).await?;
            return Ok(Self(input, Attempt(None)));
        };
        let caller = request.extensions().get::<Caller>().ok_or(Error::Unauthenticated)?;
        let id = hash(&[caller.identity().as_bytes(), request.uri().path().as_bytes(), key.as_bytes()]);
        let (input, request) = json_body(request, move |body| hash(&[key.as_bytes(), body])).await?;
        Ok(Self(input, Attempt(Some(Hashes { id, request }))))
    }
}

/// Returns what `Idempotency-Key` says.
fn key(headers: &HeaderMap) -> Result<Option<String>> {
    let mut values = headers.get_all(KEY).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Error::Invalid(format!("{KEY}: given more than once")));
    }
    let is_key = |key: &&str| {
        (1..=IDEMPOTENCY_KEY_MAX).contains(&key.len()) && key.bytes().all(|byte| matches!(byte, b' '..=b'~'))
    };
    let key = value.to_str().ok().filter(is_key).ok_or_else(|| {
        Error::Invalid(format!("{KEY}: expected 1 to {IDEMPOTENCY_KEY_MAX} printable characters of ASCII"))
    })?;
    Ok(Some(key.to_owned()))
}

/// Hashes parts, each with its length.
fn hash(parts: &[&[u8]]) -> Vec<u8> {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().to_vec()
}

impl Attempt {
    /// Returns the answer that the request was given before, if it was. Fails with the 409 if another body came then. To
    /// be called before the transaction changes anything.
    pub async fn answer(&self, tx: &mut OrgTx) -> Result<Option<Response>> {
        let (org_id, now) = (tx.org_id, tx.now);
        self.kept(tx, org_id, now).await
    }

    /// Returns the answer as [`Attempt::answer`] does, before there is a transaction. The request may be in hand at this
    /// moment: within one it is asked for again.
    pub async fn kept(&self, db: impl Query, org_id: OrgId, now: Timestamp) -> Result<Option<Response>> {
        let Some(hashes) = &self.0 else { return Ok(None) };
        let query = sql("
            select request, answer from idempotency_keys where org_id = $1 and id = $2 and created_at > $3
        ");
        let query = query.bind(org_id).bind(hashes.id.clone()).bind(now.plus(-KEPT_MICROS));
        let Some((request, answer)): Option<(Vec<u8>, String)> = db.fetch_optional(query).await? else {
            return Ok(None);
        };
        if request != hashes.request {
            return Err(Error::Conflict(format!("{KEY}: it was sent with another body before")));
        }
        let mut response = json(answer);
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
        Ok(Some(response))
    }

    /// Commits what the request changed together with the answer, and returns this.
    pub async fn commit(self, mut tx: OrgTx, output: impl Serialize + Send) -> Result<Response> {
        let answer = self.keep(&mut tx, output).await?;
        tx.commit().await?;
        Ok(answer)
    }

    /// Keeps the answer with what the request changed, and returns it. It is to be given once the transaction is committed.
    pub async fn keep(&self, tx: &mut OrgTx, output: impl Serialize + Send) -> Result<Response> {
        let answer = serde_json::to_string(&output).context("writing an answer")?;
        if let Some(hashes) = &self.0 {
            keep(tx, hashes, &answer).await?;
        }
        Ok(json(answer))
    }
}

fn json(body: String) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}

/// Keeps an answer, in place of one that is too old to be given again, and forgets the oldest where there are too many.
async fn keep(tx: &mut OrgTx, hashes: &Hashes, answer: &str) -> Result<()> {
    let query = sql("
        insert into idempotency_keys (org_id, id, seq, request, answer, created_at)
        values ($1, $2, (select coalesce(max(seq), 0) + 1 from idempotency_keys where org_id = $1), $3, $4, $5)
        on conflict (org_id, id) do update set seq = excluded.seq, request = excluded.request,
            answer = excluded.answer, created_at = excluded.created_at
        returning seq
    ");
    let query =
        query.bind(tx.org_id).bind(hashes.id.clone()).bind(hashes.request.clone()).bind(answer).bind(tx.now);
    let (seq,): (i64,) = tx.fetch_one(query).await?;
    let query = sql("delete from idempotency_keys where org_id = $1 and seq <= $2");
    tx.run(query.bind(tx.org_id).bind(seq - KEPT_MAX)).await
}

/// Returns true if an organization has answers that are not given again any more.
pub async fn has_old(db: &Db, org_id: OrgId, now: Timestamp) -> Result<bool> {
    let query = sql("select id from idempotency_keys where org_id = $1 and created_at <= $2 limit 1");
    let old: Option<(Vec<u8>,)> = db.fetch_optional(query.bind(org_id).bind(now.plus(-KEPT_MICROS))).await?;
    Ok(old.is_some())
}

/// Deletes the answers that are not given again any more.
pub async fn forget_old(tx: &mut OrgTx) -> Result<()> {
    let query = sql("delete from idempotency_keys where org_id = $1 and created_at <= $2");
    tx.run(query.bind(tx.org_id).bind(tx.now.plus(-KEPT_MICROS))).await
}
