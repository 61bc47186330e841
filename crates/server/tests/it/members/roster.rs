//! Who is a member: invited, changed, removed.

use super::{Browser, audited, invite};
use crate::support::app::TestApp;
use refrain::members::Member;
use refrain::{access::Scopes, keys};
use serde_json::{Value, json};

#[tokio::test]
async fn members_are_invited_listed_changed_and_removed() {
    let t = TestApp::new().await;
    let mut admin = Browser::of(&t, "admin").await;
    for n in 0..60 {
        invite(&t, &format!("m{n}@example.com"), "viewer").await;
        t.advance(1);
    }
    assert_eq!(t.items("/members").await.len(), 61);
    let newest = t.get_ok("/members").await["items"][0].clone();
    assert_eq!((&newest["email"], &newest["has_password"]), (&json!("m59@example.com"), &json!(false)));
    assert!(newest["link_ends_at"].is_string() && newest["last_seen_at"].is_null());
    let again = json!({"email": "M59@example.com", "role": "admin"});
    assert_eq!(t.post("/members", again).await.error(409), "the e-mail address is a member's already");

    let path = format!("/members/{}", newest["id"].as_str().unwrap());
    let changed = admin.call("PATCH", &path, Some(json!({"role": "agent", "name": "Mira"}))).await.ok();
    assert_eq!((&changed["role"], &changed["name"]), (&json!("agent"), &json!("Mira")));
    let entry = audited(&t, 1).await.remove(0);
    assert_eq!(
        (&entry["kind"], &entry["detail"]),
        (&json!("member.updated"), &json!({"role": "agent", "role_before": "viewer"}))
    );
    assert_eq!((&entry["member"]["email"], &entry["key"]), (&json!("admin@example.com"), &Value::Null));

    // the last admin stays
    let me = format!("/members/{}", admin.get("/me").await.ok()["id"].as_str().unwrap());
    assert_eq!(admin.call("DELETE", &me, None).await.error(409), "the organization would have no admin");
    admin.call("PATCH", &me, Some(json!({"role": "viewer"}))).await.error(409);
    admin.call("DELETE", &path, None).await.ok();
    admin.call("DELETE", &path, None).await.error(404);
    assert_eq!(t.items("/members").await.len(), 60);
    assert_eq!(audited(&t, 1).await[0]["kind"], "member.removed");
    // who comes back begins anew
    invite(&t, "m59@example.com", "viewer").await;
}

#[tokio::test]
async fn who_is_removed_is_out_at_once_with_its_keys_and_its_name_stays() {
    let t = TestApp::new().await;
    let mut agent = Browser::of(&t, "agent").await;
    let email = "agent@example.com".parse().unwrap();
    let member = Member { email, name: Some("Mira".into()), avatar_url: None };
    let (_, key) = keys::create(&t.app, t.org_id, "hers", &Scopes::All, Some(&member), None).await.unwrap();
    t.call_as(&key, "GET", "/teams", None).await.ok();
    let id = agent.get("/me").await.ok()["id"].as_str().unwrap().to_owned();
    t.call_as(&t.token, "DELETE", &format!("/members/{id}"), None).await.ok();
    agent.get("/me").await.error(401);
    t.call_as(&key, "GET", "/teams", None).await.error(401);
    agent.by_password("agent@example.com", super::PASSWORD).await.error(401);
    let entries = t.get_ok(&format!("/audit-log?member_id={id}")).await;
    assert_eq!(entries["items"][0]["member"]["name"], "Mira");
}

#[tokio::test]
async fn what_is_another_organizations_is_not_found() {
    let t = TestApp::new().await;
    let mut admin = Browser::of(&t, "admin").await;
    let session = t.session_saying("Where is my refund?").await;
    let own = admin.get("/me").await.ok()["id"].as_str().unwrap().to_owned();
    let key = t.get_ok("/keys").await["items"][0]["id"].as_str().unwrap().to_owned();
    let other_org = t.app.find_or_create_org("other").await.unwrap();
    let other = t.key(other_org, "*").await;
    let invited =
        t.call_as(&other, "POST", "/members", Some(json!({"email": "admin@example.com", "role": "admin"})));
    let mut stranger = Browser::at(&t, 9);
    let me = stranger.sign_in(json!({"link": super::token(&invited.await.ok())})).await.ok();
    assert_eq!(me["organization"]["name"], "other");
    assert_ne!(me["id"], json!(own), "one address may be two members");
    for (method, path, body) in [
        ("GET", format!("/chat/sessions/{session}"), None),
        ("PATCH", format!("/members/{own}"), Some(json!({"name": "x"}))),
        ("DELETE", format!("/members/{own}"), None),
        ("POST", format!("/members/{own}/link"), Some(json!({}))),
        ("DELETE", format!("/keys/{key}"), None),
    ] {
        stranger.call(method, &path, body).await.error(404);
    }
    assert_eq!(stranger.get("/members").await.ok()["items"].as_array().unwrap().len(), 1);
    // each signs in where it is a member
    let by = |organization: &str| json!({"organization": organization, "email": "admin@example.com", "password": super::PASSWORD});
    Browser::new(&t).sign_in(by("default")).await.ok();
    Browser::new(&t).sign_in(by("other")).await.error(401);
}
