//! Webhooks: URLs that receive events, signed, at least once, and in order for each session and insight.

mod access;
mod deliveries;
mod destination;
mod payload;
mod routes;
mod secrets;
mod store;

pub use destination::Webhooks;
pub use routes::routes;

use crate::config::WebhooksConfig;
use crate::http_client::Reach;
use crate::ids::WebhookId;
use crate::time::Timestamp;
use secrets::Secrets;

/// The word for webhooks among the destinations of the outbox.
const KIND: &str = "webhook";
/// The most webhooks of an organization.
const WEBHOOKS_MAX: usize = 20;

/// A URL that receives events.
#[derive(sqlx::FromRow)]
struct Webhook {
    id: WebhookId,
    url: String,
    description: Option<String>,
    /// The names of events as a JSON array; none if it takes all.
    events: Option<String>,
    /// What it may be told, as scopes; none if everything.
    scopes: Option<String>,
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

/// Returns the addresses that webhooks may have.
fn reach(config: &WebhooksConfig) -> Reach {
    if config.private { Reach::Anywhere } else { Reach::Public }
}
