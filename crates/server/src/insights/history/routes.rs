//! `GET /insights/{id}/events`: the history of an insight.

use crate::app::App;
use crate::db::{self, sql};
use crate::error::Result;
use crate::http::{Api, ApiPath, ApiQuery, Caller, Cursor, PAGE_SIZE, Page, cut_page};
use crate::ids::{EventId, InsightId, MemberId};
use crate::insights::insight::{self, InsightEventKind};
use crate::keys::{Resource, Scope};
use crate::openapi::Operation;
use crate::time::Timestamp;
use crate::wire::{Maybe, Nullable};
use anyhow::Context;
use axum::Json;
use axum::extract::State;
use axum::http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Returns the operation that lists the history of an insight.
pub(crate) fn routes() -> Api {
    Api::new().route(
        Operation::new(Method::GET, "/insights/{id}/events", "listInsightEvents")
            .summary("List what happened to an insight, newest first")
            .scope(Scope::read(Resource::Insights))
            .query::<EventsInput>()
            .returns::<Page<InsightEvent>>(),
        list,
    )
}

#[derive(Debug, Deserialize, JsonSchema)]
struct EventsInput {
    /// The `next` of the page before.
    #[serde(default)]
    cursor: Maybe<Cursor>,
}

/// Something that happened to an insight.
#[derive(Debug, Serialize, JsonSchema)]
struct InsightEvent {
    id: EventId,
    /// In one word: created, edited, resolved, reopened, regressed, archived, restored, resurfaced, merged, split, …
    #[schemars(with = "String")]
    kind: InsightEventKind,
    at: Timestamp,
    /// The member whose key did it; null for what Refrain did itself.
    by: Nullable<Actor>,
    /// What there is to know of it, by kind.
    detail: Nullable<Value>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct Actor {
    id: MemberId,
    name: Nullable<String>,
    avatar_url: Nullable<String>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: EventId,
    kind: InsightEventKind,
    created_at: Timestamp,
    member_id: Option<MemberId>,
    name: Option<String>,
    avatar_url: Option<String>,
    detail: Option<String>,
}

async fn list(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<InsightId>,
    ApiQuery(input): ApiQuery<EventsInput>,
) -> Result<Json<Page<InsightEvent>>> {
    let id = insight::require_current(&app.db, caller.org_id, id).await?;
    let mut query = sql("
        select e.id, e.kind, e.created_at, e.member_id, m.name, m.avatar_url, e.detail
        from insight_events e left join members m on m.org_id = e.org_id and m.id = e.member_id
        where e.org_id = $1 and e.insight_id = $2
    ")
    .bind(caller.org_id)
    .bind(id);
    if let Some(after) = input.cursor.0 {
        query.push(" and (e.created_at, e.id) < (").push_bind(after.position);
        query.push(", ").push_bind(after.id).push(")");
    }
    query.push(" order by e.created_at desc, e.id desc limit ").push_bind(db::count(PAGE_SIZE) + 1);
    let rows: Vec<Row> = app.db.fetch_all(query).await?;
    let events = rows.into_iter().map(Row::show).collect::<Result<Vec<_>>>()?;
    let (items, next) = cut_page(events, |event| Cursor::new(event.at, event.id.as_bytes()));
    Ok(Json(Page { items, next }))
}

impl Row {
    fn show(self) -> Result<InsightEvent> {
        let detail = self.detail.as_deref().map(serde_json::from_str).transpose();
        let by =
            self.member_id.map(|id| Actor { id, name: self.name.into(), avatar_url: self.avatar_url.into() });
        Ok(InsightEvent {
            id: self.id,
            kind: self.kind,
            at: self.created_at,
            by: by.into(),
            detail: detail.context("reading an event")?.into(),
        })
    }
}
