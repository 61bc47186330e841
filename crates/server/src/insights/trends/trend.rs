//! The trend of an insight: sessions and contacts by day or week, with the expected contacts while it is archived.

use super::weeks;
use crate::app::App;
use crate::db::{self, sql};
use crate::error::{Error, Result};
use crate::escalation::{Standing, band};
use crate::http::{Api, ApiJson, ApiPath, ApiQuery, Caller};
use crate::ids::InsightId;
use crate::insights::insight::{self, PERSON};
use crate::insights::lifecycle::archive::from_json;
use crate::insights::lifecycle::daily_counts;
use crate::insights::lifecycle::traffic::Traffic;
use crate::keys::{Resource, Scope};
use crate::openapi::Operation;
use crate::settings::Settings;
use crate::time::{Calendar, Timestamp};
use crate::wire::{Date, Maybe, NonEmptyVec, Nullable, SafeInt, string_enum};
use anyhow::Context;
use axum::Json;
use axum::extract::State;
use axum::http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use uuid::Uuid;

/// The most points of a trend.
const POINTS_MAX: i64 = 400;
/// The points of a trend if no dates are given.
const POINTS_USUAL: i64 = 56;
/// The most insights whose sparklines are returned at a time.
const SPARKLINES_MAX: usize = 100;

pub(crate) fn routes() -> Api {
    let read = Scope::read(Resource::Insights);
    Api::new()
        .route(
            Operation::new(Method::GET, "/insights/{id}/trend", "getInsightTrend")
                .summary("Get sessions and contacts of an insight by day or week")
                .scope(read)
                .revalidates()
                .query::<TrendInput>()
                .returns::<Trend>(),
            trend,
        )
        .route(
            Operation::new(Method::POST, "/insights/trends", "getInsightTrends")
                .summary("Get the sessions of insights in each of the last twelve weeks, for sparklines")
                .scope(read)
                .body::<SparklinesInput>()
                .returns::<Vec<Sparkline>>()
                .or(404),
            sparklines,
        )
}

string_enum! {
    /// The length of a point of a trend.
    Interval {
        /// A day.
        Day = "day",
        /// Seven days that begin with a Monday.
        Week = "week",
    }
}

impl Interval {
    const fn days(self) -> i64 {
        match self {
            Self::Day => 1,
            Self::Week => 7,
        }
    }

    /// Returns the first day of the point that a day is in. Day 0 was a Thursday.
    const fn first_day(self, day: i64) -> i64 {
        match self {
            Self::Day => day,
            Self::Week => day - (day + 3).rem_euclid(7),
        }
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
struct TrendInput {
    /// day, by default, or week
    #[serde(default)]
    interval: Maybe<Interval>,
    /// The first day; by default so long ago that there are 56 points
    #[serde(default)]
    from: Maybe<Date>,
    /// The last day; today by default
    #[serde(default)]
    to: Maybe<Date>,
}

/// How an insight moves.
#[derive(Debug, Serialize, JsonSchema)]
struct Trend {
    id: InsightId,
    interval: Interval,
    /// The time zone of the days.
    time_zone: String,
    points: Vec<Point>,
    /// While it is archived until it escalates: how many contacts today would bring it back.
    target: Nullable<i64>,
}

/// A day or week.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct Point {
    /// Its first day.
    date: String,
    #[schemars(with = "SafeInt")]
    sessions: u64,
    /// Different contacts; a session without one counts for itself.
    #[schemars(with = "SafeInt")]
    contacts: u64,
    /// While it is archived: how many contacts a quiet time would bring, counted day by day.
    expected: Nullable<Expected>,
}

/// What a quiet time would bring: nine in ten such times lie between `low` and `high`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct Expected {
    mean: f64,
    #[schemars(with = "SafeInt")]
    low: u32,
    #[schemars(with = "SafeInt")]
    high: u32,
}

async fn trend(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<InsightId>,
    ApiQuery(input): ApiQuery<TrendInput>,
) -> Result<Json<Trend>> {
    let id = insight::require_current(&app.db, caller.org_id, id).await?;
    let interval = input.interval.0.unwrap_or(Interval::Day);
    let settings = app.settings(&app.db, caller.org_id).await?;
    let today = settings.calendar.day(app.clock.now());
    let last = input.to.0.map_or(today, |to| to.day(&settings.calendar));
    let usual = interval.first_day(last) - (POINTS_USUAL - 1) * interval.days();
    let first = interval.first_day(input.from.0.map_or(usual, |from| from.day(&settings.calendar)));
    let count = (last - first).div_euclid(interval.days()) + 1;
    if !(1..=POINTS_MAX).contains(&count) {
        return Err(Error::Invalid(format!("from, to: expected between 1 and {POINTS_MAX} points")));
    }
    let standing = standing(&app, &settings, &caller, id, today).await?;
    let end = first + count * interval.days();
    let query = sql(&format!(
        "select session_created_at, {PERSON} from occurrences o
        where org_id = $1 and insight_id = $2 and session_created_at >= $3 and session_created_at < $4"
    ));
    let query = query.bind(caller.org_id).bind(id);
    let query = query.bind(settings.calendar.start(first)).bind(settings.calendar.start(end));
    let rows: Vec<(Timestamp, Uuid)> = app.db.long(caller.org_id).fetch_all(query).await?;
    let (calendar, days) = (settings.calendar.clone(), interval.days());
    let counting = tokio::task::spawn_blocking(move || {
        let mut counted: Vec<(u64, HashSet<Uuid>)> =
            vec![Default::default(); usize::try_from(count).unwrap_or(0)];
        for (at, contact) in rows {
            let at = usize::try_from((calendar.day(at) - first).div_euclid(days)).ok();
            if let Some((sessions, contacts)) = at.and_then(|at| counted.get_mut(at)) {
                *sessions += 1;
                contacts.insert(contact);
            }
        }
        counted
    });
    let counted = counting.await.context("counting sessions")?;
    let points = (0..).zip(counted).map(|(i, (sessions, contacts))| {
        let day = first + i * interval.days();
        let expected = standing.as_ref().and_then(|standing| standing.expected(day..day + interval.days()));
        Point {
            date: Calendar::date(day).to_string(),
            sessions,
            contacts: contacts.len() as u64,
            expected: expected.into(),
        }
    });
    Ok(Json(Trend {
        id,
        interval,
        time_zone: settings.calendar.name().to_owned(),
        points: points.collect(),
        target: standing.as_ref().and_then(|watched| watched.target).into(),
    }))
}

/// The replay of an archived insight, from which its expected contacts are taken.
struct ArchivedStanding {
    standing: Standing,
    dispersion: f64,
    target: Option<i64>,
}

impl ArchivedStanding {
    /// Returns the contacts expected on these days in a quiet time, or none unless all of them were replayed.
    fn expected(&self, days: std::ops::Range<i64>) -> Option<Expected> {
        let means: Vec<f64> =
            self.standing.days.iter().filter(|day| days.contains(&day.day)).map(|day| day.expected).collect();
        let is_whole = db::count(means.len()) == days.end - days.start;
        let (low, high) = band(&means, self.dispersion);
        is_whole.then(|| Expected { mean: means.iter().sum(), low, high })
    }
}

async fn standing(
    app: &App,
    settings: &Settings,
    caller: &Caller,
    id: InsightId,
    today: i64,
) -> Result<Option<ArchivedStanding>> {
    let mut tx = app.db.long(caller.org_id).snapshot().await?;
    let query = sql("
        select a.record, i.resurface_target from archives a
        join insights i on i.org_id = a.org_id and i.id = a.insight_id
        where a.org_id = $1 and a.insight_id = $2 and a.policy = 'until_escalating'
    ");
    let query = query.bind(caller.org_id).bind(id);
    let Some((record, target)): Option<(String, Option<i64>)> = tx.fetch_optional(query).await? else {
        return Ok(None);
    };
    let record = from_json(&record)?;
    let traffic = Traffic::load(settings, &mut tx, caller.org_id, record.day, today, &[id]).await?;
    let left_out = daily_counts::surges(&mut tx, caller.org_id).await?;
    let standing = traffic.standing(&record, id, &left_out, today);
    Ok(Some(ArchivedStanding { standing, dispersion: record.dispersion, target }))
}

#[derive(Debug, Deserialize, JsonSchema)]
struct SparklinesInput {
    insight_ids: NonEmptyVec<InsightId, SPARKLINES_MAX>,
}

/// The sessions of an insight in each of the last twelve weeks, oldest first; the last one ends with today.
#[derive(Debug, Serialize, JsonSchema)]
struct Sparkline {
    id: InsightId,
    weeks: [i64; weeks::TREND_WEEKS],
}

async fn sparklines(
    State(app): State<App>,
    caller: Caller,
    ApiJson(input): ApiJson<SparklinesInput>,
) -> Result<Json<Vec<Sparkline>>> {
    let mut ids = Vec::new();
    for id in input.insight_ids.0 {
        ids.push(insight::require_current(&app.db, caller.org_id, id).await?);
    }
    let settings = app.settings(&app.db, caller.org_id).await?;
    let trends = weeks::trends(
        &mut app.db.long(caller.org_id).snapshot().await?,
        caller.org_id,
        &settings.calendar,
        &ids,
        app.clock.now(),
    )
    .await?;
    Ok(Json(ids.into_iter().map(|id| Sparkline { id, weeks: trends[&id] }).collect()))
}
