//! Signatures and the secrets behind them.

use super::DAY;
use super::{config, deliver, hook, is_signed, taken};
use crate::support::app::TestApp;
use crate::support::scripted::Server;
use refrain::config::Secret;
use refrain::time::Clock;
use refrain::webhooks;
use serde_json::{Value, json};

#[tokio::test]
async fn a_standard_verifier_accepts_what_is_sent_now() {
    let server = Server::new(taken).await;
    let t = TestApp::with(config()).await;
    t.app.clock.advance(Clock::default().now().micros() - t.app.clock.now().micros());
    let (hook, secret) = hook(&t, &server, Value::Null).await;
    let test = t.post_ok(&format!("{hook}/test"), json!({})).await;
    assert_eq!((&test["event"], &test["state"]), (&json!("webhook.test"), &json!("waiting")));
    deliver(&t).await;
    let asked = &server.asked()[0];
    assert_eq!(asked.header("webhook-id"), test["id"]);
    let mut headers = axum::http::HeaderMap::new();
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        headers.insert(name, asked.header(name).parse().unwrap());
    }
    let verifier = standardwebhooks::Webhook::new(&secret).unwrap();
    verifier.verify(asked.body.as_bytes(), &headers).unwrap();
    assert!(verifier.verify(asked.body.replace("test", "tost").as_bytes(), &headers).is_err());
}

#[tokio::test]
async fn an_old_secret_signs_for_a_day_and_a_revoked_one_never_again() {
    let server = Server::new(taken).await;
    let t = TestApp::with(config()).await;
    let (hook, first) = hook(&t, &server, Value::Null).await;
    let rotate = async |revoke_old: bool| {
        let rotated = t.post_ok(&format!("{hook}/rotate-secret"), json!({"revoke_old": revoke_old})).await;
        rotated["secret"].as_str().unwrap().to_owned()
    };
    let signed = async |secrets: &[&String]| -> Vec<bool> {
        t.post_ok(&format!("{hook}/test"), json!({})).await;
        deliver(&t).await;
        let asked = server.asked().pop().unwrap();
        assert_eq!(
            asked.header("webhook-signature").split(' ').count(),
            secrets.iter().filter(|s| is_signed(&asked, s)).count()
        );
        secrets.iter().map(|secret| is_signed(&asked, secret)).collect()
    };
    assert!(t.get_ok(&hook).await.get("secret").is_none());
    assert!(!t.get_ok("/webhooks").await.to_string().contains("whsec_"));
    let second = rotate(false).await;
    assert_eq!(signed(&[&first, &second]).await, [true, true]);
    assert_eq!(t.get_ok(&hook).await["old_secrets_until"], "2026-06-16T12:00:00.000Z");
    t.advance(DAY);
    assert_eq!(signed(&[&first, &second]).await, [false, true]);
    let third = rotate(false).await;
    // what waits is signed when it is sent
    t.session_saying("Where is my refund?").await;
    let fourth = rotate(true).await;
    deliver(&t).await;
    let asked = server.asked().pop().unwrap();
    assert!(is_signed(&asked, &fourth) && !is_signed(&asked, &third) && !is_signed(&asked, &second));
    assert_eq!(signed(&[&first, &second, &third, &fourth]).await, [false, false, false, true]);
}

#[tokio::test]
async fn secrets_are_sealed_by_a_key_that_is_not_in_the_database() {
    let with_key = |key: &str| {
        let mut config = config();
        config.database.secrets_key = Some(Secret(key.to_owned()));
        config
    };
    let mut t = TestApp::with(config()).await;
    let server = Server::new(taken).await;
    let (old, old_secret) = hook(&t, &server, json!(["webhook.test"])).await;
    let column = "select count(*) from webhooks where secrets like '%whsec_%'";
    assert_eq!(t.count(column).await, 1, "in the clear without a key");
    t.configure(with_key("0123456789 0123456789 0123456789 ab"));
    webhooks::seal_secrets(&t.app).await.unwrap();
    let (new, new_secret) = hook(&t, &server, json!(["webhook.test"])).await;
    assert_eq!(t.count(column).await, 0);
    for (path, secret) in [(&old, &old_secret), (&new, &new_secret)] {
        t.post_ok(&format!("{path}/test"), json!({})).await;
        deliver(&t).await;
        assert!(is_signed(server.asked().last().unwrap(), secret));
    }
    let rotated = t.post_ok(&format!("{new}/rotate-secret"), json!({})).await;
    assert_eq!(t.count(column).await, 0);
    t.post_ok(&format!("{new}/test"), json!({})).await;
    deliver(&t).await;
    assert!(is_signed(server.asked().last().unwrap(), rotated["secret"].as_str().unwrap()));
    for config in [with_key("another key that is long enough too"), config()] {
        t.configure(config);
        webhooks::seal_secrets(&t.app).await.unwrap_err();
    }
}
