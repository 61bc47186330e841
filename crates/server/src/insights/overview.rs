//! `GET /overview`: what moved lately, with as few false alarms as archived insights have.

use super::archive::Usual;
use super::{days, store};
use crate::app::App;
use crate::db::{Tx, sql};
use crate::error::Result;
use crate::escalation::{
    ArchiveRecord, Archiving, Seen, Since, WINDOW_DAYS, chance_of_at_most, replay, threshold_for,
};
use crate::http::{Api, Caller};
use crate::ids::{InsightId, OrgId};
use crate::keys::{Resource, Scope};
use crate::openapi::Operation;
use crate::orgs::OrgTx;
use crate::time::{Calendar, DAY, Timestamp};
use crate::wire::{Nullable, SafeInt};
use axum::Json;
use axum::extract::State;
use axum::http::Method;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

/// The last days, which are compared with those before.
const RECENT_DAYS: i64 = 14;
/// False risers a week to allow for, and the chance of a false faller or silence among all that are looked at.
const FALSE_RISERS_WEEK: f64 = 1.0;
const FALSE_FALLERS: f64 = 0.05;
/// Insights in a list.
const LISTED_MAX: usize = 50;
/// Unresolved insights that are looked at, the most frequent first.
const LOOKED_AT_MAX: i64 = 10_000;

pub(super) fn routes() -> Api {
    Api::new().route(
        Operation::new(Method::GET, "/overview", "getOverview")
            .about(
                "Customer Insights",
                "Get what moved lately: risers, fallers, new, back, regressed, silent sources",
            )
            .scope(Scope::read(Resource::Insights))
            .returns::<Overview>(),
        overview,
    )
}

/// What moved in the last 14 days, today included. Each list has its 50 first at most.
#[derive(Debug, Serialize, JsonSchema)]
struct Overview {
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
    risers: Vec<Mover>,
    /// Unresolved insights that are said less than usual, the least likely first: with a chance of 95 % none is here by chance.
    fallers: Vec<Mover>,
    /// Insights that nobody spoke of before, newest first.
    new: Vec<Happened>,
    /// Archived insights that came back, newest first.
    back: Vec<Happened>,
    /// Resolved insights that were seen again, newest first.
    regressed: Vec<Happened>,
    /// Channels that used to bring sessions, and are silent.
    silent_sources: Vec<Silent>,
    /// Days on which so many archived insights were to come back at once that none did.
    surges: Vec<String>,
}

/// An insight that is said more or less than usual.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct Mover {
    id: InsightId,
    #[schemars(with = "SafeInt")]
    insight_number: i64,
    content: String,
    /// Contacts a day, summed over the days.
    #[schemars(with = "SafeInt")]
    seen: u32,
    /// As many as a quiet time would have brought.
    usual: f64,
    /// Of a riser: the day from which on it could be told.
    since: Nullable<String>,
}

/// An insight to which something happened.
#[derive(Debug, Serialize, JsonSchema, sqlx::FromRow)]
#[schemars(inline)]
struct Happened {
    id: InsightId,
    #[schemars(with = "SafeInt")]
    insight_number: i64,
    content: String,
    at: Timestamp,
    #[schemars(with = "SafeInt")]
    occurrence_count: i64,
}

/// A channel that is silent.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct Silent {
    channel: String,
    last_session_at: Timestamp,
    /// Sessions that it would have brought since.
    expected: f64,
}

async fn overview(State(app): State<App>, caller: Caller) -> Result<Json<Overview>> {
    let (org_id, now) = (caller.org_id, app.clock.now());
    let mut tx = app.db.snapshot().await?;
    let today = app.calendar.day(now);
    let since = app.calendar.start(today + 1 - RECENT_DAYS);
    let counts = sql("
        select count(case when resolved_at is null and archived_at is null then 1 end),
            count(case when resolved_at is not null and archived_at is null then 1 end), count(archived_at)
        from insights where org_id = $1 and retired_at is null and occurrence_count > 0
    ");
    let (unresolved, resolved, archived) = tx.fetch_one(counts.bind(org_id)).await?;
    let (risers, fallers) = movers(&app, &mut tx, org_id, today).await?;
    let surges = days::surges(&mut tx, org_id).await?.into_iter();
    Ok(Json(Overview {
        as_of: now,
        time_zone: app.calendar.name().to_owned(),
        unresolved,
        resolved,
        archived,
        risers,
        fallers,
        new: fresh(&mut tx, org_id, since).await?,
        back: happened(&mut tx, org_id, "resurfaced", since).await?,
        regressed: happened(&mut tx, org_id, "regressed", since).await?,
        silent_sources: silent(&mut tx, org_id, now).await?,
        surges: surges
            .filter(|day| *day > today - RECENT_DAYS)
            .map(|day| Calendar::date(day).to_string())
            .collect(),
    }))
}

/// Unresolved insights that nobody spoke of before.
async fn fresh(tx: &mut Tx, org_id: OrgId, since: Timestamp) -> Result<Vec<Happened>> {
    let query = sql("
        select id, insight_number, content, first_seen_at as at, occurrence_count from insights
        where org_id = $1 and first_seen_at >= $2 and resolved_at is null and archived_at is null
            and retired_at is null and occurrence_count > 0
        order by first_seen_at desc, occurrence_count desc, id limit $3
    ");
    tx.fetch_all(query.bind(org_id).bind(since).bind(LISTED_MAX as i64)).await
}

/// Unresolved insights to which something happened last since then.
async fn happened(tx: &mut Tx, org_id: OrgId, kind: &str, since: Timestamp) -> Result<Vec<Happened>> {
    let query = sql("
        select i.id, i.insight_number, i.content, e.at, i.occurrence_count
        from (
            select insight_id, max(created_at) as at from insight_events
            where org_id = $1 and kind = $2 and created_at >= $3 group by insight_id
        ) e
        join insights i on i.org_id = $1 and i.id = e.insight_id
        where i.resolved_at is null and i.archived_at is null and i.retired_at is null and i.occurrence_count > 0
        order by e.at desc, i.occurrence_count desc, i.id limit $4
    ");
    tx.fetch_all(query.bind(org_id).bind(kind).bind(since).bind(LISTED_MAX as i64)).await
}

/// An insight that is looked at.
#[derive(sqlx::FromRow)]
struct Candidate {
    id: InsightId,
    insight_number: i64,
    content: String,
    first_seen_at: Timestamp,
}

/// Notes which unresolved insights escalate, of those where it was not noted lately.
pub(super) async fn note_escalating(app: &App, tx: &mut OrgTx) -> Result<()> {
    let (org_id, today) = (tx.org_id, app.calendar.day(tx.now));
    let (risers, _) = movers(app, tx, org_id, today).await?;
    let since = app.calendar.start(today + 1 - RECENT_DAYS);
    for riser in risers {
        let query = sql("
            select count(*) from insight_events
            where org_id = $1 and insight_id = $2 and kind = 'escalating' and created_at >= $3
        ");
        let query = query.bind(org_id).bind(riser.id).bind(since);
        let (noted,): (i64,) = tx.fetch_one(query).await?;
        if noted == 0 {
            let detail = json!({"seen": riser.seen, "usual": riser.usual, "since": riser.since});
            store::insert_event(tx, riser.id, "escalating", None, Some(detail)).await?;
        }
    }
    Ok(())
}

/// Unresolved insights that rise, and those that fall: each is taken as if it had been archived 14 days ago.
async fn movers(app: &App, tx: &mut Tx, org_id: OrgId, today: i64) -> Result<(Vec<Mover>, Vec<Mover>)> {
    let day = today - RECENT_DAYS;
    let query = sql("
        select id, insight_number, content, first_seen_at from insights
        where org_id = $1 and retired_at is null and occurrence_count > 0 and resolved_at is null
            and archived_at is null
        order by occurrence_count desc, insight_number limit $2
    ");
    let candidates: Vec<Candidate> = tx.fetch_all(query.bind(org_id).bind(LOOKED_AT_MAX)).await?;
    let ids: Vec<InsightId> = candidates.iter().map(|candidate| candidate.id).collect();
    let from = day - WINDOW_DAYS;
    let usual = Usual::before(app, tx, org_id, day, today).await?;
    let seen = days::seen(tx, org_id, &app.calendar, &ids, from).await?;
    let left_out = days::surges(tx, org_id).await?;
    let threshold =
        threshold_for(FALSE_RISERS_WEEK, candidates.len()).max(app.config.escalation.sensitivity.threshold());
    let (mut risers, mut fallers) = (Vec::new(), Vec::new());
    for candidate in candidates {
        let seen: &[Seen] = seen.get(&candidate.id).map_or(&[], Vec::as_slice);
        let record = ArchiveRecord::new(&Archiving {
            day,
            first_seen_on: app.calendar.day(candidate.first_seen_at),
            seen,
            sessions: usual.sessions(),
            norms: usual.norms(),
            basis: app.config.escalation.basis,
            threshold,
        });
        let since = Since { seen, sessions: usual.sessions(), left_out: &left_out, today };
        let standing = replay(&record, &since);
        let means: Vec<f64> = standing.days.iter().map(|day| day.expected).collect();
        let units: u32 = standing.days.iter().map(|day| day.units).sum();
        let evidence = standing.days.last().map_or(0.0, |day| day.m);
        let mover = |since: Option<i64>| Mover {
            id: candidate.id,
            insight_number: candidate.insight_number,
            content: candidate.content.clone(),
            seen: units,
            usual: means.iter().sum(),
            since: since.map(|day| Calendar::date(day).to_string()).into(),
        };
        // what rose and fell again is no riser
        if let Some(alarm) = standing.alarm.filter(|_| evidence >= threshold) {
            risers.push((evidence, mover(Some(alarm.day))));
        } else if record.window_days == WINDOW_DAYS {
            let lower = means.iter().map(|mean| mean * record.mean_over_rate()).collect::<Vec<_>>();
            let chance = chance_of_at_most(units, &lower, record.dispersion);
            if chance * (ids.len() as f64) < FALSE_FALLERS {
                fallers.push((-chance, mover(None)));
            }
        }
    }
    Ok((first(risers), first(fallers)))
}

/// Those that weigh most.
fn first(mut movers: Vec<(f64, Mover)>) -> Vec<Mover> {
    movers.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.insight_number.cmp(&b.1.insight_number)));
    movers.into_iter().take(LISTED_MAX).map(|(_, mover)| mover).collect()
}

/// Channels that brought no session for so long that chance alone would hardly ever do it.
async fn silent(tx: &mut Tx, org_id: OrgId, now: Timestamp) -> Result<Vec<Silent>> {
    let since = now.plus(-WINDOW_DAYS * DAY);
    let query = sql("
        select channel, count(*), min(created_at), max(created_at) from sessions
        where org_id = $1 and created_at >= $2 and created_at <= $3 group by channel order by channel
    ");
    type Row = (String, i64, Timestamp, Timestamp);
    let rows: Vec<Row> = tx.fetch_all(query.bind(org_id).bind(since).bind(now)).await?;
    let least = -(FALSE_FALLERS / rows.len().max(1) as f64).ln();
    let silent = rows.into_iter().filter_map(|(channel, sessions, first, last)| {
        let days = |micros: i64| micros as f64 / DAY as f64;
        let spoke = days(last.micros() - first.micros());
        // a week has quiet days: two weeks of speaking, and two days of silence at least
        let silence = days(now.micros() - last.micros());
        let expected = sessions as f64 / spoke.max(1.0) * silence;
        let is_silent = spoke >= 14.0 && silence >= 2.0 && expected >= least.max(3.0);
        is_silent.then_some(Silent { channel, last_session_at: last, expected })
    });
    Ok(silent.collect())
}
