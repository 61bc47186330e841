use super::*;

fn options(folder: &tempfile::TempDir) -> SqliteConnectOptions {
    SqliteConnectOptions::new().filename(folder.path().join("db")).create_if_missing(true)
}

#[tokio::test]
async fn a_transaction_that_is_left_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let connections = Connections::writer(options(&folder));
    connections.take(None).await.unwrap().run("create table t (a integer)").await.unwrap();
    for (leaves, rows) in [(true, 0), (false, 1), (true, 1)] {
        let mut writer = connections.take(None).await.unwrap();
        writer.begin("begin immediate");
        writer.execute(sql("insert into t values (1)")).await.unwrap();
        if leaves {
            drop(writer);
        } else {
            writer.commit().await.unwrap();
        }
        let mut writer = connections.take(None).await.unwrap();
        assert_eq!(writer.number("select count(*) from t").await.unwrap(), rows);
    }
    // what ended by itself, as on a full disk, leaves a connection that can be used
    let mut writer = connections.take(None).await.unwrap();
    writer.begin("begin");
    writer.execute(sql("select 1")).await.unwrap();
    writer.run("rollback").await.unwrap();
    drop(writer);
    let mut writer = connections.take(None).await.unwrap();
    writer.begin("begin immediate");
}

#[tokio::test]
async fn what_goes_with_a_later_statement_is_seen_by_it_and_fails_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let connections = Connections::writer(options(&folder));
    connections.take(None).await.unwrap().run("create table t (a integer)").await.unwrap();
    let insert = |a: i64| sql("insert into t values ($1) returning a").bind(a);
    let mut writer = connections.take(None).await.unwrap();
    writer.begin("begin immediate");
    for a in 0..40 {
        writer.execute_later(insert(a)).await.unwrap();
    }
    assert_eq!(writer.number("select count(*) from t").await.unwrap(), 40);
    writer.execute_later(insert(40)).await.unwrap();
    assert_eq!(writer.execute(sql("delete from t where a >= $1").bind(38)).await.unwrap(), 3);
    writer.execute_later(insert(50)).await.unwrap();
    writer.commit().await.unwrap();
    let mut writer = connections.take(None).await.unwrap();
    writer.begin("begin immediate");
    writer.execute_later(insert(51)).await.unwrap();
    writer.execute_later(sql("insert into nothing values (1)")).await.unwrap();
    assert!(writer.commit().await.is_err());
    let mut writer = connections.take(None).await.unwrap();
    assert_eq!(writer.number("select sum(a) from t").await.unwrap(), (0..38).sum::<i64>() + 50);
}

#[tokio::test]
async fn a_statement_that_is_left_is_stopped_before_the_next_begins() {
    let folder = tempfile::tempdir().unwrap();
    let connections = Connections::readers(options(&folder), 1, None);
    let endless = "with recursive n (i) as (select 1 union all select i + 1 from n) select max(i) from n";
    for _ in 0..20 {
        let mut reader = connections.take(None).await.unwrap();
        let left = tokio::time::timeout(Duration::from_millis(5), reader.number(endless)).await;
        assert!(left.is_err());
        drop(reader);
        let mut reader = connections.take(None).await.unwrap();
        assert_eq!(reader.number("select 7").await.unwrap(), 7);
    }
}

#[tokio::test]
async fn what_is_not_used_is_closed_and_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let connections = Connections::readers(options(&folder), 2, Some(Duration::from_millis(20)));
    for _ in 0..2 {
        let both = (connections.take(None).await.unwrap(), connections.take(None).await.unwrap());
        drop(both);
        assert_eq!(connections.free().len(), 2);
        while !connections.free().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    connections.close().await;
    assert!(connections.take(None).await.is_err());
}
