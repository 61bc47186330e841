//! Backups: taken while others write, read into either kind of database.

use crate::support::app::{TestApp, TestDatabase};
use crate::support::cli::{Cli, Server, name, stderr};
use refrain::db::Db;
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicBool, Ordering};

/// The lines of a backup, in an order that is the same for both databases.
fn lines(cli: &Cli, file: &str) -> Vec<String> {
    let packed = std::fs::read(cli.database.folder.path().join(file)).unwrap();
    let text = String::from_utf8(zstd::decode_all(&packed[..]).unwrap()).unwrap();
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
fn write(server: &Server, token: &str, stop: &AtomicBool) -> Vec<String> {
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
    cli.run(&["demo", "--no-serve"]);
    let token = token(&cli);
    let server = cli.serve();
    let stop = AtomicBool::new(false);
    let (before, after) = std::thread::scope(|scope| {
        let writer = scope.spawn(|| write(&server, &token, &stop));
        std::thread::sleep(std::time::Duration::from_millis(500));
        let before = call(&server, &token, "GET", "/chat/sessions", &Value::Null);
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

#[tokio::test]
async fn what_is_restored_is_what_was_backed_up() {
    let cli = Cli::new().await;
    assert_eq!(cli.run(&["demo", "--no-serve"]).status.code(), Some(0));
    assert_eq!(cli.run(&["backup", "a.backup"]).status.code(), Some(0));
    let file = name(&cli.database.folder.path().join("a.backup"));
    let original = lines(&cli, "a.backup");
    for database in [TestDatabase::sqlite(), TestDatabase::new().await] {
        let other = Cli { database };
        let restored = other.run(&["restore", &file]);
        assert_eq!(restored.status.code(), Some(0), "{}", stderr(&restored));
        other.run(&["backup", "b.backup"]);
        assert!(lines(&other, "b.backup") == original, "the rows differ");
        assert_eq!(
            other.json(&["insights", "--json"], 0),
            cli.json(&["insights", "--json"], 0),
            "the insights are the same"
        );
    }
}

#[tokio::test]
async fn a_file_that_is_not_whole_restores_nothing() {
    let t = TestApp::new().await;
    t.session_saying("Where is my refund?").await;
    let whole = tokio::task::spawn_blocking(move || {
        let mut file = Vec::new();
        refrain::backup::write(&t.app.db, &mut file, |_| true).unwrap();
        file
    });
    let whole = whole.await.unwrap();
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
