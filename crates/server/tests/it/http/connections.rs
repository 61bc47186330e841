//! Clients that take places and time.

use crate::support::cli::{Cli, Server, read};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// A client that asks for much and reads nothing.
fn silent_reader(server: &Server) -> TcpStream {
    let mut stream = server.send(&"GET /openapi.json HTTP/1.1\r\nhost: x\r\n\r\n".repeat(20));
    // the server may end it at any time
    stream.set_write_timeout(Some(Duration::from_millis(100))).unwrap();
    let _ = stream.write(b"GET /openapi.json HTTP/1.1\r\nhost: x\r\n\r\n");
    stream
}

/// The times that `/healthz` takes, shortest first.
fn health_takes(server: &Server) -> Vec<Duration> {
    let calls = (0..20).map(|_| {
        let started = Instant::now();
        assert_eq!(server.call("GET", "/healthz", "", "").0, 200);
        started.elapsed()
    });
    let mut times: Vec<Duration> = calls.collect();
    times.sort();
    times
}

/// Whether the server ended a connection.
fn is_ended(stream: &mut TcpStream) -> bool {
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(error) => return error.kind() == std::io::ErrorKind::ConnectionReset,
        }
    }
}

#[tokio::test]
async fn clients_that_read_nothing_take_no_place_from_others() {
    let cli = Cli::new().await;
    let server = cli.serve();
    let silent: Vec<TcpStream> = (0..1_100).map(|_| silent_reader(&server)).collect();
    let times = health_takes(&server);
    assert!(times[10] < Duration::from_millis(100), "{times:?}");
    drop(silent);
}

#[tokio::test]
async fn a_peer_that_is_at_its_most_gives_up_what_it_does_not_use() {
    let cli = Cli::new().await;
    let server = cli.serve_with(&["--connections-per-peer", "3"]);
    let mut idle: Vec<TcpStream> = (0..3).map(|_| server.send("")).collect();
    std::thread::sleep(Duration::from_millis(50));
    assert_eq!(server.call("GET", "/healthz", "", "").0, 200);
    assert!(is_ended(&mut idle[0]), "the one without use for longest went");
    // a client that is quick to ask again keeps its connection
    let answer = read(server.send("GET /healthz HTTP/1.1\r\nhost: x\r\n\r\nGET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"));
    assert_eq!(answer.matches("HTTP/1.1 200 OK").count(), 2, "{answer}");
}

/// Takes the thirty seconds that a client may take nothing.
#[tokio::test]
async fn a_client_that_takes_nothing_is_not_waited_for() {
    let cli = Cli::new().await;
    let server = cli.serve();
    let mut silent = server.send(&"GET /openapi.json HTTP/1.1\r\nhost: x\r\n\r\n".repeat(400));
    let started = Instant::now();
    let metrics = || server.call("GET", "/metrics", "", "").1;
    let asked = |text: &str| {
        text.lines()
            .filter_map(|line| {
                line.strip_prefix(
                    "refrain_http_requests_total{method=\"GET\",route=\"/openapi.json\",status=\"200\"} ",
                )
            })
            .find_map(|count| count.parse::<u32>().ok())
    };
    std::thread::sleep(Duration::from_secs(2));
    let answered = asked(&metrics()).unwrap();
    assert!(answered < 400, "{answered}: requests are answered only while the client takes the answers");
    std::thread::sleep(Duration::from_secs(33));
    assert_eq!(asked(&metrics()), Some(answered));
    assert!(is_ended(&mut silent) && started.elapsed() < Duration::from_secs(50));
}

#[tokio::test]
async fn a_request_names_one_host() {
    let cli = Cli::new().await;
    let server = cli.serve();
    for (head, status) in [
        ("GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", "200 OK"),
        ("GET /healthz HTTP/1.1\r\nconnection: close\r\n\r\n", "400 Bad Request"),
        ("GET /healthz HTTP/1.1\r\nhost: x\r\nhost: y\r\nconnection: close\r\n\r\n", "400 Bad Request"),
        ("GET /healthz HTTP/1.1\r\nhost: x\r\nhost: x\r\nconnection: close\r\n\r\n", "400 Bad Request"),
        ("GET /healthz HTTP/1.0\r\n\r\n", "200 OK"),
    ] {
        let answer = read(server.send(head));
        assert!(answer.contains(status), "{head}{answer}");
    }
}

#[tokio::test]
async fn a_line_of_the_log_says_whose_key_it_was() {
    let cli = Cli::new().await;
    let key = cli.json(&["keys", "create", "--name", "x", "--json"], 0);
    let server = cli.serve_with(&["--log", "info"]);
    assert_eq!(server.call("GET", "/teams", key["token"].as_str().unwrap(), "").0, 200);
    assert_eq!(server.call("GET", "/teams", "none", "").0, 401);
    let log = server.stop();
    let line =
        |status: &str| log.lines().find(|line| line.contains(status)).unwrap_or_else(|| panic!("{log}"));
    let known = line("http.status=200");
    let id = key["id"].as_str().unwrap();
    assert!(known.contains(&format!("key.id={id}")) && known.contains("org.id="), "{known}");
    let unknown = line("http.status=401");
    assert!(!unknown.contains("key.id=") && unknown.contains("peer=127.0.0.1"), "{unknown}");
}
