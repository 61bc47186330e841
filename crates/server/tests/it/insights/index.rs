//! The index in memory against the database: whatever changes, and through whichever process, one that follows the change
//! log says what one says that is made anew.

use crate::support::app::{Answer, TestApp};
use crate::support::fixtures::Chance;
use axum::Router;
use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt;
use refrain::app::App;
use refrain::{http, insights};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};
use tower::ServiceExt;

const TEXTS: [&str; 6] = [
    "I want a refund for my order",
    "Please refund my money",
    "The app crashes when I open it",
    "The app keeps crashing at the start",
    "Please send me the invoice again",
    "Where can I download my invoice?",
];

const SLICES: [&str; 5] = [
    "{}",
    r#"{"sessionStatus": ["open"]}"#,
    r#"{"minSessions": 2, "not": {"ticketSentiment": ["angry"]}}"#,
    r#"{"contactCustomData": [{"plan": "pro"}]}"#,
    r#"{"not": {"ticketCustomData": [{"shop": "1"}, {"shop": "2", "paid": "true"}]}}"#,
];

/// A process of its own on the database.
fn replica(t: &TestApp) -> Router {
    http::router(App::new(t.app.db.clone(), t.app.clock.clone(), (*t.app.config).clone()))
}

/// What a process says of slices.
async fn numbers(router: &Router, token: &str) -> Vec<Value> {
    let mut numbers = Vec::new();
    for slice in SLICES.map(|slice| serde_json::from_str::<Value>(slice).unwrap()) {
        let own = ["channel", "sentiment", "session_status", "status", "team"];
        let facets = json!([&own[..], &["session.shop", "contact.plan", "keys"]].concat());
        let tagged =
            json!({"filter": slice, "filters": {"tags": ["late", "vip"], "custom_data": {"paid": true}}});
        for (path, body) in [
            ("/insights/rows", json!({"filter": slice, "sort": "sessions"})),
            ("/insights/facets", json!({"filter": slice, "by": facets})),
            ("/overview/series", json!({"filter": slice})),
            ("/chat/sessions/query", json!({"filter": slice, "limit": 10, "sort_by": "created_at"})),
            ("/chat/sessions/query", tagged),
        ] {
            let request = Request::builder().method("POST").uri(path);
            let request = request.header("authorization", format!("Bearer {token}"));
            let request = request.header("content-type", "application/json");
            let response = router.clone().oneshot(request.body(Body::from(body.to_string())).unwrap()).await;
            let bytes = response.unwrap().into_body().collect().await.unwrap().to_bytes();
            numbers.push(serde_json::from_slice(&bytes).unwrap());
        }
    }
    numbers
}

async fn ids(t: &TestApp, query: &str) -> Vec<uuid::Uuid> {
    let ids: Vec<(uuid::Uuid,)> = t.app.db.fetch_all(refrain::db::sql(query)).await.unwrap();
    ids.into_iter().map(|(id,)| id).collect()
}

/// Half of the sessions behind an insight.
async fn half(t: &TestApp, insight: uuid::Uuid) -> Vec<Value> {
    let shown = t.items(&format!("/insights/{insight}/sessions")).await;
    shown.iter().take(shown.len() / 2).map(|item| item["session_id"].clone()).collect()
}

/// Asks for something that may be refused.
async fn call(t: &TestApp, method: &'static str, path: String, body: Value) -> Answer {
    let answer = t.call_as(&t.token, method, &path, Some(body)).await;
    assert!(answer.status.as_u16() < 500, "{method} {path}: {}", answer.status);
    answer
}

/// Changes something at random; what cannot be done is not.
async fn change(t: &TestApp, chance: &mut Chance, step: usize) {
    let insights = ids(t, "select id from insights where retired_at is null order by insight_number").await;
    let sessions = ids(t, "select id from sessions order by ticket_number").await;
    let contacts = ids(t, "select id from contacts order by id").await;
    match chance.below(12) {
        0 => drop(t.session_saying(TEXTS[chance.below(TEXTS.len())]).await),
        1 => {
            let record = |i: usize| {
                let text = TEXTS[(step + i) % TEXTS.len()];
                let contact = json!({"id": format!("c{}", i % 4), "custom_data": {"plan": "pro"}});
                let data = json!({"shop": step % 3, "paid": step.is_multiple_of(2)});
                let turns = [json!({"role": "contact", "text": text})];
                let id = format!("{}-{}", step % 20, i % 5);
                json!({"id": id, "contact": contact, "turns": turns, "tags": ["vip"], "custom_data": data})
            };
            t.import((0..5).map(record).collect()).await;
        }
        2 => {
            let status = *chance.pick(&["closed_resolved", "closed_unresolved"]);
            let session = chance.pick(&sessions);
            call(t, "PATCH", format!("/chat/sessions/{session}"), json!({"status": status})).await;
        }
        3 => drop(call(t, "DELETE", format!("/chat/sessions/{}", chance.pick(&sessions)), json!({})).await),
        4 => drop(call(t, "DELETE", format!("/contacts/{}", chance.pick(&contacts)), json!({})).await),
        5..=7 => decide(t, chance, &insights, &sessions).await,
        8 => {
            let (session, contact) = (chance.pick(&sessions), chance.pick(&contacts));
            call(t, "PATCH", format!("/chat/sessions/{session}"), json!({"contact_id": contact})).await;
        }
        9 => {
            let body = json!({"custom_data": {"plan": chance.pick(&["pro", "free"])}});
            call(t, "PATCH", format!("/contacts/{}", chance.pick(&contacts)), body).await;
        }
        10 => {
            let body =
                json!({"custom_data": {"shop": chance.below(3).to_string(), "paid": chance.one_in(2)}});
            call(t, "PATCH", format!("/chat/sessions/{}", chance.pick(&sessions)), body).await;
        }
        _ => drop(call(t, "POST", format!("/insights/{}/resolve", chance.pick(&insights)), json!({})).await),
    }
    if chance.one_in(2) {
        t.run_jobs().await;
    }
}

/// Decides something at random of insights.
async fn decide(t: &TestApp, chance: &mut Chance, insights: &[uuid::Uuid], sessions: &[uuid::Uuid]) {
    match chance.below(3) {
        0 => {
            let (into, other) = (chance.pick(insights), chance.pick(insights));
            let merged =
                call(t, "POST", format!("/insights/{into}/merge"), json!({"insight_ids": [other]})).await;
            if let Some(operation) = merged.headers.get("operation-id").filter(|_| chance.one_in(2)) {
                call(t, "POST", format!("/operations/{}/undo", operation.to_str().unwrap()), json!({})).await;
            }
        }
        1 => {
            let insight = chance.pick(insights);
            let body = json!({"session_ids": half(t, *insight).await, "content": "A part of it"});
            call(t, "POST", format!("/insights/{insight}/split"), body).await;
        }
        _ => {
            let (insight, session) = (chance.pick(insights), chance.pick(sessions));
            let body = json!({"belongs": chance.one_in(2)});
            call(t, "PUT", format!("/insights/{insight}/sessions/{session}"), body).await;
        }
    }
}

#[tokio::test]
async fn an_index_that_follows_says_what_one_says_that_is_made_anew() {
    let t = TestApp::new().await;
    let record = |i: usize| {
        let plan = ["pro", "free"][i % 2];
        let contact = json!({"id": format!("c{}", i % 20), "custom_data": {"plan": plan}});
        let turns = [json!({"role": "contact", "text": TEXTS[i % TEXTS.len()]})];
        let data = json!({"shop": i % 4, "paid": i.is_multiple_of(3)});
        json!({"id": i, "contact": contact, "turns": turns, "tags": ["late"], "custom_data": data})
    };
    t.import((0..60).map(record).collect()).await;
    t.run_jobs().await;
    let (own, other) = (replica(&t), replica(&t));
    let mut chance = Chance(5);
    for step in 0..25 {
        change(&t, &mut chance, step).await;
        let anew = numbers(&replica(&t), &t.token).await;
        assert_eq!(numbers(&own, &t.token).await, anew, "step {step}");
        assert!(insights::check_index(&t.app, t.org_id).await.unwrap(), "step {step}");
        // one that looks now and then has more to follow
        if step % 7 == 6 {
            assert_eq!(numbers(&other, &t.token).await, anew, "step {step}");
        }
        assert!(anew[0]["insights"].as_u64().unwrap() > 0);
        assert!(anew[4]["total"].as_u64().unwrap() > 0, "{}", anew[4]);
    }
    // what no log tells of is found, and put right
    t.execute(refrain::db::sql("update sessions set channel = 'sms', language = 'xx' where id is not null"))
        .await;
    assert!(!insights::check_index(&t.app, t.org_id).await.unwrap());
    assert!(insights::check_index(&t.app, t.org_id).await.unwrap());
}

/// Sums up a number of each of these.
fn sum(of: &Value, number: &str) -> u64 {
    of.as_array().unwrap().iter().map(|value| value[number].as_u64().unwrap()).sum()
}

#[tokio::test]
async fn what_is_counted_while_groupings_run_is_of_one_moment() {
    let t = TestApp::new().await;
    let record = |i: usize| {
        let turns = json!([{"role": "contact", "text": TEXTS[i % TEXTS.len()]}]);
        let contact = json!({"email": format!("c{}@example.com", i % 20)});
        let channel = ["chat", "email"][i % 2];
        json!({"id": i, "channel": channel, "contact": contact, "turns": turns})
    };
    t.import((0..60).map(record).collect()).await;
    t.run_jobs().await;
    let is_done = AtomicBool::new(false);
    let writing = async {
        for step in 1..8 {
            // half of them are read again, and all are grouped anew
            t.import((30 * step..30 * step + 60).map(record).collect()).await;
            t.run_jobs().await;
        }
        is_done.store(true, Ordering::Relaxed);
    };
    let asking = async {
        let mut asked = 0;
        while !is_done.load(Ordering::Relaxed) {
            assert!(insights::check_index(&t.app, t.org_id).await.unwrap());
            let by = json!({"by": ["channel", "sentiment"], "filter": {"minSessions": 1}});
            let facets = t.post_ok("/insights/facets", by).await;
            for facet in facets["facets"].as_array().unwrap() {
                assert_eq!(sum(&facet["values"], "sessions"), facets["sessions"].as_u64().unwrap());
            }
            let series = t.post_ok("/overview/series", json!({"interval": "week"})).await["series"].take();
            assert_eq!(sum(&series["points"], "sessions"), series["sessions"].as_u64().unwrap());
            let rows = t.post_ok("/insights/rows", json!({"filter": {}, "limit": 200})).await;
            for row in rows["items"].as_array().unwrap() {
                assert_eq!(row["insight"]["occurrence_count"], row["sessions"]);
            }
            asked += 1;
        }
        asked
    };
    let ((), asked) = tokio::join!(writing, asking);
    assert!(asked > 3, "asked {asked} times");
}
