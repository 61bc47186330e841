//! Logs and metrics of the product. They never hold what customers said.

use crate::config::{LogConfig, LogFormat};
use anyhow::Context;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::io::{IsTerminal, Write};
use std::sync::OnceLock;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

static METRICS: OnceLock<PrometheusHandle> = OnceLock::new();
const SECONDS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// Starts to log to standard error. `default` is the filter if none is configured.
pub fn start_logging(config: &LogConfig, default: &str) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(config.filter.as_deref().unwrap_or(default))
        .context("log: expected a level or a filter")?;
    let is_terminal = std::io::stderr().is_terminal();
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(is_terminal);
    let registry = tracing_subscriber::registry().with(filter);
    match config.format {
        LogFormat::Text => registry.with(layer.with_target(false)).try_init(),
        LogFormat::Json => registry.with(layer.json().flatten_event(true)).try_init(),
    }
    .context("starting the log")
}

/// Has panics logged by their place alone: the message may quote what a customer said.
pub fn quiet_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        if tracing::dispatcher::has_been_set() {
            tracing::error!(place, "a bug: the program panicked");
        } else {
            let _ = writeln!(std::io::stderr().lock(), "refrain: a bug: the program panicked at {place}");
        }
    }));
}

/// Starts the metrics, once a process.
pub fn start_metrics() -> anyhow::Result<()> {
    if METRICS.get().is_some() {
        return Ok(());
    }
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), SECONDS)
        .and_then(PrometheusBuilder::install_recorder)
        .context("starting the metrics")?;
    METRICS.get_or_init(|| handle);
    Ok(())
}

/// Tidies the metrics now and then. Without it histograms grow between reads.
pub async fn keep_metrics() {
    loop {
        tokio::time::sleep(std::time::Duration::from_secs(5)).await;
        if let Some(metrics) = METRICS.get() {
            metrics.run_upkeep();
        }
    }
}

/// Returns the most memory that a process had so far, if the system tells (Linux).
pub fn peak_memory_mib(process_id: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process_id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse::<u64>().ok().map(|kib| kib / 1_024)
}

/// Returns every counter and duration in the text format of Prometheus; empty before [`start_metrics`].
pub fn render_metrics() -> String {
    METRICS.get().map(PrometheusHandle::render).unwrap_or_default()
}
