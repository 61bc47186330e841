//! A webhook is told no more than the key could read that set it.

use super::{config, deliver, hook, names, say, taken, told};
use crate::support::app::TestApp;
use crate::support::scripted::Server;
use serde_json::{Value, json};

async fn hook_as(t: &TestApp, token: &str, server: &Server, events: Value) -> Value {
    let url = format!("http://{}/hooks", server.address);
    t.call_as(token, "POST", "/webhooks", Some(json!({"url": url, "events": events}))).await.ok()
}

async fn start(t: &TestApp) -> String {
    let contact = json!({"name": "Ada Canary", "email": "canary@example.com", "phone_number": "5550100"});
    let id =
        t.post_ok("/chat/sessions", json!({"contact": contact, "custom_data": {"x": "canary-data"}})).await;
    let id = id["id"].as_str().unwrap().to_owned();
    say(t, &id, "Where is my refund?").await;
    id
}

#[tokio::test]
async fn a_key_that_may_only_write_webhooks_is_told_nothing_of_customers() {
    let t = TestApp::with(config()).await;
    let server = Server::new(taken).await;
    let key = t.key(t.org_id, "webhooks:write,webhooks:read").await;
    let made = hook_as(&t, &key, &server, Value::Null).await;
    assert_eq!(made["scopes"], "");
    start(&t).await;
    t.patch_ok("/settings", json!({"contacts_min": 1})).await;
    deliver(&t).await;
    assert_eq!(names(&server), Vec::<String>::new());
    for (event, scope) in [
        ("conversation.contact_response", "chat-sessions:read"),
        ("insight.created", "insights:read"),
        ("csat.requested", "csat:read"),
    ] {
        let body = json!({"url": format!("http://{}/", server.address), "events": [event]});
        let refused = t.call_as(&key, "POST", "/webhooks", Some(body)).await;
        assert_eq!(refused.error(403), format!("the key lacks the scope {scope}"));
    }
    // a test tells nothing, and is sent
    let path = format!("/webhooks/{}", made["id"].as_str().unwrap());
    t.call_as(&key, "POST", &format!("{path}/test"), None).await.ok();
    deliver(&t).await;
    assert_eq!(names(&server), ["webhook.test"]);
}

#[tokio::test]
async fn details_of_contacts_take_the_scope_to_read_contacts() {
    let t = TestApp::with(config()).await;
    let (some, all) = (Server::new(taken).await, Server::new(taken).await);
    let key = t.key(t.org_id, "webhooks:write,chat-sessions:read").await;
    hook_as(&t, &key, &some, Value::Null).await;
    hook(&t, &all, Value::Null).await;
    start(&t).await;
    deliver(&t).await;
    deliver(&t).await;
    assert_eq!(names(&some), ["conversation.started", "conversation.contact_response"]);
    let started = told(&some.asked()[0])["data"].clone();
    assert!(started["contact"]["id"].is_string() && started["first_message"].is_string(), "{started}");
    let leaked = some.asked().iter().any(|asked| asked.body.contains("anary"));
    assert!(!leaked, "{:?}", some.asked());
    assert!(all.asked()[0].body.contains("canary@example.com"));
}

#[tokio::test]
async fn who_redirects_a_webhook_or_changes_its_events_must_be_able_to_read_them() {
    let t = TestApp::with(config()).await;
    let (old, new) = (Server::new(taken).await, Server::new(taken).await);
    let writer = t.key(t.org_id, "webhooks:write").await;
    let (told_of, _) = hook(&t, &old, json!(["conversation.contact_response"])).await;
    let (told_all, _) = hook(&t, &old, Value::Null).await;
    let url = json!({"url": format!("http://{}/", new.address)});
    let refused = t.call_as(&writer, "PATCH", &told_of, Some(url.clone())).await;
    assert_eq!(refused.error(403), "the key lacks the scope chat-sessions:read");
    let refused = t.call_as(&writer, "PATCH", &told_of, Some(json!({"events": ["insight.created"]}))).await;
    assert_eq!(refused.error(403), "the key lacks the scope insights:read");
    t.call_as(&writer, "PATCH", &told_of, Some(json!({"description": "x"}))).await.ok();
    // one that is told all is told what the last key may read: nothing, though some waits for it already
    start(&t).await;
    let changed = t.call_as(&writer, "PATCH", &told_all, Some(url)).await.ok();
    assert_eq!(changed["scopes"], "");
    deliver(&t).await;
    deliver(&t).await;
    assert_eq!(names(&new), Vec::<String>::new());
    assert_eq!(names(&old), ["conversation.contact_response"]);
}
