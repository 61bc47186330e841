//! `POST /insights/bulk`: one decision about many insights.

use super::archiving::ArchiveInput;
use super::edit::{self, Edit};
use super::operations;
use crate::app::App;
use crate::error::{Error, Result};
use crate::http::{Api, Caller};
use crate::idempotency::Once;
use crate::ids::{CategoryId, InsightId, OperationId, TeamId};
use crate::insights::insight;
use crate::insights::lifecycle::decide::{Decision, decide};
use crate::insights::list::{self, ListInsightsInput};
use crate::keys::{Resource, Scope};
use crate::openapi::Operation;
use crate::wire::{Maybe, NonEmptyVec, Nullable, Patch, SafeInt, string_enum};
use anyhow::Context;
use axum::Json;
use axum::extract::State;
use axum::http::Method;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The most insights that are decided about at a time.
const DECIDED_MAX: usize = 1_000;

/// Returns the operation that decides about many insights.
pub(crate) fn routes() -> Api {
    Api::new().route(
        Operation::new(Method::POST, "/insights/bulk", "decideInsights")
            .summary("Decide about many insights: by their ids, or all that a filter matches")
            .scope(Scope::write(Resource::Insights))
            .idempotent()
            .body::<BulkInput>()
            .returns::<BulkOutput>()
            .or(404),
        bulk,
    )
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
    /// The operation, by which it can be taken back; null if nothing changed.
    operation_id: Nullable<OperationId>,
}

async fn bulk(
    State(app): State<App>,
    caller: Caller,
    Once(input, attempt): Once<BulkInput>,
) -> Result<Response> {
    let by = caller.member_id;
    // first the answer to the same request: what was meant then may match no more, or have ended
    if let Some(answer) = attempt.kept(&app.db, caller.org_id, app.clock.now()).await? {
        return Ok(answer);
    }
    // before the transaction, as who waits to write must not wait for a filter
    let ids = meant(&app, &caller, input.insight_ids.0, input.filter.0).await?;
    let mut tx = operations::begin(&app, &caller).await?;
    if let Some(answer) = attempt.answer(&mut tx).await? {
        return Ok(answer);
    }
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
    if changed > 0 {
        super::note(&mut tx, &caller, input.decision.as_str(), None, changed);
    }
    let operation_id = if input.dry_run { None } else { operations::id(&tx) };
    let output = BulkOutput { matched: ids.len(), changed, operation_id: operation_id.into() };
    if input.dry_run {
        return Ok(Json(output).into_response());
    }
    attempt.commit(tx, output).await
}

/// Returns the insights of the one that is given: those with these ids, or those that a filter matches.
async fn meant(
    app: &App,
    caller: &Caller,
    ids: Option<NonEmptyVec<InsightId, DECIDED_MAX>>,
    filter: Option<ListInsightsInput>,
) -> Result<Vec<InsightId>> {
    let mut ids = match (ids, filter) {
        (Some(NonEmptyVec(given)), None) => {
            let mut ids = Vec::new();
            for id in given {
                ids.push(insight::require_current(&app.db, caller.org_id, id).await?);
            }
            ids
        }
        (None, Some(filter)) => {
            let filter = filter.into_filter(app, caller.org_id).await?;
            list::sql::matching(app, caller.org_id, &filter, DECIDED_MAX).await?
        }
        _ => return Err(Error::Invalid("insight_ids, filter: one of them is required".into())),
    };
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}
