//! Requests a second of the calls that clients make most, and messages sent a second, over HTTP to `refrain serve` on this
//! machine, with the server's CPU time beside: on SQLite, and on PostgreSQL where `TEST_DATABASE_URL` names a server. Clients
//! are threads that ask one after the other. `REFRAIN_BENCH_SECONDS` is the time for each line.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench that fails to set up fails, and prints what it saw"
)]

#[path = "../tests/it/support"]
mod support {
    #[expect(dead_code, reason = "the tests use more of it")]
    pub(crate) mod app;
    #[expect(dead_code, reason = "the tests use more of it")]
    pub(crate) mod cli;
}

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};
use support::app::TestDatabase;
use support::cli::{Cli, Server};

/// The sessions of an organization that messages are sent to.
const SESSIONS: usize = 1_000;
const READERS: usize = 16;
const SAID: [&str; 4] = [
    "My parcel has not arrived yet",
    "I was charged twice for one order",
    "The app closes as soon as I open it",
    "How do I change the address of my order?",
];

fn main() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    bench("SQLite", TestDatabase::sqlite());
    match std::env::var("TEST_DATABASE_URL") {
        Ok(server) => bench("PostgreSQL", runtime.block_on(TestDatabase::postgres(&server))),
        Err(_) => println!("PostgreSQL: not measured, TEST_DATABASE_URL names no server"),
    }
}

fn bench(name: &str, database: TestDatabase) {
    let cli = Cli { database };
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample");
    let key = |org: &&str| {
        let file = sample.join(if *org == "default" { "insurance.jsonl.gz" } else { "languages.jsonl" });
        assert!(cli.run(&["import", "--org", org, file.to_str().unwrap()]).status.success());
        let made = cli.json(&["keys", "create", "--name", "bench", "--org", org, "--json"], 0);
        made["token"].as_str().unwrap().to_owned()
    };
    let keys: Vec<String> = ["default", "org1", "org2", "org3"].iter().map(key).collect();
    let server = cli.serve_with(&["--rate-limit", "0"]);
    println!("\n{name}\n{:<44} {:>10} {:>14} {:>8}", "call", "a second", "CPU us each", "p99 ms");
    let id = |listed: &Value| listed[0]["id"].as_str().unwrap().to_owned();
    let insight = id(&ask(&server, "POST", "/insights", &keys[0], "{}")["data"]);
    let session = id(&ask(&server, "GET", "/chat/sessions", &keys[0], "")["items"]);
    for (call, method, path, body) in [
        ("GET /insights/{id}", "GET", format!("/insights/{insight}"), ""),
        ("GET /chat/sessions/{id}", "GET", format!("/chat/sessions/{session}"), ""),
        ("GET /chat/sessions", "GET", "/chat/sessions".to_owned(), ""),
        ("POST /insights {}", "POST", "/insights".to_owned(), "{}"),
        ("POST /insights {\"channel\": \"web\"}", "POST", "/insights".to_owned(), r#"{"channel": "web"}"#),
    ] {
        let request = request(method, &path, &keys[0], body);
        measure(&server, call, READERS, |_, _| request.clone());
    }
    let sessions: Vec<Vec<String>> = keys.iter().map(|key| open_sessions(&server, key)).collect();
    for (clients, orgs) in [(1, 1), (32, 1), (32, 4)] {
        let call = format!("send, {clients} clients, {orgs} organizations");
        measure(&server, &call, clients, |client, i| {
            let org = client % orgs;
            let session = &sessions[org][(client * 31 + i * 37) % SESSIONS];
            let message =
                json!({"sender": "contact", "message": {"type": "text", "text": SAID[i % SAID.len()]}});
            request("POST", &format!("/chat/sessions/{session}/send"), &keys[org], &message.to_string())
        });
        let started = Instant::now();
        while keys.iter().any(|key| {
            let reading = &ask(&server, "GET", "/jobs", key, "")["reading"];
            reading["done"] != reading["total"]
        }) {
            std::thread::sleep(Duration::from_millis(50));
            assert!(started.elapsed() < Duration::from_mins(5), "what was sent is not read");
        }
        println!("{:<44} {:>10.1} s", "  … all of them read after", started.elapsed().as_secs_f64());
    }
}

fn open_sessions(server: &Server, key: &str) -> Vec<String> {
    let mut connection = Connection::open(server);
    let create = request("POST", "/chat/sessions", key, "{}");
    (0..SESSIONS)
        .map(|_| {
            serde_json::from_slice::<Value>(connection.ask(&create)).unwrap()["id"].as_str().unwrap().into()
        })
        .collect()
}

fn ask(server: &Server, method: &str, path: &str, key: &str, body: &str) -> Value {
    serde_json::from_slice(Connection::open(server).ask(&request(method, path, key, body))).unwrap()
}

/// Lets clients ask for a while, each on a connection of its own, and prints what came of it.
fn measure(server: &Server, call: &str, clients: usize, ask: impl Fn(usize, usize) -> String + Sync) {
    let seconds = std::env::var("REFRAIN_BENCH_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(5);
    let (cpu, started) = (cpu_seconds(server), Instant::now());
    let until = started + Duration::from_secs(seconds);
    let client = |client: usize| {
        let (mut connection, mut times) = (Connection::open(server), Vec::new());
        while Instant::now() < until {
            let (request, since) = (ask(client, times.len()), Instant::now());
            connection.ask(&request);
            times.push(since.elapsed());
        }
        times
    };
    let mut times: Vec<Duration> = std::thread::scope(|scope| {
        let client = &client;
        let all: Vec<_> = (0..clients).map(|i| scope.spawn(move || client(i))).collect();
        all.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let elapsed = started.elapsed().as_secs_f64();
    let cpu = cpu_seconds(server) - cpu;
    times.sort_unstable();
    let (count, p99) = (times.len() as f64, times[times.len() * 99 / 100].as_secs_f64());
    println!("{call:<44} {:>10.0} {:>14.0} {:>8.2}", count / elapsed, cpu / count * 1e6, p99 * 1e3);
}

/// Returns the processor time that the server took so far.
fn cpu_seconds(server: &Server) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", server.id())).unwrap();
    // the 14th and the 15th field, the second of which may hold blanks, in hundredths: see proc(5)
    let ticks = stat.rsplit(')').next().unwrap().split_whitespace().skip(11).take(2);
    ticks.map(|ticks| ticks.parse::<f64>().unwrap()).sum::<f64>() / 100.0
}

fn request(method: &str, path: &str, key: &str, body: &str) -> String {
    format!(
        "{method} {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// A connection that stays open.
struct Connection {
    stream: BufReader<TcpStream>,
    body: Vec<u8>,
}

impl Connection {
    fn open(server: &Server) -> Self {
        let stream = TcpStream::connect(&server.address).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream: BufReader::new(stream), body: Vec::new() }
    }

    /// Sends a request and returns the body of the answer, which must be a good one.
    fn ask(&mut self, request: &str) -> &[u8] {
        self.stream.get_mut().write_all(request.as_bytes()).unwrap();
        let (mut line, mut length, mut status) = (String::new(), 0, String::new());
        loop {
            line.clear();
            self.stream.read_line(&mut line).unwrap();
            if status.is_empty() {
                status.clone_from(&line);
            }
            if line == "\r\n" {
                break;
            }
            if let Some(told) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = told.trim().parse().unwrap();
            }
        }
        self.body.resize(length, 0);
        self.stream.read_exact(&mut self.body).unwrap();
        assert!(status.contains(" 20"), "{status}{}", String::from_utf8_lossy(&self.body));
        &self.body
    }
}
