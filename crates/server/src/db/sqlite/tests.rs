use super::super::row::Row;
use super::super::sql::sql;
use super::*;

fn options(folder: &tempfile::TempDir) -> Options {
    Options { path: folder.path().join("db"), pragmas: String::new(), on_close: "" }
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

#[tokio::test]
async fn rows_are_the_same_on_whichever_thread_they_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let writer = Connections::writer(options(&folder));
    writer
        .take(None)
        .await
        .unwrap()
        .run("create table t (a integer, b text, c real, d blob) strict")
        .unwrap();
    let mut tx = writer.take(None).await.unwrap();
    tx.begin("begin immediate");
    for a in 0..1_000_i64 {
        let insert =
            sql("insert into t values ($1, $2, $3, $4)").bind(a).bind((a % 3 > 0).then(|| "ü".repeat(2_000)));
        assert_eq!(tx.execute(insert.bind(a as f64 / 2.0).bind(vec![1_u8, 2])).await.unwrap(), 1);
    }
    tx.commit().await.unwrap();
    let query = || sql("select d, a, b, c, null as e from t where a >= $1 order by a, $1").bind(7);
    let mut read = Vec::new();
    let (short, long) = (
        Connections::short_readers(options(&folder), 1),
        Connections::long_readers(options(&folder), 1, Duration::from_mins(1)),
    );
    for readers in [short, long] {
        let mut rows = Vec::new();
        let mut read_row = |row: &Row<'_>| {
            let number: (i64, f64) = (row.get("a")?, row.get("c")?);
            let rest: (Vec<u8>, Option<String>) = (row.get("d")?, row.get("b")?);
            let nothing: (Option<i64>, bool) = (row.get("e")?, row.get_or_default("f")?);
            assert!(
                row.get::<i64>("b").is_err() && row.get::<i64>("e").is_err() && row.get::<i64>("f").is_err()
            );
            rows.push((number, rest, nothing));
            Ok(())
        };
        readers.take(None).await.unwrap().read_rows(query(), &mut read_row).await.unwrap();
        assert_eq!(rows.len(), 993);
        read.push(rows);
        // an error of who reads ends the statement, and the connection goes on
        let mut reader = readers.take(None).await.unwrap();
        assert!(reader.read_rows(query(), &mut |_| Err(anyhow::anyhow!("no").into())).await.is_err());
        drop(reader);
        assert_eq!(readers.take(None).await.unwrap().number("select count(*) from t").await.unwrap(), 1_000);
        let mut unbound = readers.take(None).await.unwrap();
        assert!(unbound.number("select count(*) from t where a = $1").await.is_err());
    }
    assert_eq!(read[0], read[1]);
}

#[tokio::test]
async fn a_statement_that_took_long_runs_apart_until_it_is_short_again() {
    let folder = tempfile::tempdir().unwrap();
    let readers = Connections::short_readers(options(&folder), 1);
    let count = |to: i64| {
        sql("with recursive n (i) as (select 1 union all select i + 1 from n where i < $1) select max(i) from n").bind(to)
    };
    for (to, may_take_long) in [(1, false), (1_000_000, true), (1, false)] {
        readers.take(None).await.unwrap().execute(count(to)).await.unwrap();
        assert_eq!(readers.may_take_long(&count(1)), may_take_long, "{to}");
    }
}

#[tokio::test]
async fn a_statement_that_is_left_is_stopped_before_the_next_begins() {
    let folder = tempfile::tempdir().unwrap();
    let connections = Connections::long_readers(options(&folder), 1, Duration::from_mins(1));
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
    let connections = Connections::long_readers(options(&folder), 2, Duration::from_millis(20));
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
