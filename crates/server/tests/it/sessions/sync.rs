//! A client that keeps a copy by walking pages and repeating its last bookmark.

use crate::support::app::TestApp;
use serde_json::{Value, json};
use std::collections::HashMap;

/// What a data tap does: the first page with the bookmark, then `next` to null with the filter repeated.
struct Client {
    bookmark: String,
    copy: HashMap<String, Value>,
}

impl Client {
    async fn sync(&mut self, t: &TestApp, between_pages: impl AsyncFn(usize)) {
        let after: String = form_urlencoded::byte_serialize(self.bookmark.as_bytes()).collect();
        let (mut cursor, mut newest, mut page_number) = (None::<String>, self.bookmark.clone(), 0);
        loop {
            let cursor_part = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
            let page = t.get_ok(&format!("/chat/sessions?updated_after={after}{cursor_part}")).await;
            for item in page["items"].as_array().unwrap() {
                let updated_at = item["updated_at"].as_str().unwrap();
                newest = newest.max(updated_at.to_owned());
                let id = item["id"].as_str().unwrap().to_owned();
                let known = self.copy.entry(id).or_insert_with(|| item.clone());
                if known["updated_at"].as_str().unwrap() <= updated_at {
                    *known = item.clone();
                }
            }
            between_pages(page_number).await;
            page_number += 1;
            match page["next"].as_str() {
                Some(next) => cursor = Some(next.to_owned()),
                None => break,
            }
        }
        self.bookmark = newest;
    }
}

#[tokio::test]
async fn a_client_misses_no_session_and_no_update_while_sessions_are_written() {
    let t = TestApp::new().await;
    let mut ids = Vec::new();
    for _ in 0..130 {
        ids.push(t.post_ok("/chat/sessions", json!({})).await["id"].as_str().unwrap().to_owned());
        if ids.len() % 7 == 0 {
            t.advance(1);
        }
    }
    // as the public tap writes it: a blank instead of the T, and an offset
    let mut client = Client { bookmark: "2025-09-01 00:00:00+00:00".into(), copy: HashMap::new() };
    let written = std::cell::RefCell::new(ids.clone());
    for round in 0..6_usize {
        let between = async |page: usize| {
            // rows not yet walked over move to the front; others are new; several in one instant
            for i in 0..5 {
                let id = ids[(round * 31 + page * 17 + i * 29) % ids.len()].clone();
                let change = json!({"custom_data": {"round": round, "page": page, "i": i}});
                t.patch_ok(&format!("/chat/sessions/{id}"), change).await;
            }
            let created = t.post_ok("/chat/sessions", json!({"custom_data": {"new": round}})).await;
            written.borrow_mut().push(created["id"].as_str().unwrap().to_owned());
            if page.is_multiple_of(2) {
                t.advance(1);
            }
        };
        client.sync(&t, between).await;
    }
    client.sync(&t, async |_| {}).await;
    let written = written.into_inner();
    for id in &written {
        let now = t.get_ok(&format!("/chat/sessions/{id}")).await;
        let mut copy = client.copy.get(id).unwrap_or_else(|| panic!("{id} was missed")).clone();
        copy.as_object_mut().unwrap().remove("summary");
        assert_eq!(copy, now);
    }
    assert_eq!(client.copy.len(), written.len());
}

#[tokio::test]
async fn pages_never_skip_or_repeat_rows_of_one_instant() {
    let t = TestApp::new().await;
    t.import((0..173).map(|i| json!({"id": i, "turns": []})).collect()).await;
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = t.get_ok(&format!("/chat/sessions?cursor={cursor}")).await;
        seen.extend(
            page["items"].as_array().unwrap().iter().map(|item| item["ticket_number"].as_i64().unwrap()),
        );
        match page["next"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    seen.sort_unstable();
    assert_eq!(seen, (1..=173).collect::<Vec<_>>());
}

/// Walks through a list once, with writes between the pages, and returns each row as it was told last.
async fn walk(t: &TestApp, path: &str, between_pages: impl AsyncFn(usize)) -> HashMap<String, Value> {
    let (mut told, mut cursor) = (HashMap::new(), String::new());
    for page_number in 0..100 {
        let page = t.get_ok(&format!("{path}?{cursor}")).await;
        for item in page["items"].as_array().unwrap() {
            told.insert(item["id"].as_str().unwrap().to_owned(), item.clone());
        }
        let Some(next) = page["next"].as_str() else { return told };
        cursor = format!("cursor={next}");
        between_pages(page_number).await;
    }
    panic!("the walk has no end");
}

#[tokio::test]
async fn one_walk_returns_every_session_in_its_latest_state_while_sessions_are_written() {
    let t = TestApp::new().await;
    t.import((0..180).map(|i| json!({"id": i, "turns": []})).collect()).await;
    let first = t.get_ok("/chat/sessions").await;
    let id_of = |item: &Value| item["id"].as_str().unwrap().to_owned();
    let newest = id_of(&first["items"][0]);
    // the rows at the end of the walk, which jump to its beginning as they change
    let all = walk(&t, "/chat/sessions", async |_| {}).await;
    assert_eq!(all.len(), 180);
    let mut by_number: Vec<(i64, String)> =
        all.values().map(|item| (item["ticket_number"].as_i64().unwrap(), id_of(item))).collect();
    by_number.sort();
    let told = walk(&t, "/chat/sessions", async |page| {
        for n in 0..30_usize {
            // the same instant for some, since a transaction is no clock tick
            let id = &by_number[(page * 53 + n * 7) % 180].1;
            t.patch_ok(&format!("/chat/sessions/{id}"), json!({"custom_data": {"page": page, "n": n}})).await;
        }
        t.patch_ok(&format!("/chat/sessions/{newest}"), json!({"custom_data": {"again": page}})).await;
        if page < 2 {
            t.post_ok("/chat/sessions", json!({"custom_data": {"new": page}})).await;
            t.advance(1);
        }
        assert!(page < 50, "the walk follows its own writes");
        if page == 4 {
            t.advance(1);
        }
    })
    .await;
    assert!(told.len() >= 182);
    for (id, told) in &told {
        let mut told = told.clone();
        told.as_object_mut().unwrap().remove("summary");
        assert_eq!(told, t.get_ok(&format!("/chat/sessions/{id}")).await);
    }
}

#[tokio::test]
async fn one_walk_returns_every_contact_while_contacts_are_written() {
    let t = TestApp::new().await;
    for n in 0..120 {
        t.post_ok("/contacts", json!({"contact": {"email": format!("c{n}@example.com")}})).await;
    }
    let told = walk(&t, "/contacts", async |page| {
        if page < 3 {
            for n in 0..20 {
                let email = format!("c{}@example.com", (page * 31 + n * 5) % 120);
                t.post_ok("/contacts", json!({"contact": {"email": email, "name": format!("{page}-{n}")}}))
                    .await;
            }
        }
    })
    .await;
    assert_eq!(told.len(), 120);
    let now = walk(&t, "/contacts", async |_| {}).await;
    assert_eq!(told, now);
}
