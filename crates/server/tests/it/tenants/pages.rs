//! The page caches of SQLite: each connection keeps its own.

use rusqlite::Connection;
use tempfile::TempDir;

const CONNECTIONS: usize = 4;

fn connect(folder: &TempDir) -> Connection {
    let connection = Connection::open(folder.path().join("pages.db")).unwrap();
    connection.execute_batch("pragma mmap_size = 0; pragma cache_size = -2000").unwrap();
    connection
}

/// The bytes that this thread has read so far.
fn bytes_read() -> u64 {
    let io = std::fs::read_to_string("/proc/thread-self/io").unwrap();
    io.lines().find_map(|line| line.strip_prefix("rchar: ")).unwrap().parse().unwrap()
}

fn run(connection: &Connection, query: &str) -> i64 {
    connection.query_row(query, [], |row| row.get(0)).unwrap()
}

#[test]
fn a_connection_keeps_its_pages_whatever_the_others_read() {
    let folder = TempDir::new().unwrap();
    let first = connect(&folder);
    first
        .execute_batch(
            "create table large (x blob);
            create table small (x blob);
            with recursive n(i) as (select 1 union all select i + 1 from n where i < 4000)
                insert into large select zeroblob(2000) from n;
            with recursive n(i) as (select 1 union all select i + 1 from n where i < 400)
                insert into small select zeroblob(2000) from n;",
        )
        .unwrap();
    let mut connections = vec![first];
    connections.resize_with(CONNECTIONS, || connect(&folder));
    // each fills its cache, in turn
    for connection in &connections {
        assert_eq!(run(connection, "select sum(length(x)) from large"), 8_000_000);
    }
    let mut read = Vec::new();
    for _ in 0..2 {
        for connection in &connections {
            let before = bytes_read();
            assert_eq!(run(connection, "select sum(length(x)) from small"), 800_000);
            read.push(bytes_read() - before);
        }
    }
    let (first, second) = read.split_at(CONNECTIONS);
    assert!(first.iter().all(|bytes| *bytes > 400_000), "{first:?}");
    assert!(second.iter().all(|bytes| *bytes < 100_000), "{second:?}");
    let options =
        "select count(*) from pragma_compile_options where compile_options like '%MEMORY_MANAGEMENT%'";
    assert_eq!(run(&connections[0], options), 0);
}
