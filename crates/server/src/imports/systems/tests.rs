use super::*;
use std::fmt::Write as _;

/// Reads every value of a file of JSON lines, those of pages with the name of their list, and tells what is found.
fn told(stream: &str, text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        tell(stream, &serde_json::from_str(line).unwrap(), &mut out);
    }
    out
}

fn tell(stream: &str, value: &Json, out: &mut String) {
    match value {
        Json::Array(values) => values.iter().for_each(|value| tell(stream, value, out)),
        Json::Object(page)
            if !page
                .keys()
                .any(|name| name == "id" || name.ends_with("_id") || name == "helpdesk_ticket") =>
        {
            for (name, list) in page.iter().filter(|(_, list)| list.is_array() || list.is_object()) {
                let is_plain =
                    ["items", "data", "results", "_results", "payload", "_embedded"].contains(&name.as_str());
                if list.is_array() || is_plain {
                    tell(if is_plain { stream } else { name }, list, out);
                }
            }
        }
        value => {
            let found = read(value, stream).unwrap_or_else(|| panic!("nobody knows {value}"));
            found.iter().for_each(|found| describe(found, out));
        }
    }
}

/// Writes what is found in lines: a part with its members, and each of its turns.
fn describe(found: &Found, out: &mut String) {
    let (kind, id, value) = match found {
        Found::Part(id, value) => ("part", id, value),
        Found::Person(id, value) => ("person", id, value),
        other => panic!("{other:?}"),
    };
    let mut value = value.clone();
    let turns = value.as_object_mut().unwrap().remove("turns").unwrap_or_default();
    writeln!(out, "{kind} {id} {value}").unwrap();
    for turn in turns.as_array().into_iter().flatten() {
        writeln!(out, "  {turn}").unwrap();
    }
}

#[test]
fn zendesk() {
    println!("{}", told("file", include_str!("../../../tests/it/imports/systems/zendesk.jsonl")));
}
#[test]
fn intercom() {
    println!("{}", told("file", include_str!("../../../tests/it/imports/systems/intercom.jsonl")));
}
#[test]
fn freshdesk() {
    println!("{}", told("file", include_str!("../../../tests/it/imports/systems/freshdesk.jsonl")));
}
#[test]
fn freshchat() {
    println!("{}", told("file", include_str!("../../../tests/it/imports/systems/freshchat.jsonl")));
}
#[test]
fn chatwoot() {
    println!("{}", told("file", include_str!("../../../tests/it/imports/systems/chatwoot.jsonl")));
}
#[test]
fn help_scout() {
    println!("{}", told("file", include_str!("../../../tests/it/imports/systems/help_scout.jsonl")));
}
#[test]
fn front() {
    println!("{}", told("file", include_str!("../../../tests/it/imports/systems/front.jsonl")));
}
#[test]
fn gorgias() {
    println!("{}", told("file", include_str!("../../../tests/it/imports/systems/gorgias.jsonl")));
}
#[test]
fn hubspot() {
    println!("{}", told("file", include_str!("../../../tests/it/imports/systems/hubspot.jsonl")));
}
#[test]
fn opencx() {
    println!("{}", told("file", include_str!("../../../tests/it/imports/systems/opencx.jsonl")));
    println!(
        "{}",
        told(
            "0197a1b2-0000-7000-8000-000000000001",
            include_str!(
                "../../../tests/it/imports/systems/opencx/0197a1b2-0000-7000-8000-000000000001.json"
            )
        )
    );
}
