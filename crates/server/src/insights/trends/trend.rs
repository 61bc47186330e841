//! The trend of an insight: sessions and contacts by day or week, with as many as a quiet time would bring.

use super::expected::{self, Expected};
use super::points::{Interval, Points};
use super::weeks;
use crate::app::App;
use crate::db::{Tx, sql};
use crate::error::{Error, Result};
use crate::http::{Api, ApiJson, ApiPath, ApiQuery, Caller};
use crate::ids::{EventId, InsightId, OrgId};
use crate::insights::filter::SessionConditions;
use crate::insights::insight::{self, InsightEventKind, PERSON};
use crate::insights::list::InsightFilterInput;
use crate::insights::list::conditions::{Source, push_slice};
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
#[derive(Debug, Serialize, JsonSchema, sqlx::FromRow)]
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
    let mut tx = app.db.long(org_id).snapshot().await?;
    let settings = app.settings(&mut tx, org_id).await?;
    let calendar = &settings.calendar;
    let today = calendar.day(app.clock.now());
    let interval = input.interval.0.unwrap_or(Interval::Day);
    let points = Points::between(interval, [input.from.0, input.to.0], calendar, today)?;
    let sessions = input.filter.0.unwrap_or_default().over(calendar).sessions;
    let counted = count(&mut tx, org_id, id, &sessions, points, calendar).await?;
    let expected = expected::of(&mut tx, org_id, &settings, id, &sessions, points, today).await?;
    let mut splits = Vec::new();
    if let Some(split) = input.split.0 {
        for value in split.values.0 {
            let value = value.0.map(|text| text.0);
            let line = Line { id, sessions: &sessions, by: &split.by, value: value.as_deref() };
            let sessions = count_split(&mut tx, org_id, &line, points, calendar).await?;
            splits.push(Split { value: value.into(), sessions });
        }
    }
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

/// Counts the sessions and the people of each point.
async fn count(
    tx: &mut Tx,
    org_id: OrgId,
    id: InsightId,
    sessions: &SessionConditions,
    points: Points,
    calendar: &Calendar,
) -> Result<Vec<(i64, i64)>> {
    let mut query = sql("select ");
    points.push_number(&mut query, "o.session_created_at", calendar);
    query.push(&format!(", count(*), count(distinct {PERSON}) "));
    push_slice(&mut query, org_id, Source::Occurrences, sessions);
    query.push(" and o.insight_id = ").push_bind(id);
    points.push_condition(&mut query, "o.session_created_at", calendar);
    query.push(" group by 1");
    let rows: Vec<(i64, i64, i64)> = tx.fetch_all(query).await?;
    let mut counted = vec![(0, 0); points.days().count()];
    for (point, sessions, people) in rows {
        if let Some(at) = points.at(point) {
            counted[at] = (sessions, people);
        }
    }
    Ok(counted)
}

/// The sessions of an insight with one value of a facet.
struct Line<'a> {
    id: InsightId,
    sessions: &'a SessionConditions,
    by: &'a Facet,
    value: Option<&'a str>,
}

async fn count_split(
    tx: &mut Tx,
    org_id: OrgId,
    line: &Line<'_>,
    points: Points,
    calendar: &Calendar,
) -> Result<Vec<i64>> {
    let mut query = sql("select ");
    points.push_number(&mut query, "o.session_created_at", calendar);
    query.push(", count(*) ");
    push_slice(&mut query, org_id, Source::Occurrences, line.sessions);
    query.push(" and o.insight_id = ").push_bind(line.id);
    if !line.by.push_value(&mut query, org_id, Source::Occurrences, line.value) {
        let wrong =
            "split.by: expected channel, language, sentiment, session_status, session.KEY or contact.KEY";
        return Err(Error::Invalid(wrong.into()));
    }
    points.push_condition(&mut query, "o.session_created_at", calendar);
    query.push(" group by 1");
    let rows: Vec<(i64, i64)> = tx.fetch_all(query).await?;
    let mut counted = vec![0; points.days().count()];
    for (point, sessions) in rows {
        if let Some(at) = points.at(point) {
            counted[at] = sessions;
        }
    }
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
    let settings = app.settings(&app.db, caller.org_id).await?;
    let trends = weeks::trends(
        &mut app.db.long(caller.org_id).snapshot().await?,
        caller.org_id,
        &settings.calendar,
        &SessionConditions::default(),
        &ids,
        app.clock.now(),
    )
    .await?;
    Ok(Json(ids.into_iter().map(|id| Sparkline { id, weeks: trends[&id] }).collect()))
}
