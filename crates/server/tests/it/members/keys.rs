//! Keys over the API.

use super::{Browser, audited};
use crate::support::app::TestApp;
use serde_json::{Value, json};

#[tokio::test]
async fn keys_are_made_listed_and_revoked_and_a_token_is_shown_once() {
    let t = TestApp::new().await;
    let mut admin = Browser::of(&t, "admin").await;
    let input = json!({"name": "tap", "scopes": ["insights:read", "teams:read"], "days": 30});
    let made = admin.call("POST", "/keys", Some(input)).await.ok();
    let (id, token) = (made["id"].as_str().unwrap(), made["token"].as_str().unwrap());
    t.call_as(token, "GET", "/teams", None).await.ok();
    t.call_as(token, "GET", "/contacts", None).await.error(403);
    let listed = admin.get("/keys").await.ok();
    assert!(!listed.to_string().contains(token));
    let key = &listed["items"][0];
    assert_eq!((&key["name"], &key["member"]), (&json!("tap"), &json!("admin@example.com")));
    assert_eq!(key["scopes"], json!(["insights:read", "teams:read"]));
    assert!(key["expires_at"].is_string() && key["revoked_at"].is_null());
    assert_eq!(listed["items"][1]["scopes"], json!(["*"]));
    admin.call("DELETE", &format!("/keys/{id}"), None).await.ok();
    t.call_as(token, "GET", "/teams", None).await.error(401);
    admin.call("DELETE", &format!("/keys/{id}"), None).await.error(404);
    assert!(admin.get("/keys").await.ok()["items"][0]["revoked_at"].is_string());
    let log = audited(&t, 2).await;
    let shown: Vec<[&Value; 3]> =
        log.iter().map(|e| [&e["kind"], &e["member"]["email"], &e["subject_id"]]).collect();
    let (by, id) = (json!("admin@example.com"), json!(id));
    assert_eq!(shown, [[&json!("key.revoked"), &by, &id], [&json!("key.created"), &by, &id]]);

    for scopes in [json!([]), json!(["insights"]), json!(["*", "nothing:read"]), json!(["a,b"])] {
        let wrong =
            admin.call("POST", "/keys", Some(json!({"name": "x", "scopes": scopes}))).await.error(400);
        assert!(wrong.starts_with("scopes: expected"), "{wrong}");
    }
    for n in 0..55 {
        admin.call("POST", "/keys", Some(json!({"name": format!("k{n}"), "scopes": ["*"]}))).await.ok();
    }
    assert_eq!(t.items("/keys").await.len(), 57);
}

#[tokio::test]
async fn a_key_that_was_good_a_moment_ago_is_refused_once_it_ends() {
    let t = TestApp::new().await;
    let mut admin = Browser::of(&t, "admin").await;
    let mut made = Vec::new();
    for days in [1, 30] {
        let input = json!({"name": "tap", "scopes": ["teams:read"], "days": days});
        let key = admin.call("POST", "/keys", Some(input)).await.ok();
        made.push(key["token"].as_str().unwrap().to_owned());
    }
    let call = async |at: usize| t.call_as(&made[at], "GET", "/teams", None).await.status;
    assert_eq!([call(0).await, call(1).await], [200, 200]);
    t.advance(24 * 60 * 60);
    assert_eq!([call(0).await, call(1).await], [401, 200]);
}

#[tokio::test]
async fn nobody_gives_more_than_it_has() {
    let t = TestApp::new().await;
    let maker = t.key(t.org_id, "keys:write,members:write,members:read,insights:read").await;
    let post = |path: &'static str, body: Value| t.call_as(&maker, "POST", path, Some(body));
    post("/keys", json!({"name": "x", "scopes": ["insights:read"]})).await.ok();
    for scopes in [json!(["insights:write"]), json!(["*"])] {
        let refused = post("/keys", json!({"name": "x", "scopes": scopes})).await;
        assert_eq!(refused.error(403), "a key allows no more than its maker may do");
    }
    let refused = post("/members", json!({"email": "a@example.com", "role": "viewer"})).await;
    assert_eq!(refused.error(403), "a role may do no more than the one who gives it");
    // nor does it become an admin by a link of one
    let mut admin = Browser::of(&t, "admin").await;
    let id = admin.get("/me").await.ok()["id"].as_str().unwrap().to_owned();
    for (method, path, body) in [
        ("POST", format!("/members/{id}/link"), Some(json!({}))),
        ("PATCH", format!("/members/{id}"), Some(json!({"role": "viewer"}))),
        ("DELETE", format!("/members/{id}"), None),
    ] {
        t.call_as(&maker, method, &path, body).await.error(403);
    }
}
