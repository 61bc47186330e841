//! The queries of the list: an [`InsightFilter`] as SQL.

use super::conditions::push_insight_conditions;
use super::response::{self, BESIDE, COLUMNS, InsightCounts, InsightRow, PublicInsight};
use crate::app::App;
use crate::db::{self, Db, Sql, sql};
use crate::error::{Error, Result};
use crate::ids::{InsightId, OrgId};
use crate::insights::filter::{InsightFilter, InsightSort, SessionConditions};
use crate::insights::index::{counting, filter};
use crate::insights::insight::SHOWN;
use crate::time::Timestamp;
use crate::wire::{SafeInt, SortOrder};
use refrain_index::{Counted, Sort};
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
pub async fn list(app: &App, org_id: OrgId, filter: &InsightFilter) -> Result<ListInsightsOutput> {
    let page_size = usize::try_from(PAGE_SIZE).unwrap_or(0);
    let (data, total) = if filter.sessions == SessionConditions::default() {
        // an index of the database has the page of kept counts
        let db = if filter.is_scan() { app.db.long(org_id) } else { app.db.clone() };
        kept_page(&db, org_id, filter).await?
    } else {
        let (mut tx, index) = app.indexes.snapshot(&app.db, org_id).await?;
        let conditions = filter::of_insights(&mut tx, org_id, &filter.insights).await?;
        let sessions = filter::of_sessions(&filter.sessions);
        let order = (sort(filter.sort), filter.order == SortOrder::Desc);
        let passed = usize::try_from((filter.page - 1).saturating_mul(PAGE_SIZE)).unwrap_or(usize::MAX);
        let finding = counting(move || index.list(&sessions, &conditions, order, (passed, page_size)));
        let page = finding.await?;
        let counts: Vec<InsightCounts> = page.insights.iter().map(InsightCounts::from).collect();
        (response::load(&mut tx, org_id, &counts).await?, db::count(page.total))
    };
    let total_pages = (total + PAGE_SIZE - 1) / PAGE_SIZE;
    Ok(ListInsightsOutput { data, page: filter.page, total, total_pages })
}

/// Returns a page of insights with their kept counts, and how many there are on all pages.
async fn kept_page(db: &Db, org_id: OrgId, filter: &InsightFilter) -> Result<(Vec<PublicInsight>, i64)> {
    let InsightFilter { sort, order, page, .. } = *filter;
    let order = format!(" order by i.{sort} {order}, i.created_at desc, i.id");
    let mut query = sql(&format!("select {COLUMNS}, (select count(*)"));
    push_matching(&mut query, org_id, filter);
    query.push(") as total from (select i.id");
    push_matching(&mut query, org_id, filter);
    query.push(&order).push(" limit ").push_bind(PAGE_SIZE);
    query.push(" offset ").push_bind((page - 1).saturating_mul(PAGE_SIZE));
    query.push(") page join insights i on i.id = page.id and i.org_id = ").push_bind(org_id);
    query.push(BESIDE).push(&order);
    let rows: Vec<InsightRow> = db.fetch_all(query).await?;
    let total = match rows.first() {
        Some(row) => row.total,
        None if page == 1 => 0,
        None => kept_count(db, org_id, filter).await?,
    };
    Ok((rows.into_iter().map(InsightRow::show).collect(), total))
}

const fn sort(by: InsightSort) -> Sort {
    match by {
        InsightSort::OccurrenceCount => Sort::Sessions,
        InsightSort::LastSeenAt => Sort::Last,
        InsightSort::FirstSeenAt => Sort::First,
        InsightSort::CreatedAt => Sort::Created,
    }
}

impl From<&Counted> for InsightCounts {
    fn from(counted: &Counted) -> Self {
        Self {
            id: counted.id.into(),
            occurrence_count: db::count(counted.seen.sessions),
            first_seen_at: Timestamp::from_micros(counted.seen.first),
            last_seen_at: Timestamp::from_micros(counted.seen.last),
        }
    }
}

/// Finds the insights that match, counted over the sessions that do, in no order.
async fn counted(app: &App, org_id: OrgId, filter: &InsightFilter) -> Result<Vec<InsightId>> {
    let (mut tx, index) = app.indexes.snapshot(&app.db, org_id).await?;
    let conditions = filter::of_insights(&mut tx, org_id, &filter.insights).await?;
    drop(tx);
    let sessions = filter::of_sessions(&filter.sessions);
    let finding = counting(move || index.insights_with(&index.counts(&sessions), &conditions));
    Ok(finding.await?.into_iter().map(InsightId::from).collect())
}

/// Counts the insights that match, on whatever page.
pub async fn count_matching(app: &App, org_id: OrgId, filter: &InsightFilter) -> Result<i64> {
    if filter.sessions != SessionConditions::default() {
        return Ok(db::count(counted(app, org_id, filter).await?.len()));
    }
    kept_count(&app.db.long(org_id), org_id, filter).await
}

/// Counts the insights that match by their kept counts.
async fn kept_count(db: &Db, org_id: OrgId, filter: &InsightFilter) -> Result<i64> {
    let mut query = sql("select count(*)");
    push_matching(&mut query, org_id, filter);
    db.fetch_one::<(i64,)>(query).await.map(|(count,)| count)
}

/// Returns every insight that matches, on whatever page. Fails with the 400 if there are more than `max`.
pub(crate) async fn matching(
    app: &App,
    org_id: OrgId,
    filter: &InsightFilter,
    max: usize,
) -> Result<Vec<InsightId>> {
    let ids: Vec<InsightId> = if filter.sessions == SessionConditions::default() {
        let mut query = sql("select i.id");
        push_matching(&mut query, org_id, filter);
        query.push(" limit ").push_bind(db::count(max) + 1);
        let ids: Vec<(InsightId,)> = app.db.long(org_id).fetch_all(query).await?;
        ids.into_iter().map(|(id,)| id).collect()
    } else {
        counted(app, org_id, filter).await?
    };
    if ids.len() > max {
        return Err(Error::Invalid(format!("filter: matches more than {max} insights")));
    }
    Ok(ids)
}

/// Adds from where insights `i` come, and which of them match by their kept counts.
fn push_matching(query: &mut Sql, org_id: OrgId, filter: &InsightFilter) {
    query.push(&format!(" from insights i where {SHOWN} and i.org_id = ")).push_bind(org_id);
    push_insight_conditions(query, org_id, &filter.insights, "i.occurrence_count");
}
