//! What is older than it is kept.

use super::id;
use crate::support::app::{TestApp, unlimited};
use crate::support::fixtures::record;
use refrain::config::{Config, RetentionConfig};
use refrain::erasures;
use serde_json::{Value, json};

const DAY: i64 = 86_400;

async fn apply(t: &TestApp) {
    erasures::request_retention(&t.app).await.unwrap();
    t.run_jobs().await;
}

#[tokio::test]
async fn closed_sessions_go_once_they_are_older_than_the_organization_keeps_them() {
    let t = TestApp::new().await;
    t.import((0..8).map(|i| record(i, "My refund has not arrived yet")).collect()).await;
    let open = t.session_saying("My refund has not arrived yet").await;
    t.run_jobs().await;
    t.advance(20 * DAY);
    t.import((8..12).map(|i| record(i, "My refund has not arrived yet")).collect()).await;
    t.run_jobs().await;
    t.advance(11 * DAY);
    apply(&t).await;
    assert_eq!(t.items("/chat/sessions").await.len(), 13, "kept for good unless something is set");
    t.patch_ok("/settings", json!({"retention_days": 30})).await;
    apply(&t).await;
    let kept = t.items("/chat/sessions").await;
    assert_eq!(kept.len(), 5);
    assert!(kept.iter().any(|session| id(session) == open), "what is open stays");
    let insight = t.post_ok("/insights", json!({})).await["data"][0].clone();
    assert_eq!(insight["occurrence_count"], 5);
    assert_eq!(t.items(&format!("/insights/{}/sessions", id(&insight))).await.len(), 5);
    let erasures = t.items("/erasures").await;
    assert_eq!(erasures.len(), 1);
    assert_eq!((&erasures[0]["cause"], &erasures[0]["subject_id"]), (&json!("retention"), &Value::Null));
    assert_eq!(
        (&erasures[0]["deleted"]["sessions"], &erasures[0]["after"]["sessions"]),
        (&json!(8), &json!(0))
    );
    // what is written again is young again
    t.patch_ok("/settings", json!({"retention_days": 1})).await;
    apply(&t).await;
    assert_eq!(t.items("/chat/sessions").await.len(), 1);
    apply(&t).await;
    assert_eq!(t.items("/erasures").await.len(), 2, "no erasure of nothing");
}

#[tokio::test]
async fn the_process_keeps_sessions_for_as_long_as_it_is_configured_to() {
    let retention = RetentionConfig { retention_days: Some(7) };
    let t = TestApp::with(Config { retention, ..unlimited() }).await;
    t.import((0..3).map(|i| record(i, "My refund has not arrived yet")).collect()).await;
    t.run_jobs().await;
    t.advance(8 * DAY);
    t.patch_ok("/settings", json!({"retention_days": 30})).await;
    apply(&t).await;
    assert_eq!(t.items("/chat/sessions").await.len(), 3, "the organization's own setting comes first");
    t.patch_ok("/settings", json!({"retention_days": null})).await;
    apply(&t).await;
    assert_eq!(t.items("/chat/sessions").await, Vec::<Value>::new());
}
