//! What machines wrote under a contact's name.

use crate::support::app::TestApp;
use serde_json::{Value, json};

const LIST: &str = "/chat/messages/set-aside";

fn texts(list: &Value) -> Vec<&str> {
    list["items"].as_array().unwrap().iter().map(|item| item["text"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn what_machines_write_is_set_aside_listed_and_counted_apart() {
    let t = TestApp::new().await;
    t.session_saying("My lamp arrived broken").await;
    let away = "I am out of the office until 3 May. For urgent matters please contact ann@example.com";
    let session = t.session_saying(away).await;
    t.session_saying("This message was deleted").await;
    t.session_saying("<Media omitted>").await;
    assert_eq!(
        t.get_ok(LIST).await,
        json!({"items": [], "next": null, "totals": []}),
        "nothing was read yet"
    );

    t.run_jobs().await;
    let list = t.get_ok(LIST).await;
    let masked = "I am out of the office until 3 May. For urgent matters please contact [email]";
    assert_eq!(texts(&list), ["<Media omitted>", "This message was deleted", masked]);
    assert_eq!(
        list["totals"],
        json!([{"reason": "placeholder", "messages": 2}, {"reason": "auto_reply", "messages": 1}])
    );
    let last = &list["items"][2];
    assert_eq!((&last["author"], &last["reason"]), (&json!("machine"), &json!("auto_reply")));
    assert_eq!(last["session_id"], session.as_str());

    let of_one = t.get_ok(&format!("{LIST}?reason=auto_reply")).await;
    assert_eq!(texts(&of_one), [masked]);
    assert_eq!(of_one["totals"], list["totals"], "of all reasons, whatever is asked for");
    assert_eq!(texts(&t.get_ok(&format!("{LIST}?reason=bounce")).await), Vec::<&str>::new());
    t.get(&format!("{LIST}?reason=spam")).await.error(400);
    assert_eq!(t.count("select count(*) from statements").await, 1, "the lamp's");
}

#[tokio::test]
async fn the_list_comes_in_pages_and_follows_what_is_read_later() {
    let t = TestApp::new().await;
    for _ in 0..60 {
        t.session_saying("Voice message").await;
    }
    let id = t.session_saying("Orders").await;
    t.run_jobs().await;
    let first = t.get_ok(LIST).await;
    assert_eq!(first["items"].as_array().unwrap().len(), 50);
    let next = first["next"].as_str().unwrap();
    let second = t.get_ok(&format!("{LIST}?cursor={next}")).await;
    assert_eq!(second["items"].as_array().unwrap().len(), 10);
    assert_eq!(second["next"], Value::Null);
    let gone = format!("/chat/sessions/{}", second["items"][0]["session_id"].as_str().unwrap());
    t.call_as(&t.token, "DELETE", &gone, None).await.ok();
    t.run_jobs().await;
    assert_eq!(t.get_ok(LIST).await["totals"], json!([{"reason": "placeholder", "messages": 59}]));
    assert!(t.get_ok(&format!("/chat/sessions/{id}")).await["id"].is_string());
}

#[tokio::test]
async fn a_chat_of_unclear_speakers_is_listed_as_what_it_is() {
    let t = TestApp::new().await;
    let chat = "10:01 Ada: How can I help you?\n10:02 Bea: Thanks for contacting us";
    let session = t.session_saying(chat).await;
    t.session_saying("<Media omitted>").await;
    t.run_jobs().await;
    let list = t.get_ok(&format!("{LIST}?reason=unclear_speakers")).await;
    let item = &list["items"][0];
    assert_eq!(item["session_id"], session.as_str(), "{list}");
    assert_eq!((&item["author"], &item["reason"]), (&json!("several"), &json!("unclear_speakers")));
    assert_eq!(
        list["totals"],
        json!([{"reason": "placeholder", "messages": 1}, {"reason": "unclear_speakers", "messages": 1}])
    );
}
