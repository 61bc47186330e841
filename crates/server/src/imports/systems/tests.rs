use super::*;
use crate::imports::gather::{Gather, Place};
use crate::imports::json;
use serde_json::json;
use shape::{at, text};
use std::fs;
use std::path::{Path, PathBuf};

/// The exports: of each the files that belong together, and a text that says what becomes of them.
const EXPORTS: [&str; 10] = [
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

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/imports/systems")
}

/// Reads the values of an export, with the names of their lists.
fn values(export: &str) -> Vec<(String, Json)> {
    let mut files = vec![folder().join(format!("{export}.jsonl"))];
    files.extend(fs::read_dir(folder().join(export)).into_iter().flatten().map(|file| file.unwrap().path()));
    let mut values = Vec::new();
    for file in files {
        let stem = file.file_stem().unwrap().to_str().unwrap();
        json::read(fs::read(&file).unwrap().as_slice(), stem, &mut |_, stream, value| {
            values.push((stream.to_owned(), value.unwrap().0));
            true
        })
        .unwrap();
    }
    values
}

/// Describes what becomes of an export: a conversation's members, and its turns, each in lines.
fn told(export: &str) -> String {
    let mut gather = Gather::default();
    for (stream, value) in values(export) {
        let (_, found) = read(&value, &stream).unwrap_or_else(|| panic!("nobody knows {value}"));
        for found in found {
            gather.add(Place { file: 0, line: 1 }, found).unwrap();
        }
    }
    let mut out = String::new();
    gather
        .finish(&mut |_, conversation| {
            let mut conversation = conversation.unwrap();
            let turns = conversation.as_object_mut().unwrap().remove("turns").unwrap_or_default();
            let id = conversation.as_object_mut().unwrap().remove("id").unwrap();
            out += &format!("{id}\n");
            for (name, value) in conversation.as_object().unwrap() {
                out += &format!("  {name}: {value}\n");
            }
            for turn in turns.as_array().into_iter().flatten() {
                out += &format!("  - {turn}\n");
                assert_eq!(turn.to_string().contains("SECRET"), at(turn, "private").is_some(), "{turn}");
            }
            true
        })
        .unwrap();
    out
}

#[test]
fn every_export_becomes_what_is_written_beside_it() {
    let mut differing = Vec::new();
    for export in EXPORTS {
        let told = told(export);
        if fs::read_to_string(folder().join(format!("{export}.txt"))).unwrap_or_default() != told {
            println!("== {export}\n{told}");
            differing.push(export);
        }
    }
    assert!(differing.is_empty(), "{differing:?} became what is printed above");
}

/// Lists the paths of everything in a value, as JSON pointers.
fn paths(value: &Json, path: &str, out: &mut Vec<String>) {
    out.push(path.to_owned());
    match value {
        Json::Array(items) => {
            items.iter().enumerate().for_each(|(place, item)| paths(item, &format!("{path}/{place}"), out));
        }
        Json::Object(members) => {
            members.iter().for_each(|(name, value)| paths(value, &format!("{path}/{name}"), out));
        }
        _ => {}
    }
}

#[test]
fn whatever_stands_in_a_member_is_read_without_a_panic() {
    let odd = [
        json!(null),
        json!(-1.5),
        json!(u64::MAX),
        json!("ö"),
        json!([]),
        json!([null, {}]),
        json!({"id": []}),
        json!(true),
    ];
    for (stream, value) in EXPORTS.iter().flat_map(|export| values(export)) {
        let mut all = Vec::new();
        paths(&value, "", &mut all);
        for path in all {
            for odd in &odd {
                let mut value = value.clone();
                *value.pointer_mut(&path).unwrap() = odd.clone();
                for system in ALL {
                    drop((system.read)(&value, &stream));
                }
            }
        }
    }
}

#[test]
fn values_of_nobody_are_left_to_others() {
    for value in [
        json!({"id": 1, "turns": []}),
        json!({"id": 1, "text": "x", "email": "a@b.example", "name": "A"}),
        json!({"id": "msg_1", "text": "x"}),
        json!({"id": 5, "role": "user", "content": "x"}),
        json!({"ticket_id": 5, "body": "x"}),
        json!({"conversation_id": 5, "type": "x", "text": "y"}),
        json!({"type": "conversation", "id": 1}),
        json!([1]),
    ] {
        let found = ALL.iter().find(|system| (system.read)(&value, "file").is_some());
        assert_eq!(found.map(|system| system.name), None, "{value}");
    }
    // people are told by their list, unless they say something
    assert_eq!(read(&json!({"id": 1, "name": "A"}), "users").map(|(name, _)| name), Some("people"));
    assert_eq!(read(&json!({"id": 1, "name": "A", "message": "x"}), "contacts"), None);
    assert_eq!(read(&json!({"id": 1, "title": "A"}), "organizations"), Some(("people", Vec::new())));
}

#[test]
fn a_description_counts_only_without_comments() {
    let ticket =
        json!({"id": 1, "requester_id": 2, "submitter_id": 3, "description": "Broken", "is_public": false});
    let Some((_, found)) = read(&ticket, "tickets") else { panic!() };
    let Some(Found::Part(_, record)) = found.last() else { panic!() };
    assert_eq!((text(record, "opening.text"), at(record, "opening.private")), ("Broken", Some(&json!(true))));
    assert_eq!(at(record, "opening.person"), Some(&json!(3)));
}
