//! `/imports`: files over the API.

use super::line;
use crate::support::app::{Answer, TestApp, TestDatabase, unlimited};
use crate::support::cli::Cli;
use axum::body::{Body, Bytes};
use axum::http::Request;
use refrain::app::App;
use refrain::config::{Config, DatabaseConfig, ServerConfig};
use refrain::jobs;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const BOUNDARY: &str = "boundary-of-the-test";

/// The product with a data folder of its own.
struct Importing {
    t: TestApp,
    data: TempDir,
}

fn config(data: &Path, import_megabytes: u64) -> Config {
    Config {
        database: DatabaseConfig { data: data.to_owned(), ..DatabaseConfig::default() },
        server: ServerConfig { import_megabytes, ..unlimited().server },
        ..Config::default()
    }
}

impl Importing {
    async fn new() -> Self {
        Self::with_megabytes(100).await
    }

    async fn with_megabytes(import_megabytes: u64) -> Self {
        let data = TempDir::new().unwrap();
        let t = TestApp::on(TestDatabase::new().await, config(data.path(), import_megabytes)).await;
        std::fs::create_dir(data.path().join("inbox")).unwrap();
        Self { t, data }
    }

    fn put(&self, name: &str, content: &str) -> PathBuf {
        let path = self.data.path().join("inbox").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    async fn upload_as(&self, token: &str, fields: &[(&str, &str)], name: &str, content: &str) -> Answer {
        self.t.send(request(token, Body::from(form(fields, name, content)))).await
    }

    async fn upload(&self, fields: &[(&str, &str)], name: &str, content: &str) -> Answer {
        self.upload_as(&self.t.token, fields, name, content).await
    }

    /// The files that uploads left in the inbox.
    fn left(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut folders = vec![self.data.path().join("inbox/.uploads")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                let path = entry.path();
                if path.is_dir() { folders.push(path) } else { found.push(path) }
            }
        }
        found
    }

    async fn show(&self, import: &Value) -> Value {
        self.t.get_ok(&format!("/imports/{}", id(import))).await
    }

    async fn cancel(&self, import: &Value) -> Answer {
        self.t.post(&format!("/imports/{}/cancel", id(import)), json!({})).await
    }
}

fn id(import: &Value) -> &str {
    import["id"].as_str().unwrap_or_else(|| panic!("{import}"))
}

fn form(fields: &[(&str, &str)], name: &str, content: &str) -> String {
    let field = |(name, value): &(&str, &str)| {
        format!("--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let fields: String = fields.iter().map(field).collect();
    let head = format!("content-disposition: form-data; name=\"file\"; filename=\"{name}\"");
    format!(
        "{fields}--{BOUNDARY}\r\n{head}\r\ncontent-type: text/plain\r\n\r\n{content}\r\n--{BOUNDARY}--\r\n"
    )
}

fn request(token: &str, body: Body) -> Request<Body> {
    Request::post("/imports")
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", format!("multipart/form-data; boundary={BOUNDARY}"))
        .body(body)
        .unwrap()
}

/// Twenty conversations, and lines in which something is wrong.
fn mixed() -> String {
    let mut lines: Vec<String> =
        (0..20).map(|i| line(&i.to_string(), "Where is my parcel, it is late?")).collect();
    lines.insert(1, "{\"id\": 2, \"turns\": [".into());
    lines.insert(4, json!({"id": "x", "turns": []}).to_string());
    lines.push(
        json!({"id": "y", "created_at": "yesterday", "turns": [{"text": "=1+1 and my parcel"}]}).to_string(),
    );
    lines.join("\n")
}

fn many(count: usize) -> String {
    (0..count).map(|i| line(&i.to_string(), &format!("My parcel {i} has not arrived")) + "\n").collect()
}

#[tokio::test]
async fn an_upload_ends_as_the_commands_import() {
    let t = Importing::new().await;
    let begun = t.upload(&[("source", "shop"), ("dates", "dmy")], "../a mixed.jsonl", &mixed()).await.ok();
    assert_eq!((&begun["status"], &begun["name"]), (&json!("waiting"), &json!("a mixed.jsonl")));
    assert_eq!(begun["options"], json!({"source": "shop", "dates": "dmy", "dry_run": false}));
    assert_eq!(t.left().len(), 1);
    t.t.run_jobs().await;
    let done = t.show(&begun).await;
    assert_eq!(done["status"], "done", "{done}");
    assert_eq!((&done["insights"], &done["starts"]), (&json!(1), &json!(1)));
    assert_eq!(t.left(), Vec::<PathBuf>::new(), "the file is not needed any more");

    let cli = Cli::new().await;
    let file = cli.file("a mixed.jsonl", mixed());
    let expected = cli.json(&["import", file.to_str().unwrap(), "--json"], 3);
    let counts = &done["progress"]["conversations"];
    for (name, in_summary) in [("new", "imported"), ("changed", "updated"), ("unchanged", "unchanged")] {
        assert_eq!(counts[name], expected[in_summary], "{name}");
    }
    let plain = |faults: &Value| faults.to_string().replace(&file.display().to_string(), "a mixed.jsonl");
    assert_eq!(done["errors"]["kinds"].to_string(), plain(&expected["errors"]));
    assert_eq!(done["errors"]["count"], expected["bad"]);
    assert_eq!(done["notes"]["kinds"].to_string(), plain(&expected["notes"]["kinds"]));
    assert_eq!(done["files"].to_string(), plain(&expected["files"]));
    let records = t.t.items(&format!("/imports/{}/records", id(&done))).await;
    let kinds: Vec<(&Value, &Value)> = records.iter().map(|one| (&one["kind"], &one["line"])).collect();
    let (error, note) = (json!("error"), json!("note"));
    assert_eq!(kinds, [(&error, &json!(2)), (&error, &json!(5)), (&note, &json!(23))], "{records:?}");

    // the same once more: nothing is other than before
    let again = t.upload(&[("source", "shop")], "a.jsonl", &mixed()).await.ok();
    t.t.run_jobs().await;
    let counts = &t.show(&again).await["progress"]["conversations"];
    assert_eq!(*counts, json!({"new": 0, "changed": 0, "unchanged": 21}));
    let listed = t.t.items("/imports").await;
    assert_eq!(listed.iter().map(id).collect::<Vec<_>>(), [id(&again), id(&begun)]);
}

#[tokio::test]
async fn what_is_wrong_comes_in_pages_and_as_a_table() {
    let t = Importing::new().await;
    let lines: Vec<String> = (0..120).map(|i| json!({"id": i, "turns": []}).to_string()).collect();
    let begun = t.upload(&[], "=a.jsonl", &lines.join("\n")).await.ok();
    t.t.run_jobs().await;
    let path = format!("/imports/{}/records", id(&begun));
    let records = t.t.items(&path).await;
    assert_eq!(records.len(), 120);
    assert_eq!(records[119]["line"], 120);
    assert_eq!(t.t.get_ok(&format!("{path}?kind=note")).await["items"], json!([]));
    let csv = t.t.get(&format!("{path}?format=csv&kind=error")).await;
    assert_eq!(csv.headers["content-type"], "text/csv; charset=utf-8");
    let csv = csv.body.as_str().unwrap();
    assert_eq!(csv.lines().count(), 121);
    assert!(csv.starts_with("\u{feff}kind,file,line,reason\nerror,'=a.jsonl,1,turns: "), "{csv}");
    assert!(t.t.get(&format!("{path}?format=xml")).await.error(400).starts_with("format: "));
}

#[tokio::test]
async fn a_dry_run_shows_what_the_command_shows_and_writes_nothing() {
    let t = Importing::new().await;
    let table = "Ticket,Body,Von\n1,My parcel is late,boss\n2,,boss\n3,Where is my refund,owner\n";
    let fields =
        [("dry_run", "true"), ("map", "text=Body,id=Ticket"), ("map", "role=Von"), ("role", "boss=agent")];
    let shown = t.upload(&fields, "a.csv", table).await.ok();
    let cli = Cli::new().await;
    let file = cli.file("a.csv", table);
    let args = [
        "import",
        file.to_str().unwrap(),
        "--dry-run",
        "--json",
        "--map",
        "text=Body,id=Ticket,role=Von",
        "--role",
        "boss=agent",
    ];
    let expected = cli.json(&args, 3).to_string().replace(&file.display().to_string(), "a.csv");
    assert_eq!(shown.to_string(), expected);
    assert_eq!(shown["conversations"], 2, "{shown}");
    t.put("b.csv", table);
    let same = json!({"path": "b.csv", "dry_run": true, "map": ["text=Body,id=Ticket,role=Von"], "role": ["boss=agent"]});
    let same = t.t.post_ok("/imports", same).await;
    assert_eq!(same.to_string(), expected.replace("a.csv", "b.csv"));
    for table in ["sessions", "imports", "import_records", "jobs"] {
        assert_eq!(t.t.count(&format!("select count(*) from {table}")).await, 0, "{table}");
    }
    assert_eq!(t.left(), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn an_organization_has_one_import_under_way() {
    let t = Importing::new().await;
    t.put("a.jsonl", &mixed());
    let first = t.t.post_ok("/imports", json!({"path": "a.jsonl"})).await;
    let says = format!("the import {} is under way", id(&first));
    assert_eq!(t.t.post("/imports", json!({"path": "a.jsonl"})).await.error(409), says);
    assert_eq!(t.upload(&[], "b.jsonl", &mixed()).await.error(409), says);
    assert_eq!(t.left(), Vec::<PathBuf>::new());
    t.upload(&[("dry_run", "true")], "b.jsonl", &mixed()).await.ok();
    // others are in nobody's way, and know nothing of it
    let other = t.t.app.find_or_create_org("other").await.unwrap();
    let token = t.t.key(other, "*").await;
    let theirs = t.upload_as(&token, &[], "c.jsonl", &mixed()).await.ok();
    assert_eq!(
        t.t.call_as(&token, "GET", &format!("/imports/{}", id(&first)), None).await.error(404),
        "import not found"
    );
    for path in ["/cancel", "/records"] {
        let (method, path) =
            (if path == "/cancel" { "POST" } else { "GET" }, format!("/imports/{}{path}", id(&theirs)));
        assert_eq!(t.t.call_as(&t.t.token, method, &path, None).await.error(404), "import not found");
    }
    // one that waits can be canceled, and the next begun
    assert_eq!(t.cancel(&first).await.ok()["status"], "canceled");
    assert_eq!(t.cancel(&first).await.ok()["status"], "canceled");
    let second = t.upload(&[], "b.jsonl", &mixed()).await.ok();
    assert_eq!(t.cancel(&second).await.ok()["status"], "canceled");
    assert_eq!(t.left().len(), 1, "the other organization's");
    t.t.run_jobs().await;
    assert_eq!(t.t.count("select count(*) from sessions").await, 21);
    let shown = async || t.t.call_as(&token, "GET", &format!("/imports/{}", id(&theirs)), None).await.ok();
    while shown().await["status"] == "running" {
        t.t.advance(1);
        while jobs::run_next(&t.t.app).await.unwrap() {}
    }
    assert_eq!(shown().await["status"], "done");
    assert_eq!(
        t.t.call_as(&token, "POST", &format!("/imports/{}/cancel", id(&theirs)), None).await.error(409),
        "the import has ended"
    );
    let kinds: Vec<Value> = t.t.items("/audit-log").await.iter().map(|entry| entry["kind"].clone()).collect();
    assert_eq!(
        kinds[..4],
        ["import.canceled", "import.started", "import.canceled", "import.started"],
        "{kinds:?}"
    );
    let reading = t.t.key(t.t.org_id, "imports:read").await;
    assert_eq!(t.t.call_as(&reading, "POST", "/imports", Some(json!({"path": "a.jsonl"}))).await.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_stops_when_it_is_canceled_and_what_is_written_stays() {
    let t = Importing::new().await;
    let begun = t.upload(&[], "a.jsonl", &many(20_000)).await.ok();
    let app = t.t.app.clone();
    let job = tokio::spawn(async move { jobs::run_next(&app).await });
    let mut seen = Value::Null;
    let started = Instant::now();
    while seen["progress"]["conversations"]["new"].as_i64().unwrap_or(0) == 0 {
        assert!(started.elapsed() < Duration::from_mins(1), "{seen}");
        tokio::time::sleep(Duration::from_millis(50)).await;
        seen = t.show(&begun).await;
    }
    assert_eq!((&seen["status"], &seen["progress"]["phase"]), (&json!("running"), &json!("importing")));
    let canceled = Instant::now();
    t.cancel(&begun).await.ok();
    assert!(job.await.unwrap().unwrap());
    assert!(canceled.elapsed() < Duration::from_secs(15), "{:?}", canceled.elapsed());
    let count = t.t.count("select count(*) from sessions").await;
    assert!((1..20_000).contains(&count), "{count}");
    let ended = t.show(&begun).await;
    assert_eq!(
        (&ended["status"], &ended["progress"]["conversations"]["new"]),
        (&json!("canceled"), &json!(count))
    );
    assert_eq!(t.left(), Vec::<PathBuf>::new());
    assert_eq!(t.t.count("select count(*) from jobs where kind like '%import%'").await, 0);
}

#[tokio::test]
async fn a_path_stays_in_the_inbox_and_in_ones_own_part_of_it() {
    let t = Importing::new().await;
    std::fs::write(t.data.path().join("secret.jsonl"), line("1", "SECRET")).unwrap();
    let other = t.t.app.find_or_create_org("other").await.unwrap();
    t.put(&format!("{other}/b.jsonl"), &line("1", "My parcel is late"));
    t.put("a.jsonl", &line("1", "My parcel is late"));
    std::os::unix::fs::symlink("../secret.jsonl", t.data.path().join("inbox/link")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", t.data.path().join("inbox/zero")).unwrap();
    let theirs = format!("{other}/b.jsonl");
    for path in
        ["../secret.jsonl", "/etc/passwd", "link", "zero", "missing", ".", "a.jsonl/..", ".uploads", &theirs]
    {
        let error = t.t.post("/imports", json!({"path": path})).await.error(400);
        assert!(
            error.starts_with("path: ") && !error.contains("secret") && !error.contains('/'),
            "{path}: {error}"
        );
    }
    assert_eq!(t.t.post("/imports", json!({})).await.error(400), "path: is required, or a form with a file");
    let token = t.t.key(other, "*").await;
    let body = |path: &str| Some(json!({"path": path, "dry_run": true}));
    assert_eq!(t.t.call_as(&token, "POST", "/imports", body("b.jsonl")).await.ok()["conversations"], 1);
    let error = t.t.call_as(&token, "POST", "/imports", body("a.jsonl")).await.error(400);
    assert_eq!(error, format!("path: there is no such file, nor a folder with files, in inbox/{other}"));
}

#[tokio::test]
async fn a_wrong_option_is_named_wherever_it_is_given() {
    let t = Importing::new().await;
    t.put("a.jsonl", &mixed());
    for (name, value, says) in [
        ("format", "SECRET", "format: "),
        ("dates", "SECRET", "dates: "),
        ("colour", "SECRET", "colour: is not known"),
        ("role", "SECRET=chief", "role[0]: expected contact, agent, ai or system"),
        ("map", "SECRET=x", "map[0]: expected one of id"),
        ("source", " ", "source: expected text that is not blank"),
        ("dry_run", "SECRET", "dry_run: "),
    ] {
        let error = t.upload(&[(name, value)], "a.jsonl", &mixed()).await.error(400);
        assert!(error.starts_with(says) && !error.contains("SECRET"), "{name}: {error}");
        let listed = if ["role", "map"].contains(&name) { json!([value]) } else { json!(value) };
        let error = t.t.post("/imports", json!({"path": "a.jsonl", name: listed})).await.error(400);
        assert!(error.starts_with(says) && !error.contains("SECRET"), "{name}: {error}");
    }
    let twice = t.upload(&[("source", "a"), ("source", "b")], "a.jsonl", &mixed()).await;
    assert_eq!(twice.error(400), "source: given more than once");
    let path = t.upload(&[("path", "a.jsonl")], "a.jsonl", &mixed()).await;
    assert_eq!(path.error(400), "path: expected none beside a file");
    assert_eq!(t.left(), Vec::<PathBuf>::new());
    assert_eq!(t.t.count("select count(*) from imports").await, 0);
    // what only reading tells is the import's end
    let begun = t.upload(&[("format", "whatsapp")], "a.txt", "no chat at all").await.ok();
    t.t.run_jobs().await;
    let failed = t.show(&begun).await;
    assert!(failed["status"] == "failed" || failed["errors"]["count"] == 1, "{failed}");
}

#[tokio::test]
async fn a_file_that_is_too_large_or_does_not_come_whole_leaves_nothing() {
    let t = Importing::with_megabytes(1).await;
    let error = t.upload(&[], "a.jsonl", &many(20_000)).await.error(413);
    assert_eq!(error, "the body is larger than 1000000 bytes");
    assert_eq!(t.left(), Vec::<PathBuf>::new());
    let whole = form(&[], "a.jsonl", &many(1_000));
    let half = Bytes::from(whole[..whole.len() / 2].to_owned());
    let broken: [std::io::Result<Bytes>; 2] = [Ok(half.clone()), Err(std::io::Error::other("gone"))];
    for body in [Body::from(half), Body::from_stream(futures_util::stream::iter(broken))] {
        assert_eq!(t.t.send(request(&t.t.token, body)).await.error(400), "body: it did not arrive whole");
    }
    // a client that stops sending and leaves
    let begun =
        futures_util::stream::iter([Ok::<_, std::io::Error>(Bytes::from(whole[..20_000].to_owned()))]);
    let waiting = futures_util::StreamExt::chain(begun, futures_util::stream::pending());
    let sent = t.t.send(request(&t.t.token, Body::from_stream(waiting)));
    assert!(tokio::time::timeout(Duration::from_secs(1), sent).await.is_err());
    assert_eq!(t.left(), Vec::<PathBuf>::new());
    assert_eq!(t.upload(&[], "a.jsonl", "").await.ok()["status"], "waiting", "the next has its place");
}

#[tokio::test]
async fn of_several_processes_the_one_that_has_the_file_takes_the_import() {
    let t = Importing::new().await;
    let begun = t.upload(&[], "a.jsonl", &mixed()).await.ok();
    let data = TempDir::new().unwrap();
    let elsewhere = App::new(t.t.app.db.clone(), t.t.app.clock.clone(), config(data.path(), 100));
    assert!(!jobs::run_next(&elsewhere).await.unwrap());
    elsewhere.place.id().unwrap();
    assert!(!jobs::run_next(&elsewhere).await.unwrap(), "the folder has another id");
    assert_eq!(t.show(&begun).await["status"], "waiting");
    // one that was started anew on the folder
    let here = App::new(t.t.app.db.clone(), t.t.app.clock.clone(), config(t.data.path(), 100));
    assert!(jobs::run_next(&here).await.unwrap());
    // what follows needs no file
    while t.show(&begun).await["status"] == "running" {
        while jobs::run_next(&elsewhere).await.unwrap() {}
        t.t.advance(1);
    }
    assert_eq!(t.show(&begun).await["status"], "done");
}

#[tokio::test]
async fn what_imports_said_is_forgotten_with_a_contact() {
    let t = Importing::new().await;
    let begun = t.upload(&[("me", "Zebulon")], "Chat with Zebulon.jsonl", &mixed()).await.ok();
    t.t.run_jobs().await;
    let contact = t.t.post_ok("/contacts", json!({"contact": {"email": "z@example.com"}})).await;
    t.t.call_as(&t.t.token, "DELETE", &format!("/contacts/{}", id(&contact)), None).await;
    let after = t.show(&begun).await;
    assert!(!after.to_string().contains("Zebulon"), "{after}");
    assert_eq!(after["progress"]["conversations"]["new"], 21);
    assert_eq!(t.t.items(&format!("/imports/{}/records", id(&begun))).await, Vec::<Value>::new());
}

#[tokio::test]
async fn the_last_hundred_imports_are_kept() {
    let t = Importing::new().await;
    t.put("a.jsonl", &line("1", "My parcel is late"));
    for _ in 0..103 {
        let begun = t.t.post_ok("/imports", json!({"path": "a.jsonl"})).await;
        t.cancel(&begun).await.ok();
        t.t.advance(1);
    }
    assert_eq!(t.t.items("/imports").await.len(), 100);
}
