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
    // ten minutes' worth at once
    for left in (0..30).rev() {
        let answer = t.get("/teams").await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.headers["ratelimit-limit"], "30");
        assert_eq!(answer.headers["ratelimit-policy"], "30;w=600");
        assert_eq!(answer.headers["ratelimit-remaining"], left.to_string());
    }
    let answer = t.get("/teams").await;
    let wait: u64 = answer.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((15..=20).contains(&wait), "three a minute are one every twenty seconds: {wait}");
    assert_eq!(answer.headers["ratelimit-remaining"], "0");
    assert_eq!(answer.error(429), "too many requests");
    // live conversation has its own, larger allowance, and other keys have theirs
    let live = t.get(&format!("/chat/sessions/{}/history", uuid::Uuid::nil())).await;
    assert_eq!(live.headers["ratelimit-limit"], "300");
    live.error(404);
    let other = t.key(t.org_id, "*").await;
    assert_eq!(t.call_as(&other, "GET", "/teams", None).await.status, 200);
}

#[tokio::test]
async fn a_client_that_reads_twelve_thousand_sessions_at_once_is_not_refused() {
    let t = TestApp::with(Config::default()).await;
    for page in 0..240 {
        assert_eq!(t.get("/chat/sessions").await.status, 200, "page {page}");
    }
}

#[tokio::test]
async fn answers_of_an_organization_are_kept_by_nobody() {
    let t = TestApp::new().await;
    let id = t.session_saying("hello").await;
    for path in ["/chat/sessions", "/contacts", "/members", &format!("/chat/sessions/{id}"), "/contacts/none"]
    {
        let answer = t.get(path).await;
        let expected = if path == "/contacts/none" { None } else { Some("no-store") };
        assert_eq!(
            answer.headers.get("cache-control").map(|value| value.to_str().unwrap()),
            expected,
            "{path}"
        );
    }
    let refused = t.call_as("nobody", "GET", "/contacts", None).await;
    assert_eq!(
        (refused.status.as_u16(), &refused.headers["cache-control"]),
        (401, &"no-store".parse().unwrap())
    );
}

#[tokio::test]
async fn web_pages_of_the_origins_that_are_configured_may_call() {
    let server =
        ServerConfig { cors_origins: Some("https://app.example.com".into()), ..ServerConfig::default() };
    let t = TestApp::with(Config { server, ..Config::default() }).await;
    let ask = |method: &str, origin: &str| {
        let request = Request::builder().method(method).uri("/insights").header("origin", origin);
        let request = request
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "authorization,content-type");
        t.send(request.body(Body::empty()).unwrap())
    };
    let allowed = ask("OPTIONS", "https://app.example.com").await;
    assert_eq!(allowed.status, 200);
    assert_eq!(allowed.headers["access-control-allow-origin"], "https://app.example.com");
    assert!(allowed.headers["access-control-allow-headers"].to_str().unwrap().contains("authorization"));
    let other = ask("OPTIONS", "https://evil.example.com").await;
    assert!(!other.headers.contains_key("access-control-allow-origin"));
    let answer = ask("POST", "https://app.example.com").await;
    assert_eq!(answer.status, 401);
    assert_eq!(answer.headers["access-control-allow-origin"], "https://app.example.com");
    // nobody is allowed where nothing is configured
    let t = TestApp::new().await;
    let request = Request::builder().uri("/healthz").header("origin", "https://app.example.com");
    let answer = t.send(request.body(Body::empty()).unwrap()).await;
    assert!(!answer.headers.contains_key("access-control-allow-origin"));
}

#[tokio::test]
async fn slashes_that_say_nothing_are_forgiven() {
    let t = TestApp::new().await;
    let id = t.session_saying("hello").await;
    for path in ["/teams/", "//teams", "/chat//sessions/", &format!("/chat/sessions/{id}//"), "/healthz/"] {
        assert_eq!(t.get(path).await.status, 200, "{path}");
    }
    let filtered = t.post("//chat/sessions/filter/", json!({"limit": 1})).await;
    assert_eq!(filtered.ok()["data"].as_array().unwrap().len(), 1);
    assert_eq!(t.get("//nothing/").await.error(404), "path not found");
    assert_eq!(t.get("/api-json").await.ok(), t.get("/openapi.json").await.ok());
}

#[tokio::test]
async fn the_document_is_not_sent_again_to_who_has_it() {
    let t = TestApp::new().await;
    let ask = |name: &'static str, value: String| {
        t.send(Request::builder().uri("/openapi.json").header(name, value).body(Body::empty()).unwrap())
    };
    let first = t.get("/openapi.json").await;
    let etag = first.headers["etag"].to_str().unwrap().to_owned();
    assert_eq!(first.status, 200);
    for known in [etag.clone(), format!("\"other\", {etag}"), "*".to_owned()] {
        let again = ask("if-none-match", known).await;
        assert_eq!((again.status.as_u16(), again.body), (304, serde_json::Value::Null));
        assert_eq!(again.headers["etag"], etag.as_str());
    }
    assert_eq!(ask("if-none-match", "\"other\"".to_owned()).await.status, 200);
    let packed = ask("accept-encoding", "br, gzip".to_owned()).await;
    assert_eq!(packed.headers["content-encoding"], "gzip");
    let plain = ask("accept-encoding", "gzip;q=0".to_owned()).await;
    assert!(!plain.headers.contains_key("content-encoding"));
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
