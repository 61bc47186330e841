//! The page caches of SQLite: each connection keeps its own.

use sqlx::{ConnectOptions, Connection};
use sqlx_sqlite::{SqliteConnectOptions, SqliteConnection};
use tempfile::TempDir;

const CONNECTIONS: usize = 4;
/// The name of the threads that run the statements of this test.
const THREAD: &str = "pages-of-";

async fn connect(folder: &TempDir, number: usize) -> SqliteConnection {
    SqliteConnectOptions::new()
        .filename(folder.path().join("pages.db"))
        .create_if_missing(true)
        .thread_name(move |_| format!("{THREAD}{number}"))
        .pragma("mmap_size", "0")
        .pragma("cache_size", "-2000")
        .connect()
        .await
        .unwrap()
}

/// The bytes that the thread of a connection has read so far.
fn bytes_read(number: usize) -> u64 {
    let threads = std::fs::read_dir("/proc/self/task").unwrap().map(|thread| thread.unwrap().path());
    let name = format!("{THREAD}{number}");
    let of_connection = |thread: &std::path::PathBuf| {
        std::fs::read_to_string(thread.join("comm")).is_ok_and(|comm| comm.trim() == name)
    };
    let thread = threads.into_iter().find(of_connection).unwrap();
    let io = std::fs::read_to_string(thread.join("io")).unwrap();
    io.lines().find_map(|line| line.strip_prefix("rchar: ")).unwrap().parse().unwrap()
}

async fn run(connection: &mut SqliteConnection, query: &'static str) -> i64 {
    sqlx::query_as::<_, (i64,)>(query).fetch_one(connection).await.unwrap().0
}

#[tokio::test]
async fn a_connection_keeps_its_pages_whatever_the_others_read() {
    let folder = TempDir::new().unwrap();
    let mut first = connect(&folder, 0).await;
    for query in [
        "create table large (x blob)",
        "create table small (x blob)",
        "with recursive n(i) as (select 1 union all select i + 1 from n where i < 4000)
            insert into large select zeroblob(2000) from n",
        "with recursive n(i) as (select 1 union all select i + 1 from n where i < 400)
            insert into small select zeroblob(2000) from n",
    ] {
        sqlx::query(query).execute(&mut first).await.unwrap();
    }
    let mut connections = vec![first];
    for number in 1..CONNECTIONS {
        connections.push(connect(&folder, number).await);
    }
    // each fills its cache, in turn
    for connection in &mut connections {
        assert_eq!(run(connection, "select sum(length(x)) from large").await, 8_000_000);
    }
    let mut read = Vec::new();
    for _ in 0..2 {
        for (number, connection) in connections.iter_mut().enumerate() {
            let before = bytes_read(number);
            assert_eq!(run(connection, "select sum(length(x)) from small").await, 800_000);
            read.push(bytes_read(number) - before);
        }
    }
    let (first, second) = read.split_at(CONNECTIONS);
    assert!(first.iter().all(|bytes| *bytes > 400_000), "{first:?}");
    assert!(second.iter().all(|bytes| *bytes < 100_000), "{second:?}");
    let options =
        "select count(*) from pragma_compile_options where compile_options like '%MEMORY_MANAGEMENT%'";
    assert_eq!(run(&mut connections[0], options).await, 0);
    for connection in connections {
        connection.close().await.unwrap();
    }
}
