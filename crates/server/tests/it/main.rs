//! End-to-end tests: through the router, and through the command line, on a real database. SQLite unless
//! `TEST_DATABASE_URL` names a PostgreSQL server.

#![expect(clippy::unwrap_used, reason = "a test that fails to set up fails")]

mod app;
mod audit;
mod commands;
mod contacts;
mod contract;
mod crash;
mod decisions;
mod errors;
mod eval;
mod exports;
mod imports;
mod insight_filters;
mod insights;
mod jobs;
mod language_model;
mod life;
mod life_model;
mod research;
mod scripted;
mod sessions;
mod settings;
mod sync;
mod telemetry;
mod webhook_trouble;
mod webhooks;
mod year;
