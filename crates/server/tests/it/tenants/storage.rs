//! The most that an organization stores.

use crate::support::app::{TestApp, unlimited};
use refrain::config::{Config, DatabaseConfig};
use serde_json::json;

#[tokio::test]
async fn an_organization_stores_no_more_than_it_may() {
    let database = DatabaseConfig { org_megabytes: 1, ..DatabaseConfig::default() };
    let t = TestApp::with(Config { database, ..unlimited() }).await;
    let created = t.post_ok("/chat/sessions", json!({})).await;
    let path = format!("/chat/sessions/{}/send", created["id"].as_str().unwrap());
    let file = json!([{"name": "a.txt", "base64": "A".repeat(400_000)}]);
    let message = json!({"sender": "contact", "message": {"type": "text", "text": "x".repeat(50_000), "attachments": file}});
    for _ in 0..3 {
        t.post_ok(&path, message.clone()).await;
    }
    let stored = "select stored_bytes from orgs where name = 'default'";
    assert_eq!(t.count(stored).await, 3 * (50_000 + 300_000));
    assert_eq!(
        t.post(&path, message).await.error(507),
        "the organization stores as many bytes of messages and files as it may"
    );
    assert_eq!(t.count(stored).await, 1_050_000, "nothing was written");
    // what does not store goes on, and so do others
    t.get_ok("/chat/sessions").await;
    t.post_ok("/insights", json!({})).await;
    let other = t.app.find_or_create_org("other").await.unwrap();
    let key = t.key(other, "chat-sessions:write").await;
    let created = t.call_as(&key, "POST", "/chat/sessions", Some(json!({}))).await.ok();
    let path = format!("/chat/sessions/{}/send", created["id"].as_str().unwrap());
    let message = json!({"sender": "contact", "message": {"type": "text", "text": "Hello"}});
    t.call_as(&key, "POST", &path, Some(message)).await.ok();
}

#[tokio::test]
async fn what_is_stored_is_counted_when_it_is_imported_and_when_it_changes() {
    let t = TestApp::new().await;
    let record = |text: &str| json!({"id": 1, "turns": [{"role": "contact", "text": text}]});
    let stored = "select stored_bytes from orgs where name = 'default'";
    for text in ["12345", "1234567890", "123"] {
        t.import(vec![record(text)]).await;
        assert_eq!(t.count(stored).await, text.len() as i64, "{text}");
    }
}

#[tokio::test]
async fn what_is_erased_makes_room() {
    let t = TestApp::new().await;
    let session = t.session_saying("My name is Zebulon, where is my refund?").await;
    let file = json!([{"name": "a.txt", "base64": "A".repeat(4_000)}]);
    let message =
        json!({"sender": "contact", "message": {"type": "text", "text": "Here", "attachments": file}});
    t.post_ok(&format!("/chat/sessions/{session}/send"), message).await;
    let stored = "select stored_bytes from orgs where name = 'default'";
    assert!(t.count(stored).await > 3_000);
    let answer = t.call_as(&t.token, "DELETE", &format!("/chat/sessions/{session}"), None).await;
    assert!(answer.status.is_success(), "{}", answer.body);
    t.run_jobs().await;
    assert_eq!(t.count(stored).await, 0);
}
