//! What the receipt of an erasure says.

use super::{Person, id};
use crate::support::app::TestApp;
use crate::support::fixtures::record;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// The hash of a receipt, as the documentation says.
fn hash(receipt: &Value) -> String {
    let mut lines = format!("id {}\n", id(receipt));
    for (part, names) in [
        (
            "deleted",
            &["contacts", "sessions", "messages", "files", "statements", "occurrences", "reports"][..],
        ),
        ("masked", &["sessions", "messages"]),
        ("before", &["sessions", "messages", "statements", "occurrences"]),
        ("after", &["sessions", "messages", "statements", "occurrences"]),
    ] {
        for name in names {
            lines += &format!("{part}.{name} {}\n", receipt[part][name]);
        }
    }
    for insight in receipt["insights"].as_array().unwrap() {
        lines += &format!("{} {} {}\n", id(insight), insight["before"], insight["after"]);
    }
    Sha256::digest(lines).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn a_receipt_says_what_went_and_what_is_counted_since() {
    let person = Person::new().await;
    let t = &person.t;
    let sessions = t.count("select count(*) from sessions").await;
    let messages =
        t.count("select count(*) from messages where sender = 'contact' and sender_name is not null").await;
    assert_eq!(messages, 80);
    let erasure = format!("/erasures/{}", person.delete("?sessions=true").await);
    let running = t.get_ok(&erasure).await;
    assert_eq!(
        (&running["state"], &running["after"], &running["sha256"]),
        (&json!("running"), &Value::Null, &Value::Null)
    );
    t.run_jobs().await;
    let receipt = t.get_ok(&erasure).await;
    assert_eq!((&receipt["cause"], &receipt["subject_id"]), (&json!("contact"), &json!(person.contact)));
    assert_eq!((&receipt["sessions"], &receipt["state"]), (&json!("deleted"), &json!("done")));
    assert_eq!((&receipt["deleted"]["contacts"], &receipt["deleted"]["sessions"]), (&json!(1), &json!(20)));
    assert_eq!((&receipt["deleted"]["files"], &receipt["before"]["sessions"]), (&json!(160), &json!(20)));
    for name in ["sessions", "messages", "statements", "occurrences"] {
        assert_eq!(receipt["after"][name], 0, "{name}");
        assert_eq!(receipt["before"][name], receipt["deleted"][name], "{name}");
        assert!(receipt["before"][name].as_i64().unwrap() >= 20, "{name}");
    }
    let insights = receipt["insights"].as_array().unwrap();
    let less = |insight: &Value| insight["after"].as_i64() < insight["before"].as_i64();
    assert!(!insights.is_empty() && insights.iter().all(less), "{receipt:#}");
    assert_eq!(receipt["sha256"], hash(&receipt));
    assert_eq!(t.items("/erasures").await, [receipt]);
    // their numbers are gaps that are accounted for
    let numbers = t.count("select next_ticket_number - 1 from orgs").await;
    assert_eq!((numbers, t.count("select count(*) from sessions").await), (sessions, sessions - 20));
    assert_eq!(
        t.count("select cast(sum(sessions_deleted) as bigint) from erasures where words is null").await,
        20
    );
    let other = t.app.find_or_create_org("other").await.unwrap();
    let theirs = t.key(other, "contacts:read").await;
    t.call_as(&theirs, "GET", &erasure, None).await.error(404);
}

#[tokio::test]
async fn a_session_is_deleted_alone() {
    let t = TestApp::new().await;
    t.import((0..6).map(|i| record(i, "My refund has not arrived yet")).collect()).await;
    t.run_jobs().await;
    let insight = t.post_ok("/insights", json!({})).await["data"][0].clone();
    assert_eq!(insight["occurrence_count"], 6);
    let session = format!("/chat/sessions/{}", id(&t.items("/chat/sessions").await[0]));
    let reader = t.key(t.org_id, "chat-sessions:read").await;
    t.call_as(&reader, "DELETE", &session, None).await.error(403);
    let answer = t.call_as(&t.token, "DELETE", &session, None).await;
    let named = answer.headers["location"].to_str().unwrap().to_owned();
    let receipt = answer.ok();
    assert_eq!(named, format!("/erasures/{}", id(&receipt)));
    assert_eq!((&receipt["cause"], &receipt["deleted"]["sessions"]), (&json!("session"), &json!(1)));
    assert_eq!(t.call_as(&t.token, "DELETE", &session, None).await.error(404), "session not found");
    t.get(&session).await.error(404);
    let path = format!("/insights/{}", id(&insight));
    assert_eq!(t.get_ok(&path).await["occurrence_count"], 5);
    assert_eq!(t.items(&format!("{path}/sessions")).await.len(), 5);
    // others said the same, so the sentence stays
    assert_eq!(t.get_ok(&path).await["content"], insight["content"]);
    t.run_jobs().await;
    assert_eq!(t.get_ok(&named).await["insights"][0]["after"], 5);
    assert_eq!(t.get_ok(&path).await["content"], insight["content"]);
}

#[tokio::test]
async fn deleting_sessions_with_a_contact_needs_the_scope_for_them() {
    let t = TestApp::new().await;
    let contact = t.post_ok("/contacts", json!({"contact": {"phone": "555"}})).await;
    let path = format!("/contacts/{}", id(&contact));
    let key = t.key(t.org_id, "contacts:write").await;
    let refused = t.call_as(&key, "DELETE", &format!("{path}?sessions=true"), None).await.error(403);
    assert_eq!(refused, "the key lacks the scope chat-sessions:write");
    let wrong = t.call_as(&t.token, "DELETE", &format!("{path}?sessions=maybe"), None).await.error(400);
    assert_eq!(wrong, "sessions: expected true or false");
    t.call_as(&key, "DELETE", &path, None).await.ok();
    t.call_as(&key, "DELETE", &path, None).await.error(404);
}

#[tokio::test]
async fn a_contact_of_many_sessions_is_erased_step_by_step() {
    let t = TestApp::new().await;
    let said = |i: usize| {
        let mut record = record(i, "My refund has not arrived yet");
        record["contact"] = json!({"email": "zebulon@example.com"});
        record
    };
    t.import((0..250).map(said).collect()).await;
    t.import((250..260).map(|i| record(i, "Where is my refund?")).collect()).await;
    t.run_jobs().await;
    let contact = id(&t.items("/contacts").await[0]);
    let path = format!("/contacts/{contact}?sessions=true");
    t.call_as(&t.token, "DELETE", &path, None).await.ok();
    assert_eq!(t.count("select count(*) from sessions where erasure_id is not null").await, 150);
    t.run_jobs().await;
    assert_eq!(t.count("select count(*) from sessions").await, 10);
    assert_eq!(t.count("select count(*) from statements").await, 10);
    let erasure = t.items("/erasures").await[0].clone();
    assert_eq!((&erasure["deleted"]["sessions"], &erasure["state"]), (&json!(250), &json!("done")));
    assert_eq!(erasure["sha256"], hash(&erasure));
}
