//! Delivers what is due. A delivery is taken by moving the time at which it is due behind the end of the
//! attempt: whoever dies in between leaves it to be sent again. Only the first delivery that waits of a subject
//! is ever due, so that replicas beside each other keep the order too.

use super::secrets::seconds;
use super::store::{self, Attempted};
use super::{Delivery, payload, reach};
use crate::app::App;
use crate::db::sql;
use crate::error::Result;
use crate::events::{self, DeliveryState};
use crate::http_client;
use crate::ids::{DeliveryId, OrgId, WebhookId};
use crate::orgs::OrgTx;
use crate::time::{DAY, Timestamp};
use anyhow::Context;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

const POLL: Duration = Duration::from_millis(500);
const TIDY_EVERY: Duration = Duration::from_secs(3_600);
/// Attempts at once in a process, of one webhook, and of one that fails.
const AT_ONCE_MAX: usize = 32;
const AT_ONCE_OF_ONE: usize = 4;
const AT_ONCE_OF_FAILING: usize = 1;
/// How many due deliveries are looked at, so that one webhook does not hide the others.
const CANDIDATES: i64 = 200;
/// How long an attempt holds a delivery: longer than it can take.
const LEASE_MICROS: i64 = 60 * 1_000_000;
/// How long to wait after each failed attempt; after the last one, the delivery is given up.
const WAITS_SECONDS: [i64; 10] = [5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800, 28_800];
/// A webhook that gives up a delivery after failing for so long is disabled.
const FAILING_MICROS_MAX: i64 = 3 * DAY;

/// Delivers until the app drains.
pub async fn deliver(app: App) {
    let mut in_hand = InHand::default();
    let mut tidied: Option<Instant> = None;
    while !app.is_draining() {
        if tidied.is_none_or(|at| at.elapsed() > TIDY_EVERY) {
            tidied = Some(Instant::now());
            if let Err(error) = tidy(&app).await {
                tracing::error!(%error, "forgetting old deliveries failed");
            }
        }
        if let Err(error) = in_hand.begin_due(&app).await {
            tracing::error!(%error, "looking for deliveries failed");
        }
        let _ = tokio::time::timeout(POLL, in_hand.end_one()).await;
    }
    while !in_hand.tasks.is_empty() {
        in_hand.end_one().await;
    }
}

/// Delivers what is due now, and what becomes due by that.
pub async fn deliver_due(app: &App) -> Result<()> {
    let mut in_hand = InHand::default();
    loop {
        in_hand.begin_due(app).await?;
        if in_hand.tasks.is_empty() {
            return Ok(());
        }
        in_hand.end_one().await;
    }
}

/// Forgets deliveries that are done and old.
pub async fn tidy(app: &App) -> Result<()> {
    let orgs: Vec<(OrgId,)> = app.db.fetch_all(sql("select distinct org_id from webhooks")).await?;
    for (org_id,) in orgs {
        let mut tx = app.begin(org_id).await?;
        store::forget_old(&mut tx).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Attempts under way in this process. Dropped, they end.
#[derive(Default)]
struct InHand {
    tasks: JoinSet<()>,
    of: HashMap<tokio::task::Id, Due>,
}

/// A delivery that is due.
#[derive(Clone, Copy, sqlx::FromRow)]
struct Due {
    org_id: OrgId,
    id: DeliveryId,
    webhook_id: WebhookId,
    is_failing: bool,
}

impl InHand {
    /// Begins as many attempts as there is room for.
    async fn begin_due(&mut self, app: &App) -> Result<()> {
        loop {
            let mut chosen: BTreeMap<OrgId, Vec<Due>> = BTreeMap::new();
            for due in self.choose(app).await? {
                chosen.entry(due.org_id).or_default().push(due);
            }
            let mut begun = false;
            for (org_id, due) in chosen {
                for (due, delivery) in take(app, org_id, due).await? {
                    let app = app.clone();
                    let task = self.tasks.spawn(async move { attempt(&app, org_id, &delivery).await });
                    self.of.insert(task.id(), due);
                    begun = true;
                }
            }
            if !begun {
                return Ok(());
            }
        }
    }

    /// Waits until one attempt ends; forever if there is none.
    async fn end_one(&mut self) {
        match self.tasks.join_next_with_id().await {
            Some(Ok((id, ()))) => self.of.remove(&id),
            Some(Err(error)) => {
                tracing::error!(%error, "a delivery panicked");
                self.of.remove(&error.id())
            }
            None => std::future::pending().await,
        };
    }

    /// What to begin: the longest due first, but not too many of one webhook.
    async fn choose(&self, app: &App) -> Result<Vec<Due>> {
        let free = AT_ONCE_MAX.saturating_sub(self.tasks.len());
        if free == 0 {
            return Ok(Vec::new());
        }
        let mut counts: HashMap<WebhookId, usize> = HashMap::new();
        let mut busy = Vec::new();
        for due in self.of.values() {
            let count = counts.entry(due.webhook_id).or_default();
            *count += 1;
            if *count >= due.at_once_max() {
                busy.push(due.webhook_id);
            }
        }
        let mut query = sql("
            select d.org_id, d.id, d.webhook_id, w.failing_since is not null as is_failing
            from deliveries d join webhooks w on w.org_id = d.org_id and w.id = d.webhook_id
            where d.due_at <= $1
        ")
        .bind(app.clock.now());
        if !busy.is_empty() {
            query.push(" and d.webhook_id not in ").push_list(busy);
        }
        query.push(" order by d.due_at limit ").push_bind(CANDIDATES);
        let mut chosen: Vec<Due> = app.db.fetch_all(query).await?;
        chosen.retain(|due| {
            let count = counts.entry(due.webhook_id).or_default();
            *count += 1;
            *count <= due.at_once_max()
        });
        chosen.truncate(free);
        Ok(chosen)
    }
}

impl Due {
    fn at_once_max(&self) -> usize {
        if self.is_failing { AT_ONCE_OF_FAILING } else { AT_ONCE_OF_ONE }
    }
}

/// Takes those of these deliveries that nobody took meanwhile.
async fn take(app: &App, org_id: OrgId, due: Vec<Due>) -> Result<Vec<(Due, Delivery)>> {
    let mut tx = app.begin(org_id).await?;
    let mut taken = Vec::new();
    for due in due {
        let until = tx.now.plus(LEASE_MICROS);
        if let Some(delivery) = store::take(&mut tx, due.id, until).await? {
            taken.push((due, delivery));
        }
    }
    tx.commit().await?;
    Ok(taken)
}

/// How an attempt ended.
enum Outcome {
    /// The receiver took it.
    Delivered(StatusCode),
    /// The receiver answered otherwise.
    Refused(StatusCode),
    /// There was no answer.
    Failed(anyhow::Error),
    /// There is nothing to tell any more.
    Erased,
    /// There is nobody to tell any more.
    Off,
}

async fn attempt(app: &App, org_id: OrgId, delivery: &Delivery) {
    let started = Instant::now();
    let outcome = send(app, org_id, delivery).await.unwrap_or_else(|error| {
        tracing::error!(delivery.id = %delivery.id, %error, "a delivery was not made ready");
        Outcome::Failed(anyhow::anyhow!("an error of the server that sends; its log says more"))
    });
    metrics::histogram!("refrain_webhook_seconds").record(started.elapsed().as_secs_f64());
    if let Err(error) = end(app, org_id, delivery, outcome).await {
        // sent again when its time is over
        tracing::error!(delivery.id = %delivery.id, %error, "a delivery was not written down");
    }
}

async fn send(app: &App, org_id: OrgId, delivery: &Delivery) -> Result<Outcome> {
    let Some(body) = payload::body(&app.db, org_id, delivery).await? else { return Ok(Outcome::Erased) };
    // last, so that nothing is signed by what was revoked before
    let webhook = store::find(&app.db, org_id, delivery.webhook_id).await?;
    let Some(webhook) = webhook.filter(|webhook| webhook.disabled_at.is_none()) else {
        return Ok(Outcome::Off);
    };
    let Some(url) = http_client::parse_url(&webhook.url) else {
        return Ok(Outcome::Failed(anyhow::anyhow!("it is no URL")));
    };
    let (id, now) = (delivery.id.to_string(), app.clock.now());
    let mut headers = HeaderMap::new();
    let values = [
        ("webhook-signature", webhook.secrets.signature(&id, now, &body)?),
        ("webhook-timestamp", seconds(now).to_string()),
        ("webhook-id", id),
    ];
    for (name, value) in values {
        headers.insert(name, HeaderValue::from_str(&value).context("writing a header")?);
    }
    let posted = http_client::post(&url, reach(&app.config.webhooks), headers, body);
    let timeout = Duration::from_secs(app.config.webhooks.timeout_seconds.into());
    Ok(match tokio::time::timeout(timeout, posted).await {
        Ok(Ok(response)) if response.status.is_success() => Outcome::Delivered(response.status),
        Ok(Ok(response)) => Outcome::Refused(response.status),
        Ok(Err(error)) => Outcome::Failed(error),
        Err(_) => Outcome::Failed(anyhow::anyhow!("it took too long")),
    })
}

/// Writes down how an attempt ended, and lets the subject's next delivery go if this one is done.
async fn end(app: &App, org_id: OrgId, delivery: &Delivery, outcome: Outcome) -> Result<()> {
    if matches!(outcome, Outcome::Off) {
        return Ok(());
    }
    let mut tx = app.begin(org_id).await?;
    let attempted = attempted(&outcome, delivery.attempts, tx.now);
    if !store::save(&mut tx, delivery, &attempted).await? {
        // given up or sent again by another meanwhile
        return Ok(());
    }
    let failing_since = match outcome {
        Outcome::Erased => None,
        _ => store::note(&mut tx, delivery.webhook_id, matches!(outcome, Outcome::Delivered(_))).await?,
    };
    if attempted.state.is_some() {
        events::count_waiting(&mut tx, delivery.webhook_id, -1).await?;
        events::make_due(&mut tx, &[delivery.subject()]).await?;
    }
    let is_dead = attempted.state == Some(DeliveryState::Dead);
    disable_if_lost(&mut tx, delivery.webhook_id, &outcome, failing_since.filter(|_| is_dead)).await?;
    tx.commit().await?;
    let word = attempted.state.map_or("failed", DeliveryState::as_str);
    metrics::counter!("refrain_webhook_attempts_total", "outcome" => word).increment(1);
    if let Some(error) = &attempted.error {
        let (webhook, attempts) = (delivery.webhook_id, delivery.attempts);
        tracing::warn!(delivery.id = %delivery.id, webhook.id = %webhook, attempts, error, "a webhook took no delivery");
    }
    Ok(())
}

fn attempted(outcome: &Outcome, attempts: i64, now: Timestamp) -> Attempted {
    let (state, status, error) = match outcome {
        Outcome::Delivered(status) => (Some(DeliveryState::Delivered), Some(*status), None),
        Outcome::Erased | Outcome::Off => (Some(DeliveryState::Erased), None, None),
        Outcome::Refused(status) => (None, Some(*status), Some(format!("status {}", status.as_u16()))),
        Outcome::Failed(error) => (None, None, Some(format!("{error:#}"))),
    };
    let wait = usize::try_from(attempts - 1).ok().and_then(|failed| WAITS_SECONDS.get(failed));
    let due_at = wait.map(|seconds| now.plus(seconds * 1_000_000)).filter(|_| state.is_none());
    let given_up = due_at.is_none().then_some(DeliveryState::Dead);
    let status = status.map(|status| status.as_u16().into());
    Attempted { state: state.or(given_up), due_at, status, error }
}

/// Disables a webhook whose receiver says that it is gone, or that gave up a delivery after failing for days.
async fn disable_if_lost(
    tx: &mut OrgTx,
    id: WebhookId,
    outcome: &Outcome,
    failing_since: Option<Timestamp>,
) -> Result<()> {
    let reason = match (outcome, failing_since) {
        (Outcome::Refused(StatusCode::GONE), _) => "the receiver answered 410 Gone".to_owned(),
        (_, Some(since)) if tx.now >= since.plus(FAILING_MICROS_MAX) => {
            format!("no delivery got through since {since}")
        }
        _ => return Ok(()),
    };
    tracing::warn!(webhook.id = %id, reason, "a webhook was disabled");
    store::disable(tx, id, &reason).await
}
