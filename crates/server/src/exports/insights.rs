//! Insights as a table: their contents, counts and states.

use super::table::{Cell, Column, Kind, Row};
use crate::db::{Tx, sql};
use crate::error::Result;
use crate::ids::{InsightId, OrgId};
use crate::sessions::Sentiment;
use crate::time::Timestamp;

const PAGE: i64 = 1_000;

pub(super) const COUNT: &str =
    "select count(*) from insights where org_id = $1 and retired_at is null and occurrence_count > 0";

pub(super) const COLUMNS: &[Column] = &[
    ("insight_number", Kind::Int),
    ("id", Kind::Text),
    ("content", Kind::Text),
    ("category", Kind::Text),
    ("team", Kind::Text),
    ("theme", Kind::Text),
    ("sentiment", Kind::Text),
    ("occurrence_count", Kind::Int),
    ("first_seen_at", Kind::Time),
    ("last_seen_at", Kind::Time),
    ("status", Kind::Text),
    ("resolved_at", Kind::Time),
    ("archived_at", Kind::Time),
    ("archive_reason", Kind::Text),
    ("archive_policy", Kind::Text),
    ("resurface_current", Kind::Int),
    ("resurface_target", Kind::Int),
    ("content_by_hand", Kind::Bool),
    ("category_by_hand", Kind::Bool),
    ("team_by_hand", Kind::Bool),
    ("created_at", Kind::Time),
    ("updated_at", Kind::Time),
];

#[derive(crate::db::Record)]
struct Insight {
    insight_number: i64,
    id: InsightId,
    content: String,
    category: Option<String>,
    team: Option<String>,
    theme: Option<String>,
    sentiment: Sentiment,
    occurrence_count: i64,
    first_seen_at: Timestamp,
    last_seen_at: Timestamp,
    resolved_at: Option<Timestamp>,
    archived_at: Option<Timestamp>,
    archive_reason: Option<String>,
    archive_policy: Option<String>,
    resurface_current: Option<i64>,
    resurface_target: Option<i64>,
    content_by_hand: bool,
    category_by_hand: bool,
    team_by_hand: bool,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// Loads a page of insights after the one of number `last`.
pub(super) async fn page(tx: &mut Tx, org_id: OrgId, last: Option<i64>) -> Result<Vec<(i64, Row)>> {
    let query = sql("
        select i.insight_number, i.id, i.content, c.name as category, t.name as team, h.name as theme,
            i.sentiment, i.occurrence_count, i.first_seen_at, i.last_seen_at, i.resolved_at, i.archived_at,
            i.archive_reason, i.archive_policy, i.resurface_current, i.resurface_target, i.content_by_hand,
            i.category_by_hand, i.team_by_hand, i.created_at, i.updated_at
        from insights i
        left join categories c on c.org_id = i.org_id and c.id = i.category_id
        left join teams t on t.org_id = i.org_id and t.id = i.team_id
        left join themes h on h.org_id = i.org_id and h.id = i.theme_id
        where i.org_id = $1 and i.insight_number > $2 and i.retired_at is null and i.occurrence_count > 0
        order by i.insight_number
        limit $3
    ");
    let insights: Vec<Insight> = tx.fetch_all(query.bind(org_id).bind(last.unwrap_or(0)).bind(PAGE)).await?;
    Ok(insights.into_iter().map(|insight| (insight.insight_number, row(insight))).collect())
}

fn row(insight: Insight) -> Row {
    // as the API's filter has it: archived wins
    let status = match (insight.archived_at, insight.resolved_at) {
        (Some(_), _) => "archived",
        (None, Some(_)) => "resolved",
        (None, None) => "unresolved",
    };
    vec![
        insight.insight_number.into(),
        Cell::text(insight.id),
        insight.content.into(),
        insight.category.into(),
        insight.team.into(),
        insight.theme.into(),
        Cell::text(insight.sentiment),
        insight.occurrence_count.into(),
        insight.first_seen_at.into(),
        insight.last_seen_at.into(),
        Cell::text(status),
        insight.resolved_at.into(),
        insight.archived_at.into(),
        insight.archive_reason.into(),
        insight.archive_policy.into(),
        insight.resurface_current.into(),
        insight.resurface_target.into(),
        insight.content_by_hand.into(),
        insight.category_by_hand.into(),
        insight.team_by_hand.into(),
        insight.created_at.into(),
        insight.updated_at.into(),
    ]
}
