//! Exports of help desks, through the command line: conversations, who speaks in them, and nothing that was private.

use crate::support::cli::Cli;
use serde_json::{Value, json};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

/// The exports. Each has members that are null, empty or not as they should be.
pub(super) const EXPORTS: [&str; 10] = [
    "chatwoot",
    "freshchat",
    "freshdesk",
    "front",
    "gorgias",
    "help_scout",
    "hubspot",
    "intercom",
    "opencx",
    "zendesk",
];

pub(super) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/imports/systems")
}

/// Returns the files of an export.
pub(super) fn files(export: &str) -> Vec<PathBuf> {
    let mut files = vec![folder().join(format!("{export}.jsonl"))];
    files.extend(Some(folder().join(export)).filter(|more| more.is_dir()));
    files
}

/// Describes an exported conversation: its members, and a line for each turn.
fn describe(line: &str) -> String {
    let mut record: Value = serde_json::from_str(line).unwrap();
    let record = record.as_object_mut().unwrap();
    let turns = record.remove("turns").unwrap();
    let id = record.remove("id").unwrap();
    if let Some(contact) = record.get_mut("contact").and_then(Value::as_object_mut) {
        // of this import alone, unless the system has ids like ours
        contact.retain(|member, _| !["id", "created_at"].contains(&member.as_str()));
    }
    let mut out = String::new();
    if id.as_str().unwrap().starts_with("0197a1b2") {
        writeln!(out, "  id: {id}").unwrap();
    }
    for (name, value) in record.iter().filter(|(name, _)| *name != "findings") {
        writeln!(out, "  {name}: {value}").unwrap();
    }
    for turn in turns.as_array().unwrap() {
        writeln!(out, "  - {turn}").unwrap();
    }
    out
}

/// Lists what a summary has to say under a name, with the name of the file left out.
fn faults(summary: &Value, name: &str) -> String {
    let faults = summary[name]["faults"].as_array().unwrap();
    faults
        .iter()
        .map(|fault| format!("  {name} {}: {}\n", fault["line"], fault["reason"].as_str().unwrap()))
        .collect()
}

#[tokio::test]
async fn exports_of_help_desks_become_conversations() {
    let cli = Cli::new().await;
    let mut told = String::new();
    for export in EXPORTS {
        let files = files(export);
        let mut args = vec!["import", "--org", export, "--no-wait", "--json"];
        args.extend(files.iter().map(|path| path.to_str().unwrap()));
        let summary = cli.json(&args, 0);
        let again = cli.json(&args, 0);
        assert_eq!((&again["unchanged"], &again["updated"]), (&summary["imported"], &json!(0)), "{again}");
        let exported = cli.run(&["export", "--org", export, "--out", "-"]);
        let exported = String::from_utf8(exported.stdout).unwrap();
        assert!(!exported.contains("SECRET"), "a private note is shown: {exported}");
        let mut conversations: Vec<String> = exported.lines().map(describe).collect();
        conversations.sort();
        let files = &summary["files"][0]["format"].as_str().unwrap();
        writeln!(
            told,
            "{export}: {}, {files}\n{}{}",
            summary["imported"],
            faults(&summary, "notes"),
            conversations.join("\n")
        )
        .unwrap();
    }
    let expected = fs::read_to_string(folder().join("imported.txt")).unwrap_or_default();
    assert!(told == expected, "exports became:\n{told}");
}
