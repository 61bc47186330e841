mod turns;

use super::*;
use serde_json::json;

/// Reads a record, and what is remarked, as `member: what`.
fn read_with(record: Json, reading: &Reading) -> (Result<Json, String>, Vec<String>) {
    let mut remarks = Vec::new();
    let read = read(record, reading, &mut remarks).map(|record| {
        let mut json = serde_json::to_value(record).unwrap();
        json.as_object_mut().unwrap().remove("labels");
        json
    });
    (read, remarks.into_iter().map(|remark| format!("{}: {}", remark.member, remark.what)).collect())
}

/// Reads a record of one turn with a member more, and returns what became of it, and the members remarked.
fn read_member(name: &str, value: Json) -> (Json, Vec<String>) {
    let mut record = json!({"id": "1", "turns": [{"role": "contact", "text": "hello"}]});
    record[name] = value;
    let (read, remarks) = read_with(record, &Reading::default());
    let mut read = read.unwrap();
    let told = remarks.iter().map(|remark| remark.split(':').next().unwrap().to_owned()).collect();
    if name != "turns" {
        assert_eq!(read["turns"], json!([{"role": "contact", "text": "hello"}]), "{name}");
        read.as_object_mut().unwrap().remove("turns");
    }
    read.as_object_mut().unwrap().remove("id");
    (read, told)
}

/// A member as it is written, all that is read from it, and the members remarked.
fn check(name: &str, value: Json, expected: Json, remarked: &[&str]) {
    let shown = format!("{name} = {value}");
    let (read, remarks) = read_member(name, value);
    assert_eq!(
        (read, remarks),
        (expected, remarked.iter().map(|name| (*name).to_owned()).collect()),
        "{shown}"
    );
}

#[test]
fn what_is_empty_is_as_if_absent() {
    for name in [
        "status",
        "language",
        "channel",
        "tags",
        "custom_data",
        "contact",
        "team",
        "assignee_id",
        "created_at",
        "handoff",
    ] {
        for value in [
            json!(null),
            json!(""),
            json!(" \n"),
            json!([]),
            json!({}),
            json!({"a": null, "b": [{"c": ""}]}),
            json!([null, " "]),
        ] {
            check(name, value, json!({}), &[]);
        }
    }
}

#[test]
fn statuses_are_known_in_many_words() {
    for (word, status) in [
        ("closed", "closed_resolved"),
        ("Solved", "closed_resolved"),
        ("Erledigt", "closed_resolved"),
        ("résolu", "closed_resolved"),
        ("已解决", "closed_resolved"),
        ("Resolved (auto)", "closed_resolved"),
        ("Pending", "open"),
        ("on-hold", "open"),
        ("ON_HOLD", "open"),
        ("Waiting for supplier", "open"),
        ("in Bearbeitung", "open"),
        ("not resolved", "closed_unresolved"),
        ("closed_unresolved", "closed_unresolved"),
    ] {
        check("status", json!(word), json!({"status": status}), &[]);
    }
    check("status", json!(2), json!({"status": "open"}), &[]);
    check("status", json!("Chasing"), json!({"custom_data": {"status": "Chasing"}}), &["status"]);
    check("status", json!("not closed"), json!({"custom_data": {"status": "not closed"}}), &["status"]);
    check("status", json!("n/a"), json!({}), &[]);
}

#[test]
fn languages_are_known_by_name_and_by_tag() {
    for (written, language) in [
        ("English", "en"),
        ("ENGLISH (US)", "en"),
        ("Deutsch", "de"),
        ("Brazilian Portuguese", "pt"),
        ("Português (Brasil)", "pt"),
        ("简体中文", "zh"),
        ("eng", "en"),
        ("en_US", "en_US"),
        ("en_US.UTF-8", "en_US"),
        ("pt-BR", "pt-BR"),
    ] {
        check("language", json!(written), json!({"language": language}), &[]);
    }
    check("language", json!("Klingon"), json!({}), &["language"]);
    check("language", json!("unknown"), json!({}), &[]);
}

#[test]
fn numbers_and_truths_are_texts_where_texts_are_meant() {
    check("assignee_id", json!(42), json!({"assignee_id": "42"}), &[]);
    check("team", json!(7), json!({"team": "7"}), &[]);
    check("team", json!({"id": 1, "name": "Billing"}), json!({"team": "Billing"}), &[]);
    check("assist_mode", json!("yes"), json!({"assist_mode": true}), &[]);
    check(
        "contact",
        json!({"phone_number": 491_701_234_567_i64}),
        json!({"contact": {"phone_number": "491701234567"}}),
        &[],
    );
    check(
        "contact",
        json!({"custom_data": {"age": 31, "vip": true}}),
        json!({"contact": {"custom_data": {"age": "31", "vip": "true"}}}),
        &[],
    );
    check(
        "ticketing_system",
        json!({"name": "Zendesk", "external_id": 7}),
        json!({"ticketing_system": {"name": "zendesk", "external_id": "7", "id_type": "ticket_id"}}),
        &[],
    );
    check(
        "ticketing_system",
        json!({"name": "Helpy", "external_id": 7}),
        json!({"custom_data": {"ticketing_system.external_id": 7, "ticketing_system.name": "Helpy"}}),
        &["ticketing_system"],
    );
}

#[test]
fn tags_are_words_of_a_list_or_of_a_text() {
    for tags in [
        json!("web vip"),
        json!("web, vip,"),
        json!(["web", null, "", "vip", "web"]),
        json!("['web', 'vip']"),
        json!([{"name": "web"}, {"name": "vip"}]),
    ] {
        check("tags", tags, json!({"tags": ["web", "vip"]}), &[]);
    }
    check("tags", json!("late parcel; vip"), json!({"tags": ["late parcel", "vip"]}), &[]);
}

#[test]
fn custom_data_is_made_flat() {
    check(
        "custom_data",
        json!({"a": {"b": 1, "c": null, "d": {"e": "x"}}, "f": [1, 2]}),
        json!({"custom_data": {"a.b": 1, "a.d.e": "x", "f": "[1,2]"}}),
        &[],
    );
    check(
        "custom_data",
        json!([{"id": 5, "value": "x"}, {"id": 6, "value": null}]),
        json!({"custom_data": {"5": "x"}}),
        &[],
    );
    check("custom_data", json!("{\"a\": 1}"), json!({"custom_data": {"a": 1}}), &[]);
    check("priority", json!("high"), json!({"custom_data": {"priority": "high"}}), &[]);
    check("labels", json!({"intents": ["gold"]}), json!({}), &[]);
    let (read, remarks) = read_member("custom_data", json!({"long": "ä".repeat(6_000)}));
    let kept = read["custom_data"]["long"].as_str().unwrap();
    assert!(kept.ends_with("… [cut]") && (9_900..=10_000).contains(&kept.len()), "{}", kept.len());
    assert_eq!(remarks, ["custom_data"]);
    let many: Map<String, Json> = (0..150).map(|i| (format!("n{i}"), json!(i))).collect();
    let (read, remarks) = read_member("custom_data", json!(many));
    assert_eq!((read["custom_data"].as_object().unwrap().len(), remarks.len()), (100, 1));
}

#[test]
fn an_address_that_is_none_costs_itself_alone() {
    check(
        "contact",
        json!({"email": "Ann Other <Ann@Mail.example>"}),
        json!({"contact": {"email": "ann@mail.example", "name": "Ann Other"}}),
        &[],
    );
    check(
        "contact",
        json!("mailto:ann@mail.example"),
        json!({"contact": {"email": "ann@mail.example"}}),
        &[],
    );
    check(
        "contact",
        json!({"email": ["", "a@mail.example; b@mail.example"]}),
        json!({"contact": {"email": "a@mail.example"}}),
        &[],
    );
    check(
        "contact",
        json!({"email": "not an address", "name": "Ann"}),
        json!({"contact": {"name": "Ann"}}),
        &["contact.email"],
    );
    check(
        "contact",
        json!({"email": "n/a", "phone_number": "+49 170 1"}),
        json!({"contact": {"phone_number": "+49 170 1"}}),
        &[],
    );
    // one number for all who gave none would make them one contact
    check(
        "contact",
        json!({"name": "Ann", "phone_number": "0000000"}),
        json!({"contact": {"name": "Ann"}}),
        &["contact.phone_number"],
    );
    check(
        "contact",
        json!({"first_name": "Ann", "last_name": "Other", "plan": {"name": "pro"}}),
        json!({"contact": {"name": "Ann Other", "custom_data": {"plan.name": "pro"}}}),
        &[],
    );
}

#[test]
fn dates_cost_themselves_alone() {
    check("created_at", json!(1_743_671_722), json!({"created_at": "2025-04-03T09:15:22.000Z"}), &[]);
    check("createdAt", json!("3 Apr 2025 09:15:22"), json!({"created_at": "2025-04-03T09:15:22.000Z"}), &[]);
    check("created_at", json!("yesterday"), json!({}), &["created_at"]);
    check("created_at", json!("03/04/2025"), json!({}), &["created_at"]);
}

#[test]
fn a_clean_record_is_read_as_it_was() {
    let record = json!({
        "id": 99, "channel": "twitter", "language": "pt-BR", "created_at": "2026-01-02T03:04:05Z", "brand": "Acme",
        "status": "open", "ai_closure_type": "handed_off", "handoff": {"summary": "Wants a person", "sentiment": "angry"},
        "ticketing_system": {"name": "intercom", "external_id": "77", "id_type": "conversation_id"},
        "contact": {"email": "ada@example.com", "name": "Ada", "phone_number": "+44 20 1", "custom_data": {"plan": "pro"},
            "non_verified": {"email": "ada@other.example"}},
        "custom_data": {"order": 5}, "team": "Billing", "assignee_id": "12", "assist_mode": true, "tags": ["vip"],
        "turns": [
            {"id": "t1", "role": "contact", "text": "Oi", "created_at": "2026-01-02T03:05:00Z", "name": "Ada", "context": {"a": [1]},
                "attachments": [{"id": "f", "name": "a.png", "size": 5, "type": "image/png", "url": "https://files.example/a.png"}]},
            {"role": "system", "event": "handoff"},
        ],
    });
    let strict = Record::from_json(record.clone()).unwrap();
    let mut remarks = Vec::new();
    let read = read(record, &Reading::default(), &mut remarks).unwrap();
    assert_eq!((read.hash(), remarks), (strict.hash(), vec![]));
}

#[test]
fn the_order_of_day_and_month_is_told_by_any_turn() {
    let told = |times: [&str; 2]| {
        order_told(&json!({"created_at": times[0], "turns": [{"text": "x"}, {"created_at": times[1]}]}))
    };
    assert_eq!(told(["01/04/2025", "14/04/2025"]), OrderTold::Dmy);
    assert_eq!(told(["04/01/2025", "04/14/2025"]), OrderTold::Mdy);
    assert_eq!(told(["01/04/2025", "2025-04-01"]), OrderTold::Ambiguous);
    assert_eq!(told(["2025-04-01", "1743494400"]), OrderTold::Nothing);
}

#[test]
fn what_is_kept_of_a_contact_steers_no_terminal_and_has_a_bound() {
    let contact = json!({"id": "a\u{202e}\rb", "created_at": {"a": ["\u{1b}"]}, "name": "Ada"});
    check("contact", contact, json!({"contact": {"id": "a\nb", "name": "Ada"}}), &["contact.created_at"]);
    let (read, told) = read_member("contact", json!({"id": "x".repeat(10_000), "name": "Ada"}));
    assert_eq!(
        (read["contact"]["id"].as_str().unwrap().chars().count(), &told[..]),
        (500, &["contact.id".to_owned()][..])
    );
}
