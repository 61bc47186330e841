//! `GET /sample`.

use super::{Script, read};
use crate::app::App;
use crate::error::Result;
use crate::http::Api;
use crate::keys::{Resource, Scope};
use crate::openapi::Operation;
use crate::time::Timestamp;
use anyhow::Context;
use axum::extract::State;
use axum::http::{Method, header};
use axum::response::{IntoResponse, Response};

const JSONL: &str = "application/x-ndjson";

/// Returns the operation that hands out the sample.
pub fn routes() -> Api {
    Api::tagged("Imports").route(
        Operation::new(Method::GET, "/sample", "getSample")
            .summary("Get the bundled sample as a file to import: real conversations, with made-up times and contacts")
            .scope(Scope::write(Resource::Imports))
            .returns_media(&[JSONL]),
        sample,
    )
}

async fn sample(State(app): State<App>) -> Result<Response> {
    let today = app.clock.now().start_of_day();
    let file = tokio::task::spawn_blocking(move || file(today)).await.context("reading the sample")??;
    let head = [
        (header::CONTENT_TYPE, JSONL),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"sample.jsonl\""),
    ];
    Ok((head, file).into_response())
}

/// Returns the sample as JSON lines, as of the first moment of `today`.
fn file(today: Timestamp) -> anyhow::Result<Vec<u8>> {
    let mut lines = Vec::new();
    for set in read(&Script::read()?, today)? {
        for record in &set.records {
            serde_json::to_writer(&mut lines, record).context("writing the sample")?;
            lines.push(b'\n');
        }
    }
    Ok(lines)
}
