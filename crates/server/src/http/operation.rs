//! The operations for operators of a running server: health, readiness and metrics.

use super::Api;
use super::guard::bearer;
use crate::app::App;
use crate::config::Secret;
use crate::db::sql;
use crate::error::{Error, Result};
use crate::openapi::Operation;
use crate::telemetry;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, Method};
use schemars::JsonSchema;
use serde::Serialize;
use sha2::{Digest, Sha256};

/// Returns the operations `/healthz`, `/readyz` and `/metrics`.
pub(super) fn routes() -> Api {
    Api::tagged("Operation")
        .route(
            Operation::new(Method::GET, "/healthz", "getHealth")
                .summary("Whether the process answers")
                .returns::<Health>(),
            health,
        )
        .route(
            Operation::new(Method::GET, "/readyz", "getReadiness")
                .summary("Whether requests can be served: the database answers and takes writes, and the server is not shutting down")
                .returns::<Health>(),
            readiness,
        )
        .route(
            Operation::new(Method::GET, "/metrics", "getMetrics")
                .summary("Counters and durations, in the text format of Prometheus")
                .returns_media(&["text/plain"])
                .or(401)
                .or(404),
            show_metrics,
        )
}

#[derive(Debug, Serialize, JsonSchema)]
struct Health {
    status: &'static str,
}

async fn health() -> Json<Health> {
    Json(Health { status: "ok" })
}

async fn readiness(State(app): State<App>) -> Result<Json<Health>> {
    if app.is_draining() {
        return Err(Error::Unavailable("the server is shutting down"));
    }
    let is_read = app.db.fetch_one::<(i64,)>(sql("select count(*) from orgs where id is null"));
    is_read.await.map_err(|error| not_ready(&error, "the database does not answer"))?;
    app.db.try_writing().await.map_err(|error| not_ready(&error, "the database cannot be written to"))?;
    Ok(Json(Health { status: "ready" }))
}

fn not_ready(error: &Error, message: &'static str) -> Error {
    tracing::warn!(%error, "{message}");
    Error::Unavailable(message)
}

async fn show_metrics(state: State<App>, headers: HeaderMap) -> Result<String> {
    if state.config.server.metrics_listen.is_some() {
        return Err(Error::NotFound("path"));
    }
    metrics(state, headers).await
}

/// Answers with the metrics, to who has the key where one is configured.
pub(super) async fn metrics(State(app): State<App>, headers: HeaderMap) -> Result<String> {
    if let Some(Secret(key)) = &app.config.server.metrics_key
        && !bearer(&headers).is_some_and(|token| is_same(token, key))
    {
        return Err(Error::Unauthenticated);
    }
    Ok(telemetry::render_metrics())
}

/// Compares two secrets. How long it takes tells nothing of where they differ.
fn is_same(given: &str, expected: &str) -> bool {
    let (given, expected) = (Sha256::digest(given), Sha256::digest(expected));
    given.iter().zip(&expected).fold(0, |differences, (a, b)| differences | (a ^ b)) == 0
}
