//! `refrain serve`.

use super::{Exit, open, print_line};
use crate::app::App;
use crate::config::Config;
use crate::{http, insights, jobs, outbox, telemetry};
use anyhow::Context;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;

pub(super) async fn serve(config: Config) -> anyhow::Result<Exit> {
    let (app, listener) = bind(config).await?;
    print_line(&format!("listening on {}", url(&listener)?))?;
    let workers = tokio::spawn(jobs::work(app.clone(), app.config.jobs.workers));
    run(app, listener, workers).await?;
    Ok(Exit::Success)
}

/// Opens the database and takes the address, so that what fails fails before anything is promised.
pub(super) async fn bind(mut config: Config) -> anyhow::Result<(App, TcpListener)> {
    let listener = TcpListener::bind(config.server.listen).await;
    let listener = listener.with_context(|| format!("listening on {}", config.server.listen))?;
    config.server.listen = listener.local_addr()?;
    telemetry::start_metrics()?;
    Ok((open(config).await?, listener))
}

pub(super) fn url(listener: &TcpListener) -> anyhow::Result<String> {
    Ok(format!("http://{}", listener.local_addr()?))
}

/// Serves until a signal comes; then finishes what was begun, by the workers too.
pub(super) async fn run(app: App, listener: TcpListener, workers: JoinHandle<()>) -> anyhow::Result<()> {
    insights::request_wordings(&app).await?;
    insights::request_rereading(&app).await?;
    let upkeep = tokio::spawn(telemetry::keep_metrics());
    let deliveries = tokio::spawn(outbox::dispatch(app.clone()));
    http::serve(app.clone(), listener, asked_to_stop()?).await?;
    tracing::info!("finishing the jobs in hand");
    workers.await.context("ending the workers")?;
    deliveries.await.context("ending the deliveries")?;
    upkeep.abort();
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
