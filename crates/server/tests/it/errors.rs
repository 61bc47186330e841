//! Every way to be refused, in the contract's body.

use crate::app::TestApp;
use crate::commands::{Cli, read};
use axum::body::Body;
use axum::http::Request;
use refrain::config::{Config, ServerConfig};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

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
async fn unknown_paths_and_methods_are_told_apart() {
    let t = TestApp::new().await;
    assert_eq!(t.get("/nothing").await.error(404), "path not found");
    assert_eq!(t.get("/chat/sessions/not-an-id").await.error(404), "resource not found");
    let answer = t.call_as(&t.token, "DELETE", "/insights", None).await;
    assert_eq!(answer.headers["allow"], "POST");
    assert_eq!(answer.error(405), "method not allowed");
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table of refused requests")]
async fn a_wrong_member_is_named_and_its_value_is_not_repeated() {
    let t = TestApp::new().await;
    let id = t.session_saying("hello").await;
    let send = format!("/chat/sessions/{id}/send");
    let said = |body: Value| json!({"sender": "contact", "message": body});
    for (path, body, message) in [
        (
            "/insights",
            json!({"page": "SECRET"}),
            "page: expected an integer between -9007199254740991 and 9007199254740991",
        ),
        ("/insights", json!({"page": 0}), "page: expected an integer between 1 and 9007199254740991"),
        (
            "/insights",
            json!({"minSessions": 1.5}),
            "minSessions: expected an integer between -9007199254740991 and 9007199254740991",
        ),
        ("/insights", json!({"sentiment": "SECRET"}), "sentiment: expected one of angry, happy, neutral"),
        (
            "/insights",
            json!({"sessionLanguage": "xx"}),
            "sessionLanguage: expected one of the 37 language codes, such as en",
        ),
        ("/insights", json!({"teamId": "SECRET"}), "teamId: expected a team's id or none"),
        (
            "/insights",
            json!({"sessionFromDate": "SECRET"}),
            "sessionFromDate: expected an ISO 8601 date, or a date and time with Z or an offset",
        ),
        (
            "/insights",
            json!({"ticketCustomData": [{"a": {"b": "SECRET"}}]}),
            "ticketCustomData[0].a: expected a string, a number or a boolean: custom data is not nested",
        ),
        ("/insights", json!({"search": 5}), "search: expected a string"),
        ("/insights", json!([]), "body: expected an object"),
        (
            "/chat/sessions",
            json!({"custom_data": {"a": ["SECRET"]}}),
            "custom_data.a: expected a string, a number or a boolean: custom data is not nested",
        ),
        (
            "/chat/sessions",
            json!({"contact": {"email": "SECRET"}}),
            "contact.email: expected an e-mail address",
        ),
        (
            "/chat/sessions",
            json!({"channel": {"type": "fax"}}),
            "channel.type: expected one of web, email, phone_voice, slack, sms, whatsapp, instagram, messenger, api, web_voice",
        ),
        ("/chat/sessions", json!({"channel": {}}), "channel.type: is required"),
        (
            "/chat/sessions",
            json!({"custom_data": {"a": "x\u{0}y"}}),
            "custom_data.a: must not contain the character U+0000",
        ),
        ("/chat/sessions/filter", json!({"filters": {"colour": "red"}}), "filters.colour: is not known"),
        ("/chat/sessions/filter", json!({"limit": 101}), "limit: expected an integer between 1 and 100"),
        (&send, json!({}), "sender: is required"),
        (&send, said(json!({"type": "text"})), "message.text: is required"),
        (&send, said(json!({"type": "image", "text": "x"})), "message.type: expected one of text"),
        (
            &send,
            said(json!({"type": "text", "text": "x", "attachments": [{"base64": "%"}]})),
            "message.attachments[0]: base64: expected Base64",
        ),
    ] {
        let answer = t.post(path, body.clone()).await;
        assert_eq!(answer.error(400), message, "{path} {body}");
    }
    for (query, message) in [
        ("status=SECRET", "status: expected one of open, closed_resolved, closed_unresolved"),
        ("cursor=SECRET", "cursor: expected the next of an earlier page"),
        ("handed_off=yes", "handed_off: expected true or false"),
        (
            "updated_after=SECRET",
            "updated_after: expected an ISO 8601 date, or a date and time with Z or an offset",
        ),
        ("status=open&status=open", "status: given more than once"),
    ] {
        assert_eq!(t.get(&format!("/chat/sessions?{query}")).await.error(400), message, "{query}");
    }
}

#[tokio::test]
async fn a_body_that_is_no_json_is_refused() {
    let t = TestApp::new().await;
    let send = |content_type: &'static str, body: Vec<u8>| {
        let request = Request::builder().method("POST").uri("/insights");
        let request = request
            .header("authorization", format!("Bearer {}", t.token))
            .header("content-type", content_type);
        t.send(request.body(Body::from(body)).unwrap())
    };
    let answer = send("application/json", b"{\"page\": 1,\n!}".to_vec()).await;
    assert_eq!(answer.error(400), "body: malformed JSON at line 2 column 1");
    assert_eq!(
        send("text/plain", b"{}".to_vec()).await.error(415),
        "expected content-type: application/json"
    );
    let answer = send("application/json", vec![b' '; 9_000_000]).await;
    assert_eq!(answer.error(413), "the body is larger than 8388608 bytes");
    send("application/json", vec![b'['; 100_000]).await.error(400);
    assert_eq!(send("text/plain", Vec::new()).await.status, 200, "an empty body asks for the defaults");
    assert_eq!(send("application/json; charset=utf-8", b"{}".to_vec()).await.status, 200);
}

/// Takes the fifteen seconds that the server waits for a body.
#[tokio::test]
async fn a_client_that_stalls_is_not_waited_for() {
    let cli = Cli::new().await;
    let token = cli.json(&["keys", "create", "--name", "x", "--json"], 0)["token"].clone();
    let token = token.as_str().unwrap();
    let server = cli.serve();
    let started = Instant::now();
    let within_headers = server.send("POST /insights HTTP/1.1\r\nhost: x\r\nauthorization: Bea");
    let within_body = server.send(&format!("POST /insights HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\ncontent-length: 20\r\n\r\n{{\"page\""));
    assert_eq!(read(within_headers), "", "a connection without a request is closed without an answer");
    assert!(started.elapsed() > Duration::from_secs(5), "slow is not yet stalled");
    let answer = read(within_body);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 408 Request Timeout\r\n"), "{head}");
    let body: Value = serde_json::from_str(body).unwrap();
    let message = "the request took too long to arrive";
    assert_eq!(body, json!({"statusCode": 408, "message": message, "error": "Request Timeout"}));
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
