//! Members of conversations as systems write them.

use super::{export, sessions};
use crate::support::cli::Cli;
use serde_json::{Value, json};

/// Imports a file and returns the summary.
fn import(cli: &Cli, name: &str, text: impl AsRef<[u8]>, args: &[&str], exit: i32) -> Value {
    let file = cli.file(name, text);
    let args = [&["import", file.to_str().unwrap(), "--no-wait", "--json"], args].concat();
    cli.json(&args, exit)
}

/// Returns the notes of a summary: line and reason of each.
fn notes(summary: &Value) -> Vec<(i64, &str)> {
    let faults = summary["notes"]["faults"].as_array().unwrap();
    faults.iter().map(|note| (note["line"].as_i64().unwrap(), note["reason"].as_str().unwrap())).collect()
}

/// Writes JSON lines of conversations that say the same, each with a member of its own.
fn with(members: &[(&str, Value)]) -> String {
    let line = |(i, (name, value)): (usize, &(&str, Value))| {
        let mut record =
            json!({"id": i, "turns": [{"role": "contact", "text": "My parcel has not arrived"}]});
        record[*name] = value.clone();
        record.to_string() + "\n"
    };
    members.iter().enumerate().map(line).collect()
}

#[tokio::test]
async fn a_member_in_other_words_costs_no_conversation() {
    let cli = Cli::new().await;
    let text = with(&[
        ("status", json!("Pending")),
        ("status", json!("Chasing")),
        ("language", json!("English")),
        ("tags", json!("web vip")),
        ("custom_data", json!({"a": {"b": 1}, "c": null})),
        ("contact", json!({"email": "n/a", "name": "Ann"})),
        ("contact", json!({"email": "not an address", "name": "Ben"})),
        ("created_at", json!(1_743_671_722)),
        ("turns", json!([{"role": "contact", "content": "My parcel has not arrived"}])),
    ]);
    let summary = import(&cli, "a.jsonl", &text, &[], 0);
    assert_eq!((&summary["imported"], &summary["bad"]), (&json!(9), &json!(0)));
    assert_eq!(
        notes(&summary),
        [
            (2, "status: none that is known; kept as custom data"),
            (7, "contact.email: no e-mail address; left out"),
        ]
    );
    let sessions = sessions(&cli);
    for (at, member, expected) in [
        (0, "status", json!("open")),
        (1, "status", json!("closed_resolved")),
        (1, "custom_data", json!({"status": "Chasing"})),
        (2, "language", json!("en")),
        (4, "custom_data", json!({"a.b": 1})),
        (7, "created_at", json!("2025-04-03T09:15:22.000Z")),
    ] {
        assert_eq!(sessions[at][member], expected, "{at} {member}");
    }
    for (at, name) in [(5, "Ann"), (6, "Ben")] {
        assert_eq!(
            (&sessions[at]["contact"]["name"], &sessions[at]["contact"]["email"]),
            (&json!(name), &Value::Null)
        );
    }
    assert_eq!(import(&cli, "a.jsonl", &text, &[], 0)["unchanged"], 9);
}

#[tokio::test]
async fn ids_of_any_length_are_told_apart() {
    let cli = Cli::new().await;
    let ids = ["12345678901234567890123", "12345678901234567890124", "1", "\"1\"", "1.0", "\"01\"", "true"];
    let lines =
        ids.map(|id| format!("{{\"id\": {id}, \"turns\": [{{\"text\": \"My parcel has not arrived\"}}]}}\n"));
    let summary = import(&cli, "ids.jsonl", lines.concat(), &[], 3);
    assert_eq!(
        (&summary["imported"], &summary["bad_records"][0]["line"]),
        (&json!(6), &json!(4)),
        "{summary}"
    );
}

#[tokio::test]
async fn half_a_character_costs_itself_alone() {
    let cli = Cli::new().await;
    let line = |id: u32, text: &str| format!("{{\"id\": {id}, \"turns\": [{{\"text\": \"{text}\"}}]}}\n");
    let text = line(1, "My parcel is late")
        + &line(2, "cut \\ud83d")
        + &line(3, "a tab\there")
        + &line(4, "whole \\ud83d\\ude00");
    let summary = import(&cli, "cut.jsonl", text, &[], 0);
    assert_eq!(summary["imported"], 4);
    assert_eq!(notes(&summary), [(2, "characters that cannot be read became U+FFFD")]);
    let exported = cli.run(&["export", "--what", "conversations", "--format", "jsonl", "--out", "-"]).stdout;
    let exported = String::from_utf8(exported).unwrap();
    for said in ["\"cut \u{fffd}\"", "a tab\\there", "whole 😀"] {
        assert!(exported.contains(said), "{said}: {exported}");
    }
}

#[tokio::test]
async fn day_and_month_are_asked_for_and_a_zone_is_that_of_the_settings() {
    let cli = Cli::new().await;
    let open = with(&[("created_at", json!("01/04/2025 09:15")), ("created_at", json!("2025-04-01 08:00"))]);
    let summary = import(&cli, "open.jsonl", &open, &["--source", "a"], 3);
    assert_eq!((&summary["imported"], &summary["bad"]), (&json!(1), &json!(1)));
    assert!(summary["bad_records"][0]["reason"].as_str().unwrap().contains("--dates dmy"), "{summary}");
    let asked = ["--source", "a", "--dates", "dmy"];
    assert_eq!(import(&cli, "open.jsonl", &open, &asked, 0)["imported"], 1);
    let told = with(&[("created_at", json!("01/04/2025 09:15")), ("created_at", json!("14/04/2025 09:15"))]);
    let summary = import(&cli, "told.jsonl", &told, &["--source", "b"], 0);
    assert!(notes(&summary).iter().any(|(_, note)| note.contains("dmy")), "{summary}");
    let bare = with(&[("created_at", json!("2025-04-01 08:00"))]);
    import(&cli, "bare.jsonl", &bare, &["--source", "c", "--time-zone", "Europe/Berlin"], 0);
    let mut times: Vec<String> =
        sessions(&cli).iter().map(|session| session["created_at"].to_string()).collect();
    times.sort();
    let expected = ["01T06:00", "01T08:00", "01T09:15", "01T09:15", "14T09:15"];
    assert_eq!(times, expected.map(|time| format!("\"2025-04-{time}:00.000Z\"")));
}

#[tokio::test]
async fn the_order_in_which_turns_stand_makes_no_difference() {
    let cli = Cli::new().await;
    let mut turns = vec![
        json!({"role": "customer", "text": "My parcel has not arrived", "created_at": "2025-04-01T08:00:00Z"}),
        json!({"role": "agent", "text": "Which one is it?", "created_at": "2025-04-01T22:00:00Z"}),
        json!({"role": "customer", "text": "It is the one of last week", "created_at": "2025-04-01T22:30:00Z"}),
    ];
    let record =
        |turns: &[Value]| json!({"id": 1, "created_at": turns[0]["created_at"], "turns": turns}).to_string();
    let oldest_first = record(&turns);
    turns.reverse();
    assert_eq!(import(&cli, "new.jsonl", record(&turns), &[], 0)["imported"], 1);
    assert_eq!(import(&cli, "old.jsonl", oldest_first, &[], 0)["unchanged"], 1);
    assert_eq!(sessions(&cli)[0]["created_at"], "2025-04-01T08:00:00.000Z");
}

#[tokio::test]
async fn a_role_that_is_not_known_is_told_once_and_can_be_named() {
    let cli = Cli::new().await;
    let turn = |role: &str| json!([{"role": "end-user", "text": "My parcel has not arrived"}, {"role": role, "text": "Which one?"}]);
    let text = with(&[("turns", turn("owner")), ("turns", turn("Owner")), ("turns", turn("owner"))]);
    let file = cli.file("roles.jsonl", &text);
    let output = cli.run(&["import", file.to_str().unwrap(), "--no-wait"]);
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(
        told.lines().filter(|line| line.contains("owner")).count() == 1 && told.contains("3 times"),
        "{told}"
    );
    let summary = import(&cli, "roles.jsonl", &text, &["--role", "OWNER=agent"], 0);
    assert_eq!((&summary["updated"], notes(&summary)), (&json!(3), vec![]));
    // what was said then reaches the messages that were there before
    let exported = String::from_utf8(cli.run(&["export", "--out", "-"]).stdout).unwrap();
    assert_eq!(exported.matches("\"role\":\"human_agent\"").count(), 3, "{exported}");
}

/// Returns who speaks in each turn of each session, and what is said.
fn spoken(sessions: &[Value]) -> Vec<String> {
    let turns = sessions.iter().flat_map(|session| session["turns"].as_array().unwrap());
    turns
        .map(|turn| format!("{}: {}", turn["role"].as_str().unwrap(), turn["text"].as_str().unwrap()))
        .collect()
}

#[tokio::test]
async fn who_speaks_is_told_under_any_of_its_names() {
    for (of_contact, of_agent) in [
        (json!({"sender_type": "Customer"}), json!({"sender_type": "Agent"})),
        (json!({"direction": "in"}), json!({"direction": "out"})),
        (json!({"is_customer": true}), json!({"is_customer": false})),
        (json!({"from_agent": "no"}), json!({"from_agent": "yes"})),
        (json!({"type": "visitor"}), json!({"type": "operator"})),
        (json!({"sender": {"t": "v", "n": "Ann"}}), json!({"sender": {"t": "a", "n": "Ben"}})),
    ] {
        let cli = Cli::new().await;
        let (mut asks, mut answers) = (of_contact.clone(), of_agent);
        asks["text"] = "Where is my desk?".into();
        answers["msg"] = "On its way".into();
        let record = json!({"ticket_number": "T-1", "customer_email": "ann@mail.example", "messages": [asks, answers]});
        import(&cli, "a.json", record.to_string(), &[], 0);
        let sessions = export(&cli);
        let agent = spoken(&sessions)[1].clone();
        assert_eq!(spoken(&sessions)[0], "contact: Where is my desk?", "{of_contact}");
        assert!(agent.ends_with("agent: On its way"), "{of_contact}: {agent}");
        assert_eq!(sessions[0]["contact"]["email"], "ann@mail.example");
    }
}

#[tokio::test]
async fn messages_that_name_their_conversation_are_put_together() {
    let cli = Cli::new().await;
    let line = |id: u32, role: &str, text: &str, at: u32| {
        json!({"conversation_id": id, "sender": role, "message": text, "timestamp": 1_743_494_400 + at})
            .to_string()
    };
    let lines = [
        line(1, "customer", "Where is my desk?", 0),
        line(2, "customer", "It wobbles", 1),
        line(1, "support", "On its way", 2),
    ];
    let summary = import(&cli, "a.jsonl", lines.join("\n"), &[], 0);
    assert_eq!((&summary["imported"], &summary["bad"]), (&json!(2), &json!(0)));
    assert_eq!(
        export(&cli).iter().map(|session| session["turns"].as_array().unwrap().len()).sum::<usize>(),
        3
    );
}

#[tokio::test]
async fn conversations_may_stand_under_their_ids_and_have_their_text_under_other_names() {
    for (name, text, said) in [
        ("map", json!({"17": {"turns": ["It wobbles"]}, "18": {"messages": [{"body": "It wobbles"}]}}), 2),
        (
            "reviews",
            json!([{"reviewId": "r1", "review": "It wobbles"}, {"reviewId": "r2", "review": "It leans"}]),
            2,
        ),
        (
            "comments",
            json!([{"key": "A-1", "description": "It wobbles", "comments": [{"role": "agent", "body": "Oh"}]}]),
            2,
        ),
        ("answer", json!([{"id": 1, "question": "Does it wobble?", "answer": "No"}]), 2),
        (
            "document",
            json!([{"_id": {"$oid": "66"}, "created_at": {"$date": "2025-04-01T08:00:00Z"}, "transcript": "It wobbles"}]),
            1,
        ),
    ] {
        let cli = Cli::new().await;
        import(&cli, "a.json", text.to_string(), &[], 0);
        assert_eq!(spoken(&export(&cli)).len(), said, "{name}");
    }
}
