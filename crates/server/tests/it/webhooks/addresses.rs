//! Receivers that should never be asked.

use super::DAY;
use super::{config, deliver, deliveries, hook, taken};
use crate::support::app::TestApp;
use crate::support::scripted::{Reply, Server};
use refrain::db::sql;
use serde_json::{Value, json};

#[tokio::test]
async fn private_addresses_are_never_asked() {
    let server = Server::new(taken).await;
    let mut config = config();
    config.webhooks.private = false;
    let t = TestApp::with(config).await;
    for (url, error) in [
        ("http://example.com/", "url: expected https"),
        ("https://127.0.0.1/", "url: expected a public address"),
        ("https://10.0.0.1:8443/", "url: expected a public address"),
        ("https://169.254.169.254/latest", "url: expected a public address"),
        ("https://[::1]/", "url: expected a public address"),
        ("https://[::ffff:127.0.0.1]/", "url: expected a public address"),
        ("https://[fd00::1]/", "url: expected a public address"),
        ("https://[fe80::1]/", "url: expected a public address"),
        ("ftp://example.com/", "url: expected an https URL without a user"),
        ("https://user:pass@example.com/", "url: expected an https URL without a user"),
        ("example.com", "url: expected an https URL without a user"),
        ("https://example.com:65536/", "url: expected an https URL without a user"),
        (" ", "url: expected text that is not blank"),
    ] {
        assert_eq!(t.post("/webhooks", json!({"url": url})).await.error(400), error, "{url}");
    }
    let port = server.address.port();
    let url = format!("https://localhost:{port}/");
    let made = t.post_ok("/webhooks", json!({"url": url})).await;
    let hook = format!("/webhooks/{}", made["id"].as_str().unwrap());
    let attempt = async || {
        t.post_ok(&format!("{hook}/test"), json!({})).await;
        t.advance(DAY);
        deliver(&t).await;
        deliveries(&t, &hook, "waiting").await.last().unwrap()["last_error"].clone()
    };
    assert_eq!(attempt().await, "it has no public address");
    // other ways to write an address of this machine; a resolver may know them or not
    for host in ["2130706433", "0x7f.1", "127.1", "localhost.", "no-such-name.invalid"] {
        t.execute(
            sql("update webhooks set url = $1 where url <> ''").bind(format!("https://{host}:{port}/")),
        )
        .await;
        assert_eq!(attempt().await, "it has no public address", "{host}");
    }
    // made while it was allowed
    t.execute(sql("update webhooks set url = $1 where url <> ''").bind(format!("http://localhost:{port}/")))
        .await;
    assert_eq!(attempt().await, "expected https");
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn redirects_are_not_followed_and_answers_are_bounded() {
    let target = Server::new(taken).await;
    let to = target.address;
    let server = Server::new(move |number, _| match number {
        0 => Reply::Raw(
            format!("HTTP/1.1 307 X\r\nlocation: http://{to}/\r\ncontent-length: 0\r\n\r\n").into_bytes(),
        ),
        1 => Reply::Raw(
            format!("HTTP/1.1 200 X\r\na: {}\r\ncontent-length: 0\r\n\r\n", "x".repeat(1 << 20)).into_bytes(),
        ),
        2 => Reply::Raw(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec()),
        _ => Reply::Http(200, "", "x".repeat(8 << 20)),
    })
    .await;
    let t = TestApp::with(config()).await;
    let (hook, _) = hook(&t, &server, Value::Null).await;
    t.post_ok(&format!("{hook}/test"), json!({})).await;
    for status in [json!(307), Value::Null, Value::Null] {
        deliver(&t).await;
        assert_eq!(deliveries(&t, &hook, "waiting").await[0]["last_status"], status);
        t.advance(DAY);
    }
    deliver(&t).await;
    assert_eq!(deliveries(&t, &hook, "delivered").await.len(), 1);
    assert!(target.asked().is_empty());
}
