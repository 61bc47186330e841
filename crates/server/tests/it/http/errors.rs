//! Every way to be refused, in the contract's body.

use crate::support::app::TestApp;
use crate::support::cli::{Cli, read};
use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

#[tokio::test]
async fn unknown_paths_and_methods_are_told_apart() {
    let t = TestApp::new().await;
    assert_eq!(t.get("/nothing").await.error(404), "path not found");
    assert_eq!(t.get("/chat/sessions/not-an-id").await.error(404), "resource not found");
    let answer = t.call_as(&t.token, "DELETE", "/insights", None).await;
    assert_eq!(answer.headers["allow"], "POST");
    assert_eq!(answer.error(405), "method not allowed");
}

/// A request that is refused: where it goes, its body, the member that is named, and some of what is said of it. Where the
/// words are serde's, only what a caller needs of them.
type Refused = (&'static str, Value, &'static str, &'static str);

const INTEGER: &str = "expected an integer between -9007199254740991 and 9007199254740991";
const DATE: &str = "expected an ISO 8601 date, or a date and time with Z or an offset";
const CUSTOM_DATA: &str = "expected a string, a number or a boolean: custom data is not nested";

fn refused_insights() -> Vec<Refused> {
    let custom_data = json!({"ticketCustomData": [{"a": {"b": "SECRET"}}]});
    vec![
        ("/insights", json!({"page": "SECRET"}), "page", INTEGER),
        ("/insights", json!({"page": 0}), "page", "expected an integer between 1 and 9007199254740991"),
        ("/insights", json!({"minSessions": 1.5}), "minSessions", INTEGER),
        ("/insights", json!({"sentiment": "SECRET"}), "sentiment", "angry, happy, neutral"),
        (
            "/insights",
            json!({"sessionLanguage": "xx"}),
            "sessionLanguage",
            "one of the 37 language codes, such as en",
        ),
        ("/insights", json!({"teamId": "SECRET"}), "teamId", "expected a team's id or none"),
        ("/insights", json!({"sessionFromDate": "SECRET"}), "sessionFromDate", DATE),
        ("/insights", custom_data, "ticketCustomData[0].a", CUSTOM_DATA),
        ("/insights", json!({"search": 5}), "search", "string"),
        ("/insights", json!([]), "body", "object"),
    ]
}

fn refused_sessions() -> Vec<Refused> {
    let channels = "web, email, phone_voice, slack, sms, whatsapp, instagram, messenger, api, web_voice";
    let sessions = "/chat/sessions";
    vec![
        (sessions, json!({"custom_data": {"a": ["SECRET"]}}), "custom_data.a", CUSTOM_DATA),
        (sessions, json!({"contact": {"email": "SECRET"}}), "contact.email", "expected an e-mail address"),
        (sessions, json!({"channel": {"type": "fax"}}), "channel.type", channels),
        (sessions, json!({"channel": {}}), "channel.type", "is required"),
        (sessions, json!({"custom_data": {"a": "x\u{0}y"}}), "custom_data.a", "U+0000"),
        ("/chat/sessions/filter", json!({"filters": {"colour": "red"}}), "filters.colour", "is not known"),
        ("/chat/sessions/filter", json!({"limit": 101}), "limit", "expected an integer between 1 and 100"),
    ]
}

fn refused_messages() -> Vec<Refused> {
    let said = |body: Value| json!({"sender": "contact", "message": body});
    let file = json!({"type": "text", "text": "x", "attachments": [{"base64": "%"}]});
    vec![
        ("/send", json!({}), "sender", "is required"),
        ("/send", said(json!({"type": "text"})), "message.text", "is required"),
        ("/send", said(json!({"type": "image", "text": "x"})), "message.type", "text"),
        ("/send", said(file), "message.attachments[0]", "expected Base64"),
    ]
}

/// Checks that an error names a member, says this of it, and repeats no value.
#[track_caller]
fn check(error: &str, member: &str, says: &str) {
    let said = error.strip_prefix(member).and_then(|rest| rest.strip_prefix(": "));
    assert!(said.is_some_and(|said| said.contains(says)), "{member}: {says}\n{error}");
    assert!(!error.contains("SECRET") && !error.contains("fax"), "{error}");
}

#[tokio::test]
async fn a_wrong_member_is_named_and_its_value_is_not_repeated() {
    let t = TestApp::new().await;
    let id = t.session_saying("hello").await;
    for (path, body, member, says) in
        [refused_insights(), refused_sessions(), refused_messages()].into_iter().flatten()
    {
        let path = if path == "/send" { format!("/chat/sessions/{id}/send") } else { path.to_owned() };
        check(&t.post(&path, body).await.error(400), member, says);
    }
    for (query, member, says) in [
        ("status=SECRET", "status", "open, closed_resolved, closed_unresolved"),
        ("cursor=SECRET", "cursor", "expected the next of an earlier page"),
        ("handed_off=SECRET", "handed_off", "expected true or false"),
        ("updated_after=SECRET", "updated_after", DATE),
        ("status=open&status=open", "status", "given more than once"),
    ] {
        check(&t.get(&format!("/chat/sessions?{query}")).await.error(400), member, says);
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
    let answer = send("application/json", vec![b' '; 300_000]).await;
    assert_eq!(answer.error(413), "the body is larger than 262144 bytes");
    send("application/json", vec![b'['; 100_000]).await.error(400);
    let ignored = format!("{{\"x\":{}", "[".repeat(100_000));
    let answer = send("application/json", ignored.into_bytes()).await;
    assert_eq!(answer.error(400), "body: malformed JSON at line 1 column 132");
    let answer = send("application/json", b"{\"page\": 1} x".to_vec()).await;
    assert_eq!(answer.error(400), "body: malformed JSON at line 1 column 13");
    let answer = send("application/json; charset=utf-16", b"{}".to_vec()).await;
    assert_eq!(answer.error(415), "expected charset=utf-8");
    assert_eq!(send("text/plain", Vec::new()).await.status, 200, "an empty body asks for the defaults");
    for charset in ["utf-8", "UTF-8", "\"utf-8\""] {
        let content_type = format!("application/json; charset={charset}").leak();
        assert_eq!(send(content_type, b"{}".to_vec()).await.status, 200, "{charset}");
    }
}

#[tokio::test]
async fn what_cannot_be_read_of_a_text_becomes_a_mark() {
    let t = TestApp::new().await;
    let id = t.session_saying("hello").await;
    let send = async |text: &[u8]| {
        let body =
            [&b"{\"sender\": \"contact\", \"message\": {\"type\": \"text\", \"text\": \""[..], text, b"\"}}"]
                .concat();
        let request = Request::builder().method("POST").uri(format!("/chat/sessions/{id}/send"));
        let request = request
            .header("authorization", format!("Bearer {}", t.token))
            .header("content-type", "application/json");
        t.send(request.body(Body::from(body)).unwrap()).await.status
    };
    for text in [&b"cut \\ud83d"[..], b"p\xe4ckchen", b"whole \\ud83d\\ude00 \\\\ud83d"] {
        assert_eq!(send(text).await, 200, "{}", String::from_utf8_lossy(text));
    }
    assert_eq!(send(b"a tab\there").await, 400, "what is no JSON stays none");
    let history = t.get_ok(&format!("/chat/sessions/{id}/history")).await;
    let texts: Vec<&str> = history["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|item| item["event"]["content"]["text"].as_str())
        .collect();
    assert_eq!(texts, ["hello", "cut \u{fffd}", "p\u{fffd}ckchen", "whole 😀 \\ud83d"]);
}

#[tokio::test]
async fn a_packed_body_and_one_that_says_a_thing_twice_are_refused() {
    let t = TestApp::new().await;
    let send = |path: &str, encoding: Option<&str>, body: &str| {
        let request = Request::builder().method("POST").uri(path);
        let request = request
            .header("authorization", format!("Bearer {}", t.token))
            .header("content-type", "application/json");
        let request = match encoding {
            Some(encoding) => request.header("content-encoding", encoding),
            None => request,
        };
        t.send(request.body(Body::from(body.to_owned())).unwrap())
    };
    assert_eq!(send("/insights", Some("identity"), "{}").await.status, 200);
    for encoding in ["gzip", "br", "gzip, identity"] {
        let refused = send("/insights", Some(encoding), "{}").await;
        assert_eq!(refused.error(415), "expected a body without content-encoding");
    }
    for (path, body, error) in [
        ("/insights", r#"{"page": 1, "page": 2}"#, "page: given more than once"),
        (
            "/chat/sessions",
            r#"{"contact": {"name": "a", "name": "b"}}"#,
            "contact.name: given more than once",
        ),
        ("/chat/sessions", r#"{"custom_data": {"a": 1, "a": 1}}"#, "custom_data.a: given more than once"),
        (
            "/chat/sessions/filter",
            r#"{"filters": {"tags": [], "tags": []}}"#,
            "filters.tags: given more than once",
        ),
    ] {
        assert_eq!(send(path, None, body).await.error(400), error, "{body}");
    }
    let id = t.session_saying("hello").await;
    let closing = r#"{"status": "closed_resolved", "session_closed_payload": {"a": {"b": 1, "b": 2}}}"#;
    let refused = t.send(
        Request::builder()
            .method("PATCH")
            .uri(format!("/chat/sessions/{id}"))
            .header("authorization", format!("Bearer {}", t.token))
            .header("content-type", "application/json")
            .body(Body::from(closing))
            .unwrap(),
    );
    assert_eq!(refused.await.error(400), "session_closed_payload.a.b: given more than once");
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
