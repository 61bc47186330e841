//! The operations on the deliveries of webhooks.

use super::{KIND, Webhook, store};
use crate::app::App;
use crate::db;
use crate::error::{Error, Result};
use crate::http::{Api, ApiPath, ApiPathPair, ApiQuery, Caller, Cursor, Page, cut_page};
use crate::ids::{DeliveryId, OrgId, WebhookId};
use crate::keys::{Resource, Scope};
use crate::openapi::Operation;
use crate::orgs::OrgTx;
use crate::outbox::{self, Delivery, DeliveryState, Event, EventName, QUEUE_MAX};
use crate::time::Timestamp;
use crate::wire::{Maybe, Nullable, SafeInt};
use axum::Json;
use axum::extract::State;
use axum::http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub(super) fn routes() -> Api {
    let (read, write) = (Scope::read(Resource::Webhooks), Scope::write(Resource::Webhooks));
    Api::new()
        .route(
            Operation::new(Method::POST, "/webhooks/{id}/test", "testWebhook")
                .summary("Send a webhook.test event")
                .scope(write)
                .returns::<DeliveryOutput>()
                .or(409),
            test,
        )
        .route(
            Operation::new(Method::GET, "/webhooks/{id}/deliveries", "listWebhookDeliveries")
                .summary("List what a webhook was told or is to be told, newest first")
                .scope(read)
                .query::<DeliveriesInput>()
                .returns::<Page<DeliveryOutput>>(),
            deliveries,
        )
        .route(
            Operation::new(
                Method::POST,
                "/webhooks/{id}/deliveries/{delivery_id}/replay",
                "replayWebhookDelivery",
            )
            .summary("Send a delivery again that nothing is left to do for, under its old id")
            .scope(write)
            .returns::<DeliveryOutput>()
            .or(409),
            replay,
        )
        .route(
            Operation::new(Method::POST, "/webhooks/{id}/replay", "replayWebhookDeliveries")
                .summary("Send every delivery again that was given up, the oldest first")
                .scope(write)
                .returns::<ReplayOutput>()
                .or(409),
            replay_all,
        )
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "WebhookDelivery")]
struct DeliveryOutput {
    /// The receiver's `webhook-id`.
    id: DeliveryId,
    event: String,
    /// The session or insight it is about; the webhook in a test.
    subject_id: Uuid,
    state: DeliveryState,
    #[schemars(with = "SafeInt")]
    attempts: i64,
    /// The time at which it is sent; null while an earlier one of its subject waits, and once nothing is left to do.
    due_at: Nullable<Timestamp>,
    last_attempt_at: Nullable<Timestamp>,
    /// The status that the receiver answered last.
    #[schemars(with = "Nullable<SafeInt>")]
    last_status: Nullable<i64>,
    last_error: Nullable<String>,
    finished_at: Nullable<Timestamp>,
    created_at: Timestamp,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct DeliveriesInput {
    /// The `next` of the page before.
    #[serde(default)]
    cursor: Maybe<Cursor>,
    #[serde(default)]
    state: Maybe<DeliveryState>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct ReplayOutput {
    /// The number of deliveries that are sent again.
    replayed: usize,
}

impl From<Delivery> for DeliveryOutput {
    fn from(delivery: Delivery) -> Self {
        Self {
            id: delivery.id,
            event: delivery.event,
            subject_id: delivery.subject_id,
            state: delivery.state,
            attempts: delivery.attempts,
            due_at: delivery.due_at.into(),
            last_attempt_at: delivery.last_attempt_at.into(),
            last_status: delivery.last_status.into(),
            last_error: delivery.last_error.into(),
            finished_at: delivery.finished_at.into(),
            created_at: delivery.created_at,
        }
    }
}

/// Finds a webhook to which a delivery can be added. Fails with the 404 if there is none, and with the 409 if it is
/// disabled or too many deliveries wait for it.
async fn require_enabled(tx: &mut OrgTx, id: WebhookId) -> Result<Webhook> {
    let org_id = tx.org_id;
    let webhook = store::require(&mut *tx, org_id, id).await?;
    match webhook.disabled_at {
        Some(_) => Err(Error::Conflict("the webhook is disabled".into())),
        None if webhook.waiting >= QUEUE_MAX => Err(Error::Conflict("too much waits for it".into())),
        None => Ok(webhook),
    }
}

async fn test(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<WebhookId>,
) -> Result<Json<DeliveryOutput>> {
    let mut tx = app.begin(caller.org_id).await?;
    require_enabled(&mut tx, id).await?;
    let event = Event { name: EventName::WebhookTest, subject_id: id.into(), source_id: id.into() };
    let queued = outbox::queue(&mut tx, KIND, id.into(), vec![event]).await?;
    store::count_waiting(&mut tx, id, 1).await?;
    tx.commit().await?;
    find_delivery(&app, caller.org_id, id, queued.first().copied()).await
}

async fn find_delivery(
    app: &App,
    org_id: OrgId,
    webhook_id: WebhookId,
    id: Option<DeliveryId>,
) -> Result<Json<DeliveryOutput>> {
    let delivery = match id {
        Some(id) => outbox::find(&app.db, org_id, webhook_id.into(), id).await?,
        None => None,
    };
    Ok(Json(delivery.ok_or(Error::NotFound("delivery"))?.into()))
}

async fn deliveries(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<WebhookId>,
    ApiQuery(input): ApiQuery<DeliveriesInput>,
) -> Result<Json<Page<DeliveryOutput>>> {
    store::require(&app.db, caller.org_id, id).await?;
    let rows = outbox::list(&app.db, caller.org_id, id.into(), input.state.0, input.cursor.0).await?;
    let (rows, next) = cut_page(rows, |row| Cursor { position: row.seq, id: Uuid::nil() });
    Ok(Json(Page { items: rows.into_iter().map(DeliveryOutput::from).collect(), next }))
}

/// Puts deliveries back into the queue of a webhook, as many as there is room for. Returns how many.
async fn queue_again(tx: &mut OrgTx, webhook: &Webhook, one: Option<DeliveryId>) -> Result<usize> {
    let room = (QUEUE_MAX - webhook.waiting).max(0);
    let count = outbox::replay(tx, webhook.id.into(), one, room).await?;
    store::count_waiting(tx, webhook.id, db::count(count)).await?;
    Ok(count)
}

async fn replay(
    State(app): State<App>,
    caller: Caller,
    ApiPathPair(id, delivery_id): ApiPathPair<WebhookId, DeliveryId>,
) -> Result<Json<DeliveryOutput>> {
    let mut tx = app.begin(caller.org_id).await?;
    let webhook = require_enabled(&mut tx, id).await?;
    if queue_again(&mut tx, &webhook, Some(delivery_id)).await? == 0 {
        let found = find_delivery(&app, caller.org_id, id, Some(delivery_id)).await;
        return Err(found.err().unwrap_or_else(|| Error::Conflict("the delivery waits already".into())));
    }
    tx.commit().await?;
    find_delivery(&app, caller.org_id, id, Some(delivery_id)).await
}

async fn replay_all(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<WebhookId>,
) -> Result<Json<ReplayOutput>> {
    let mut tx = app.begin(caller.org_id).await?;
    let webhook = require_enabled(&mut tx, id).await?;
    let replayed = queue_again(&mut tx, &webhook, None).await?;
    tx.commit().await?;
    Ok(Json(ReplayOutput { replayed }))
}
