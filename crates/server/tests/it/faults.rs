//! What an operator's machine does: a disk that fills up, a database server that is gone for a while. They need root, or
//! a server that is theirs to stop: `make faults` runs them.

use crate::support::app::TestDatabase;
use crate::support::cli::{Cli, Server};
use serde_json::{Value, json};
use std::fs::File;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

fn token(cli: &Cli) -> String {
    cli.json(&["keys", "create", "--name", "k", "--json"], 0)["token"].as_str().unwrap().to_owned()
}

/// Starts a session that brings a few kilobytes with it; returns status and body.
fn start_session(server: &Server, token: &str) -> (u16, String) {
    let data = json!({"custom_data": {"x": "y".repeat(4_000)}});
    server.call("POST", "/chat/sessions", token, &data.to_string())
}

#[track_caller]
fn eventually(what: &str, within: Duration, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < within, "{what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// A file system of some megabytes, gone with the value.
struct Small<'a>(&'a Path);

impl<'a> Small<'a> {
    fn mount(path: &'a Path) -> Self {
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", "size=16m", "tmpfs"]).arg(path).status();
        assert!(mount.unwrap().success(), "mounting a file system takes root");
        Self(path)
    }
}

impl Drop for Small<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.0).status();
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs root, to mount a small file system: make faults"]
async fn a_full_disk_is_said_and_writing_goes_on_once_there_is_room() {
    let cli = Cli { database: TestDatabase::sqlite() };
    let folder = cli.database.folder.path().to_owned();
    let _small = Small::mount(&folder);
    let token = token(&cli);
    let server = cli.serve();
    assert_eq!(start_session(&server, &token).0, 200);
    let ready = || server.call("GET", "/readyz", "", "").0;
    for round in 0..2 {
        let filler = folder.join("filler");
        // fills all but what the write-ahead log has taken already
        let _ = std::io::copy(&mut std::io::repeat(0), &mut File::create(&filler).unwrap());
        let mut statuses = Vec::new();
        for _ in 0..2_000 {
            let (status, body) = start_session(&server, &token);
            statuses.push(status);
            if status == 507 {
                let body: Value = serde_json::from_str(&body).unwrap();
                assert_eq!(body["message"], "the disk of the database is full");
                break;
            }
            assert_eq!(status, 200, "{body}");
        }
        assert_eq!(statuses.last(), Some(&507), "round {round}");
        for _ in 0..20 {
            let (status, body) = start_session(&server, &token);
            assert!(status == 507 || status == 200, "{status} {body}");
        }
        eventually("it is not ready while it can't write", Duration::from_secs(5), || ready() == 503);
        assert_eq!(server.call("GET", "/chat/sessions", &token, "").0, 200, "what is there is read");
        std::fs::remove_file(&filler).unwrap();
        eventually("it is ready again", Duration::from_secs(10), || ready() == 200);
        assert_eq!(start_session(&server, &token).0, 200);
    }
    server.stop();
    assert_eq!(cli.run(&["doctor"]).status.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "stops the PostgreSQL server that the other tests use: make faults"]
async fn a_database_server_that_is_gone_fails_requests_fast_and_is_found_when_it_is_back() {
    let control = std::env::var("TEST_POSTGRES_CTL").expect("scripts/with-postgres.sh sets it");
    let control =
        |word: &str| assert!(Command::new(&control).arg(word).status().unwrap().success(), "{word}");
    let cli = Cli::new().await;
    let token = token(&cli);
    let server = cli.serve();
    assert_eq!(start_session(&server, &token).0, 200);
    control("stop");
    let read = || server.call("GET", "/chat/sessions", &token, "").0;
    assert_eq!(server.call("GET", "/healthz", "", "").0, 200);
    let first = Instant::now();
    assert_eq!(read(), 503);
    assert!(first.elapsed() < Duration::from_secs(4), "{:?}", first.elapsed());
    let start = Instant::now();
    for _ in 0..20 {
        assert_eq!(read(), 503);
        assert_eq!(start_session(&server, &token).0, 503);
    }
    assert!(start.elapsed() < Duration::from_secs(5), "fast once it is known: {:?}", start.elapsed());
    assert_eq!(server.call("GET", "/readyz", "", "").0, 503);
    control("start");
    eventually("it is found when it is back", Duration::from_secs(10), || read() == 200);
    assert_eq!(start_session(&server, &token).0, 200);
    assert_eq!(server.call("GET", "/readyz", "", "").0, 200);
    server.stop();
    assert_eq!(cli.run(&["doctor"]).status.code(), Some(0));
}
