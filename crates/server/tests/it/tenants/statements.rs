//! Statements end with the request that waits for them, and long ones leave room for others.

use crate::support::app::TestApp;
use futures_util::future::join_all;
use refrain::db::{Db, Value, sql};
use refrain::ids::OrgId;
use serde_json::json;
use std::future::Future as _;
use std::task::Poll;
use std::time::{Duration, Instant};
use tokio::time::timeout;

const ENDLESS: &str =
    "with recursive n(i) as (select cast(1 as bigint) union all select i + 1 from n where i < 4000000000)
    select count(*) from n";

async fn one(db: &Db) -> i64 {
    db.fetch_one::<(i64,)>(sql("select cast(1 as bigint)")).await.unwrap().0
}

/// Waits until no statement of the test runs in PostgreSQL.
async fn is_over(t: &TestApp) {
    if t.app.db.name() == "SQLite" {
        return;
    }
    let query = "select count(*) from pg_stat_activity
        where datname = current_database() and state = 'active'
        and query like '%from n where i < 4000000000%' and pid <> pg_backend_pid()";
    while t.count(query).await > 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_ends_when_nobody_waits_for_it_any_more() {
    let t = TestApp::new().await;
    let db = t.app.db.long(t.org_id);
    let other = t.app.db.long(t.app.find_or_create_org("other").await.unwrap());
    let leave = |db: Db| async move {
        timeout(Duration::from_secs(4), db.fetch_one::<(i64,)>(sql(ENDLESS))).await.is_err()
    };
    let many = tokio::spawn(join_all((0..8).map(|_| leave(db.clone()))));
    tokio::time::sleep(Duration::from_millis(100)).await;
    // while they run, short reads have connections of their own, and so has another organization
    for db in [&t.app.db, &other] {
        let since = Instant::now();
        assert_eq!(one(db).await, 1);
        // behind the others it would be more than three seconds
        assert!(since.elapsed() < Duration::from_secs(3), "{:?}", since.elapsed());
    }
    assert!(many.await.unwrap().into_iter().all(|left| left));
    let since = Instant::now();
    // all of the places again, on every connection
    join_all([&db, &db, &other, &other].map(one)).await;
    is_over(&t).await;
    // by itself it would be 25 seconds
    assert!(since.elapsed() < Duration::from_secs(15), "{:?}", since.elapsed());
}

#[tokio::test]
async fn the_plain_list_waits_for_no_long_read() {
    let t = TestApp::new().await;
    let db = t.app.db.long(t.org_id);
    let _held = [db.snapshot().await.unwrap(), db.snapshot().await.unwrap()];
    let listed = |body| timeout(Duration::from_secs(5), t.post_ok("/insights", body));
    for body in [json!({}), json!({"status": "unresolved"}), json!({"page": 2})] {
        listed(body).await.unwrap();
    }
    assert!(
        timeout(Duration::from_millis(300), t.post("/insights", json!({"sessionLanguage": "de"})))
            .await
            .is_err()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_that_is_left_ends_its_statement_too() {
    let t = TestApp::new().await;
    for _ in 0..6 {
        let mut tx = t.app.db.long(t.org_id).snapshot().await.unwrap();
        let running = tx.fetch_one::<(i64,)>(sql(ENDLESS));
        assert!(timeout(Duration::from_millis(50), running).await.is_err());
        drop(tx);
    }
    let since = Instant::now();
    let mut tx = t.app.db.long(t.org_id).snapshot().await.unwrap();
    assert_eq!(tx.fetch_one::<(i64,)>(sql("select cast(1 as bigint)")).await.unwrap().0, 1);
    tx.commit().await.unwrap();
    is_over(&t).await;
    // by itself it would be 25 seconds
    assert!(since.elapsed() < Duration::from_secs(15), "{:?}", since.elapsed());
}

/// The word that ends a statement can be at the database before the statement is.
#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_is_left_as_it_begins_ends_too() {
    let t = TestApp::new().await;
    let db = t.app.db.long(t.org_id);
    let since = Instant::now();
    for i in 0..200 {
        let leave = Duration::from_micros(20 * i);
        let running = db.fetch_one::<(i64,)>(sql(ENDLESS));
        tokio::pin!(running);
        let begun = Instant::now();
        // a timer is too coarse
        let left = std::future::poll_fn(|context| match running.as_mut().poll(context) {
            Poll::Pending if begun.elapsed() < leave => {
                context.waker().wake_by_ref();
                Poll::Pending
            }
            ended => Poll::Ready(ended.is_pending()),
        });
        assert!(left.await);
    }
    is_over(&t).await;
    assert!(since.elapsed() < Duration::from_secs(20), "{:?}", since.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn organizations_take_turns_to_write() {
    let t = TestApp::new().await;
    let other: OrgId = t.app.find_or_create_org("other").await.unwrap();
    let held = t.app.begin(t.org_id).await.unwrap();
    let many: Vec<_> = (0..40)
        .map(|_| {
            let (app, org_id) = (t.app.clone(), t.org_id);
            tokio::spawn(async move {
                let tx = app.begin(org_id).await.unwrap();
                tokio::time::sleep(Duration::from_millis(100)).await;
                tx.commit().await.unwrap();
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(100)).await;
    let since = Instant::now();
    held.commit().await.unwrap();
    t.app.begin(other).await.unwrap().commit().await.unwrap();
    // behind the others it would be four seconds
    assert!(since.elapsed() < Duration::from_secs(3), "{:?}", since.elapsed());
    for writing in many {
        writing.await.unwrap();
    }
}

#[tokio::test]
async fn rows_are_updated_without_a_look_at_all_of_the_organization() {
    let t = TestApp::new().await;
    if t.app.db.name() != "SQLite" {
        return;
    }
    let mut tx = t.app.db.begin().await.unwrap();
    // SQLite plans as if there were a million sessions
    tx.run(sql("analyze")).await.unwrap();
    tx.run(sql(
        "insert into sqlite_stat1 values ('sessions', 'sqlite_autoindex_sessions_1', '1000000 1001 1')",
    ))
    .await
    .unwrap();
    tx.run(sql("analyze sqlite_schema")).await.unwrap();
    let rows = (0..1_000).map(|i| [Value::from(uuid::Uuid::from_u128(i)), Value::from(1_i64)]);
    let mut update = sql("explain query plan with f (id, revision) as (");
    update.push_values(rows).push(") update sessions set searched_revision = f.revision");
    update.push_from_f("sessions", t.org_id);
    let plan: Vec<(i64, i64, i64, String)> = tx.fetch_all(update).await.unwrap();
    let steps: Vec<&str> =
        plan.iter().map(|step| step.3.as_str()).filter(|step| step.contains("sessions")).collect();
    assert!(
        matches!(steps[..], [step] if step.contains("SEARCH") && step.contains("(org_id=? AND id=?)")),
        "{steps:?}"
    );
}
