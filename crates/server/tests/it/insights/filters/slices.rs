//! The numbers of a slice against a plain recount: random filters with lists of values and their negation, over the rows
//! as they are, also after merges, splits and erasures.

use super::build::build;
use super::recount::{Insight, Rows, Session, ZONE};
use super::{CHANNELS, LANGUAGES, Model, SENTIMENTS, STATUSES};
use crate::support::app::TestApp;
use crate::support::fixtures::Chance;
use refrain::db::sql;
use refrain::time::{Calendar, DAY, Timestamp};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

fn people(sessions: &[&Session]) -> usize {
    sessions.iter().map(|session| &session.person).collect::<BTreeSet<_>>().len()
}

fn has(sessions: &[&Session], sentiment: &str) -> usize {
    sessions.iter().filter(|session| session.own[2].as_deref() == Some(sentiment)).count()
}

/// Some values of a list, one of them at least.
fn some(chance: &mut Chance, values: &Value) -> Value {
    let values = values.as_array().unwrap();
    let some: Vec<Value> = (0..=chance.below(3)).map(|_| chance.pick(values).clone()).collect();
    Value::Array(some)
}

fn random_filter(chance: &mut Chance, model: &Model) -> Value {
    let contacts: Vec<Value> =
        model.contacts.iter().map(|(id, _)| id).filter(|id| !id.is_empty()).map(|id| json!(id)).collect();
    let channels: Vec<&str> = CHANNELS.iter().map(|(_, channel)| *channel).collect();
    let mut languages = json!(LANGUAGES);
    languages.as_array_mut().unwrap().push(Value::Null);
    let lists = [
        ("category", json!([model.categories[0].1, model.categories[1].1.to_uppercase(), null])),
        ("status", json!(["unresolved", "resolved", "archived", "all"])),
        ("sentiment", json!(SENTIMENTS)),
        ("search", json!(["REFUND", "100%", "e_t"])),
        ("teamId", json!(["none", model.teams[0], model.teams[1]])),
        ("insightNumber", json!([1, 2, 7, 20])),
        ("sessionLanguage", languages),
        ("ticketSentiment", json!(["angry", "happy", "neutral", null])),
        ("channel", json!(channels)),
        ("sessionStatus", json!(STATUSES)),
        ("sessionContactId", json!([contacts[0], contacts[1], contacts[2], null])),
        ("ticketCustomData", json!([{"plan": "pro"}, {"plan": "free", "seats": "6"}, {"none": "1"}])),
        ("contactCustomData", json!([{"tier": "1"}, {"city": "Bath"}, {"vip": "true", "tier": "0"}])),
    ];
    let mut filter = json!({"not": {}});
    for _ in 0..chance.below(4) {
        let (name, values) = chance.pick(&lists).clone();
        let values = some(chance, &values);
        let negated = chance.one_in(3);
        let place = if negated { &mut filter["not"] } else { &mut filter };
        place[name] = values;
    }
    for (name, day) in [("sessionFromDate", 8), ("sessionToDate", 22)] {
        if chance.one_in(4) {
            let negated = chance.one_in(3);
            let place = if negated { &mut filter["not"] } else { &mut filter };
            place[name] = json!(format!("2026-05-{:02}", day + chance.below(5)));
        }
    }
    if chance.one_in(4) {
        filter["minSessions"] = json!(1 + chance.below(5));
    }
    filter
}

/// Compares the rows of every page with a recount.
async fn check_rows(t: &TestApp, rows: &Rows, filter: &Value, slice: &BTreeSet<usize>) {
    let expected = rows.matching(filter, slice);
    let mut of_any_status = filter.clone();
    of_any_status.as_object_mut().unwrap().remove("status");
    of_any_status["not"].as_object_mut().unwrap().remove("status");
    let by_status = rows.matching(&of_any_status, slice).into_iter().fold(
        BTreeMap::from([("unresolved", 0), ("resolved", 0), ("archived", 0)]),
        |mut counts, (insight, _)| {
            *counts.get_mut(insight.status).unwrap() += 1;
            counts
        },
    );
    let (mut items, mut cursor) = (Vec::new(), None);
    loop {
        let mut body = json!({"filter": filter, "limit": 20, "group_by": "team", "sort": "people"});
        if let Some(cursor) = &cursor {
            body["cursor"] = json!(cursor);
        }
        let mut page = t.post_ok("/insights/rows", body).await;
        assert_eq!(page["sessions"], slice.len(), "{filter}");
        assert_eq!(page["insights"], expected.len(), "{filter}");
        assert_eq!(page["by_status"], json!(by_status), "{filter}");
        let groups = page["groups"].as_array().unwrap();
        let grouped: u64 = groups.iter().map(|group| group["insights"].as_u64().unwrap()).sum();
        assert_eq!(grouped, expected.len() as u64, "{filter}");
        items.append(page["items"].as_array_mut().unwrap());
        match page["next"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => break,
        }
    }
    assert_eq!(items.len(), expected.len(), "{filter}");
    if let Some((insight, sessions)) = expected.first() {
        let body = json!({"filter": filter, "insight_ids": [insight.id], "limit": 1});
        assert_eq!(t.post_ok("/chat/sessions/query", body).await["total"], sessions.len(), "{filter}");
        let path = format!("/insights/{}/sessions", insight.id);
        assert_eq!(t.post_ok(&path, json!({"filter": filter})).await["total"], sessions.len(), "{filter}");
    }
    for (insight, sessions) in expected {
        let item = items.iter().find(|item| item["insight"]["id"] == insight.id).unwrap();
        let share = sessions.len() as f64 / slice.len() as f64;
        assert_eq!(item["share"], share, "{filter}");
        check_row(t, rows, item, insight, &sessions);
    }
}

/// Compares a row with the sessions of the slice behind it.
fn check_row(t: &TestApp, rows: &Rows, item: &Value, insight: &Insight, sessions: &[&Session]) {
    let now = t.app.clock.now();
    let (end, today) = (rows.calendar.start(rows.calendar.day(now) + 1), rows.calendar.day(now));
    let recent = rows.calendar.start(today - 13);
    let before = rows.calendar.start(today - 27);
    let times: Vec<Timestamp> = sessions.iter().map(|session| session.at).collect();
    let mut weeks = [0; 12];
    for at in &times {
        let ago = (end.micros() - 1 - at.micros()) / (7 * DAY);
        if let Some(week) = usize::try_from(11 - ago).ok().filter(|week| *week < 12) {
            weeks[week] += 1;
        }
    }
    let between = |from: Timestamp, to: Timestamp| -> Vec<&Session> {
        sessions.iter().copied().filter(|session| session.at >= from && session.at < to).collect()
    };
    let (late, early) = (between(recent, now.plus(1)), between(before, recent));
    for (pointer, value) in [
        ("/sessions", json!(sessions.len())),
        ("/insight/occurrence_count", json!(sessions.len())),
        ("/insight/first_seen_at", json!(times.iter().min().unwrap())),
        ("/insight/last_seen_at", json!(times.iter().max().unwrap())),
        ("/people", json!(people(sessions))),
        ("/angry", json!(has(sessions, "angry"))),
        ("/neutral", json!(has(sessions, "neutral"))),
        ("/happy", json!(has(sessions, "happy"))),
        ("/weeks", json!(weeks)),
        ("/change/recent/sessions", json!(late.len())),
        ("/change/recent/people", json!(people(&late))),
        ("/change/before/sessions", json!(early.len())),
        ("/change/before/people", json!(people(&early))),
    ] {
        assert_eq!(item.pointer(pointer), Some(&value), "{pointer} of {item}");
    }
    let is_new = item["movement"].as_array().unwrap().iter().any(|moves| moves["kind"] == "new");
    assert_eq!(is_new, insight.status == "unresolved" && insight.known_since >= recent);
}

/// The sessions that a filter with conditions on insights means.
fn population<'a>(rows: &'a Rows, filter: &Value, slice: &BTreeSet<usize>) -> Vec<&'a Session> {
    const OF_INSIGHTS: [&str; 7] =
        ["category", "status", "sentiment", "search", "teamId", "insightNumber", "minSessions"];
    let asks = |filter: &Value| OF_INSIGHTS.iter().any(|name| !filter[name].is_null());
    if !asks(filter) && !asks(&filter["not"]) {
        return slice.iter().map(|at| &rows.sessions[*at]).collect();
    }
    let shown: BTreeMap<&str, &Session> = rows
        .matching(filter, slice)
        .into_iter()
        .flat_map(|(insight, _)| &insight.sessions)
        .filter(|at| slice.contains(at))
        .map(|at| (rows.sessions[*at].id.as_str(), &rows.sessions[*at]))
        .collect();
    shown.into_values().collect()
}

const FACETS: [&str; 10] = [
    "channel",
    "language",
    "sentiment",
    "session_status",
    "session.plan",
    "contact.tier",
    "status",
    "team",
    "category",
    "keys",
];

type Of<'a> = Box<dyn Fn(&'a Session) -> Option<String>>;

async fn check_facets(
    t: &TestApp,
    rows: &Rows,
    filter: &Value,
    slice: &BTreeSet<usize>,
    insight: Option<&Insight>,
) {
    let mut body = json!({"filter": filter, "by": FACETS, "limit": 2});
    if let Some(insight) = insight {
        body["insight_id"] = json!(insight.id);
    }
    let (here, all): (Vec<&Session>, Vec<&Session>) = match insight {
        Some(insight) => {
            let here = insight.sessions.iter().filter(|at| slice.contains(at));
            (
                here.map(|at| &rows.sessions[*at]).collect(),
                slice.iter().map(|at| &rows.sessions[*at]).collect(),
            )
        }
        None => (population(rows, filter, slice), rows.sessions.iter().collect()),
    };
    let answer = t.post_ok("/insights/facets", body).await;
    assert_eq!((&answer["sessions"], &answer["all"]), (&json!(here.len()), &json!(all.len())), "{filter}");
    let own = |at: usize| -> Of<'_> { Box::new(move |session| session.own[at].clone()) };
    let data = |key: &'static str| -> Of<'_> { Box::new(move |session| session.data.get(key).cloned()) };
    let of: [(Of<'_>, bool); 6] = [
        (own(0), true),
        (own(1), true),
        (own(2), true),
        (own(3), true),
        (data("session.plan"), false),
        (data("contact.tier"), false),
    ];
    for ((of, with_none), facet) in of.iter().zip(answer["facets"].as_array().unwrap()) {
        let mut counts: BTreeMap<Option<String>, usize> = BTreeMap::new();
        for session in &here {
            if let Some(count) = Some(of(session)).filter(|value| *with_none || value.is_some()) {
                *counts.entry(count).or_default() += 1;
            }
        }
        let listed = facet["values"].as_array().unwrap();
        for value in listed {
            let key = value["value"].as_str().map(str::to_owned);
            let of_all = all.iter().filter(|session| of(session) == key).count();
            assert_eq!(value["sessions"], counts[&key], "{} {value} with {filter}", facet["by"]);
            assert_eq!(value["all"], of_all, "{} {value} with {filter}", facet["by"]);
        }
        let sum: u64 = listed.iter().map(|value| value["sessions"].as_u64().unwrap()).sum();
        let rest = (&facet["rest"]["values"], facet["rest"]["sessions"].as_u64().unwrap());
        assert_eq!(rest.0, counts.len() - listed.len(), "{} with {filter}", facet["by"]);
        assert_eq!(sum + rest.1, counts.values().sum::<usize>() as u64, "{} with {filter}", facet["by"]);
    }
    if insight.is_none() {
        check_facets_of_insights(rows, filter, slice, &answer);
        // what is counted can be listed
        let listed = t.post_ok("/chat/sessions/query", json!({"filter": filter, "limit": 1})).await;
        assert_eq!(listed["total"], here.len(), "{filter}");
    }
}

/// Compares the facets of insights with a recount.
fn check_facets_of_insights(rows: &Rows, filter: &Value, slice: &BTreeSet<usize>, answer: &Value) {
    let matching = rows.matching(filter, slice);
    for facet in &answer["facets"].as_array().unwrap()[6..] {
        for value in facet["values"].as_array().unwrap() {
            let has = |insight: &Insight| {
                let is = match facet["by"].as_str().unwrap() {
                    "status" => Some(insight.status.to_owned()),
                    "team" => insight.team.clone(),
                    _ => insight.category.clone().map(|(id, _)| id),
                };
                is.as_deref() == value["value"].as_str()
            };
            let of: Vec<_> = matching.iter().filter(|(insight, _)| has(insight)).collect();
            let sessions: BTreeSet<&str> =
                of.iter().flat_map(|(_, sessions)| sessions).map(|session| session.id.as_str()).collect();
            assert_eq!(value["sessions"], sessions.len(), "{facet} with {filter}");
            assert_eq!(value["insights"], of.len(), "{facet} with {filter}");
        }
    }
}

async fn check_series(t: &TestApp, rows: &Rows, filter: &Value, slice: &BTreeSet<usize>) {
    let body = json!({"filter": filter, "from": "2026-04-28", "to": "2026-06-01",
        "compare": {"from": "2026-05-05", "filter": {}}});
    let answer = t.post_ok("/overview/series", body).await;
    let all: Vec<&Session> = rows.sessions.iter().collect();
    for (series, sessions) in [("series", population(rows, filter, slice)), ("compared", all)] {
        let mut sum = 0;
        for point in answer[series]["points"].as_array().unwrap() {
            let of: Vec<&Session> =
                sessions.iter().copied().filter(|session| point["date"] == rows.day(session.at)).collect();
            let status =
                |status: &str| of.iter().filter(|session| session.own[3].as_deref() == Some(status)).count();
            let expected = json!({
                "date": point["date"], "sessions": of.len(), "closed": of.len() - status("open"),
                "resolved": status("closed_resolved"), "angry": has(&of, "angry"),
                "handed_off": of.iter().filter(|session| session.handed_off).count(),
            });
            assert_eq!(*point, expected, "{series} with {filter}");
            sum += of.len();
        }
        assert_eq!(answer[series]["sessions"], sum, "{series} with {filter}");
        let (angry, share) = (&answer[series]["angry"], |name: &str| answer[series]["angry"][name].as_f64());
        if let Some(is) = share("share") {
            assert!(share("low").unwrap() <= is && is <= share("high").unwrap(), "{angry}");
        }
    }
}

async fn check_insight(t: &TestApp, rows: &Rows, filter: &Value, slice: &BTreeSet<usize>, insight: &Insight) {
    let of: Vec<&Session> =
        insight.sessions.iter().filter(|at| slice.contains(at)).map(|at| &rows.sessions[*at]).collect();
    let path = format!("/insights/{}", insight.id);
    let listed = t.post_ok(&format!("{path}/people"), json!({"filter": filter})).await;
    let contacts: BTreeSet<&String> = of.iter().filter_map(|session| session.contact.as_ref()).collect();
    let without = of.iter().filter(|session| session.contact.is_none()).count();
    assert_eq!(listed["total"], contacts.len(), "{filter}");
    assert_eq!(listed["sessions_without_contact"], without, "{filter}");
    assert_eq!(listed["items"].as_array().unwrap().len(), contacts.len());
    for person in listed["items"].as_array().unwrap() {
        let theirs: Vec<&Session> =
            of.iter().copied().filter(|session| person["contact"]["id"] == json!(session.contact)).collect();
        let times = theirs.iter().map(|session| session.at);
        assert_eq!(person["sessions"], theirs.len());
        assert_eq!(person["angry"], has(&theirs, "angry"));
        assert_eq!(person["first_at"], json!(times.clone().min()));
        assert_eq!(person["last_at"], json!(times.max()));
    }
    let body = json!({"filter": filter, "interval": "week", "from": "2026-04-28", "to": "2026-06-01",
        "split": {"by": "contact.tier", "values": ["1", null]}});
    let trend = t.post_ok(&format!("{path}/trend"), body).await;
    for (at, point) in trend["points"].as_array().unwrap().iter().enumerate() {
        let monday = Calendar::parse_day(point["date"].as_str().unwrap()).unwrap();
        let week: Vec<&Session> = of
            .iter()
            .copied()
            .filter(|session| (monday..monday + 7).contains(&rows.calendar.day(session.at)))
            .collect();
        let counted = (&point["sessions"], &point["contacts"]);
        assert_eq!(counted, (&json!(week.len()), &json!(people(&week))), "{filter}");
        let tier = |tier: Option<&str>| {
            week.iter().filter(|session| session.data.get("contact.tier").map(String::as_str) == tier).count()
        };
        let split = |value: usize| &trend["splits"][value]["sessions"][at];
        assert_eq!((split(0), split(1)), (&json!(tier(Some("1"))), &json!(tier(None))), "{filter}");
    }
}

async fn check(t: &TestApp, rows: &Rows, filter: &Value, chance: &mut Chance) {
    let slice = rows.slice(filter);
    check_rows(t, rows, filter, &slice).await;
    check_series(t, rows, filter, &slice).await;
    let insight = chance.pick(&rows.insights);
    check_facets(t, rows, filter, &slice, Some(insight).filter(|_| chance.0.is_multiple_of(2))).await;
    check_insight(t, rows, filter, &slice, insight).await;
}

/// Checks so many random filters, some of them after each of several changes of what there is.
async fn run(filters: usize, seed: u64) {
    let t = TestApp::new().await;
    t.patch_ok("/settings", json!({"time_zone": ZONE})).await;
    let mut chance = Chance(seed);
    let model = build(&t, &mut chance).await;
    // the sessions of the model began in May
    t.advance(-14 * 86_400);
    let without =
        "update sessions set language = case when ticket_number % 9 = 0 then null else language end,
            sentiment = case when ticket_number % 7 = 0 then null else sentiment end";
    t.execute(sql(without)).await;
    t.execute(sql("update sessions set ai_closure_type = 'handed_off' where ticket_number % 5 = 0")).await;
    // the insights of the model have numbers already
    t.execute(sql("update orgs set next_insight_number = 1000 where id is not null")).await;
    let stages = 4;
    for stage in 0..stages {
        match stage {
            1 => {
                let [into, other] = [&model.insights[0].id, &model.insights[1].id];
                t.post_ok(&format!("/insights/{into}/merge"), json!({"insight_ids": [other]})).await;
            }
            2 => {
                let rows = Rows::read(&t).await;
                let large = rows.insights.iter().max_by_key(|insight| insight.sessions.len()).unwrap();
                let part: Vec<&String> = large
                    .sessions
                    .iter()
                    .take(large.sessions.len() / 2)
                    .map(|at| &rows.sessions[*at].id)
                    .collect();
                let body = json!({"session_ids": part, "content": "A part of it"});
                t.post_ok(&format!("/insights/{}/split", large.id), body).await;
            }
            3 => {
                for session in &model.sessions[..10] {
                    let path = format!("/chat/sessions/{}", session.id);
                    t.call_as(&t.token, "DELETE", &path, None).await.ok();
                }
            }
            _ => {}
        }
        t.execute(sql("delete from jobs where kind is not null")).await;
        let rows = Rows::read(&t).await;
        check(&t, &rows, &json!({"not": {}}), &mut chance).await;
        for _ in 0..filters / stages {
            let filter = random_filter(&mut chance, &model);
            check(&t, &rows, &filter, &mut chance).await;
        }
    }
}

#[tokio::test]
async fn every_number_of_a_slice_is_a_recount() {
    run(12, 3).await;
}

#[tokio::test]
#[ignore = "a thousand filters take a minute or two"]
async fn every_number_of_a_thousand_slices_is_a_recount() {
    run(1_000, 5).await;
}
