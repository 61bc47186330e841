//! Jobs: organizations take turns, a job has one of its key in hand, and what was just said is read beside all else.

use crate::support::app::TestApp;
use refrain::db::sql;
use refrain::insights::Consolidate;
use refrain::jobs;
use serde_json::json;
use std::time::Duration;

async fn enqueue(t: &TestApp) {
    let mut tx = t.app.begin(t.org_id).await.unwrap();
    jobs::enqueue(&mut tx, &Consolidate {}).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn an_organization_has_one_consolidation_in_hand_and_at_most_one_behind_it() {
    let t = TestApp::new().await;
    enqueue(&t).await;
    // a worker of another process has it
    let until = t.app.clock.now().plus(10_000_000);
    let taken = "update jobs set lease_id = id, leased_until = $1, attempts = 1, dedupe_key = '+consolidate'";
    t.execute(sql(taken).bind(until)).await;
    for _ in 0..3 {
        enqueue(&t).await;
    }
    assert_eq!(t.count("select count(*) from jobs").await, 2);
    assert!(!jobs::run_next(&t.app).await.unwrap(), "one is in hand");
    // the worker died
    t.advance(11);
    assert!(jobs::run_next(&t.app).await.unwrap());
    let left = "select count(*) from jobs where kind = 'consolidate'";
    assert_eq!(t.count(left).await, 1);
    assert!(jobs::run_next(&t.app).await.unwrap());
    assert_eq!(t.count(left).await, 0);
}

#[tokio::test]
async fn a_consolidation_that_steps_back_stands_for_those_that_came_meanwhile() {
    let t = TestApp::new().await;
    t.import(
        (0..5).map(|i| json!({"id": i, "turns": [{"role": "contact", "text": "Where is it?"}]})).collect(),
    )
    .await;
    enqueue(&t).await;
    // it waits for the import to be read
    t.execute(sql("update jobs set run_at = run_at + 3600000000 where kind = 'read_sessions'")).await;
    for _ in 0..5 {
        assert!(jobs::run_next(&t.app).await.unwrap());
        enqueue(&t).await;
        t.advance(1);
    }
    assert_eq!(t.count("select count(*) from jobs where kind = 'consolidate'").await, 1);
    assert_eq!(t.count("select count(*) from jobs where dedupe_key = 'consolidate'").await, 1);
}

#[tokio::test]
async fn a_long_queue_of_one_organization_holds_up_no_other() {
    let t = TestApp::new().await;
    for i in 0..50 {
        t.session_saying(&format!("Where is parcel {i}?")).await;
    }
    t.advance(60);
    let other = t.app.find_or_create_org("other").await.unwrap();
    let key = t.key(other, "chat-sessions:write,chat-sessions:read").await;
    let created = t.call_as(&key, "POST", "/chat/sessions", Some(json!({}))).await.ok();
    let path = format!("/chat/sessions/{}/send", created["id"].as_str().unwrap());
    let message = json!({"sender": "contact", "message": {"type": "text", "text": "I want a refund"}});
    t.call_as(&key, "POST", &path, Some(message)).await.ok();
    for _ in 0..2 {
        assert!(jobs::run_next(&t.app).await.unwrap());
    }
    let waiting = sql("select count(*) from jobs where kind = 'read_sessions' and org_id = $1").bind(other);
    assert_eq!(t.app.db.fetch_one::<(i64,)>(waiting).await.unwrap().0, 0, "it had its turn");
    assert_eq!(t.count("select count(*) from jobs where kind = 'read_sessions'").await, 18, "32 go together");
}

#[tokio::test]
async fn a_large_conversation_is_read_once_in_a_while() {
    let t = TestApp::new().await;
    let session = t.session_saying(&"I want a refund. ".repeat(5_000)).await;
    let read = "select count(*) from sessions where read_revision = revision";
    assert!(jobs::run_next(&t.app).await.unwrap());
    assert_eq!(t.count(read).await, 1);
    let path = format!("/chat/sessions/{session}/send");
    let message = json!({"sender": "contact", "message": {"type": "text", "text": "Please"}});
    for _ in 0..3 {
        t.post_ok(&path, message.clone()).await;
    }
    t.execute(sql("delete from jobs where kind = 'consolidate'")).await;
    assert!(!jobs::run_next(&t.app).await.unwrap(), "it waits");
    assert_eq!(t.count(read).await, 0);
    t.advance(3);
    assert!(jobs::run_next(&t.app).await.unwrap());
    assert_eq!(t.count(read).await, 1);
    t.run_jobs().await;
    assert_eq!(t.count("select count(*) from jobs").await, 0);
}

#[tokio::test]
async fn what_is_read_of_a_conversation_is_bounded() {
    let t = TestApp::new().await;
    let mut turns = vec![json!({"role": "contact", "text": "I want a refund for my order."})];
    turns.extend((0..8).map(|_| json!({"role": "agent", "text": "Some words. ".repeat(7_000)})));
    turns.push(json!({"role": "contact", "text": "The app crashes when I open it."}));
    t.import(vec![json!({"id": 1, "turns": turns})]).await;
    t.run_jobs().await;
    assert_eq!(t.count("select count(*) from sessions where read_revision = revision").await, 1);
    assert_eq!(t.count("select count(*) from statements").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_is_read_while_every_other_worker_is_busy() {
    let t = TestApp::new().await;
    // one worker, which an import keeps
    let record =
        |i: usize| json!({"id": i, "turns": [{"role": "contact", "text": format!("Where is order {i}?")}]});
    t.import((0..2_000).map(record).collect()).await;
    let workers = tokio::spawn(jobs::work(t.app.clone(), 1));
    let mut slowest = Duration::ZERO;
    for i in 0..10 {
        let session = t.session_saying(&format!("I want a refund for order {i}")).await;
        let since = std::time::Instant::now();
        let read = format!(
            "select count(*) from sessions where read_revision = revision and ticket_number = {}",
            t.get_ok(&format!("/chat/sessions/{session}")).await["ticket_number"]
        );
        while t.count(&read).await == 0 {
            assert!(since.elapsed() < Duration::from_secs(20));
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        slowest = slowest.max(since.elapsed());
    }
    assert!(t.count("select count(*) from jobs where bulk").await > 0 || slowest < Duration::from_secs(2));
    assert!(slowest < Duration::from_secs(4), "{slowest:?}");
    t.app.drain();
    workers.await.unwrap();
}
