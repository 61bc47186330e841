//! Decisions that are taken back as a whole.

use super::{INVOICE, PASSWORD, REFUND, about, behind, count, event, import};
use crate::support::app::TestApp;
use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};
use std::time::Duration;

/// Decides something. Returns the answer and the operation that it was, if anything changed.
async fn decide(t: &TestApp, method: &str, path: &str, body: Value) -> (Value, Option<String>) {
    t.advance(1);
    let answer = t.call_as(&t.token, method, path, Some(body)).await;
    let operation = answer.headers.get("operation-id").map(|id| id.to_str().unwrap().to_owned());
    let body = answer.ok();
    let operation = operation.or_else(|| body["operation_id"].as_str().map(str::to_owned));
    (body, operation)
}

/// Takes an operation back. Returns the answer, and the operation that this was.
async fn undo(t: &TestApp, operation: &str) -> (Value, Option<String>) {
    decide(t, "POST", &format!("/operations/{operation}/undo"), json!({})).await
}

async fn with_status(t: &TestApp, status: &str) -> Value {
    t.post_ok("/insights", json!({"status": status})).await["total"].clone()
}

#[tokio::test]
async fn a_decision_is_taken_back_where_nothing_happened_since() {
    let t = TestApp::new().await;
    import(&t, &[REFUND, PASSWORD, INVOICE].concat(), 0).await;
    let (refund, _) = about(&t, "refund").await;
    let insight = format!("/insights/{refund}");
    let resolve = json!({"decision": "resolve", "filter": {}});
    let dry = json!({"decision": "resolve", "filter": {}, "dry_run": true});
    assert_eq!(decide(&t, "POST", "/insights/bulk", dry).await.1, None);
    let (bulk, resolved) = decide(&t, "POST", "/insights/bulk", resolve.clone()).await;
    assert_eq!((&bulk["changed"], with_status(&t, "resolved").await), (&json!(3), json!(3)));
    assert_eq!(decide(&t, "POST", "/insights/bulk", resolve).await.1, None, "nothing changes");
    // one is decided about once more
    decide(&t, "POST", &format!("{insight}/reopen"), json!({})).await;
    decide(&t, "POST", &format!("{insight}/resolve"), json!({})).await;
    assert_eq!(decide(&t, "POST", &format!("{insight}/resolve"), json!({})).await.1, None);
    let (undone, back) = undo(&t, &resolved.unwrap()).await;
    assert_eq!(undone["undone"].as_array().unwrap().len(), 2, "{undone:#}");
    let left = &undone["left"][0];
    assert_eq!((left["insight_id"].as_str(), &left["why"]), (Some(&*refund), &json!("changed")));
    assert_eq!(left["last"]["kind"], "resolved");
    assert_eq!(with_status(&t, "resolved").await, json!(1));
    // taking back is a decision too
    let (again, _) = undo(&t, &back.unwrap()).await;
    assert_eq!((&again["left"], with_status(&t, "resolved").await), (&json!([]), json!(3)));
    t.post(&format!("/operations/{}/undo", uuid::Uuid::nil()), json!({})).await.error(404);
}

#[tokio::test]
async fn a_decision_whose_answer_was_lost_is_sent_again_and_taken_back() {
    let t = TestApp::new().await;
    import(&t, &[REFUND, INVOICE].concat(), 0).await;
    let send = async |key: &str, body: &Value| {
        let request = Request::post("/insights/bulk").header("authorization", format!("Bearer {}", t.token));
        let request = request.header("content-type", "application/json").header("idempotency-key", key);
        t.send(request.body(Body::from(body.to_string())).unwrap()).await
    };
    let dry = json!({"decision": "resolve", "filter": {}, "dry_run": true});
    assert_eq!(send("a", &dry).await.ok()["operation_id"], Value::Null);
    let resolve = json!({"decision": "resolve", "filter": {}});
    let first = send("a", &resolve).await.ok();
    assert_eq!(send("a", &resolve).await.ok(), first, "it names the operation once more");
    undo(&t, first["operation_id"].as_str().unwrap()).await;
    assert_eq!(with_status(&t, "resolved").await, json!(0));
    assert_eq!(send("a", &resolve).await.ok(), first);
    assert_eq!(with_status(&t, "resolved").await, json!(0), "what comes late does nothing");
    // by their ids too, although one of them is part of another by then
    let (refund, _) = about(&t, "refund").await;
    let (invoice, _) = about(&t, "invoice").await;
    let body = json!({"decision": "resolve", "insight_ids": [refund, invoice]});
    let first = send("b", &body).await.ok();
    t.post_ok(&format!("/insights/{refund}/merge"), json!({"insight_ids": [invoice]})).await;
    assert_eq!(send("b", &body).await.ok(), first, "what it meant has ended");
}

#[tokio::test]
async fn a_decision_that_waits_for_its_filter_keeps_nobody_from_writing() {
    let t = TestApp::new().await;
    import(&t, &REFUND, 0).await;
    // both places that an organization has for long reads
    let long = t.app.db.long(t.org_id);
    let held = (long.snapshot().await.unwrap(), long.snapshot().await.unwrap());
    let decides = t.post_ok("/insights/bulk", json!({"decision": "resolve", "filter": {}}));
    let writes = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        t.session_saying("Where is my parcel?").await;
        drop(held);
    };
    let both = async { tokio::join!(decides, writes) };
    let (decided, ()) = tokio::time::timeout(Duration::from_secs(8), both).await.expect("somebody waits");
    assert_eq!(decided["changed"], 1);
}

#[tokio::test]
async fn archives_and_edits_come_back_as_they_were() {
    let t = TestApp::new().await;
    import(&t, &[REFUND, INVOICE].concat(), 0).await;
    let (refund, _) = about(&t, "refund").await;
    let path = format!("/insights/{refund}");
    let archive = json!({"policy": "until_count", "target": 7, "reason": "known"});
    let (archived, operation) = decide(&t, "POST", &format!("{path}/archive"), archive).await;
    let (_, operation) = undo(&t, &operation.unwrap()).await;
    assert_eq!(t.get_ok(&path).await["archived_at"], json!(null));
    undo(&t, &operation.unwrap()).await;
    let now = t.get_ok(&path).await;
    for member in ["archived_at", "archived_by", "archive_policy", "resurface_progress"] {
        assert_eq!(now[member], archived[member], "{member}");
    }
    let (_, restored) = decide(&t, "POST", &format!("{path}/restore"), json!({})).await;
    undo(&t, &restored.unwrap()).await;
    assert_eq!(t.get_ok(&path).await["resurface_progress"], json!({"current": 0, "target": 7}));
    // an edit, of which another value since is not overwritten
    let team = t.post_ok("/teams", json!({"name": "Money"})).await;
    let edit = json!({"content": "Refunds are late", "team_id": team["id"]});
    let before = t.get_ok(&path).await;
    let (_, edited) = decide(&t, "PATCH", &path, edit).await;
    let edited = edited.unwrap();
    let (_, cleared) = decide(&t, "PATCH", &path, json!({"team_id": null})).await;
    assert_eq!(undo(&t, &edited).await.0["left"][0]["why"], "changed");
    undo(&t, cleared.as_ref().unwrap()).await;
    undo(&t, &edited).await;
    let now = t.get_ok(&path).await;
    assert_eq!((&now["content"], &now["team"]), (&before["content"], &json!(null)));
    let events = t.get_ok(&format!("{path}/events")).await;
    let edited = events["items"].as_array().unwrap().iter().filter(|event| event["kind"] == "edited");
    assert_eq!(edited.filter(|event| event["operation_id"].is_string()).count(), 4);
    // where the team is gone it cannot come back
    decide(&t, "PATCH", &path, json!({"team_id": team["id"]})).await;
    let (_, cleared) = decide(&t, "PATCH", &path, json!({"team_id": null})).await;
    t.call_as(&t.token, "DELETE", &format!("/teams/{}", team["id"].as_str().unwrap()), None).await.ok();
    assert_eq!(undo(&t, &cleared.unwrap()).await.0["left"][0]["why"], "gone");
}

#[tokio::test]
async fn merges_splits_and_sessions_are_taken_back_with_the_states_they_changed() {
    let t = TestApp::new().await;
    import(&t, &[REFUND, PASSWORD, INVOICE].concat(), 0).await;
    let ((refund, _), (password, _)) = (about(&t, "refund").await, about(&t, "password").await);
    let path = format!("/insights/{refund}");
    t.post_ok(&format!("{path}/archive"), json!({"policy": "forever"})).await;
    let (_, merged) = decide(&t, "POST", &format!("{path}/merge"), json!({"insight_ids": [password]})).await;
    assert_eq!((count(&t, &refund).await, with_status(&t, "archived").await), (40, json!(0)));
    let merged = merged.unwrap();
    let (undone, unmerged) = undo(&t, &merged).await;
    assert_eq!(undone["left"], json!([]), "{undone:#}");
    assert_eq!((count(&t, &refund).await, count(&t, &password).await), (20, 20));
    assert_eq!(with_status(&t, "archived").await, json!(1), "it was archived before");
    assert_eq!(undo(&t, &merged).await.0["left"][0]["why"], "changed");
    undo(&t, &unmerged.unwrap()).await;
    assert_eq!(count(&t, &refund).await, 40, "merged again");
    // a part
    let ids: Vec<String> = behind(&t, &refund).await.into_iter().take(8).map(|(id, _)| id).collect();
    let body = json!({"session_ids": ids, "content": "A part"});
    let (part, split) = decide(&t, "POST", &format!("{path}/split"), body).await;
    assert_eq!((part["occurrence_count"].as_i64(), count(&t, &refund).await), (Some(8), 32));
    let split = split.unwrap();
    assert_eq!(undo(&t, &split).await.0["left"], json!([]));
    assert_eq!(count(&t, &refund).await, 40);
    assert_eq!(undo(&t, &split).await.0["undone"], json!([]));
    // a session
    let session = format!("{path}/sessions/{}", ids[0]);
    let (_, removed) = decide(&t, "PUT", &session, json!({"belongs": false})).await;
    assert_eq!(count(&t, &refund).await, 39);
    undo(&t, &removed.unwrap()).await;
    t.run_jobs().await;
    assert_eq!(count(&t, &refund).await, 40);
    event(&t, &refund, "session_decision_withdrawn").await;
}
