//! The history of a session and the files in it.

use crate::support::app::TestApp;
use serde_json::{Value, json};

fn events(history: &Value) -> Vec<&str> {
    history["items"].as_array().unwrap().iter().map(|item| item["event"]["type"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn the_history_tells_what_was_said_and_done_in_order() {
    let t = TestApp::new().await;
    let id = t.session_saying("Where is my parcel?").await;
    let path = format!("/chat/sessions/{id}");
    let agent = json!({
        "sender": "agent", "agent": {"id": 7, "name": "Bo", "avatar_url": "https://example.com/bo.png"},
        "message": {"type": "text", "text": "On its way"}, "should_take_over_session_from_ai": true,
    });
    t.post_ok(&format!("{path}/send"), agent).await;
    t.patch_ok(&path, json!({"tags": ["late", "parcel"]})).await;
    t.patch_ok(&path, json!({"tags": ["parcel"]})).await;
    let close = json!({"status": "closed_unresolved", "session_closed_payload": {"by": "bot"}});
    t.patch_ok(&path, close.clone()).await;
    t.patch_ok(&path, close).await;
    let again = json!({"sender": "contact", "message": {"type": "text", "text": "Still nothing"}});
    t.post_ok(&format!("{path}/send"), again).await;
    let history = t.get_ok(&format!("{path}/history")).await;
    assert_eq!(
        events(&history),
        [
            "message",
            "agent_assigned_by_system",
            "human_agent_takeover",
            "message",
            "tag_added_by_api",
            "tag_added_by_api",
            "tag_removed_by_api",
            "closed_unresolved_by_api",
            "system_reopened_session",
            "message",
        ]
    );
    let said = &history["items"][3]["event"];
    assert_eq!(said["sender"], json!({"type": "human_agent", "name": "Bo"}));
    assert_eq!(said["content"], json!({"type": "text", "text": "On its way"}));
    let closed = &history["items"][7]["event"]["context"];
    assert_eq!(*closed, json!({"session_closed_payload": {"by": "bot"}}));
    assert_eq!(t.get_ok(&path).await["status"], "open", "a contact who writes again is not done");
    assert_eq!(t.get_ok(&path).await["assignee_id"], "7");
}

#[tokio::test]
async fn a_long_history_comes_in_pages() {
    let t = TestApp::new().await;
    let id = t.session_saying("message 0").await;
    for i in 1..120 {
        let body = json!({"sender": "contact", "message": {"type": "text", "text": format!("message {i}")}});
        t.post_ok(&format!("/chat/sessions/{id}/send"), body).await;
    }
    let (mut texts, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = t.get_ok(&format!("/chat/sessions/{id}/history?cursor={cursor}")).await;
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= 50);
        texts.extend(items.iter().map(|item| item["event"]["content"]["text"].as_str().unwrap().to_owned()));
        match page["next"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    let expected: Vec<String> = (0..120).map(|i| format!("message {i}")).collect();
    assert_eq!(texts, expected);
}

#[tokio::test]
async fn a_file_is_kept_and_given_back() {
    let t = TestApp::new().await;
    let id = t.session_saying("see this").await;
    let attachments = json!([
        {"name": "a.txt", "base64": "aGVsbG8=", "mime_type": "text/plain"},
        {"url": "https://example.com/b.png", "name": "b.png", "mime_type": "image/png"},
    ]);
    let message =
        json!({"sender": "contact", "message": {"type": "text", "text": "", "attachments": attachments}});
    t.post_ok(&format!("/chat/sessions/{id}/send"), message).await;
    let history = t.get_ok(&format!("/chat/sessions/{id}/history")).await;
    let files = &history["items"][1]["event"]["attachments"];
    assert_eq!((&files[0]["size"], &files[0]["type"]), (&json!(5), &json!("text/plain")));
    assert_eq!(files[1]["url"], "https://example.com/b.png");
    let url = files[0]["url"].as_str().unwrap();
    let answer = t.get(url.strip_prefix("http://127.0.0.1:8080").unwrap()).await;
    assert_eq!(answer.headers["content-disposition"], "attachment");
    assert_eq!(answer.body, "hello");
}

const HTML: &str = "<p>Hello,</p><p>my kettle <b>leaks</b> &amp; smells</p><style>p {color: red}</style>";

#[tokio::test]
async fn html_alone_is_read_and_shown_as_it_came() {
    let t = TestApp::new().await;
    let id = t.post_ok("/chat/sessions", json!({})).await["id"].as_str().unwrap().to_owned();
    let path = format!("/chat/sessions/{id}/send");
    let said = |message: Value| json!({"sender": "contact", "message": message});
    t.post_ok(&path, said(json!({"type": "text", "html": HTML}))).await;
    t.import(vec![json!({"id": 1, "turns": [{"role": "contact", "html": HTML, "text": " "}]})]).await;
    t.run_jobs().await;
    let read =
        "select count(*) from statements where text = 'my kettle leaks & smells' and excerpt is not null";
    assert_eq!(t.count(read).await, 2);
    let history = t.get_ok(&format!("/chat/sessions/{id}/history")).await;
    assert_eq!(history["items"][0]["event"]["content"], json!({"type": "text", "text": HTML}));
    assert!(history["items"][0]["event"].get("context").is_none());
    let refused = t.post(&path, said(json!({"type": "text"}))).await.error(400);
    assert!(refused.starts_with("message.text: is required"), "{refused}");
    let refused = t.post(&path, said(json!({"type": "text", "html": 1}))).await.error(400);
    assert!(refused.starts_with("message.html"), "{refused}");
}

#[tokio::test]
async fn of_text_and_html_the_text_is_read_and_the_html_is_kept() {
    let t = TestApp::new().await;
    let id = t.post_ok("/chat/sessions", json!({})).await["id"].as_str().unwrap().to_owned();
    let message = json!({"type": "text", "text": "My kettle leaks", "html": HTML});
    let body = json!({"sender": "contact", "contact": {"avatar_url": "https://a.example/a.png"}, "message": message});
    t.post_ok(&format!("/chat/sessions/{id}/send"), body).await;
    let turn = json!({"role": "contact", "text": "My kettle leaks", "html": HTML, "id": "m1"});
    t.import(vec![json!({"id": 1, "turns": [turn]})]).await;
    t.run_jobs().await;
    assert_eq!(t.count("select count(*) from statements where text = 'My kettle leaks'").await, 2);
    let history = t.get_ok(&format!("/chat/sessions/{id}/history")).await;
    let event = &history["items"][0]["event"];
    assert_eq!(event["content"]["text"], "My kettle leaks");
    assert_eq!(event["context"], json!({"avatar_url": "https://a.example/a.png", "html": HTML}));
    let kept = "select count(*) from messages where context like '%color: red%' and context like '%m1%'";
    assert_eq!(t.count(kept).await, 1);
}
