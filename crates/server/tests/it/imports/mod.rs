//! `refrain import`.

mod api;
mod corpus;
mod desks;
mod files;
mod members;
mod messengers;
mod public_tables;
mod tables;
mod twice;

use crate::support::app::TestApp;
use crate::support::cli::{Cli, name};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use std::io::Write;

fn line(id: &str, text: &str) -> String {
    json!({"id": id, "channel": "chat", "turns": [{"role": "contact", "text": text}], "labels": {"intents": ["gold"]}})
        .to_string()
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// Exports the conversations, with their turns.
fn export(cli: &Cli) -> Vec<Value> {
    let output = cli.run(&["export", "--what", "conversations", "--format", "jsonl", "--out", "-"]);
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn sessions(cli: &Cli) -> Vec<Value> {
    let token =
        cli.json(&["keys", "create", "--name", "x", "--json"], 0)["token"].as_str().unwrap().to_owned();
    let (status, body) =
        cli.serve().call("POST", "/chat/sessions/filter", &token, r#"{"sort_by":"created_at","limit":100}"#);
    assert_eq!(status, 200, "{body}");
    let body: Value = serde_json::from_str(&body).unwrap();
    let mut sessions = body["data"].as_array().unwrap().clone();
    sessions.sort_by_key(|session| session["ticket_number"].as_i64());
    sessions
}

#[tokio::test]
async fn bad_records_are_listed_and_the_rest_is_imported() {
    let cli = Cli::new().await;
    let lines = [
        line("1", "Where is my parcel?"),
        "{\"id\": 2, \"turns\": [".into(),
        line("3", "Where is my refund?"),
        String::new(),
        json!({"id": "4", "turns": [{"role": "contact", "text": " "}]}).to_string(),
        json!({"turns": []}).to_string(),
        json!({"id": "7", "created_at": "yesterday", "turns": []}).to_string(),
        line("3", "another under the same id"),
        "[1]".into(),
        json!({"id": {}, "turns": [{"text": "SECRET"}]}).to_string(),
    ];
    let file = cli.file("mixed.jsonl", lines.join("\n"));
    let summary = cli.json(&["import", file.to_str().unwrap(), "--json"], 3);
    assert_eq!((&summary["imported"], &summary["bad"]), (&json!(2), &json!(7)));
    let bad: Vec<(i64, &str)> = summary["bad_records"]
        .as_array()
        .unwrap()
        .iter()
        .map(|bad| {
            assert_eq!(bad["file"], name(&file));
            (bad["line"].as_i64().unwrap(), bad["reason"].as_str().unwrap())
        })
        .collect();
    assert_eq!(
        bad,
        [
            (2, "malformed JSON at column 20"),
            (5, "turns: nothing is said in them"),
            (6, "id: is required"),
            (7, "turns: is required"),
            (8, "id: line 3 has the same"),
            (9, "expected a JSON object"),
            (10, "id: is required"),
        ]
    );
    let output = cli.run(&["import", file.to_str().unwrap()]);
    let listed = String::from_utf8(output.stderr).unwrap();
    assert!(listed.contains(&format!("{}:5: turns: nothing is said in them", name(&file))), "{listed}");
    assert!(!listed.contains("SECRET"), "no value is repeated");
}

#[tokio::test]
async fn importing_twice_changes_nothing_and_a_grown_conversation_grows() {
    let cli = Cli::new().await;
    let lines: Vec<String> =
        (0..40).map(|i| line(&i.to_string(), "Where is my parcel, it is late?")).collect();
    let file = cli.file("a.jsonl.gz", gzip(&lines.join("\n")));
    let path = file.to_str().unwrap();
    assert_eq!(cli.json(&["import", path, "--json"], 0)["imported"], 40);
    let insights = cli.json(&["insights", "--json"], 0);
    let before = sessions(&cli);
    let again = cli.json(&["import", path, "--json"], 0);
    assert_eq!(
        (&again["imported"], &again["updated"], &again["unchanged"]),
        (&json!(0), &json!(0), &json!(40))
    );
    assert_eq!(cli.json(&["insights", "--json"], 0), insights);
    assert_eq!(sessions(&cli), before);
    // one conversation goes on, and says more of itself
    let grown = json!({"id": "7", "channel": "chat", "status": "closed_unresolved", "custom_data": {"vip": true}, "turns": [
        {"role": "contact", "text": "Where is my parcel, it is late?"}, {"role": "agent", "text": "I will look for it."},
        {"role": "contact", "text": "Please cancel the order then"},
    ]});
    let file = cli.file("b.jsonl", format!("{grown}\n{}", lines[8]));
    let summary = cli.json(&["import", file.to_str().unwrap(), "--json"], 0);
    assert_eq!(
        (&summary["imported"], &summary["updated"], &summary["unchanged"]),
        (&json!(0), &json!(1), &json!(1))
    );
    let after = sessions(&cli);
    assert_eq!(after.len(), 40);
    assert_eq!(
        (&after[7]["status"], &after[7]["custom_data"]),
        (&json!("closed_unresolved"), &json!({"vip": true}))
    );
    let token =
        cli.json(&["keys", "create", "--name", "x", "--json"], 0)["token"].as_str().unwrap().to_owned();
    let path = format!("/chat/sessions/{}/history", after[7]["id"].as_str().unwrap());
    let history: Value = serde_json::from_str(&cli.serve().call("GET", &path, &token, "").1).unwrap();
    let texts: Vec<&str> = history["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|item| item["event"]["content"]["text"].as_str())
        .collect();
    assert_eq!(
        texts,
        ["Where is my parcel, it is late?", "I will look for it.", "Please cancel the order then"]
    );
    assert_eq!(cli.run(&["doctor"]).status.code(), Some(0));
    // the same ids of another system are other conversations
    let summary = cli.json(&["import", file.to_str().unwrap(), "--source", "other", "--json"], 0);
    assert_eq!(summary["imported"], 2);
}

#[tokio::test]
async fn every_member_of_a_record_arrives() {
    let cli = Cli::new().await;
    let record = json!({
        "id": 99, "channel": "twitter", "language": "pt-BR", "created_at": "2026-01-02T03:04:05Z", "brand": "Acme",
        "status": "open", "ai_closure_type": "handed_off", "handoff": {"summary": "Wants a person", "sentiment": "angry"},
        "ticketing_system": {"name": "intercom", "external_id": "77", "id_type": "conversation_id"},
        "contact": {"email": "ada@example.com", "name": "Ada", "phone_number": "+44 20", "custom_data": {"plan": "pro"}},
        "custom_data": {"order": 5}, "team": "Billing", "assignee_id": "12", "assist_mode": true, "tags": ["vip"],
        "turns": [{"id": "t1", "role": "contact", "text": "Oi, onde está meu pedido?", "created_at": "2026-01-02T03:05:00Z", "name": "Ada"}],
    });
    let file = cli.file("a.jsonl.zst", zstd::encode_all(record.to_string().as_bytes(), 1).unwrap());
    cli.json(&["import", file.to_str().unwrap(), "--json"], 0);
    let session = sessions(&cli).remove(0);
    for (member, value) in [
        ("channel", json!({"type": "api"})),
        ("language", json!("pt")),
        ("created_at", json!("2026-01-02T03:04:05.000Z")),
        ("status", json!("open")),
        ("ai_closure_type", json!("handed_off")),
        ("assignee_id", json!("12")),
        ("handoff", json!({"summary": "Wants a person", "sentiment": "angry"})),
        ("assist_mode", json!(true)),
        ("ticketing_system", json!({"name": "intercom", "external_id": "77", "id_type": "conversation_id"})),
        ("custom_data", json!({"order": 5, "brand": "Acme", "channel": "twitter"})),
    ] {
        assert_eq!(session[member], value, "{member}");
    }
    assert_eq!(session["team"]["name"], "Billing");
    assert_eq!(session["contact"]["email"], "ada@example.com");
    assert_eq!(session["contact"]["custom_data"], json!({"plan": "pro"}));
}

#[tokio::test]
async fn without_waiting_the_server_reads_what_was_imported() {
    let cli = Cli::new().await;
    let lines: Vec<String> =
        (0..10).map(|i| line(&i.to_string(), "Where is my parcel, it is late?")).collect();
    let file = cli.file("a.jsonl", lines.join("\n"));
    let summary = cli.json(&["import", file.to_str().unwrap(), "--no-wait", "--json"], 0);
    assert_eq!(
        (&summary["imported"], &summary["insights"], &summary["analyzed"]),
        (&json!(10), &json!(0), &json!(false))
    );
    let server = cli.serve();
    for _ in 0..200 {
        if cli.json(&["insights", "--json"], 0)["total"] == 1 {
            drop(server);
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    panic!("nothing was grouped");
}

#[tokio::test]
async fn an_import_that_says_another_time_moves_what_it_counts_for() {
    let t = TestApp::new().await;
    let record = |i: usize, at: &str| {
        let turns = json!([{"role": "contact", "text": "I want a refund for my order"}]);
        json!({"id": i, "created_at": at, "contact": {"email": format!("c{i}@example.com")}, "turns": turns})
    };
    t.import((0..12).map(|i| record(i, "2026-04-10T10:00:00Z")).collect()).await;
    t.run_jobs().await;
    let insight = |listed: Value| listed["data"][0].clone();
    let before = insight(t.post_ok("/insights", json!({})).await);
    assert_eq!(
        (&before["occurrence_count"], &before["first_seen_at"]),
        (&json!(12), &before["last_seen_at"])
    );
    t.import(vec![record(3, "2026-04-01T10:00:00Z"), record(4, "2026-04-20T10:00:00Z")]).await;
    t.run_jobs().await;
    let after = insight(t.post_ok("/insights", json!({})).await);
    assert_eq!(after["occurrence_count"], 12);
    assert_eq!(after["first_seen_at"], "2026-04-01T10:00:00.000Z");
    assert_eq!(after["last_seen_at"], "2026-04-20T10:00:00.000Z");
    // with a condition the same is counted in memory
    let filtered = t.post_ok("/insights", json!({"sessionFromDate": "2026-04-01"})).await;
    assert_eq!(insight(filtered), after);
    // another contact moves no time: the insight is not written, and has one person less
    let entries = "select count(*) from changes where kind = 'insight'";
    let before = t.count(entries).await;
    let insight = format!("/insights/{}", after["id"].as_str().unwrap());
    let shown = t.items(&format!("{insight}/sessions")).await;
    let path = format!("/chat/sessions/{}", shown[0]["session_id"].as_str().unwrap());
    let body = json!({"contact_id": shown[1]["contact_id"]});
    t.patch_ok(&path, body).await;
    t.run_jobs().await;
    assert_eq!(t.count(entries).await, before);
    assert_eq!(t.get_ok(&format!("{insight}/people")).await["total"], 11);
}
