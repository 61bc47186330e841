//! Requests that are sent again with the same `Idempotency-Key`.

use crate::support::app::{Answer, TestApp};
use axum::body::Body;
use axum::http::Request;
use refrain::db::sql;
use refrain::erasures;
use refrain::jobs;
use serde_json::{Value, json};

const DAY: i64 = 86_400;

/// Posts with this `Idempotency-Key`.
async fn post_as(t: &TestApp, token: &str, key: &str, path: &str, body: &Value) -> Answer {
    let request = Request::post(path)
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json")
        .header("idempotency-key", key);
    t.send(request.body(Body::from(body.to_string())).unwrap()).await
}

async fn post(t: &TestApp, key: &str, path: &str, body: &Value) -> Answer {
    post_as(t, &t.token, key, path, body).await
}

/// The body of a 200, and whether it says that it was given before.
#[track_caller]
fn given(answer: Answer) -> (Value, bool) {
    let replayed = answer.headers.get("idempotency-replayed").map(|value| value.to_str().unwrap().to_owned());
    assert!(replayed.is_none() || replayed.as_deref() == Some("true"));
    assert_eq!(answer.headers["content-type"], "application/json");
    (answer.ok(), replayed.is_some())
}

fn said(text: &str) -> Value {
    json!({"sender": "contact", "message": {"type": "text", "text": text}})
}

async fn sessions(t: &TestApp) -> i64 {
    t.count("select count(*) from sessions").await
}

async fn kept(t: &TestApp) -> i64 {
    t.count("select count(*) from idempotency_keys").await
}

#[tokio::test]
async fn a_request_that_is_sent_again_changes_nothing_and_is_answered_as_before() {
    let t = TestApp::new().await;
    let session = json!({"contact": {"email": "ada@example.com"}});
    let (created, is_again) = given(post(&t, "create-1", "/chat/sessions", &session).await);
    assert!(!is_again);
    t.advance(60);
    assert_eq!(given(post(&t, "create-1", "/chat/sessions", &session).await), (created.clone(), true));
    assert_eq!(sessions(&t).await, 1);

    let send = format!("/chat/sessions/{}/send", created["id"].as_str().unwrap());
    let (sent, _) = given(post(&t, "send-1", &send, &said("Where is my refund?")).await);
    let again = given(post(&t, "send-1", &send, &said("Where is my refund?")).await);
    assert_eq!(again, (sent, true));
    assert_eq!(t.count("select count(*) from messages").await, 1);

    let contact = |name: &str| json!({"contact": {"email": "bob@example.com", "name": name}});
    let (saved, _) = given(post(&t, "save-1", "/contacts", &contact("Bob")).await);
    t.post_ok("/contacts", contact("Robert")).await;
    assert_eq!(given(post(&t, "save-1", "/contacts", &contact("Bob")).await), (saved, true));
    let contacts = t.items("/contacts").await;
    assert_eq!((contacts.len(), &contacts[0]["name"]), (2, &json!("Robert")), "the later change stays");
}

#[tokio::test]
async fn two_that_come_at_once_are_one() {
    let t = TestApp::new().await;
    let body = json!({});
    let same = || post(&t, "k", "/chat/sessions", &body);
    let answers = tokio::join!(same(), same(), same(), same());
    let answers = [answers.0, answers.1, answers.2, answers.3].map(given);
    assert_eq!(answers.iter().filter(|(_, is_again)| !is_again).count(), 1);
    assert!(answers.iter().all(|(body, _)| *body == answers[0].0));
    assert_eq!(sessions(&t).await, 1);
}

#[tokio::test]
async fn a_key_with_another_body_is_refused() {
    let t = TestApp::new().await;
    post(&t, "k", "/chat/sessions", &json!({"language": "de"})).await.ok();
    let refused = post(&t, "k", "/chat/sessions", &json!({"language": "fr"})).await.error(409);
    assert_eq!(refused, "idempotency-key: it was sent with another body before");
    assert_eq!(sessions(&t).await, 1);
}

#[tokio::test]
async fn a_key_holds_for_one_route_of_one_caller() {
    let t = TestApp::new().await;
    let other = t.app.find_or_create_org("other").await.unwrap();
    let body = json!({});
    let mut ids = Vec::new();
    for token in [t.token.clone(), t.key(t.org_id, "*").await, t.key(other, "*").await] {
        let (created, is_again) = given(post_as(&t, &token, "k", "/chat/sessions", &body).await);
        assert!(!is_again);
        ids.push(created["id"].clone());
    }
    let (created, is_again) = given(post(&t, "another", "/chat/sessions", &body).await);
    assert!(!is_again && !ids.contains(&created["id"]));
    for id in [&ids[0], &created["id"]] {
        let send = format!("/chat/sessions/{}/send", id.as_str().unwrap());
        assert!(!given(post(&t, "k", &send, &said("Hello")).await).1, "each session has its own path");
    }
    assert!(!given(post(&t, "k", "/contacts", &json!({"contact": {"phone": "555"}})).await).1);
    assert_eq!(sessions(&t).await, 4);
    // without a key each stands for itself
    t.post_ok("/chat/sessions", body.clone()).await;
    t.post_ok("/chat/sessions", body).await;
    assert_eq!((sessions(&t).await, kept(&t).await), (6, 7));
}

#[tokio::test]
async fn a_request_that_failed_frees_its_key() {
    let t = TestApp::new().await;
    let nobody = json!({"contact_id": "0197a1b2-0000-7000-8000-000000000001"});
    post(&t, "k", "/chat/sessions", &nobody).await.error(404);
    post(&t, "k", "/chat/sessions", &json!({"language": 5})).await.error(400);
    assert_eq!(kept(&t).await, 0);
    assert!(!given(post(&t, "k", "/chat/sessions", &json!({})).await).1);
    assert_eq!(sessions(&t).await, 1);
}

#[tokio::test]
async fn a_key_is_forgotten_after_a_day() {
    let t = TestApp::new().await;
    let (first, _) = given(post(&t, "k", "/chat/sessions", &json!({})).await);
    t.advance(DAY - 1);
    assert_eq!(given(post(&t, "k", "/chat/sessions", &json!({})).await), (first.clone(), true));
    erasures::request_retention(&t.app).await.unwrap();
    assert_eq!((jobs::run_next(&t.app).await.unwrap(), kept(&t).await), (false, 1));
    t.advance(1);
    let (second, is_again) = given(post(&t, "k", "/chat/sessions", &json!({"language": "de"})).await);
    assert!(!is_again && second != first);
    t.advance(DAY);
    erasures::request_retention(&t.app).await.unwrap();
    t.run_jobs().await;
    assert_eq!(kept(&t).await, 0);
}

#[tokio::test]
async fn the_newest_million_keys_are_kept() {
    let t = TestApp::new().await;
    let body = json!({});
    for key in ["a", "b", "c"] {
        post(&t, key, "/chat/sessions", &body).await.ok();
    }
    // as if nearly a million had come between the second and the third
    t.execute(sql("update idempotency_keys set seq = 1000001 where seq = 3")).await;
    post(&t, "d", "/chat/sessions", &body).await.ok();
    assert_eq!(kept(&t).await, 2);
    assert!(given(post(&t, "c", "/chat/sessions", &body).await).1);
    assert!(!given(post(&t, "b", "/chat/sessions", &body).await).1);
}

#[tokio::test]
async fn a_key_that_is_none_is_refused_by_the_name_of_the_header() {
    let t = TestApp::new().await;
    let expected = "idempotency-key: expected 1 to 255 printable characters of ASCII";
    for key in ["", "é", "a\tb", "x".repeat(256).as_str()] {
        let refused = post(&t, key, "/chat/sessions", &json!({})).await.error(400);
        assert_eq!(refused, expected, "{key:?}");
    }
    post(&t, &"x".repeat(255), "/chat/sessions", &json!({})).await.ok();
    let request = Request::post("/chat/sessions").header("authorization", format!("Bearer {}", t.token));
    let request = request.header("idempotency-key", "a").header("idempotency-key", "b");
    let refused = t.send(request.body(Body::empty()).unwrap()).await.error(400);
    assert_eq!(refused, "idempotency-key: given more than once");
    assert_eq!(sessions(&t).await, 1);
}

#[tokio::test]
async fn nothing_that_a_customer_said_is_kept_with_a_key() {
    let t = TestApp::new().await;
    let session = json!({"contact": {"email": "zebulon@planted.example", "name": "Zebulon"}});
    let (created, _) = given(post(&t, "zebulon@planted.example-1", "/chat/sessions", &session).await);
    let send = format!("/chat/sessions/{}/send", created["id"].as_str().unwrap());
    let (sent, _) = given(post(&t, "zebulon-2", &send, &said("My zanzibarlamp broke")).await);
    let answers: Vec<(String,)> =
        t.app.db.fetch_all(sql("select answer from idempotency_keys order by seq")).await.unwrap();
    // ids alone; the rest are hashes
    let answers: Vec<Value> = answers.iter().map(|(answer,)| serde_json::from_str(answer).unwrap()).collect();
    assert_eq!(answers, [created, sent]);
    let columns = t.app.db.tables().await.unwrap();
    let columns = columns.iter().find(|table| table.name == "idempotency_keys").unwrap();
    let columns: Vec<&str> = columns.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(columns, ["org_id", "id", "seq", "request", "answer", "created_at"]);
}

#[tokio::test]
async fn the_document_names_the_header_where_it_counts() {
    let document = refrain::http::document();
    let mut named = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            if parameters.clone().any(|parameter| parameter["name"] == "Idempotency-Key") {
                assert!(operation["responses"]["409"].is_object());
                let headers = &operation["responses"]["200"]["headers"];
                assert!(headers["Idempotency-Replayed"].is_object());
                named.push(format!("{method} {path}"));
            }
        }
    }
    named.sort();
    let expected = [
        "post /chat/sessions",
        "post /chat/sessions/{session_id}/send",
        "post /contacts",
        "post /insights/bulk",
    ];
    assert_eq!(named, expected);
}
