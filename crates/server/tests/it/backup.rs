//! Backups: taken while others write, read into either kind of database.

use crate::support::app::{TestApp, TestDatabase};
use crate::support::cli::{Cli, Server, name, stderr};
use refrain::backup::{restore, write};
use refrain::db::Db;
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicBool, Ordering};

async fn backed_up(db: &Db) -> Vec<u8> {
    let db = db.clone();
    let write = move || {
        let mut file = Vec::new();
        write(&db, &mut file, |_| true).unwrap();
        file
    };
    tokio::task::spawn_blocking(write).await.unwrap()
}

/// The lines of a backup, in an order that is the same for both databases.
fn lines(packed: &[u8]) -> Vec<String> {
    let text = String::from_utf8(zstd::decode_all(packed).unwrap()).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

fn token(cli: &Cli) -> String {
    cli.json(&["keys", "create", "--name", "k", "--json"], 0)["token"].as_str().unwrap().to_owned()
}

fn call(server: &Server, token: &str, method: &str, path: &str, body: &Value) -> Value {
    let (status, text) = server.call(method, path, token, &body.to_string());
    assert_eq!(status, 200, "{method} {path}: {text}");
    serde_json::from_str(&text).unwrap_or_default()
}

/// Starts conversations until it is told to stop; returns the ids of those that were acknowledged.
fn converse(server: &Server, token: &str, stop: &AtomicBool) -> Vec<String> {
    let mut ids = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let session =
            call(server, token, "POST", "/chat/sessions", &json!({"contact": {"email": "a@example.com"}}));
        let id = session["id"].as_str().unwrap().to_owned();
        let message =
            json!({"sender": "contact", "message": {"type": "text", "text": "Where is my refund?"}});
        call(server, token, "POST", &format!("/chat/sessions/{id}/send"), &message);
        ids.push(id);
    }
    ids
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_under_load_is_one_moment_and_restores_into_either_database() {
    let cli = Cli::new().await;
    let records =
        (0..400).map(|i| json!({"id": i, "turns": [{"role": "contact", "text": "I want my refund"}]}));
    let records: Vec<String> = records.map(|record| record.to_string()).collect();
    let records = name(&cli.file("records.jsonl", records.join("\n")));
    assert_eq!(cli.run(&["import", &records]).status.code(), Some(0));
    let token = token(&cli);
    let server = cli.serve();
    let stop = AtomicBool::new(false);
    let listed = || call(&server, &token, "GET", "/chat/sessions", &Value::Null);
    let imported = listed();
    let (before, after) = std::thread::scope(|scope| {
        let writer = scope.spawn(|| converse(&server, &token, &stop));
        let mut before = listed();
        while before["items"][0]["id"] == imported["items"][0]["id"] {
            std::thread::sleep(std::time::Duration::from_millis(50));
            before = listed();
        }
        let summary = cli.json(&["backup", "moment.backup", "--json"], 0);
        assert!(summary["rows"].as_u64().unwrap() > 1_000, "{summary}");
        stop.store(true, Ordering::Relaxed);
        (before, writer.join().unwrap())
    });
    server.stop();
    let newest = before["items"][0]["id"].as_str().unwrap();
    assert!(after.iter().any(|id| id == newest), "it was under load");
    let file = cli.database.folder.path().join("moment.backup");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);

    let other = Cli { database: TestDatabase::sqlite() };
    other.json(&["restore", &name(&file), "--json"], 0);
    assert_eq!(other.run(&["doctor"]).status.code(), Some(0));
    let restored = other.serve();
    call(&restored, &token, "GET", &format!("/chat/sessions/{newest}"), &Value::Null);
    restored.stop();
    let again = other.run(&["restore", &name(&file)]);
    assert!(stderr(&again).contains("the database is not empty"), "{}", stderr(&again));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_restored_is_what_was_backed_up() {
    let t = TestApp::new().await;
    let said = ["Where is my refund?", "I want my refund", "My card was charged twice"];
    t.import(
        (0..60).map(|i| json!({"id": i, "turns": [{"role": "contact", "text": said[i % 3]}]})).collect(),
    )
    .await;
    t.post_ok("/webhooks", json!({"url": "https://example.com/"})).await;
    t.run_jobs().await;
    let original = backed_up(&t.app.db).await;
    assert!(lines(&original).len() > 200);
    for database in [TestDatabase::sqlite(), TestDatabase::new().await] {
        let (location, file) = (database.location(), original.clone());
        let rows =
            tokio::task::spawn_blocking(move || restore(&location, &file[..], |_| true)).await.unwrap();
        assert_eq!(
            rows.unwrap()
                + 2
                + Db::open(&database.location()).await.unwrap().tables().await.unwrap().len() as u64,
            lines(&original).len() as u64
        );
        let other = Db::open(&database.location()).await.unwrap();
        let again = backed_up(&other).await;
        let (theirs, ours) = (lines(&again), lines(&original));
        for (theirs, ours) in theirs.iter().zip(&ours) {
            assert_eq!(theirs, ours);
        }
        assert_eq!(theirs.len(), ours.len());
        other.close().await;
    }
}

#[tokio::test]
async fn a_file_that_is_not_whole_restores_nothing() {
    let t = TestApp::new().await;
    t.session_saying("Where is my refund?").await;
    let whole = backed_up(&t.app.db).await;
    let plain = zstd::decode_all(&whole[..]).unwrap();
    let pack = |plain: &[u8]| zstd::encode_all(plain, 0).unwrap();
    let text = String::from_utf8(plain.clone()).unwrap();
    let cut = text.len() - 40;
    let later = text.replacen("\"schema\":", "\"schema\":9", 1);
    let foreign = text.replacen("\"name\":\"sessions\"", "\"name\":\"sessionz\"", 1);
    let column = text.replacen("\"ticket_number\"", "\"ticket_numbers\"", 1);
    let short = text.replacen("\"rows\":", "\"rows\":1", 1);
    for (bad, said) in [
        (whole[..whole.len() / 2].to_vec(), "reading line"),
        (pack(&plain[..cut]), "not whole"),
        (pack(b"{}\n"), "no backup of Refrain"),
        (b"PK\x03\x04 something else".to_vec(), "no backup of Refrain"),
        (pack(later.as_bytes()), "later release"),
        (pack(foreign.as_bytes()), "does not know"),
        (pack(column.as_bytes()), "does not know"),
        (pack(short.as_bytes()), "rows and has"),
        (pack(format!("{text}\n").as_bytes()), "after the last line"),
    ] {
        let cli = Cli::new().await;
        let file = name(&cli.file("bad.backup", bad));
        let output = cli.run(&["restore", &file]);
        assert_eq!(output.status.code(), Some(1), "{said}: {}", stderr(&output));
        assert!(stderr(&output).contains(said), "{said}: {}", stderr(&output));
        let db = Db::open(&cli.database.location()).await.unwrap();
        let (orgs,): (i64,) = db.fetch_one(refrain::db::sql("select count(*) from orgs")).await.unwrap();
        assert_eq!(orgs, 0, "{said}");
    }
}
