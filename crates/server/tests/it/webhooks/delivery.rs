//! Receivers that fail, stall, restart or stay away for days.

use super::DAY;
use super::{config, deliver, deliveries, hook, is_signed, names, say, taken, told};
use crate::support::app::TestApp;
use crate::support::scripted::{Asked, Reply, Server};
use refrain::db::sql;
use refrain::outbox;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

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
