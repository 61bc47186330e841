//! The queries of the list: an [`InsightFilter`] as SQL.

use super::response::{self, InsightCounts, PublicInsight};
use crate::categories::folded_name;
use crate::custom_data::{self, CustomData};
use crate::db::{self, Db, Sql, like_pattern, sql};
use crate::error::{Error, Result};
use crate::ids::{InsightId, OrgId};
use crate::insights::filter::{InsightConditions, InsightFilter, SessionConditions, TeamFilter};
use crate::insights::insight::{InsightStatus, SHOWN};
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
    let mut query =
        sql("select id, occurrence_count, first_seen_at, last_seen_at, count(*) over () as total from (");
    push_counts(&mut query, org_id, filter);
    let InsightFilter { sort, order, page, .. } = *filter;
    query.push(&format!(") s order by {sort} {order}, created_at desc, id limit "));
    query.push_bind(PAGE_SIZE).push(" offset ").push_bind((page - 1).saturating_mul(PAGE_SIZE));
    let rows: Vec<CountedRow> = db.fetch_all(query).await?;
    let total = match rows.first() {
        Some(row) => row.total,
        None if page == 1 => 0,
        None => {
            let mut query = sql("select count(*) from (");
            push_counts(&mut query, org_id, filter);
            query.push(") s");
            db.fetch_one::<(i64,)>(query).await?.0
        }
    };
    let counts: Vec<InsightCounts> = rows.into_iter().map(|row| row.counts).collect();
    Ok(ListInsightsOutput {
        data: response::load(db, org_id, &counts).await?,
        page,
        total,
        total_pages: (total + PAGE_SIZE - 1) / PAGE_SIZE,
    })
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
fn push_counts(query: &mut Sql, org_id: OrgId, filter: &InsightFilter) {
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
            select insight_id, count(*) as occurrence_count, min(session_created_at) as first_seen_at,
                max(session_created_at) as last_seen_at
            from ",
    );
    push_owners(query, org_id, sessions);
    query.push("occurrences where org_id = ").push_bind(org_id);
    push_session_conditions(query, sessions);
    query.push(" group by insight_id) o join insights i on i.id = o.insight_id and i.org_id = ");
    query.push_bind(org_id).push(" where i.retired_at is null");
    push_insight_conditions(query, org_id, insights, "o.occurrence_count");
}

/// Adds the ids of the sessions behind an insight that match.
pub(super) fn push_sessions(query: &mut Sql, org_id: OrgId, id: InsightId, sessions: &SessionConditions) {
    query.push("select session_id from ");
    push_owners(query, org_id, sessions);
    query.push("occurrences where insight_id = ").push_bind(id).push(" and org_id = ").push_bind(org_id);
    push_session_conditions(query, sessions);
}

/// Adds the owners of the custom data that is asked for. They come first: SQLite then looks up their occurrences, and
/// need not keep their list.
fn push_owners(query: &mut Sql, org_id: OrgId, sessions: &SessionConditions) {
    for (owners, alternatives) in custom_data(sessions) {
        owners.push_owners(query, org_id, alternatives);
        query.push(&format!(" {} cross join ", owners.table));
    }
}

fn push_session_conditions(query: &mut Sql, sessions: &SessionConditions) {
    if let Some(language) = sessions.language {
        query.push(" and language = ").push_bind(language);
    }
    if let Some(sentiment) = sessions.sentiment {
        query.push(" and sentiment = ").push_bind(sentiment);
    }
    if let Some(channel) = sessions.channel {
        query.push(" and channel = ").push_bind(channel);
    }
    // `+ 0` keeps SQLite from seeking the date within each insight by itself, which costs ten times a scan
    if let Some(from) = sessions.from {
        query.push(" and session_created_at + 0 >= ").push_bind(from);
    }
    if let Some(to) = sessions.to {
        query.push(" and session_created_at + 0 <= ").push_bind(to);
    }
    if let Some(status) = sessions.status {
        query.push(" and status = ").push_bind(status);
    }
    if let Some(contact_id) = sessions.contact_id {
        query.push(" and contact_id = ").push_bind(contact_id);
    }
    for (owners, _) in custom_data(sessions) {
        query.push(&format!(" and {0} = {1}.owner", owners.owner, owners.table));
    }
}

/// Returns the conditions on custom data, each with the table that answers it.
fn custom_data(sessions: &SessionConditions) -> impl Iterator<Item = (custom_data::Index, &[CustomData])> {
    let of_sessions = (custom_data::SESSIONS, sessions.session_data.as_slice());
    let of_contacts = (custom_data::CONTACTS, sessions.contact_data.as_slice());
    [of_sessions, of_contacts].into_iter().filter(|(_, alternatives)| !alternatives.is_empty())
}

fn push_insight_conditions(query: &mut Sql, org_id: OrgId, conditions: &InsightConditions, count: &str) {
    match conditions.status.unwrap_or(InsightStatus::All) {
        InsightStatus::All => {}
        InsightStatus::Unresolved => {
            query.push(" and i.resolved_at is null and i.archived_at is null");
        }
        InsightStatus::Resolved => {
            query.push(" and i.resolved_at is not null and i.archived_at is null");
        }
        InsightStatus::Archived => {
            query.push(" and i.archived_at is not null");
        }
    }
    if let Some(category) = &conditions.category {
        query.push(" and i.category_id in (select id from categories where org_id = ").push_bind(org_id);
        query.push(" and name_folded = ").push_bind(folded_name(category)).push(")");
    }
    if let Some(sentiment) = conditions.sentiment {
        query.push(" and i.sentiment = ").push_bind(sentiment);
    }
    if let Some(least) = conditions.sessions_min {
        query.push(" and ").push(count).push(" >= ").push_bind(least);
    }
    if let Some(text) = &conditions.search {
        query.push(" and i.content_folded like ").push_bind(like_pattern(text)).push(" escape '\\'");
    }
    match conditions.team {
        None => {}
        Some(TeamFilter::None) => {
            query.push(" and i.team_id is null");
        }
        Some(TeamFilter::Team(id)) => {
            query.push(" and i.team_id = ").push_bind(id);
        }
    }
    if let Some(number) = conditions.number {
        query.push(" and i.insight_number = ").push_bind(number);
    }
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
