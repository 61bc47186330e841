//! What people decide about insights as wholes and about their sessions, and that later groupings keep to it.

use crate::support::app::TestApp;
use crate::support::fixtures::record;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

mod edit;
mod operations;

const REFUND: [&str; 4] = [
    "My refund has not arrived yet",
    "Where is my refund?",
    "I am still waiting for my refund",
    "When will I get my refund?",
];
const PASSWORD: [&str; 4] = [
    "I forgot my password and cannot log in",
    "How do I reset my password?",
    "My password does not work",
    "Please reset my password",
];
const INVOICE: [&str; 4] = [
    "I need a copy of my invoice",
    "Please send me the invoice again",
    "Where can I download my invoice?",
    "The invoice did not come",
];

/// Five contacts say each of these.
fn said(texts: &[&str], from: usize) -> Vec<Value> {
    texts.iter().cycle().take(5 * texts.len()).enumerate().map(|(i, text)| record(from + i, text)).collect()
}

async fn import(t: &TestApp, texts: &[&str], from: usize) {
    t.import(said(texts, from)).await;
    t.run_jobs().await;
}

/// Id and count of the insight about a word.
async fn about(t: &TestApp, word: &str) -> (String, i64) {
    let all = t.post_ok("/insights", json!({"search": word})).await;
    let [insight] = &all["data"].as_array().unwrap()[..] else { panic!("about {word}: {all:#}") };
    (insight["id"].as_str().unwrap().to_owned(), insight["occurrence_count"].as_i64().unwrap())
}

async fn count(t: &TestApp, id: &str) -> i64 {
    t.get_ok(&format!("/insights/{id}")).await["occurrence_count"].as_i64().unwrap()
}

/// The sessions behind an insight, each with what was said; as many as it counts.
async fn behind(t: &TestApp, id: &str) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let items = t.items(&format!("/insights/{id}/sessions")).await;
    let behind: Vec<_> =
        items.iter().map(|item| (text(&item["session_id"]), text(&item["quote"]["text"]))).collect();
    assert_eq!(behind.len() as i64, count(t, id).await);
    behind
}

async fn delete(t: &TestApp, path: &str) -> Value {
    t.call_as(&t.token, "DELETE", path, None).await.ok()
}

async fn put(t: &TestApp, path: &str, body: Value) -> Value {
    t.call_as(&t.token, "PUT", path, Some(body)).await.ok()
}

#[tokio::test]
async fn what_was_merged_stays_together() {
    let t = TestApp::new().await;
    import(&t, &[REFUND, PASSWORD, INVOICE].concat(), 0).await;
    let ((refund, _), (password, _), (invoice, _)) =
        (about(&t, "refund").await, about(&t, "password").await, about(&t, "invoice").await);
    let merge = format!("/insights/{refund}/merge");
    let merged = t.post_ok(&merge, json!({"insight_ids": [password]})).await;
    assert_eq!(merged["occurrence_count"], 40);
    assert_eq!(t.get_ok(&format!("/insights/{password}")).await["id"], json!(refund));
    // again, and by its old id: nothing is left to do
    t.post_ok(&merge, json!({"insight_ids": [password, refund]})).await;
    t.run_jobs().await;
    assert_eq!(count(&t, &refund).await, 40);
    import(&t, &[PASSWORD, REFUND, INVOICE].concat(), 1_000).await;
    assert_eq!((count(&t, &refund).await, count(&t, &invoice).await), (80, 40));
    let texts: BTreeSet<String> = behind(&t, &refund).await.into_iter().map(|(_, text)| text).collect();
    assert_eq!(texts.len(), 8, "{texts:?}");
    let all = t.post_ok("/insights", json!({})).await;
    assert_eq!(all["total"], 2, "{all:#}");
    t.post(&merge, json!({"insight_ids": []})).await.error(400);
    t.post(&merge, json!({"insight_ids": [uuid::Uuid::nil()]})).await.error(404);
}

#[tokio::test]
async fn what_was_split_stays_apart() {
    let t = TestApp::new().await;
    import(&t, &[REFUND, INVOICE].concat(), 0).await;
    let (refund, _) = about(&t, "refund").await;
    let sessions = behind(&t, &refund).await;
    let waiting: Vec<&String> =
        sessions.iter().filter(|(_, text)| text.contains("waiting")).map(|(id, _)| id).collect();
    assert_eq!(waiting.len(), 5);
    let split = format!("/insights/{refund}/split");
    let body = json!({"session_ids": waiting, "content": "Waiting for a refund"});
    let part = t.post_ok(&split, body).await;
    assert_eq!((&part["occurrence_count"], &part["content"]), (&json!(5), &json!("Waiting for a refund")));
    let part = part["id"].as_str().unwrap().to_owned();
    t.run_jobs().await;
    assert_eq!((count(&t, &refund).await, count(&t, &part).await), (15, 5));
    import(&t, &[REFUND, INVOICE].concat(), 1_000).await;
    assert_eq!((count(&t, &refund).await, count(&t, &part).await), (30, 10));
    assert!(behind(&t, &part).await.iter().all(|(_, text)| text.contains("waiting")));
    // a merge takes the split back
    t.post_ok(&format!("/insights/{refund}/merge"), json!({"insight_ids": [part]})).await;
    import(&t, &REFUND, 2_000).await;
    assert_eq!(count(&t, &refund).await, 60);
}

#[tokio::test]
async fn what_was_split_in_many_stays_apart() {
    let t = TestApp::new().await;
    import(&t, &REFUND, 0).await;
    let (refund, _) = about(&t, "refund").await;
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (session, text) in behind(&t, &refund).await {
        texts.entry(text).or_default().push(session);
    }
    let mut parts = vec![refund.clone()];
    for sessions in texts.values().skip(1) {
        let split = json!({"session_ids": sessions});
        let part = t.post_ok(&format!("/insights/{refund}/split"), split).await;
        parts.push(part["id"].as_str().unwrap().to_owned());
    }
    assert_eq!(parts.len(), 4);
    import(&t, &REFUND, 1_000).await;
    for (part, text) in parts.iter().zip(texts.keys()) {
        let said = behind(&t, part).await;
        assert_eq!(said.len(), 10, "{text}");
        assert!(said.iter().all(|(_, said)| said == text), "{text}: {said:?}");
    }
    // what is merged is apart from what its parts were apart from
    t.post_ok(&format!("/insights/{}/merge", parts[1]), json!({"insight_ids": [parts[0]]})).await;
    import(&t, &REFUND, 2_000).await;
    for (part, expected) in parts[1..].iter().zip([30, 15, 15]) {
        assert_eq!(count(&t, part).await, expected);
    }
}

#[tokio::test]
async fn a_split_needs_sessions_of_the_insight_and_contacts_on_both_sides() {
    let t = TestApp::new().await;
    import(&t, &[REFUND, INVOICE].concat(), 0).await;
    let ((refund, _), (invoice, _)) = (about(&t, "refund").await, about(&t, "invoice").await);
    let split = format!("/insights/{refund}/split");
    let ids: Vec<String> = behind(&t, &refund).await.into_iter().map(|(id, _)| id).collect();
    let other = behind(&t, &invoice).await.remove(0).0;
    for (session_ids, error) in [
        (json!([ids[0], other]), "session_ids[1] is no session of this insight"),
        (json!(ids[..2]), "session_ids: fewer than 3 contacts, too few to be shown"),
        (json!(ids), "what is left of the insight: fewer than 3 contacts, too few to be shown"),
        (json!([]), "session_ids: expected between 1 and 10000 items"),
    ] {
        assert_eq!(t.post(&split, json!({"session_ids": session_ids})).await.error(400), error);
    }
    t.run_jobs().await;
    assert_eq!(count(&t, &refund).await, 20);
}

#[tokio::test]
async fn a_session_is_where_a_person_says() {
    let t = TestApp::new().await;
    import(&t, &[REFUND, INVOICE].concat(), 0).await;
    let ((refund, _), (invoice, _)) = (about(&t, "refund").await, about(&t, "invoice").await);
    let (session, _) = behind(&t, &refund).await.remove(0);
    let (from, to) =
        (format!("/insights/{refund}/sessions/{session}"), format!("/insights/{invoice}/sessions/{session}"));
    assert_eq!(put(&t, &from, json!({"belongs": false})).await["occurrence_count"], 19);
    assert_eq!(put(&t, &to, json!({"belongs": true})).await["occurrence_count"], 21);
    put(&t, &to, json!({"belongs": true})).await;
    t.run_jobs().await;
    import(&t, &REFUND, 1_000).await;
    let is_in = |sessions: Vec<(String, String)>| sessions.iter().any(|(id, _)| *id == session);
    assert!(!is_in(behind(&t, &refund).await) && is_in(behind(&t, &invoice).await));
    // what is said later in the session changes nothing
    let message =
        json!({"sender": "contact", "message": {"type": "text", "text": "So, where is my refund?"}});
    t.post_ok(&format!("/chat/sessions/{session}/send"), message).await;
    t.run_jobs().await;
    assert!(!is_in(behind(&t, &refund).await) && is_in(behind(&t, &invoice).await));
    delete(&t, &from).await;
    delete(&t, &to).await;
    delete(&t, &to).await;
    t.run_jobs().await;
    assert!(is_in(behind(&t, &refund).await) && !is_in(behind(&t, &invoice).await));
    // the grouping moved it, which both tell of
    for (id, other, gained, from, to) in
        [(&refund, &invoice, 1, "from", "to"), (&invoice, &refund, 0, "to", "from")]
    {
        let events = t.get_ok(&format!("/insights/{id}/events")).await;
        let moved = events["items"].as_array().unwrap().iter().find(|event| event["kind"] == "regrouped");
        let detail = &moved.unwrap_or_else(|| panic!("{events:#}"))["detail"];
        assert_eq!((&detail["gained"], &detail["lost"]), (&json!(gained), &json!(1 - gained)));
        assert_eq!(
            (&detail[from], &detail[to]),
            (&json!([{"insight_id": other, "sessions": 1}]), &json!([]))
        );
    }
    let nowhere = format!("/insights/{refund}/sessions/{}", uuid::Uuid::nil());
    t.call_as(&t.token, "PUT", &nowhere, Some(json!({"belongs": true}))).await.error(404);
    t.call_as(&t.token, "PUT", &from, Some(json!({}))).await.error(400);
    let silent = t.post_ok("/chat/sessions", json!({})).await["id"].as_str().unwrap().to_owned();
    let silent = format!("/insights/{refund}/sessions/{silent}");
    t.call_as(&t.token, "PUT", &silent, Some(json!({"belongs": true}))).await.error(409);
}

/// The id of the newest event of a kind.
async fn event(t: &TestApp, id: &str, kind: &str) -> String {
    let events = t.get_ok(&format!("/insights/{id}/events")).await;
    let event = events["items"].as_array().unwrap().iter().find(|event| event["kind"] == kind);
    event.unwrap_or_else(|| panic!("{kind}: {events:#}"))["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_merge_is_looked_at_before_and_taken_back_after() {
    let t = TestApp::new().await;
    import(&t, &[REFUND, PASSWORD, INVOICE].concat(), 0).await;
    let ((refund, _), (password, _)) = (about(&t, "refund").await, about(&t, "password").await);
    // one session is of both
    let shared = behind(&t, &refund).await[0].0.clone();
    let place = format!("/insights/{password}/sessions/{shared}");
    put(&t, &place, json!({"belongs": true})).await;
    let before = (behind(&t, &refund).await, behind(&t, &password).await);
    let body = json!({"insight_ids": [password]});
    let preview = t.post_ok(&format!("/insights/{refund}/merge/preview"), body.clone()).await;
    assert_eq!(
        (&preview["insights"][0]["occurrence_count"], &preview["insights"][0]["contacts"]),
        (&json!(40), &json!(40))
    );
    assert_eq!(preview["events"], json!(["merged"]));
    assert_eq!((behind(&t, &refund).await, behind(&t, &password).await), before);
    t.post_ok(&format!("/insights/{refund}/merge"), body).await;
    t.run_jobs().await;
    let lineage = t.get_ok(&format!("/insights/{refund}/lineage")).await;
    assert_eq!((lineage[0]["id"].as_str(), lineage.as_array().unwrap().len()), (Some(&*password), 1));
    let undo = format!("/insights/{refund}/undo");
    let body = json!({"event_id": event(&t, &refund, "merged").await});
    t.post_ok(&undo, body.clone()).await;
    let sorted = |mut sessions: Vec<(String, String)>| {
        sessions.sort();
        sessions.into_iter().map(|(id, _)| id).collect::<Vec<_>>()
    };
    let after = (sorted(behind(&t, &refund).await), sorted(behind(&t, &password).await));
    assert_eq!(after, (sorted(before.0), sorted(before.1)));
    t.post(&undo, body).await.error(409);
    assert_eq!(
        t.get_ok(&format!("/insights/{password}")).await["id"],
        json!(password),
        "it answers for itself again"
    );
    // and they stay apart
    import(&t, &[REFUND, PASSWORD].concat(), 1_000).await;
    let texts =
        |sessions: Vec<(String, String)>| sessions.into_iter().map(|(_, text)| text).collect::<BTreeSet<_>>();
    let of_refund = texts(behind(&t, &refund).await);
    assert!(
        of_refund.iter().all(|text| !text.contains("password")),
        "{of_refund:?} {:?}",
        behind(&t, &password).await.len()
    );
    assert!(behind(&t, &password).await.len() >= 40);
    t.post(&undo, json!({"event_id": uuid::Uuid::nil()})).await.error(404);
}

#[tokio::test]
async fn a_split_is_looked_at_before_and_taken_back_after() {
    let t = TestApp::new().await;
    import(&t, &[REFUND, INVOICE].concat(), 0).await;
    let (refund, _) = about(&t, "refund").await;
    let sessions = behind(&t, &refund).await;
    let ids: Vec<&String> = sessions.iter().take(8).map(|(id, _)| id).collect();
    let body = json!({"session_ids": ids, "content": "A part"});
    let preview = t.post_ok(&format!("/insights/{refund}/split/preview"), body.clone()).await;
    let counts = [0, 1].map(|i| preview["insights"][i]["occurrence_count"].as_i64().unwrap());
    assert_eq!((counts, &preview["insights"][1]["id"]), ([12, 8], &json!(null)), "{preview:#}");
    assert_eq!(count(&t, &refund).await, 20);
    let part = t.post_ok(&format!("/insights/{refund}/split"), body).await["id"].as_str().unwrap().to_owned();
    let undo = format!("/insights/{refund}/undo");
    let body = json!({"event_id": event(&t, &refund, "split").await});
    assert_eq!(t.post_ok(&undo, body.clone()).await["occurrence_count"], 20);
    assert_eq!(t.get_ok(&format!("/insights/{part}")).await["id"], json!(refund));
    t.post(&undo, body).await.error(409);
    t.run_jobs().await;
    assert_eq!(count(&t, &refund).await, 20);
}
