//! A server that is told messages while another process imports into the same database.

use crate::support::cli::Cli;
use refrain::db::{Db, sql};
use refrain::ids::SessionId;
use serde_json::{Value, json};
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

fn conversations(from: usize, count: usize) -> String {
    let record = |i: usize| {
        let text =
            format!("{} for order {}", TEXTS[i % TEXTS.len()], ["one", "two", "three", "four"][i / 7 % 4]);
        json!({
            "id": i, "contact": {"email": format!("c{i}@example.com")},
            "turns": [{"role": "contact", "text": "Hello"}, {"role": "agent", "text": "How can I help?"}, {"role": "contact", "text": text}],
        })
        .to_string()
    };
    (from..from + count).map(record).collect::<Vec<_>>().join("\n")
}

async fn count(db: &Db, query: &str, id: Option<SessionId>) -> i64 {
    let query = sql(query);
    let query = id.map_or(query.clone(), |id| query.bind(id));
    db.fetch_one::<(i64,)>(query).await.unwrap().0
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "an import of 20,000 takes a minute in an optimized build"]
async fn messages_are_counted_within_a_second_while_an_import_runs() {
    let cli = Cli::new().await;
    let first = cli.file("first.jsonl", conversations(0, 500));
    cli.json(&["import", first.to_str().unwrap(), "--json"], 0);
    let server = cli.serve_with(&["--rate-limit", "0"]);
    let key = cli.json(&["keys", "create", "--name", "x", "--json"], 0);
    let token = key["token"].as_str().unwrap();
    let db = Db::open(&cli.database.location()).await.unwrap();
    let many: usize = std::env::var("LIVE_IMPORT").map_or(20_000, |count| count.parse().unwrap());
    let file = cli.file("many.jsonl", conversations(1_000, many));
    let mut command = cli.command(&["import", file.to_str().unwrap()]);
    let mut import = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let (mut waits, mut groupings) = (Vec::new(), 0);
    for i in 0.. {
        if import.try_wait().unwrap().is_some() {
            break;
        }
        let due = Instant::now() + Duration::from_millis(100);
        let (_, body) = server.call("POST", "/chat/sessions", token, "{}");
        let session = serde_json::from_str::<Value>(&body).unwrap()["id"].as_str().unwrap().to_owned();
        let message =
            json!({"sender": "contact", "message": {"type": "text", "text": TEXTS[i % TEXTS.len()]}});
        let path = format!("/chat/sessions/{session}/send");
        let since = Instant::now();
        let (status, _) = server.call("POST", &path, token, &message.to_string());
        assert_eq!(status, 200);
        let id: SessionId = session.parse().unwrap();
        while count(&db, "select count(*) from occurrences where session_id = $1", Some(id)).await == 0 {
            let held = "select count(*) from jobs where kind = 'consolidate' and lease_id is not null";
            groupings = groupings.max(count(&db, held, None).await);
            assert!(since.elapsed() < Duration::from_mins(1));
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        waits.push(since.elapsed());
        tokio::time::sleep_until(due.into()).await;
    }
    waits.sort_unstable();
    let at = |share: f64| waits[((waits.len() - 1) as f64 * share) as usize];
    println!("{} messages: p50 {:?}, p99 {:?}, most {:?}", waits.len(), at(0.5), at(0.99), at(1.0));
    assert!(groupings <= 1, "{groupings} groupings at once");
    assert!(at(0.99) < Duration::from_secs(1), "{:?}", at(0.99));
    assert!(at(1.0) < Duration::from_secs(2), "{:?}", at(1.0));
    db.close().await;
}
