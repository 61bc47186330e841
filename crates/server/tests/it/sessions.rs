//! Sessions over the API.

use crate::app::{START, TestApp};
use serde_json::{Value, json};

const START_OUT: &str = "2026-06-15T12:00:00.000Z";

fn events(history: &Value) -> Vec<&str> {
    history["items"].as_array().unwrap().iter().map(|item| item["event"]["type"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_bare_session_shows_no_optional_member() {
    let t = TestApp::new().await;
    let id = t.post_ok("/chat/sessions", json!({})).await["id"].clone();
    let session = t.get_ok(&format!("/chat/sessions/{}", id.as_str().unwrap())).await;
    assert_eq!(
        session,
        json!({
            "id": id, "status": "open", "ai_closure_type": null, "sentiment": null, "channel": {"type": "api"},
            "assignee_id": null, "custom_data": {}, "ticket_number": 1, "assist_mode": false,
            "created_at": START_OUT, "updated_at": START_OUT,
        })
    );
}

#[tokio::test]
async fn a_full_session_shows_all_of_them() {
    let t = TestApp::new().await;
    let team = t.post_ok("/teams", json!({"name": "Billing", "description": "Money matters"})).await;
    let body = json!({
        "channel": {"type": "email"}, "verified": true, "custom_data": {"order": 17, "gift": false, "sku": "A-1"},
        "contact": {"email": "Ada@Example.com", "name": "Ada", "phone_number": "+44 20", "custom_data": {"plan": "pro"}},
        "team_id": team["id"], "assignee_id": "12", "language": "pt-BR", "assist_mode": true,
        "ticketing_system": {"name": "zendesk_v2", "external_id": "990", "id_type": "ticket_id"},
    });
    let id = t.post_ok("/chat/sessions", body).await["id"].clone();
    let path = format!("/chat/sessions/{}", id.as_str().unwrap());
    let change = json!({
        "ai_closure_type": "handed_off", "handoff": {"summary": "Wants a person", "sentiment": "angry"},
        "custom_data": {"order": 18, "late": "yes"},
    });
    assert_eq!(t.patch_ok(&path, change).await, Value::Null);
    let send = json!({
        "sender": "contact", "message": {"type": "text", "text": "I want a person"},
        "contact": {"name": "A. Lovelace", "email": "claimed@example.com", "custom_data": {"plan": "free", "age": "36"}},
    });
    t.post_ok(&format!("{path}/send"), send).await;
    let session = t.get_ok(&path).await;
    let contact = json!({
        "id": session["contact"]["id"], "email": "ada@example.com", "phone_number": "+44 20", "name": "Ada",
        "custom_data": {"plan": "pro"}, "created_at": START_OUT, "updated_at": START_OUT,
        "non_verified_name": "A. Lovelace", "non_verified_email": "claimed@example.com",
        "non_verified_custom_data": {"plan": "free", "age": "36"},
    });
    assert_eq!(session["contact"], contact);
    assert_eq!(session["team"], json!({"id": team["id"], "name": "Billing", "description": "Money matters"}));
    assert_eq!(session["handoff"], json!({"summary": "Wants a person", "sentiment": "angry"}));
    let system = json!({"name": "zendesk_v2", "external_id": "990", "id_type": "ticket_id"});
    assert_eq!(session["ticketing_system"], system);
    assert_eq!(session["custom_data"], json!({"order": 18, "gift": false, "sku": "A-1", "late": "yes"}));
    for (member, value) in [
        ("ai_closure_type", json!("handed_off")),
        ("assignee_id", json!("12")),
        ("language", json!("pt")),
        ("assist_mode", json!(true)),
        ("channel", json!({"type": "email"})),
    ] {
        assert_eq!(session[member], value, "{member}");
    }
    let clear = json!({"handoff": null, "ticketing_system": null, "team_id": null, "assignee_id": null, "ai_closure_type": null});
    t.patch_ok(&path, clear).await;
    let session = t.get_ok(&path).await;
    for absent in ["handoff", "ticketing_system", "team"] {
        assert_eq!(session.get(absent), None, "{absent}");
    }
    assert_eq!((&session["assignee_id"], &session["ai_closure_type"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn the_history_tells_what_was_said_and_done_in_order() {
    let t = TestApp::new().await;
    let id = t.session_saying("Where is my parcel?").await;
    let path = format!("/chat/sessions/{id}");
    let agent = json!({
        "sender": "agent", "agent": {"id": 7, "name": "Bo", "avatar_url": "https://example.com/bo.png"},
        "message": {"type": "text", "text": "On its way"}, "should_take_over_session_from_ai": true,
    });
    t.post_ok(&format!("{path}/send"), agent).await;
    t.patch_ok(&path, json!({"tags": ["late", "parcel"]})).await;
    t.patch_ok(&path, json!({"tags": ["parcel"]})).await;
    let close = json!({"status": "closed_unresolved", "session_closed_payload": {"by": "bot"}});
    t.patch_ok(&path, close.clone()).await;
    t.patch_ok(&path, close).await;
    let again = json!({"sender": "contact", "message": {"type": "text", "text": "Still nothing"}});
    t.post_ok(&format!("{path}/send"), again).await;
    let history = t.get_ok(&format!("{path}/history")).await;
    assert_eq!(
        events(&history),
        [
            "message",
            "agent_assigned_by_system",
            "human_agent_takeover",
            "message",
            "tag_added_by_api",
            "tag_added_by_api",
            "tag_removed_by_api",
            "closed_unresolved_by_api",
            "system_reopened_session",
            "message",
        ]
    );
    let said = &history["items"][3]["event"];
    assert_eq!(said["sender"], json!({"type": "human_agent", "name": "Bo"}));
    assert_eq!(said["content"], json!({"type": "text", "text": "On its way"}));
    let closed = &history["items"][7]["event"]["context"];
    assert_eq!(*closed, json!({"session_closed_payload": {"by": "bot"}}));
    assert_eq!(t.get_ok(&path).await["status"], "open", "a contact who writes again is not done");
    assert_eq!(t.get_ok(&path).await["assignee_id"], "7");
}

#[tokio::test]
async fn a_long_history_comes_in_pages() {
    let t = TestApp::new().await;
    let id = t.session_saying("message 0").await;
    for i in 1..120 {
        let body = json!({"sender": "contact", "message": {"type": "text", "text": format!("message {i}")}});
        t.post_ok(&format!("/chat/sessions/{id}/send"), body).await;
    }
    let (mut texts, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = t.get_ok(&format!("/chat/sessions/{id}/history?cursor={cursor}")).await;
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= 50);
        texts.extend(items.iter().map(|item| item["event"]["content"]["text"].as_str().unwrap().to_owned()));
        match page["next"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    let expected: Vec<String> = (0..120).map(|i| format!("message {i}")).collect();
    assert_eq!(texts, expected);
}

#[tokio::test]
async fn a_file_is_kept_and_given_back() {
    let t = TestApp::new().await;
    let id = t.session_saying("see this").await;
    let attachments = json!([
        {"name": "a.txt", "base64": "aGVsbG8=", "mime_type": "text/plain"},
        {"url": "https://example.com/b.png", "name": "b.png", "mime_type": "image/png"},
    ]);
    let message =
        json!({"sender": "contact", "message": {"type": "text", "text": "", "attachments": attachments}});
    t.post_ok(&format!("/chat/sessions/{id}/send"), message).await;
    let history = t.get_ok(&format!("/chat/sessions/{id}/history")).await;
    let files = &history["items"][1]["event"]["attachments"];
    assert_eq!((&files[0]["size"], &files[0]["type"]), (&json!(5), &json!("text/plain")));
    assert_eq!(files[1]["url"], "https://example.com/b.png");
    let url = files[0]["url"].as_str().unwrap();
    let answer = t.get(url.strip_prefix("http://127.0.0.1:8080").unwrap()).await;
    assert_eq!(answer.headers["content-disposition"], "attachment");
    assert_eq!(answer.body, "hello");
}

#[tokio::test]
async fn closing_with_the_flag_brings_a_summary_and_a_sentiment() {
    let t = TestApp::new().await;
    let id =
        t.session_saying("My refund has not arrived. This is absolutely unacceptable, I am furious!").await;
    let answer = json!({"sender": "agent", "message": {"type": "text", "text": "We have sent the refund again today."}});
    t.post_ok(&format!("/chat/sessions/{id}/send"), answer).await;
    let close = json!({"status": "closed_resolved", "generate_summary_and_sentiment_on_resolve": true});
    t.patch_ok(&format!("/chat/sessions/{id}"), close).await;
    t.run_jobs().await;
    let listed = t.get_ok("/chat/sessions").await["items"][0].clone();
    assert_eq!(listed["sentiment"], "angry");
    let summary = listed["summary"].as_str().unwrap();
    assert!(
        summary.contains("refund has not arrived") && summary.contains("sent the refund again"),
        "{summary}"
    );
    assert_eq!(listed["language"], "en");
    // without the flag there is no summary
    let id = t.session_saying("Where is my parcel?").await;
    t.patch_ok(&format!("/chat/sessions/{id}"), json!({"status": "closed_resolved"})).await;
    t.run_jobs().await;
    assert_eq!(t.get_ok("/chat/sessions").await["items"][0]["summary"], Value::Null);
}

#[tokio::test]
async fn lists_are_filtered_as_asked() {
    let t = TestApp::new().await;
    let turn = |text: &str| json!([{"role": "contact", "text": text, "created_at": START}]);
    t.import(vec![
        json!({"id": "1", "channel": "chat", "language": "en", "created_at": "2026-06-01T10:00:00Z", "turns": turn("one"),
            "custom_data": {"plan": "pro", "seats": 5}, "tags": ["vip"]}),
        json!({"id": "2", "channel": "phone", "language": "de", "created_at": "2026-06-02T10:00:00Z", "turns": turn("zwei"),
            "status": "open", "assignee_id": "9"}),
        json!({"id": "3", "channel": "email", "language": "en", "created_at": "2026-06-03T10:00:00Z", "turns": turn("three"),
            "status": "closed_unresolved", "ai_closure_type": "handed_off", "custom_data": {"plan": "pro", "seats": 6}}),
    ])
    .await;
    let numbers = |body: &Value, member: &str| -> Vec<i64> {
        body[member].as_array().unwrap().iter().map(|item| item["ticket_number"].as_i64().unwrap()).collect()
    };
    for (query, expected) in [
        ("", vec![1, 2, 3]),
        ("status=open", vec![2]),
        ("channel_type=phone_voice", vec![2]),
        ("handed_off=true", vec![2, 3]),
        ("handed_off=false", vec![1]),
        ("created_after=2026-06-02+10%3A00%3A00%2B00%3A00", vec![2, 3]),
        ("created_before=2026-06-02", vec![1, 2]),
        ("created_after=2026-06-01&created_before=2026-06-01", vec![1]),
        ("updated_after=2027-01-01", vec![]),
        ("updated_before=2026-01-01", vec![]),
        ("cursor=", vec![1, 2, 3]),
    ] {
        let mut found = numbers(&t.get_ok(&format!("/chat/sessions?{query}")).await, "items");
        found.sort_unstable();
        assert_eq!(found, expected, "{query}");
    }
    for (filters, expected) in [
        (json!({}), vec![3, 2, 1]),
        (json!({"channels": ["web", "email"]}), vec![3, 1]),
        (json!({"statuses": ["closed_resolved"], "languages": ["en"]}), vec![1]),
        (json!({"assignee_ids": ["9"]}), vec![2]),
        (json!({"tags": ["vip", "none"]}), vec![1]),
        (json!({"custom_data": {"plan": "pro"}}), vec![3, 1]),
        (json!({"custom_data": {"plan": "pro", "seats": "5"}}), vec![1]),
        (json!({"date_from": "2026-06-02", "date_to": "2026-06-02"}), vec![2]),
        (json!({"team_ids": []}), vec![3, 2, 1]),
        (json!({"contact_ids": ["00000000-0000-0000-0000-000000000000"]}), vec![]),
    ] {
        let body = json!({"filters": filters, "sort_by": "created_at"});
        assert_eq!(numbers(&t.post_ok("/chat/sessions/filter", body).await, "data"), expected, "{filters}");
    }
    let body = json!({"sort_by": "created_at", "sort_order": "asc", "limit": 2, "page": 2});
    let page = t.post_ok("/chat/sessions/filter", body).await;
    assert_eq!(numbers(&page, "data"), [3]);
    assert_eq!((&page["has_next"], &page["has_previous"]), (&json!(false), &json!(true)));
}

#[tokio::test]
async fn a_search_finds_contacts_and_messages_in_any_script() {
    let t = TestApp::new().await;
    let contact =
        json!({"contact": {"email": "zoe@example.com", "name": "Zoë Müller", "phone": "+49 171 5550"}});
    let contact = t.post_ok("/contacts", contact).await["id"].clone();
    let created = t.post_ok("/chat/sessions", json!({"contact_id": contact})).await;
    let path = format!("/chat/sessions/{}/send", created["id"].as_str().unwrap());
    for text in ["Возврат денег", "返金はいつですか", "100% of it_all"] {
        t.post_ok(&path, json!({"sender": "contact", "message": {"type": "text", "text": text}})).await;
    }
    t.session_saying("返金").await;
    for (q, contacts, messages) in [
        ("zoe", 1, 0),
        ("MULLER", 1, 0),
        ("5550", 1, 0),
        ("возврат", 0, 1),
        ("返金", 0, 2),
        ("00%", 0, 1),
        ("t_a", 0, 1),
        ("tza", 0, 0),
        ("example.com", 1, 0),
    ] {
        let q: String = form_urlencoded::byte_serialize(q.as_bytes()).collect();
        let found = t.get_ok(&format!("/chat/sessions/search?q={q}")).await;
        let count = |member: &str| found[member].as_array().unwrap().len();
        assert_eq!((count("contacts"), count("messages")), (contacts, messages), "{q}");
        let of_contact = format!("/chat/sessions/search?q={q}&contact_id={}", contact.as_str().unwrap());
        let found = t.get_ok(&of_contact).await;
        assert_eq!(found["messages"].as_array().unwrap().len(), messages.min(1), "{q}");
    }
    assert_eq!(t.get("/chat/sessions/search").await.error(400), "q: is required");
    assert_eq!(t.get_ok("/chat/sessions/search?q=zoe&contact_id=nobody").await["contacts"], json!([]));
}

#[tokio::test]
async fn ticket_numbers_have_no_gaps_though_requests_fail() {
    let t = TestApp::new().await;
    for i in 1..=5 {
        t.post("/chat/sessions", json!({"contact_id": "00000000-0000-0000-0000-000000000000"}))
            .await
            .error(404);
        t.post("/chat/sessions", json!({"team_id": "00000000-0000-0000-0000-000000000000"})).await.error(404);
        let id = t.post_ok("/chat/sessions", json!({})).await["id"].clone();
        let session = t.get_ok(&format!("/chat/sessions/{}", id.as_str().unwrap())).await;
        assert_eq!(session["ticket_number"], i);
    }
}
