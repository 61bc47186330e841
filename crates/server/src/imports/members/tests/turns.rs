use super::*;

/// Reads turns, and what is remarked of them.
#[expect(clippy::needless_pass_by_value, reason = "a literal reads best so")]
fn turns(turns: Json) -> (Json, Vec<String>) {
    let (read, remarks) = read_with(json!({"id": 1, "turns": turns}), &Reading::default());
    (read.unwrap()["turns"].take(), remarks)
}

#[test]
fn words_are_found_whatever_they_are_called() {
    for said in [
        json!({"content": "hello"}),
        json!({"body": "hello", "text": null}),
        json!({"message": "hello"}),
        json!({"html": "hello", "text": " "}),
        json!({"content": [{"type": "text", "text": "hello"}]}),
        json!({"content": {"content_type": "text", "parts": ["hello"]}}),
        json!({"content": [{"type": "text", "text": {"value": "hello"}}]}),
        json!("hello"),
        json!({"text": "hello", "private": false, "person": "p1"}),
    ] {
        let shown = said.to_string();
        assert_eq!(turns(json!([said])), (json!([{"role": "contact", "text": "hello"}]), vec![]), "{shown}");
    }
    let (read, _) =
        read_with(json!({"conversation_id": 7, "text": "hello", "role": "bot"}), &Reading::default());
    assert_eq!(read.unwrap(), json!({"id": "7", "turns": [{"role": "ai", "text": "hello"}]}));
}

#[test]
fn a_conversation_is_lost_without_an_id_or_words_alone() {
    for (record, reason) in [
        (json!([1]), "expected a JSON object"),
        (json!({"turns": [{"text": "hello"}]}), "id: is required"),
        (json!({"id": " ", "turns": [{"text": "hello"}]}), "id: is required"),
        (json!({"id": 1}), "turns: is required"),
        (json!({"id": 1, "turns": [{"role": "contact", "text": null}]}), "turns: nothing is said in them"),
        (json!({"id": 1, "turns": [{"text": "for us", "private": true}]}), "turns: nothing is said in them"),
    ] {
        assert_eq!(read_with(record, &Reading::default()).0, Err(reason.to_owned()));
    }
    let (read, remarks) = turns(
        json!([{"text": "hello"}, {"text": "for us", "private": true}, {"text": ""}, {"role": "Private Note", "text": "x"}]),
    );
    assert_eq!(read.as_array().unwrap().len(), 1);
    assert_eq!(
        remarks,
        [
            "turns[1].private: an internal note; left out",
            "turns[2].text: nothing is said; the turn is left out",
            "turns[3].private: an internal note; left out"
        ]
    );
}

#[test]
fn roles_are_known_in_many_words() {
    for (role, words) in [
        (
            "contact",
            "end-user;End User;requester;lead;incoming;Kunde;cliente;Клиент;お客様;user_1;customer (verified)",
        ),
        (
            "human_agent",
            "Agent;AGENT;Customer Support;admin;outgoing;rep;support_agent;Mitarbeiterin;оператор;Agent 7",
        ),
        ("ai", "bot;tool;function;model;virtual_agent;AI Agent;chatBot;KI-Assistent"),
        ("system", "system;System message;automation"),
    ] {
        for word in words.split(';') {
            assert_eq!(
                turns(json!([{"role": word, "text": "x"}])),
                (json!([{"role": role, "text": "x"}]), vec![]),
                "{word}"
            );
        }
    }
}

#[test]
fn an_unknown_role_keeps_its_words_and_is_told_once() {
    let said = json!([{"role": "owner", "text": "a"}, {"role": "Owner ", "text": "b"}, {"role": "ann@mail.example", "text": "c"}]);
    let (read, remarks) = turns(said.clone());
    assert!(read.as_array().unwrap().iter().all(|turn| turn["role"] == "system"));
    assert!(
        remarks[0] == remarks[1] && remarks[0].starts_with("role \"owner\": nobody that is known"),
        "{remarks:?}"
    );
    assert!(remarks[2].starts_with("role: "), "{remarks:?}");
    let reading = Reading {
        roles: [("owner".to_owned(), Sender::HumanAgent)].into(),
        me: vec!["@mail.example".to_owned()],
        ..Reading::default()
    };
    let (read, remarks) = read_with(json!({"id": 1, "turns": said}), &reading);
    let read = read.unwrap();
    assert!(read["turns"].as_array().unwrap().iter().all(|turn| turn["role"] == "human_agent"), "{read}");
    assert_eq!(remarks, Vec::<String>::new());
}

#[test]
fn who_speaks_is_told_by_one_member_as_well() {
    let said = json!({"id": 1, "contact": {"name": "Ann", "email": "ann@mail.example"}, "turns": [
        {"author": {"type": "user", "name": "Ann"}, "text": "a"},
        {"from": "ANN@mail.example", "text": "b"},
        {"sender": "bot", "text": "c"},
    ]});
    let (read, remarks) = read_with(said, &Reading::default());
    let expected = json!([
        {"role": "contact", "name": "Ann", "text": "a"}, {"role": "contact", "text": "b"}, {"role": "ai", "text": "c"},
    ]);
    assert_eq!((read.unwrap()["turns"].take(), remarks), (expected, vec![]));
}

#[test]
fn turns_stand_in_the_order_of_their_times() {
    let said = json!({"id": 1, "created_at": "2025-04-01T12:00:00Z", "turns": [
        {"text": "third", "created_at": "2025-04-01T11:00:00Z"},
        {"text": "behind it"},
        {"text": "first", "created_at": 1_743_494_400},
        {"text": "second", "timestamp": "2025-04-01 08:00"},
    ]});
    let read = read_with(said, &Reading::default()).0.unwrap();
    let texts: Vec<&str> =
        read["turns"].as_array().unwrap().iter().filter_map(|turn| turn["text"].as_str()).collect();
    assert_eq!(texts, ["first", "second", "third", "behind it"]);
    assert_eq!(read["created_at"], "2025-04-01T08:00:00.000Z");
}

#[test]
fn files_need_no_more_than_an_address_or_a_name() {
    let (read, remarks) = turns(json!([{"attachments": [
        {"url": "https://files.example/a.png?x=1"}, "https://files.example/b.pdf", {"name": "c.txt", "size": "12"},
        {"url": "javascript:alert(1)", "file_name": "d"}, null,
    ]}]));
    let file = |id: &str, name: &str, size: u64, url: &str| json!({"id": id, "name": name, "size": size, "type": "application/octet-stream", "url": url});
    let files = [
        file("1", "a.png", 0, "https://files.example/a.png?x=1"),
        file("2", "b.pdf", 0, "https://files.example/b.pdf"),
        file("3", "c.txt", 12, "data:,"),
        file("4", "d", 0, "data:,"),
    ];
    assert_eq!(read, json!([{"role": "contact", "attachments": files}]));
    assert_eq!(remarks.len(), 1, "{remarks:?}");
}

#[test]
fn what_is_too_long_is_cut_and_marked() {
    let (read, remarks) = turns(json!([{"text": "ü".repeat(120_000), "name": "n".repeat(400)}]));
    let length = |member: &str| read[0][member].as_str().unwrap().chars().count();
    assert_eq!((length("text"), length("name")), (100_000, 300));
    assert!(read[0]["text"].as_str().unwrap().ends_with("ü… [cut]"));
    assert_eq!(
        remarks,
        [
            "turns[0].text: longer than 100000 characters; cut",
            "turns[0].name: longer than 300 characters; cut"
        ]
    );
    let (read, remarks) = turns(json!(vec![json!({"text": "x"}); 10_002]));
    assert_eq!(read.as_array().unwrap().len(), 10_000);
    assert_eq!(remarks, ["turns: more than 10000; 2 at the end are left out"]);
}
