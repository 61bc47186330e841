//! `/metrics`: what it counts by, and who may read it.

use crate::support::app::{TestApp, unlimited};
use crate::support::cli::{Cli, read};
use axum::body::Body;
use axum::http::Request;
use refrain::config::{Config, Secret, ServerConfig};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

/// The names and labels of everything that a server counts.
fn series(text: &str) -> BTreeSet<String> {
    let samples = text.lines().filter(|line| !line.starts_with('#'));
    samples.filter_map(|line| Some(line.rsplit_once(' ')?.0.to_owned())).collect()
}

/// Reads an answer with a length from a connection that stays open. Returns its first line and its body.
fn read_one(stream: &mut BufReader<TcpStream>) -> (String, String) {
    let (mut status, mut length) = (String::new(), 0);
    stream.read_line(&mut status).unwrap();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).unwrap();
        match line.trim_end().split_once(": ") {
            Some(("content-length", value)) => length = value.parse().unwrap(),
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    (status, String::from_utf8(body).unwrap())
}

#[tokio::test]
async fn invented_methods_are_refused_and_leave_nothing() {
    let cli = Cli::new().await;
    let server = cli.serve_with(&["--log", "info"]);
    let metrics = || server.call("GET", "/metrics", "", "").1;
    let mut connection = BufReader::new(server.send("M /first HTTP/1.1\r\nhost: x\r\n\r\n"));
    assert!(read_one(&mut connection).0.starts_with("HTTP/1.1 501 Not Implemented"));
    metrics();
    let before = series(&metrics());
    for i in 0..5_000 {
        let request = format!("M{i:06}{} /{i} HTTP/1.1\r\nhost: x\r\n\r\n", "X".repeat(i % 500));
        connection.get_mut().write_all(request.as_bytes()).unwrap();
        let (status, body) = read_one(&mut connection);
        assert!(status.starts_with("HTTP/1.1 501 Not Implemented"), "{status}");
        assert!(body.contains("\"statusCode\":501"), "{body}");
    }
    let text = metrics();
    assert_eq!(series(&text), before);
    let counted = r#"refrain_http_requests_total{method="other",route="none",status="501"} 5001"#;
    assert!(text.lines().any(|line| line == counted), "{text}");
    let log = server.stop();
    assert!(!log.contains("M000001") && log.lines().all(|line| line.len() < 400));
}

#[tokio::test]
async fn metrics_ask_for_their_key_where_one_is_set() {
    let key = "a-key-of-24-letters-only";
    let server = ServerConfig { metrics_key: Some(Secret(key.into())), ..unlimited().server };
    let t = TestApp::with(Config { server, ..Config::default() }).await;
    let ask = |authorization: Option<String>| {
        let request = Request::builder().uri("/metrics");
        let request = match authorization {
            Some(value) => request.header("authorization", value),
            None => request,
        };
        t.send(request.body(Body::empty()).unwrap())
    };
    assert_eq!(ask(Some(format!("Bearer {key}"))).await.status, 200);
    for wrong in [None, Some("Bearer".into()), Some(format!("Bearer {key}x")), Some(format!("Basic {key}"))] {
        assert_eq!(ask(wrong).await.error(401), "Unauthorized");
    }
    assert_eq!(t.get("/healthz").await.status, 200);
    assert_eq!(TestApp::new().await.get("/metrics").await.status, 200);
}

#[tokio::test]
async fn metrics_have_an_address_of_their_own_where_one_is_set() {
    let cli = Cli::new().await;
    let server = cli.serve_with(&["--metrics-listen", "127.0.0.1:0", "--log", "info"]);
    assert_eq!(server.call("GET", "/metrics", "", "").0, 404);
    let log = std::fs::read_to_string(&server.log).unwrap();
    let address = log.split("http://").nth(1).and_then(|rest| rest.split("/metrics").next()).unwrap();
    let ask = |path: &str| {
        let mut stream = TcpStream::connect(address).unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        read(stream)
    };
    let answer = ask("/metrics");
    assert!(
        answer.starts_with("HTTP/1.1 200 OK") && answer.contains("refrain_http_requests_total"),
        "{answer}"
    );
    for path in ["/teams", "/healthz", "/openapi.json"] {
        assert!(ask(path).starts_with("HTTP/1.1 404"), "{path}");
    }
    server.stop();
}
