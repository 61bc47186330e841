//! Files that `refrain export` writes.

use super::{bulky, export, lines, record};
use crate::support::app::TestApp;
use crate::support::cli::{Cli, stderr};
use refrain::imports::Record;
use serde_json::{Value, json};
use std::io::Read;
use std::process::{Command, Stdio};

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
    // what has no words is no conversation to import
    let lines: Vec<String> = (0..60).filter(|i| i % 50 != 49).map(|i| record(i).to_string()).collect();
    let file = cli.file("a.jsonl", lines.join("\n"));
    cli.json(&["import", file.to_str().unwrap(), "--no-wait", "--json"], 0);
    for name in ["export.jsonl", "export.jsonl.gz", "export.jsonl.zst"] {
        let summary = cli.json(&["export", "--out", name, "--json"], 0);
        assert_eq!((&summary["what"], &summary["rows"]), (&json!("conversations"), &json!(59)));
    }
    let printed = cli.run(&["export", "--out", "-"]).stdout;
    let read = |cli: &Cli, name: &str| std::fs::read(cli.database.folder.path().join(name)).unwrap();
    assert_eq!(read(&cli, "export.jsonl"), printed);
    for (name, imported) in [("export.jsonl.gz", 59), ("export.jsonl.zst", 0), ("export.jsonl", 0)] {
        let path = cli.database.folder.path().join(name);
        let summary = other.json(&["import", path.to_str().unwrap(), "--no-wait", "--json"], 0);
        assert_eq!((&summary["imported"], &summary["unchanged"]), (&json!(imported), &json!(59 - imported)));
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
