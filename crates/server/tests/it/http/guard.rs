//! Who may call, and how often.

use crate::support::app::TestApp;
use axum::body::Body;
use axum::http::Request;
use refrain::config::{Config, ServerConfig};
use serde_json::json;

#[tokio::test]
async fn without_a_key_nothing_is_answered() {
    let t = TestApp::new().await;
    let request = |value: Option<&str>| {
        let request = Request::builder().uri("/chat/sessions");
        let request = match value {
            Some(value) => request.header("authorization", value),
            None => request,
        };
        request.body(Body::empty()).unwrap()
    };
    for value in [None, Some("Bearer"), Some("Bearer nonsense"), Some("Basic dTpw"), Some("")] {
        let answer = t.send(request(value)).await;
        assert_eq!(answer.headers["www-authenticate"], "Bearer");
        let body = json!({"statusCode": 401, "message": "Unauthorized", "error": "Unauthorized"});
        assert_eq!(answer.body, body, "{value:?}");
    }
    assert_eq!(t.send(request(Some(&format!("bearer {}", t.token)))).await.status, 200);
}

#[tokio::test]
async fn a_key_allows_what_its_scopes_say() {
    let t = TestApp::new().await;
    let reader = t.key(t.org_id, "chat-sessions:read,insights:read").await;
    let read = |path| t.call_as(&reader, "GET", path, None);
    assert_eq!(read("/chat/sessions").await.status, 200);
    assert_eq!(t.call_as(&reader, "POST", "/insights", Some(json!({}))).await.status, 200);
    assert_eq!(read("/contacts").await.error(403), "the key lacks the scope contacts:read");
    let create = t.call_as(&reader, "POST", "/chat/sessions", Some(json!({}))).await;
    assert_eq!(create.error(403), "the key lacks the scope chat-sessions:write");
}

#[tokio::test]
async fn what_is_another_organizations_does_not_exist() {
    let t = TestApp::new().await;
    let other_org = t.app.find_or_create_org("other").await.unwrap();
    let other = t.key(other_org, "*").await;
    let id = t.session_saying("Where is my refund?").await;
    let contact = t.post_ok("/contacts", json!({"contact": {"email": "a@example.com"}})).await["id"].clone();
    let contact = contact.as_str().unwrap();
    for (method, path, body) in [
        ("GET", format!("/chat/sessions/{id}"), None),
        ("GET", format!("/chat/sessions/{id}/history"), None),
        ("PATCH", format!("/chat/sessions/{id}"), Some(json!({"status": "closed_resolved"}))),
        ("PATCH", format!("/contacts/{contact}"), Some(json!({"contact": {"name": "x"}}))),
        ("DELETE", format!("/contacts/{contact}"), None),
        ("POST", "/chat/sessions".to_owned(), Some(json!({"contact_id": contact}))),
    ] {
        t.call_as(&other, method, &path, body).await.error(404);
    }
    assert_eq!(t.call_as(&other, "GET", "/chat/sessions", None).await.ok()["items"], json!([]));
    assert_eq!(t.call_as(&other, "GET", "/contacts", None).await.ok()["items"], json!([]));
    assert_eq!(t.get_ok(&format!("/chat/sessions/{id}")).await["ticket_number"], 1);
}

#[tokio::test]
async fn a_key_that_calls_too_often_has_to_wait() {
    let server = ServerConfig { rate_limit: 3, ..ServerConfig::default() };
    let t = TestApp::with(Config { server, ..Config::default() }).await;
    for left in ["2", "1", "0"] {
        let answer = t.get("/teams").await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.headers["ratelimit-limit"], "3");
        assert_eq!(answer.headers["ratelimit-remaining"], left);
    }
    let answer = t.get("/teams").await;
    let wait: u64 = answer.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait));
    assert_eq!(answer.headers["ratelimit-remaining"], "0");
    assert_eq!(answer.error(429), "too many requests");
    // live conversation has its own, larger allowance, and other keys have theirs
    let live = t.get(&format!("/chat/sessions/{}/history", uuid::Uuid::nil())).await;
    assert_eq!(live.headers["ratelimit-limit"], "30");
    live.error(404);
    let other = t.key(t.org_id, "*").await;
    assert_eq!(t.call_as(&other, "GET", "/teams", None).await.status, 200);
}

#[tokio::test]
async fn every_answer_has_a_request_id_and_a_given_one_is_kept() {
    let t = TestApp::new().await;
    let request =
        |id: &str| Request::builder().uri("/healthz").header("x-request-id", id).body(Body::empty()).unwrap();
    assert_eq!(t.send(request("abc-123")).await.headers["x-request-id"], "abc-123");
    assert_ne!(t.send(request("a b")).await.headers["x-request-id"], "a b");
    assert_eq!(t.get("/healthz").await.headers["x-request-id"].len(), 36);
}
