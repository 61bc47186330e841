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

use crate::app::App;
use crate::config::WebhooksConfig;
use crate::error::Result;
use crate::http_client::Reach;
use crate::ids::WebhookId;
use crate::seal::Sealer;
use crate::time::Timestamp;
use anyhow::Context;
use secrets::Secrets;

/// The word for webhooks among the destinations of the outbox.
const KIND: &str = "webhook";
/// The most webhooks of an organization.
const WEBHOOKS_MAX: usize = 20;

/// A URL that receives events.
#[derive(crate::db::Record)]
struct Webhook {
    id: WebhookId,
    url: String,
    description: Option<String>,
    /// The names of events as a JSON array; none if it takes all.
    events: Option<String>,
    /// What it may be told, as scopes; none if everything.
    scopes: Option<String>,
    /// Its secrets, sealed if there is a key for it.
    secrets: String,
    waiting: i64,
    dropped: i64,
    failing_since: Option<Timestamp>,
    disabled_at: Option<Timestamp>,
    disabled_reason: Option<String>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl Webhook {
    /// Opens its secrets.
    fn secrets(&self, sealer: &Sealer) -> anyhow::Result<Secrets> {
        let opened = sealer.open(&self.secrets, self.id.as_bytes());
        Secrets::from_column(&opened.context("the secrets of a webhook")?)
    }

    /// Keeps its secrets, sealed.
    fn keep(&mut self, secrets: &Secrets, sealer: &Sealer) -> anyhow::Result<()> {
        self.secrets = sealer.seal(secrets.to_column()?, self.id.as_bytes())?;
        Ok(())
    }
}

/// Seals the secrets that are in the clear, if there is a key for it. Fails if any was sealed by another key.
pub async fn seal_secrets(app: &App) -> Result<()> {
    for (org_id, id) in store::all(&app.db).await? {
        let mut tx = app.begin(org_id).await?;
        let mut webhook = store::require(&mut tx, org_id, id).await?;
        let secrets = webhook.secrets(&app.sealer)?;
        if app.sealer.is_open(&webhook.secrets) {
            webhook.keep(&secrets, &app.sealer)?;
            store::update(&mut tx, &webhook).await?;
            tx.commit().await?;
        }
    }
    Ok(())
}

/// Returns the addresses that webhooks may have.
fn reach(config: &WebhooksConfig) -> Reach {
    if config.private { Reach::Anywhere } else { Reach::Public }
}
