//! Webhooks: receivers of one organization that take long hold up no other.

use crate::support::app::{TestApp, unlimited};
use crate::support::scripted::{Reply, Server};
use refrain::config::{Config, WebhooksConfig};
use refrain::outbox;
use serde_json::json;
use std::time::{Duration, Instant};

#[tokio::test(flavor = "multi_thread")]
async fn slow_receivers_of_one_organization_hold_up_no_other() {
    let webhooks = WebhooksConfig { private: true, timeout_seconds: 30 };
    let t = TestApp::with(Config { webhooks, ..unlimited() }).await;
    let slow = Server::new(|_, _| Reply::Silence).await;
    let quick = Server::new(|_, _| Reply::Http(200, "", "{}".into())).await;
    for i in 0..10 {
        t.post_ok("/webhooks", json!({"url": format!("http://{}/{i}", slow.address)})).await;
    }
    for i in 0..20 {
        t.session_saying(&format!("Where is order {i}?")).await;
    }
    let dispatching = tokio::spawn(outbox::dispatch(t.app.clone()));
    while slow.asked().is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(slow.asked().len() <= 8, "{}", slow.asked().len());
    let other = t.app.find_or_create_org("other").await.unwrap();
    let key = t.key(other, "webhooks:write,webhooks:read").await;
    let made = json!({"url": format!("http://{}/", quick.address)});
    let made = t.call_as(&key, "POST", "/webhooks", Some(made)).await.ok();
    let since = Instant::now();
    let test = format!("/webhooks/{}/test", made["id"].as_str().unwrap());
    t.call_as(&key, "POST", &test, Some(json!({}))).await.ok();
    while quick.asked().is_empty() {
        assert!(since.elapsed() < Duration::from_secs(20), "{} are under way", slow.asked().len());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    dispatching.abort();
}
