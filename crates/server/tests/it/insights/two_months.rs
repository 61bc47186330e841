//! Two months in which some ask for refunds and some for invoices, and questions to the API about them.

use crate::support::app::{Answer, START, TestApp};
use axum::body::Body;
use axum::http::Request;
use refrain::time::{DAY, Timestamp};
use serde_json::{Value, json};

pub(super) const REFUND: [&str; 4] = [
    "My refund has not arrived yet",
    "Where is my refund?",
    "I am still waiting for my refund",
    "When will I get my refund?",
];
pub(super) const INVOICE: [&str; 4] = [
    "I need a copy of my invoice",
    "Please send me the invoice again",
    "Where can I download my invoice?",
    "The invoice did not come",
];

/// One who says this, so many days before or after the beginning of the test.
pub(super) fn said(contact: usize, texts: [&str; 4], days: i64) -> Value {
    let text = texts[contact % texts.len()];
    let at = Timestamp::parse(START).unwrap().plus(days * DAY);
    json!({
        "id": format!("{contact} {text} {days}"),
        "created_at": at.to_string(),
        "channel": if days > 0 { "email" } else { "web" },
        "contact": {
            "email": format!("c{contact}@example.com"),
            "custom_data": {"plan": if contact.is_multiple_of(3) { "pro" } else { "free" }, "number": contact.to_string()},
        },
        "turns": [{"role": "contact", "text": text}],
    })
}

pub(super) async fn import(t: &TestApp, records: Vec<Value>) {
    t.import(records).await;
    t.run_jobs().await;
}

/// Two months in which each day a person asks for a refund, and another for an invoice.
pub(super) async fn two_months() -> TestApp {
    let t = TestApp::new().await;
    let days = (1..60).rev();
    let records =
        days.flat_map(|day: i64| [said(day as usize, REFUND, -day), said(100 + day as usize, INVOICE, -day)]);
    import(&t, records.collect()).await;
    t
}

pub(super) async fn about(t: &TestApp, word: &str) -> Value {
    let all = t.post_ok("/insights", json!({"search": word})).await;
    let [insight] = &all["data"].as_array().unwrap()[..] else { panic!("about {word}: {all:#}") };
    insight.clone()
}

pub(super) async fn path(t: &TestApp, word: &str) -> String {
    format!("/insights/{}", about(t, word).await["id"].as_str().unwrap())
}

pub(super) async fn events(t: &TestApp, path: &str) -> Vec<Value> {
    t.get_ok(&format!("{path}/events")).await["items"].as_array().unwrap().clone()
}

pub(super) async fn kinds(t: &TestApp, path: &str) -> Vec<String> {
    events(t, path).await.iter().map(|event| event["kind"].as_str().unwrap().to_owned()).collect()
}

pub(super) async fn post_if(t: &TestApp, path: &str, tag: &str, body: Value) -> Answer {
    let request = Request::post(path)
        .header("authorization", format!("Bearer {}", t.token))
        .header("content-type", "application/json")
        .header("if-match", tag);
    t.send(request.body(Body::from(body.to_string())).unwrap()).await
}

/// So many new people ask for a refund today.
pub(super) async fn ask(t: &TestApp, from: usize, count: usize) {
    for i in from..from + count {
        let contact = json!({"contact": {"email": format!("n{i}@example.com")}});
        let id = t.post_ok("/chat/sessions", contact).await["id"].as_str().unwrap().to_owned();
        let message = json!({"sender": "contact", "message": {"type": "text", "text": REFUND[0]}});
        t.post_ok(&format!("/chat/sessions/{id}/send"), message).await;
    }
    t.run_jobs().await;
}
