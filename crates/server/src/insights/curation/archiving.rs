//! The terms on which an insight is archived, as they are sent, and `POST /insights/{id}/archive/preview`.

use crate::app::App;
use crate::error::{Error, Result};
use crate::escalation::Sensitivity;
use crate::http::{Api, ApiJson, ApiPath, Caller};
use crate::ids::InsightId;
use crate::insights::insight::{self, ArchivePolicy};
use crate::insights::lifecycle::archive::{Archival, Counted};
use crate::insights::lifecycle::preview::{self, ArchivePreview};
use crate::keys::{Resource, Scope};
use crate::openapi::Operation;
use crate::wire::{Maybe, Positive, SingleLine};
use axum::Json;
use axum::extract::State;
use axum::http::Method;
use schemars::JsonSchema;
use serde::Deserialize;

/// Returns the operation that looks ahead.
pub(crate) fn routes() -> Api {
    Api::new().route(
        Operation::new(Method::POST, "/insights/{id}/archive/preview", "previewInsightArchive")
            .summary("See when an insight would come back if it were archived, and change nothing")
            .scope(Scope::read(Resource::Insights))
            .body::<ArchiveInput>()
            .returns::<ArchivePreview>(),
        preview,
    )
}

async fn preview(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<InsightId>,
    ApiJson(input): ApiJson<ArchiveInput>,
) -> Result<Json<ArchivePreview>> {
    let id = insight::require_current(&app.db, caller.org_id, id).await?;
    preview::preview(&app, caller.org_id, id, &input.archival("")?).await.map(Json)
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
    /// Returns the terms. What is wrong is named with `within` before it.
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
