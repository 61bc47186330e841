//! What the product says of itself, and that nothing of customers is in it.

use crate::support::cli::{Cli, Server, name, read, stderr};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Stands wherever an organization or a customer can put a text, but for messages.
const TEXT: &str = "quetzalcoatl";
/// Stands in messages, where it is not masked as a name that is known would be.
const SAID: &str = "My huitzilopochtli has not arrived yet";

#[track_caller]
fn assert_discreet(output: &str) {
    let lower = output.to_lowercase();
    assert!(!lower.contains(TEXT) && !lower.contains("huitzilopochtli"), "{output}");
}

/// A server with an organization of that name, after good, wrong and pointless requests of it that were worked on.
async fn served() -> (Cli, Server) {
    let cli = Cli::new().await;
    let key = cli.json(&["keys", "create", "--org", TEXT, "--name", TEXT, "--json"], 0);
    let token = key["token"].as_str().unwrap();
    let server = cli.serve();
    let call = |method: &str, path: &str, body: Value, status: u16| {
        let (answered, answer) = server.call(method, path, token, &body.to_string());
        assert_eq!(answered, status, "{method} {path}: {answer}");
        serde_json::from_str::<Value>(&answer).unwrap()
    };
    let contact = json!({"email": format!("{TEXT}@example.com"), "name": TEXT});
    let session = json!({"contact": contact, "custom_data": {TEXT: TEXT}});
    let id = call("POST", "/chat/sessions", session, 200)["id"].as_str().unwrap().to_owned();
    let message = json!({"sender": "contact", "message": {"type": "text", "text": SAID}});
    call("POST", &format!("/chat/sessions/{id}/send"), message, 200);
    call("POST", "/insights", json!({"search": TEXT}), 200);
    call("POST", "/insights", json!({"sentiment": TEXT}), 400);
    call("POST", "/chat/sessions/filter", json!({"filters": {TEXT: TEXT}}), 400);
    call("GET", &format!("/chat/sessions?cursor={TEXT}"), json!({}), 400);
    call("GET", &format!("/chat/sessions/{TEXT}"), json!({}), 404);
    call("GET", &format!("/{TEXT}"), json!({}), 404);
    assert_eq!(server.call("GET", "/contacts", TEXT, "").0, 401);
    let started = Instant::now();
    let read = r#"refrain_job_seconds_count{kind="read_sessions"} 1"#;
    while !server.call("GET", "/metrics", "", "").1.contains(read) {
        assert!(started.elapsed() < Duration::from_secs(30), "the session is not read");
        std::thread::sleep(Duration::from_millis(20));
    }
    (cli, server)
}

#[tokio::test]
async fn metrics_are_counted_by_what_is_known_beforehand() {
    let (_cli, server) = served().await;
    let answer = read(server.send("GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"));
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("content-type: text/plain"), "{head}");
    for line in body.lines().filter(|line| !line.is_empty()) {
        let sample = line.rsplit_once(' ').filter(|(name, _)| name.starts_with("refrain_"));
        let is_number = sample.is_some_and(|(_, value)| value.parse::<f64>().is_ok());
        assert!(is_number || line.starts_with("# TYPE refrain_"), "{line}");
    }
    for line in [
        r#"refrain_http_requests_total{method="POST",route="/chat/sessions/{session_id}/send",status="200"} 1"#,
        r#"refrain_http_requests_total{method="POST",route="/insights",status="400"} 1"#,
        r#"refrain_http_requests_total{method="GET",route="none",status="404"} 1"#,
        r#"refrain_http_request_seconds_count{method="POST",route="/chat/sessions"} 1"#,
        r#"refrain_jobs_total{kind="read_sessions",outcome="done"} 1"#,
        r#"refrain_job_seconds_count{kind="read_sessions"} 1"#,
        "refrain_sessions_read_total 1",
    ] {
        assert!(body.lines().any(|found| found == line), "{line} is not in:\n{body}");
    }
    assert_discreet(&answer);
}

#[tokio::test]
async fn a_server_logs_nothing_of_customers() {
    let (_cli, server) = served().await;
    let log = server.stop();
    assert!(log.lines().filter(|line| line.contains("answered")).count() >= 9, "{log}");
    assert_discreet(&log);
}

#[tokio::test]
async fn an_import_logs_nothing_of_customers() {
    let cli = Cli::new().await;
    let record = |i: usize, role: &str| {
        let contact = json!({"email": format!("{TEXT}{i}@example.com"), "name": TEXT});
        let turn = json!({"role": role, "text": SAID, "name": TEXT});
        let id = format!("{TEXT}-{i}");
        json!({"id": id, "team": TEXT, "contact": contact, "custom_data": {TEXT: TEXT}, "turns": [turn]})
            .to_string()
    };
    let mut lines: Vec<String> = (0..8).map(|i| record(i, "contact")).collect();
    lines.push(json!({"id": "8", "turns": [], "custom_data": {TEXT: TEXT}}).to_string());
    lines.push(format!("{{{TEXT}"));
    let file = name(&cli.file("a.jsonl", lines.join("\n")));
    let output = cli.run(&["import", &file, "--org", TEXT, "--source", TEXT, "--log", "info", "--json"]);
    let log = stderr(&output);
    assert_eq!(output.status.code(), Some(3), "{log}");
    let consolidated = log.lines().find(|line| line.contains("statements consolidated"));
    let consolidated = consolidated.unwrap_or_else(|| panic!("{log}"));
    for field in ["job.id=", "job.kind=\"consolidate\"", "org.id="] {
        assert!(consolidated.contains(field), "{consolidated}");
    }
    assert!(log.contains("a.jsonl:9: ") && log.contains("a.jsonl:10: "), "{log}");
    assert_discreet(&log);
}
