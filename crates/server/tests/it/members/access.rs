//! Every role against every operation of the document, the rate of members, and answers that they have already.

use super::Browser;
use crate::support::app::{TestApp, unlimited};
use refrain::config::{Config, ServerConfig};
use serde_json::json;
use std::collections::BTreeSet;

const VIEWER: [&str; 6] =
    ["chat-sessions:read", "insights:read", "members:read", "settings:read", "tags:read", "teams:read"];
const AGENT: [&str; 4] = ["contacts:read", "insights:write", "tags:write", "unmasked:read"];

#[tokio::test]
async fn each_role_may_call_what_its_scopes_say_and_nothing_else() {
    let t = TestApp::new().await;
    let document = t.get_ok("/openapi.json").await;
    let id = uuid::Uuid::now_v7().to_string();
    let mut called = BTreeSet::new();
    for role in ["viewer", "agent", "admin"] {
        let mut browser = Browser::of(&t, role).await;
        for (template, methods) in document["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                let path: Vec<&str> =
                    template.split('/').map(|part| if part.starts_with('{') { &id } else { part }).collect();
                let path = path.join("/");
                let method = method.to_uppercase();
                let body = (method != "GET").then(|| json!({}));
                let described = operation["description"].as_str().unwrap_or("");
                let scope =
                    described.strip_prefix("Needs the scope `").and_then(|rest| rest.split('`').next());
                let is_public = operation["security"] == json!([]);
                // the one that would end the sign-in is tried elsewhere
                if is_public || path == "/sign-out" {
                    continue;
                }
                called.insert(format!("{method} {template}"));
                // what would be told for minutes is refused for its form, once the scope is checked
                let malformed = [("last-event-id", "x")];
                let answer = browser.call_with(&method, &path, body, &malformed).await;
                let Some(scope) = scope else {
                    assert!(![401, 403].contains(&answer.status.as_u16()), "{role} {method} {path}");
                    continue;
                };
                let may =
                    role == "admin" || VIEWER.contains(&scope) || role == "agent" && AGENT.contains(&scope);
                let refusal = json!(format!("your role lacks the scope {scope}"));
                let is_refused = answer.status == 403 && answer.body["message"] == refusal;
                assert_eq!(is_refused, !may, "{role} {method} {path} {scope}: {}", answer.body);
                assert_ne!(answer.status, 401, "{role} {method} {path}");
            }
        }
    }
    assert!(called.len() > 70, "{called:?}");
    // and what is for members takes no key
    let refused = t.get("/me").await.error(403);
    assert_eq!(refused, "this takes a member who signed in, not a key");
}

#[tokio::test]
async fn a_member_has_a_rate_of_its_own_in_all_its_browsers() {
    let server = ServerConfig { rate_limit: 1_000, member_rate_limit: 2, ..ServerConfig::default() };
    let t = TestApp::with(Config { server, ..unlimited() }).await;
    let mut browser = Browser::of(&t, "viewer").await;
    let mut second = Browser::at(&t, 2);
    second.by_password("viewer@example.com", super::PASSWORD).await.ok();
    for left in (0..20).rev() {
        let answer = if left % 2 == 0 { &mut browser } else { &mut second }.get("/teams").await;
        assert_eq!(answer.headers["ratelimit-limit"], "20");
        assert_eq!(answer.headers["ratelimit-remaining"], left.to_string());
    }
    assert!(browser.get("/teams").await.headers.contains_key("retry-after"));
    assert_eq!(t.get("/teams").await.headers["ratelimit-limit"], "10000");
    assert_eq!(ServerConfig::default().member_rate_limit, 600);
}

#[tokio::test]
async fn an_answer_is_made_again_only_after_something_was_written() {
    let t = TestApp::new().await;
    let mut viewer = Browser::of(&t, "viewer").await;
    let mut agent = Browser::of(&t, "agent").await;
    let first = viewer.get("/teams").await;
    let tag = first.headers["etag"].to_str().unwrap().to_owned();
    assert_eq!(first.headers["cache-control"], "private, no-cache");
    let known = [("if-none-match", tag.as_str())];
    let again = viewer.call_with("GET", "/teams", None, &known).await;
    assert_eq!((again.status.as_u16(), &again.headers["etag"]), (304, &first.headers["etag"]));
    assert!(again.body.is_null());
    // another's answer is another's, and so is another organization's
    assert_eq!(agent.call_with("GET", "/teams", None, &known).await.status, 200);
    let other_org = t.app.find_or_create_org("other").await.unwrap();
    let other = t.key(other_org, "*").await;
    t.call_as(&other, "POST", "/teams", Some(json!({"name": "Elsewhere"}))).await.ok();
    assert_eq!(viewer.call_with("GET", "/teams", None, &known).await.status, 304);
    t.post_ok("/teams", json!({"name": "Billing"})).await;
    let changed = viewer.call_with("GET", "/teams", None, &known).await;
    assert_eq!((changed.status.as_u16(), &changed.body[0]["name"]), (200, &json!("Billing")));
    // a day begins although nothing is written
    let tag = changed.headers["etag"].to_str().unwrap().to_owned();
    t.advance(15 * 60);
    assert_eq!(viewer.call_with("GET", "/teams", None, &[("if-none-match", &tag)]).await.status, 200);
    // what quotes customers is not kept by a browser, and not made again for who keeps it all the same
    let overview = viewer.get("/overview").await;
    let tag = overview.headers["etag"].to_str().unwrap().to_owned();
    assert_eq!(overview.headers["cache-control"], "no-store");
    let again = viewer.call_with("GET", "/overview", None, &[("if-none-match", &tag)]).await;
    assert_eq!((again.status.as_u16(), &again.headers["cache-control"]), (304, &"no-store".parse().unwrap()));
    // what has personal data is kept by nobody
    let sessions = viewer.get("/chat/sessions").await;
    assert_eq!(
        (&sessions.headers["cache-control"], sessions.headers.get("etag")),
        (&"no-store".parse().unwrap(), None)
    );
}

#[tokio::test]
async fn answers_are_packed_for_who_takes_that() {
    let t = TestApp::new().await;
    for n in 0..20 {
        t.post_ok("/teams", json!({"name": format!("Team {n}"), "description": "x".repeat(200)})).await;
    }
    let mut viewer = Browser::of(&t, "viewer").await;
    let plain = viewer.get("/teams").await;
    assert!(!plain.headers.contains_key("content-encoding"));
    let packed = viewer.call_with("GET", "/teams", None, &[("accept-encoding", "gzip, br")]).await;
    assert_eq!(packed.headers["content-encoding"], "gzip");
    assert!(packed.headers["vary"].to_str().unwrap().contains("accept-encoding"));
    assert_eq!(packed.headers["etag"], plain.headers["etag"]);
    assert!(packed.body.to_string().len() < plain.body.to_string().len() / 2);
    // a few bytes are not worth it
    let small = viewer.call_with("GET", "/me", None, &[("accept-encoding", "identity")]).await;
    assert!(!small.headers.contains_key("content-encoding"));
}
