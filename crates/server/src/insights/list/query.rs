//! Which insights, and over which sessions they are counted: the one query behind `POST /insights` and
//! `refrain insights`.

use super::response::{self, PublicInsight, Seen};
use crate::categories::folded_name;
use crate::custom_data::{self, Alternatives, CustomData};
use crate::db::like_pattern;
use crate::db::{Db, Sql, sql};
use crate::error::{Error, Result};
use crate::ids::{ContactId, InsightId, OrgId, TeamId};
use crate::sessions::{Channel, KnownLanguage, Sentiment, SessionStatus};
use crate::wire::{Date, Nullable, Positive, SafeInt, SortOrder, string_enum};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// Insights on a page.
const PAGE_SIZE: i64 = 20;

string_enum! {
    /// Where an insight is in its life. Archived wins over resolved.
    InsightStatus {
        /// Anywhere.
        All = "all",
        /// Neither resolved nor archived.
        Unresolved = "unresolved",
        /// Resolved and not archived.
        Resolved = "resolved",
        /// Archived.
        Archived = "archived",
    }
}

string_enum! {
    /// What insights are ordered by.
    InsightSort {
        /// How many sessions show it.
        OccurrenceCount = "occurrence_count",
        /// When it was last seen.
        LastSeenAt = "last_seen_at",
        /// When it was first seen.
        FirstSeenAt = "first_seen_at",
        /// When it became an insight.
        CreatedAt = "created_at",
    }
}

/// Which team's insights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TeamFilter {
    /// Those of no team; written `none`.
    None,
    /// Those of this team.
    Team(TeamId),
}

impl std::str::FromStr for TeamFilter {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "none" => Ok(Self::None),
            id => id.parse().map(Self::Team).or(Err("expected a team's id or none")),
        }
    }
}

impl<'de> Deserialize<'de> for TeamFilter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <Cow<'de, str>>::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl JsonSchema for TeamFilter {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "TeamFilter".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({"anyOf": [generator.subschema_for::<TeamId>(), {"const": "none"}]})
    }
}

/// What to list. Null and absence ask for nothing, or the default.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct ListInsightsInput {
    /// Filter by category name
    pub category: Nullable<String>,
    /// Filter by status; all by default
    pub status: Nullable<InsightStatus>,
    /// Filter by sentiment
    pub sentiment: Nullable<Sentiment>,
    /// What to order by; occurrence_count by default
    pub sort_by: Nullable<InsightSort>,
    /// Which way; desc by default
    pub sort_order: Nullable<SortOrder>,
    /// Minimum occurrence count
    pub min_sessions: Nullable<Positive>,
    /// Search in insight content
    pub search: Nullable<String>,
    /// Filter by specific team ID or none for unassigned insights
    pub team_id: Nullable<TeamFilter>,
    /// Filter by insight number
    pub insight_number: Nullable<Positive>,
    /// Filter by session language
    pub session_language: Nullable<KnownLanguage>,
    /// Filter by session sentiment
    pub ticket_sentiment: Nullable<Sentiment>,
    /// Filter by session channel
    pub channel: Nullable<Channel>,
    /// Filter sessions created from this date (ISO 8601)
    pub session_from_date: Nullable<Date>,
    /// Filter sessions created to this date (ISO 8601)
    pub session_to_date: Nullable<Date>,
    /// Filter by session status
    pub session_status: Nullable<SessionStatus>,
    /// Filter by session contact ID
    pub session_contact_id: Nullable<ContactId>,
    /// Custom data of sessions: one of the objects, all pairs of it
    pub ticket_custom_data: Nullable<Alternatives>,
    /// Custom data of contacts: one of the objects, all pairs of it
    pub contact_custom_data: Nullable<Alternatives>,
    /// The page, from 1
    pub page: InsightPage,
}

/// The number of a page, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct InsightPage(pub Positive);

impl Default for InsightPage {
    fn default() -> Self {
        Self(Positive(1))
    }
}

impl JsonSchema for InsightPage {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "InsightPage".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = Positive::<9_007_199_254_740_991>::json_schema(generator);
        schema.insert("default".into(), 1.into());
        schema
    }
}

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

/// Lists insights. With a session filter each is counted and ordered over the sessions that match, and
/// those without one are left out.
pub async fn list(db: &Db, org_id: OrgId, input: &ListInsightsInput) -> Result<ListInsightsOutput> {
    let page = input.page.0.0;
    let mut query =
        sql("select id, occurrence_count, first_seen_at, last_seen_at, count(*) over () as total from (");
    input.push_seen(&mut query, org_id);
    let sort_by = input.sort_by.0.unwrap_or(InsightSort::OccurrenceCount);
    let sort_order = input.sort_order.0.unwrap_or(SortOrder::Desc);
    query.push(&format!(") s order by {sort_by} {sort_order}, created_at desc, id limit "));
    query.push_bind(PAGE_SIZE).push(" offset ").push_bind((page - 1).saturating_mul(PAGE_SIZE));
    let rows: Vec<Counted> = db.fetch_all(query).await?;
    let total = match rows.first() {
        Some(row) => row.total,
        None if page == 1 => 0,
        None => {
            let mut query = sql("select count(*) from (");
            input.push_seen(&mut query, org_id);
            query.push(") s");
            db.fetch_one::<(i64,)>(query).await?.0
        }
    };
    let seen: Vec<Seen> = rows.into_iter().map(|row| row.seen).collect();
    Ok(ListInsightsOutput {
        data: response::load(db, org_id, &seen).await?,
        page,
        total,
        total_pages: (total + PAGE_SIZE - 1) / PAGE_SIZE,
    })
}

/// Every insight that matches, on whatever page; an error if there are more than `max`.
pub(crate) async fn matching(
    db: &Db,
    org_id: OrgId,
    input: &ListInsightsInput,
    max: usize,
) -> Result<Vec<InsightId>> {
    let mut query = sql("select id from (");
    input.push_seen(&mut query, org_id);
    query.push(") s limit ").push_bind(max as i64 + 1);
    let ids: Vec<(InsightId,)> = db.fetch_all(query).await?;
    if ids.len() > max {
        return Err(Error::Invalid(format!("filter: matches more than {max} insights")));
    }
    Ok(ids.into_iter().map(|(id,)| id).collect())
}

#[derive(sqlx::FromRow)]
struct Counted {
    #[sqlx(flatten)]
    seen: Seen,
    total: i64,
}

impl ListInsightsInput {
    /// Adds the rows that match: id, counts, times and `created_at`.
    fn push_seen(&self, query: &mut Sql, org_id: OrgId) {
        if self.has_session_filter() {
            query.push(
                "
                select i.id, o.occurrence_count, o.first_seen_at, o.last_seen_at, i.created_at
                from (
                    select insight_id, count(*) as occurrence_count, min(session_created_at) as first_seen_at,
                        max(session_created_at) as last_seen_at
                    from ",
            );
            // those who match first: SQLite then looks up their occurrences, and need not keep their list
            for (owners, alternatives) in self.custom_data() {
                owners.push_owners(query, org_id, alternatives);
                query.push(&format!(" {} cross join ", owners.table));
            }
            query.push("occurrences where org_id = ").push_bind(org_id);
            self.push_session_conditions(query);
            query.push(" group by insight_id) o join insights i on i.id = o.insight_id and i.org_id = ");
            query.push_bind(org_id).push(" where i.retired_at is null");
            self.push_insight_conditions(query, org_id, "o.occurrence_count");
        } else {
            query.push(
                "
                select i.id, i.occurrence_count, i.first_seen_at, i.last_seen_at, i.created_at
                from insights i where i.retired_at is null and i.occurrence_count > 0 and i.org_id = ",
            );
            query.push_bind(org_id);
            self.push_insight_conditions(query, org_id, "i.occurrence_count");
        }
    }

    /// Adds the ids of the sessions behind an insight that match.
    pub(crate) fn push_sessions(&self, query: &mut Sql, org_id: OrgId, id: InsightId) {
        query.push("select session_id from ");
        for (owners, alternatives) in self.custom_data() {
            owners.push_owners(query, org_id, alternatives);
            query.push(&format!(" {} cross join ", owners.table));
        }
        query.push("occurrences where insight_id = ").push_bind(id).push(" and org_id = ").push_bind(org_id);
        self.push_session_conditions(query);
    }

    pub(crate) fn has_session_filter(&self) -> bool {
        self.session_language.0.is_some()
            || self.ticket_sentiment.0.is_some()
            || self.channel.0.is_some()
            || self.session_from_date.0.is_some()
            || self.session_to_date.0.is_some()
            || self.session_status.0.is_some()
            || self.session_contact_id.0.is_some()
            || self.custom_data().next().is_some()
    }

    fn push_session_conditions(&self, query: &mut Sql) {
        if let Some(language) = self.session_language.0 {
            query.push(" and language = ").push_bind(language);
        }
        if let Some(sentiment) = self.ticket_sentiment.0 {
            query.push(" and sentiment = ").push_bind(sentiment);
        }
        if let Some(channel) = self.channel.0 {
            query.push(" and channel = ").push_bind(channel);
        }
        // `+ 0` keeps SQLite from seeking the date within each insight by itself, which costs ten times a scan
        if let Some(from) = self.session_from_date.0 {
            query.push(" and session_created_at + 0 >= ").push_bind(from.start);
        }
        if let Some(to) = self.session_to_date.0 {
            query.push(" and session_created_at + 0 <= ").push_bind(to.end);
        }
        if let Some(status) = self.session_status.0 {
            query.push(" and status = ").push_bind(status);
        }
        if let Some(contact_id) = self.session_contact_id.0 {
            query.push(" and contact_id = ").push_bind(contact_id);
        }
        for (owners, _) in self.custom_data() {
            query.push(&format!(" and {0} = {1}.owner", owners.owner, owners.table));
        }
    }

    /// What is asked of custom data.
    fn custom_data(&self) -> impl Iterator<Item = (custom_data::Index, &[CustomData])> {
        let sessions = self.ticket_custom_data.0.as_ref().and_then(Alternatives::asking);
        let contacts = self.contact_custom_data.0.as_ref().and_then(Alternatives::asking);
        let sessions = sessions.map(|alternatives| (custom_data::SESSIONS, alternatives));
        sessions.into_iter().chain(contacts.map(|alternatives| (custom_data::CONTACTS, alternatives)))
    }

    fn push_insight_conditions(&self, query: &mut Sql, org_id: OrgId, count: &str) {
        match self.status.0.unwrap_or(InsightStatus::All) {
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
        if let Some(category) = &self.category.0 {
            query.push(" and i.category_id in (select id from categories where org_id = ").push_bind(org_id);
            query.push(" and name_folded = ").push_bind(folded_name(category)).push(")");
        }
        if let Some(sentiment) = self.sentiment.0 {
            query.push(" and i.sentiment = ").push_bind(sentiment);
        }
        if let Some(least) = self.min_sessions.0 {
            query.push(" and ").push(count).push(" >= ").push_bind(least.0);
        }
        if let Some(text) = &self.search.0 {
            query.push(" and i.content_folded like ").push_bind(like_pattern(text)).push(" escape '\\'");
        }
        match self.team_id.0 {
            None => {}
            Some(TeamFilter::None) => {
                query.push(" and i.team_id is null");
            }
            Some(TeamFilter::Team(id)) => {
                query.push(" and i.team_id = ").push_bind(id);
            }
        }
        if let Some(number) = self.insight_number.0 {
            query.push(" and i.insight_number = ").push_bind(number.0);
        }
    }
}

/// How many sessions behind an insight match.
pub(crate) async fn count_sessions(
    db: &Db,
    org_id: OrgId,
    id: InsightId,
    input: &ListInsightsInput,
) -> Result<i64> {
    let mut query = sql("select count(*) from (");
    input.push_sessions(&mut query, org_id, id);
    query.push(") s");
    db.fetch_one::<(i64,)>(query).await.map(|(count,)| count)
}

/// How often one insight was seen, over all sessions.
pub(crate) async fn seen(db: &Db, org_id: OrgId, id: InsightId) -> Result<Option<Seen>> {
    let query = sql("
        select id, occurrence_count, first_seen_at, last_seen_at from insights
        where org_id = $1 and id = $2 and retired_at is null and occurrence_count > 0
    ");
    db.fetch_optional(query.bind(org_id).bind(id)).await
}
