//! Webhooks as a destination of the outbox: each takes the events that it asks for, by a signed POST. One whose
//! receiver is gone is disabled.

use super::secrets::seconds;
use super::{KIND, access, payload, reach, store};
use crate::app::App;
use crate::db;
use crate::error::Result;
use crate::http_client;
use crate::ids::{OrgId, WebhookId};
use crate::orgs::OrgTx;
use crate::outbox::{Accepted, Attempt, Delivery, DeliveryState, Destination, Event, Outcome, QUEUE_MAX};
use crate::time::{DAY, Timestamp};
use anyhow::Context;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use futures_util::future::BoxFuture;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// The time of failing after which a webhook that gives up a delivery is disabled.
const FAILING_MICROS_MAX: i64 = 3 * DAY;

/// The webhooks of all organizations.
#[derive(Debug)]
pub struct Webhooks;

impl Destination for Webhooks {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn accept<'a>(&'a self, tx: &'a mut OrgTx, events: &'a [Event]) -> BoxFuture<'a, Result<Vec<Accepted>>> {
        Box::pin(accept(tx, events))
    }

    fn failing<'a>(&'a self, app: &'a App, ids: &'a [(OrgId, Uuid)]) -> BoxFuture<'a, Result<Vec<Uuid>>> {
        Box::pin(store::failing(&app.db, ids))
    }

    fn send<'a>(
        &'a self,
        app: &'a App,
        org_id: OrgId,
        delivery: &'a Delivery,
    ) -> BoxFuture<'a, Result<Outcome>> {
        Box::pin(async move {
            let started = Instant::now();
            let outcome = send(app, org_id, delivery).await;
            metrics::histogram!("refrain_webhook_seconds").record(started.elapsed().as_secs_f64());
            outcome
        })
    }

    fn attempted<'a>(
        &'a self,
        tx: &'a mut OrgTx,
        delivery: &'a Delivery,
        attempt: &'a Attempt,
    ) -> BoxFuture<'a, Result<()>> {
        Box::pin(attempted(tx, delivery.destination_id.into(), attempt))
    }
}

async fn accept(tx: &mut OrgTx, events: &[Event]) -> Result<Vec<Accepted>> {
    let mut accepted = Vec::new();
    for webhook in store::enabled(tx).await? {
        let (id, scopes) = (webhook.id, webhook.scopes()?);
        let names: Option<Vec<String>> =
            webhook.events.as_deref().map(serde_json::from_str).transpose().map_err(anyhow::Error::new)?;
        let takes = |event: &&Event| {
            names.as_ref().is_none_or(|names| names.iter().any(|name| name == event.name.as_str()))
                && access::scope_of(event.name).is_none_or(|scope| scopes.allow(scope))
        };
        let mut events: Vec<Event> = events.iter().filter(takes).cloned().collect();
        let room = usize::try_from(QUEUE_MAX - webhook.waiting).unwrap_or(0);
        let dropped = events.len().saturating_sub(room);
        events.truncate(room);
        if dropped > 0 {
            tx.count(metrics::counter!("refrain_webhook_events_dropped_total"), dropped as u64);
            store::count_dropped(tx, id, dropped).await?;
        }
        if !events.is_empty() {
            store::count_waiting(tx, id, db::count(events.len())).await?;
            accepted.push(Accepted { destination_id: id.into(), events });
        }
    }
    Ok(accepted)
}

async fn send(app: &App, org_id: OrgId, delivery: &Delivery) -> Result<Outcome> {
    let find = || store::find(&app.db, org_id, delivery.destination_id.into());
    let Some(webhook) = find().await? else { return Ok(Outcome::Off) };
    let body = payload::body(&app.db, org_id, delivery, &webhook.scopes()?).await?;
    let Some(body) = body else { return Ok(Outcome::Erased) };
    // read again, so that nothing is signed with a secret that was revoked meanwhile
    let Some(webhook) = find().await?.filter(|webhook| webhook.disabled_at.is_none()) else {
        return Ok(Outcome::Off);
    };
    let Some(url) = http_client::parse_url(&webhook.url) else {
        return Ok(Outcome::Failed { status: None, error: "it is no URL".to_owned() });
    };
    let (id, now) = (delivery.id.to_string(), app.clock.now());
    let mut headers = HeaderMap::new();
    let values = [
        ("webhook-signature", webhook.secrets(&app.sealer)?.signature(&id, now, &body)?),
        ("webhook-timestamp", seconds(now).to_string()),
        ("webhook-id", id),
    ];
    for (name, value) in values {
        headers.insert(name, HeaderValue::from_str(&value).context("writing a header")?);
    }
    let posted = http_client::post(&url, reach(&app.config.webhooks), headers, body);
    let timeout = Duration::from_secs(app.config.webhooks.timeout_seconds.into());
    let response = match tokio::time::timeout(timeout, posted).await {
        Ok(Ok(response)) => response,
        Ok(Err(error)) => return Ok(Outcome::Failed { status: None, error: format!("{error:#}") }),
        Err(_) => return Ok(Outcome::Failed { status: None, error: "it took too long".to_owned() }),
    };
    let status = response.status().as_u16();
    Ok(if response.status().is_success() {
        Outcome::Delivered { status: Some(status) }
    } else {
        Outcome::Failed { status: Some(status), error: format!("status {status}") }
    })
}

/// Counts an attempt, and disables a webhook whose receiver says that it is gone, or that gave up a delivery after
/// failing for days.
async fn attempted(tx: &mut OrgTx, id: WebhookId, attempt: &Attempt) -> Result<()> {
    let word = attempt.state.map_or("failed", DeliveryState::as_str);
    tx.count(metrics::counter!("refrain_webhook_attempts_total", "outcome" => word), 1);
    let failing_since = match attempt.state {
        Some(DeliveryState::Erased) => None,
        state => store::note(tx, id, state == Some(DeliveryState::Delivered)).await?,
    };
    if attempt.state.is_some() {
        store::count_waiting(tx, id, -1).await?;
    }
    let is_dead = attempt.state == Some(DeliveryState::Dead);
    let Some(reason) = lost(attempt, failing_since.filter(|_| is_dead), tx.now) else { return Ok(()) };
    tracing::warn!(webhook.id = %id, reason, "a webhook was disabled");
    store::disable(tx, id, &reason).await
}

/// Returns the reason to disable a webhook after an attempt, if there is one.
fn lost(attempt: &Attempt, failing_since: Option<Timestamp>, now: Timestamp) -> Option<String> {
    if attempt.status == Some(StatusCode::GONE.as_u16().into()) {
        return Some("the receiver answered 410 Gone".to_owned());
    }
    let since = failing_since.filter(|since| now >= since.plus(FAILING_MICROS_MAX))?;
    Some(format!("no delivery got through since {since}"))
}
