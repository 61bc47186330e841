//! `POST /chat/sessions/filter`: conversations by criteria, page by page.

use super::select::{Order, QuerySort, conditions};
use crate::app::App;
use crate::error::Result;
use crate::http::{Api, ApiJson, Caller};
use crate::ids::SessionId;
use crate::insights::index::counting;
use crate::keys::{Resource, Scope};
use crate::openapi::Operation;
use crate::sessions::{self, ChatSessionListItem, Filters};
use crate::wire::{Positive, SortOrder, string_enum};
use axum::Json;
use axum::extract::State;
use axum::http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(super) fn routes() -> Api {
    Api::new().route(
        Operation::new(Method::POST, "/chat/sessions/filter", "filterChatSessions")
            .summary("Filter chat sessions")
            .scope(Scope::read(Resource::ChatSessions))
            .body::<FilterInput>()
            .returns::<FilterChatSessionsOutput>(),
        filter,
    )
}

string_enum! {
    /// The time that filtered sessions are ordered by.
    SortBy {
        /// The latest message.
        LastMessageAt = "last_message_at",
        /// The time the session began.
        CreatedAt = "created_at",
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
struct FilterInput {
    #[serde(default)]
    filters: Filters,
    #[serde(default = "FilterInput::default_sort")]
    sort_by: SortBy,
    #[serde(default = "FilterInput::default_order")]
    sort_order: SortOrder,
    #[serde(default = "FilterInput::default_page")]
    page: Positive,
    #[serde(default = "FilterInput::default_limit")]
    limit: Positive<100>,
}

impl FilterInput {
    fn default_sort() -> SortBy {
        SortBy::LastMessageAt
    }

    fn default_order() -> SortOrder {
        SortOrder::Desc
    }

    fn default_page() -> Positive {
        Positive(1)
    }

    fn default_limit() -> Positive<100> {
        Positive(25)
    }
}

#[derive(Debug, Serialize, JsonSchema)]
struct FilterChatSessionsOutput {
    data: Vec<ChatSessionListItem>,
    #[schemars(with = "crate::wire::Number")]
    page: i64,
    #[schemars(with = "crate::wire::Number")]
    limit: i64,
    has_next: bool,
    has_previous: bool,
}

async fn filter(
    State(app): State<App>,
    caller: Caller,
    ApiJson(input): ApiJson<FilterInput>,
) -> Result<Json<FilterChatSessionsOutput>> {
    let FilterInput { filters, sort_by, sort_order, page: Positive(page), limit: Positive(limit) } = input;
    let (mut tx, index) = app.indexes.snapshot(&app.db, caller.org_id).await?;
    let calendar = app.settings(&mut tx, caller.org_id).await?.calendar;
    drop(tx);
    let [passed, taken] =
        [(page - 1).saturating_mul(limit), limit].map(|count| usize::try_from(count).unwrap_or(usize::MAX));
    let sort = match sort_by {
        SortBy::LastMessageAt => QuerySort::LastMessageAt,
        SortBy::CreatedAt => QuerySort::CreatedAt,
    };
    let order = Order { sort, direction: sort_order, cursor: None };
    let finding = counting(move || {
        let slice = index.slice(&conditions(&filters, &calendar));
        let end = passed.saturating_add(taken).saturating_add(1);
        let found = order.first(&index, &slice, end).into_iter().skip(passed);
        found.map(|session| session.id).collect::<Vec<SessionId>>()
    });
    let mut ids = finding.await?;
    let has_next = ids.len() > taken;
    ids.truncate(taken);
    Ok(Json(FilterChatSessionsOutput {
        data: sessions::show_listed(&app, &caller, &ids).await?,
        page,
        limit,
        has_next,
        has_previous: page > 1,
    }))
}
