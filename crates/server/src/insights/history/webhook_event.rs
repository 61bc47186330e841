//! The body of a webhook event about an insight.

use crate::db::{Db, sql};
use crate::error::Result;
use crate::ids::{EventId, InsightId, MemberId, OrgId};
use crate::insights::insight;
use crate::insights::list::response::{self, PublicInsight};
use crate::time::Timestamp;
use serde::Serialize;
use serde_json::Value as Json;

/// An event of an insight as webhooks send it.
#[derive(Debug, Serialize)]
pub struct WebhookEvent {
    insight_id: InsightId,
    timestamp: Timestamp,
    /// The member who caused it; null if no person did.
    member: Option<WebhookMember>,
    /// The details, depending on the kind of event; an empty object if there are none.
    detail: Json,
    /// The insight as it is now, or the one that it was grouped into; null if that is not shown any more.
    insight: Option<PublicInsight>,
}

#[derive(Debug, Serialize)]
struct WebhookMember {
    id: MemberId,
    email: String,
    name: Option<String>,
}

#[derive(crate::db::Record)]
struct Row {
    insight_id: InsightId,
    detail: Option<String>,
    created_at: Timestamp,
    member_id: Option<MemberId>,
    email: Option<String>,
    name: Option<String>,
}

/// Loads the event of this id. Returns none if it does not exist any more.
pub async fn webhook_event(db: &Db, org_id: OrgId, id: EventId) -> Result<Option<WebhookEvent>> {
    let query = sql("
        select e.insight_id, e.detail, e.created_at, e.member_id, m.email, m.name
        from insight_events e left join members m on m.org_id = e.org_id and m.id = e.member_id
        where e.org_id = $1 and e.id = $2
    ");
    let row: Option<Row> = db.fetch_optional(query.bind(org_id).bind(id)).await?;
    let Some(row) = row else { return Ok(None) };
    let detail = row.detail.as_deref().map(serde_json::from_str).transpose().map_err(anyhow::Error::new)?;
    let current = insight::current(db, org_id, row.insight_id).await?;
    let member = row.member_id.zip(row.email);
    Ok(Some(WebhookEvent {
        insight_id: row.insight_id,
        timestamp: row.created_at,
        member: member.map(|(id, email)| WebhookMember { id, email, name: row.name }),
        detail: detail.unwrap_or_else(|| serde_json::json!({})),
        insight: response::find(db, org_id, current).await?.map(|(insight, _)| insight),
    }))
}
