//! Deep research: a job with a report whose every claim cites sessions that bear it out.

use crate::support::app::TestApp;
use crate::support::fixtures::{PASSWORD, REFUND};
use serde_json::{Value, json};
use std::collections::BTreeMap;

mod report;
mod summary;

const INVOICE: [&str; 5] = [
    "I need a copy of my invoice",
    "Please send me the invoice again",
    "Where can I download my invoice?",
    "The invoice did not come",
    "I can not find my invoice",
];

/// A conversation of a contact who has a few others, on one of the days before the tests begin.
fn record(i: usize, text: &str, plan: &str) -> Value {
    let mix = i.wrapping_mul(2_654_435_761) >> 7;
    let at =
        |minute: usize| format!("2026-{:02}-{:02}T08:{minute:02}:00Z", 5 + mix % 40 / 31, 1 + mix % 40 % 31);
    json!({
        "id": i, "channel": (["web", "web", "email"][mix % 3]), "created_at": at(0),
        "status": (["closed_resolved", "closed_resolved", "closed_unresolved", "open"][mix / 3 % 4]),
        "contact": {"email": format!("c{}@example.com", mix / 12 % 4_000), "custom_data": {"tier": (mix / 12 % 4_000 % 3).to_string()}},
        "custom_data": {"plan": plan, "order": i, "shop": (["north", "south"][mix / 24 % 2])},
        "team": (["Billing", "Care"][mix / 48 % 2]),
        "turns": [
            {"role": "contact", "text": text, "created_at": at(0)},
            {"role": "agent", "text": "Let me see.", "created_at": at(1 + mix / 96 % 50)},
        ],
    })
}

/// Sessions about refunds, 60 % of which are of the plan `free`, and three times as many about other things, with 10 %.
fn planted(refunds: usize) -> Vec<Value> {
    let plan = |i: usize, of_ten: usize| if i % 10 < of_ten { "free" } else { ["pro", "team"][i / 10 % 2] };
    let refund = (0..refunds).map(|i| record(i, REFUND[i % 5], plan(i / 5, 6)));
    let other = (0..3 * refunds).map(|i| {
        let texts = if i % 2 == 0 { PASSWORD } else { INVOICE };
        record(refunds + i, texts[i / 2 % 5], plan(i / 10, 1))
    });
    refund.chain(other).collect()
}

/// The insight about a word.
async fn about(t: &TestApp, word: &str) -> String {
    let found = t.post_ok("/insights", json!({"search": word})).await;
    found["data"][0]["id"].as_str().unwrap_or_else(|| panic!("nothing about {word}: {found:#}")).to_owned()
}

async fn ready(t: &TestApp, refunds: usize) -> String {
    t.import(planted(refunds)).await;
    t.run_jobs().await;
    about(t, "refund").await
}

fn path(id: &str) -> String {
    format!("/insights/{id}/deep-research")
}

async fn report(t: &TestApp, id: &str) -> String {
    assert_eq!(t.post_ok(&path(id), json!({})).await["state"], "queued");
    t.run_jobs().await;
    let done = t.get_ok(&path(id)).await;
    assert_eq!((&done["state"], &done["progress"]), (&json!("done"), &json!(100)), "{done:#}");
    let insight = t.get_ok(&format!("/insights/{id}")).await;
    assert_eq!(insight["deep_research_completed_at"], done["finished_at"]);
    insight["deep_research"].as_str().unwrap().to_owned()
}

/// A session behind an insight, as the API lists it, with its custom data.
struct Behind {
    listed: Value,
    whole: Value,
}

/// The sessions behind an insight by their numbers.
async fn behind(t: &TestApp, id: &str) -> BTreeMap<i64, Value> {
    let sessions = t.items(&format!("/insights/{id}/sessions")).await.into_iter();
    sessions.map(|session| (session["ticket_number"].as_i64().unwrap(), session)).collect()
}

/// The numbers that a line cites; what a customer wrote with a `#` is escaped.
fn cited(line: &str) -> Vec<i64> {
    let mut numbers = Vec::new();
    for (at, _) in line.match_indices('#').filter(|(at, _)| !line[..*at].ends_with('\\')) {
        let digits: String = line[at + 1..].chars().take_while(char::is_ascii_digit).collect();
        numbers.extend(digits.parse::<i64>());
    }
    numbers
}

/// Holds every line of a report against the API; returns how many citations it has.
async fn assert_valid(t: &TestApp, id: &str, report: &str) -> usize {
    let own = behind(t, id).await;
    let insights = t.post_ok("/insights", json!({})).await;
    let mut section = "";
    let mut count = 0;
    for line in report.lines().skip(1) {
        if let Some(title) = line.strip_prefix("## ") {
            section = title;
            continue;
        }
        let numbers = cited(line);
        count += numbers.len();
        let Some(claim) = line.strip_prefix("- ") else {
            assert!(numbers.iter().all(|number| own.contains_key(number)), "{line}");
            continue;
        };
        let sessions = match claim.strip_prefix("Insight ").filter(|_| section == "Similar insights") {
            Some(rest) => {
                let number: i64 = rest.split(',').next().unwrap().parse().unwrap();
                let other = insights["data"].as_array().unwrap().iter();
                let other = other.clone().find(|insight| insight["insight_number"] == number).unwrap();
                behind(t, other["id"].as_str().unwrap()).await
            }
            None => own.clone(),
        };
        for number in numbers {
            let listed =
                sessions.get(&number).unwrap_or_else(|| panic!("#{number} is none of these: {line}")).clone();
            let whole = t.get_ok(&format!("/chat/sessions/{}", listed["session_id"].as_str().unwrap())).await;
            assert_bears_out(&Behind { listed, whole }, claim);
        }
    }
    count
}

/// Whether a session is what a claim says that cites it.
#[track_caller]
fn assert_bears_out(session: &Behind, claim: &str) {
    let is = |member: &str, value: &str| assert_eq!(session.listed[member], value, "{claim}");
    let after = |mark: &str| claim.split_once(mark).map(|(_, rest)| rest);
    let until = |text: &str, end: &str| text.split(end).next().unwrap().replace('\\', "");
    if let Some(rest) = after("channel ").or_else(|| after("Channel ")) {
        is("channel", &until(rest, ":"));
    }
    if let Some(rest) =
        after("language ").or_else(|| after("Language ")).filter(|_| !claim.starts_with("The contact"))
    {
        is("language", &until(rest, ":"));
    }
    if let Some(rest) = after("sessions with ").or_else(|| after("Sessions with ")) {
        let pair = until(rest, ":");
        let (key, value) = pair.split_once(" = ").unwrap();
        assert_eq!(session.whole["custom_data"][key], value, "{claim}");
    }
    if let Some(rest) = claim.strip_prefix('“') {
        let quote = until(rest, "”");
        let text = session.listed["quote"]["text"].as_str().unwrap();
        assert!(text.starts_with(quote.trim_end_matches('…')), "{text}: {claim}");
    }
    if claim.starts_with("Closed") {
        assert_ne!(session.whole["status"], "open", "{claim}");
    }
}
