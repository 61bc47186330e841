//! Webhooks whose receivers fail, stall, restart or should never be asked, and senders that die.

use crate::app::TestApp;
use crate::commands::Cli;
use crate::scripted::{Asked, Reply, Server};
use crate::webhooks::{config, deliver, deliveries, hook, is_signed, names, say, taken, told};
use refrain::app::App;
use refrain::db::{Db, sql};
use refrain::outbox;
use refrain::time::Clock;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

const DAY: i64 = 86_400;

/// Whether the receiver of the next test takes a request.
fn is_taken(number: usize) -> bool {
    number % 3 == 2 || number > 40
}

#[tokio::test]
async fn a_receiver_that_fails_stalls_and_restarts_gets_everything_in_order() {
    let script = |number: usize, _: &Asked| match number {
        _ if is_taken(number) => Reply::Http(204, "", String::new()),
        4 | 13 => Reply::Silence,
        _ if number.is_multiple_of(2) => Reply::Http(503, "", "{}".into()),
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
async fn private_addresses_are_never_asked() {
    let server = Server::new(taken).await;
    let mut config = config();
    config.webhooks.private = false;
    let t = TestApp::with(config).await;
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
    let sender = tokio::spawn(async move { outbox::dispatch_due(&app).await });
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
    let [a, b, c] = replicas.each_ref().map(outbox::dispatch_due);
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
    outbox::forget_old(&t.app).await.unwrap();
    assert_eq!(t.count("select count(*) from deliveries").await, 1);
    t.advance(23 * DAY);
    outbox::forget_old(&t.app).await.unwrap();
    assert_eq!(t.count("select count(*) from deliveries").await, 0);
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
    outbox::dispatch_due(&app).await.unwrap();
    let asked = receiver.asked().split_off(in_vain);
    let message_id = |asked| told(asked)["data"]["message_id"].as_str().unwrap().to_owned();
    let told: Vec<String> = asked.iter().map(message_id).collect();
    let rows: Vec<(uuid::Uuid,)> =
        app.db.fetch_all(sql("select id from messages where sender = 'contact' order by seq")).await.unwrap();
    let stored: Vec<String> = rows.iter().map(|(id,)| id.to_string()).collect();
    assert_eq!(told, stored, "all that is stored, in order, and nothing else");
    let told: HashSet<String> = told.into_iter().collect();
    assert!(acknowledged.iter().all(|id| told.contains(id)));
    assert_eq!(cli.run(&["doctor"]).status.code(), Some(0));
    let mut tx = app.db.begin().await.unwrap();
    tx.execute(sql("update deliveries set state = 'dead' where state = 'delivered'")).await.unwrap();
    tx.commit().await.unwrap();
    app.db.close().await;
    let doctor = cli.json(&["doctor", "--json"], 1);
    let checks = doctor["checks"].as_array().unwrap();
    let dead = checks.iter().find(|check| check["check"] == "no delivery to a webhook was given up").unwrap();
    assert_eq!(dead["violations"], stored.len());
}

#[tokio::test]
async fn deliveries_of_a_kind_that_this_release_does_not_know_are_left_to_one_that_does() {
    let server = Server::new(taken).await;
    let t = TestApp::with(config()).await;
    let (hook, _) = hook(&t, &server, Value::Null).await;
    let session = t.session_saying("Where is my parcel?").await;
    t.execute(sql("update deliveries set destination = 'pigeon'")).await;
    say(&t, &session, "Anybody there?").await;
    deliver(&t).await;
    assert!(server.asked().is_empty());
    assert_eq!(deliveries(&t, &hook, "waiting").await.len(), 3);
    t.execute(sql("update deliveries set destination = 'webhook'")).await;
    deliver(&t).await;
    assert_eq!(deliveries(&t, &hook, "delivered").await.len(), 3);
}

#[tokio::test]
async fn what_a_transaction_counts_is_counted_once_it_is_committed() {
    let t = TestApp::new().await;
    let count = Arc::new(AtomicU64::new(0));
    for is_committed in [false, true] {
        let mut tx = t.app.begin(t.org_id).await.unwrap();
        tx.count(metrics::Counter::from_arc(Arc::clone(&count)), 2);
        if is_committed {
            tx.commit().await.unwrap();
        }
        assert_eq!(count.load(Ordering::Relaxed), if is_committed { 2 } else { 0 });
    }
}
