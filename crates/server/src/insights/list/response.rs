//! Insights as the contract shows them.

use crate::db::{Db, Query, sql};
use crate::error::{Error, Result};
use crate::ids::{CategoryId, InsightId, OperationId, OrgId, TeamId};
use crate::insights::insight::{ArchivePolicy, SHOWN};
use crate::sessions::Sentiment;
use crate::time::Timestamp;
use crate::wire::Nullable;
use axum::Json;
use axum::http::{HeaderName, header};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::HashMap;

/// The contract's insight.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct PublicInsight {
    /// Its id.
    pub id: InsightId,
    /// Counts up from 1 within the organization; never reused.
    #[schemars(with = "crate::wire::SafeInt")]
    pub insight_number: i64,
    /// What customers say, in a plain sentence.
    pub content: String,
    /// How those who say it feel.
    pub sentiment: Sentiment,
    /// In how many sessions it shows.
    #[schemars(with = "crate::wire::SafeInt")]
    pub occurrence_count: i64,
    category: Nullable<InsightCategory>,
    team: Nullable<InsightTeam>,
    resolved_by: Nullable<ResolvedBy>,
    resolved_at: Nullable<Timestamp>,
    archived_by: Nullable<ArchivedBy>,
    pub(crate) archived_at: Nullable<Timestamp>,
    archive_policy: Nullable<ArchivePolicy>,
    resurface_progress: Nullable<ResurfaceProgress>,
    deep_research: Nullable<String>,
    deep_research_completed_at: Nullable<Timestamp>,
    first_seen_at: Timestamp,
    last_seen_at: Timestamp,
    created_at: Timestamp,
    updated_at: Timestamp,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(inline, deny_unknown_fields)]
struct InsightCategory {
    id: CategoryId,
    name: String,
    description: Nullable<String>,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(inline, deny_unknown_fields)]
struct InsightTeam {
    id: TeamId,
    name: String,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(inline, deny_unknown_fields)]
struct ResolvedBy {
    name: Nullable<String>,
    avatar_url: Nullable<String>,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(inline, deny_unknown_fields)]
struct ArchivedBy {
    name: Nullable<String>,
    avatar_url: Nullable<String>,
    reason: Nullable<String>,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(inline, deny_unknown_fields)]
struct ResurfaceProgress {
    #[schemars(with = "crate::wire::SafeInt")]
    current: i64,
    #[schemars(with = "crate::wire::SafeInt")]
    target: i64,
}

/// The header of an answer that says which operation a decision was.
const OPERATION_ID: HeaderName = HeaderName::from_static("operation-id");

/// An insight, with its revision as the `ETag`.
#[derive(Debug)]
pub(crate) struct WithEtag {
    insight: PublicInsight,
    revision: i64,
    operation_id: Option<OperationId>,
}

impl WithEtag {
    /// Loads an insight as it is now. Fails with the 404 if it is not shown.
    pub(crate) async fn load(db: &Db, org_id: OrgId, id: InsightId) -> Result<Self> {
        let (insight, revision) = find(db, org_id, id).await?.ok_or(Error::NotFound("insight"))?;
        Ok(Self { insight, revision, operation_id: None })
    }

    /// Adds the operation by which the insight became as it is, if one changed anything.
    pub(crate) fn of_operation(self, operation_id: Option<OperationId>) -> Self {
        Self { operation_id, ..self }
    }
}

impl IntoResponse for WithEtag {
    fn into_response(self) -> Response {
        let etag = [(header::ETAG, format!("\"{}\"", self.revision))];
        let operation = self.operation_id.map(|id| [(OPERATION_ID, id.to_string())]);
        (etag, operation, Json(self.insight)).into_response()
    }
}

/// The number of sessions that an insight was seen in and the times of the first and the last, over those asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, crate::db::Record)]
pub(crate) struct InsightCounts {
    pub(crate) id: InsightId,
    pub(crate) occurrence_count: i64,
    pub(crate) first_seen_at: Timestamp,
    pub(crate) last_seen_at: Timestamp,
}

/// An insight as it is read, with its kept counts.
#[derive(crate::db::Record)]
pub(super) struct InsightRow {
    #[record(flatten)]
    counts: InsightCounts,
    insight_number: i64,
    content: String,
    sentiment: Sentiment,
    category_id: Option<CategoryId>,
    category_name: Option<String>,
    category_description: Option<String>,
    team_id: Option<TeamId>,
    team_name: Option<String>,
    resolved_at: Option<Timestamp>,
    resolver_name: Option<String>,
    resolver_avatar_url: Option<String>,
    archived_at: Option<Timestamp>,
    archiver_name: Option<String>,
    archiver_avatar_url: Option<String>,
    archive_reason: Option<String>,
    archive_policy: Option<ArchivePolicy>,
    resurface_current: Option<i64>,
    resurface_target: Option<i64>,
    deep_research: Option<String>,
    deep_research_completed_at: Option<Timestamp>,
    created_at: Timestamp,
    updated_at: Timestamp,
    revision: i64,
    /// The insights on all pages, where a page is read.
    #[record(default)]
    pub(super) total: i64,
}

/// What is read of an insight `i`, and of what stands beside it.
pub(super) const COLUMNS: &str = "i.id, i.occurrence_count, i.first_seen_at, i.last_seen_at, i.insight_number, i.content,
    i.sentiment, i.category_id, c.name as category_name, c.description as category_description, i.team_id,
    t.name as team_name, i.resolved_at, r.name as resolver_name, r.avatar_url as resolver_avatar_url, i.archived_at,
    a.name as archiver_name, a.avatar_url as archiver_avatar_url, i.archive_reason, i.archive_policy,
    i.resurface_current, i.resurface_target, i.deep_research, i.deep_research_completed_at, i.created_at, i.updated_at,
    i.revision";

/// What stands beside an insight `i`.
pub(super) const BESIDE: &str = "
    left join categories c on c.org_id = i.org_id and c.id = i.category_id
    left join teams t on t.org_id = i.org_id and t.id = i.team_id
    left join members r on r.org_id = i.org_id and r.id = i.resolved_by
    left join members a on a.org_id = i.org_id and a.id = i.archived_by";

/// Finds an insight, counted over all sessions, and its revision. Returns none if it is not shown.
pub(crate) async fn find(db: &Db, org_id: OrgId, id: InsightId) -> Result<Option<(PublicInsight, i64)>> {
    let query = sql(&format!(
        "select {COLUMNS} from insights i {BESIDE} where i.org_id = $1 and i.id = $2 and {SHOWN}"
    ));
    let row: Option<InsightRow> = db.fetch_optional(query.bind(org_id).bind(id)).await?;
    Ok(row.map(|row| {
        let revision = row.revision;
        (row.show(), revision)
    }))
}

/// Loads the insights that were counted, in that order.
pub(crate) async fn load(
    db: impl Query,
    org_id: OrgId,
    counts: &[InsightCounts],
) -> Result<Vec<PublicInsight>> {
    let mut query =
        sql(&format!("select {COLUMNS} from insights i {BESIDE} where i.org_id = $1 and i.id in "));
    query = query.bind(org_id);
    query.push_list(counts.iter().map(|counts| counts.id));
    let rows: Vec<InsightRow> = db.fetch_all(query).await?;
    let mut rows: HashMap<_, _> = rows.into_iter().map(|row| (row.counts.id, row)).collect();
    let found =
        counts.iter().filter_map(|&counts| Some(InsightRow { counts, ..rows.remove(&counts.id)? }.show()));
    Ok(found.collect())
}

impl InsightRow {
    /// Returns the insight as the contract shows it.
    pub(super) fn show(self) -> PublicInsight {
        let category = self.category_id.zip(self.category_name).map(|(id, name)| InsightCategory {
            id,
            name,
            description: self.category_description.into(),
        });
        let resolved_by = self.resolved_at.map(|_| ResolvedBy {
            name: self.resolver_name.into(),
            avatar_url: self.resolver_avatar_url.into(),
        });
        let archived_by = self.archived_at.map(|_| ArchivedBy {
            name: self.archiver_name.into(),
            avatar_url: self.archiver_avatar_url.into(),
            reason: self.archive_reason.into(),
        });
        let progress = self.resurface_current.zip(self.resurface_target);
        PublicInsight {
            id: self.counts.id,
            insight_number: self.insight_number,
            content: self.content,
            sentiment: self.sentiment,
            occurrence_count: self.counts.occurrence_count,
            category: category.into(),
            team: self.team_id.zip(self.team_name).map(|(id, name)| InsightTeam { id, name }).into(),
            resolved_by: resolved_by.into(),
            resolved_at: self.resolved_at.into(),
            archived_by: archived_by.into(),
            archived_at: self.archived_at.into(),
            archive_policy: self.archive_policy.into(),
            resurface_progress: progress
                .map(|(current, target)| ResurfaceProgress { current, target })
                .into(),
            deep_research: self.deep_research.into(),
            deep_research_completed_at: self.deep_research_completed_at.into(),
            first_seen_at: self.counts.first_seen_at,
            last_seen_at: self.counts.last_seen_at,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}
