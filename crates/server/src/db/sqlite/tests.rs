use super::super::query::Records;
use super::super::row::Row;
use super::super::sql::sql;
use super::*;

fn options(folder: &tempfile::TempDir) -> Options {
    Options { path: folder.path().join("db"), pragmas: String::new(), on_close: "", plans_once: true }
}

#[tokio::test]
async fn a_transaction_that_is_left_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let connections = Connections::writer(options(&folder));
    connections.take(None).await.unwrap().run("create table t (a integer)").unwrap();
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
    writer.run("rollback").unwrap();
    drop(writer);
    let mut writer = connections.take(None).await.unwrap();
    writer.begin("begin immediate");
}

type Read = (i64, f64, Option<i64>, Option<String>, Vec<u8>);

#[tokio::test]
async fn rows_are_the_same_on_whichever_thread_they_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let writer = Connections::writer(options(&folder));
    let create = "create table t (a integer, b text, c real, d blob) strict";
    writer.take(None).await.unwrap().run(create).unwrap();
    let mut tx = writer.take(None).await.unwrap();
    tx.begin("begin immediate");
    for a in 0..1_000_i64 {
        let text = (a % 3 > 0).then(|| "ü".repeat(2_000));
        let insert = sql("insert into t values ($1, $2, $3, $4)").bind(a).bind(text).bind(a as f64 / 2.0);
        assert_eq!(tx.execute(insert.bind(vec![1_u8, 2])).await.unwrap(), 1);
    }
    tx.commit().await.unwrap();
    let readers = Connections::readers(options(&folder), 1, None);
    let mut reader = readers.take(None).await.unwrap();
    let query = |at_most: i64| {
        sql("select a, c, null as e, b, d from t where a >= $1 order by a, $1 limit $2").bind(7).bind(at_most)
    };
    // what cannot be forgotten is read apart
    let mut apart: Vec<Read> = Vec::new();
    let mut take = |row: &Row<'_>| {
        assert!(row.get::<i64>("b").is_err() && row.get::<i64>("e").is_err() && row.get::<i64>("f").is_err());
        assert!(!row.get_or_default::<bool>("f")?);
        apart.push((row.get("a")?, row.get("c")?, row.get("e")?, row.get("b")?, row.get("d")?));
        Ok(())
    };
    reader.read_rows(query(1_000), &mut take).await.unwrap();
    assert_eq!(apart.len(), 993);
    let mut here: Records<Read> = Records(Vec::new());
    reader.read_rows(query(20), &mut here).await.unwrap();
    assert_eq!(here.0, apart[..20]);
    assert!(reader.number("select count(*) from t where a = $1").await.is_err());
    // an error of who reads ends the statement
    let mut fail = |_: &Row<'_>| Err(anyhow::anyhow!("no").into());
    assert!(reader.read_rows(query(1_000), &mut fail).await.is_err());
    drop(reader);
    let mut reader = readers.take(None).await.unwrap();
    assert_eq!(reader.number("select count(*) from t").await.unwrap(), 1_000);
}

#[tokio::test]
async fn a_statement_that_took_long_runs_apart_until_it_is_short_again() {
    let folder = tempfile::tempdir().unwrap();
    let readers = Connections::readers(options(&folder), 1, None);
    let count = |to: i64| {
        sql("with recursive n (i) as (select 1 union all select i + 1 from n where i < $1) select max(i) from n").bind(to)
    };
    for (to, may_take_long) in [(1, false), (1_000_000, true), (1, false)] {
        // on a busy machine a short one may take long now and then
        for _ in 0..100 {
            readers.take(None).await.unwrap().execute(count(to)).await.unwrap();
            if readers.may_take_long(&count(1)) == may_take_long {
                break;
            }
        }
        assert_eq!(readers.may_take_long(&count(1)), may_take_long, "{to}");
    }
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
