//! Messages that wait for one another are written in one transaction, each as if it came alone.

use crate::support::app::{Answer, TestApp};
use axum::body::Body;
use axum::http::Request;
use futures_util::future::join_all;
use serde_json::json;
use std::collections::HashMap;
use std::time::Duration;

async fn send(t: &TestApp, session: &str, text: &str, key: &str) -> Answer {
    let request = Request::post(format!("/chat/sessions/{session}/send"))
        .header("authorization", format!("Bearer {}", t.token))
        .header("content-type", "application/json")
        .header("idempotency-key", key);
    let body = json!({"sender": "contact", "message": {"type": "text", "text": text}});
    t.send(request.body(Body::from(body.to_string())).unwrap()).await
}

async fn sessions(t: &TestApp) -> Vec<String> {
    let mut ids = Vec::new();
    for _ in 0..4 {
        let session = t.post_ok("/chat/sessions", json!({})).await;
        ids.push(session["id"].as_str().unwrap().to_owned());
    }
    ids
}

/// Returns what was said in a session, in its order.
async fn said(t: &TestApp, session: &str) -> Vec<String> {
    let items = t.items(&format!("/chat/sessions/{session}/history")).await;
    items.iter().map(|item| item["event"]["content"]["text"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn what_is_sent_at_once_is_written_together_each_as_if_it_came_alone() {
    let t = TestApp::new().await;
    let sessions = sessions(&t).await;
    let nobody = uuid::Uuid::nil().to_string();
    let mut expected = vec![Vec::new(); sessions.len()];
    for (round, some_fail) in [("first", false), ("second", true)] {
        let writes = "select writes from orgs where name = 'default'";
        let before = t.count(writes).await;
        let fails = |i: usize| some_fail && i % 10 == 7;
        // the last ten come a second time at the same moment
        let numbers = (0..50).chain(40..50);
        let answers = join_all(numbers.clone().map(|i| {
            let session = if fails(i) { &nobody } else { &sessions[i % 4] };
            let (t, text, key) = (&t, format!("{round} {i:02}"), format!("{round} {i}"));
            async move { send(t, session, &text, &key).await }
        }))
        .await;
        let took = t.count(writes).await - before;
        assert!(some_fail || took < 20, "{took} transactions");
        let mut ids = HashMap::new();
        for (i, answer) in numbers.zip(answers) {
            if fails(i) {
                answer.error(404);
                continue;
            }
            let answer = answer.ok();
            let id = ids.entry(i).or_insert_with(|| answer["data"]["message"]["id"].clone());
            assert_eq!(answer["data"]["message"]["id"], *id, "it is answered as before");
        }
        for i in (0..50).filter(|i| !fails(*i)) {
            expected[i % 4].push(format!("{round} {i:02}"));
        }
    }
    for (session, expected) in sessions.iter().zip(expected) {
        let mut said = said(&t, session).await;
        said.sort();
        assert_eq!(said, expected);
    }
    t.run_jobs().await;
    let work = t.get_ok("/jobs").await;
    assert_eq!((&work["reading"]["done"], &work["reading"]["total"]), (&json!(4), &json!(4)), "{work:#}");
}

#[tokio::test]
async fn what_nobody_waits_for_is_not_sent() {
    let t = TestApp::new().await;
    let sessions = sessions(&t).await;
    let held = t.app.begin(t.org_id).await.unwrap();
    let left = tokio::time::timeout(Duration::from_millis(100), send(&t, &sessions[0], "left", "1")).await;
    assert!(left.is_err(), "it waits for the organization");
    let ((), sent) = tokio::join!(
        async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            drop(held);
        },
        send(&t, &sessions[0], "sent", "2"),
    );
    sent.ok();
    assert_eq!(said(&t, &sessions[0]).await, ["sent"]);
}

#[tokio::test]
async fn what_waits_to_be_written_is_in_the_way_of_no_other_request() {
    let t = TestApp::new().await;
    let sessions = sessions(&t).await;
    let writes = "select writes from orgs where name = 'default'";
    let before = t.count(writes).await;
    let held = t.app.begin(t.org_id).await.unwrap();
    let sends = join_all((0..30).map(|i| {
        let (t, session, text) = (&t, &sessions[i % 4], format!("{i:02}"));
        async move { send(t, session, &text, &text).await }
    }));
    let read = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let path = format!("/chat/sessions/{}", sessions[0]);
        let read = tokio::time::timeout(Duration::from_secs(5), t.get_ok(&path)).await;
        drop(held);
        read.expect("a session is read while 30 messages wait")
    };
    let (answers, _) = tokio::join!(sends, read);
    for answer in answers {
        answer.ok();
    }
    let took = t.count(writes).await - before;
    assert!(took < 10, "{took} transactions");
}
