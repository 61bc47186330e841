//! Signing in and out.

use super::{Browser, PASSWORD, audited, invite};
use crate::support::app::TestApp;
use crate::support::cli::{Cli, stderr};
use serde_json::{Value, json};

const DAY: i64 = 24 * 3_600;

#[tokio::test]
async fn a_link_signs_in_once_and_sets_the_password_that_signs_in_from_then_on() {
    let t = TestApp::new().await;
    let link = invite(&t, "Mira@Example.com", "agent").await;
    let mut browser = Browser::new(&t);
    let weak = browser.sign_in(json!({"link": link, "password": "too short"})).await;
    assert_eq!(weak.error(400), "password: expected at least 12 characters");
    let me = browser.sign_in(json!({"link": link, "password": PASSWORD})).await.ok();
    assert_eq!(
        (&me["email"], &me["role"], &me["has_password"]),
        (&json!("mira@example.com"), &json!("agent"), &json!(true))
    );
    assert_eq!(me["organization"]["name"], "default");
    let document = t.get_ok("/openapi.json").await;
    crate::http::check(&document, "get", "/me", "200", &browser.get("/me").await.ok());
    assert_eq!(browser.get("/me").await.ok(), me);

    // the page that links lead to uses none up
    let page = browser.get(&format!("/sign-in?link={link}")).await;
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'; script-src 'sha256-"), "{policy}");
    assert!(page.body.as_str().unwrap().contains("<h1>Sign in to Refrain</h1>"));
    assert_eq!(page.headers["content-type"], "text/html; charset=utf-8");

    // neither again, nor after its time, nor one that was made up
    let late = invite(&t, "late@example.com", "viewer").await;
    t.advance(7 * DAY);
    for link in [&link, &late, &"x".repeat(43)] {
        let answer = Browser::new(&t).sign_in(json!({"link": link})).await;
        assert!(!answer.headers.contains_key("set-cookie"));
        assert_eq!(answer.error(401), "Unauthorized", "{link}");
    }
    let mut other = Browser::at(&t, 2);
    other.by_password("mira@example.com", "a horse, a stable").await.error(401);
    assert_eq!(other.by_password("MIRA@example.com", PASSWORD).await.ok()["id"], me["id"]);
    for input in [json!({}), json!({"email": "a@b.example"}), json!({"link": "x", "email": "a@b.example"})] {
        assert!(other.sign_in(input).await.error(400).starts_with("email, link: "));
    }
    let log = audited(&t, 4).await;
    let kinds: Vec<&Value> = log.iter().map(|entry| &entry["kind"]).collect();
    assert_eq!(kinds, ["member.signed_in", "member.sign_in_failed", "member.invited", "member.signed_in"]);
    assert_eq!(log[0]["address"], "203.0.113.2");
    assert_eq!(
        (&log[0]["member"]["email"], &log[0]["detail"]),
        (&json!("mira@example.com"), &json!({"by": "password"}))
    );
    assert_eq!((&log[1]["member"], &log[1]["subject_id"]), (&Value::Null, &me["id"]));
    assert!(!t.get_ok("/audit-log").await.to_string().contains("horse"));
}

#[tokio::test]
async fn a_new_link_is_for_who_forgot_the_password_and_ends_what_was_signed_in() {
    let t = TestApp::new().await;
    let mut old = Browser::of(&t, "viewer").await;
    let id = old.get("/me").await.ok()["id"].as_str().unwrap().to_owned();
    let unused = super::token(&t.post_ok(&format!("/members/{id}/link"), json!({})).await);
    let link = super::token(&t.post_ok(&format!("/members/{id}/link"), json!({"days": 1})).await);
    let mut browser = Browser::new(&t);
    browser.sign_in(json!({"link": unused})).await.error(401);
    // without a password it signs in, and changes nothing else
    browser.sign_in(json!({"link": link})).await.ok();
    old.get("/me").await.ok();
    let link = super::token(&t.post_ok(&format!("/members/{id}/link"), json!({})).await);
    browser.sign_in(json!({"link": link, "password": "another long password"})).await.ok();
    old.get("/me").await.error(401);
    old.by_password("viewer@example.com", PASSWORD).await.error(401);
    old.by_password("viewer@example.com", "another long password").await.ok();
}

#[tokio::test]
async fn the_cookie_is_for_this_host_alone_and_out_of_the_reach_of_pages() {
    let t = TestApp::new().await;
    let mut browser = Browser::of(&t, "viewer").await;
    let sign_in = json!({"email": "viewer@example.com", "password": PASSWORD});
    let answer = browser.sign_in(sign_in.clone()).await;
    let cookie = answer.headers["set-cookie"].to_str().unwrap();
    let (pair, attributes) = cookie.split_once("; ").unwrap();
    assert!(pair.starts_with("__Host-refrain=") && pair.len() == "__Host-refrain=".len() + 43, "{pair}");
    assert_eq!(attributes, "Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax; Secure");
    assert_eq!(answer.headers["cache-control"], "no-store");
    let out = browser.call("POST", "/sign-out", None).await;
    assert_eq!(
        out.headers["set-cookie"],
        "__Host-refrain=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure"
    );
    browser.get("/me").await.error(401);

    // on this machine without TLS there is no cookie with the prefix; behind a proxy it only looks like that
    let mut near = Browser { address: ([127, 0, 0, 1], 40_000).into(), ..Browser::new(&t) };
    for (headers, name) in [
        (vec![("host", "localhost:8080")], "refrain="),
        (vec![("host", "127.0.0.1:8080"), ("x-forwarded-for", "203.0.113.9")], "__Host-refrain="),
        (vec![("host", "refrain.example.com")], "__Host-refrain="),
    ] {
        let answer = near.call_with("POST", "/sign-in", Some(sign_in.clone()), &headers).await;
        let cookie = answer.headers["set-cookie"].to_str().unwrap();
        assert!(cookie.starts_with(name), "{headers:?}: {cookie}");
        assert_eq!(cookie.ends_with("; Secure"), name.starts_with("__"), "{cookie}");
        assert_eq!(near.call_with("GET", "/me", None, &headers).await.status, 200);
    }
}

#[tokio::test]
async fn an_address_that_nobody_has_is_answered_as_a_wrong_password_with_the_same_work() {
    let t = TestApp::new().await;
    Browser::of(&t, "viewer").await;
    invite(&t, "invited@example.com", "viewer").await;
    let mut seen = Vec::new();
    for email in ["viewer@example.com", "invited@example.com", "nobody@example.com"] {
        let rows = "select (select count(*) from audit_log) + (select count(*) from sign_ins)";
        let before =
            (t.app.passwords.hashed(), t.count(rows).await, t.count("select writes from orgs").await);
        let mut answer = Browser::new(&t).by_password(email, "a wrong password").await;
        let after = (t.app.passwords.hashed(), t.count(rows).await, t.count("select writes from orgs").await);
        answer.headers.remove("x-request-id");
        let work = (after.0 - before.0, after.1 - before.1, after.2 - before.2);
        assert_eq!(work, (1, 1, 1), "{email}: hashes, rows, transactions");
        seen.push((answer.status, answer.headers, answer.body));
    }
    assert_eq!(seen[0], seen[2]);
    assert_eq!(seen[1], seen[2]);
    // another organization's members are nobody here
    let elsewhere = json!({
        "organization": "elsewhere", "email": "viewer@example.com", "password": PASSWORD,
    });
    assert_eq!(Browser::new(&t).sign_in(elsewhere).await.body, seen[0].2);
    assert_eq!(t.app.passwords.hashed(), 5, "one when it was set, one each time");
}

#[tokio::test]
async fn the_command_line_invites_lists_and_removes() {
    let cli = Cli::new().await;
    assert!(stderr(&cli.run(&["members", "invite", "a@example.com"])).contains("--role: is required"));
    assert_eq!(cli.run(&["members", "invite", "nobody"]).status.code(), Some(2));
    let invited = cli.json(&["members", "invite", "a@example.com", "--role", "admin", "--json"], 0);
    let link = invited["link"].as_str().unwrap();
    assert!(link.starts_with("http://127.0.0.1:8080/sign-in?link="), "{link}");
    // again, for who lost it: the role stays
    cli.json(&["members", "invite", "a@example.com", "--days", "1", "--json"], 0);
    let members = cli.json(&["members", "list", "--json"], 0);
    assert_eq!((&members[0]["role"], &members[0]["has_password"]), (&json!("admin"), &json!(false)));
    let last = cli.run(&["members", "remove", "a@example.com"]);
    assert!(stderr(&last).contains("the organization would have no admin"), "{}", stderr(&last));
    cli.json(&["members", "invite", "b@example.com", "--role", "admin", "--json"], 0);
    cli.json(&["members", "remove", "a@example.com", "--json"], 0);
    assert_eq!(cli.json(&["members", "list", "--json"], 0)[0]["email"], "b@example.com");
}
