//! Conversations over `GET /exports`.

use super::{bulky, export, grouping_hash, insights, lines, live_sessions, record, whole};
use crate::support::app::{TestApp, TestDatabase, unlimited};
use http_body_util::BodyExt;
use refrain::keys::{self, Scopes};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_exported_comes_back_the_same_elsewhere() {
    let t = TestApp::new().await;
    t.import((0..240).map(record).collect()).await;
    live_sessions(&t).await;
    t.run_jobs().await;
    let exported = export(&t, "").await;
    let records = lines(&exported);
    assert_eq!(records.len(), 248);
    // onto SQLite, so that on PostgreSQL it is a move between the two
    let other = TestApp::on(TestDatabase::sqlite(), unlimited()).await;
    other.import(records.clone()).await;
    other.run_jobs().await;
    assert_eq!(grouping_hash(&other).await, grouping_hash(&t).await);
    assert!(insights(&t).await.len() >= 4, "{:?}", insights(&t).await);
    assert_eq!(insights(&other).await, insights(&t).await);
    for (a, b) in lines(&export(&other, "what=conversations&format=jsonl").await).iter().zip(&records) {
        assert_eq!(a, b);
    }
    assert_eq!(export(&other, "").await, exported, "byte by byte");
    // what the API shows is the same, but for when it was written here
    for (query, count) in
        [("select count(*) from contacts", 1), ("select count(*) from handoffs where sentiment_declared", 1)]
    {
        assert!(t.count(query).await >= count);
        let theirs = other.count(query).await;
        assert!(theirs <= t.count(query).await && theirs >= count, "{query}");
    }
    for record in records.iter().step_by(13).chain(&records[240..]) {
        let path = format!("/chat/sessions/{}", record["id"].as_str().unwrap());
        let (mut ours, mut theirs) = (t.get_ok(&path).await, other.get_ok(&path).await);
        for session in [&mut ours, &mut theirs] {
            session.as_object_mut().unwrap().remove("updated_at");
            session["team"] = session["team"]["name"].clone();
            if let Some(contact) = session["contact"].as_object_mut() {
                contact.remove("updated_at");
            }
        }
        assert_eq!(ours, theirs);
        let history = format!("{path}/history");
        let events = |page: Value| -> Vec<Value> {
            let items = page["items"].as_array().unwrap().iter();
            items.map(|item| json!([item["created_at"], item["event"]])).collect()
        };
        assert_eq!(events(t.get_ok(&history).await), events(other.get_ok(&history).await));
    }
    // into where it came from, it changes nothing
    let before = (export(&t, "").await, insights(&t).await);
    t.import(records).await;
    t.run_jobs().await;
    assert_eq!((export(&t, "").await, insights(&t).await), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_is_of_one_moment_and_ends_visibly_if_it_is_cut_off() {
    let t = TestApp::new().await;
    t.import((0..300).map(bulky).collect()).await;
    let response = t.open(&t.token, "/exports").await;
    assert_eq!(response.headers()["content-type"], "application/x-ndjson");
    t.import(
        (250..320)
            .map(|i| json!({"id": i, "turns": [{"role": "contact", "text": "written meanwhile"}]}))
            .collect(),
    )
    .await;
    // one at a time
    let message = t.get("/exports?what=insights").await.error(503);
    assert_eq!(message, "as many exports as may be at once are under way");
    let exported = lines(&whole(response.into_body()).await);
    assert_eq!(exported.len(), 300);
    assert!(exported.iter().all(|record| record["turns"][0]["text"] != "written meanwhile"));
    assert_eq!(lines(&export(&t, "").await).len(), 320);
    // a client that leaves makes room for the next
    drop(t.open(&t.token, "/exports").await);
    while t.open(&t.token, "/exports?what=insights").await.status() == 503 {
        tokio::task::yield_now().await;
    }
    while t.app.exports.try_take(t.org_id).is_none() {
        tokio::task::yield_now().await;
    }
    let response = t.open(&t.token, "/exports").await;
    t.app.drain();
    assert!(response.into_body().collect().await.is_err(), "a body cut off is no whole one");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_needs_its_scopes_and_stays_within_the_organization() {
    let t = TestApp::new().await;
    t.import((0..20).map(record).collect()).await;
    t.run_jobs().await;
    let org_id = t.app.find_or_create_org("other").await.unwrap();
    let (_, theirs) = keys::create(&t.app, org_id, "k", &Scopes::All, None, None).await.unwrap();
    for query in ["", "what=insights", "what=occurrences"] {
        let response = t.open(&theirs, &format!("/exports?{query}")).await;
        assert_eq!(response.status(), 200);
        assert!(whole(response.into_body()).await.is_empty(), "{query}");
    }
    for (scopes, query, lacks) in [
        ("insights:read", "", Some("chat-sessions:read")),
        ("insights:read,chat-sessions:read", "what=conversations", Some("contacts:read")),
        ("chat-sessions:read,contacts:read", "", Some("insights:read")),
        ("chat-sessions:read,contacts:read", "what=occurrences", Some("insights:read")),
        ("insights:read,chat-sessions:read,contacts:read", "", None),
        ("insights:read", "what=insights", None),
        ("insights:read", "what=occurrences&format=csv", None),
    ] {
        let key = t.key(t.org_id, scopes).await;
        let path = format!("/exports?{query}");
        match lacks {
            Some(scope) => {
                let message = t.call_as(&key, "GET", &path, None).await.error(403);
                assert_eq!(message, format!("the key lacks the scope {scope}"));
            }
            None => {
                let response = t.open(&key, &path).await;
                assert_eq!(response.status(), 200, "{scopes} {query}");
                whole(response.into_body()).await;
            }
        }
    }
    for (query, message) in [
        ("what=everything", "what: expected one of conversations, insights, occurrences"),
        ("format=xlsx", "format: expected one of jsonl, csv, parquet"),
        ("format=csv", "format: conversations are exported as jsonl alone"),
        ("what=insights&what=insights", "what: given more than once"),
    ] {
        assert_eq!(t.get(&format!("/exports?{query}")).await.error(400), message);
    }
}
