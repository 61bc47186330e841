//! Lines that a widget, a form or a mail gateway puts at the edges of messages: learned, listed, revoked.

use crate::support::app::TestApp;
use crate::support::fixtures::{PASSWORD, REFUND};
use serde_json::{Value, json};

const LIST: &str = "/boilerplate";
const FOOTER: &str = "Sent via the Acme app, version 5.2";

/// A conversation of one message by one contact.
fn record(i: usize, text: &str) -> Value {
    let email = format!("c{i}@example.com");
    json!({"id": i, "contact": {"email": email}, "turns": [{"role": "contact", "text": text}]})
}

/// Forty conversations of two topics, the first so many with a line below.
fn records(line: &str, with_line: usize) -> Vec<Value> {
    let texts = REFUND.iter().chain(&PASSWORD).cycle().take(40).enumerate();
    let said = |(i, text): (usize, &&str)| {
        if i < with_line { record(i, &format!("{text}\n\n{line}")) } else { record(i, text) }
    };
    texts.map(said).collect()
}

async fn statements(t: &TestApp, like: &str) -> i64 {
    t.count(&format!("select count(*) from statements where text like '%{like}%'")).await
}

/// The insights, by their titles, with their counts.
async fn insights(t: &TestApp) -> Vec<(String, i64)> {
    let insights = t.post_ok("/insights", json!({})).await;
    let row = |insight: &Value| {
        let title = insight["content"].as_str().unwrap().to_owned();
        (title, insight["occurrence_count"].as_i64().unwrap())
    };
    let mut rows: Vec<_> = insights["data"].as_array().unwrap().iter().map(row).collect();
    rows.sort();
    rows
}

#[tokio::test]
async fn what_a_widget_adds_is_learned_listed_and_read_no_more() {
    let t = TestApp::new().await;
    t.import(records(FOOTER, 40)).await;
    t.run_jobs().await;
    let list = t.get_ok(LIST).await;
    let entry = &list[0];
    assert_eq!(list.as_array().unwrap().len(), 1, "{list}");
    assert_eq!((&entry["edge"], &entry["contacts"]), (&json!("end"), &json!(40)));
    assert_eq!(entry["text"], "Sent via the Acme app, version #");
    assert_eq!(entry["revoked_at"], Value::Null);
    assert_eq!(statements(&t, "Acme").await, 0);
    assert_eq!(statements(&t, "refund").await, 20);
    // the message stays as it came, and a new one is read without the line at once
    let session = t.session_saying(&format!("My kettle leaks\n\n{FOOTER}")).await;
    t.run_jobs().await;
    assert_eq!(t.count("select count(*) from statements where text = 'My kettle leaks'").await, 1);
    let history = t.get_ok(&format!("/chat/sessions/{session}/history")).await;
    assert_eq!(history["items"][0]["event"]["content"]["text"], format!("My kettle leaks\n\n{FOOTER}"));
}

#[tokio::test]
async fn what_is_revoked_is_read_and_stays_revoked() {
    let t = TestApp::new().await;
    t.import(records(FOOTER, 40)).await;
    t.run_jobs().await;
    let id = t.get_ok(LIST).await[0]["id"].as_str().unwrap().to_owned();
    let revoked = t.post_ok(&format!("{LIST}/{id}/revoke"), json!({})).await;
    assert!(revoked["revoked_at"].is_string());
    t.run_jobs().await;
    assert_eq!(statements(&t, "Acme").await, 40);
    t.import((40..50).map(|i| record(i, &format!("My kettle {i} leaks\n\n{FOOTER}"))).collect()).await;
    t.run_jobs().await;
    let list = t.get_ok(LIST).await;
    assert_eq!(list.as_array().unwrap().len(), 1);
    assert_eq!((&list[0]["revoked_at"], &list[0]["contacts"]), (&revoked["revoked_at"], &json!(50)));
    assert_eq!(statements(&t, "Acme").await, 50);
    // twice is once
    assert_eq!(t.post_ok(&format!("{LIST}/{id}/revoke"), json!({})).await, list[0]);
    let restored = t.post_ok(&format!("{LIST}/{id}/restore"), json!({})).await;
    assert_eq!(restored["revoked_at"], Value::Null);
    t.run_jobs().await;
    assert_eq!(statements(&t, "Acme").await, 0);
}

#[tokio::test]
async fn what_customers_say_is_kept() {
    let t = TestApp::new().await;
    t.import(records("Please refund me.", 20)).await;
    t.run_jobs().await;
    assert_eq!(t.get_ok(LIST).await, json!([]));
    assert_eq!(statements(&t, "refund me").await, 20);
}

#[tokio::test]
async fn the_order_of_arrival_makes_no_difference() {
    let (t, u) = (TestApp::new().await, TestApp::new().await);
    let mut all = records(FOOTER, 40);
    t.import(all.clone()).await;
    t.run_jobs().await;
    // the lines are boilerplate only from the fourth part on
    all.reverse();
    for part in all.chunks(3) {
        u.import(part.to_vec()).await;
        u.run_jobs().await;
    }
    assert_eq!(insights(&t).await, insights(&u).await);
    let shown = |list: Value| -> Vec<Value> {
        list.as_array().unwrap().iter().map(|entry| json!([entry["text"], entry["contacts"]])).collect()
    };
    assert_eq!(shown(t.get_ok(LIST).await), shown(u.get_ok(LIST).await));
    assert_eq!(statements(&u, "Acme").await, 0);
}

#[tokio::test]
async fn what_is_learned_goes_with_the_sessions_that_taught_it() {
    let t = TestApp::new().await;
    t.import(records(FOOTER, 12)).await;
    t.run_jobs().await;
    assert_eq!(t.get_ok(LIST).await[0]["contacts"], 12);
    let sessions = t.items("/chat/sessions").await;
    let with_line: Vec<&Value> =
        sessions.iter().filter(|session| session["contact"]["email"].as_str().unwrap().len() == 14).collect();
    for session in with_line {
        let path = format!("/chat/sessions/{}", session["id"].as_str().unwrap());
        t.call_as(&t.token, "DELETE", &path, None).await.ok();
    }
    t.session_saying("My kettle leaks").await;
    t.run_jobs().await;
    assert_eq!(t.get_ok(LIST).await, json!([]), "two contacts are left");
}

#[tokio::test]
async fn organizations_learn_apart() {
    let t = TestApp::new().await;
    t.import(records(FOOTER, 40)).await;
    t.run_jobs().await;
    let id = t.get_ok(LIST).await[0]["id"].as_str().unwrap().to_owned();
    let other = t.app.find_or_create_org("other").await.unwrap();
    let token = t.key(other, "*").await;
    assert_eq!(t.call_as(&token, "GET", LIST, None).await.ok(), json!([]));
    for call in ["revoke", "restore"] {
        t.call_as(&token, "POST", &format!("{LIST}/{id}/{call}"), None).await.error(404);
    }
    assert_eq!(t.get_ok(LIST).await[0]["revoked_at"], Value::Null);
    let reader = t.key(t.org_id, "insights:read").await;
    t.call_as(&reader, "POST", &format!("{LIST}/{id}/revoke"), None).await.error(403);
}
