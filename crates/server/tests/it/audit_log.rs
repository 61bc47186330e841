//! Keys that end, and the record of who did what.

use crate::support::app::TestApp;
use crate::support::cli::{Cli, stderr};
use refrain::keys::{self, Scopes};
use serde_json::{Value, json};
use std::time::Duration;

/// The entries of the log, newest first, as (kind, key, subject, detail).
async fn entries(t: &TestApp) -> Vec<(String, Value, Value, Value)> {
    let log = t.get_ok("/audit-log").await;
    let entry = |entry: &Value| {
        let kind = entry["kind"].as_str().unwrap().to_owned();
        (kind, entry["key"]["name"].clone(), entry["subject_id"].clone(), entry["detail"].clone())
    };
    log["items"].as_array().unwrap().iter().map(entry).collect()
}

/// Waits for what is noted in the background.
async fn eventually(t: &TestApp, kind: &str) -> (String, Value, Value, Value) {
    for _ in 0..200 {
        if let Some(entry) = entries(t).await.into_iter().find(|entry| entry.0 == kind) {
            return entry;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{kind} was not noted");
}

#[tokio::test]
async fn a_key_is_good_until_its_end() {
    let t = TestApp::new().await;
    let end = t.app.clock.now().plus(60_000_000);
    let (_, token) = keys::create(&t.app, t.org_id, "short", &Scopes::All, None, Some(end)).await.unwrap();
    t.advance(59);
    t.call_as(&token, "GET", "/contacts", None).await.ok();
    t.advance(1);
    t.call_as(&token, "GET", "/contacts", None).await.error(401);
}

#[tokio::test]
async fn what_matters_to_security_is_in_the_audit_log() {
    let t = TestApp::new().await;
    let (key, named) = (json!("test"), |kind: &str| kind.to_owned());
    let made = entries(&t).await.pop().unwrap();
    assert_eq!((made.0, made.1), (named("key.created"), Value::Null), "by the command line");
    assert_eq!(made.3, json!({"name": "test", "scopes": "*", "expires_at": null}));
    assert_eq!(eventually(&t, "key.first_used").await.1, key);

    let contact = t.post_ok("/contacts", json!({"contact": {"email": "a@example.com"}})).await["id"].clone();
    t.call_as(&t.token, "DELETE", &format!("/contacts/{}", contact.as_str().unwrap()), None).await.ok();
    let deleted = entries(&t).await.remove(0);
    assert_eq!((deleted.0, deleted.1, deleted.2), (named("contact.deleted"), key.clone(), contact));

    t.patch_ok("/settings", json!({"contacts_min": 3, "time_zone": "Europe/Berlin"})).await;
    let changed = entries(&t).await.remove(0);
    assert_eq!(
        (changed.0, changed.3),
        (named("settings.updated"), json!({"members": ["time_zone", "contacts_min"]}))
    );
    t.patch_ok("/settings", json!({"contacts_min": 3})).await;

    let hook = t.post_ok("/webhooks", json!({"url": "https://example.com/secret-path"})).await["id"].clone();
    let path = format!("/webhooks/{}", hook.as_str().unwrap());
    t.patch_ok(&path, json!({"url": "https://example.org/"})).await;
    t.post_ok(&format!("{path}/rotate-secret"), json!({})).await;
    t.call_as(&t.token, "DELETE", &path, None).await.ok();
    t.get("/exports?what=insights&format=csv").await;
    let log = entries(&t).await;
    let kinds: Vec<&str> = log.iter().map(|entry| entry.0.as_str()).take(6).collect();
    let expected = [
        "export.started",
        "webhook.deleted",
        "webhook.secret_rotated",
        "webhook.updated",
        "webhook.created",
        "settings.updated",
    ];
    assert_eq!(kinds, expected, "and no entry for a change that changes nothing");
    assert_eq!(log[0].3, json!({"what": "insights", "format": "csv"}));
    assert_eq!((&log[3].2, &log[3].3), (&hook, &json!({"members": ["url"]})));
    let all = t.get_ok("/audit-log").await.to_string();
    assert!(!all.contains("secret-path") && !all.contains("a@example.com"), "{all}");
}

#[tokio::test]
async fn the_audit_log_is_filtered_paged_and_an_organizations_own() {
    let t = TestApp::new().await;
    for n in 0..60 {
        t.patch_ok("/settings", json!({"contacts_min": n % 2 + 2})).await;
        t.advance(1);
    }
    let (mut seen, mut path) = (0, "/audit-log?kind=settings.updated".to_owned());
    loop {
        let page = t.get_ok(&path).await;
        seen += page["items"].as_array().unwrap().len();
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/audit-log?kind=settings.updated&cursor={next}");
    }
    assert_eq!(seen, 60);
    let late = t.app.clock.now().plus(-3_000_000).to_string();
    let late = t.get_ok(&format!("/audit-log?kind=settings.updated&created_after={late}")).await;
    assert_eq!(late["items"].as_array().unwrap().len(), 3);

    let reader = t.key(t.org_id, "insights:read,contacts:read").await;
    let refused = t.call_as(&reader, "GET", "/audit-log", None).await;
    assert_eq!(refused.error(403), "the key lacks the scope audit:read");
    let other_org = t.app.find_or_create_org("other").await.unwrap();
    let other = t.key(other_org, "audit:read").await;
    let theirs = t.call_as(&other, "GET", "/audit-log", None).await.ok();
    let kinds = theirs["items"].as_array().unwrap().iter().map(|entry| entry["kind"].as_str().unwrap());
    assert!(kinds.into_iter().all(|kind| kind.starts_with("key.")), "{theirs}");
}

#[tokio::test]
async fn a_key_for_everything_is_made_with_a_word_about_it() {
    let cli = Cli::new().await;
    let silent = cli.run(&["keys", "create", "--name", "all"]);
    assert!(stderr(&silent).contains("The key allows everything"), "{}", stderr(&silent));
    let spoken = cli.run(&["keys", "create", "--name", "all", "--scopes", "all", "--days", "30"]);
    assert!(!stderr(&spoken).contains("everything"), "{}", stderr(&spoken));
    let keys = cli.json(&["keys", "list", "--json"], 0);
    assert_eq!(keys[0]["scopes"], "*");
    assert!(keys[0]["expires_at"].is_string() && keys[1]["expires_at"].is_null(), "{keys}");
    assert!(keys[0]["last_used_at"].is_null());
    assert_eq!(cli.run(&["keys", "create", "--name", "x", "--days", "0"]).status.code(), Some(2));
}
