//! `/webhooks`, which the public contract does not have.

use super::secrets::Secrets;
use super::{Webhook, access, deliveries, reach, store};
use crate::app::App;
use crate::error::{Error, Result};
use crate::event::AuditKind;
use crate::http::{Api, ApiJson, ApiPath, Caller};
use crate::http_client;
use crate::ids::WebhookId;
use crate::keys::{Resource, Scope, Scopes};
use crate::openapi::Operation;
use crate::outbox::EventName;
use crate::time::Timestamp;
use crate::wire::{Maybe, NonEmptyVec, Nullable, Patch, SafeInt, SingleLine, Text};
use axum::Json;
use axum::extract::State;
use axum::http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

const BY_REQUEST: &str = "by request";

/// Returns the operations on webhooks.
pub fn routes() -> Api {
    let (read, write) = (Scope::read(Resource::Webhooks), Scope::write(Resource::Webhooks));
    Api::tagged("Webhooks")
        .route(
            Operation::new(Method::POST, "/webhooks", "createWebhook")
                .summary("Create a webhook; only this answer shows its secret")
                .scope(write)
                .body::<CreateWebhookInput>()
                .returns::<WebhookWithSecret>()
                .or(409),
            create,
        )
        .route(
            Operation::new(Method::GET, "/webhooks", "listWebhooks")
                .summary("List webhooks")
                .scope(read)
                .returns::<Vec<WebhookOutput>>(),
            list,
        )
        .route(
            Operation::new(Method::GET, "/webhooks/{id}", "getWebhook")
                .summary("Get a webhook")
                .scope(read)
                .returns::<WebhookOutput>(),
            show,
        )
        .route(
            Operation::new(Method::PATCH, "/webhooks/{id}", "updateWebhook")
                .summary(
                    "Update, disable or enable a webhook; what waits for it when it is disabled is given up",
                )
                .scope(write)
                .body::<UpdateWebhookInput>()
                .returns::<WebhookOutput>(),
            update,
        )
        .route(
            Operation::new(Method::DELETE, "/webhooks/{id}", "deleteWebhook")
                .summary("Delete a webhook, with its deliveries")
                .scope(write),
            delete,
        )
        .route(
            Operation::new(Method::POST, "/webhooks/{id}/rotate-secret", "rotateWebhookSecret")
                .summary("Give a webhook a new secret, which only this answer shows")
                .scope(write)
                .body::<RotateInput>()
                .returns::<WebhookWithSecret>(),
            rotate,
        )
        .merge(deliveries::routes())
}

/// The most names of events in one list.
const EVENTS_MAX: usize = 100;

#[derive(Debug, Deserialize, JsonSchema)]
struct CreateWebhookInput {
    /// The address to post to.
    url: SingleLine<2_000>,
    /// The events that it wants to be told, which the key must be able to read: chat-sessions:read for
    /// conversation.*, insights:read for insight.*. Null or absent: all that the key may read. Details of contacts
    /// take contacts:read.
    #[serde(default)]
    events: Nullable<NonEmptyVec<EventName, EVENTS_MAX>>,
    #[serde(default)]
    description: Nullable<Text<500>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct UpdateWebhookInput {
    #[serde(default)]
    url: Maybe<SingleLine<2_000>>,
    /// Null: all that the key may read.
    #[serde(default)]
    events: Patch<NonEmptyVec<EventName, EVENTS_MAX>>,
    #[serde(default)]
    description: Patch<Text<500>>,
    #[serde(default)]
    enabled: Maybe<bool>,
}

impl UpdateWebhookInput {
    /// Lists the names of the members that are there.
    fn members(&self) -> Vec<&'static str> {
        let members = [
            ("url", self.url.is_none()),
            ("events", self.events.is_keep()),
            ("description", self.description.is_keep()),
            ("enabled", self.enabled.is_none()),
        ];
        members.into_iter().filter(|(_, is_absent)| !is_absent).map(|(name, _)| name).collect()
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
struct RotateInput {
    /// True if old secrets sign nothing from now on. If not, they sign beside the new one for 24 hours.
    #[serde(default)]
    revoke_old: bool,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Webhook")]
struct WebhookOutput {
    id: WebhookId,
    url: String,
    description: Nullable<String>,
    /// Null: all that it may be told.
    events: Nullable<Vec<String>>,
    /// What it may be told, by the scopes of the key that set its address or its events last: `*` for everything.
    scopes: String,
    enabled: bool,
    disabled_at: Nullable<Timestamp>,
    /// The reason why it is disabled.
    disabled_reason: Nullable<String>,
    /// The time since which no delivery got through.
    failing_since: Nullable<Timestamp>,
    /// Deliveries that wait.
    #[schemars(with = "SafeInt")]
    waiting: i64,
    /// Events it was never told, because too many waited.
    #[schemars(with = "SafeInt")]
    dropped: i64,
    /// The time until which old secrets sign beside the newest.
    old_secrets_until: Nullable<Timestamp>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

#[derive(Debug, Serialize, JsonSchema)]
struct WebhookWithSecret {
    #[serde(flatten)]
    webhook: WebhookOutput,
    /// The secret that its deliveries are signed with.
    secret: String,
}

impl Webhook {
    fn show(self, app: &App) -> Result<WebhookOutput> {
        let old_secrets_until = self.secrets(&app.sealer)?.old_sign_until(app.clock.now());
        let events = self.events.as_deref().map(serde_json::from_str).transpose();
        Ok(WebhookOutput {
            id: self.id,
            url: self.url,
            description: self.description.into(),
            events: events.map_err(anyhow::Error::new)?.into(),
            scopes: self.scopes.unwrap_or_else(|| Scopes::All.to_string()),
            enabled: self.disabled_at.is_none(),
            disabled_at: self.disabled_at.into(),
            disabled_reason: self.disabled_reason.into(),
            failing_since: self.failing_since.into(),
            waiting: self.waiting,
            dropped: self.dropped,
            old_secrets_until: old_secrets_until.into(),
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

async fn create(
    State(app): State<App>,
    caller: Caller,
    ApiJson(input): ApiJson<CreateWebhookInput>,
) -> Result<Json<WebhookWithSecret>> {
    access::check(&caller, input.events.0.as_ref().map_or(&[][..], |events| &events.0))?;
    let mut tx = app.begin(caller.org_id).await?;
    let secrets = Secrets::new()?;
    let mut webhook = Webhook {
        id: WebhookId::new(tx.now),
        url: checked_url(&app, &input.url)?,
        description: input.description.0.map(|text| text.0),
        events: input.events.0.map(events_column).transpose()?,
        scopes: Some(access::scopes_of(&caller).to_string()),
        secrets: String::new(),
        waiting: 0,
        dropped: 0,
        failing_since: None,
        disabled_at: None,
        disabled_reason: None,
        created_at: tx.now,
        updated_at: tx.now,
    };
    webhook.keep(&secrets, &app.sealer)?;
    store::insert(&mut tx, &webhook).await?;
    tx.audit(AuditKind::WebhookCreated, caller.actor(), Some(webhook.id.into()), json!({}));
    tx.commit().await?;
    with_secret(&app, webhook)
}

fn with_secret(app: &App, webhook: Webhook) -> Result<Json<WebhookWithSecret>> {
    let secret = webhook.secrets(&app.sealer)?.newest().to_owned();
    Ok(Json(WebhookWithSecret { webhook: webhook.show(app)?, secret }))
}

/// Checks a URL as far as that is possible before its name is resolved. Fails with the 400 if it must not be called.
fn checked_url(app: &App, url: &SingleLine<2_000>) -> Result<String> {
    let text = url.0.trim();
    let parsed = http_client::parse_url(text);
    let parsed = parsed.ok_or_else(|| Error::Invalid("url: expected an https URL without a user".into()))?;
    match http_client::refusal(&parsed, reach(&app.config.webhooks)) {
        Some(refusal) => Err(Error::Invalid(format!("url: {refusal}"))),
        None => Ok(text.to_owned()),
    }
}

fn events_column(events: NonEmptyVec<EventName, EVENTS_MAX>) -> Result<String> {
    let mut events = events.0;
    events.sort_unstable();
    events.dedup();
    Ok(serde_json::to_string(&events).map_err(anyhow::Error::new)?)
}

async fn list(State(app): State<App>, caller: Caller) -> Result<Json<Vec<WebhookOutput>>> {
    let webhooks = store::list(&app.db, caller.org_id).await?;
    webhooks.into_iter().map(|webhook| webhook.show(&app)).collect::<Result<_>>().map(Json)
}

async fn show(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<WebhookId>,
) -> Result<Json<WebhookOutput>> {
    store::require(&app.db, caller.org_id, id).await?.show(&app).map(Json)
}

async fn update(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<WebhookId>,
    ApiJson(input): ApiJson<UpdateWebhookInput>,
) -> Result<Json<WebhookOutput>> {
    let mut tx = app.begin(caller.org_id).await?;
    let mut webhook = store::require(&mut tx, caller.org_id, id).await?;
    let detail = json!({"members": input.members()});
    let is_redirected = input.url.0.is_some() || !input.events.is_keep();
    if let Some(url) = input.url.0 {
        webhook.url = checked_url(&app, &url)?;
        webhook.failing_since = None;
    }
    webhook.events = match input.events {
        Patch::Set(events) => Some(events_column(events)?),
        Patch::Clear => None,
        Patch::Keep => webhook.events,
    };
    if is_redirected {
        let events = webhook.events.as_deref().map(serde_json::from_str::<Vec<EventName>>).transpose();
        access::check(&caller, &events.map_err(anyhow::Error::new)?.unwrap_or_default())?;
        webhook.scopes = Some(access::scopes_of(&caller).to_string());
    }
    webhook.description = input.description.map(|text| text.0).apply(webhook.description);
    let enabled = input.enabled.0.unwrap_or(webhook.disabled_at.is_none());
    let was_enabled = webhook.disabled_at.is_none();
    if enabled && !was_enabled {
        (webhook.disabled_at, webhook.disabled_reason, webhook.failing_since) = (None, None, None);
    }
    store::update(&mut tx, &webhook).await?;
    if was_enabled && !enabled {
        store::disable(&mut tx, id, BY_REQUEST).await?;
    }
    tx.audit(AuditKind::WebhookUpdated, caller.actor(), Some(id.into()), detail);
    tx.commit().await?;
    store::require(&app.db, caller.org_id, id).await?.show(&app).map(Json)
}

async fn delete(State(app): State<App>, caller: Caller, ApiPath(id): ApiPath<WebhookId>) -> Result<()> {
    let mut tx = app.begin(caller.org_id).await?;
    if !store::delete(&mut tx, id).await? {
        return Err(Error::NotFound("webhook"));
    }
    tx.audit(AuditKind::WebhookDeleted, caller.actor(), Some(id.into()), json!({}));
    tx.commit().await
}

async fn rotate(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<WebhookId>,
    ApiJson(input): ApiJson<RotateInput>,
) -> Result<Json<WebhookWithSecret>> {
    let mut tx = app.begin(caller.org_id).await?;
    let mut webhook = store::require(&mut tx, caller.org_id, id).await?;
    let mut secrets = webhook.secrets(&app.sealer)?;
    secrets.rotate(tx.now, input.revoke_old)?;
    webhook.keep(&secrets, &app.sealer)?;
    webhook.updated_at = tx.now;
    store::update(&mut tx, &webhook).await?;
    tx.audit(AuditKind::WebhookSecretRotated, caller.actor(), Some(id.into()), json!({}));
    tx.commit().await?;
    with_secret(&app, webhook)
}
