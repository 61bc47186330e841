//! Webhooks: what is told to whom, and signed by what.

use crate::support::app::{TestApp, unlimited};
use crate::support::scripted::{Asked, Reply, Server};
use refrain::config::{Config, WebhooksConfig};
use refrain::outbox;
use serde_json::{Value, json};

mod access;
mod addresses;
mod delivery;
mod events;
mod restarts;
mod secrets;

/// A day in seconds.
const DAY: i64 = 86_400;

fn config() -> Config {
    Config { webhooks: WebhooksConfig { private: true, timeout_seconds: 1 }, ..unlimited() }
}

fn taken(_: usize, _: &Asked) -> Reply {
    Reply::Http(200, "", "{}".into())
}

/// A webhook that is told these events, or all: its path and its secret.
async fn hook(t: &TestApp, server: &Server, events: Value) -> (String, String) {
    let url = format!("http://{}/hooks?a=b", server.address);
    let made = t.post_ok("/webhooks", json!({"url": url, "events": events})).await;
    (format!("/webhooks/{}", made["id"].as_str().unwrap()), made["secret"].as_str().unwrap().to_owned())
}

async fn deliver(t: &TestApp) {
    outbox::dispatch_due(&t.app).await.unwrap();
}

async fn say(t: &TestApp, session: &str, text: &str) {
    let message = json!({"sender": "contact", "message": {"type": "text", "text": text}});
    t.post_ok(&format!("/chat/sessions/{session}/send"), message).await;
}

/// What a request told.
fn told(asked: &Asked) -> Value {
    serde_json::from_str(&asked.body).unwrap()
}

fn names(server: &Server) -> Vec<String> {
    server.asked().iter().map(|asked| told(asked)["event"].as_str().unwrap().to_owned()).collect()
}

/// Whether a request is signed by this secret, as others compute it.
fn is_signed(asked: &Asked, secret: &str) -> bool {
    let verifier = standardwebhooks::Webhook::new(secret).unwrap();
    let timestamp = asked.header("webhook-timestamp").parse().unwrap();
    let expected = verifier.sign(asked.header("webhook-id"), timestamp, asked.body.as_bytes()).unwrap();
    asked.header("webhook-signature").split(' ').any(|signature| signature == expected)
}

async fn deliveries(t: &TestApp, hook: &str, state: &str) -> Vec<Value> {
    let page = t.get_ok(&format!("{hook}/deliveries?state={state}")).await;
    page["items"].as_array().unwrap().clone()
}
