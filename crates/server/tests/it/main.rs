//! End-to-end tests: through the router, and through the command line, on a real database. SQLite unless
//! `TEST_DATABASE_URL` names a PostgreSQL server.

#![expect(clippy::unwrap_used, reason = "a test that fails to set up fails")]
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "the numbers of a test are small and not negative"
)]

mod architecture;
mod audit_log;
mod backup;
mod boilerplate;
mod changes;
mod cli;
mod config;
mod contacts;
mod crash;
mod dashboard;
mod erasure;
mod exports;
mod faults;
mod group_commit;
mod http;
mod idempotency;
mod imports;
mod insights;
mod jobs;
mod members;
mod sample;
mod sessions;
mod settings;
mod soak;
mod support;
mod teams;
mod telemetry;
mod tenants;
mod views;
mod webhooks;
