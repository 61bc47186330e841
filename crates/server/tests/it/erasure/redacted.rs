//! What is redacted is nowhere any more, and still counts.

use super::{Person, id};
use crate::support::app::{TestApp, TestDatabase, unlimited};
use crate::support::fixtures::{REFUND, record, records};
use crate::support::scripted::{Reply, Server};
use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use refrain::config::{Config, WebhooksConfig};
use refrain::db::sql;
use refrain::{outbox, sessions};
use serde_json::{Value, json};

const REPORT: &str = "They wrote: I am still waiting for my refund, xanthippewort it";

/// A session among those of others, with something planted in all that it says. Its second message is of no insight.
async fn planted() -> Person {
    let database = TestDatabase::new().await;
    let folder = database.url.is_none().then(|| database.folder.path().to_owned());
    let webhooks = WebhooksConfig { private: true, timeout_seconds: 1 };
    let t = TestApp::on(database, Config { webhooks, ..unlimited() }).await;
    t.import(records(&REFUND, 0)).await;
    let session = t.post_ok("/chat/sessions", json!({"contact": {"email": "ada@example.com"}})).await;
    let path = format!("/chat/sessions/{}", id(&session));
    for text in
        ["I am still waiting for my refund, xanthippewort it", "marmaladezeppelin broke its wing in the hall"]
    {
        let files = json!([
            {"name": "fileplanted-name.txt", "base64": STANDARD.encode("fileplanted-content")},
            {"name": "link", "url": "https://linkplanted.example/x"},
        ]);
        let html = format!("<p>{text} quixotrumpet</p>");
        let sent = json!({
            "sender": "contact", "message": {"type": "text", "text": text, "html": html, "attachments": files},
            "contact": {"avatar_url": "https://avatarplanted.example/me.png"},
        });
        t.post_ok(&format!("{path}/send"), sent).await;
    }
    let answer = json!({"sender": "agent", "message": {"type": "text", "text": "agentplanted answers it"}});
    t.post_ok(&format!("{path}/send"), answer).await;
    t.patch_ok(&path, json!({"handoff": {"summary": "handoffplanted summary"}})).await;
    let closing = json!({
        "status": "closed_resolved", "session_closed_payload": {"note": "payloadplanted"}, "tags": ["late"],
        "generate_summary_and_sentiment_on_resolve": true,
    });
    t.patch_ok(&path, closing).await;
    t.run_jobs().await;
    // what an earlier release, a language model or a report could have made of it
    for statement in [
        "update insights set content = 'I am still waiting for my refund, xanthippewort it'",
        "insert into wordings (org_id, insight_id, source, asked_model, answers_left, content, model, shown)
            select org_id, id, 'xanthippewort my refund, it', 'm', 0, content, 'm', $1 from insights",
    ] {
        t.execute(sql(statement).bind(true)).await;
    }
    t.execute(sql("update insights set deep_research = $1").bind(REPORT)).await;
    let mut person = Person { t, contact: String::new(), sessions: vec![path], files: Vec::new(), folder };
    person.files = files(&person).await;
    person
}

async fn history(person: &Person) -> Vec<Value> {
    person.t.items(&format!("{}/history", person.sessions[0])).await
}

async fn summary(person: &Person) -> Value {
    let session_id = person.sessions[0].rsplit('/').next().unwrap();
    let sessions = person.t.items("/chat/sessions").await;
    sessions.iter().find(|session| session["id"] == session_id).unwrap()["summary"].clone()
}

async fn files(person: &Person) -> Vec<String> {
    let entries = history(person).await;
    let attached = entries.iter().filter_map(|entry| entry["event"]["attachments"].as_array());
    attached.flatten().map(id).collect()
}

/// The only insight, and the sessions that it lists.
async fn insight(t: &TestApp) -> (Value, Vec<Value>) {
    let listed = t.post_ok("/insights", json!({})).await["data"].clone();
    assert_eq!(listed.as_array().unwrap().len(), 1, "{listed:#}");
    let sessions = t.items(&format!("/insights/{}/sessions", id(&listed[0]))).await;
    (listed[0].clone(), sessions)
}

/// The texts of the messages in the history.
fn texts(history: &[Value]) -> Vec<&str> {
    history.iter().filter_map(|entry| entry["event"]["content"]["text"].as_str()).collect()
}

/// Looks for what is planted in the files of the database, once it is closed.
async fn check_files(person: &Person, gone: &[&str]) {
    person.t.app.db.close().await;
    let Some(folder) = &person.folder else { return };
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        let shown = Person::planted_in(&String::from_utf8_lossy(&bytes));
        let shown: Vec<&&str> = shown.iter().filter(|word| gone.contains(word)).collect();
        assert!(shown.is_empty(), "{shown:?} in {}", path.display());
    }
}

/// Looks at what is left of the session: it was this before.
async fn check_redacted(person: &Person, session: &Value, when: &str) {
    let t = &person.t;
    let (_, listed) = insight(t).await;
    let own = listed.iter().find(|listed| listed["session_id"] == session["id"]);
    let own = own.unwrap_or_else(|| panic!("{when}: {listed:#?}"));
    let quote = (&own["quote"]["text"], &own["quote"]["message"]);
    assert_eq!(quote, (&json!("[redacted]"), &json!("[redacted]")), "{when}");
    assert_eq!(own["provisional"], false);
    person.check_counts().await;
    let now = t.get_ok(&person.sessions[0]).await;
    for stays in ["sentiment", "language", "status", "ticket_number", "contact", "custom_data"] {
        assert_eq!(now[stays], session[stays], "{stays} {when}");
    }
    assert_eq!((summary(person).await, &now["handoff"]["summary"]), (Value::Null, &json!("[redacted]")));
    let entries = history(person).await;
    assert_eq!(texts(&entries), ["[redacted]"; 4]);
    let tags = entries.iter().filter(|entry| entry["event"]["type"] == "tag_added_by_api").count();
    assert_eq!(tags, 1, "what says nothing stays");
}

#[tokio::test]
async fn a_redaction_is_done_and_noted_once() {
    let t = TestApp::new().await;
    let session = t.session_saying("Where is my refund?").await;
    let asked = json!({"sessionId": session, "reason": "mail of 3 May by ann@example.com"});
    assert_eq!(t.post_ok("/redaction/session", asked.clone()).await["affectedCount"], 1);
    let again = t.post_ok("/redaction/session", asked).await;
    assert_eq!(
        again,
        json!({
            "success": true, "message": "the session is redacted", "itemId": session, "redactionType": "session",
            "affectedCount": 0, "messagesRedacted": 0,
        })
    );
    let log = t.get_ok("/audit-log?kind=session.redacted").await;
    assert_eq!(log["items"].as_array().unwrap().len(), 1, "{log:#}");
    let entry = &log["items"][0];
    assert_eq!((&entry["key"]["name"], &entry["subject_id"]), (&json!("test"), &json!(session)));
    assert_eq!(entry["detail"], json!({"count": 1, "reason": "mail of 3 May by [email]"}));
}

#[tokio::test]
async fn what_a_session_said_is_nowhere_once_it_is_redacted_and_it_still_counts() {
    let person = planted().await;
    let t = &person.t;
    let server = Server::new(|_, _| Reply::Http(200, "", "{}".into())).await;
    let url = format!("http://{}/hook", server.address);
    t.post_ok("/webhooks", json!({"url": url, "events": null})).await;
    let last = json!({"sender": "agent", "message": {"type": "text", "text": "voucherplanted for you"}});
    t.post_ok(&format!("{}/send", person.sessions[0]), last).await;
    let shown = Person::planted_in(&person.everything().await);
    assert!(shown.len() >= 9, "what is planted shows before: {shown:?}");
    let session = t.get_ok(&person.sessions[0]).await;
    assert!(summary(&person).await.is_string());
    let (before, _) = insight(t).await;
    let session_id = person.sessions[0].rsplit('/').next().unwrap();
    let redacted = t.post_ok("/redaction/session", json!({"sessionId": session_id})).await;
    assert_eq!(
        redacted,
        json!({
            "success": true, "message": "the session is redacted", "itemId": session_id, "redactionType": "session",
            "affectedCount": 6, "messagesRedacted": 4,
        })
    );
    for when in ["at once", "after the jobs"] {
        assert_eq!(Person::planted_in(&person.everything().await), Vec::<&str>::new(), "{when}");
        check_redacted(&person, &session, when).await;
        assert_eq!(insight(t).await.0["occurrence_count"], before["occurrence_count"], "{when}");
        t.run_jobs().await;
    }
    let title = insight(t).await.0["content"].as_str().unwrap().to_owned();
    assert!(title.to_lowercase().contains("refund"), "{title}");
    outbox::dispatch_due(&t.app).await.unwrap();
    assert!(!server.asked().is_empty());
    for asked in server.asked() {
        assert_eq!(Person::planted_in(&asked.body), Vec::<&str>::new(), "{}", asked.body);
    }
    let stored =
        "select stored_bytes - (select coalesce(sum(octet_length(text)), 0) from messages) from orgs";
    assert_eq!(t.count(stored).await, 0);
    assert_eq!(t.count("select count(*) from blobs").await, 0);
    check_files(&person, &super::PLANTED).await;
}

#[tokio::test]
async fn a_message_is_redacted_alone() {
    let person = planted().await;
    let t = &person.t;
    let entries = history(&person).await;
    let said: Vec<&Value> = entries.iter().filter(|entry| entry["event"]["type"] == "message").collect();
    let (before, _) = insight(t).await;
    let redact = |entry: &Value| t.post("/redaction/message", json!({"messageId": entry["id"]}));
    let redacted = redact(said[0]).await.ok();
    assert_eq!(
        redacted,
        json!({
            "success": true, "message": "the message is redacted", "itemId": said[0]["id"],
            "redactionType": "message", "affectedCount": 1,
        })
    );
    assert_eq!(redact(said[0]).await.ok()["affectedCount"], 0);
    t.run_jobs().await;
    let all = person.everything().await;
    assert!(!Person::planted_in(&all).contains(&"xanthippewort"));
    assert!(all.contains("marmaladezeppelin") && all.contains("agentplanted"), "the others stay");
    assert_eq!(files(&person).await.len(), 2, "and their files");
    assert_eq!(insight(t).await.0["occurrence_count"], before["occurrence_count"]);
    person.check_counts().await;
    let now = history(&person).await;
    let [first, second, ..] = texts(&now)[..] else { panic!("{now:#?}") };
    assert_eq!((first, second), ("[redacted]", "marmaladezeppelin broke its wing in the hall"));
    assert_eq!(now.len(), entries.len());
    // a handoff is an entry too, and what tells of tags is no message
    let kind = |kind: &str| entries.iter().find(|entry| entry["event"]["type"] == kind).unwrap();
    redact(kind("handoff")).await.ok();
    assert_eq!(t.get_ok(&person.sessions[0]).await["handoff"]["summary"], "[redacted]");
    assert_eq!(redact(kind("tag_added_by_api")).await.error(404), "message not found");
    t.run_jobs().await;
    check_files(&person, &["xanthippewort", "handoffplanted summary"]).await;
}

#[tokio::test]
async fn what_is_said_after_a_redaction_is_read_as_ever() {
    let t = TestApp::new().await;
    t.import((0..4).map(|i| record(i, REFUND[i])).collect()).await;
    t.run_jobs().await;
    assert_eq!(insight(&t).await.0["occurrence_count"], 4);
    let session = id(&t.items("/chat/sessions").await[0]);
    t.post_ok("/redaction/session", json!({"sessionId": session})).await;
    t.run_jobs().await;
    assert_eq!(insight(&t).await.0["occurrence_count"], 4);
    let said = json!({"sender": "contact", "message": {"type": "text", "text": "Where is my refund?"}});
    t.post_ok(&format!("/chat/sessions/{session}/send"), said).await;
    t.run_jobs().await;
    let (after, listed) = insight(&t).await;
    assert_eq!(after["occurrence_count"], 4);
    let own = listed.iter().find(|listed| listed["session_id"] == session.as_str()).unwrap();
    assert_eq!(own["quote"]["text"], "Where is my refund?", "a quote is better than none");
}

#[tokio::test]
async fn an_import_brings_nothing_back_that_was_redacted() {
    let t = TestApp::new().await;
    let talk = |more: &[&str]| {
        let mut record = record(1, "xanthippewort, where is my refund?");
        record["handoff"] = json!({"summary": "handoffplanted summary"});
        let turns = record["turns"].as_array_mut().unwrap();
        turns.extend(more.iter().map(|text| json!({"role": "contact", "text": text})));
        record
    };
    t.import(vec![talk(&[])]).await;
    t.run_jobs().await;
    let session = id(&t.items("/chat/sessions").await[0]);
    let path = format!("/chat/sessions/{session}");
    let message = id(&t.items(&format!("{path}/history")).await[0]);
    t.post_ok("/redaction/message", json!({"messageId": message})).await;
    // the handoff came without an entry in the history
    let redacted = t.post_ok("/redaction/session", json!({"sessionId": session})).await;
    assert_eq!((&redacted["affectedCount"], &redacted["messagesRedacted"]), (&json!(1), &json!(0)));
    t.import(vec![talk(&["It is late"])]).await;
    t.run_jobs().await;
    assert_eq!(texts(&t.items(&format!("{path}/history")).await), ["[redacted]", "It is late"]);
    assert_eq!(t.get_ok(&path).await["handoff"]["summary"], "[redacted]");
}

#[tokio::test]
async fn a_reading_that_is_under_way_brings_nothing_back() {
    let t = TestApp::new().await;
    let session = t.session_saying("xanthippewort, where is my refund?").await;
    let session_id = session.parse().unwrap();
    let unread = sessions::unread(&t.app.db, t.org_id, &[session_id]).await.unwrap();
    t.post_ok("/redaction/session", json!({"sessionId": session})).await;
    let finding = sessions::Finding {
        id: session_id,
        revision: unread[0].revision,
        language: Some("en".into()),
        sentiment: None,
        handoff_sentiment: None,
        summary: Some("xanthippewort".into()),
        masked: Vec::new(),
        set_aside: Vec::new(),
    };
    let mut tx = t.app.begin(t.org_id).await.unwrap();
    assert_eq!(sessions::save_findings(&mut tx, &[finding]).await.unwrap(), []);
}

#[tokio::test]
async fn what_is_not_ones_own_is_not_found() {
    let t = TestApp::new().await;
    let session = t.session_saying("Where is my refund?").await;
    let message = id(&t.items(&format!("/chat/sessions/{session}/history")).await[0]);
    let other = t.app.find_or_create_org("other").await.unwrap();
    let theirs = t.key(other, "redaction:write").await;
    let reader = t.key(t.org_id, "chat-sessions:write,redaction:read").await;
    for (path, member, own, noun) in [
        ("/redaction/message", "messageId", &message, "message"),
        ("/redaction/session", "sessionId", &session, "session"),
    ] {
        let absent = "0197a1b2-0000-7000-8000-000000000001";
        let not_found = format!("{noun} not found");
        let foreign = t.call_as(&theirs, "POST", path, Some(json!({member: own}))).await;
        assert_eq!(foreign.error(404), not_found);
        assert_eq!(t.post(path, json!({member: absent})).await.error(404), not_found);
        t.call_as(&reader, "POST", path, Some(json!({member: own}))).await.error(403);
        assert_eq!(t.post(path, json!({})).await.error(400), format!("{member}: is required"));
        assert!(t.post(path, json!({member: "x"})).await.error(400).starts_with(member));
    }
    let key = t.key(t.org_id, "redaction:write").await;
    let answer = t.call_as(&key, "POST", "/redaction/message", Some(json!({"messageId": message}))).await;
    assert_eq!(answer.status, StatusCode::OK);
}

#[tokio::test]
async fn the_mark_of_an_export_is_nothing_that_a_customer_says() {
    let t = TestApp::new().await;
    t.import((0..6).map(|i| record(i, "[redacted]")).collect()).await;
    t.run_jobs().await;
    assert_eq!(t.post_ok("/insights", json!({})).await["total"], 0);
    assert_eq!(t.count("select count(*) from statements").await, 0);
}
