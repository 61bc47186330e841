//! A person whose sessions stay is masked in them.

use super::{Person, id};
use refrain::db::sql;
use serde_json::{Value, json};

#[tokio::test]
async fn who_is_deleted_alone_is_named_nowhere() {
    let person = Person::new().await;
    let t = &person.t;
    // a name that is learned just before, with nothing read since
    let name = json!({"contact": {"name": "Wisteriaplanted"}});
    t.patch_ok(&format!("/contacts/{}", person.contact), name).await;
    person.delete("").await;
    let gone = [
        "Zebulon",
        "Quirkington",
        "planted-mail",
        "5559911",
        "goldplanted",
        "Nomdeplume",
        "planted-claim",
        "claimedplanted",
        "avatarplanted",
        "fileplanted",
        "linkplanted",
        "zebulonclaimedtwice",
        "wisteriaplanted",
    ];
    let check = async || {
        let all = person.everything().await;
        let shown: Vec<&&str> =
            gone.iter().filter(|word| all.to_lowercase().contains(&word.to_lowercase())).collect();
        assert!(shown.is_empty(), "{shown:?}");
        // what was said stays
        assert!(all.contains("zanzibarlamp") && all.contains("agentplanted answers"));
        person.check_counts().await;
    };
    check().await;
    t.run_jobs().await;
    check().await;
    let history = t.items(&format!("{}/history", person.sessions[3])).await;
    assert_eq!(history.iter().filter(|entry| entry["event"]["type"] == "message").count(), 5);
    let said = history[2]["event"]["content"]["text"].as_str().unwrap();
    assert_eq!(said, "[name] here, call [phone] or [email]", "{history:#?}");
    let session = t.get_ok(&person.sessions[3]).await;
    assert_eq!(session.get("contact"), None);
    assert_eq!(session["custom_data"]["n"], 7);
    let stored =
        "select stored_bytes - (select coalesce(sum(octet_length(text)), 0) from messages) from orgs";
    assert_eq!(t.count(stored).await, 0);
    let unread = "select count(*) from sessions where read_revision < revision or erasure_id is not null";
    assert_eq!(t.count(unread).await, 0);
}

#[tokio::test]
async fn the_sentence_of_an_insight_names_nobody_who_is_deleted() {
    let t = crate::support::app::TestApp::new().await;
    t.patch_ok("/settings", json!({"contacts_min": 1})).await;
    let contact = t.post_ok("/contacts", json!({"contact": {"phone": "555"}})).await;
    for day in 0..12 {
        let session = t.post_ok("/chat/sessions", json!({"contact_id": id(&contact)})).await;
        let said = json!({"sender": "contact", "message": {"type": "text", "text": format!("My parcel from zebulon has not arrived on day {day}")}});
        t.post_ok(&format!("/chat/sessions/{}/send", id(&session)), said).await;
    }
    t.run_jobs().await;
    // as an earlier release could name it
    let query = sql("update insights set content = 'My parcel from zebulon has not arrived'");
    t.execute(query).await;
    let path = format!("/contacts/{}", id(&contact));
    t.patch_ok(&path, json!({"contact": {"name": "Zebulon"}})).await;
    t.call_as(&t.token, "DELETE", &path, None).await.ok();
    let content = async || t.post_ok("/insights", json!({})).await["data"][0]["content"].clone();
    let at_once: Value = content().await;
    assert_eq!(at_once, "My parcel from [name] has not arrived");
    t.run_jobs().await;
    assert!(!content().await.to_string().contains("zebulon"));
}
