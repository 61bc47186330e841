//! `POST /chat/sessions/query`: conversations by conditions, insights and words together.

use crate::access::{Resource, Scope};
use crate::app::App;
use crate::db::Sql;
use crate::error::Result;
use crate::http::{Api, ApiJson, Caller, Cursor};
use crate::ids::InsightId;
use crate::insights::insight;
use crate::insights::list::InsightFilterInput;
use crate::insights::list::population::Population;
use crate::openapi::Operation;
use crate::sessions::{self, Filters, QueriedSessions, QuerySort, SessionQuery};
use crate::wire::{Maybe, NonEmptyVec, Positive, SingleLine, SortOrder};
use axum::Json;
use axum::extract::State;
use axum::http::Method;
use schemars::JsonSchema;
use serde::Deserialize;

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
    let mut insights = Vec::new();
    for id in input.insight_ids.0.map(|ids| ids.0).unwrap_or_default() {
        insights.push(insight::require_current(&app.db, caller.org_id, id).await?);
    }
    let slice = match input.filter.0 {
        Some(filter) => Some(Population::of(filter.into_filter(&app, caller.org_id).await?)),
        None => None,
    };
    let words = input.words.0.map(|words| words.0);
    let usual = if words.is_some() { QuerySort::Relevance } else { QuerySort::LastMessageAt };
    let asked = SessionQuery {
        filters: input.filters,
        handed_off: input.handed_off.0,
        ticket_number: input.ticket_number.0.map(|number| number.0),
        words,
        sort: input.sort_by.0.unwrap_or(usual),
        order: input.sort_order.0.unwrap_or(SortOrder::Desc),
        limit: usize::try_from(input.limit.0).unwrap_or(1),
        cursor: input.cursor.0,
    };
    let only = |query: &mut Sql| {
        if !insights.is_empty() {
            query
                .push(" and s.id in (select session_id from occurrences where org_id = ")
                .push_bind(caller.org_id);
            query.push(" and insight_id in ").push_list(insights.iter().copied()).push(")");
        }
        if let Some(slice) = &slice {
            query.push(" and s.id in (select session_id from ");
            slice.push(query, caller.org_id);
            query.push(")");
        }
    };
    sessions::query_sessions(&app, &caller, &asked, only).await.map(Json)
}
