//! The queries of the list: an [`InsightFilter`] as SQL.

use super::conditions::{Source, push_insight_conditions, push_slice};
use super::response::{self, InsightCounts, PublicInsight};
use crate::db::{self, Db, Sql, sql};
use crate::error::{Error, Result};
use crate::ids::{InsightId, OrgId};
use crate::insights::filter::{InsightFilter, SessionConditions};
use crate::insights::insight::SHOWN;
use crate::wire::SafeInt;
use schemars::JsonSchema;
use serde::Serialize;

/// The number of insights on a page.
const PAGE_SIZE: i64 = 20;

/// A page of insights.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ListInsightsOutput {
    /// The insights of the page.
    pub data: Vec<PublicInsight>,
    /// Its number.
    #[schemars(with = "SafeInt")]
    pub page: i64,
    /// Insights on all pages.
    #[schemars(with = "SafeInt")]
    pub total: i64,
    /// How many pages.
    #[serde(rename = "totalPages")]
    #[schemars(with = "SafeInt")]
    pub total_pages: i64,
}

/// Lists a page of insights. With conditions on sessions each is counted and ordered over the sessions that match, and
/// those without one are left out.
pub async fn list(db: &Db, org_id: OrgId, filter: &InsightFilter) -> Result<ListInsightsOutput> {
    // an index has the page of kept counts; to count all of them beside it would sort every insight
    let is_kept = filter.sessions == SessionConditions::default();
    let total = if is_kept { "cast(0 as bigint)" } else { "count(*) over ()" };
    let mut query =
        sql(&format!("select id, occurrence_count, first_seen_at, last_seen_at, {total} as total from ("));
    push_counts(&mut query, org_id, filter);
    let InsightFilter { sort, order, page, .. } = *filter;
    query.push(&format!(") s order by {sort} {order}, created_at desc, id limit "));
    query.push_bind(PAGE_SIZE).push(" offset ").push_bind((page - 1).saturating_mul(PAGE_SIZE));
    let rows: Vec<CountedRow> = db.fetch_all(query).await?;
    let total = match rows.first() {
        Some(row) if !is_kept => row.total,
        None if page == 1 => 0,
        _ => count_matching(db, org_id, filter).await?,
    };
    let counts: Vec<InsightCounts> = rows.into_iter().map(|row| row.counts).collect();
    Ok(ListInsightsOutput {
        data: response::load(db, org_id, &counts).await?,
        page,
        total,
        total_pages: (total + PAGE_SIZE - 1) / PAGE_SIZE,
    })
}

/// Counts the insights that match, on whatever page.
pub async fn count_matching(db: &Db, org_id: OrgId, filter: &InsightFilter) -> Result<i64> {
    let mut query = sql("select count(*) from (");
    push_counts(&mut query, org_id, filter);
    query.push(") s");
    db.fetch_one::<(i64,)>(query).await.map(|(count,)| count)
}

/// Returns every insight that matches, on whatever page. Fails with the 400 if there are more than `max`.
pub(crate) async fn matching(
    db: &Db,
    org_id: OrgId,
    filter: &InsightFilter,
    max: usize,
) -> Result<Vec<InsightId>> {
    let mut query = sql("select id from (");
    push_counts(&mut query, org_id, filter);
    query.push(") s limit ").push_bind(db::count(max) + 1);
    let ids: Vec<(InsightId,)> = db.fetch_all(query).await?;
    if ids.len() > max {
        return Err(Error::Invalid(format!("filter: matches more than {max} insights")));
    }
    Ok(ids.into_iter().map(|(id,)| id).collect())
}

#[derive(sqlx::FromRow)]
struct CountedRow {
    #[sqlx(flatten)]
    counts: InsightCounts,
    total: i64,
}

/// Adds the rows that match: id, counts, times and `created_at`.
pub(crate) fn push_counts(query: &mut Sql, org_id: OrgId, filter: &InsightFilter) {
    let InsightFilter { sessions, insights, .. } = filter;
    if *sessions == SessionConditions::default() {
        query.push(&format!(
            "select i.id, i.occurrence_count, i.first_seen_at, i.last_seen_at, i.created_at
            from insights i where {SHOWN} and i.org_id = "
        ));
        query.push_bind(org_id);
        push_insight_conditions(query, org_id, insights, "i.occurrence_count");
        return;
    }
    query.push(
        "select i.id, o.occurrence_count, o.first_seen_at, o.last_seen_at, i.created_at
        from (
            select o.insight_id, count(*) as occurrence_count, min(o.session_created_at) as first_seen_at,
                max(o.session_created_at) as last_seen_at ",
    );
    push_slice(query, org_id, Source::Occurrences, sessions);
    query.push(" group by o.insight_id) o join insights i on i.id = o.insight_id and i.org_id = ");
    query.push_bind(org_id).push(" where i.retired_at is null");
    push_insight_conditions(query, org_id, insights, "o.occurrence_count");
}

/// Adds the ids of the sessions behind an insight that match.
pub(super) fn push_sessions(query: &mut Sql, org_id: OrgId, id: InsightId, sessions: &SessionConditions) {
    query.push("select o.session_id ");
    push_slice(query, org_id, Source::Occurrences, sessions);
    query.push(" and o.insight_id = ").push_bind(id);
}

/// Counts the sessions behind an insight that match.
pub(super) async fn count_sessions(
    db: &Db,
    org_id: OrgId,
    id: InsightId,
    sessions: &SessionConditions,
) -> Result<i64> {
    let mut query = sql("select count(*) from (");
    push_sessions(&mut query, org_id, id, sessions);
    query.push(") s");
    db.fetch_one::<(i64,)>(query).await.map(|(count,)| count)
}
