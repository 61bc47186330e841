//! What members read of conversations.

use super::{Browser, audited};
use crate::support::app::TestApp;
use serde_json::{Value, json};

#[tokio::test]
async fn members_read_masked_and_only_who_may_sees_contacts_and_files() {
    let t = TestApp::new().await;
    let contact =
        json!({"email": "ada@example.com", "name": "Ada Lovelace", "phone_number": "+49 30 901820"});
    let session = t.post_ok("/chat/sessions", json!({"contact": contact, "verified": true})).await;
    let id = session["id"].as_str().unwrap();
    let message = json!({
        "sender": "contact", "contact": {"name": "Ada"},
        "message": {
            "type": "text", "text": "Ada Lovelace here, call 030 901820 or write to other@example.com about my refund",
            "attachments": [{"base64": "aGk=", "name": "Ada.txt"}],
        },
    });
    t.post_ok(&format!("/chat/sessions/{id}/send"), message).await;
    let (mut viewer, mut agent) = (Browser::of(&t, "viewer").await, Browser::of(&t, "agent").await);
    let path = format!("/chat/sessions/{id}/history");
    let search = "/chat/sessions/search?q=refund";
    // before it is read as well as after
    for _ in 0..2 {
        for browser in [&mut viewer, &mut agent] {
            for path in [path.as_str(), search] {
                let shown = browser.get(path).await.ok().to_string();
                assert!(shown.contains("about my refund"), "{shown}");
                for secret in ["Lovelace", "901820", "other@example.com"] {
                    assert!(!shown.contains(secret), "{path} {secret}: {shown}");
                }
            }
        }
        t.run_jobs().await;
    }
    assert!(t.get_ok(&path).await.to_string().contains("Lovelace"), "keys read what the contract says");

    let file =
        t.get_ok(&path).await["items"][0]["event"]["attachments"][0]["id"].as_str().unwrap().to_owned();
    let file = format!("/attachments/{file}");
    let attached = |history: Value| history["items"][0]["event"].get("attachments").is_some();
    assert!(!attached(viewer.get(&path).await.ok()) && attached(agent.get(&path).await.ok()));
    assert_eq!(viewer.get(&file).await.error(403), "your role lacks the scope unmasked:read");
    assert_eq!(agent.get(&file).await.status, 200);
    for (path, method, body) in [
        ("/chat/sessions".to_owned(), "GET", None),
        (format!("/chat/sessions/{id}"), "GET", None),
        ("/chat/sessions/filter".to_owned(), "POST", Some(json!({}))),
    ] {
        let seen = viewer.call(method, &path, body.clone()).await.ok().to_string();
        assert!(!seen.contains("ada@example.com") && !seen.contains("Lovelace"), "{seen}");
        assert!(agent.call(method, &path, body).await.ok().to_string().contains("Lovelace"));
    }
    assert_eq!(viewer.get("/chat/sessions/search?q=ada").await.ok()["contacts"], json!([]));
    assert_eq!(
        viewer.get("/exports?what=conversations").await.error(403),
        "your role lacks the scope contacts:read"
    );
    agent.get("/exports?what=conversations").await;
    let entry = audited(&t, 1).await.remove(0);
    assert_eq!((&entry["kind"], &entry["address"]), (&json!("export.started"), &json!("203.0.113.1")));
}

#[tokio::test]
async fn decisions_are_in_the_audit_log_with_who_and_from_where() {
    let t = TestApp::new().await;
    t.import(
        (0..6)
            .map(|i| crate::support::fixtures::record(i, "Where is my refund for the cancelled order?"))
            .collect(),
    )
    .await;
    t.run_jobs().await;
    let mut agent = Browser::of(&t, "agent").await;
    let listed = agent.call("POST", "/insights", Some(json!({}))).await.ok();
    let id = listed["data"][0]["id"].clone();
    let path = format!("/insights/{}", id.as_str().unwrap());
    agent.call("POST", &format!("{path}/resolve"), None).await.ok();
    agent.call("POST", &format!("{path}/resolve"), None).await.ok();
    agent.call("PATCH", &path, Some(json!({"content": "Refunds are late"}))).await.ok();
    let bulk = json!({"insight_ids": [id], "decision": "reopen"});
    agent.call("POST", "/insights/bulk", Some(bulk)).await.ok();
    let log = audited(&t, 4).await;
    let decided: Vec<(&Value, &Value)> =
        log.iter().map(|e| (&e["detail"]["decision"], &e["subject_id"])).collect();
    let null = Value::Null;
    assert_eq!(decided[..3], [(&json!("reopen"), &null), (&json!("edit"), &id), (&json!("resolve"), &id)]);
    assert_eq!(log[3]["kind"], "member.signed_in", "and none where nothing changed");
    assert_eq!(
        (&log[0]["member"]["email"], &log[0]["address"]),
        (&json!("agent@example.com"), &json!("203.0.113.1"))
    );
    let me = agent.get("/me").await.ok()["id"].clone();
    let history = agent.get(&format!("{path}/events")).await.ok();
    assert_eq!((&history["items"][0]["kind"], &history["items"][0]["by"]["id"]), (&json!("reopened"), &me));
}
