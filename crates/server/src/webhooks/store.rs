//! Webhooks in SQL.

use super::{WEBHOOKS_MAX, Webhook};
use crate::db::{self, Db, Query, Sql, sql};
use crate::error::{Error, Result};
use crate::ids::{OrgId, WebhookId};
use crate::orgs::OrgTx;
use crate::outbox;
use crate::time::Timestamp;
use uuid::Uuid;

const COLUMNS: &str =
    "id, url, description, events, scopes, secrets, waiting, dropped, failing_since, disabled_at,
    disabled_reason, created_at, updated_at";

fn select(condition: &str, org_id: OrgId) -> Sql {
    sql(&format!("select {COLUMNS} from webhooks where org_id = $1 {condition}")).bind(org_id)
}

pub(super) async fn list(db: &Db, org_id: OrgId) -> Result<Vec<Webhook>> {
    db.fetch_all(select("order by id limit $2", org_id).bind(db::count(WEBHOOKS_MAX))).await
}

pub(super) async fn find(db: &Db, org_id: OrgId, id: WebhookId) -> Result<Option<Webhook>> {
    db.fetch_optional(select("and id = $2", org_id).bind(id)).await
}

/// Finds the webhook of this id. One that is absent or another organization's is a 404.
pub(super) async fn require(db: impl Query, org_id: OrgId, id: WebhookId) -> Result<Webhook> {
    db.fetch_optional(select("and id = $2", org_id).bind(id)).await?.ok_or(Error::NotFound("webhook"))
}

/// Inserts a webhook, unless the organization has too many.
pub(super) async fn insert(tx: &mut OrgTx, webhook: &Webhook) -> Result<()> {
    let query = sql("select count(*) from webhooks where org_id = $1").bind(tx.org_id);
    let (count,): (i64,) = tx.fetch_one(query).await?;
    if count >= db::count(WEBHOOKS_MAX) {
        return Err(Error::Conflict(format!("an organization has at most {WEBHOOKS_MAX} webhooks")));
    }
    let query = sql("
        insert into webhooks (org_id, id, url, description, events, scopes, secrets, created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $8)
    ");
    let query = query
        .bind(tx.org_id)
        .bind(webhook.id)
        .bind(&webhook.url)
        .bind(webhook.description.clone())
        .bind(webhook.events.clone())
        .bind(webhook.scopes.clone())
        .bind(&webhook.secrets)
        .bind(tx.now);
    tx.run(query).await
}

/// Writes the columns of a webhook that people can set.
pub(super) async fn update(tx: &mut OrgTx, webhook: &Webhook) -> Result<()> {
    let query = sql("
        update webhooks set url = $3, description = $4, events = $5, scopes = $6, secrets = $7,
            failing_since = $8, disabled_at = $9, disabled_reason = $10, updated_at = $11
        where org_id = $1 and id = $2
    ");
    let query = query
        .bind(tx.org_id)
        .bind(webhook.id)
        .bind(&webhook.url)
        .bind(webhook.description.clone())
        .bind(webhook.events.clone())
        .bind(webhook.scopes.clone())
        .bind(&webhook.secrets)
        .bind(webhook.failing_since)
        .bind(webhook.disabled_at)
        .bind(webhook.disabled_reason.clone())
        .bind(tx.now);
    tx.run(query).await
}

/// Disables a webhook and gives up the deliveries that wait for it.
pub(super) async fn disable(tx: &mut OrgTx, id: WebhookId, reason: &str) -> Result<()> {
    let query = sql("
        update webhooks set disabled_at = $3, disabled_reason = $4, waiting = 0, updated_at = $3
        where org_id = $1 and id = $2
    ");
    tx.run(query.bind(tx.org_id).bind(id).bind(tx.now).bind(reason)).await?;
    outbox::give_up(tx, id.into(), "the webhook was disabled").await
}

/// Deletes a webhook with its deliveries. Returns false if there is none.
pub(super) async fn delete(tx: &mut OrgTx, id: WebhookId) -> Result<bool> {
    outbox::forget(tx, id.into()).await?;
    let query = sql("delete from webhooks where org_id = $1 and id = $2").bind(tx.org_id).bind(id);
    Ok(tx.execute(query).await? > 0)
}

/// Lists every webhook of every organization. An organization has few.
pub(super) async fn all(db: &Db) -> Result<Vec<(OrgId, WebhookId)>> {
    db.fetch_all(sql("select org_id, id from webhooks order by org_id, id")).await
}

/// Lists the enabled webhooks.
pub(super) async fn enabled(tx: &mut OrgTx) -> Result<Vec<Webhook>> {
    tx.fetch_all(select("and disabled_at is null order by id", tx.org_id)).await
}

/// Adds to the number of deliveries that wait for a webhook; `more` may be negative.
pub(super) async fn count_waiting(tx: &mut OrgTx, id: WebhookId, more: i64) -> Result<()> {
    let query = sql("update webhooks set waiting = waiting + $3 where org_id = $1 and id = $2");
    tx.run(query.bind(tx.org_id).bind(id).bind(more)).await
}

/// Adds to the number of events that were dropped for a webhook.
pub(super) async fn count_dropped(tx: &mut OrgTx, id: WebhookId, more: usize) -> Result<()> {
    let query = sql("update webhooks set dropped = dropped + $3 where org_id = $1 and id = $2");
    tx.run(query.bind(tx.org_id).bind(id).bind(db::count(more))).await
}

/// Finds the failing ones among these webhooks.
pub(super) async fn failing(db: &Db, ids: &[(OrgId, Uuid)]) -> Result<Vec<Uuid>> {
    let mut query = sql("select id from webhooks where failing_since is not null and org_id in ");
    query.push_list(ids.iter().map(|(org_id, _)| *org_id)).push(" and id in ");
    query.push_list(ids.iter().map(|(_, id)| *id));
    let rows: Vec<(Uuid,)> = db.fetch_all(query).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Records that a delivery got through, or that one did not. Returns the time since which none did, if they fail.
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
