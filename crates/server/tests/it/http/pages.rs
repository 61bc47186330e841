//! Pages that end early, because their rows are large.

use crate::support::app::TestApp;
use serde_json::{Value, json};
use std::collections::HashMap;

const PAGE_BYTES_MAX: usize = 4 * 1024 * 1024;

fn large_data() -> Value {
    Value::Object((0..7).map(|i| (format!("key{i}"), "v".repeat(9_000).into())).collect())
}

#[tokio::test]
async fn a_list_of_large_sessions_comes_in_more_pages_and_whole() {
    let t = TestApp::new().await;
    for i in 0..60 {
        let contact = json!({"email": format!("c{i}@example.com"), "custom_data": large_data()});
        let session = json!({"custom_data": large_data(), "contact": contact});
        t.post_ok("/chat/sessions", session).await;
        t.advance(1);
    }
    for path in ["/chat/sessions", "/contacts"] {
        let (mut ids, mut page, mut pages) = (Vec::new(), path.to_owned(), 0);
        loop {
            let answer = t.get_ok(&page).await;
            let items = answer["items"].as_array().unwrap();
            assert!(!items.is_empty() && answer.to_string().len() < PAGE_BYTES_MAX + 200_000);
            ids.extend(items.iter().map(|item| item["id"].as_str().unwrap().to_owned()));
            pages += 1;
            match answer["next"].as_str() {
                Some(next) => page = format!("{path}?cursor={next}"),
                None => break,
            }
        }
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 60, "{path}");
        assert!(pages >= 2, "{path}: {pages}");
    }
    let filter = |limit: usize| json!({"limit": limit});
    let error = t.post("/chat/sessions/filter", filter(60)).await.error(400);
    assert!(error.starts_with("limit: these sessions are more than 4194304 bytes together"), "{error}");
    let page = t.post_ok("/chat/sessions/filter", filter(20)).await;
    assert_eq!(page["data"].as_array().unwrap().len(), 20);
}

#[tokio::test]
async fn large_sessions_that_change_during_a_walk_are_all_there_at_its_end() {
    let t = TestApp::new().await;
    let mut ids = Vec::new();
    for _ in 0..90 {
        let created =
            t.post_ok("/chat/sessions", json!({"custom_data": large_data(), "language": "en"})).await;
        ids.push(created["id"].as_str().unwrap().to_owned());
        t.advance(1);
    }
    let (mut languages, mut page, mut is_first) = (HashMap::new(), "/chat/sessions".to_owned(), true);
    loop {
        let answer = t.get_ok(&page).await;
        for item in answer["items"].as_array().unwrap() {
            languages.insert(item["id"].as_str().unwrap().to_owned(), item["language"].clone());
        }
        if is_first {
            for id in &ids {
                t.patch_ok(&format!("/chat/sessions/{id}"), json!({"language": "de"})).await;
            }
            is_first = false;
        }
        assert!(answer.to_string().len() < PAGE_BYTES_MAX + 200_000);
        let Some(next) = answer["next"].as_str() else { break };
        page = format!("/chat/sessions?cursor={next}");
    }
    assert_eq!(languages.len(), 90);
    assert!(languages.values().all(|language| language == "de"), "{languages:?}");
}

#[tokio::test]
async fn a_history_of_long_messages_comes_in_more_pages_and_whole() {
    let t = TestApp::new().await;
    let id = t.session_saying("hello").await;
    for i in 0..49 {
        let text = format!("{i} {}", "é".repeat(90_000));
        let message = json!({"sender": "agent", "message": {"type": "text", "text": text}});
        t.post_ok(&format!("/chat/sessions/{id}/send"), message).await;
    }
    let path = format!("/chat/sessions/{id}/history");
    let first = t.get_ok(&path).await;
    assert!(first["next"].is_string() && first.to_string().len() < PAGE_BYTES_MAX + 200_000);
    let all = t.items(&path).await;
    let texts: Vec<&str> = all.iter().filter_map(|item| item["event"]["content"]["text"].as_str()).collect();
    assert_eq!(texts.len(), 50);
    assert!((0..49).all(|i| texts[i + 1].starts_with(&format!("{i} "))));
}
