//! Exports of help desks, through the command line: conversations, who speaks in them, and nothing that was private.

use crate::support::cli::Cli;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// The exports, and how many conversations are in each.
const EXPORTS: [(&str, u64); 10] = [
    ("chatwoot", 2),
    ("freshchat", 2),
    ("freshdesk", 3),
    ("front", 2),
    ("gorgias", 1),
    ("help_scout", 2),
    ("hubspot", 2),
    ("intercom", 3),
    ("opencx", 2),
    ("zendesk", 2),
];

/// Describes an exported conversation in a line: when it began, channel, status, contact, tags, its record at the help desk, and
/// who speaks, with how many files.
fn describe(line: &str) -> String {
    let record: Value = serde_json::from_str(line).unwrap();
    let text = |path: &str| record.pointer(path).and_then(Value::as_str).unwrap_or("-").to_owned();
    let tags: Vec<&str> = record["tags"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let turns = record["turns"].as_array().unwrap().iter().map(|turn| {
        let files = turn["attachments"].as_array().map_or(0, Vec::len);
        let event = turn["event"].as_str().map(|event| format!("({event})")).unwrap_or_default();
        format!("{}{event}{}", turn["role"].as_str().unwrap(), "+".repeat(files))
    });
    let contact = ["name", "email", "phone_number"].map(|name| text(&format!("/contact/{name}")));
    [
        text("/created_at"),
        text("/channel"),
        text("/status"),
        contact.join(" "),
        tags.join(","),
        text("/ticketing_system/name"),
        text("/ticketing_system/external_id"),
        turns.collect::<Vec<_>>().join(" "),
    ]
    .join(" | ")
}

#[tokio::test]
async fn exports_of_help_desks_become_conversations() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/imports/systems");
    let cli = Cli::new().await;
    for (export, count) in EXPORTS {
        let mut paths = vec![folder.join(format!("{export}.jsonl"))];
        paths.extend(Some(folder.join(export)).filter(|more| more.is_dir()));
        let mut args = vec!["import", "--source", export, "--no-wait", "--json"];
        args.extend(paths.iter().map(|path| path.to_str().unwrap()));
        let summary = cli.json(&args, 0);
        assert_eq!((&summary["imported"], &summary["bad"]), (&json!(count), &json!(0)), "{summary}");
        let again = cli.json(&args, 0);
        assert_eq!(again["unchanged"], json!(count), "{again}");
    }
    let exported = String::from_utf8(cli.run(&["export", "--out", "-"]).stdout).unwrap();
    assert!(!exported.contains("SECRET"), "a private note is shown");
    let mut told: Vec<String> = exported.lines().map(describe).collect();
    told.sort();
    let told = told.join("\n") + "\n";
    let expected = fs::read_to_string(folder.join("conversations.txt")).unwrap_or_default();
    assert!(told == expected, "exports became:\n{told}");
    // who moves here from the hosted product keeps ids
    let kept: Vec<Value> = exported.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let ferry = kept.iter().find(|record| record["contact"]["name"] == "Nils").unwrap();
    assert_eq!(ferry["id"], "0197a1b2-0000-7000-8000-000000000001");
    assert_eq!(ferry["contact"]["id"], "0197a1b2-0000-7000-8000-0000000000c1");
}
