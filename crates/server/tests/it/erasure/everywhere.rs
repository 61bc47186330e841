//! A person whose sessions go too is nowhere.

use super::{Person, id};
use crate::support::app::TestApp;
use crate::support::scripted::{Reply, Server};
use refrain::db::sql;
use refrain::outbox;
use serde_json::json;

/// Calls the insights of a sentence otherwise, behind the product's back.
async fn rename(t: &TestApp, from: &str, to: &str) {
    let query = sql("update insights set content = $2, content_folded = $3 where content like $1");
    t.execute(query.bind(from).bind(to).bind(to.to_lowercase())).await;
}

#[tokio::test]
async fn nothing_of_a_person_is_anywhere_once_it_is_erased_with_its_sessions() {
    let person = Person::new().await;
    let t = &person.t;
    let server = Server::new(|_, _| Reply::Http(200, "", "{}".into())).await;
    let url = format!("http://{}/hook", server.address);
    t.post_ok("/webhooks", json!({"url": url, "events": null})).await;
    // words of the person in what people and reports keep of insights, as an earlier release could name these
    rename(t, "Various requests", "My zanzibarlamp does not work at nightfallplanted").await;
    let listed = t.post_ok("/insights", json!({"status": "all"})).await;
    let own = listed["data"]
        .as_array()
        .unwrap()
        .iter()
        .find(|insight| insight["content"].as_str().unwrap().contains("zanzibarlamp"));
    let own = format!("/insights/{}", id(own.unwrap_or_else(|| panic!("{listed:#}"))));
    t.post_ok(&format!("{own}/deep-research"), json!({})).await;
    t.patch_ok(&own, json!({"content": "A lamp flickers"})).await;
    t.post_ok(
        &format!("{}/send", person.sessions[0]),
        json!({
            "sender": "contact", "message": {"type": "text", "text": "xanthippewort again, my refund"}
        }),
    )
    .await;
    t.run_jobs().await;
    let before = person.everything().await;
    let shown = Person::planted_in(&before);
    assert!(shown.len() >= 30, "what is planted shows before: {shown:?}");
    // something is said that no job read yet
    t.post_ok(&format!("{}/send", person.sessions[1]), json!({
        "sender": "contact", "message": {"type": "text", "text": "quixotrumpet, my refund has not arrived"}
    }))
    .await;
    rename(t, "Various requests%", "Wisteriaplanted, my refund").await;
    person.delete("?sessions=true").await;
    let at_once = person.everything().await;
    assert_eq!(Person::planted_in(&at_once), Vec::<&str>::new(), "before any job ran");
    person.check_counts().await;
    t.run_jobs().await;
    let after = person.everything().await;
    assert_eq!(Person::planted_in(&after), Vec::<&str>::new());
    person.check_counts().await;
    outbox::dispatch_due(&t.app).await.unwrap();
    for asked in server.asked() {
        assert_eq!(Person::planted_in(&asked.body), Vec::<&str>::new(), "{}", asked.body);
    }
    // what the organization stores is counted without it
    let stored =
        "select stored_bytes - (select coalesce(sum(octet_length(text)), 0) from messages) from orgs";
    assert_eq!(t.count(stored).await, 0);
    t.app.db.close().await;
    let Some(folder) = &person.folder else { return };
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        assert_eq!(Person::planted_in(&text), Vec::<&str>::new(), "in {}", path.display());
    }
}
