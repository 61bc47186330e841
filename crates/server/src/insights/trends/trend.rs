//! The trend of an insight: sessions and contacts by day or week, with as many as a quiet time would bring.

use super::expected::{self, Expected, Shown};
use super::points::{Interval, Points, people};
use super::weeks;
use crate::app::App;
use crate::db::{self, Tx, sql};
use crate::error::{Error, Result};
use crate::http::{Api, ApiJson, ApiPath, ApiQuery, Caller};
use crate::ids::{EventId, InsightId, OrgId};
use crate::insights::filter::SessionConditions;
use crate::insights::index::counting;
use crate::insights::insight::{self, InsightEventKind};
use crate::insights::list::InsightFilterInput;
use crate::insights::list::facet::Facet;
use crate::keys::{Resource, Scope};
use crate::openapi::Operation;
use crate::time::{Calendar, Timestamp};
use crate::wire::{BoundedVec, Date, Maybe, NonEmptyVec, Nullable, SafeInt, Text};
use axum::Json;
use axum::extract::State;
use axum::http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The most insights whose sparklines are returned at a time.
const SPARKLINES_MAX: usize = 100;
/// The most values of a facet that a trend is split by.
const SPLITS_MAX: usize = 4;
/// The most events that are shown with a trend, the latest ones.
const EVENTS_MAX: i64 = 200;

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
            Operation::new(Method::POST, "/insights/{id}/trend", "filterInsightTrend")
                .summary("Get sessions and contacts of an insight by day or week, of the sessions that a filter asks for")
                .scope(read)
                .body::<FilterTrendInput>()
                .returns::<Trend>(),
            filter_trend,
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

#[derive(Debug, Default, Deserialize, JsonSchema)]
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

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FilterTrendInput {
    /// day, by default, or week
    #[serde(default)]
    interval: Maybe<Interval>,
    /// The first day; by default so long ago that there are 56 points
    #[serde(default)]
    from: Maybe<Date>,
    /// The last day; today by default
    #[serde(default)]
    to: Maybe<Date>,
    /// What is asked of sessions in it; the rest is ignored
    #[serde(default)]
    filter: Maybe<InsightFilterInput>,
    /// A line for each of these values of a facet
    #[serde(default)]
    split: Maybe<SplitInput>,
}

/// Values of a facet.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
struct SplitInput {
    /// channel, language, sentiment, session_status, session.KEY or contact.KEY
    by: Facet,
    /// Null stands for sessions without one
    values: BoundedVec<Nullable<Text<300>>, SPLITS_MAX>,
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
    /// With `split`: the sessions of each value, point by point. Otherwise empty.
    splits: Vec<Split>,
    /// What happened to the insight in this time, oldest first; of more than 200 events the latest.
    events: Vec<Event>,
}

/// A day or week.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct Point {
    /// Its first day.
    date: String,
    #[schemars(with = "SafeInt")]
    sessions: i64,
    /// Different contacts; a session without one counts for itself.
    #[schemars(with = "SafeInt")]
    contacts: i64,
    /// How many contacts a quiet time would bring, counted day by day. Null before the insight was known for a day, and
    /// for days to come.
    expected: Nullable<Expected>,
}

/// The sessions with one value of a facet.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct Split {
    value: Nullable<String>,
    #[schemars(with = "Vec<SafeInt>")]
    sessions: Vec<i64>,
}

/// Something that happened to the insight.
#[derive(Debug, Serialize, JsonSchema, crate::db::Record)]
#[schemars(inline)]
struct Event {
    id: EventId,
    #[schemars(with = "String")]
    kind: InsightEventKind,
    at: Timestamp,
}

async fn trend(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<InsightId>,
    ApiQuery(input): ApiQuery<TrendInput>,
) -> Result<Json<Trend>> {
    let TrendInput { interval, from, to } = input;
    let filter = Maybe(None);
    trend_of(&app, &caller, id, FilterTrendInput { interval, from, to, filter, split: Maybe(None) }).await
}

async fn filter_trend(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<InsightId>,
    ApiJson(input): ApiJson<FilterTrendInput>,
) -> Result<Json<Trend>> {
    trend_of(&app, &caller, id, input).await
}

async fn trend_of(app: &App, caller: &Caller, id: InsightId, input: FilterTrendInput) -> Result<Json<Trend>> {
    let org_id = caller.org_id;
    let id = insight::require_current(&app.db, org_id, id).await?;
    let (mut tx, index) = app.indexes.snapshot(&app.db, org_id).await?;
    let settings = app.settings(&mut tx, org_id).await?;
    let calendar = &settings.calendar;
    let today = calendar.day(app.clock.now());
    let interval = input.interval.0.unwrap_or(Interval::Day);
    let points = Points::between(interval, [input.from.0, input.to.0], calendar, today)?;
    let sessions = input.filter.0.unwrap_or_default().over(calendar).sessions;
    let shown = Shown::find(index, id, sessions).await?;
    let expected = expected::of(&mut tx, org_id, &settings, &shown, points, today).await?;
    let (calendar_of, split) = (calendar.clone(), input.split.0);
    let counting = counting(move || count(&shown, split, points, &calendar_of));
    let Counted { points: counted, splits } = counting.await??;
    let target = sql("
        select resurface_target from insights where org_id = $1 and id = $2 and archive_policy = 'until_escalating'
    ");
    let target: Option<(Option<i64>,)> = tx.fetch_optional(target.bind(org_id).bind(id)).await?;
    let point = |((day, (sessions, contacts)), expected): ((i64, (i64, i64)), Option<Expected>)| Point {
        date: Calendar::date(day).to_string(),
        sessions,
        contacts,
        expected: expected.into(),
    };
    Ok(Json(Trend {
        id,
        interval,
        time_zone: calendar.name().to_owned(),
        points: points.days().zip(counted).zip(expected).map(point).collect(),
        target: target.and_then(|(target,)| target).into(),
        splits,
        events: events(&mut tx, org_id, id, points.times(calendar)).await?,
    }))
}

/// The sessions and the people of each point, and the sessions of each value that they are split by.
struct Counted {
    points: Vec<(i64, i64)>,
    splits: Vec<Split>,
}

/// Counts the sessions and the people of each point, and the sessions of each value that it is split by.
fn count(shown: &Shown, split: Option<SplitInput>, points: Points, calendar: &Calendar) -> Result<Counted> {
    let index = &*shown.index;
    let divided = points.divide(index, index.shown_in(shown.id, &shown.slice).into_iter(), calendar);
    let counted = divided.iter().map(|places| (db::count(places.len()), db::count(people(index, places))));
    let mut counted = Counted { points: counted.collect(), splits: Vec::new() };
    let Some(SplitInput { by, values }) = split else { return Ok(counted) };
    let word = by.word(index).ok_or_else(|| {
        let expected = "channel, language, sentiment, session_status, session.KEY or contact.KEY";
        Error::Invalid(format!("split.by: expected {expected}"))
    })?;
    let of_value = |value: Nullable<Text<300>>| {
        let value = value.0.map(|text| text.0);
        // a value that no session has is nobody's
        let number = value.as_ref().map_or(Some(0), |value| index.word_number(value));
        let has = |at: &&u32| Some(index.word_of(**at, word)) == number;
        let sessions = divided.iter().map(|places| db::count(places.iter().filter(has).count())).collect();
        Split { value: value.into(), sessions }
    };
    counted.splits = values.0.into_iter().map(of_value).collect();
    Ok(counted)
}

async fn events(
    tx: &mut Tx,
    org_id: OrgId,
    id: InsightId,
    (from, to): (Timestamp, Timestamp),
) -> Result<Vec<Event>> {
    let query = sql("
        select id, kind, created_at as at from insight_events
        where org_id = $1 and insight_id = $2 and created_at >= $3 and created_at < $4
        order by created_at desc, id desc limit $5
    ");
    let query = query.bind(org_id).bind(id).bind(from).bind(to).bind(EVENTS_MAX);
    let mut events: Vec<Event> = tx.fetch_all(query).await?;
    events.reverse();
    Ok(events)
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
    let (mut tx, index) = app.indexes.snapshot(&app.db, caller.org_id).await?;
    let calendar = app.settings(&mut tx, caller.org_id).await?.calendar;
    let now = app.clock.now();
    let all = SessionConditions::default();
    let trends = weeks::of_slice(index, all, ids.clone(), calendar, now).await?;
    Ok(Json(ids.into_iter().zip(trends).map(|(id, weeks)| Sparkline { id, weeks }).collect()))
}
