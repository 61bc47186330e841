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
    let Found { rows, total, without_contact } = counting(move || find(&index, id, &sessions, after)).await?;
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
    Ok(Json(People {
        page: Page { items, next },
        total: db::count(total),
        sessions_without_contact: db::count(without_contact),
    }))
}

/// The contacts of a page, with one more if there is a next page.
struct Found {
    rows: Vec<Row>,
    /// The contacts on all pages.
    total: usize,
    without_contact: usize,
}

/// Counts the sessions of each contact. Those with the most come first.
fn find(index: &Index, id: InsightId, sessions: &SessionConditions, after: Option<Cursor>) -> Found {
    let slice = index.slice(&filter::of_sessions(sessions));
    let angry = index.word_number(Sentiment::Angry.as_str());
    let is_angry = |at: u32| Some(index.word_of(at, Word::Facet(Facet::Sentiment))) == angry;
    let shown = index.shown_in(id, &slice);
    let mut of_contacts: Vec<(u32, u32)> =
        shown.iter().filter_map(|at| Some((index.contact_of(*at)?, *at))).collect();
    let without_contact = shown.len() - of_contacts.len();
    of_contacts.sort_unstable();
    let row = |of_contact: &[(u32, u32)]| {
        let began = || of_contact.iter().map(|(_, at)| began(index, *at));
        Some(Row {
            contact_id: index.contact(of_contact[0].0)?.into(),
            sessions: db::count(of_contact.len()),
            first_at: began().min()?,
            last_at: began().max()?,
            angry: db::count(of_contact.iter().filter(|(_, at)| is_angry(*at)).count()),
        })
    };
    let mut rows: Vec<Row> = of_contacts.chunk_by(|a, b| a.0 == b.0).filter_map(row).collect();
    let total = rows.len();
    let place = |row: &Row| (-row.sessions, row.contact_id);
    rows.retain(|row| after.is_none_or(|after| place(row) > (-after.position, ContactId::from(after.id))));
    if rows.len() > PAGE_SIZE {
        rows.select_nth_unstable_by_key(PAGE_SIZE, place);
        rows.truncate(PAGE_SIZE + 1);
    }
    rows.sort_unstable_by_key(place);
    Found { rows, total, without_contact }
}
