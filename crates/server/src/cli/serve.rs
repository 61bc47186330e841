//! `refrain serve`.

use super::{Exit, open, print_line};
use crate::app::App;
use crate::config::Config;
use crate::http::Listener;
use crate::{erasures, http, imports, insights, jobs, memory, outbox, telemetry, webhooks};
use anyhow::Context;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;

pub(super) async fn serve(config: Config) -> anyhow::Result<Exit> {
    let (app, listener) = bind(config).await?;
    print_line(&format!("listening on {}", listener.url()?))?;
    let workers = tokio::spawn(jobs::work(app.clone(), app.config.jobs.workers));
    run(app, listener, workers).await?;
    Ok(Exit::Success)
}

/// Opens the database and takes the addresses, so that what fails fails before anything is promised.
pub(super) async fn bind(mut config: Config) -> anyhow::Result<(App, Listener)> {
    let listener = Listener::bind(&config.server).await?;
    if config.server.public_url.is_none() && config.server.listen.ip().is_unspecified() {
        tracing::warn!("public_url is not set: links to attachments name an address of this machine alone");
    }
    config.server.listen = listener.address()?;
    if let Some(url) = listener.metrics_url()? {
        tracing::info!(url, "metrics have an address of their own");
    }
    telemetry::start_metrics()?;
    let app = open(config).await?;
    warn_of_readers(&app.config.database.data);
    Ok((app, listener))
}

/// Warns if others can look into the data folder.
fn warn_of_readers(folder: &Path) {
    let mode = std::fs::metadata(folder).map_or(0, |found| found.permissions().mode() & 0o777);
    if mode & 0o077 != 0 {
        tracing::warn!(
            folder = %folder.display(),
            mode = format!("{mode:o}"),
            "others can look into the data folder: chmod 700 it",
        );
    }
}

/// Serves until a signal comes; then finishes what was begun, by the workers too.
pub(super) async fn run(app: App, listener: Listener, workers: JoinHandle<()>) -> anyhow::Result<()> {
    webhooks::seal_secrets(&app).await?;
    insights::request_wordings(&app).await?;
    insights::request_rereading(&app).await?;
    imports::sweep(&app, None).await?;
    let upkeep = [
        tokio::spawn(telemetry::keep_metrics()),
        tokio::spawn(memory::keep_small()),
        tokio::spawn(erasures::retain(app.clone())),
        tokio::spawn(insights::keep_indexes(app.clone())),
    ];
    let deliveries = tokio::spawn(outbox::dispatch(app.clone()));
    http::serve(app.clone(), listener, asked_to_stop()?).await?;
    tracing::info!("finishing the jobs in hand");
    workers.await.context("ending the workers")?;
    deliveries.await.context("ending the deliveries")?;
    upkeep.iter().for_each(JoinHandle::abort);
    app.db.close().await;
    Ok(())
}

/// Resolves at the first SIGTERM or SIGINT.
pub(super) fn asked_to_stop() -> anyhow::Result<impl Future<Output = ()>> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
