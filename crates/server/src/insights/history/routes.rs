//! `GET /insights/{id}/events`: the history of an insight.

use crate::app::App;
use crate::db::{self, sql};
use crate::error::Result;
use crate::http::{Api, ApiPath, ApiQuery, Caller, Cursor, PAGE_SIZE, Page, cut_page};
use crate::ids::{EventId, InsightId, MemberId, OperationId};
use crate::insights::insight::{self, InsightEventKind};
use crate::keys::{Resource, Scope};
use crate::openapi::Operation;
use crate::time::Timestamp;
use crate::wire::{Maybe, Nullable};
use anyhow::Context;
use axum::Json;
use axum::extract::State;
use axum::http::Method;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::borrow::Cow;

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
#[derive(Debug, Serialize)]
struct InsightEvent {
    id: EventId,
    kind: InsightEventKind,
    at: Timestamp,
    by: Nullable<Actor>,
    /// The operation that it was part of.
    operation_id: Nullable<OperationId>,
    detail: Nullable<Value>,
}

/// The schemas of `detail` by kind.
const DETAILS: &str = include_str!("details.json");

/// One schema for each kind, with what there is to know of it. Entries are shown as they were written, by an earlier release
/// too.
impl JsonSchema for InsightEvent {
    fn schema_name() -> Cow<'static, str> {
        "InsightEvent".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut details: Map<String, Value> = serde_json::from_str(DETAILS).unwrap_or_default();
        let id = generator.subschema_for::<EventId>();
        let at = generator.subschema_for::<Timestamp>();
        let by = generator.subschema_for::<Nullable<Actor>>();
        let operation_id = generator.subschema_for::<Nullable<OperationId>>();
        let kinds = InsightEventKind::WORDS.iter().map(|kind| {
            json_schema!({
                "type": "object",
                "properties": {
                    "id": id,
                    "kind": {"type": "string", "const": kind},
                    "at": at,
                    "by": by,
                    "operation_id": operation_id,
                    "detail": details.remove(*kind).unwrap_or_default(),
                },
                "required": ["id", "kind", "at", "by", "operation_id", "detail"],
            })
        });
        let kinds: Vec<Schema> = kinds.collect();
        json_schema!({
            "description": "Something that happened to an insight. `by` is the member whose key did it, null for what Refrain did itself. `operation_id` is the decision that it was part of.",
            "oneOf": kinds,
        })
    }
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct Actor {
    id: MemberId,
    name: Nullable<String>,
    avatar_url: Nullable<String>,
}

#[derive(crate::db::Record)]
struct Row {
    id: EventId,
    kind: InsightEventKind,
    created_at: Timestamp,
    member_id: Option<MemberId>,
    name: Option<String>,
    avatar_url: Option<String>,
    operation_id: Option<OperationId>,
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
        select e.id, e.kind, e.created_at, e.member_id, m.name, m.avatar_url, e.operation_id, e.detail
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
            operation_id: self.operation_id.into(),
            detail: detail.context("reading an event")?.into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_says_what_its_entries_tell() {
        let details: Map<String, Value> = serde_json::from_str(DETAILS).unwrap();
        let mut kinds: Vec<&str> = details.keys().map(String::as_str).collect();
        let mut words = InsightEventKind::WORDS.to_vec();
        kinds.sort_unstable();
        words.sort_unstable();
        assert_eq!(kinds, words);
    }
}
