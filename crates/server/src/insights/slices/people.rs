//! The people behind an insight.

use crate::app::App;
use crate::contacts::{self, SessionContact};
use crate::db::{self, sql};
use crate::error::Result;
use crate::http::{Api, ApiJson, ApiPath, ApiQuery, Caller, Cursor, PAGE_SIZE, Page, cut_page};
use crate::ids::{ContactId, InsightId};
use crate::insights::filter::SessionConditions;
use crate::insights::insight;
use crate::insights::list::InsightFilterInput;
use crate::insights::list::conditions::{Source, push_slice};
use crate::keys::{Resource, Scope};
use crate::openapi::Operation;
use crate::time::Timestamp;
use crate::wire::{Maybe, SafeInt};
use axum::Json;
use axum::extract::State;
use axum::http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

pub(super) fn routes() -> Api {
    // it shows contacts as their own list does
    let read = Scope::read(Resource::Contacts);
    Api::new()
        .route(
            Operation::new(Method::GET, "/insights/{id}/people", "listInsightPeople")
                .summary("List the contacts behind an insight, those with the most sessions first")
                .scope(read)
                .query::<PeopleInput>()
                .returns::<People>(),
            list,
        )
        .route(
            Operation::new(Method::POST, "/insights/{id}/people", "filterInsightPeople")
                .summary("List the contacts behind an insight in the sessions that a filter asks for")
                .scope(read)
                .body::<FilterPeopleInput>()
                .returns::<People>(),
            filter,
        )
}

#[derive(Debug, Deserialize, JsonSchema)]
struct PeopleInput {
    /// The `next` of the page before.
    #[serde(default)]
    cursor: Maybe<Cursor>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FilterPeopleInput {
    /// What is asked of sessions in it; the rest is ignored.
    #[serde(default)]
    filter: Maybe<InsightFilterInput>,
    /// The `next` of the page before.
    #[serde(default)]
    cursor: Maybe<Cursor>,
}

/// A page of the contacts behind an insight.
#[derive(Debug, Serialize, JsonSchema)]
struct People {
    #[serde(flatten)]
    page: Page<Person>,
    /// Contacts on all pages.
    #[schemars(with = "SafeInt")]
    total: i64,
    /// Sessions without a contact: each counts as one of the people of the insight.
    #[schemars(with = "SafeInt")]
    sessions_without_contact: i64,
}

/// A contact behind an insight.
#[derive(Debug, Serialize, JsonSchema)]
struct Person {
    contact: SessionContact,
    #[schemars(with = "SafeInt")]
    sessions: i64,
    /// When the first and the last of these sessions began.
    first_at: Timestamp,
    last_at: Timestamp,
    /// How many of them were angry.
    #[schemars(with = "SafeInt")]
    angry: i64,
}

async fn list(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<InsightId>,
    ApiQuery(input): ApiQuery<PeopleInput>,
) -> Result<Json<People>> {
    people(&app, &caller, id, &SessionConditions::default(), input.cursor.0).await
}

async fn filter(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<InsightId>,
    ApiJson(input): ApiJson<FilterPeopleInput>,
) -> Result<Json<People>> {
    let filter = input.filter.0.unwrap_or_default().into_filter(&app, caller.org_id).await?;
    people(&app, &caller, id, &filter.sessions, input.cursor.0).await
}

#[derive(sqlx::FromRow)]
struct Row {
    contact_id: ContactId,
    sessions: i64,
    first_at: Timestamp,
    last_at: Timestamp,
    angry: i64,
}

async fn people(
    app: &App,
    caller: &Caller,
    id: InsightId,
    sessions: &SessionConditions,
    after: Option<Cursor>,
) -> Result<Json<People>> {
    let org_id = caller.org_id;
    let id = insight::require_current(&app.db, org_id, id).await?;
    let mut tx = app.db.long(org_id).snapshot().await?;
    let mut query =
        sql("select count(distinct o.contact_id), count(case when o.contact_id is null then 1 end) ");
    push_slice(&mut query, org_id, Source::Occurrences, sessions);
    query.push(" and o.insight_id = ").push_bind(id);
    let (total, sessions_without_contact) = tx.fetch_one(query).await?;
    let mut query = sql("
        select o.contact_id, count(*) as sessions, min(o.session_created_at) as first_at,
            max(o.session_created_at) as last_at, count(case when o.sentiment = 'angry' then 1 end) as angry ");
    push_slice(&mut query, org_id, Source::Occurrences, sessions);
    query.push(" and o.contact_id is not null and o.insight_id = ").push_bind(id);
    query.push(" group by o.contact_id");
    if let Some(after) = after {
        query.push(" having count(*) < ").push_bind(after.position);
        query.push(" or count(*) = ").push_bind(after.position);
        query.push(" and o.contact_id > ").push_bind(after.id);
    }
    query.push(" order by sessions desc, o.contact_id limit ").push_bind(db::count(PAGE_SIZE) + 1);
    let rows: Vec<Row> = tx.fetch_all(query).await?;
    let (rows, next) = cut_page(rows, |row: &Row| {
        Cursor::new(Timestamp::from_micros(row.sessions), row.contact_id.as_bytes())
    });
    let ids: Vec<ContactId> = rows.iter().map(|row| row.contact_id).collect();
    let found = contacts::find_all(&mut tx, org_id, &ids).await?;
    let mut found: HashMap<_, _> = found.into_iter().map(|contact| (contact.id, contact)).collect();
    let mut items = Vec::new();
    for row in rows {
        let Some(contact) = found.remove(&row.contact_id) else { continue };
        let Row { sessions, first_at, last_at, angry, .. } = row;
        items.push(Person { contact: contact.try_into()?, sessions, first_at, last_at, angry });
    }
    Ok(Json(People { page: Page { items, next }, total, sessions_without_contact }))
}
