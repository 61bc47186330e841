//! Failures to sign in hold up who guesses, and lock no one out.

use super::{Browser, PASSWORD, token};
use crate::support::app::TestApp;
use serde_json::json;

#[tokio::test]
async fn who_guesses_waits_longer_each_time_and_the_member_is_never_locked_out() {
    let t = TestApp::new().await;
    let mut home = Browser::of(&t, "viewer").await;
    let id = home.get("/me").await.ok()["id"].as_str().unwrap().to_owned();
    let mut guesser = Browser::at(&t, 66);
    let mut waits = Vec::new();
    for _ in 0..30 {
        let answer = guesser.by_password("viewer@example.com", "a wrong password").await;
        if answer.status == 429 {
            let seconds: i64 = answer.headers["retry-after"].to_str().unwrap().parse().unwrap();
            answer.error(429);
            waits.push(seconds);
            t.advance(seconds);
        } else {
            answer.error(401);
        }
    }
    assert_eq!(waits[..5], [1, 2, 4, 8, 16]);
    assert_eq!(waits.iter().max(), Some(&900), "no wait is longer than a quarter of an hour: {waits:?}");
    guesser.by_password("viewer@example.com", "a wrong password").await.error(401);
    // a right password is not even looked at, from there or from anywhere that the account does not know
    let hashed = t.app.passwords.hashed();
    guesser.by_password("viewer@example.com", PASSWORD).await.error(429);
    Browser::at(&t, 67).by_password("viewer@example.com", PASSWORD).await.error(429);
    assert_eq!(t.app.passwords.hashed(), hashed);
    // but the member signs in where it did before, and anywhere by a link
    Browser::new(&t).by_password("viewer@example.com", PASSWORD).await.ok();
    let link = token(&t.post_ok(&format!("/members/{id}/link"), json!({})).await);
    Browser::at(&t, 68).sign_in(json!({"link": link})).await.ok();
    // an address that nobody has is held up alike
    let mut other = Browser::at(&t, 69);
    for _ in 0..5 {
        other.by_password("nobody@example.com", "a wrong password").await.error(401);
    }
    t.advance(900);
    // and the wait ends
    guesser.by_password("viewer@example.com", PASSWORD).await.ok();
}

#[tokio::test]
async fn an_address_that_tries_many_accounts_is_held_up_and_others_are_not() {
    let t = TestApp::new().await;
    Browser::of(&t, "viewer").await;
    let mut guesser = Browser::at(&t, 66);
    for n in 0..20 {
        guesser.by_password(&format!("m{n}@example.com"), "a wrong password").await.error(401);
    }
    guesser.by_password("viewer@example.com", PASSWORD).await.error(429);
    Browser::at(&t, 67).by_password("viewer@example.com", PASSWORD).await.ok();
    // the password so far is guessed no faster by who sits at the member's browser
    let mut browser = Browser::at(&t, 67);
    browser.by_password("viewer@example.com", PASSWORD).await.ok();
    let guess = json!({"current": "a wrong password", "password": "another long password"});
    for _ in 0..5 {
        browser.call("POST", "/me/password", Some(guess.clone())).await.error(400);
    }
    browser.call("POST", "/me/password", Some(guess)).await.error(429);
}
