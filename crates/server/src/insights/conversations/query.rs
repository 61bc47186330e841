//! `POST /chat/sessions/query`: conversations by conditions, insights and words together.

use super::select::{Order, QuerySort, conditions};
use crate::access::{Resource, Scope};
use crate::app::App;
use crate::db;
use crate::error::Result;
use crate::http::{Api, ApiJson, Caller, Cursor};
use crate::ids::{InsightId, SessionId};
use crate::insights::index::counting;
use crate::insights::insight;
use crate::insights::list::InsightFilterInput;
use crate::insights::list::population::Population;
use crate::openapi::Operation;
use crate::sessions::{self, Filters, QueriedSessions, Ranked};
use crate::wire::{Maybe, NonEmptyVec, Positive, SingleLine, SortOrder};
use axum::Json;
use axum::extract::State;
use axum::http::Method;
use refrain_index::Condition;
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::HashSet;
use uuid::Uuid;

/// The most insights of which a session shows one.
const INSIGHTS_MAX: usize = 100;

pub(super) fn routes() -> Api {
    Api::new().route(
        Operation::new(Method::POST, "/chat/sessions/query", "queryChatSessions")
            .summary("Find conversations by conditions, by the insights that they show and by words, with how many there are and where the words are")
            .scope(Scope::read(Resource::ChatSessions))
            .body::<QueryInput>()
            .returns::<QueriedSessions>()
            .or(404),
        query,
    )
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct QueryInput {
    #[serde(default)]
    filters: Filters,
    /// Insights, of which a session shows one. With the scope insights:read.
    #[serde(default)]
    insight_ids: Maybe<NonEmptyVec<InsightId, INSIGHTS_MAX>>,
    /// The slice that they are in, as of the calls about insights: with conditions on insights, the sessions in which such
    /// an insight shows. With the scope insights:read.
    #[serde(default)]
    filter: Maybe<InsightFilterInput>,
    /// Whether the AI agent handed the session off or a person looks after it.
    #[serde(default)]
    handed_off: Maybe<bool>,
    #[serde(default)]
    ticket_number: Maybe<Positive>,
    /// Up to eight words, all of which a session has in its messages, in any of them and as parts of longer words too.
    #[serde(default)]
    words: Maybe<SingleLine<200>>,
    /// With words by relevance, else by the latest message, if nothing is said.
    #[serde(default)]
    sort_by: Maybe<QuerySort>,
    #[serde(default)]
    sort_order: Maybe<SortOrder>,
    #[serde(default = "QueryInput::default_limit")]
    limit: Positive<100>,
    /// The `next` of the page before.
    #[serde(default)]
    cursor: Maybe<Cursor>,
}

impl QueryInput {
    fn default_limit() -> Positive<100> {
        Positive(25)
    }
}

async fn query(
    State(app): State<App>,
    caller: Caller,
    ApiJson(input): ApiJson<QueryInput>,
) -> Result<Json<QueriedSessions>> {
    if input.insight_ids.0.is_some() || input.filter.0.is_some() {
        caller.require(Scope::read(Resource::Insights))?;
    }
    let org_id = caller.org_id;
    let mut insights = Vec::new();
    for id in input.insight_ids.0.map(|ids| ids.0).unwrap_or_default() {
        insights.push(insight::require_current(&app.db, org_id, id).await?);
    }
    let words = input.words.0.map(|words| sessions::words_of(&words.0)).transpose()?.unwrap_or_default();
    let usual = if words.is_empty() { QuerySort::LastMessageAt } else { QuerySort::Relevance };
    let order = Order {
        sort: input.sort_by.0.unwrap_or(usual),
        direction: input.sort_order.0.unwrap_or(SortOrder::Desc),
        cursor: input.cursor.0,
    };
    let limit = usize::try_from(input.limit.0).unwrap_or(1);
    let (mut tx, index) = app.indexes.snapshot(&app.db, org_id).await?;
    let calendar = app.settings(&mut tx, org_id).await?.calendar;
    let population = Population::of(input.filter.0.unwrap_or_default().over(&calendar));
    let found = population.find(&mut tx, org_id, &index).await?;
    // what is left is of the index
    drop(tx);
    let (filters, handed_off, ticket) = (input.filters, input.handed_off.0, input.ticket_number.0);
    let narrowed = move || {
        let ticket = ticket.map(|number| number.0);
        let mut asked = conditions(&filters, &calendar);
        asked.is.extend(handed_off.map(Condition::HandedOff));
        asked.is.extend(ticket.map(Condition::Ticket));
        let mut slice = found.slice.narrowed(&index, &asked);
        if !insights.is_empty() {
            slice = slice.showing(&index, &insights);
        }
        (index, slice)
    };
    if words.is_empty() {
        let finding = counting(move || {
            let (index, slice) = narrowed();
            (order.first(&index, &slice, limit + 1), slice.len(), order)
        });
        let (found, total, order) = finding.await?;
        by_time(&app, &caller, &found, total, &order, limit).await.map(Json)
    } else {
        let finding = counting(move || {
            let (index, slice) = narrowed();
            slice.places().map(|at| index.ticket(at)).collect::<HashSet<i64>>()
        });
        by_words(&app, &caller, &finding.await?, &words, &order, limit).await.map(Json)
    }
}

/// Shows a page in the order of a time, of sessions that are one more if there is a next page.
async fn by_time(
    app: &App,
    caller: &Caller,
    found: &[Ranked],
    total: usize,
    order: &Order,
    limit: usize,
) -> Result<QueriedSessions> {
    let page: Vec<SessionId> = found.iter().take(limit).map(|session| session.id).collect();
    let (items, taken) = sessions::show_queried(app, caller, &page, &[]).await?;
    let last = found.get(taken.saturating_sub(1)).filter(|_| taken < found.len());
    let next = last.map(|last| order.cursor(last).to_string());
    Ok(QueriedSessions { items, next: next.into(), total: db::count(total) })
}

/// Shows a page of the sessions that have the words, among those with these ticket numbers. Its cursor is a number of
/// sessions.
async fn by_words(
    app: &App,
    caller: &Caller,
    among: &HashSet<i64>,
    words: &[String],
    order: &Order,
    limit: usize,
) -> Result<QueriedSessions> {
    let mut ranked = sessions::ranked(app, caller.org_id, words, among).await?;
    ranked.sort_by(|a, b| order.compare(a, b));
    let total = ranked.len();
    let begin = order.cursor.and_then(|cursor| usize::try_from(cursor.position).ok()).unwrap_or(0);
    let page: Vec<SessionId> = ranked.iter().skip(begin).take(limit).map(|ranked| ranked.id).collect();
    let (items, taken) = sessions::show_queried(app, caller, &page, words).await?;
    let end = begin.saturating_add(taken);
    let next = Cursor { position: db::count(end), id: Uuid::nil() };
    let next = (end < total && !page.is_empty()).then(|| next.to_string());
    Ok(QueriedSessions { items, next: next.into(), total: db::count(total) })
}
