//! The people behind an insight.

use crate::app::App;
use crate::contacts::{self, SessionContact};
use crate::db;
use crate::error::Result;
use crate::http::{Api, ApiJson, ApiPath, ApiQuery, Caller, Cursor, PAGE_SIZE, Page, cut_page};
use crate::ids::{ContactId, InsightId};
use crate::insights::filter::SessionConditions;
use crate::insights::index::{Index, Word, began, counting, filter};
use crate::insights::insight;
use crate::insights::list::InsightFilterInput;
use crate::keys::{Resource, Scope};
use crate::openapi::Operation;
use crate::sessions::Sentiment;
use crate::time::Timestamp;
use crate::wire::{Maybe, SafeInt};
use axum::Json;
use axum::extract::State;
use axum::http::Method;
use refrain_index::Facet;
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
    people(&app, &caller, id, SessionConditions::default(), input.cursor.0).await
}

async fn filter(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<InsightId>,
    ApiJson(input): ApiJson<FilterPeopleInput>,
) -> Result<Json<People>> {
    let filter = input.filter.0.unwrap_or_default().into_filter(&app, caller.org_id).await?;
    people(&app, &caller, id, filter.sessions, input.cursor.0).await
}

/// A contact, and its sessions.
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
    sessions: SessionConditions,
    after: Option<Cursor>,
) -> Result<Json<People>> {
    let org_id = caller.org_id;
    let id = insight::require_current(&app.db, org_id, id).await?;
    let (mut tx, index) = app.indexes.snapshot(&app.db, org_id).await?;
    let (mut rows, sessions_without_contact) = counting(move || count(&index, id, &sessions)).await?;
    let total = db::count(rows.len());
    let place = |row: &Row| (-row.sessions, row.contact_id);
    rows.retain(|row| after.is_none_or(|after| place(row) > (-after.position, ContactId::from(after.id))));
    rows.sort_unstable_by_key(place);
    rows.truncate(PAGE_SIZE + 1);
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

/// Counts the sessions of each contact, in no order, and those without one.
fn count(index: &Index, id: InsightId, sessions: &SessionConditions) -> (Vec<Row>, i64) {
    let slice = index.slice(&filter::of_sessions(sessions));
    let angry = index.word_number(Sentiment::Angry.as_str());
    let mut rows: HashMap<ContactId, Row> = HashMap::new();
    let mut without_contact = 0;
    for at in index.shown_in(id, &slice) {
        let began = began(index, at);
        let Some(contact_id) = index.contact_of(at).and_then(|number| index.contact(number)) else {
            without_contact += 1;
            continue;
        };
        let contact_id = ContactId::from(contact_id);
        let new = Row { contact_id, sessions: 0, first_at: began, last_at: began, angry: 0 };
        let of_contact = rows.entry(contact_id).or_insert(new);
        of_contact.sessions += 1;
        of_contact.first_at = began.min(of_contact.first_at);
        of_contact.last_at = began.max(of_contact.last_at);
        of_contact.angry += i64::from(Some(index.word_of(at, Word::Facet(Facet::Sentiment))) == angry);
    }
    (rows.into_values().collect(), without_contact)
}
