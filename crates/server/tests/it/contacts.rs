//! Contacts over the API.

use crate::support::app::TestApp;
use serde_json::{Value, json};

#[tokio::test]
async fn a_contact_is_made_once_for_an_address_and_brought_up_to_date() {
    let t = TestApp::new().await;
    let save = |contact: Value| t.post_ok("/contacts", json!({"contact": contact}));
    let first =
        save(json!({"email": "ada@example.com", "custom_data": {"plan": "free", "city": "Bath"}})).await;
    let again = save(
        json!({"email": "ADA@example.com", "name": "Ada", "phone": "555", "custom_data": {"plan": "pro"}}),
    )
    .await;
    assert_eq!(first, again);
    let by_phone = save(json!({"phone": "555", "name": "Ada L."})).await;
    assert_eq!(first, by_phone);
    let other = save(json!({"phone": "556"})).await;
    assert_ne!(first, other);
    let listed = t.get_ok("/contacts").await;
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
    let ada =
        listed["items"].as_array().unwrap().iter().find(|contact| contact["id"] == first["id"]).unwrap();
    assert_eq!(ada["name"], "Ada L.");
    assert_eq!(ada["custom_data"], json!({"plan": "pro", "city": "Bath"}));
}

#[tokio::test]
async fn a_claim_never_reaches_a_verified_contact() {
    let t = TestApp::new().await;
    let ada = t.post_ok("/contacts", json!({"contact": {"email": "ada@example.com"}})).await["id"].clone();
    let claim = json!({"contact": {"email": "ada@example.com", "name": "Mallory"}});
    for _ in 0..2 {
        t.post_ok("/chat/sessions", claim.clone()).await;
    }
    let sessions = t.get_ok("/chat/sessions").await;
    let contacts: Vec<&Value> =
        sessions["items"].as_array().unwrap().iter().map(|session| &session["contact"]).collect();
    assert_eq!(contacts[0]["id"], contacts[1]["id"], "the same claim is the same contact");
    assert_ne!(contacts[0]["id"], ada);
    assert_eq!(contacts[0]["email"], Value::Null);
    assert_eq!(contacts[0]["non_verified_email"], "ada@example.com");
    let mut verified = claim;
    verified["verified"] = json!(true);
    let id = t.post_ok("/chat/sessions", verified).await["id"].clone();
    let session = t.get_ok(&format!("/chat/sessions/{}", id.as_str().unwrap())).await;
    assert_eq!(session["contact"]["id"], ada);
}

#[tokio::test]
async fn an_update_merges_and_refuses_an_address_that_is_taken() {
    let t = TestApp::new().await;
    let a = t
        .post_ok("/contacts", json!({"contact": {"email": "a@example.com", "custom_data": {"x": "1"}}}))
        .await;
    t.post_ok("/contacts", json!({"contact": {"email": "b@example.com"}})).await;
    let path = format!("/contacts/{}", a["id"].as_str().unwrap());
    let update = json!({"contact": {"name": "A", "custom_data": {"y": "2"}}});
    assert_eq!(t.patch_ok(&path, update).await, Value::Null);
    let taken = t.patch(&path, json!({"contact": {"email": "b@example.com"}})).await;
    assert_eq!(taken.error(409), "contact.email: another contact has it");
    let contacts = t.get_ok("/contacts").await;
    let ours = contacts["items"].as_array().unwrap().iter().find(|contact| contact["id"] == a["id"]).unwrap();
    assert_eq!((&ours["name"], &ours["email"]), (&json!("A"), &json!("a@example.com")));
    assert_eq!(ours["custom_data"], json!({"x": "1", "y": "2"}));
    let nobody = format!("/contacts/{}", uuid::Uuid::nil());
    assert_eq!(t.patch(&nobody, json!({"contact": {}})).await.error(404), "contact not found");
    assert_eq!(t.patch(&path, json!({})).await.error(400), "contact: is required");
}

#[tokio::test]
async fn a_deleted_contact_leaves_its_sessions_behind() {
    let t = TestApp::new().await;
    let contact = t.post_ok("/contacts", json!({"contact": {"email": "a@example.com"}})).await["id"].clone();
    t.post_ok("/chat/sessions", json!({"contact_id": contact})).await;
    t.advance(5);
    let path = format!("/contacts/{}", contact.as_str().unwrap());
    t.call_as(&t.token, "DELETE", &path, None).await.ok();
    let session = t.get_ok("/chat/sessions").await["items"][0].clone();
    assert_eq!(session.get("contact"), None);
    assert_eq!(session["updated_at"], "2026-06-15T12:00:05.000Z");
    assert_eq!(t.call_as(&t.token, "DELETE", &path, None).await.error(404), "contact not found");
    assert_eq!(t.get_ok("/contacts").await["items"], json!([]));
}

#[tokio::test]
async fn tags_and_teams_are_kept() {
    let t = TestApp::new().await;
    let put = |body: Value| t.call_as(&t.token, "PUT", "/tags", Some(body));
    let category = t.get_ok("/categories").await[0]["id"].clone();
    put(json!({"tag_name": "late", "description": "Late parcels", "category_id": category})).await.ok();
    put(json!({"tag_name": "late", "exclude_from_auto_tagging": true})).await.ok();
    let tag = t.get_ok("/tags").await[0].clone();
    assert_eq!((&tag["description"], &tag["category_id"]), (&json!("Late parcels"), &category));
    assert_eq!(tag["exclude_from_auto_tagging"], true);
    put(json!({"tag_name": "late", "description": null, "category_id": null})).await.ok();
    let tag = t.get_ok("/tags").await[0].clone();
    assert_eq!((&tag["description"], &tag["category_id"]), (&Value::Null, &Value::Null));
    let nothing = put(json!({"tag_name": "x", "category_id": uuid::Uuid::nil()})).await;
    assert_eq!(nothing.error(404), "category not found");
    assert_eq!(put(json!({"tag_name": " "})).await.error(400), "tag_name: expected text that is not blank");
    t.post_ok("/teams", json!({"name": "Billing"})).await;
    let teams = t.get_ok("/teams").await;
    assert_eq!(teams[0], json!({"id": teams[0]["id"], "name": "Billing", "description": null}));
    assert_eq!(t.post("/teams", json!({})).await.error(400), "name: is required");
}

#[tokio::test]
async fn a_claimed_phone_number_and_a_verified_one_never_meet() {
    let t = TestApp::new().await;
    let claimed = |phone: &str, name: &str| json!({"contact": {"phone_number": phone, "name": name}});
    let contact_of = async |id: &Value| {
        t.get_ok(&format!("/chat/sessions/{}", id.as_str().unwrap())).await["contact"].clone()
    };
    // Mallory claims Bob's number before Bob is known
    let before = t.post_ok("/chat/sessions", claimed("555", "Mallory")).await["id"].clone();
    let bob = json!({"contact": {"phone": "555", "name": "Bob", "custom_data": {"plan": "gold"}}});
    let bob = t.post_ok("/contacts", bob).await["id"].clone();
    let mallory = contact_of(&before).await;
    assert_ne!(mallory["id"], bob);
    assert_eq!((&mallory["name"], &mallory["custom_data"]), (&Value::Null, &Value::Null));
    assert_eq!((&mallory["non_verified_name"], &mallory["phone_number"]), (&json!("Mallory"), &json!("555")));
    // and after
    let after = t.post_ok("/chat/sessions", claimed("555", "Mallory")).await["id"].clone();
    assert_eq!(contact_of(&after).await["id"], mallory["id"], "the same claim is the same contact");
    // a claim in a session of Bob's stays a claim
    let session = t.post_ok("/chat/sessions", json!({"contact_id": bob})).await["id"].clone();
    let message = json!({
        "sender": "contact",
        "message": {"type": "text", "text": "hello"},
        "contact": {"phone_number": "666"},
    });
    t.post_ok(&format!("/chat/sessions/{}/send", session.as_str().unwrap()), message).await;
    let known = contact_of(&session).await;
    assert_eq!((&known["phone_number"], &known["name"]), (&json!("555"), &json!("Bob")));
    assert_eq!(t.post_ok("/contacts", json!({"contact": {"phone": "555"}})).await["id"], bob);
    assert_ne!(t.post_ok("/contacts", json!({"contact": {"phone": "666"}})).await["id"], bob);
}

#[tokio::test]
async fn only_who_may_write_contacts_vouches_for_one() {
    let t = TestApp::new().await;
    let key = t.key(t.org_id, "chat-sessions:write").await;
    let contact = json!({"email": "ada@example.com", "name": "Eve"});
    let create = |verified: bool| {
        t.call_as(&key, "POST", "/chat/sessions", Some(json!({"contact": contact, "verified": verified})))
    };
    assert_eq!(create(true).await.error(403), "the key lacks the scope contacts:write");
    create(false).await.ok();
    let both = t.key(t.org_id, "chat-sessions:write,contacts:write").await;
    let body = json!({"contact": contact, "verified": true});
    t.call_as(&both, "POST", "/chat/sessions", Some(body)).await.ok();
}
