//! `/insights/…/resolve`, `reopen`, `archive` and `restore`, for one insight or many.

use super::edit::{self, Edit};
use crate::app::App;
use crate::db::sql;
use crate::error::{Error, Result};
use crate::escalation::Sensitivity;
use crate::http::{Api, ApiJson, ApiPath, Caller, IfMatch};
use crate::ids::{CategoryId, InsightId, TeamId};
use crate::insights::insight;
use crate::insights::insight::ArchivePolicy;
use crate::insights::lifecycle::archive::from_json;
use crate::insights::lifecycle::archive::{Archival, Counted};
use crate::insights::lifecycle::decide::{Decision, decide};
use crate::insights::list::response::{PublicInsight, WithEtag};
use crate::insights::list::{self, ListInsightsInput};
use crate::keys::{Resource, Scope};
use crate::openapi::Operation;
use crate::time::{Calendar, Timestamp};
use crate::wire::{Maybe, NonEmptyVec, Patch, Positive, SafeInt, SingleLine, string_enum};
use anyhow::Context;
use axum::Json;
use axum::extract::State;
use axum::http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The most insights that are decided about at a time.
const DECIDED_MAX: usize = 1_000;
/// The most insights in the list of those that would have come back.
const SHADOW_MAX: i64 = 1_000;

/// Returns the operations that resolve, reopen, archive and restore insights.
pub(crate) fn routes() -> Api {
    let (read, write) = (Scope::read(Resource::Insights), Scope::write(Resource::Insights));
    let one = |path, id, summary| {
        Operation::new(Method::POST, path, id)
            .summary(summary)
            .scope(write)
            .versioned()
            .returns::<PublicInsight>()
    };
    Api::new()
        .route(
            one(
                "/insights/{id}/resolve",
                "resolveInsight",
                "Say that an insight is dealt with, until it is seen again",
            ),
            resolve,
        )
        .route(
            one("/insights/{id}/reopen", "reopenInsight", "Say that a resolved insight is not dealt with"),
            reopen,
        )
        .route(
            one("/insights/{id}/archive", "archiveInsight", "Put an insight out of the way until it matters")
                .body::<ArchiveInput>(),
            archive,
        )
        .route(one("/insights/{id}/restore", "restoreInsight", "Take an insight out of the archive"), restore)
        .route(
            Operation::new(Method::POST, "/insights/bulk", "decideInsights")
                .summary("Decide about many insights: by their ids, or all that a filter matches")
                .scope(write)
                .body::<BulkInput>()
                .returns::<BulkOutput>()
                .or(404),
            bulk,
        )
        .route(
            Operation::new(Method::GET, "/insights/shadow", "listShadowInsights")
                .summary("List insights archived forever that would have come back, by when they would have")
                .scope(read)
                .returns::<Vec<ShadowInsight>>(),
            shadow,
        )
}

async fn resolve(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<InsightId>,
    known: IfMatch,
) -> Result<WithEtag> {
    decide_one(&app, &caller, id, known, &Decision::Resolve).await
}

async fn reopen(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<InsightId>,
    known: IfMatch,
) -> Result<WithEtag> {
    decide_one(&app, &caller, id, known, &Decision::Reopen).await
}

async fn archive(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<InsightId>,
    known: IfMatch,
    ApiJson(input): ApiJson<ArchiveInput>,
) -> Result<WithEtag> {
    let decision = Decision::Archive(input.archival("")?);
    decide_one(&app, &caller, id, known, &decision).await
}

async fn restore(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<InsightId>,
    known: IfMatch,
) -> Result<WithEtag> {
    decide_one(&app, &caller, id, known, &Decision::Restore).await
}

async fn decide_one(
    app: &App,
    caller: &Caller,
    id: InsightId,
    known: IfMatch,
    decision: &Decision,
) -> Result<WithEtag> {
    let id = insight::require_current(&app.db, caller.org_id, id).await?;
    let mut tx = app.begin(caller.org_id).await?;
    insight::require_revision(&mut tx, id, known.0).await?;
    let settings = app.settings(&mut tx, caller.org_id).await?;
    if decide(&settings, &mut tx, &[id], decision, caller.member_id).await? > 0 {
        super::note(&mut tx, caller, decision.word(), Some(id), 1);
    }
    tx.commit().await?;
    WithEtag::load(&app.db, caller.org_id, id).await
}

/// How to archive.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub(crate) struct ArchiveInput {
    /// What brings the insight back: nothing, a number of further sessions, or more of them than usual.
    policy: ArchivePolicy,
    /// With `until_count`: how many further sessions, or contacts.
    #[serde(default)]
    target: Maybe<Positive>,
    /// With `until_count`: what is counted; sessions by default.
    #[serde(default)]
    counted: Maybe<Counted>,
    /// With `until_escalating` and `forever`: how early it is to come back, or to be listed as one that would have.
    #[serde(default)]
    sensitivity: Maybe<Sensitivity>,
    /// Why.
    #[serde(default)]
    reason: Maybe<SingleLine<500>>,
    /// Whether an insight that is archived already is still measured against what was usual when it was.
    #[serde(default)]
    keep_baseline: bool,
}

impl ArchiveInput {
    /// Returns the terms. `within` is where the input is in its body.
    pub(crate) fn archival(self, within: &str) -> Result<Archival> {
        let counts = self.policy == ArchivePolicy::UntilCount;
        let wrong = match (counts, self.target.0, self.counted.0, self.sensitivity.0) {
            (true, None, ..) => Some("target: is required with until_count"),
            (false, Some(_), ..) => Some("target: only with until_count"),
            (false, _, Some(_), _) => Some("counted: only with until_count"),
            (true, .., Some(_)) => Some("sensitivity: not with until_count"),
            _ => None,
        };
        if let Some(wrong) = wrong {
            return Err(Error::Invalid(format!("{within}{wrong}")));
        }
        Ok(Archival {
            policy: self.policy,
            target: self.target.0.map(|target| target.0),
            counted: self.counted.0.unwrap_or(Counted::Sessions),
            sensitivity: self.sensitivity.0,
            reason: self.reason.0.map(|reason| reason.0.trim().to_owned()),
            keeps_baseline: self.keep_baseline,
        })
    }
}

string_enum! {
    /// The decision about many insights.
    BulkDecision {
        /// The insights are dealt with.
        Resolve = "resolve",
        /// The insights are not dealt with.
        Reopen = "reopen",
        /// The insights are archived, on the terms of `archive`.
        Archive = "archive",
        /// The insights are taken out of the archive.
        Restore = "restore",
        /// The insights get the category or the team of `assign`.
        Assign = "assign",
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
struct BulkInput {
    decision: BulkDecision,
    /// Which insights; or else `filter`.
    #[serde(default)]
    insight_ids: Maybe<NonEmptyVec<InsightId, DECIDED_MAX>>,
    /// All insights that `POST /insights` lists with this body, on whatever page: 1,000 at most.
    #[serde(default)]
    filter: Maybe<ListInsightsInput>,
    /// With the decision `archive`.
    #[serde(default)]
    archive: Maybe<ArchiveInput>,
    /// With the decision `assign`.
    #[serde(default)]
    assign: Maybe<Assignment>,
    /// Say how many would change, and change nothing.
    #[serde(default)]
    dry_run: bool,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
struct Assignment {
    #[serde(default)]
    category_id: Patch<CategoryId>,
    #[serde(default)]
    team_id: Patch<TeamId>,
}

/// What became of many insights.
#[derive(Debug, Serialize, JsonSchema)]
struct BulkOutput {
    /// How many were meant.
    #[schemars(with = "SafeInt")]
    matched: usize,
    /// For how many of them it was not so already.
    #[schemars(with = "SafeInt")]
    changed: usize,
}

async fn bulk(
    State(app): State<App>,
    caller: Caller,
    ApiJson(input): ApiJson<BulkInput>,
) -> Result<Json<BulkOutput>> {
    let mut ids = match (input.insight_ids.0, input.filter.0) {
        (Some(NonEmptyVec(given)), None) => {
            let mut ids = Vec::new();
            for id in given {
                ids.push(insight::require_current(&app.db, caller.org_id, id).await?);
            }
            ids
        }
        (None, Some(filter)) => {
            let filter = filter.into_filter(&app, caller.org_id).await?;
            list::sql::matching(&app.db.long(caller.org_id), caller.org_id, &filter, DECIDED_MAX).await?
        }
        _ => return Err(Error::Invalid("insight_ids, filter: one of them is required".into())),
    };
    ids.sort_unstable();
    ids.dedup();
    let by = caller.member_id;
    let mut tx = app.begin(caller.org_id).await?;
    let decision = match (input.decision, input.archive.0, &input.assign.0) {
        (BulkDecision::Resolve, None, None) => Some(Decision::Resolve),
        (BulkDecision::Reopen, None, None) => Some(Decision::Reopen),
        (BulkDecision::Restore, None, None) => Some(Decision::Restore),
        (BulkDecision::Archive, Some(archive), None) => {
            Some(Decision::Archive(archive.archival("archive.")?))
        }
        (BulkDecision::Assign, None, Some(_)) => None,
        _ => {
            let wrong =
                "archive, assign: one is required with the decision of its name, and none with another";
            return Err(Error::Invalid(wrong.into()));
        }
    };
    let changed = match (decision, input.assign.0) {
        (Some(decision), _) => {
            decide(&app.settings(&mut tx, caller.org_id).await?, &mut tx, &ids, &decision, by).await?
        }
        (None, assignment) => {
            let Assignment { category_id, team_id } = assignment.context("no assignment")?;
            let mut changed = 0;
            for id in &ids {
                let (category_id, team_id) = (category_id.clone(), team_id.clone());
                let edit = Edit { content: None, category_id, team_id };
                changed += usize::from(edit::edit(&mut tx, *id, edit, by).await?);
            }
            changed
        }
    };
    if !input.dry_run {
        if changed > 0 {
            super::note(&mut tx, &caller, input.decision.as_str(), None, changed);
        }
        tx.commit().await?;
    }
    Ok(Json(BulkOutput { matched: ids.len(), changed }))
}

/// An insight that is archived forever, and would have come back by now.
#[derive(Debug, Serialize, JsonSchema)]
struct ShadowInsight {
    id: InsightId,
    #[schemars(with = "SafeInt")]
    insight_number: i64,
    content: String,
    archived_at: Timestamp,
    /// When it would have come back.
    would_have_returned_at: Timestamp,
    /// What it was measured against, and what came, as in the event of a return.
    numbers: Value,
    /// The first day that counted.
    watched_from: String,
}

async fn shadow(State(app): State<App>, caller: Caller) -> Result<Json<Vec<ShadowInsight>>> {
    let query = sql("
        select i.id, i.insight_number, i.content, a.archived_at, a.shadow_at, a.shadow, a.record
        from archives a join insights i on i.org_id = a.org_id and i.id = a.insight_id
        where a.org_id = $1 and a.shadow_at is not null order by a.shadow_at desc, i.id limit $2
    ");
    type Row = (InsightId, i64, String, Timestamp, Timestamp, String, String);
    let rows: Vec<Row> = app.db.fetch_all(query.bind(caller.org_id).bind(SHADOW_MAX)).await?;
    let show = |(id, insight_number, content, archived_at, shadow_at, numbers, record): Row| {
        Ok(ShadowInsight {
            id,
            insight_number,
            content,
            archived_at,
            would_have_returned_at: shadow_at,
            numbers: serde_json::from_str(&numbers).context("reading what a shadow saw")?,
            watched_from: Calendar::date(from_json(&record)?.day + 1).to_string(),
        })
    };
    rows.into_iter().map(show).collect::<Result<Vec<_>>>().map(Json)
}
