//! Lists of sessions, their filters and the search.

use crate::support::app::{START, TestApp};
use serde_json::{Value, json};

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
