//! Webhooks: what is told, in which order, signed by what, and what becomes of it when nobody listens.

use crate::app::TestApp;
use crate::commands::Cli;
use crate::insights::record;
use crate::scripted::{Asked, Reply, Server};
use refrain::app::App;
use refrain::config::Config;
use refrain::db::{Db, sql};
use refrain::time::Clock;
use refrain::{orgs, webhooks};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

const DAY: i64 = 86_400;

pub(crate) fn config() -> Config {
    Config { rate_limit: 0, webhooks_private: true, webhooks_timeout_seconds: 1, ..Config::default() }
}

pub(crate) fn taken(_: usize, _: &Asked) -> Reply {
    Reply::Http(200, "", "{}".into())
}

/// A webhook that is told these events, or all: its path and its secret.
pub(crate) async fn hook(t: &TestApp, server: &Server, events: Value) -> (String, String) {
    let url = format!("http://{}/hooks?a=b", server.address);
    let made = t.post_ok("/webhooks", json!({"url": url, "events": events})).await;
    (format!("/webhooks/{}", made["id"].as_str().unwrap()), made["secret"].as_str().unwrap().to_owned())
}

pub(crate) async fn deliver(t: &TestApp) {
    webhooks::deliver_due(&t.app).await.unwrap();
}

pub(crate) async fn say(t: &TestApp, session: &str, text: &str) {
    let message = json!({"sender": "contact", "message": {"type": "text", "text": text}});
    t.post_ok(&format!("/chat/sessions/{session}/send"), message).await;
}

/// What a request told.
pub(crate) fn told(asked: &Asked) -> Value {
    serde_json::from_str(&asked.body).unwrap()
}

pub(crate) fn names(server: &Server) -> Vec<String> {
    server.asked().iter().map(|asked| told(asked)["event"].as_str().unwrap().to_owned()).collect()
}

/// Whether a request is signed by this secret, as others compute it.
pub(crate) fn is_signed(asked: &Asked, secret: &str) -> bool {
    let verifier = standardwebhooks::Webhook::new(secret).unwrap();
    let timestamp = asked.header("webhook-timestamp").parse().unwrap();
    let expected = verifier.sign(asked.header("webhook-id"), timestamp, asked.body.as_bytes()).unwrap();
    asked.header("webhook-signature").split(' ').any(|signature| signature == expected)
}

async fn deliveries(t: &TestApp, hook: &str, state: &str) -> Vec<Value> {
    let page = t.get_ok(&format!("{hook}/deliveries?state={state}")).await;
    page["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_session_is_told_from_its_first_message_to_its_end_as_the_contract_says() {
    let server = Server::new(taken).await;
    let t = TestApp::with(config()).await;
    let (hook, secret) = hook(&t, &server, Value::Null).await;
    let session = json!({
        "contact": {"email": "ada@example.com", "name": "Ada", "phone_number": "+49 30 1", "custom_data": {"plan": "pro"}},
        "verified": true, "channel": {"type": "web"}, "language": "en",
        "ticketing_system": {"name": "zendesk", "external_id": "9", "id_type": "ticket_id"},
    });
    let id = t.post_ok("/chat/sessions", session).await["id"].as_str().unwrap().to_owned();
    deliver(&t).await;
    assert!(server.asked().is_empty(), "nothing was said yet");
    say(&t, &id, "Where is my refund? ☂").await;
    let path = format!("/chat/sessions/{id}");
    t.patch_ok(&path, json!({"handoff": {"summary": "Wants a refund", "sentiment": "angry"}})).await;
    let agent = json!({
        "sender": "agent", "message": {"type": "text", "text": "On its way"}, "agent": {"id": 7, "name": "Bo"},
        "should_take_over_session_from_ai": true,
    });
    t.post_ok(&format!("{path}/send"), agent).await;
    t.patch_ok(&path, json!({"status": "closed_resolved", "session_closed_payload": {"why": "paid"}})).await;
    t.patch_ok(&path, json!({"status": "closed_resolved", "tags": ["late"]})).await;
    deliver(&t).await;
    let expected = [
        "conversation.started",
        "conversation.contact_response",
        "conversation.handoff_to_human",
        "conversation.handoff_to_human",
        "conversation.agent_response",
        "conversation.closed",
    ];
    assert_eq!(names(&server), expected);
    let published: Value = serde_json::from_str(include_str!("contract/webhooks.json")).unwrap();
    for asked in server.asked() {
        assert!(is_signed(&asked, &secret));
        assert!(asked.head.starts_with("POST /hooks?a=b HTTP/1.1"), "{}", asked.head);
        assert_eq!(asked.header("content-type"), "application/json");
        let told = told(&asked);
        assert_eq!(told["organization_id"], json!(t.org_id));
        if let Some(schema) = published.get(told["event"].as_str().unwrap()) {
            jsonschema::validate(schema, &told).unwrap_or_else(|error| panic!("{error}: {told:#}"));
        }
    }
    let data: Vec<Value> = server.asked().iter().map(|asked| told(asked)["data"].clone()).collect();
    assert_eq!(data[0]["first_message"], "Where is my refund? ☂");
    assert_eq!(
        data[0]["contact"]["enriched_data"],
        json!({"email": "ada@example.com", "phone_number": "+49 30 1"})
    );
    assert_eq!(
        (&data[0]["contact"]["name"], &data[0]["contact"]["custom_objects"]),
        (&json!("Ada"), &json!({"plan": "pro"}))
    );
    assert_eq!(
        (&data[1]["response"], &data[4]["response"], &data[4]["sender_name"]),
        (&json!("Where is my refund? ☂"), &json!("On its way"), &json!("Bo"))
    );
    assert_eq!(
        (&data[2][0]["summary"], &data[2][0]["user_sentiment"]),
        (&json!("Wants a refund"), &json!("angry"))
    );
    assert_eq!(data[3][0]["reason"], "human_agent_decided_to_take_over");
    let closed = &data[5][0];
    assert_eq!((&closed["resolution_status"], &closed["closed_by"]["id"]), (&json!("resolved"), &json!(7)));
    assert_eq!((&closed["third_party_name"], &closed["message_count"]), (&json!("zendesk"), &json!(2)));
    assert_eq!(closed["session_closed_payload"]["why"], "paid");
    assert_eq!(deliveries(&t, &hook, "delivered").await.len(), 6);
    assert_eq!(t.get_ok(&hook).await["waiting"], 0);
}

#[tokio::test]
async fn a_standard_verifier_accepts_what_is_sent_now() {
    let server = Server::new(taken).await;
    let t = TestApp::with(config()).await;
    t.app.clock.advance(Clock::default().now().micros() - t.app.clock.now().micros());
    let (hook, secret) = hook(&t, &server, Value::Null).await;
    let test = t.post_ok(&format!("{hook}/test"), json!({})).await;
    assert_eq!((&test["event"], &test["state"]), (&json!("webhook.test"), &json!("waiting")));
    deliver(&t).await;
    let asked = &server.asked()[0];
    assert_eq!(asked.header("webhook-id"), test["id"]);
    let mut headers = axum::http::HeaderMap::new();
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        headers.insert(name, asked.header(name).parse().unwrap());
    }
    let verifier = standardwebhooks::Webhook::new(&secret).unwrap();
    verifier.verify(asked.body.as_bytes(), &headers).unwrap();
    assert!(verifier.verify(asked.body.replace("test", "tost").as_bytes(), &headers).is_err());
}

/// Whether the receiver of the next test takes a request.
fn is_taken(number: usize) -> bool {
    number % 3 == 2 || number > 40
}

#[tokio::test]
async fn a_receiver_that_fails_stalls_and_restarts_gets_everything_in_order() {
    let script = |number: usize, _: &Asked| match number {
        _ if is_taken(number) => Reply::Http(204, "", String::new()),
        4 | 13 => Reply::Silence,
        _ if number % 2 == 0 => Reply::Http(503, "", "{}".into()),
        _ => Reply::Raw(Vec::new()),
    };
    let mut server = Server::new(script).await;
    let t = TestApp::with(config()).await;
    let (hook, secret) = hook(&t, &server, json!(["conversation.contact_response"])).await;
    let mut sessions = Vec::new();
    for _ in 0..4 {
        sessions.push(t.post_ok("/chat/sessions", json!({})).await["id"].as_str().unwrap().to_owned());
    }
    let mut expected: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for n in 0..16 {
        let session = &sessions[n % 4];
        say(&t, session, &format!("message {n}")).await;
        expected.entry(session.clone()).or_default().push(format!("message {n}"));
    }
    let mut asked = Vec::new();
    for round in 0..60 {
        deliver(&t).await;
        if round == 5 {
            asked.extend(server.asked());
            let address = server.address;
            drop(server);
            // nobody is there for a while
            deliver(&t).await;
            t.advance(3_600);
            deliver(&t).await;
            let before = asked.len();
            server = Server::on(address, move |number, asked| script(number + before, asked)).await;
        }
        if t.get_ok(&hook).await["waiting"] == 0 {
            break;
        }
        t.advance(3_600);
    }
    asked.extend(server.asked());
    let mut taken: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut ids: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (number, asked) in asked.iter().enumerate() {
        assert!(is_signed(asked, &secret));
        let data = told(asked)["data"].clone();
        let text = |name: &str| data[name].as_str().unwrap().to_owned();
        ids.entry(text("response")).or_default().insert(asked.header("webhook-id").to_owned());
        if is_taken(number) {
            taken.entry(text("conversation_id")).or_default().push(text("response"));
        }
    }
    assert_eq!(taken, expected);
    assert!(ids.len() == 16 && ids.values().all(|ids| ids.len() == 1), "{ids:#?}");
    assert!(asked.len() > 20, "some were repeated");
    assert_eq!(t.count("select count(*) from deliveries where state <> 'delivered'").await, 0);
}

#[tokio::test]
async fn what_fails_holds_back_its_own_subject_until_it_is_given_up_and_can_be_replayed() {
    let works = Arc::new(AtomicBool::new(false));
    let is_well = Arc::clone(&works);
    let server = Server::new(move |_, asked: &Asked| {
        let status = if asked.body.contains("poison") && !is_well.load(Ordering::SeqCst) { 500 } else { 200 };
        Reply::Http(status, "", String::new())
    })
    .await;
    let t = TestApp::with(config()).await;
    let (hook, _) = hook(&t, &server, json!(["conversation.contact_response"])).await;
    let (a, b) = (t.session_saying("poison").await, t.session_saying("first").await);
    say(&t, &a, "held back").await;
    say(&t, &b, "second").await;
    let said = |server: &Server| -> Vec<String> {
        server
            .asked()
            .iter()
            .map(|asked| told(asked)["data"]["response"].as_str().unwrap().to_owned())
            .collect()
    };
    deliver(&t).await;
    assert_eq!(
        BTreeSet::from_iter(said(&server)),
        BTreeSet::from(["first", "second", "poison"].map(String::from))
    );
    let waiting = deliveries(&t, &hook, "waiting").await;
    assert_eq!(
        (waiting.len(), &waiting[0]["due_at"], &waiting[1]["last_status"]),
        (2, &Value::Null, &json!(500))
    );
    let waits = [5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800, 28_800];
    for (attempts, wait) in (1..).zip(waits) {
        assert_eq!(said(&server).iter().filter(|text| *text == "poison").count(), attempts);
        t.advance(wait - 1);
        deliver(&t).await;
        assert_eq!(said(&server).iter().filter(|text| *text == "poison").count(), attempts);
        t.advance(1);
        deliver(&t).await;
    }
    let poison = deliveries(&t, &hook, "dead").await.remove(0);
    assert_eq!((&poison["attempts"], &poison["last_error"]), (&json!(11), &json!("status 500")));
    assert_eq!(said(&server).last().unwrap(), "held back");
    // once more in vain, then for good, under the same id
    let replay = format!("{hook}/deliveries/{}/replay", poison["id"].as_str().unwrap());
    assert_eq!(t.post_ok(&replay, json!({})).await["state"], "waiting");
    assert_eq!(t.post(&replay, json!({})).await.error(409), "the delivery waits already");
    deliver(&t).await;
    assert_eq!(deliveries(&t, &hook, "waiting").await.len(), 1);
    t.patch_ok(&hook, json!({"enabled": false})).await;
    assert_eq!(t.post(&format!("{hook}/replay"), json!({})).await.error(409), "the webhook is disabled");
    t.patch_ok(&hook, json!({"enabled": true})).await;
    works.store(true, Ordering::SeqCst);
    assert_eq!(t.post_ok(&format!("{hook}/replay"), json!({})).await["replayed"], 1);
    deliver(&t).await;
    assert_eq!(server.asked().last().unwrap().header("webhook-id"), poison["id"]);
    assert_eq!(deliveries(&t, &hook, "delivered").await.len(), 4);
    let unknown = format!("{hook}/deliveries/{}/replay", uuid::Uuid::nil());
    assert_eq!(t.post(&unknown, json!({})).await.error(404), "delivery not found");
}

#[tokio::test]
async fn an_old_secret_signs_for_a_day_and_a_revoked_one_never_again() {
    let server = Server::new(taken).await;
    let t = TestApp::with(config()).await;
    let (hook, first) = hook(&t, &server, Value::Null).await;
    let rotate = async |revoke_old: bool| {
        let rotated = t.post_ok(&format!("{hook}/rotate-secret"), json!({"revoke_old": revoke_old})).await;
        rotated["secret"].as_str().unwrap().to_owned()
    };
    let signed = async |secrets: &[&String]| -> Vec<bool> {
        t.post_ok(&format!("{hook}/test"), json!({})).await;
        deliver(&t).await;
        let asked = server.asked().pop().unwrap();
        assert_eq!(
            asked.header("webhook-signature").split(' ').count(),
            secrets.iter().filter(|s| is_signed(&asked, s)).count()
        );
        secrets.iter().map(|secret| is_signed(&asked, secret)).collect()
    };
    assert!(t.get_ok(&hook).await.get("secret").is_none());
    assert!(!t.get_ok("/webhooks").await.to_string().contains("whsec_"));
    let second = rotate(false).await;
    assert_eq!(signed(&[&first, &second]).await, [true, true]);
    assert_eq!(t.get_ok(&hook).await["old_secrets_until"], "2026-06-16T12:00:00.000Z");
    t.advance(DAY);
    assert_eq!(signed(&[&first, &second]).await, [false, true]);
    let third = rotate(false).await;
    // what waits is signed when it is sent
    t.session_saying("Where is my refund?").await;
    let fourth = rotate(true).await;
    deliver(&t).await;
    let asked = server.asked().pop().unwrap();
    assert!(is_signed(&asked, &fourth) && !is_signed(&asked, &third) && !is_signed(&asked, &second));
    assert_eq!(signed(&[&first, &second, &third, &fourth]).await, [false, false, false, true]);
}

#[tokio::test]
async fn private_addresses_are_never_asked() {
    let server = Server::new(taken).await;
    let t = TestApp::with(Config { webhooks_private: false, ..config() }).await;
    for (url, error) in [
        ("http://example.com/", "url: expected https"),
        ("https://127.0.0.1/", "url: expected a public address"),
        ("https://10.0.0.1:8443/", "url: expected a public address"),
        ("https://169.254.169.254/latest", "url: expected a public address"),
        ("https://[::1]/", "url: expected a public address"),
        ("https://[::ffff:127.0.0.1]/", "url: expected a public address"),
        ("https://[fd00::1]/", "url: expected a public address"),
        ("https://[fe80::1]/", "url: expected a public address"),
        ("ftp://example.com/", "url: expected an https URL without a user"),
        ("https://user:pass@example.com/", "url: expected an https URL without a user"),
        ("example.com", "url: expected an https URL without a user"),
        (" ", "url: expected text that is not blank"),
    ] {
        assert_eq!(t.post("/webhooks", json!({"url": url})).await.error(400), error, "{url}");
    }
    let port = server.address.port();
    let url = format!("https://localhost:{port}/");
    let made = t.post_ok("/webhooks", json!({"url": url})).await;
    let hook = format!("/webhooks/{}", made["id"].as_str().unwrap());
    let attempt = async || {
        t.post_ok(&format!("{hook}/test"), json!({})).await;
        t.advance(DAY);
        deliver(&t).await;
        deliveries(&t, &hook, "waiting").await.last().unwrap()["last_error"].clone()
    };
    assert_eq!(attempt().await, "it has no public address");
    // other ways to write an address of this machine; a resolver may know them or not
    for host in ["2130706433", "0x7f.1", "127.1", "localhost."] {
        t.execute(
            sql("update webhooks set url = $1 where url <> ''").bind(format!("https://{host}:{port}/")),
        )
        .await;
        let error = attempt().await.as_str().unwrap().to_owned();
        assert!(
            error == "it has no public address" || error.starts_with("looking up its address"),
            "{host}: {error}"
        );
    }
    // made while it was allowed
    t.execute(sql("update webhooks set url = $1 where url <> ''").bind(format!("http://localhost:{port}/")))
        .await;
    assert_eq!(attempt().await, "expected https");
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn redirects_are_not_followed_and_answers_are_bounded() {
    let target = Server::new(taken).await;
    let to = target.address;
    let server = Server::new(move |number, _| match number {
        0 => Reply::Raw(
            format!("HTTP/1.1 307 X\r\nlocation: http://{to}/\r\ncontent-length: 0\r\n\r\n").into_bytes(),
        ),
        1 => Reply::Raw(
            format!("HTTP/1.1 200 X\r\na: {}\r\ncontent-length: 0\r\n\r\n", "x".repeat(1 << 20)).into_bytes(),
        ),
        2 => Reply::Raw(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec()),
        _ => Reply::Http(200, "", "x".repeat(8 << 20)),
    })
    .await;
    let t = TestApp::with(config()).await;
    let (hook, _) = hook(&t, &server, Value::Null).await;
    t.post_ok(&format!("{hook}/test"), json!({})).await;
    for status in [json!(307), Value::Null, Value::Null] {
        deliver(&t).await;
        assert_eq!(deliveries(&t, &hook, "waiting").await[0]["last_status"], status);
        t.advance(DAY);
    }
    deliver(&t).await;
    assert_eq!(deliveries(&t, &hook, "delivered").await.len(), 1);
    assert!(target.asked().is_empty());
}

#[tokio::test]
async fn a_full_queue_drops_what_comes_and_counts_it() {
    let server = Server::new(taken).await;
    let t = TestApp::with(config()).await;
    let (hook, _) = hook(&t, &server, Value::Null).await;
    t.execute(sql("update webhooks set waiting = 99999 where waiting = 0")).await;
    t.session_saying("Where is my refund?").await;
    let full = t.get_ok(&hook).await;
    assert_eq!((&full["waiting"], &full["dropped"]), (&json!(100_000), &json!(1)));
    assert_eq!(t.post(&format!("{hook}/test"), json!({})).await.error(409), "too much waits for it");
    deliver(&t).await;
    assert_eq!(names(&server), ["conversation.started"]);
    t.session_saying("Where is my parcel?").await;
    deliver(&t).await;
    assert_eq!(names(&server).len(), 2, "there is room again for one");
    for _ in 1..20 {
        t.post_ok("/webhooks", json!({"url": "http://127.0.0.1:9/"})).await;
    }
    let error = t.post("/webhooks", json!({"url": "http://127.0.0.1:9/"})).await.error(409);
    assert_eq!(error, "an organization has at most 20 webhooks");
}

#[tokio::test]
async fn a_delivery_that_nobody_wrote_down_is_repeated_under_the_same_id() {
    // the first request arrives, and the one who sent it dies before the answer
    let server =
        Server::new(|number, _| if number == 0 { Reply::Silence } else { taken(number, &Asked::default()) })
            .await;
    let t = TestApp::with(config()).await;
    let (_, secret) = hook(&t, &server, json!(["conversation.contact_response"])).await;
    let session = t.session_saying("Where is my refund?").await;
    say(&t, &session, "Hello?").await;
    let app = t.app.clone();
    let sender = tokio::spawn(async move { webhooks::deliver_due(&app).await });
    while server.asked().is_empty() {
        tokio::task::yield_now().await;
    }
    sender.abort();
    assert!(sender.await.is_err());
    t.advance(59);
    deliver(&t).await;
    assert_eq!(server.asked().len(), 1, "another replica may be at it");
    t.advance(1);
    deliver(&t).await;
    let asked = server.asked();
    assert_eq!(asked.len(), 3);
    assert_eq!(asked[0].header("webhook-id"), asked[1].header("webhook-id"));
    assert_eq!(asked[0].body, asked[1].body);
    assert!(asked[2].body.contains("Hello?") && asked.iter().all(|asked| is_signed(asked, &secret)));
}

#[tokio::test]
async fn replicas_beside_each_other_deliver_once_and_in_order() {
    let server = Server::new(taken).await;
    let t = TestApp::with(config()).await;
    let (_, _) = hook(&t, &server, json!(["conversation.contact_response"])).await;
    let mut sessions = Vec::new();
    for _ in 0..6 {
        sessions.push(t.post_ok("/chat/sessions", json!({})).await["id"].as_str().unwrap().to_owned());
    }
    for n in 0..24 {
        say(&t, &sessions[n % 6], &format!("{n:02}")).await;
    }
    let replicas = [t.app.clone(), t.app.clone(), t.app.clone()];
    let [a, b, c] = replicas.each_ref().map(webhooks::deliver_due);
    let (a, b, c) = tokio::join!(a, b, c);
    assert!(a.is_ok() && b.is_ok() && c.is_ok());
    deliver(&t).await;
    let mut told_to: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for asked in server.asked() {
        let data = told(&asked)["data"].clone();
        let text = |name: &str| data[name].as_str().unwrap().to_owned();
        told_to.entry(text("conversation_id")).or_default().push(text("response"));
    }
    assert_eq!(server.asked().len(), 24);
    assert!(told_to.values().all(|texts| texts.len() == 4 && texts.is_sorted()), "{told_to:#?}");
}

#[tokio::test]
async fn another_organization_sees_nothing() {
    let (ours, theirs) = (Server::new(taken).await, Server::new(taken).await);
    let t = TestApp::with(config()).await;
    let (hook, _) = hook(&t, &ours, Value::Null).await;
    let other = orgs::find_or_create(&t.app.db, &t.app.clock, "other").await.unwrap();
    let token = t.key(other, "*").await;
    let url = json!({"url": format!("http://{}/", theirs.address)});
    t.call_as(&token, "POST", "/webhooks", Some(url)).await.ok();
    t.session_saying("Where is my refund?").await;
    let delivery = deliveries(&t, &hook, "waiting").await[0]["id"].as_str().unwrap().to_owned();
    deliver(&t).await;
    assert_eq!((ours.asked().len(), theirs.asked().len()), (2, 0));
    for (method, path) in [
        ("GET", hook.clone()),
        ("PATCH", hook.clone()),
        ("DELETE", hook.clone()),
        ("GET", format!("{hook}/deliveries")),
        ("POST", format!("{hook}/rotate-secret")),
        ("POST", format!("{hook}/test")),
        ("POST", format!("{hook}/replay")),
        ("POST", format!("{hook}/deliveries/{delivery}/replay")),
    ] {
        let body = (method != "GET").then(|| json!({}));
        assert_eq!(
            t.call_as(&token, method, &path, body).await.error(404),
            "webhook not found",
            "{method} {path}"
        );
    }
    assert_eq!(t.call_as(&token, "GET", "/webhooks", None).await.ok().as_array().unwrap().len(), 1);
    let reader = t.key(t.org_id, "webhooks:read").await;
    t.call_as(&reader, "GET", &hook, None).await.ok();
    t.call_as(&reader, "PATCH", &hook, Some(json!({}))).await.error(403);
    let unknown = json!({"url": "http://127.0.0.1/", "events": ["insight.exploded"]});
    assert!(
        t.post("/webhooks", unknown)
            .await
            .error(400)
            .starts_with("events[0]: expected one of conversation.started,")
    );
    t.call_as(&t.token, "DELETE", &hook, None).await.ok();
    assert_eq!(t.count("select count(*) from deliveries").await, 0);
}

#[tokio::test]
async fn what_was_erased_leaves_no_more() {
    let server = Server::new(taken).await;
    let t = TestApp::with(config()).await;
    let (hook, _) = hook(&t, &server, json!(["conversation.started"])).await;
    let contact = json!({"contact": {"email": "ada@example.com", "name": "Ada"}, "verified": true});
    let session = t.post_ok("/chat/sessions", contact).await;
    let (a, contact) = (session["id"].as_str().unwrap(), session["contact_id"].as_str());
    say(&t, a, "Where is my refund?").await;
    let contact = match contact {
        Some(id) => id.to_owned(),
        None => t.get_ok("/contacts").await["items"][0]["id"].as_str().unwrap().to_owned(),
    };
    t.call_as(&t.token, "DELETE", &format!("/contacts/{contact}"), None).await.ok();
    t.session_saying("Erase me").await;
    t.execute(sql(
        "delete from sessions where id in (select session_id from messages where text = 'Erase me')",
    ))
    .await;
    deliver(&t).await;
    let asked = server.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!(told(&asked[0])["data"]["contact"], json!({"enriched_data": {}}));
    assert_eq!(deliveries(&t, &hook, "erased").await.len(), 1);
    assert_eq!(t.get_ok(&hook).await["waiting"], 0);
}

#[tokio::test]
async fn a_webhook_that_fails_for_days_is_disabled_and_says_why() {
    let status = Arc::new(std::sync::atomic::AtomicU16::new(500));
    let answered = Arc::clone(&status);
    let server =
        Server::new(move |_, _| Reply::Http(answered.load(Ordering::SeqCst), "", String::new())).await;
    let t = TestApp::with(config()).await;
    let (hook, _) = hook(&t, &server, json!(["conversation.contact_response"])).await;
    let mut hours = 0;
    while t.get_ok(&hook).await["enabled"] == true {
        assert!(hours < 24 * 5, "it is never disabled");
        if hours % 12 == 0 {
            t.session_saying("Where is my refund?").await;
        }
        deliver(&t).await;
        t.advance(3_600);
        hours += 1;
    }
    assert!(hours > 72, "{hours}");
    let off = t.get_ok(&hook).await;
    assert_eq!(off["disabled_reason"], "no delivery got through since 2026-06-15T12:00:00.000Z");
    assert_eq!(off["waiting"], 0);
    let dead = deliveries(&t, &hook, "dead").await.len();
    t.session_saying("Nobody is told").await;
    assert_eq!(t.count("select count(*) from deliveries").await, dead as i64);
    // well again: what was given up is sent
    status.store(200, Ordering::SeqCst);
    assert_eq!(t.patch_ok(&hook, json!({"enabled": true})).await["disabled_reason"], Value::Null);
    assert_eq!(t.post_ok(&format!("{hook}/replay"), json!({})).await["replayed"], dead);
    deliver(&t).await;
    assert_eq!(deliveries(&t, &hook, "delivered").await.len(), dead);
    status.store(410, Ordering::SeqCst);
    t.session_saying("Anybody there?").await;
    deliver(&t).await;
    assert_eq!(t.get_ok(&hook).await["disabled_reason"], "the receiver answered 410 Gone");
    // old deliveries are forgotten, those that were given up later
    t.advance(8 * DAY);
    webhooks::tidy(&t.app).await.unwrap();
    assert_eq!(t.count("select count(*) from deliveries").await, 1);
    t.advance(23 * DAY);
    webhooks::tidy(&t.app).await.unwrap();
    assert_eq!(t.count("select count(*) from deliveries").await, 0);
}

#[tokio::test]
async fn insights_are_told() {
    const SAID: [&str; 4] = [
        "My refund has not arrived yet",
        "Where is my refund?",
        "I forgot my password and cannot log in",
        "How do I reset my password?",
    ];
    let server = Server::new(taken).await;
    let t = TestApp::with(config()).await;
    hook(&t, &server, Value::Null).await;
    t.import((0..40).map(|i| record(i, SAID[i % 4])).collect()).await;
    t.run_jobs().await;
    deliver(&t).await;
    // what happened elsewhere is not told
    assert_eq!(names(&server), ["insight.created", "insight.created"]);
    let ids: Vec<String> = server
        .asked()
        .iter()
        .map(|asked| told(asked)["data"]["insight_id"].as_str().unwrap().to_owned())
        .collect();
    t.post_ok(&format!("/insights/{}/merge", ids[0]), json!({"insight_ids": [ids[1]]})).await;
    deliver(&t).await;
    let merged = told(&server.asked()[2]);
    assert_eq!(
        (&merged["event"], &merged["data"]["detail"]),
        (&json!("insight.merged"), &json!({"merged_id": ids[1]}))
    );
    let mut components = t.get_ok("/openapi.json").await["components"].clone();
    let schema = json!({"$ref": "#/components/schemas/PublicInsight", "components": components.take()});
    for asked in server.asked() {
        let told = told(&asked);
        jsonschema::validate(&schema, &told["data"]["insight"])
            .unwrap_or_else(|error| panic!("{error}: {told:#}"));
    }
    assert_eq!(merged["data"]["insight"]["occurrence_count"], 40);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_killed_at_any_moment_tells_what_it_acknowledged_and_nothing_else() {
    let works = Arc::new(AtomicBool::new(false));
    let is_well = Arc::clone(&works);
    let status = move || if is_well.load(Ordering::SeqCst) { 200 } else { 503 };
    let receiver = Server::new(move |_, _| Reply::Http(status(), "", String::new())).await;
    let address = receiver.address;
    let cli = Cli::new().await;
    let token =
        cli.json(&["keys", "create", "--name", "a", "--json"], 0)["token"].as_str().unwrap().to_owned();
    let mut acknowledged = Vec::new();
    let mut session = String::new();
    for round in 0..3 {
        let server = cli.serve_with(&["--webhooks-private", "true"]);
        let call = |path: &str, body: Value| {
            let (status, answer) = server.call("POST", path, &token, &body.to_string());
            assert_eq!(status, 200, "{answer}");
            serde_json::from_str::<Value>(&answer).unwrap()
        };
        if round == 0 {
            let url = format!("http://{address}/");
            call("/webhooks", json!({"url": url, "events": ["conversation.contact_response"]}));
            session = call("/chat/sessions", json!({}))["id"].as_str().unwrap().to_owned();
        }
        for n in 0..8 {
            let message = json!({"sender": "contact", "message": {"type": "text", "text": format!("quiet {round} {n}")}});
            let sent = call(&format!("/chat/sessions/{session}/send"), message);
            acknowledged.push(sent["data"]["message"]["id"].as_str().unwrap().to_owned());
        }
        // one more that may or may not arrive; dropped: SIGKILL
        let body = json!({"sender": "contact", "message": {"type": "text", "text": "cut off"}}).to_string();
        let length = body.len();
        let _unread = server.send(&format!(
            "POST /chat/sessions/{session}/send HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        ));
        drop(server);
        let log = std::fs::read_to_string(cli.database.folder.path().join("serve.log")).unwrap();
        assert!(!log.contains("quiet") && !log.contains("cut off"), "{log}");
    }
    // whatever was tried so far was in vain
    works.store(true, Ordering::SeqCst);
    let in_vain = receiver.asked().len();
    let db = Db::open(&cli.database.location()).await.unwrap();
    let clock = Clock::fixed(Clock::default().now().plus(DAY * 1_000_000));
    let app = App::new(db, clock, config());
    webhooks::deliver_due(&app).await.unwrap();
    let asked = receiver.asked().split_off(in_vain);
    let message_id = |asked| told(asked)["data"]["message_id"].as_str().unwrap().to_owned();
    let told: Vec<String> = asked.iter().map(message_id).collect();
    let rows: Vec<(uuid::Uuid,)> =
        app.db.fetch_all(sql("select id from messages where sender = 'contact' order by seq")).await.unwrap();
    let stored: Vec<String> = rows.iter().map(|(id,)| id.to_string()).collect();
    assert_eq!(told, stored, "all that is stored, in order, and nothing else");
    let told: HashSet<String> = told.into_iter().collect();
    assert!(acknowledged.iter().all(|id| told.contains(id)));
    app.db.close().await;
    assert_eq!(cli.run(&["doctor"]).status.code(), Some(0));
}
