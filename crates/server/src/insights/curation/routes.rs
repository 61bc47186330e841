//! `PATCH /insights/{id}` and its `merge`, `split`, `undo`, `lineage` and `sessions/{session_id}`.

use super::edit::{self, Edit};
use super::lineage::{self, Ancestor};
use super::preview::{self, Preview};
use super::split::{self, Split};
use super::{merge as merging, operations, sessions, undo};
use crate::app::App;
use crate::error::Result;
use crate::http::{Api, ApiJson, ApiPath, ApiPathPair, Caller, IfMatch};
use crate::ids::{CategoryId, EventId, InsightId, SessionId, TeamId};
use crate::insights::insight;
use crate::insights::list::response::{PublicInsight, WithEtag};
use crate::keys::{Resource, Scope};
use crate::openapi::Operation;
use crate::wire::{Maybe, NonEmptyVec, Patch, SingleLine};
use axum::Json;
use axum::extract::State;
use axum::http::Method;
use schemars::JsonSchema;
use serde::Deserialize;

/// Returns the operations by which people overrule the grouping.
#[expect(clippy::too_many_lines, reason = "a list of operations")]
pub(crate) fn routes() -> Api {
    let write = Scope::write(Resource::Insights);
    Api::new()
        .route(
            Operation::new(Method::PATCH, "/insights/{id}", "updateInsight")
                .summary("Set an insight's content, category or team; what a person sets, no grouping overrules")
                .scope(write)
                .body::<UpdateInsightInput>()
                .versioned()
                .returns::<PublicInsight>(),
            update,
        )
        .route(
            Operation::new(Method::PUT, "/insights/{id}/sessions/{session_id}", "decideInsightSession")
                .summary("Say whether a session belongs to an insight; no grouping overrules it")
                .scope(write)
                .body::<DecideSessionInput>()
                .versioned()
                .returns::<PublicInsight>(),
            decide_session,
        )
        .route(
            Operation::new(Method::DELETE, "/insights/{id}/sessions/{session_id}", "withdrawInsightSession")
                .summary("Leave it to the grouping again whether a session belongs to an insight")
                .scope(write)
                .versioned()
                .returns::<PublicInsight>(),
            withdraw_session,
        )
        .route(
            Operation::new(Method::POST, "/insights/{id}/merge", "mergeInsights")
                .summary("Merge other insights into this one; no grouping parts them again")
                .scope(write)
                .body::<MergeInput>()
                .versioned()
                .returns::<PublicInsight>(),
            merge,
        )
        .route(
            Operation::new(Method::POST, "/insights/{id}/split", "splitInsight")
                .summary("Make some sessions of an insight an insight of their own; no grouping joins the two again")
                .scope(write)
                .body::<SplitInput>()
                .body_max(SPLIT_BYTES_MAX)
                .versioned()
                .returns::<PublicInsight>(),
            split,
        )
        .route(
            Operation::new(Method::POST, "/insights/{id}/merge/preview", "previewInsightMerge")
                .summary("See what a merge would make, and change nothing")
                .scope(write)
                .body::<MergeInput>()
                .returns::<Preview>(),
            preview_merge,
        )
        .route(
            Operation::new(Method::POST, "/insights/{id}/split/preview", "previewInsightSplit")
                .summary("See what a split would make, and change nothing")
                .scope(write)
                .or(409)
                .body::<SplitInput>()
                .body_max(SPLIT_BYTES_MAX)
                .returns::<Preview>(),
            preview_split,
        )
        .route(
            Operation::new(Method::POST, "/insights/{id}/undo", "undoInsightDecision")
                .summary("Take back a merge or a split")
                .scope(write)
                .versioned()
                .body::<UndoInput>()
                .returns::<PublicInsight>(),
            undo_decision,
        )
        .route(
            Operation::new(Method::GET, "/insights/{id}/lineage", "listInsightLineage")
                .summary("List the insights that went into this one; their ids lead to it")
                .scope(Scope::read(Resource::Insights))
                .returns::<Vec<Ancestor>>(),
            show_lineage,
        )
}

#[derive(Debug, Deserialize, JsonSchema)]
struct UpdateInsightInput {
    #[serde(default)]
    content: Maybe<SingleLine<500>>,
    #[serde(default)]
    category_id: Patch<CategoryId>,
    #[serde(default)]
    team_id: Patch<TeamId>,
}

async fn update(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<InsightId>,
    known: IfMatch,
    ApiJson(input): ApiJson<UpdateInsightInput>,
) -> Result<WithEtag> {
    let id = insight::current(&app.db, caller.org_id, id).await?;
    let mut tx = operations::begin(&app, &caller).await?;
    insight::require_revision(&mut tx, id, known.0).await?;
    let edit = Edit {
        content: input.content.0.map(|content| content.0),
        category_id: input.category_id,
        team_id: input.team_id,
    };
    if edit::edit(&mut tx, id, edit, caller.member_id).await? {
        super::note(&mut tx, &caller, "edit", Some(id), 1);
    }
    operations::answer(&app, tx, id).await
}

#[derive(Debug, Deserialize, JsonSchema)]
struct DecideSessionInput {
    /// Whether the session is one of those behind the insight.
    belongs: bool,
}

async fn decide_session(
    State(app): State<App>,
    caller: Caller,
    ApiPathPair(id, session_id): ApiPathPair<InsightId, SessionId>,
    known: IfMatch,
    ApiJson(input): ApiJson<DecideSessionInput>,
) -> Result<WithEtag> {
    place(&app, &caller, (id, session_id), known, Some(input.belongs)).await
}

async fn withdraw_session(
    State(app): State<App>,
    caller: Caller,
    ApiPathPair(id, session_id): ApiPathPair<InsightId, SessionId>,
    known: IfMatch,
) -> Result<WithEtag> {
    place(&app, &caller, (id, session_id), known, None).await
}

async fn place(
    app: &App,
    caller: &Caller,
    (id, session_id): (InsightId, SessionId),
    known: IfMatch,
    belongs: Option<bool>,
) -> Result<WithEtag> {
    let id = insight::current(&app.db, caller.org_id, id).await?;
    let mut tx = operations::begin(app, caller).await?;
    insight::require_revision(&mut tx, id, known.0).await?;
    sessions::assign_session(&mut tx, id, session_id, belongs, caller.member_id).await?;
    super::note(&mut tx, caller, "place_session", Some(id), 1);
    operations::answer(app, tx, id).await
}

/// The most insights that are merged at a time.
const MERGED_MAX: usize = 100;

#[derive(Debug, Deserialize, JsonSchema)]
struct MergeInput {
    /// The insights that end in this one.
    insight_ids: NonEmptyVec<InsightId, MERGED_MAX>,
}

async fn merge(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<InsightId>,
    known: IfMatch,
    ApiJson(input): ApiJson<MergeInput>,
) -> Result<WithEtag> {
    let (id, others) = input.insights(&app, &caller, id).await?;
    let mut tx = operations::begin(&app, &caller).await?;
    insight::require_revision(&mut tx, id, known.0).await?;
    let settings = app.settings(&mut tx, caller.org_id).await?;
    merging::merge(&settings, &mut tx, id, &others, caller.member_id).await?;
    super::note(&mut tx, &caller, "merge", Some(id), others.len() + 1);
    operations::answer(&app, tx, id).await
}

async fn preview_merge(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<InsightId>,
    ApiJson(input): ApiJson<MergeInput>,
) -> Result<Json<Preview>> {
    let (id, others) = input.insights(&app, &caller, id).await?;
    preview::preview_merge(&app, &caller, id, &others).await.map(Json)
}

impl MergeInput {
    /// Returns the current ids of the insights: of the one that stays, and of the others, sorted and distinct.
    async fn insights(
        self,
        app: &App,
        caller: &Caller,
        id: InsightId,
    ) -> Result<(InsightId, Vec<InsightId>)> {
        let mut others = Vec::new();
        for other in self.insight_ids.0 {
            others.push(insight::current(&app.db, caller.org_id, other).await?);
        }
        others.sort_unstable();
        others.dedup();
        Ok((insight::current(&app.db, caller.org_id, id).await?, others))
    }
}

/// The most sessions that are split off at a time.
const SPLIT_MAX: usize = 10_000;
/// The bytes of a body that names them.
const SPLIT_BYTES_MAX: usize = 512 * 1024;

#[derive(Debug, Deserialize, JsonSchema)]
struct SplitInput {
    /// The sessions of the new insight.
    session_ids: NonEmptyVec<SessionId, SPLIT_MAX>,
    /// What the new insight says; if not given, what its sessions say.
    #[serde(default)]
    content: Maybe<SingleLine<500>>,
}

async fn split(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<InsightId>,
    known: IfMatch,
    ApiJson(input): ApiJson<SplitInput>,
) -> Result<WithEtag> {
    let id = insight::current(&app.db, caller.org_id, id).await?;
    let mut tx = operations::begin(&app, &caller).await?;
    insight::require_revision(&mut tx, id, known.0).await?;
    let settings = app.settings(&mut tx, caller.org_id).await?;
    let new_id = split::split(&settings, &mut tx, id, input.split(), caller.member_id).await?;
    super::note(&mut tx, &caller, "split", Some(id), 2);
    operations::answer(&app, tx, new_id).await
}

async fn preview_split(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<InsightId>,
    ApiJson(input): ApiJson<SplitInput>,
) -> Result<Json<Preview>> {
    let id = insight::current(&app.db, caller.org_id, id).await?;
    preview::preview_split(&app, &caller, id, input.split()).await.map(Json)
}

impl SplitInput {
    fn split(self) -> Split {
        let content = self.content.0.map(|content| content.0.trim().to_owned());
        Split { session_ids: self.session_ids.0, content }
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
struct UndoInput {
    /// The event of this insight that tells of the merge or split.
    event_id: EventId,
}

async fn undo_decision(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<InsightId>,
    known: IfMatch,
    ApiJson(input): ApiJson<UndoInput>,
) -> Result<WithEtag> {
    let id = insight::current(&app.db, caller.org_id, id).await?;
    let mut tx = operations::begin(&app, &caller).await?;
    insight::require_revision(&mut tx, id, known.0).await?;
    let settings = app.settings(&mut tx, caller.org_id).await?;
    undo::undo(&settings, &mut tx, id, input.event_id, caller.member_id).await?;
    super::note(&mut tx, &caller, "undo", Some(id), 1);
    operations::answer(&app, tx, id).await
}

async fn show_lineage(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<InsightId>,
) -> Result<Json<Vec<Ancestor>>> {
    let id = insight::current(&app.db, caller.org_id, id).await?;
    lineage::lineage(&app, &caller, id).await.map(Json)
}
