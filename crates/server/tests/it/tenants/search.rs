//! The search over messages, by its index and without.

use crate::support::app::TestApp;
use refrain::db::{like_pattern, sql};
use refrain::ids::MessageId;
use refrain::jobs;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::timeout;

const WORDS: [&str; 16] = [
    "refund",
    "parcel",
    "Überweisung",
    "where",
    "is",
    "my",
    "the",
    "退款",
    "返金はいつ",
    "возврат",
    "còn",
    "à",
    "a",
    "zz9",
    "100%",
    "it_all",
];

fn say(number: usize) -> Value {
    let word = |i: usize| WORDS[(number * (i + 3) + number / WORDS.len() + i * i) % WORDS.len()];
    let text: Vec<&str> = (0..=number % 5).map(word).collect();
    json!({"id": number, "turns": [
        {"role": "contact", "text": text.join(" ")},
        {"role": "agent", "text": format!("number {number}")},
    ]})
}

/// What a search answers, and what comparing every message does.
async fn both(t: &TestApp, q: &str) -> [Vec<String>; 2] {
    let encoded: String = form_urlencoded::byte_serialize(q.as_bytes()).collect();
    let found = t.get_ok(&format!("/chat/sessions/search?q={encoded}")).await;
    let found = found["messages"].as_array().unwrap().iter();
    let found = found.map(|message| message["id"].as_str().unwrap().to_owned()).collect();
    let query = sql("
        select id from messages where org_id = $1 and text_folded like $2 escape '\\' order by id desc limit 25
    ");
    let rows: Vec<(MessageId,)> =
        t.app.db.fetch_all(query.bind(t.org_id).bind(like_pattern(q))).await.unwrap();
    [found, rows.into_iter().map(|(id,)| id.to_string()).collect()]
}

const ASKED: [&str; 22] = [
    "a",
    "à",
    "Z",
    "款",
    "zz",
    "退款",
    "à a",
    "und",
    "refund",
    "REFUND parcel",
    "überweisung",
    "ist",
    "金は",
    "возвр",
    "00%",
    "t_a",
    "number 7",
    "7",
    "nowhere",
    "xq",
    "ж",
    "number 2199",
];

async fn check(t: &TestApp) {
    for q in ASKED {
        let [found, expected] = both(t, q).await;
        assert_eq!(found, expected, "{q}");
    }
}

#[tokio::test]
async fn a_search_answers_the_same_with_the_index_and_without() {
    let t = TestApp::new().await;
    t.import((0..2_200).map(say).collect()).await;
    let waiting = "select count(*) from sessions where searched_revision < revision";
    check(&t).await;
    assert_eq!(t.count(waiting).await, 2_200);
    // the searches asked for the index; imports are read later
    while t.count("select count(*) from jobs where kind = 'index_messages'").await > 0 {
        assert!(jobs::run_next(&t.app).await.unwrap());
    }
    assert_eq!(t.count(waiting).await, 0);
    check(&t).await;
    // what is said now is found at once, by whoever says it
    let session = t.session_saying("退款 now, refund nowhere").await;
    check(&t).await;
    let path = format!("/chat/sessions/{session}/send");
    t.post_ok(&path, json!({"sender": "contact", "message": {"type": "text", "text": "xq"}})).await;
    let mut changed = say(7);
    changed["turns"][0]["text"] = "nowhere at all".into();
    t.import(vec![changed]).await;
    check(&t).await;
    // more, until they are indexed too: in the blocks that are there
    t.import((2_200..2_600).map(say).collect()).await;
    check(&t).await;
    while t.count("select count(*) from jobs where kind = 'index_messages'").await > 0 {
        assert!(jobs::run_next(&t.app).await.unwrap());
    }
    assert_eq!(t.count(waiting).await, 0);
    check(&t).await;
}

#[tokio::test]
async fn an_index_follows_an_import_by_itself() {
    let t = TestApp::new().await;
    t.import((0..300).map(say).collect()).await;
    t.run_jobs().await;
    assert_eq!(t.count("select count(*) from sessions where searched_revision < revision").await, 0);
    assert!(t.count("select count(*) from search_bits").await > 100);
    check(&t).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_is_short_and_one_of_an_organization_at_a_time() {
    let t = TestApp::new().await;
    let long = "x".repeat(65);
    let message = t.get(&format!("/chat/sessions/search?q={long}")).await.error(400);
    assert_eq!(message, "q: expected at most 64 characters");
    assert!(t.get(&format!("/chat/sessions/search?q={}", &long[1..])).await.status.is_success());
    let place = t.app.searches.take(t.org_id).await.unwrap();
    let path = "/chat/sessions/search?q=refund";
    assert!(timeout(Duration::from_millis(100), t.get(path)).await.is_err(), "it waits");
    let other = t.app.find_or_create_org("other").await.unwrap();
    let key = t.key(other, "chat-sessions:read").await;
    timeout(Duration::from_secs(20), t.call_as(&key, "GET", path, None)).await.unwrap().ok();
    drop(place);
    t.get_ok(path).await;
}

#[tokio::test]
async fn a_search_does_not_look_at_every_message() {
    let t = TestApp::new().await;
    t.import((0..300).map(say).collect()).await;
    t.run_jobs().await;
    // said behind the back of the index, which leaves this session out: who looked would find it
    let change = "update messages set text_folded = 'xqzwv' where session_id =
        (select id from sessions where ticket_number = 7)";
    t.execute(sql(change)).await;
    assert!(t.count("select count(*) from messages where text_folded like '%xqzwv%'").await > 0);
    let found = t.get_ok("/chat/sessions/search?q=xqzwv").await;
    assert_eq!(found["messages"], json!([]));
}
