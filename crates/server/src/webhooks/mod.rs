//! Webhooks: who is told of what happens, and how it gets there: in order for each session and insight, at
//! least once, signed.

mod deliver;
mod deliveries;
mod payload;
mod routes;
mod secrets;
mod store;

pub use deliver::{deliver, deliver_due, tidy};
pub use routes::routes;

use crate::db::Value;
use crate::http_client::Reach;
use crate::ids::{DeliveryId, WebhookId};
use crate::time::Timestamp;
use crate::{config::WebhooksConfig, events::DeliveryState};
use secrets::Secrets;

/// Webhooks of an organization.
const WEBHOOKS_MAX: usize = 20;

/// A place that is told what happens.
#[derive(sqlx::FromRow)]
struct Webhook {
    id: WebhookId,
    url: String,
    description: Option<String>,
    /// Names of events as a JSON array; none: all.
    events: Option<String>,
    #[sqlx(try_from = "String")]
    secrets: Secrets,
    waiting: i64,
    dropped: i64,
    failing_since: Option<Timestamp>,
    disabled_at: Option<Timestamp>,
    disabled_reason: Option<String>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// Something that a webhook is told.
#[derive(Debug, sqlx::FromRow)]
struct Delivery {
    id: DeliveryId,
    webhook_id: WebhookId,
    seq: i64,
    event: String,
    subject_id: uuid::Uuid,
    source_id: uuid::Uuid,
    state: DeliveryState,
    due_at: Option<Timestamp>,
    attempts: i64,
    last_attempt_at: Option<Timestamp>,
    last_status: Option<i64>,
    last_error: Option<String>,
    finished_at: Option<Timestamp>,
    created_at: Timestamp,
}

impl Delivery {
    fn subject(&self) -> Value {
        self.subject_id.into()
    }
}

/// Where webhooks may be.
fn reach(config: &WebhooksConfig) -> Reach {
    if config.private { Reach::Anywhere } else { Reach::Public }
}
