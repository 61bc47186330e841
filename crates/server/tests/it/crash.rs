//! `kill -9` at any moment of an import or an analysis, then a restart: the end is as if nothing happened.

use crate::support::cli::{Cli, Server};
use refrain::db::{Db, sql};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Stdio;
use std::time::{Duration, Instant};

const TEXTS: [&str; 6] = [
    "My parcel has not arrived yet",
    "I want to cancel my booking",
    "The app crashes when I open it",
    "I was charged twice this month",
    "How do I change my address?",
    "Please send me a new password",
];

/// Enough that a kill a tenth of the way in falls into the reading of the file.
const COUNT: usize = 1_200;

fn conversations() -> String {
    let record = |i: usize| {
        let text =
            format!("{} for order {}", TEXTS[i % TEXTS.len()], ["one", "two", "three", "four"][i / 7 % 4]);
        let (channel, plan) = (["chat", "phone", "email"][i % 3], ["free", "pro"][i % 2]);
        json!({
            "id": i, "channel": channel, "created_at": "2026-05-01T10:00:00Z",
            "contact": {"email": format!("c{}@example.com", i % 500)}, "custom_data": {"plan": plan},
            "turns": [{"role": "contact", "text": "Hello"}, {"role": "agent", "text": "How can I help?"}, {"role": "contact", "text": text}],
        })
        .to_string()
    };
    (0..COUNT).map(record).collect::<Vec<_>>().join("\n")
}

/// Everything that must not depend on what happened on the way.
async fn state(cli: &Cli) -> Vec<Vec<String>> {
    let db = Db::open(&cli.database.location()).await.unwrap();
    let queries = [
        "select cast(ticket_number as text) || ' ' || status || ' ' || channel || ' ' || coalesce(language, '') || ' '
            || coalesce(sentiment, '') || ' ' || coalesce(summary, '') || ' ' || custom_data || ' ' || cast(created_at as text)
            || ' ' || cast(next_seq as text) || ' ' || cast(revision - read_revision as text)
            from sessions order by ticket_number",
        "select cast(s.ticket_number as text) || ' ' || cast(m.seq as text) || ' ' || m.sender || ' ' || m.text
            from messages m join sessions s on s.org_id = m.org_id and s.id = m.session_id order by s.ticket_number, m.seq",
        "select cast(s.ticket_number as text) || ' ' || t.text || ' ' || t.language || ' ' || t.sentiment || ' '
            || cast(t.span_start as text) || ' ' || cast(t.span_end as text)
            from statements t join sessions s on s.org_id = t.org_id and s.id = t.session_id order by s.ticket_number, t.span_start",
        "select i.content || ' ' || i.sentiment || ' ' || cast(i.occurrence_count as text) || ' ' || coalesce(c.name, '') || ' '
            || cast(i.first_seen_at as text) || ' ' || cast(i.last_seen_at as text)
            from insights i left join categories c on c.org_id = i.org_id and c.id = i.category_id
            where i.retired_at is null order by i.content",
        "select i.content || ' ' || cast(s.ticket_number as text) || ' ' || t.text || ' ' || cast(o.canonical as text)
            from occurrences o join insights i on i.org_id = o.org_id and i.id = o.insight_id
            join sessions s on s.org_id = o.org_id and s.id = o.session_id
            join statements t on t.org_id = o.org_id and t.id = o.statement_id order by i.content, s.ticket_number",
        "select grouping_hash from orgs",
        "select cast(count(*) as text) from contacts",
        "select kind from jobs",
    ];
    let mut state = Vec::new();
    for query in queries {
        let rows: Vec<(String,)> = db.fetch_all(sql(query)).await.unwrap();
        state.push(rows.into_iter().map(|(row,)| row).collect());
    }
    db.close().await;
    state
}

#[tokio::test]
async fn an_import_killed_at_any_moment_ends_as_an_undisturbed_one() {
    let text = conversations();
    let undisturbed = Cli::new().await;
    let file = undisturbed.file("a.jsonl", &text);
    let started = Instant::now();
    undisturbed.json(&["import", file.to_str().unwrap(), "--json"], 0);
    let duration = started.elapsed();
    let expected = state(&undisturbed).await;
    assert_eq!((expected[0].len(), expected[3].len()), (COUNT, 6), "{:?}", expected[3]);
    // three times in one run, at moments spread over reading, analysis and grouping
    for fractions in [[0.1, 0.3, 0.6], [0.2, 0.5, 0.9]] {
        let cli = Cli::new().await;
        let file = cli.file("a.jsonl", &text);
        for fraction in fractions {
            let mut command = cli.command(&["import", file.to_str().unwrap()]);
            let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            std::thread::sleep(Duration::from_secs_f64(duration.as_secs_f64() * fraction));
            // SIGKILL
            child.kill().unwrap();
            child.wait().unwrap();
        }
        cli.json(&["import", file.to_str().unwrap(), "--json"], 0);
        let found = state(&cli).await;
        for (found, expected) in found.iter().zip(&expected) {
            assert_eq!(found, expected);
        }
        assert_eq!(cli.run(&["doctor"]).status.code(), Some(0));
    }
}

#[tokio::test]
async fn a_server_killed_while_it_reads_goes_on_where_it_was() {
    let cli = Cli::new().await;
    let file = cli.file("a.jsonl", conversations());
    cli.json(&["import", file.to_str().unwrap(), "--no-wait", "--json"], 0);
    for wait in [50, 200, 400] {
        let server = cli.serve();
        std::thread::sleep(Duration::from_millis(wait));
        // dropped: SIGKILL
        drop(server);
    }
    let _server = cli.serve();
    let started = Instant::now();
    while cli.json(&["insights", "--json"], 0)["total"] != 6 {
        assert!(started.elapsed() < Duration::from_mins(2), "the analysis does not end");
        std::thread::sleep(Duration::from_millis(200));
    }
    assert_eq!(cli.run(&["doctor"]).status.code(), Some(0));
}

/// Posts over a socket with an `Idempotency-Key`. Returns the body of a 200, or nothing if the server is gone first.
fn post_once(address: &str, token: &str, path: &str, key: &str, body: &str) -> Option<String> {
    let mut stream = TcpStream::connect(address).ok()?;
    let length = body.len();
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {token}\r\nidempotency-key: {key}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    head.starts_with("HTTP/1.1 200").then(|| body.to_owned())
}

#[tokio::test]
async fn a_request_that_is_sent_again_after_a_kill_doubles_nothing() {
    let cli = Cli::new().await;
    let token =
        cli.json(&["keys", "create", "--name", "k", "--json"], 0)["token"].as_str().unwrap().to_owned();
    let said = r#"{"sender":"contact","message":{"type":"text","text":"Where is my refund?"}}"#;
    let ask = |address: &str, number: usize| {
        let key = format!("session-{number}");
        let session: Value =
            serde_json::from_str(&post_once(address, &token, "/chat/sessions", &key, "{}")?).unwrap();
        let path = format!("/chat/sessions/{}/send", session["id"].as_str().unwrap());
        post_once(address, &token, &path, &format!("message-{number}"), said)
    };
    let (mut answers, mut kills) = (Vec::new(), 0);
    while answers.len() < 120 {
        let server = cli.serve_with(&["--rate-limit", "0"]);
        let address = server.address.clone();
        let killed = std::thread::spawn(move || {
            // at another moment each time; dropped: SIGKILL
            std::thread::sleep(Duration::from_millis(150 + 60 * kills));
            drop(server);
        });
        while answers.len() < 120 {
            let Some(answer) = ask(&address, answers.len()) else { break };
            answers.push(answer);
        }
        killed.join().unwrap();
        kills += 1;
    }
    assert!(kills > 1, "no request was cut off");
    // each is answered again as the first time
    let server = cli.serve_with(&["--rate-limit", "0"]);
    for (number, answer) in answers.iter().enumerate() {
        assert_eq!(ask(&server.address, number).as_ref(), Some(answer));
    }
    drop(server);
    let db = Db::open(&cli.database.location()).await.unwrap();
    for table in ["sessions", "messages"] {
        let query = format!("select count(*) from {table}");
        let (count,): (i64,) = db.fetch_one(sql(&query)).await.unwrap();
        assert_eq!(count, 120, "{table}");
    }
    db.close().await;
}

/// The JSON that a server answers with.
fn ask(server: &Server, method: &str, path: &str, token: &str, body: &str) -> Value {
    let (status, answer) = server.call(method, path, token, body);
    assert_eq!(status, 200, "{answer}");
    serde_json::from_str(&answer).unwrap()
}

#[tokio::test]
async fn an_import_over_the_api_killed_at_any_moment_ends_as_an_undisturbed_one() {
    // with many in which no contact says anything: long to write, and nothing to read
    let unsaid = |i| {
        let turns = json!([{"role": "agent", "text": "Hello?"}]);
        json!({"id": format!("unsaid-{i}"), "created_at": "2026-05-01T10:00:00Z", "turns": turns}).to_string()
    };
    let text = [vec![conversations()], (0..2_000).map(unsaid).collect()].concat().join("\n");
    let undisturbed = Cli::new().await;
    let file = undisturbed.file("a.jsonl", &text);
    undisturbed.json(&["import", file.to_str().unwrap(), "--json"], 0);
    let expected = state(&undisturbed).await;
    let cli = Cli::new().await;
    let folder = cli.database.folder.path();
    let data = if cli.database.url.is_some() { folder.join("refrain-data") } else { folder.to_owned() };
    std::fs::create_dir_all(data.join("inbox")).unwrap();
    std::fs::write(data.join("inbox/a.jsonl"), &text).unwrap();
    let token =
        cli.json(&["keys", "create", "--name", "x", "--json"], 0)["token"].as_str().unwrap().to_owned();
    let server = cli.serve();
    let begun = ask(&server, "POST", "/imports", &token, r#"{"path": "a.jsonl"}"#);
    let path = format!("/imports/{}", begun["id"].as_str().unwrap());
    // as soon as it writes, and somewhere after
    while ask(&server, "GET", &path, &token, "")["starts"] == 0 {
        std::thread::sleep(Duration::from_millis(5));
    }
    drop(server);
    let server = cli.serve();
    std::thread::sleep(Duration::from_secs(17));
    drop(server);
    let server = cli.serve();
    let (mut last, started) = ((0, 0, 0), Instant::now());
    let done = loop {
        let import = ask(&server, "GET", &path, &token, "");
        if import["status"] == "done" {
            break import;
        }
        assert_eq!(import["failure"], Value::Null, "{import}");
        let progress = &import["progress"];
        let phase = ["importing", "reading", "grouping"].iter().position(|phase| progress["phase"] == *phase);
        let now = (import["starts"].as_u64().unwrap(), phase.unwrap(), progress["done"].as_u64().unwrap());
        assert!(now >= last, "{now:?} after {last:?}: {import}");
        last = now;
        assert!(started.elapsed() < Duration::from_mins(3), "{import}");
        std::thread::sleep(Duration::from_millis(100));
    };
    assert!(done["starts"].as_u64().unwrap() >= 2, "{done}");
    assert_eq!(done["insights"], 6);
    drop(server);
    let found = state(&cli).await;
    // but for the jobs that wait
    for (found, expected) in found.iter().zip(&expected[..7]) {
        assert_eq!(found, expected);
    }
    assert_eq!(cli.run(&["doctor"]).status.code(), Some(0));
}
