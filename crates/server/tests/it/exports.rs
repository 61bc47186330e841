//! `GET /exports` and `refrain export`.

use crate::app::{TestApp, TestDatabase, unlimited};
use crate::commands::{Cli, stderr};
use axum::body::{Body, Bytes};
use http_body_util::BodyExt;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use refrain::db::sql;
use refrain::imports::Record;
use refrain::keys::{self, Scopes};
use refrain::time::Timestamp;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

const TOPICS: [[&str; 6]; 4] = [
    [
        "Where is my refund? I have been waiting for it for two weeks",
        "Wo bleibt meine Rückerstattung? Ich warte seit zwei Wochen darauf",
        "¿Dónde está mi reembolso? Llevo dos semanas esperando",
        "Où est mon remboursement ? J'attends depuis deux semaines",
        "أين استرداد أموالي؟ أنتظر منذ أسبوعين",
        "返金はどこですか？2週間待っています",
    ],
    [
        "My card was declined at the shop",
        "Meine Karte wurde im Geschäft abgelehnt",
        "Mi tarjeta fue rechazada en la tienda",
        "Ma carte a été refusée au magasin",
        "הכרטיס שלי נדחה בחנות",
        "お店でカードが拒否されました",
    ],
    [
        "I can't log in, the password reset mail never arrives",
        "Ich kann mich nicht anmelden, die Mail zum Zurücksetzen kommt nie an",
        "No puedo iniciar sesión, el correo para restablecer la contraseña no llega",
        "Je n'arrive pas à me connecter, le mail de réinitialisation n'arrive jamais",
        "لا أستطيع تسجيل الدخول ولا تصل رسالة إعادة تعيين كلمة المرور",
        "ログインできません。パスワード再設定メールが届きません",
    ],
    [
        "Please cancel my order, I ordered the wrong size",
        "Bitte stornieren Sie meine Bestellung, ich habe die falsche Größe bestellt",
        "Por favor cancelen mi pedido, pedí la talla equivocada",
        "Merci d'annuler ma commande, j'ai pris la mauvaise taille",
        "من فضلك ألغ طلبي، طلبت المقاس الخطأ",
        "注文をキャンセルしてください。サイズを間違えました",
    ],
];

const AWKWARD: [&str; 9] = [
    "=HYPERLINK(\"http://example.com\",\"look\")",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "two\nlines, a \"quote\",\r\nand a tab\t",
    "👩‍👩‍👧 🙏🏽 thanks!!",
    "",
    "   ",
    "-1",
    "\u{202e}reversed\u{202c} and \u{200f}שלום",
    "{\"json\": [1, null]} \\ \u{2028} end",
];

fn record(i: usize) -> Value {
    let text = TOPICS[i % 4][(i / 4) % 6];
    let channel = ["chat", "email", "phone", "whatsapp", "telegram", "api"][i % 6];
    let status = ["closed_resolved", "open", "closed_unresolved"][i % 3];
    let mut record = json!({
        "id": format!("r{i}"), "created_at": format!("2026-0{}-{:02}T08:{:02}:00.123456Z", 1 + i % 5, 1 + i % 28, i % 60),
        "channel": channel, "status": status,
        "turns": [
            {"role": "contact", "text": text, "id": format!("m{i}"), "name": "Ada \"the\" Lovelace"},
            {"role": "ai", "text": AWKWARD[i % AWKWARD.len()], "created_at": "2026-06-02T14:03:11Z"},
            {"role": "contact", "text": AWKWARD[(i + 4) % AWKWARD.len()]},
        ],
    });
    match i % 4 {
        0 => {}
        1 => {
            record["contact"] = json!({"email": format!("c{}@example.com", i % 30), "name": "Zoë = Müller", "custom_data": {"plan": "pro", "": "empty key"}})
        }
        2 => record["contact"] = json!({"phone_number": format!("+49 30 {}", i % 20), "custom_data": {}}),
        _ => {
            record["contact"] = json!({"name": "Nobody", "non_verified": {"email": format!("n{}@example.com", i % 15), "name": "n", "custom_data": {"k": "v"}}})
        }
    }
    if i.is_multiple_of(5) {
        record["custom_data"] =
            json!({"order": i, "rate": 0.1, "vip": true, "note": "=1+1\n\"x\"", "ünï": "☃"});
        record["tags"] = json!(["b", "=tag", "Ä", "a b"]);
        record["team"] = json!("Billing, \"first\"");
        record["assignee_id"] = json!("12");
        record["ai_closure_type"] = json!("handed_off");
        record["handoff"] = json!({"summary": "Wants a person\nnow"});
    }
    if i.is_multiple_of(7) {
        record["language"] = json!("pt-BR");
        record["assist_mode"] = json!(true);
        record["brand"] = json!("Acme");
        record["handoff"] = json!({"summary": "", "sentiment": "angry"});
        record["ticketing_system"] =
            json!({"name": "intercom", "external_id": "77", "id_type": "conversation_id"});
    }
    if i % 50 == 49 {
        record["turns"] = json!([]);
    }
    record
}

/// Sessions over the API, with everything that can happen to one.
async fn live_sessions(t: &TestApp) {
    let team = t.post_ok("/teams", json!({"name": "Returns", "description": "x"})).await;
    for i in 0..8 {
        let contact = json!({"name": "Claim", "custom_data": {"plan": "free"}});
        let created = t
            .post_ok(
                "/chat/sessions",
                json!({"contact": contact, "tags": ["new"], "channel": {"type": "web"}}),
            )
            .await;
        let path = format!("/chat/sessions/{}", created["id"].as_str().unwrap());
        let said = json!({"type": "text", "text": TOPICS[i % 4][0], "attachments": [
            {"name": "a \"b\".txt", "base64": "aGVsbG8=", "mime_type": "text/plain"}, {"url": "https://example.com/x?y=1&z=2"},
        ]});
        t.post_ok(&format!("{path}/send"), json!({"sender": "contact", "message": said, "contact": {"email": "claim@example.com", "avatar_url": "https://example.com/a.png"}})).await;
        t.advance(1);
        t.patch_ok(
            &path,
            json!({"team_id": team["id"], "handoff": {"summary": "first"}, "custom_data": {"a": 1}}),
        )
        .await;
        let agent = json!({"sender": "agent", "agent": {"id": 7, "name": "Ben"}, "should_take_over_session_from_ai": true, "message": {"type": "text", "text": "I look into it"}});
        t.post_ok(&format!("{path}/send"), agent).await;
        t.patch_ok(
            &path,
            json!({"tags": ["x"], "handoff": {"summary": "second", "sentiment": "happy"}, "language": "en"}),
        )
        .await;
        let closed = json!({"status": "closed_resolved", "generate_summary_and_sentiment_on_resolve": true, "session_closed_payload": {"by": "it"}});
        t.patch_ok(&path, closed).await;
        if i % 2 == 0 {
            t.patch_ok(&path, json!({"status": "open", "team_id": null})).await;
        }
    }
}

async fn whole(body: Body) -> Bytes {
    body.collect().await.unwrap().to_bytes()
}

async fn export(t: &TestApp, query: &str) -> Bytes {
    let response = t.open(&t.token, &format!("/exports?{query}")).await;
    assert_eq!(response.status(), 200);
    whole(response.into_body()).await
}

fn lines(bytes: &[u8]) -> Vec<Value> {
    BufReader::new(bytes).lines().map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect()
}

async fn grouping_hash(t: &TestApp) -> String {
    let query = sql("select grouping_hash from orgs where id = $1").bind(t.org_id);
    t.app.db.fetch_one::<(Option<String>,)>(query).await.unwrap().0.unwrap()
}

async fn insights(t: &TestApp) -> Vec<(String, i64)> {
    let page = t.post_ok("/insights", json!({"status": "all"})).await;
    let insight = |insight: &Value| {
        (insight["content"].as_str().unwrap().to_owned(), insight["occurrence_count"].as_i64().unwrap())
    };
    let mut insights: Vec<_> = page["data"].as_array().unwrap().iter().map(insight).collect();
    insights.sort();
    insights
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_exported_comes_back_the_same_elsewhere() {
    let t = TestApp::new().await;
    t.import((0..240).map(record).collect()).await;
    live_sessions(&t).await;
    t.run_jobs().await;
    let exported = export(&t, "").await;
    let records = lines(&exported);
    assert_eq!(records.len(), 248);
    // onto SQLite, so that on PostgreSQL it is a move between the two
    let other = TestApp::on(TestDatabase::sqlite(), unlimited()).await;
    other.import(records.clone()).await;
    other.run_jobs().await;
    assert_eq!(grouping_hash(&other).await, grouping_hash(&t).await);
    assert!(insights(&t).await.len() >= 4, "{:?}", insights(&t).await);
    assert_eq!(insights(&other).await, insights(&t).await);
    for (a, b) in lines(&export(&other, "what=conversations&format=jsonl").await).iter().zip(&records) {
        assert_eq!(a, b);
    }
    assert_eq!(export(&other, "").await, exported, "byte by byte");
    // what the API shows is the same, but for when it was written here
    for (query, count) in
        [("select count(*) from contacts", 1), ("select count(*) from handoffs where sentiment_declared", 1)]
    {
        assert!(t.count(query).await >= count);
        let theirs = other.count(query).await;
        assert!(theirs <= t.count(query).await && theirs >= count, "{query}");
    }
    for record in records.iter().step_by(13).chain(&records[240..]) {
        let path = format!("/chat/sessions/{}", record["id"].as_str().unwrap());
        let (mut ours, mut theirs) = (t.get_ok(&path).await, other.get_ok(&path).await);
        for session in [&mut ours, &mut theirs] {
            session.as_object_mut().unwrap().remove("updated_at");
            session["team"] = session["team"]["name"].clone();
            if let Some(contact) = session["contact"].as_object_mut() {
                contact.remove("updated_at");
            }
        }
        assert_eq!(ours, theirs);
        let history = format!("{path}/history");
        let events = |page: Value| -> Vec<Value> {
            let items = page["items"].as_array().unwrap().iter();
            items.map(|item| json!([item["created_at"], item["event"]])).collect()
        };
        assert_eq!(events(t.get_ok(&history).await), events(other.get_ok(&history).await));
    }
    // into where it came from, it changes nothing
    let before = (export(&t, "").await, insights(&t).await);
    t.import(records).await;
    t.run_jobs().await;
    assert_eq!((export(&t, "").await, insights(&t).await), before);
}

/// Enough that an export does not fit into what is sent ahead.
fn bulky(i: usize) -> Value {
    let text = format!("{i} {}", "where is my parcel? ".repeat(400));
    json!({"id": i, "turns": [{"role": "contact", "text": text}]})
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_is_of_one_moment_and_ends_visibly_if_it_is_cut_off() {
    let t = TestApp::new().await;
    t.import((0..300).map(bulky).collect()).await;
    let response = t.open(&t.token, "/exports").await;
    assert_eq!(response.headers()["content-type"], "application/x-ndjson");
    t.import(
        (250..320)
            .map(|i| json!({"id": i, "turns": [{"role": "contact", "text": "written meanwhile"}]}))
            .collect(),
    )
    .await;
    // one at a time
    let message = t.get("/exports?what=insights").await.error(503);
    assert_eq!(message, "as many exports as may be at once are under way");
    let exported = lines(&whole(response.into_body()).await);
    assert_eq!(exported.len(), 300);
    assert!(exported.iter().all(|record| record["turns"][0]["text"] != "written meanwhile"));
    assert_eq!(lines(&export(&t, "").await).len(), 320);
    // a client that leaves makes room for the next
    drop(t.open(&t.token, "/exports").await);
    while t.open(&t.token, "/exports?what=insights").await.status() == 503 {
        tokio::task::yield_now().await;
    }
    while t.app.exports.take(t.org_id).is_none() {
        tokio::task::yield_now().await;
    }
    let response = t.open(&t.token, "/exports").await;
    t.app.drain();
    assert!(response.into_body().collect().await.is_err(), "a body cut off is no whole one");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_needs_its_scopes_and_stays_within_the_organization() {
    let t = TestApp::new().await;
    t.import((0..20).map(record).collect()).await;
    t.run_jobs().await;
    let org_id = t.app.find_or_create_org("other").await.unwrap();
    let (_, theirs) = keys::create(&t.app, org_id, "k", &Scopes::All, None).await.unwrap();
    for query in ["", "what=insights", "what=occurrences"] {
        let response = t.open(&theirs, &format!("/exports?{query}")).await;
        assert_eq!(response.status(), 200);
        assert!(whole(response.into_body()).await.is_empty(), "{query}");
    }
    for (scopes, query, lacks) in [
        ("insights:read", "", Some("chat-sessions:read")),
        ("insights:read,chat-sessions:read", "what=conversations", Some("contacts:read")),
        ("chat-sessions:read,contacts:read", "", Some("insights:read")),
        ("chat-sessions:read,contacts:read", "what=occurrences", Some("insights:read")),
        ("insights:read,chat-sessions:read,contacts:read", "", None),
        ("insights:read", "what=insights", None),
        ("insights:read", "what=occurrences&format=csv", None),
    ] {
        let key = t.key(t.org_id, scopes).await;
        let path = format!("/exports?{query}");
        match lacks {
            Some(scope) => {
                let message = t.call_as(&key, "GET", &path, None).await.error(403);
                assert_eq!(message, format!("the key lacks the scope {scope}"));
            }
            None => {
                let response = t.open(&key, &path).await;
                assert_eq!(response.status(), 200, "{scopes} {query}");
                whole(response.into_body()).await;
            }
        }
    }
    for (query, message) in [
        ("what=everything", "what: expected one of conversations, insights, occurrences"),
        ("format=xlsx", "format: expected one of jsonl, csv, parquet"),
        ("format=csv", "format: conversations are exported as jsonl alone"),
        ("what=insights&what=insights", "what: given more than once"),
    ] {
        assert_eq!(t.get(&format!("/exports?{query}")).await.error(400), message);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_are_read_elsewhere_and_say_what_the_api_says() {
    let t = TestApp::new().await;
    t.import((0..120).map(record).collect()).await;
    t.run_jobs().await;
    let page = t.post_ok("/insights", json!({"status": "all"})).await;
    let first = page["data"][0].clone();
    let path = format!("/insights/{}", first["id"].as_str().unwrap());
    let content = "=1+1, \"quoted\"\u{a0}and 🙂";
    t.patch_ok(&path, json!({"content": content})).await;
    t.post_ok(&format!("{path}/resolve"), json!({})).await;
    let as_lines = lines(&export(&t, "what=insights").await);
    assert_eq!(as_lines.len() as u64, page["total"].as_u64().unwrap());
    let line = as_lines.iter().find(|line| line["id"] == first["id"]).unwrap();
    let now = t.get_ok(&path).await;
    for member in [
        "insight_number",
        "content",
        "sentiment",
        "occurrence_count",
        "first_seen_at",
        "last_seen_at",
        "resolved_at",
        "created_at",
    ] {
        assert_eq!(line[member], now[member], "{member}");
    }
    assert_eq!((&line["status"], &line["content_by_hand"]), (&json!("resolved"), &json!(true)));

    let occurrences = lines(&export(&t, "what=occurrences").await);
    let counted: i64 = as_lines.iter().map(|line| line["occurrence_count"].as_i64().unwrap()).sum();
    assert_eq!(occurrences.len() as i64, counted);
    let listed = t.get_ok(&format!("{path}/sessions")).await;
    let shown = &listed["items"][0];
    let occurrence = occurrences
        .iter()
        .find(|o| o["insight_id"] == first["id"] && o["session_id"] == shown["session_id"])
        .unwrap();
    assert_eq!(occurrence["text"], shown["quote"]["text"]);
    for member in
        ["ticket_number", "contact_id", "channel", "language", "sentiment", "status", "score", "provisional"]
    {
        assert_eq!(occurrence[member], shown[member], "{member}");
    }
    assert_eq!(occurrence["session_created_at"], shown["created_at"]);

    for (what, lines) in [("insights", &as_lines), ("occurrences", &occurrences)] {
        check_csv(what, &export(&t, &format!("what={what}&format=csv")).await, lines);
        check_parquet(what, export(&t, &format!("what={what}&format=parquet")).await, lines);
    }
    // without a row, still a file
    t.execute(sql("delete from occurrences")).await;
    let parquet = SerializedFileReader::new(export(&t, "what=occurrences&format=parquet").await).unwrap();
    assert_eq!(parquet.metadata().file_metadata().num_rows(), 0);
}

/// It says what the JSON lines say, but for the guard against formulas.
fn check_csv(what: &str, csv: &[u8], lines: &[Value]) {
    assert!(csv.starts_with("\u{feff}".as_bytes()));
    let mut csv = csv::Reader::from_reader(&csv[3..]);
    let header = csv.headers().unwrap().clone();
    let rows: Vec<csv::StringRecord> = csv.records().collect::<Result<_, _>>().unwrap();
    assert_eq!(rows.len(), lines.len());
    for (row, line) in rows.iter().zip(lines) {
        for (name, field) in header.iter().zip(row) {
            let expected = match &line[name] {
                Value::Null => String::new(),
                Value::String(text) if text.starts_with(['=', '@', '-', '+']) => format!("'{text}"),
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            assert_eq!(field, expected, "{what}.{name}");
        }
    }
}

/// It says what the JSON lines say, in types.
fn check_parquet(what: &str, bytes: Bytes, lines: &[Value]) {
    let parquet = SerializedFileReader::new(bytes).unwrap();
    let mut count = 0;
    for (row, line) in parquet.get_row_iter(None).unwrap().zip(lines) {
        for (name, field) in row.unwrap().get_column_iter() {
            let value = match field {
                Field::Null => Value::Null,
                Field::Str(text) => json!(text),
                Field::Long(value) => json!(value),
                Field::Double(value) => json!(value),
                Field::Bool(value) => json!(value),
                Field::TimestampMicros(micros) => json!(Timestamp::from_micros(*micros)),
                other => panic!("{name}: {other:?}"),
            };
            assert_eq!(value, line[name], "{what}.{name}");
        }
        count += 1;
    }
    assert_eq!(count, lines.len());
}

fn bulky_file(cli: &Cli) {
    let lines: Vec<String> = (0..300).map(|i| bulky(i).to_string()).collect();
    let file = cli.file("bulky.jsonl", lines.join("\n"));
    cli.json(&["import", file.to_str().unwrap(), "--no-wait", "--json"], 0);
}

fn names(cli: &Cli) -> Vec<String> {
    let folder = std::fs::read_dir(cli.database.folder.path()).unwrap();
    let mut names: Vec<_> = folder.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|name| name.contains("export"));
    names.sort();
    names
}

#[tokio::test]
async fn a_file_is_packed_as_its_name_says_and_imports_once() {
    let (cli, other) = (Cli::new().await, Cli::new().await);
    let lines: Vec<String> = (0..60).map(|i| record(i).to_string()).collect();
    let file = cli.file("a.jsonl", lines.join("\n"));
    cli.json(&["import", file.to_str().unwrap(), "--no-wait", "--json"], 0);
    for name in ["export.jsonl", "export.jsonl.gz", "export.jsonl.zst"] {
        let summary = cli.json(&["export", "--out", name, "--json"], 0);
        assert_eq!((&summary["what"], &summary["rows"]), (&json!("conversations"), &json!(60)));
    }
    let printed = cli.run(&["export", "--out", "-"]).stdout;
    let read = |cli: &Cli, name: &str| std::fs::read(cli.database.folder.path().join(name)).unwrap();
    assert_eq!(read(&cli, "export.jsonl"), printed);
    for (name, imported) in [("export.jsonl.gz", 60), ("export.jsonl.zst", 0), ("export.jsonl", 0)] {
        let path = cli.database.folder.path().join(name);
        let summary = other.json(&["import", path.to_str().unwrap(), "--no-wait", "--json"], 0);
        assert_eq!((&summary["imported"], &summary["unchanged"]), (&json!(imported), &json!(60 - imported)));
    }
    other.json(&["export", "--out", "export.jsonl", "--json"], 0);
    assert_eq!(read(&other, "export.jsonl"), printed);
    // the form by the name; what is no form of it is wrong use
    cli.json(&["export", "--what", "insights", "--out", "export.csv", "--json"], 0);
    assert!(read(&cli, "export.csv").starts_with("\u{feff}insight_number,id,content".as_bytes()));
    cli.json(&["export", "--what", "occurrences", "--out", "export.parquet", "--json"], 0);
    assert!(read(&cli, "export.parquet").starts_with(b"PAR1"));
    for (args, message) in [
        (
            ["--out", "x.csv", "--what", "conversations"],
            "--format: conversations are exported as jsonl alone",
        ),
        (["--out", "x.parquet.gz", "--what", "insights"], "--out: Parquet is packed already"),
        (["--out", "x.csv", "--what", "nothing"], "expected one of conversations, insights, occurrences"),
    ] {
        let output = cli.run(&[&["export"], args.as_slice()].concat());
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        assert!(stderr(&output).contains(message), "{}", stderr(&output));
    }
    let output = cli.run(&["export", "--out", "missing/export.jsonl"]);
    assert_eq!(output.status.code(), Some(1));
}

#[tokio::test]
async fn what_can_not_be_written_whole_leaves_nothing() {
    let cli = Cli::new().await;
    bulky_file(&cli);
    // a disk that is full after 512 KiB
    cli.file("export.jsonl", "of yesterday");
    let command = cli.command(&["export", "--out", "export.jsonl"]);
    let args: Vec<_> = command.get_args().collect();
    let output = Command::new("bash")
        .args(["-c", "ulimit -f 512; trap '' XFSZ; exec \"$0\" \"$@\""])
        .arg(command.get_program())
        .args(args)
        .current_dir(cli.database.folder.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stderr(&output).contains("writing export.jsonl"), "{}", stderr(&output));
    assert_eq!(names(&cli), ["export.jsonl"]);
    let path = cli.database.folder.path().join("export.jsonl");
    assert_eq!(std::fs::read_to_string(path).unwrap(), "of yesterday");
    // nobody reads on
    let mut child =
        cli.command(&["export", "--out", "-"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdout.take().unwrap().read_exact(&mut [0; 100]).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("Broken pipe"), "{}", stderr(&output));
    // and one that nobody waits for any more
    let mut child =
        cli.command(&["export", "--out", "-"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut [0; 100]).unwrap();
    Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("interrupted; nothing was exported"), "{}", stderr(&output));
    drop(stdout);
}

#[tokio::test]
async fn an_export_that_was_changed_by_hand_is_looked_at_like_any_file() {
    let t = TestApp::new().await;
    let id = "0198c5de-0000-7000-8000-000000000001";
    let line = |members: Value| {
        let mut line = json!({"export_version": 1, "id": id, "turns": []});
        line.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        line.to_string()
    };
    for (members, reason) in [
        (json!({"export_version": 2}), "export_version: expected 1"),
        (json!({"id": "4711"}), "id: expected a UUID, as exports have it"),
        (
            json!({"id": id.to_uppercase().replace("-7000-", "-7ABC-")}),
            "id: expected a UUID, as exports have it",
        ),
        (json!({"contact": {"id": 5, "name": "Ada"}}), "contact.id: expected a UUID, as exports have it"),
        (json!({"turns": [{"role": "contact"}]}), "turns[0].text: is required"),
        (json!({"turns": [{"role": "system", "event": "message"}]}), "turns[0].text: is required"),
    ] {
        assert_eq!(Record::parse(&line(members)).unwrap_err(), reason);
    }
    assert!(Record::parse(&line(json!({"turns": [{"role": "system", "event": "handoff"}]}))).is_ok());
    // other files may have such members too, and keep no ids
    t.import(vec![json!({"id": id, "contact": {"id": 5, "non_verified": {"name": "Ada"}}, "channel": "api", "turns": []})]).await;
    let exported = lines(&export(&t, "").await).remove(0);
    assert_ne!(exported["id"], id);
    assert_eq!(exported["channel"], "api");
    assert_eq!(exported.get("custom_data"), None, "a channel of ours is no custom data");
    // the address of a contact that is there: the session is that contact's
    t.import(vec![json!({"id": 1, "contact": {"email": "ada@example.com"}, "turns": []})]).await;
    let known = lines(&export(&t, "").await).remove(1)["contact"]["id"].clone();
    let contact =
        json!({"id": "0198c5de-0000-7000-8000-000000000002", "email": "ada@example.com", "name": "Eve"});
    t.import(vec![json!({"export_version": 1, "id": id, "contact": contact, "turns": []})]).await;
    let session = t.get_ok(&format!("/chat/sessions/{id}")).await;
    assert_eq!((&session["contact"]["id"], &session["contact"]["name"]), (&known, &Value::Null));
}
