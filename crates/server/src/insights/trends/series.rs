//! `POST /overview/series`: the sessions of a slice over time, beside another time or another slice.

use super::points::{Interval, Points};
use crate::app::App;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::escalation::share_interval;
use crate::http::{Api, ApiJson, Caller};
use crate::ids::OrgId;
use crate::insights::index::{Index, Slice, Word, began, counting};
use crate::insights::list::InsightFilterInput;
use crate::insights::list::population::Population;
use crate::keys::{Resource, Scope};
use crate::openapi::Operation;
use crate::sessions::{Sentiment, SessionStatus};
use crate::time::{Calendar, Timestamp};
use crate::wire::{Date, Maybe, Nullable, SafeInt};
use axum::Json;
use axum::extract::State;
use axum::http::Method;
use refrain_index::Facet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

pub(crate) fn routes() -> Api {
    Api::new().route(
        Operation::new(Method::POST, "/overview/series", "getOverviewSeries")
            .summary("Get the sessions of a slice by day or week, beside another time or another slice")
            .scope(Scope::read(Resource::Insights))
            .body::<SeriesInput>()
            .returns::<SeriesOutput>(),
        series,
    )
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SeriesInput {
    /// The sessions that are counted: with conditions on insights, those in which such an insight shows
    #[serde(default)]
    filter: Maybe<InsightFilterInput>,
    /// day, by default, or week
    #[serde(default)]
    interval: Maybe<Interval>,
    /// The first day; by default so long ago that there are 56 points
    #[serde(default)]
    from: Maybe<Date>,
    /// The last day; today by default
    #[serde(default)]
    to: Maybe<Date>,
    /// What to compare with: as many points
    #[serde(default)]
    compare: Maybe<CompareInput>,
}

/// Another time, another slice, or both.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
struct CompareInput {
    /// The first day; that of the series by default
    #[serde(default)]
    from: Maybe<Date>,
    /// The sessions that are counted; those of the series by default
    #[serde(default)]
    filter: Maybe<InsightFilterInput>,
}

/// The sessions of a slice over time.
#[derive(Debug, Serialize, JsonSchema)]
struct SeriesOutput {
    as_of: Timestamp,
    interval: Interval,
    /// The time zone of the days.
    time_zone: String,
    series: Series,
    /// What it is compared with.
    compared: Nullable<Series>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct Series {
    points: Vec<Point>,
    /// Sessions of all points.
    #[schemars(with = "SafeInt")]
    sessions: i64,
    closed: Share,
    resolved: Share,
    handed_off: Share,
    angry: Share,
}

/// The sessions that began on a day or in a week.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
#[schemars(inline)]
struct Point {
    /// Its first day.
    date: String,
    #[schemars(with = "SafeInt")]
    sessions: i64,
    /// Sessions that are closed by now, resolved or not.
    #[schemars(with = "SafeInt")]
    closed: i64,
    /// Sessions that are closed as resolved.
    #[schemars(with = "SafeInt")]
    resolved: i64,
    /// Sessions that the AI agent handed off, or that a person looks after.
    #[schemars(with = "SafeInt")]
    handed_off: i64,
    /// Sessions whose contact is angry.
    #[schemars(with = "SafeInt")]
    angry: i64,
}

/// Some of the sessions, their share, and its 95 % interval.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct Share {
    #[schemars(with = "SafeInt")]
    sessions: i64,
    /// Null if there are no sessions.
    share: Nullable<f64>,
    low: f64,
    high: f64,
}

async fn series(
    State(app): State<App>,
    caller: Caller,
    ApiJson(input): ApiJson<SeriesInput>,
) -> Result<Json<SeriesOutput>> {
    let (org_id, now) = (caller.org_id, app.clock.now());
    let (mut tx, index) = app.indexes.snapshot(&app.db, org_id).await?;
    let calendar = app.settings(&mut tx, org_id).await?.calendar;
    let interval = input.interval.0.unwrap_or(Interval::Day);
    let points = Points::between(interval, [input.from.0, input.to.0], &calendar, calendar.day(now))?;
    let population = Population::of(input.filter.0.unwrap_or_default().over(&calendar));
    let series = count(&mut tx, org_id, &index, &population, points, &calendar).await?;
    let mut compared = None;
    if let Some(compare) = input.compare.0 {
        if compare.from.is_none() && compare.filter.is_none() {
            return Err(Error::Invalid("compare: from or filter is required".into()));
        }
        let other = compare.filter.0.map(|filter| Population::of(filter.over(&calendar)));
        let points = compare.from.0.map_or(points, |from| points.moved_to(from.day(&calendar)));
        let population = other.as_ref().unwrap_or(&population);
        compared = Some(count(&mut tx, org_id, &index, population, points, &calendar).await?);
    }
    Ok(Json(SeriesOutput {
        as_of: now,
        interval,
        time_zone: calendar.name().to_owned(),
        series,
        compared: compared.into(),
    }))
}

async fn count(
    tx: &mut Tx,
    org_id: OrgId,
    index: &Arc<Index>,
    population: &Population,
    points: Points,
    calendar: &Calendar,
) -> Result<Series> {
    let found = population.find(tx, org_id, index).await?;
    let (index, calendar) = (Arc::clone(index), calendar.clone());
    counting(move || series_of(&index, &found.slice, points, &calendar)).await
}

fn series_of(index: &Index, slice: &Slice, points: Points, calendar: &Calendar) -> Series {
    let open = index.word_number(SessionStatus::Open.as_str());
    let resolved = index.word_number(SessionStatus::ClosedResolved.as_str());
    let angry = index.word_number(Sentiment::Angry.as_str());
    let date = |day| Point { date: Calendar::date(day).to_string(), ..Point::default() };
    let mut counted: Vec<Point> = points.days().map(date).collect();
    let (from, to) = points.times(calendar);
    let days = calendar.days(from, to);
    for at in slice.places() {
        let began = began(index, at);
        if !(from..to).contains(&began) {
            continue;
        }
        let [status, sentiment] =
            [Facet::Status, Facet::Sentiment].map(|facet| Some(index.word_of(at, Word::Facet(facet))));
        let point = points.at(points.number(days.day(began)));
        if let Some(point) = point.and_then(|at| counted.get_mut(at)) {
            point.sessions += 1;
            point.closed += i64::from(status != open);
            point.resolved += i64::from(status == resolved);
            point.handed_off += i64::from(index.is_handed_off(at));
            point.angry += i64::from(sentiment == angry);
        }
    }
    let sum = |of: fn(&Point) -> i64| counted.iter().map(of).sum::<i64>();
    let sessions = sum(|point| point.sessions);
    let share = |count: i64| {
        let (low, high) = share_interval(count, sessions);
        let share = (sessions > 0).then(|| count as f64 / sessions as f64);
        Share { sessions: count, share: share.into(), low, high }
    };
    Series {
        sessions,
        closed: share(sum(|point| point.closed)),
        resolved: share(sum(|point| point.resolved)),
        handed_off: share(sum(|point| point.handed_off)),
        angry: share(sum(|point| point.angry)),
        points: counted,
    }
}
