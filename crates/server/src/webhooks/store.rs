//! Webhooks and their deliveries in SQL.

use super::{Delivery, WEBHOOKS_MAX, Webhook};
use crate::db::{Db, Sql, Value, sql};
use crate::error::{Error, Result};
use crate::events::{self, DeliveryState, QUEUE_MAX};
use crate::http::{Cursor, PAGE_SIZE};
use crate::ids::{DeliveryId, OrgId, WebhookId};
use crate::orgs::OrgTx;
use crate::time::{DAY, Timestamp};
use uuid::Uuid;

const COLUMNS: &str = "id, url, description, events, secrets, waiting, dropped, failing_since, disabled_at,
    disabled_reason, created_at, updated_at";
const DELIVERY_COLUMNS: &str = "id, webhook_id, seq, event, subject_id, source_id, state, due_at, attempts,
    last_attempt_at, last_status, last_error, finished_at, created_at";
/// How long deliveries are kept that got through or were erased, and those that were given up.
const DELIVERED_KEPT_MICROS: i64 = 7 * DAY;
const DEAD_KEPT_MICROS: i64 = 30 * DAY;
/// Deliveries of one webhook that are kept once nothing is left to do.
const KEPT_MAX: i64 = 100_000;

fn select(condition: &str, org_id: OrgId) -> Sql {
    sql(&format!("select {COLUMNS} from webhooks where org_id = $1 {condition}")).bind(org_id)
}

pub(super) async fn list(db: &Db, org_id: OrgId) -> Result<Vec<Webhook>> {
    db.fetch_all(select("order by id limit $2", org_id).bind(WEBHOOKS_MAX as i64)).await
}

pub(super) async fn find(db: &Db, org_id: OrgId, id: WebhookId) -> Result<Option<Webhook>> {
    db.fetch_optional(select("and id = $2", org_id).bind(id)).await
}

pub(super) async fn require(tx: &mut OrgTx, id: WebhookId) -> Result<Webhook> {
    let query = select("and id = $2", tx.org_id).bind(id);
    tx.fetch_optional(query).await?.ok_or(Error::NotFound("webhook"))
}

/// Inserts a webhook, unless the organization has too many.
pub(super) async fn insert(tx: &mut OrgTx, webhook: &Webhook) -> Result<()> {
    let query = sql("select count(*) from webhooks where org_id = $1").bind(tx.org_id);
    let (count,): (i64,) = tx.fetch_one(query).await?;
    if count >= WEBHOOKS_MAX as i64 {
        return Err(Error::Conflict(format!("an organization has at most {WEBHOOKS_MAX} webhooks")));
    }
    let query = sql("
        insert into webhooks (org_id, id, url, description, events, secrets, created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7, $7)
    ");
    let query = query
        .bind(tx.org_id)
        .bind(webhook.id)
        .bind(&webhook.url)
        .bind(webhook.description.clone())
        .bind(webhook.events.clone())
        .bind(webhook.secrets.to_column()?)
        .bind(tx.now);
    tx.execute(query).await.map(|_| ())
}

/// Writes what people set of a webhook.
pub(super) async fn update(tx: &mut OrgTx, webhook: &Webhook) -> Result<()> {
    let query = sql("
        update webhooks set url = $3, description = $4, events = $5, secrets = $6, failing_since = $7,
            disabled_at = $8, disabled_reason = $9, updated_at = $10
        where org_id = $1 and id = $2
    ");
    let query = query
        .bind(tx.org_id)
        .bind(webhook.id)
        .bind(&webhook.url)
        .bind(webhook.description.clone())
        .bind(webhook.events.clone())
        .bind(webhook.secrets.to_column()?)
        .bind(webhook.failing_since)
        .bind(webhook.disabled_at)
        .bind(webhook.disabled_reason.clone())
        .bind(tx.now);
    tx.execute(query).await.map(|_| ())
}

/// Tells a webhook nothing more: what waits for it is given up.
pub(super) async fn disable(tx: &mut OrgTx, id: WebhookId, reason: &str) -> Result<()> {
    let query = sql("
        update webhooks set disabled_at = $3, disabled_reason = $4, waiting = 0, updated_at = $3
        where org_id = $1 and id = $2
    ");
    let query = query.bind(tx.org_id).bind(id).bind(tx.now).bind(reason);
    tx.execute(query).await?;
    let query = sql("
        update deliveries set state = $4, due_at = null, finished_at = $3,
            last_error = coalesce(last_error, 'the webhook was disabled')
        where org_id = $1 and webhook_id = $2 and state = 'waiting'
    ");
    let query = query.bind(tx.org_id).bind(id).bind(tx.now).bind(DeliveryState::Dead);
    tx.execute(query).await.map(|_| ())
}

/// Deletes a webhook with its deliveries; whether there was one.
pub(super) async fn delete(tx: &mut OrgTx, id: WebhookId) -> Result<bool> {
    let query = sql("delete from webhooks where org_id = $1 and id = $2").bind(tx.org_id).bind(id);
    Ok(tx.execute(query).await? > 0)
}

fn select_deliveries(condition: &str, org_id: OrgId, webhook_id: WebhookId) -> Sql {
    let text = "from deliveries where org_id = $1 and webhook_id = $2";
    sql(&format!("select {DELIVERY_COLUMNS} {text} {condition}")).bind(org_id).bind(webhook_id)
}

/// One page of a webhook's deliveries and one more, newest first.
pub(super) async fn deliveries(
    db: &Db,
    org_id: OrgId,
    webhook_id: WebhookId,
    state: Option<DeliveryState>,
    cursor: Option<Cursor>,
) -> Result<Vec<Delivery>> {
    let mut query = select_deliveries("", org_id, webhook_id);
    if let Some(state) = state {
        query.push(" and state = ").push_bind(state);
    }
    if let Some(cursor) = cursor {
        query.push(" and seq < ").push_bind(cursor.position);
    }
    query.push(" order by seq desc limit ").push_bind(PAGE_SIZE as i64 + 1);
    db.fetch_all(query).await
}

pub(super) async fn delivery(
    db: &Db,
    org_id: OrgId,
    webhook_id: WebhookId,
    id: DeliveryId,
) -> Result<Option<Delivery>> {
    db.fetch_optional(select_deliveries("and id = $3", org_id, webhook_id).bind(id)).await
}

/// Puts deliveries that nothing is left to do for, one or all that were given up, behind what waits for the
/// webhook, the oldest first and as many as the queue has room for. Returns how many.
pub(super) async fn replay(tx: &mut OrgTx, webhook: &Webhook, one: Option<DeliveryId>) -> Result<usize> {
    let room = (QUEUE_MAX - webhook.waiting).max(0);
    let mut query = sql("select id, subject_id from deliveries where org_id = $1 and webhook_id = $2")
        .bind(tx.org_id)
        .bind(webhook.id);
    match one {
        Some(id) => query.push(" and state <> 'waiting' and id = ").push_bind(id),
        None => query.push(" and state = ").push_bind(DeliveryState::Dead),
    };
    query.push(" order by seq limit ").push_bind(room);
    let rows: Vec<(DeliveryId, Uuid)> = tx.fetch_all(query).await?;
    let first = tx.take_event_seqs(rows.len()).await?;
    for (rows, first) in rows.chunks(1_000).zip((first..).step_by(1_000)) {
        let mut query = sql("with r (id, seq) as (values ");
        for (i, (seq, (id, _))) in (first..).zip(rows).enumerate() {
            let row: [Value; 2] = [(*id).into(), seq.into()];
            query.push(if i > 0 { "," } else { "" }).push_list(row);
        }
        query.push(
            ") update deliveries set seq = r.seq, attempts = 0, finished_at = null, due_at = null, state = ",
        );
        query.push_bind(DeliveryState::Waiting).push(" from r where deliveries.id = r.id");
        query.push(" and deliveries.org_id = ").push_bind(tx.org_id);
        tx.execute(query).await?;
    }
    events::count_waiting(tx, webhook.id, i64::try_from(rows.len()).unwrap_or(i64::MAX)).await?;
    let subjects: Vec<Value> = rows.iter().map(|(_, subject_id)| (*subject_id).into()).collect();
    events::make_due(tx, &subjects).await?;
    Ok(rows.len())
}

/// Forgets deliveries of an organization that are done and old, or more than are kept.
pub(super) async fn forget_old(tx: &mut OrgTx) -> Result<()> {
    let query = sql("select id from webhooks where org_id = $1").bind(tx.org_id);
    let webhooks: Vec<(WebhookId,)> = tx.fetch_all(query).await?;
    for (webhook_id,) in webhooks {
        let query = sql("
            delete from deliveries where org_id = $1 and webhook_id = $2 and state <> 'waiting' and (
                finished_at < case when state = 'dead' then $3 else $4 end or seq <= (
                    select seq from deliveries
                    where org_id = $1 and webhook_id = $2 and state <> 'waiting'
                    order by seq desc limit 1 offset $5
                )
            )
        ");
        let query = query
            .bind(tx.org_id)
            .bind(webhook_id)
            .bind(tx.now.plus(-DEAD_KEPT_MICROS))
            .bind(tx.now.plus(-DELIVERED_KEPT_MICROS))
            .bind(KEPT_MAX);
        tx.execute(query).await?;
    }
    Ok(())
}

/// Takes a delivery until that time, if it is due.
pub(super) async fn take(tx: &mut OrgTx, id: DeliveryId, until: Timestamp) -> Result<Option<Delivery>> {
    let query = sql(&format!(
        "update deliveries set due_at = $3, attempts = attempts + 1
        where org_id = $1 and id = $2 and state = 'waiting' and due_at <= $4
        returning {DELIVERY_COLUMNS}"
    ));
    let query = query.bind(tx.org_id).bind(id).bind(until).bind(tx.now);
    tx.fetch_optional(query).await
}

/// What became of an attempt.
pub(super) struct Attempted {
    /// None: it is to be tried again.
    pub(super) state: Option<DeliveryState>,
    pub(super) due_at: Option<Timestamp>,
    pub(super) status: Option<i64>,
    pub(super) error: Option<String>,
}

/// Writes down what became of an attempt; whether it was still this attempt's to say.
pub(super) async fn save(tx: &mut OrgTx, delivery: &Delivery, attempted: &Attempted) -> Result<bool> {
    let query = sql("
        update deliveries set state = $4, due_at = $5, last_attempt_at = $6, last_status = $7, last_error = $8,
            finished_at = $9
        where org_id = $1 and id = $2 and attempts = $3 and state = 'waiting'
    ");
    let query = query
        .bind(tx.org_id)
        .bind(delivery.id)
        .bind(delivery.attempts)
        .bind(attempted.state.unwrap_or(DeliveryState::Waiting))
        .bind(attempted.due_at)
        .bind(tx.now)
        .bind(attempted.status)
        .bind(attempted.error.clone())
        .bind(attempted.state.map(|_| tx.now));
    Ok(tx.execute(query).await? > 0)
}

/// Notes that a delivery got through, or that none did since when.
pub(super) async fn note(tx: &mut OrgTx, id: WebhookId, delivered: bool) -> Result<Option<Timestamp>> {
    let query = sql("
        update webhooks set failing_since = case when $4 then null else coalesce(failing_since, $3) end
        where org_id = $1 and id = $2
        returning failing_since
    ");
    let query = query.bind(tx.org_id).bind(id).bind(tx.now).bind(delivered);
    let row: Option<(Option<Timestamp>,)> = tx.fetch_optional(query).await?;
    Ok(row.and_then(|(since,)| since))
}
