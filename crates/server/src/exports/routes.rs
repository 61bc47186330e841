//! `GET /exports`.

use super::{Export, Format, What};
use crate::app::App;
use crate::error::{Error, Result};
use crate::http::{Api, ApiQuery, Caller};
use crate::keys::{Resource, Scope};
use crate::openapi::Operation;
use crate::turns::Turn;
use crate::wire::Maybe;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{Method, header};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Deserialize;
use std::io::{self, Write};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use tokio::sync::mpsc;

const JSONL: &str = "application/x-ndjson";
const CSV: &str = "text/csv; charset=utf-8";
const PARQUET: &str = "application/vnd.apache.parquet";
const CHUNK: usize = 64 * 1024;
/// The most chunks that are written ahead of the client.
const CHUNKS_AHEAD: usize = 4;
/// The time after which a client that takes nothing is given up, since an export holds a connection and a snapshot.
const PATIENCE: Duration = Duration::from_secs(30);
/// The least that a client takes on average once it let wait for as long, and the most that an export may take.
const BYTES_A_SECOND_MIN: u64 = 64 * 1024;
const DURATION_MAX: Duration = Duration::from_hours(1);

/// Returns the operation that exports.
pub fn routes() -> Api {
    Api::tagged("Exports").route(
        Operation::new(Method::GET, "/exports", "export")
            .summary("Export conversations (needs chat-sessions:read and contacts:read too, and of members unmasked:read), insights or occurrences, one at a time")
            .scope(Scope::read(Resource::Insights))
            .query::<ExportInput>()
            .returns_media(&[JSONL, CSV, PARQUET]),
        export,
    )
}

#[derive(Debug, Deserialize, JsonSchema)]
struct ExportInput {
    /// conversations if not given.
    #[serde(default)]
    what: Maybe<What>,
    /// jsonl if not given; conversations have no other.
    #[serde(default)]
    format: Maybe<Format>,
}

async fn export(
    State(app): State<App>,
    caller: Caller,
    ApiQuery(input): ApiQuery<ExportInput>,
) -> Result<Response> {
    let what = input.what.0.unwrap_or(What::Conversations);
    let format = input.format.0.unwrap_or(Format::Jsonl);
    if what == What::Conversations {
        for scope in [Scope::read(Resource::ChatSessions), Scope::read(Resource::Contacts)] {
            caller.require(scope)?;
        }
        caller.require_unmasked()?;
    }
    let busy = Error::Unavailable("as many exports as may be at once are under way");
    let place = app.exports.try_take(caller.org_id).ok_or(busy)?;
    let export = Export::begin(&app, caller.org_id, caller.actor(), what, format).await?;
    let (sender, receiver) = mpsc::channel(CHUNKS_AHEAD);
    tokio::task::spawn_blocking(move || stream(&app, export, &sender, place));
    let next = async |mut receiver: mpsc::Receiver<io::Result<Bytes>>| {
        receiver.recv().await.map(|chunk| (chunk, receiver))
    };
    let body = Body::from_stream(futures_util::stream::unfold(receiver, next));
    let media_type = match format {
        Format::Jsonl => JSONL,
        Format::Csv => CSV,
        Format::Parquet => PARQUET,
    };
    let headers = [
        (header::CONTENT_TYPE, media_type.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{what}.{format}\"")),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    // a proxy that buffers an answer until it is complete would have to hold all of it
    Ok((headers, [("x-accel-buffering", "no")], body).into_response())
}

/// Writes an export into the body of an answer. If the export fails, the body ends without its last chunk, which every
/// client takes for a failure.
fn stream(app: &App, export: Export, sender: &mpsc::Sender<io::Result<Bytes>>, place: Turn) {
    let chunks = Chunks { sender: sender.clone(), buffer: Vec::with_capacity(CHUNK), pace: Pace::new() };
    if let Err(error) = export.write(chunks, |_| !app.is_draining()) {
        tracing::warn!(error = format!("{error:#}"), "an export was cut off");
        let _ = Handle::current().block_on(sender.send_timeout(Err(io::Error::other(error)), PATIENCE));
    }
    drop(place);
}

/// How fast a client takes an export.
struct Pace {
    began: Instant,
    waited: Duration,
    taken: u64,
}

impl Pace {
    fn new() -> Self {
        Self { began: Instant::now(), waited: Duration::ZERO, taken: 0 }
    }

    /// Notes that the client let wait for so long to take so many bytes. Fails if it keeps the place too long.
    fn add(&mut self, waited: Duration, bytes: usize) -> io::Result<()> {
        self.waited += waited;
        self.taken += bytes as u64;
        let least = self.waited.saturating_sub(PATIENCE).as_secs() * BYTES_A_SECOND_MIN;
        if self.taken < least {
            return Err(io::Error::other("the client takes too little a second"));
        }
        if self.began.elapsed() > DURATION_MAX {
            return Err(io::Error::other("the export takes too long"));
        }
        Ok(())
    }
}

/// Collects what is written and sends it in chunks.
struct Chunks {
    sender: mpsc::Sender<io::Result<Bytes>>,
    buffer: Vec<u8>,
    pace: Pace,
}

impl Write for Chunks {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= CHUNK {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let chunk = Bytes::from(std::mem::replace(&mut self.buffer, Vec::with_capacity(CHUNK)));
        let (bytes, since) = (chunk.len(), Instant::now());
        let sent = Handle::current().block_on(self.sender.send_timeout(Ok(chunk), PATIENCE));
        sent.map_err(|error| io::Error::other(format!("sending to the client: {error}")))?;
        self.pace.add(since.elapsed(), bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_that_takes_little_keeps_its_place_for_no_long() {
        let mut pace = Pace::new();
        let refused = (1..10_000).find(|_| pace.add(Duration::from_secs(1), 6 * 1024).is_err());
        assert!(refused.is_some_and(|seconds| (30..40).contains(&seconds)), "{refused:?}");
        let mut pace = Pace::new();
        assert!((0..1_000).all(|_| pace.add(Duration::from_secs(1), 128 * 1024).is_ok()));
    }
}
