//! The commands, each as a process of its own.

use crate::support::cli::{Cli, read, stderr};
use serde_json::{Value, json};
use std::io::Write;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

#[tokio::test]
async fn keys_are_made_listed_and_revoked() {
    let cli = Cli::new().await;
    let made = cli.json(
        &[
            "keys",
            "create",
            "--name",
            "tap",
            "--scopes",
            "insights:read,chat-sessions:read",
            "--member",
            "Mo@example.com",
            "--json",
        ],
        0,
    );
    assert_eq!(made.as_object().unwrap().keys().collect::<Vec<_>>(), ["id", "token"]);
    let listed = cli.json(&["keys", "list", "--json"], 0);
    assert_eq!(listed[0]["id"], made["id"]);
    assert_eq!(listed[0]["scopes"], "insights:read,chat-sessions:read");
    assert_eq!(listed[0]["member"], "mo@example.com");
    assert!(!listed.to_string().contains(made["token"].as_str().unwrap()));
    let server = cli.serve();
    let token = made["token"].as_str().unwrap();
    assert_eq!(server.call("POST", "/insights", token, "{}").0, 200);
    assert_eq!(server.call("GET", "/contacts", token, "").0, 403);
    cli.json(&["keys", "revoke", made["id"].as_str().unwrap(), "--json"], 0);
    assert_eq!(server.call("POST", "/insights", token, "{}").0, 401);
    assert_eq!(cli.run(&["keys", "revoke", made["id"].as_str().unwrap()]).status.code(), Some(1));
}

#[tokio::test]
async fn wrong_use_is_told_apart_from_failure() {
    let cli = Cli::new().await;
    for (args, code) in [
        (&["nonsense"][..], 2),
        (&["import"], 2),
        (&["keys", "create", "--name", "x", "--scopes", "everything"], 2),
        (&["keys", "create", "--name", "x", "--member", "nobody"], 2),
        (&["serve", "--listen", "nowhere"], 2),
        (&["config", "--language", "xx"], 2),
        (&["config", "--config", "missing.toml"], 2),
        (&["import", "missing.jsonl"], 1),
        (&["insights", "--org", "nobody"], 1),
        (&["keys", "list", "--org", "nobody"], 1),
    ] {
        let output = cli.run(args);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {}", stderr(&output));
        assert!(!stderr(&output).is_empty());
    }
    cli.run(&["keys", "create", "--name", "x"]);
    let output = cli.run(&["insights", "--sentiment", "furious"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(stderr(&output), "refrain: sentiment: expected one of angry, happy, neutral\n");
}

#[tokio::test]
async fn settings_come_from_file_then_environment_then_flags() {
    let cli = Cli::new().await;
    cli.file("refrain.toml", "rate_limit = 7\nworkers = 3\nlisten = \"127.0.0.1:1234\"\n");
    let mut command = cli.command(&["config", "--json", "--listen", "127.0.0.1:9"]);
    let output = command.env("REFRAIN_WORKERS", "5").env("REFRAIN_LISTEN", "127.0.0.1:8").output().unwrap();
    let settings: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&settings["rate_limit"], &settings["workers"]), (&json!(7), &json!(5)));
    assert_eq!(settings["listen"], "127.0.0.1:9");
    let text = String::from_utf8(cli.run(&["config"]).stdout).unwrap();
    cli.file("refrain.toml", text.replace("rate_limit = 7", "rate_limit = 8"));
    assert_eq!(cli.json(&["config", "--json"], 0)["rate_limit"], 8, "what is printed is a settings file");
    cli.file("refrain.toml", "colour = \"red\"");
    let output = cli.run(&["config"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("colour"), "{}", stderr(&output));
    let output = cli
        .command(&["config"])
        .args(["--config", "/dev/null", "--database-url", "postgres://u:hunter2@h/d"])
        .output()
        .unwrap();
    assert!(!String::from_utf8_lossy(&output.stdout).contains("hunter2"));
}

#[tokio::test]
async fn a_server_that_is_asked_to_stop_finishes_and_ends_well() {
    let cli = Cli::new().await;
    let token =
        cli.json(&["keys", "create", "--name", "x", "--json"], 0)["token"].as_str().unwrap().to_owned();
    let mut server = cli.serve();
    assert_eq!(server.call("GET", "/healthz", "", ""), (200, "{\"status\":\"ok\"}".into()));
    assert_eq!(server.call("GET", "/readyz", "", "").0, 200);
    // a request whose body is still on its way when the signal comes
    let body = "{\"custom_data\": {\"slow\": true}}";
    let mut slow = server.send(&format!("POST /chat/sessions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{}", body.len(), &body[..5]));
    std::thread::sleep(Duration::from_millis(300));
    server.signal("-TERM");
    std::thread::sleep(Duration::from_millis(300));
    slow.write_all(&body.as_bytes()[5..]).unwrap();
    let response = read(slow);
    assert!(response.starts_with("HTTP/1.1 200"), "{response}");
    assert_eq!(server.wait(), Some(0));
    let server = cli.serve();
    let (_, listed) = server.call("GET", "/chat/sessions", &token, "");
    assert!(listed.contains("\"slow\":true"), "what was acknowledged is there: {listed}");
}

#[tokio::test]
async fn live_traffic_is_in_its_insight_within_two_seconds() {
    let cli = Cli::new().await;
    let lines: Vec<String> = (0..8)
        .map(|i| {
            json!({"id": i, "turns": [{"role": "contact", "text": "My parcel has not arrived yet"}]})
                .to_string()
        })
        .collect();
    let file = cli.file("a.jsonl", lines.join("\n"));
    let summary = cli.json(&["import", file.to_str().unwrap(), "--json"], 0);
    assert_eq!((&summary["imported"], &summary["insights"]), (&json!(8), &json!(1)), "{summary}");
    let token =
        cli.json(&["keys", "create", "--name", "x", "--json"], 0)["token"].as_str().unwrap().to_owned();
    let server = cli.serve();
    let call = |method: &str, path: &str, body: Value| -> Value {
        let (status, answer) = server.call(method, path, &token, &body.to_string());
        assert_eq!(status, 200, "{answer}");
        serde_json::from_str(&answer).unwrap_or(Value::Null)
    };
    let id = call("POST", "/chat/sessions", json!({}))["id"].as_str().unwrap().to_owned();
    let text =
        json!({"sender": "contact", "message": {"type": "text", "text": "my parcel still has not arrived"}});
    call("POST", &format!("/chat/sessions/{id}/send"), text);
    call("PATCH", &format!("/chat/sessions/{id}"), json!({"status": "closed_resolved"}));
    let started = Instant::now();
    loop {
        let insights = call("POST", "/insights", json!({}));
        if insights["data"][0]["occurrence_count"] == 9 {
            break;
        }
        assert!(started.elapsed() < Duration::from_secs(2), "{insights}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[tokio::test]
async fn the_demo_shows_its_list_and_reuses_what_is_there() {
    let cli = Cli::new().await;
    let run = || {
        let output = cli.run(&["demo", "--no-serve", "--listen", "127.0.0.1:0"]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    let first = run();
    assert!(first.lines().count() > 20, "{first}");
    for moved in ["escalates", "came back", "regressed", "new", "archived", "silent"] {
        assert!(first.lines().any(|line| line.trim_start().starts_with(moved)), "{moved}: {first}");
    }
    assert_eq!(run(), first);
    assert_eq!(cli.run(&["doctor"]).status.code(), Some(0));
    let token = cli.json(&["keys", "create", "--name", "test", "--json"], 0)["token"].clone();
    let server = cli.serve();
    let get = |path: &str| -> Value {
        let (status, answer) = server.call("GET", path, token.as_str().unwrap(), "");
        assert_eq!(status, 200, "{path}: {answer}");
        serde_json::from_str(&answer).unwrap()
    };
    let overview = get("/overview");
    for kind in ["risers", "fallers", "back", "regressed", "new", "silent_sources"] {
        assert_ne!(overview[kind], json!([]), "{kind}: {overview:#}");
    }
    // what came back did so by its numbers, each of which can be listed
    let back = overview["back"][0].clone();
    let path = format!("/insights/{}", back["id"].as_str().unwrap());
    let proof = get(&format!("{path}/proof"));
    assert_eq!(
        (&proof["occurrence_count"], &proof["sessions"]),
        (&back["occurrence_count"], &back["occurrence_count"])
    );
    let events = get(&format!("{path}/events"));
    let kinds: Vec<&Value> = events["items"].as_array().unwrap().iter().map(|event| &event["kind"]).collect();
    let place = |kind: &str| {
        kinds.iter().position(|known| *known == kind).unwrap_or_else(|| panic!("{kind}: {events:#}"))
    };
    assert!(place("resurfaced") < place("archived") && place("archived") < place("created"));
}

#[tokio::test]
async fn the_demo_leaves_other_conversations_alone() {
    let cli = Cli::new().await;
    let line = json!({"id": 1, "turns": [{"role": "contact", "text": "My parcel has not arrived yet"}]});
    let file = cli.file("a.jsonl", line.to_string());
    cli.json(&["import", file.to_str().unwrap(), "--json"], 0);
    let output = cli.run(&["demo", "--no-serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("holds other conversations"), "{}", stderr(&output));
}

#[tokio::test]
async fn processes_that_start_at_once_share_a_new_database() {
    let cli = Cli::new().await;
    let create = |i: usize| {
        let mut command = cli.command(&["keys", "create", "--name", &format!("key {i}"), "--json"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let children: Vec<Child> = (0..6).map(create).collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    assert_eq!(cli.json(&["keys", "list", "--json"], 0).as_array().unwrap().len(), 6);
}

/// Texts that steer a terminal, or turn what is read around.
const STEERING: &str = "My refund has not \u{1b}]0;owned\u{7}\u{1b}[31m arrived\u{202e} \u{9b}2Jyet\u{2066}";

#[tokio::test]
async fn nothing_that_is_printed_steers_the_terminal() {
    let cli = Cli::new().await;
    let records: Vec<String> = (0..12)
        .map(|id| {
            json!({"id": id, "brand": STEERING, "turns": [{"role": "contact", "name": STEERING, "text": STEERING}]})
                .to_string()
        })
        .collect();
    let file = cli.file("steering.jsonl", records.join("\n"));
    cli.json(&["import", file.to_str().unwrap(), "--json"], 0);
    assert!(cli.run(&["keys", "create", "--name", STEERING]).status.success());
    let org = format!("nobody {STEERING}");
    for args in [
        &["insights"][..],
        &["insights", "--json"],
        &["insights", "--themes"],
        &["keys", "list"],
        &["keys", "list", "--json"],
        &["insights", "--org", &org],
        &["import", STEERING],
    ] {
        let output = cli.run(args);
        let printed = [output.stdout, output.stderr].concat();
        let printed = String::from_utf8(printed).unwrap();
        let is_steering = |c: char| {
            c.is_control() && c != '\n' || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        };
        assert!(!printed.is_empty() && !printed.contains(is_steering), "{args:?}: {printed:?}");
    }
}
