//! End-to-end tests: through the router, and through the command line, on a real database. SQLite unless
//! `TEST_DATABASE_URL` names a PostgreSQL server.

#![expect(clippy::unwrap_used, reason = "a test that fails to set up fails")]

mod architecture;
mod cli;
mod contacts;
mod crash;
mod exports;
mod http;
mod imports;
mod insights;
mod jobs;
mod sessions;
mod settings;
mod soak;
mod support;
mod telemetry;
mod webhooks;
