//! What changes is told as it happens, and nothing is missed.

use crate::support::app::TestApp;
use crate::support::fixtures::Chance;
use axum::Router;
use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt;
use refrain::app::App;
use refrain::db::sql;
use refrain::http;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;
use tower::ServiceExt;

/// An event as a client reads it.
#[derive(Debug)]
struct Heard {
    id: i64,
    event: String,
    changes: BTreeSet<(String, String)>,
}

/// Listens after a position until an event comes, or for so long.
async fn hear(router: &Router, token: &str, after: Option<i64>, patience: Duration) -> Option<Heard> {
    let request = Request::builder().uri("/changes").header("authorization", format!("Bearer {token}"));
    let request = match after {
        Some(after) => request.header("last-event-id", after.to_string()),
        None => request,
    };
    let response = router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut body = response.into_body();
    let frame = tokio::time::timeout(patience, body.frame()).await.ok()??.unwrap();
    let text = String::from_utf8(frame.into_data().unwrap().to_vec()).unwrap();
    let line = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
    let data: Value = serde_json::from_str(&line("data: ")?).unwrap();
    let changes = data["changes"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let heard = Heard {
        id: line("id: ").unwrap().parse().unwrap(),
        event: line("event: ").unwrap(),
        changes: changes.map(|change| (text(&change["kind"]), text(&change["id"]))).collect(),
    };
    assert_eq!(data["position"], heard.id);
    Some(heard)
}

const AT_ONCE: Duration = Duration::from_secs(5);

#[tokio::test]
async fn a_client_hears_what_its_key_may_read_and_where_the_log_does_not_go_on() {
    let t = TestApp::new().await;
    let router = http::router(t.app.clone());
    let ready = hear(&router, &t.token, None, AT_ONCE).await.unwrap();
    assert_eq!((ready.event.as_str(), ready.changes.len()), ("ready", 0));
    let team = t.post_ok("/teams", json!({"name": "Money"})).await["id"].as_str().unwrap().to_owned();
    let session = t.session_saying("Where is my refund?").await;
    let heard = hear(&router, &t.token, Some(ready.id), AT_ONCE).await.unwrap();
    assert_eq!(heard.event, "changes");
    assert_eq!(heard.changes, [("session".into(), session), ("team".into(), team.clone())].into());
    let few = t.key(t.org_id, "insights:read,teams:read").await;
    let heard = hear(&router, &few, Some(ready.id), AT_ONCE).await.unwrap();
    assert_eq!(heard.changes, [("team".into(), team)].into());
    // positions that the log does not have, and those that it has no more
    let now = t.count("select change_seq from orgs where name = 'default'").await;
    let ahead = hear(&router, &t.token, Some(now + 10), AT_ONCE).await.unwrap();
    assert_eq!((ahead.event.as_str(), ahead.id), ("reset", now));
    t.execute(sql(&format!("delete from changes where seq <= {}", ready.id + 1))).await;
    let behind = hear(&router, &t.token, Some(ready.id), AT_ONCE).await.unwrap();
    assert_eq!((behind.event.as_str(), behind.id), ("reset", now));
    let request = Request::builder().uri("/changes").header("last-event-id", "x");
    let request = request.header("authorization", format!("Bearer {}", t.token)).body(Body::empty()).unwrap();
    assert_eq!(t.send(request).await.error(400), "last-event-id: expected the id of an event");
    // as many as may listen, and no more
    let mut listeners = Vec::new();
    for _ in 0..16 {
        listeners.push(t.open(&t.token, "/changes").await);
    }
    t.get("/changes").await.error(503);
    t.get_ok("/teams").await;
    drop(listeners);
    assert!(hear(&router, &t.token, Some(now), Duration::from_millis(1)).await.is_none(), "nothing is new");
}

/// Listens on three replicas while things change, and leaves and comes again so often at random moments. Nothing is
/// missed, and nothing told twice in a row.
async fn nothing_is_missed(reconnects: usize, writes: usize) {
    let t = TestApp::new().await;
    let app = || App::new(t.app.db.clone(), t.app.clock.clone(), (*t.app.config).clone());
    let replicas = [t.app.clone(), app(), app()].map(http::router);
    let first = hear(&replicas[0], &t.token, None, AT_ONCE).await.unwrap().id;
    let writing = async {
        let mut chance = Chance(7);
        for i in 0..writes {
            t.post_ok("/teams", json!({"name": format!("Team {i}")})).await;
            if chance.one_in(4) {
                t.post_ok("/chat/sessions", json!({})).await;
            }
            tokio::task::yield_now().await;
        }
    };
    let listening = async {
        let (mut chance, mut last, mut heard) = (Chance(11), first, BTreeSet::new());
        for _ in 0..reconnects {
            let router = chance.pick(&replicas);
            let patience = Duration::from_micros(chance.below(20_000) as u64);
            if let Some(event) = hear(router, &t.token, Some(last), patience).await {
                assert!(event.event == "changes" && event.id > last, "{event:?}");
                last = event.id;
                heard.extend(event.changes);
            }
        }
        (last, heard)
    };
    let ((), (mut last, mut heard)) = tokio::join!(writing, listening);
    let end = t.count("select change_seq from orgs where name = 'default'").await;
    while last < end {
        let event = hear(&replicas[2], &t.token, Some(last), AT_ONCE).await.unwrap();
        last = event.id;
        heard.extend(event.changes);
    }
    let query = sql("select kind, subject_id from changes where seq > $1").bind(first);
    let all: Vec<(String, uuid::Uuid)> = t.app.db.fetch_all(query).await.unwrap();
    let all: BTreeSet<(String, String)> = all.into_iter().map(|(kind, id)| (kind, id.to_string())).collect();
    assert!(all.len() >= writes);
    assert_eq!(heard, all);
}

#[tokio::test]
async fn a_client_that_comes_and_goes_misses_nothing() {
    nothing_is_missed(100, 60).await;
}

#[tokio::test]
#[ignore = "takes a minute"]
async fn a_client_that_comes_and_goes_a_thousand_times_misses_nothing() {
    nothing_is_missed(1_000, 900).await;
}
