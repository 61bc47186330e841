//! The queue: done at least once, written down once.

use crate::support::app::TestApp;
use refrain::db::sql;
use refrain::insights::Consolidate;
use refrain::jobs;
use serde_json::json;

#[tokio::test]
async fn a_job_that_fails_is_tried_again_less_and_less_often_and_set_aside_in_the_end() {
    let t = TestApp::new().await;
    t.session_saying("Where is my parcel?").await;
    t.execute(sql("alter table statements rename to statements_away")).await;
    let mut waits = Vec::new();
    while t.count("select count(*) from jobs where failed_at is null").await > 0 {
        assert!(jobs::run_next(&t.app).await.unwrap(), "it is due");
        let run_at = t.count("select max(run_at) from jobs").await;
        waits.push((run_at - t.app.clock.now().micros()) / 1_000_000);
        t.advance(300);
    }
    assert_eq!(waits, [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
    assert!(!jobs::run_next(&t.app).await.unwrap(), "it waits for a person");
    let work = t.get_ok("/jobs").await;
    let failed = &work["failed"][0];
    assert_eq!((&failed["kind"], &failed["attempts"]), (&json!("read_sessions"), &json!(10)), "{work:#}");
    assert_eq!((&work["reading"]["done"], &work["reading"]["total"]), (&json!(0), &json!(1)));
    // who looks after the cause has it tried again
    t.post("/jobs/retry", json!({})).await.error(400);
    assert_eq!(t.post_ok("/jobs/retry", json!({"ids": [uuid::Uuid::nil()]})).await["retried"], 0);
    t.execute(sql("alter table statements_away rename to statements")).await;
    assert_eq!(t.post_ok("/jobs/retry", json!({"ids": [failed["id"]]})).await["retried"], 1);
    // a chat in which nothing is said yet has nothing to read
    t.post_ok("/chat/sessions", json!({})).await;
    while jobs::run_next(&t.app).await.unwrap() {}
    let work = t.get_ok("/jobs").await;
    assert_eq!((&work["reading"]["done"], &work["reading"]["total"]), (&json!(2), &json!(2)), "{work:#}");
    assert_eq!(work["failed"], json!([]), "{work:#}");
    assert!(work["reading"]["per_second"].as_f64().unwrap() > 0.0);
    let few = t.key(t.org_id, "insights:read").await;
    t.call_as(&few, "GET", "/jobs", None).await.error(403);
}

#[tokio::test]
async fn a_job_that_nobody_can_read_is_set_aside_at_once_and_holds_up_no_other() {
    let t = TestApp::new().await;
    for text in ["Where is my parcel?", "I want a refund", "The app crashes at login"] {
        t.session_saying(text).await;
        t.advance(1);
    }
    for (change, first) in [
        ("payload = '{\"kind\": \"read_sessions\"}'", "order by run_at limit 1"),
        ("kind = 'read_minds'", "and payload like '%[%' order by run_at limit 1"),
    ] {
        let job = format!("select id from jobs where kind = 'read_sessions' {first}");
        t.execute(sql(&format!("update jobs set {change} where id = ({job})"))).await;
    }
    while jobs::run_next(&t.app).await.unwrap() {}
    let failed = sql("select kind, attempts, last_error from jobs where failed_at is not null order by kind");
    let failed: Vec<(String, i64, String)> = t.app.db.fetch_all(failed).await.unwrap();
    // the second was tried with the third, and then alone
    let expected = [
        ("read_minds", 1, "this release does not know the kind of job"),
        ("read_sessions", 2, "reading the payload: missing field `session_ids` at line 1 column 25"),
    ];
    assert_eq!(failed, expected.map(|(kind, attempts, error)| (kind.to_owned(), attempts, error.to_owned())));
    assert_eq!(t.count("select count(*) from statements").await, 1, "the third is done");
}

#[tokio::test]
async fn readings_that_wait_are_done_together_and_fail_apart() {
    let t = TestApp::new().await;
    for i in 0..40 {
        t.session_saying(&format!("Where is my parcel number {i}?")).await;
    }
    let waiting = "select count(*) from jobs where kind = 'read_sessions'";
    assert!(jobs::run_next(&t.app).await.unwrap());
    assert_eq!((t.count(waiting).await, t.count("select count(*) from statements").await), (8, 32));
    let last = "select id from jobs where kind = 'read_sessions' order by id desc limit 1";
    t.execute(sql(&format!("update jobs set payload = '{{}}' where id = ({last})"))).await;
    while jobs::run_next(&t.app).await.unwrap() {}
    assert_eq!(t.count("select count(*) from statements").await, 39, "seven of them are done");
    assert_eq!(t.count("select attempts from jobs where failed_at is not null").await, 2);
}

#[tokio::test]
async fn a_job_waits_in_the_form_that_other_releases_read() {
    let t = TestApp::new().await;
    let session = t.session_saying("Where is my parcel?").await;
    let mut tx = t.app.begin(t.org_id).await.unwrap();
    jobs::enqueue(&mut tx, &Consolidate {}).await.unwrap();
    tx.commit().await.unwrap();
    let waiting = sql("select dedupe_key, payload from jobs order by kind");
    let waiting: Vec<(String, String)> = t.app.db.fetch_all(waiting).await.unwrap();
    let expected = [
        ("consolidate".to_owned(), r#"{"kind":"consolidate"}"#.to_owned()),
        (
            format!("read_sessions:{session}"),
            format!(r#"{{"kind":"read_sessions","session_ids":["{session}"]}}"#),
        ),
    ];
    assert_eq!(waiting, expected);
}

#[tokio::test]
async fn equal_jobs_that_wait_are_one() {
    let t = TestApp::new().await;
    for _ in 0..5 {
        let mut tx = t.app.begin(t.org_id).await.unwrap();
        jobs::enqueue(&mut tx, &Consolidate {}).await.unwrap();
        tx.commit().await.unwrap();
    }
    assert_eq!(t.count("select count(*) from jobs").await, 1);
    t.run_jobs().await;
    assert_eq!(t.count("select count(*) from jobs where kind = 'consolidate'").await, 0);
}

#[tokio::test]
async fn work_of_a_worker_that_died_is_done_by_another() {
    let t = TestApp::new().await;
    t.session_saying("Where is my parcel?").await;
    // leased, and nobody there to renew it
    let until = t.app.clock.now().plus(10_000_000);
    let query = sql("update jobs set lease_id = id, leased_until = $1, attempts = 1 where kind is not null");
    t.execute(query.bind(until)).await;
    assert!(!jobs::run_next(&t.app).await.unwrap(), "the lease holds");
    t.advance(11);
    assert!(jobs::run_next(&t.app).await.unwrap());
    assert_eq!(t.count("select count(*) from statements").await, 1);
}
