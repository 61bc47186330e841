//! The queue: done at least once, written down once.

use crate::support::app::TestApp;
use refrain::db::sql;
use refrain::jobs::{self, Job};

#[tokio::test]
async fn a_job_that_fails_is_tried_again_later_and_less_and_less_often() {
    let t = TestApp::new().await;
    t.session_saying("Where is my parcel?").await;
    // a payload that no worker understands
    t.execute(sql("update jobs set payload = '{\"kind\": \"read_sessions\"}' where kind = 'read_sessions'"))
        .await;
    let mut waits = Vec::new();
    for _ in 0..12 {
        assert!(jobs::run_next(&t.app).await.is_err() || !jobs::run_next(&t.app).await.unwrap());
        waits.push(t.count("select coalesce(max(attempts), 0) from jobs").await);
        t.advance(600);
    }
    assert!(waits.windows(2).all(|pair| pair[0] <= pair[1]), "{waits:?}");
}

#[tokio::test]
async fn equal_jobs_that_wait_are_one() {
    let t = TestApp::new().await;
    for _ in 0..5 {
        let mut tx = t.app.begin(t.org_id).await.unwrap();
        jobs::enqueue(&mut tx, &Job::Consolidate).await.unwrap();
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
