//! One session over the API.

use crate::support::app::TestApp;
use serde_json::{Value, json};

const START_OUT: &str = "2026-06-15T12:00:00.000Z";

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

#[tokio::test]
async fn characters_that_steer_a_terminal_are_dropped_where_a_text_is_read() {
    let t = TestApp::new().await;
    let steering = "a\u{1b}[2J\u{7}b\u{85}\u{9b}c\u{202e}d\u{2066}\u{200f}e\r\nf\tg\u{7f}";
    let plain = "a[2Jbcde\nf\tg";
    let body = json!({
        "contact": {"name": steering, "custom_data": {"k\u{1b}ey": steering}}, "verified": true,
        "custom_data": {"k\u{202d}ey": steering},
    });
    let id = t.post_ok("/chat/sessions", body).await["id"].as_str().unwrap().to_owned();
    let path = format!("/chat/sessions/{id}");
    let joined = "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467} می\u{200c}خواهم क्\u{200d}ष \u{2764}\u{fe0f}";
    for text in [steering, joined] {
        let message = json!({"sender": "contact", "message": {"type": "text", "text": text}, "contact": {"name": steering}});
        t.post_ok(&format!("{path}/send"), message).await;
    }
    let closed = json!({"status": "closed_resolved", "session_closed_payload": {"n\u{7}ote": [steering]}});
    t.patch_ok(&path, closed).await;
    let session = t.get_ok(&path).await;
    assert_eq!(session["custom_data"], json!({"key": plain}));
    assert_eq!(session["contact"]["name"], plain);
    assert_eq!(session["contact"]["custom_data"], json!({"key": plain}));
    let history = t.get_ok(&format!("{path}/history")).await;
    let said = |i: usize| history["items"][i]["event"]["content"]["text"].clone();
    assert_eq!((said(0), said(1)), (json!(plain), json!(joined)));
    assert!(history.to_string().contains(&json!({"note": [plain]}).to_string()), "{history}");
    let record = json!({"id": "s\u{1b}1", "turns": [{"role": "contact", "name": steering, "text": steering, "context": {"n\u{1b}": steering}}]});
    t.import(vec![record]).await;
    let imported = t.get_ok("/chat/sessions").await["items"][0]["id"].as_str().unwrap().to_owned();
    let history = t.get_ok(&format!("/chat/sessions/{imported}/history")).await;
    assert_eq!(history["items"][0]["event"]["content"]["text"], plain);
    assert_eq!(history["items"][0]["event"]["context"]["n"], plain);
}
