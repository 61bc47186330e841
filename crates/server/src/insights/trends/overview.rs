//! `GET /overview`: insights that moved lately, with as few false alarms as archived insights have.

use crate::app::App;
use crate::db::{self, Tx, sql};
use crate::error::Result;
use crate::escalation::WINDOW_DAYS;
use crate::http::{Api, Caller};
use crate::ids::{InsightId, OrgId};
use crate::insights::index::{Index, Word, began, counting, filter};
use crate::insights::insight::{InsightEventKind, SHOWN, UNRESOLVED};
use crate::insights::lifecycle::daily_counts;
use crate::insights::lifecycle::movers::{self, FALSE_FALLERS, LISTED_MAX, Mover, RECENT_DAYS};
use crate::keys::{Resource, Scope};
use crate::openapi::Operation;
use crate::time::{Calendar, DAY, Timestamp};
use crate::wire::SafeInt;
use axum::Json;
use axum::extract::State;
use axum::http::Method;
use refrain_index::{Facet, Filter};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

pub(crate) fn routes() -> Api {
    Api::new().route(
        Operation::new(Method::GET, "/overview", "getOverview")
            .summary("Get what moved lately: risers, fallers, new, back, regressed, silent sources")
            .scope(Scope::read(Resource::Insights))
            .revalidates()
            .quotes()
            .returns::<Overview>(),
        overview,
    )
}

/// What moved in the last 14 days, today included. Each list has its 50 first at most.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Overview {
    as_of: Timestamp,
    /// The time zone of the days.
    time_zone: String,
    #[schemars(with = "SafeInt")]
    unresolved: i64,
    #[schemars(with = "SafeInt")]
    resolved: i64,
    #[schemars(with = "SafeInt")]
    archived: i64,
    /// Unresolved insights that escalate, most evidence first: of all of them, one a week is here by chance at most.
    pub(crate) risers: Vec<Mover>,
    /// Unresolved insights that are said less than usual, the least likely first: with a chance of 95 % none is here by chance.
    fallers: Vec<Mover>,
    /// Insights that nobody spoke of before, newest first.
    pub(crate) new: Vec<Happened>,
    /// Archived insights that came back, newest first.
    pub(crate) back: Vec<Happened>,
    /// Resolved insights that were seen again, newest first.
    pub(crate) regressed: Vec<Happened>,
    /// Channels that used to bring sessions, and are silent.
    pub(crate) silent_sources: Vec<Silent>,
    /// Days on which so many archived insights were to come back at once that none did.
    surges: Vec<String>,
}

/// An insight to which something happened.
#[derive(Debug, Serialize, JsonSchema, crate::db::Record)]
#[schemars(inline)]
pub(crate) struct Happened {
    id: InsightId,
    #[schemars(with = "SafeInt")]
    pub(crate) insight_number: i64,
    pub(crate) content: String,
    pub(crate) at: Timestamp,
    #[schemars(with = "SafeInt")]
    pub(crate) occurrence_count: i64,
}

/// A channel that is silent.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub(crate) struct Silent {
    pub(crate) channel: String,
    pub(crate) last_session_at: Timestamp,
    /// Sessions that it would have brought since.
    expected: f64,
}

async fn overview(State(app): State<App>, caller: Caller) -> Result<Json<Overview>> {
    load(&app, caller.org_id).await.map(Json)
}

/// Tells what moved lately.
pub(crate) async fn load(app: &App, org_id: OrgId) -> Result<Overview> {
    let now = app.clock.now();
    let (mut tx, index) = app.indexes.snapshot(&app.db, org_id).await?;
    let settings = app.settings(&mut tx, org_id).await?;
    let today = settings.calendar.day(now);
    let since = settings.calendar.start(today + 1 - RECENT_DAYS);
    let counts = sql(&format!(
        "select count(case when resolved_at is null and archived_at is null then 1 end),
            count(case when resolved_at is not null and archived_at is null then 1 end), count(archived_at)
        from insights where org_id = $1 and {SHOWN}"
    ));
    let (unresolved, resolved, archived) = tx.fetch_one(counts.bind(org_id)).await?;
    let (risers, fallers) = movers::movers(&settings, &mut tx, org_id, today, Some(&index)).await?;
    let surges = daily_counts::surges(&mut tx, org_id).await?.into_iter();
    Ok(Overview {
        as_of: now,
        time_zone: settings.calendar.name().to_owned(),
        unresolved,
        resolved,
        archived,
        risers,
        fallers,
        new: fresh(&mut tx, org_id, since).await?,
        back: happened(&mut tx, org_id, InsightEventKind::Resurfaced, since).await?,
        regressed: happened(&mut tx, org_id, InsightEventKind::Regressed, since).await?,
        silent_sources: counting(move || silent(&index, now)).await?,
        surges: surges
            .filter(|day| *day > today - RECENT_DAYS)
            .map(|day| Calendar::date(day).to_string())
            .collect(),
    })
}

/// Lists unresolved insights that were first seen since then, newest first.
async fn fresh(tx: &mut Tx, org_id: OrgId, since: Timestamp) -> Result<Vec<Happened>> {
    let query = sql(&format!(
        "select id, insight_number, content, first_seen_at as at, occurrence_count from insights
        where org_id = $1 and first_seen_at >= $2 and {UNRESOLVED}
        order by first_seen_at desc, occurrence_count desc, id limit $3"
    ));
    tx.fetch_all(query.bind(org_id).bind(since).bind(db::count(LISTED_MAX))).await
}

/// Lists unresolved insights that had an event of this kind since then, the latest first.
async fn happened(
    tx: &mut Tx,
    org_id: OrgId,
    kind: InsightEventKind,
    since: Timestamp,
) -> Result<Vec<Happened>> {
    let query = sql(&format!(
        "select i.id, i.insight_number, i.content, e.at, i.occurrence_count
        from (
            select insight_id, max(created_at) as at from insight_events
            where org_id = $1 and kind = $2 and created_at >= $3 group by insight_id
        ) e
        join insights i on i.org_id = $1 and i.id = e.insight_id
        where {UNRESOLVED} order by e.at desc, i.occurrence_count desc, i.id limit $4"
    ));
    tx.fetch_all(query.bind(org_id).bind(kind).bind(since).bind(db::count(LISTED_MAX))).await
}

/// Lists channels that brought no session for so long that chance hardly explains it.
fn silent(index: &Index, now: Timestamp) -> Vec<Silent> {
    let since = now.plus(-WINDOW_DAYS * DAY);
    let mut by_channel: BTreeMap<&str, (i64, Timestamp, Timestamp)> = BTreeMap::new();
    let recent = index.slice(&Filter::all_of(filter::began(Some(since), Some(now))));
    for at in recent.places() {
        let began = began(index, at);
        let channel = index.word(index.word_of(at, Word::Facet(Facet::Channel))).unwrap_or_default();
        let (sessions, first, last) = by_channel.entry(channel).or_insert((0, began, began));
        *sessions += 1;
        (*first, *last) = (began.min(*first), began.max(*last));
    }
    let least = -(FALSE_FALLERS / by_channel.len().max(1) as f64).ln();
    let silent = by_channel.into_iter().filter_map(|(channel, (sessions, first, last))| {
        let days = |micros: i64| micros as f64 / DAY as f64;
        let spoke = days(last.micros() - first.micros());
        // a week has quiet days, so at least two weeks of sessions and two days of silence are required
        let silence = days(now.micros() - last.micros());
        let expected = sessions as f64 / spoke.max(1.0) * silence;
        let is_silent = spoke >= 14.0 && silence >= 2.0 && expected >= least.max(3.0);
        is_silent.then(|| Silent { channel: channel.to_owned(), last_session_at: last, expected })
    });
    silent.collect()
}
