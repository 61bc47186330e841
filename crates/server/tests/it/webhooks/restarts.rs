//! Senders that die, and senders beside each other.

use super::DAY;
use super::{config, deliver, hook, is_signed, say, taken, told};
use crate::support::app::TestApp;
use crate::support::cli::Cli;
use crate::support::scripted::{Asked, Reply, Server};
use refrain::app::App;
use refrain::db::{Db, sql};
use refrain::outbox;
use refrain::time::Clock;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

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
    assert_doctor_counts_dead(&cli, &app, stored.len()).await;
}

/// Gives every delivery up behind the product's back: the doctor lists as many.
async fn assert_doctor_counts_dead(cli: &Cli, app: &App, count: usize) {
    let mut tx = app.db.begin().await.unwrap();
    tx.execute(sql("update deliveries set state = 'dead' where state = 'delivered'")).await.unwrap();
    tx.commit().await.unwrap();
    app.db.close().await;
    let doctor = cli.json(&["doctor", "--json"], 3);
    let checks = doctor["checks"].as_array().unwrap();
    let dead = checks.iter().find(|check| check["check"] == "no delivery to a webhook was given up").unwrap();
    assert_eq!(dead["violations"], count);
}
