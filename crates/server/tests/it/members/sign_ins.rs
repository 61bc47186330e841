//! How long a sign-in lasts, what ends it, and requests that others forge in its name.

use super::{Browser, PASSWORD, audited};
use crate::support::app::TestApp;
use refrain::db::sql;
use serde_json::json;
use std::time::Duration;

const HOUR: i64 = 3_600;

/// Waits until the last use is noted, which happens in the background.
async fn use_noted(t: &TestApp) {
    let now = t.app.clock.now().micros();
    for _ in 0..500 {
        if t.count("select coalesce(max(used_at), 0) from sign_ins").await == now {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("the use of a sign-in was not noted");
}

#[tokio::test]
async fn a_sign_in_ends_after_twelve_hours_without_use_and_after_thirty_days_in_any_case() {
    let t = TestApp::new().await;
    let mut browser = Browser::of(&t, "viewer").await;
    for _ in 0..3 {
        t.advance(12 * HOUR - 1);
        browser.get("/me").await.ok();
        use_noted(&t).await;
    }
    t.advance(12 * HOUR);
    browser.get("/me").await.error(401);
    // as if it had been used all the time
    browser.by_password("viewer@example.com", PASSWORD).await.ok();
    t.advance(30 * 24 * HOUR - 1);
    let now = t.app.clock.now();
    t.execute(sql("update sign_ins set used_at = $1 where ended_at is null").bind(now)).await;
    browser.get("/me").await.ok();
    t.advance(1);
    browser.get("/me").await.error(401);
}

#[tokio::test]
async fn the_token_is_new_with_each_sign_in_and_each_change_of_rights() {
    let t = TestApp::new().await;
    let mut browser = Browser::of(&t, "admin").await;
    let mut seen = vec![browser.cookie.clone().unwrap()];
    browser.by_password("admin@example.com", PASSWORD).await.ok();
    seen.push(browser.cookie.clone().unwrap());
    let change = json!({"current": PASSWORD, "password": "another long password"});
    assert_eq!(
        browser
            .call("POST", "/me/password", Some(json!({"password": "another long password"})))
            .await
            .error(400),
        "current: is required"
    );
    browser.call("POST", "/me/password", Some(change.clone())).await.ok();
    seen.push(browser.cookie.clone().unwrap());
    assert_eq!(
        browser.call("POST", "/me/password", Some(change)).await.error(400),
        "current: is not the password so far"
    );
    // an admin who makes itself an agent goes on as one, under a new cookie
    Browser::at(&t, 2)
        .sign_in(json!({"link": super::invite(&t, "second@example.com", "admin").await}))
        .await
        .ok();
    let me = browser.get("/me").await.ok()["id"].as_str().unwrap().to_owned();
    let agent = browser.call("PATCH", &format!("/members/{me}"), Some(json!({"role": "agent"}))).await.ok();
    assert_eq!(agent["role"], "agent");
    assert_eq!(browser.get("/me").await.ok()["role"], "agent");
    let last = browser.cookie.clone().unwrap();
    // each of the others does nothing any more
    for old in seen {
        assert_ne!(old, last);
        browser.cookie = Some(old);
        browser.get("/me").await.error(401);
    }
    browser.cookie = Some(last);
    browser.get("/me").await.ok();
    // changed by somebody else, the sign-in ends
    t.patch_ok(&format!("/members/{me}"), json!({"role": "viewer"})).await;
    browser.get("/me").await.error(401);
    // and a change that changes no rights ends nothing
    browser.by_password("admin@example.com", "another long password").await.ok();
    t.patch_ok(&format!("/members/{me}"), json!({"role": "viewer", "name": "Mira"})).await;
    assert_eq!(browser.get("/me").await.ok()["name"], "Mira");
}

#[tokio::test]
async fn members_see_and_end_their_own_sign_ins() {
    let t = TestApp::new().await;
    let mut browser = Browser::of(&t, "viewer").await;
    let mut others = [Browser::at(&t, 2), Browser::at(&t, 3), Browser::at(&t, 4)];
    for other in &mut others {
        t.advance(60);
        other.by_password("viewer@example.com", PASSWORD).await.ok();
    }
    let mut stranger = Browser::of(&t, "agent").await;
    let listed = browser.get("/me/sign-ins").await.ok();
    let of = |at: usize, member: &str| listed[at][member].clone();
    let addresses: Vec<_> = (0..4).map(|at| of(at, "address")).collect();
    assert_eq!(addresses, ["203.0.113.4", "203.0.113.3", "203.0.113.2", "203.0.113.1"]);
    assert_eq!([of(0, "is_this"), of(3, "is_this")], [json!(false), json!(true)]);
    let path = format!("/me/sign-ins/{}", of(0, "id").as_str().unwrap());
    stranger.call("DELETE", &path, None).await.error(404);
    browser.call("DELETE", &path, None).await.ok();
    browser.call("DELETE", &path, None).await.error(404);
    others[2].get("/me").await.error(401);
    others[1].get("/me").await.ok();
    assert_eq!(browser.call("DELETE", "/me/sign-ins", None).await.ok(), json!({"ended": 2}));
    others[1].get("/me").await.error(401);
    browser.get("/me").await.ok();
    assert_eq!(audited(&t, 1).await[0]["detail"], json!({"ended": 2}));
    browser.call("PATCH", "/me", Some(json!({"name": "V.", "avatar_url": "javascript:x"}))).await.error(400);
    let me = browser.call("PATCH", "/me", Some(json!({"name": "V."}))).await.ok();
    assert_eq!(me["name"], "V.");
}

#[tokio::test]
async fn a_request_that_another_page_could_have_sent_is_refused() {
    let t = TestApp::new().await;
    let mut browser = Browser::of(&t, "agent").await;
    let mut other = Browser::of(&t, "viewer").await;
    let right = browser.forgery_token.clone();
    let forged: [&[(&str, &str)]; 5] = [
        &[("x-forgery-token", "")],
        &[("x-forgery-token", &other.forgery_token)],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("origin", "https://evil.example"), ("host", "refrain.example.com")],
    ];
    for headers in forged {
        for (method, path) in
            [("PATCH", "/me"), ("POST", "/insights"), ("POST", "/sign-out"), ("DELETE", "/me/sign-ins")]
        {
            let answer = browser.call_with(method, path, Some(json!({"name": "forged"})), headers).await;
            let message = answer.error(403);
            assert!(message.contains("forgery_token") || message.contains("another origin"), "{message}");
        }
    }
    // signing somebody in as another is a forgery too
    let sign_in = json!({"email": "viewer@example.com", "password": PASSWORD});
    other.call_with("POST", "/sign-in", Some(sign_in), &[("sec-fetch-site", "cross-site")]).await.error(403);
    // reading takes no token, and a page of ours has it
    browser.call_with("GET", "/me", None, &[("x-forgery-token", "")]).await.ok();
    let own = [("sec-fetch-site", "same-origin"), ("origin", "https://refrain.example.com")];
    let me = browser.call_with("PATCH", "/me", Some(json!({"name": "own"})), &own).await.ok();
    assert_eq!(me["name"], "own");
    // what was sent once does nothing when it is sent again after the end
    browser.call("POST", "/sign-out", None).await.ok();
    let mut replayed = Browser { forgery_token: right, ..Browser::new(&t) };
    replayed.cookie = browser.cookie.take().or(Some("__Host-refrain=".to_owned() + &"x".repeat(43)));
    replayed.call("PATCH", "/me", Some(json!({"name": "again"}))).await.error(401);
}
