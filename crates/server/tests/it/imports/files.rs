//! Files as people have them: packed, in folders, in other encodings and shapes of JSON, and of other kinds.

use super::{gzip, line};
use crate::support::cli::Cli;
use serde_json::{Value, json};
use std::io::{Cursor, Write};
use std::process::Stdio;

const COUNT: usize = 12;

fn lines() -> String {
    (0..COUNT)
        .map(|i| line(&i.to_string(), &format!("My parcel {i} – “urgent” – is late")))
        .collect::<Vec<_>>()
        .join("\n")
}

pub(super) fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn bzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn utf16(text: &str) -> Vec<u8> {
    [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
}

/// Imports a file and returns how many conversations are new and unchanged.
fn import(cli: &Cli, path: &str, exit: i32) -> (Value, [u64; 2]) {
    let summary = cli.json(&["import", path, "--no-wait", "--json"], exit);
    let counts = ["imported", "unchanged"].map(|name| summary[name].as_u64().unwrap());
    (summary, counts)
}

#[tokio::test]
async fn a_file_is_told_by_its_bytes_however_it_is_packed_and_named() {
    let cli = Cli::new().await;
    let text = lines();
    let (first, second) = text.split_at(text.match_indices('\n').nth(4).unwrap().0 + 1);
    let records: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let padded = [gzip(first), gzip(second), vec![0; 1_000]].concat();
    let files: [(&str, Vec<u8>); 15] = [
        ("plain.jsonl", text.clone().into_bytes()),
        ("plain-named.jsonl.gz", text.clone().into_bytes()),
        ("packed", gzip(&text)),
        ("padded.csv", padded),
        ("standard.jsonl", zstd::encode_all(text.as_bytes(), 1).unwrap()),
        ("block.txt", bzip(text.as_bytes())),
        ("one.zip", zip(&[("../../etc/passwd.jsonl", text.as_bytes())])),
        (
            "two.zip",
            zip(&[
                ("b/1.json", first.as_bytes()),
                ("a/2.json", second.as_bytes()),
                ("__MACOSX/._1", b"x"),
                ("logo.png", b"\x89PNG\r\n\x1a\n0000"),
            ]),
        ),
        ("nested.zip", zip(&[("inner.zip", &zip(&[("packed.gz", &gzip(&text))]))])),
        ("marked.jsonl", [&b"\xef\xbb\xbf"[..], text.as_bytes()].concat()),
        ("wide.jsonl", utf16(&text)),
        ("array.json", serde_json::to_vec(&records).unwrap()),
        ("pretty.json", serde_json::to_vec_pretty(&records).unwrap()),
        ("commas.jsonl", text.replace('\n', ",\r\n").into_bytes()),
        ("page.json", serde_json::to_vec_pretty(&json!({"conversations": records, "next": null})).unwrap()),
    ];
    for (i, (name, bytes)) in files.into_iter().enumerate() {
        let path = cli.file(name, bytes);
        let (summary, counts) = import(&cli, path.to_str().unwrap(), 0);
        assert_eq!(counts, if i == 0 { [12, 0] } else { [0, 12] }, "{name}: {summary}");
        let notes = &summary["notes"]["count"];
        assert_eq!(*notes, json!(u8::from(name == "padded.csv" || name == "two.zip")), "{name}: {summary}");
    }
    // the files of a folder may overlap
    std::fs::create_dir(cli.database.folder.path().join("folder")).unwrap();
    cli.file("folder/1.jsonl", &text);
    let folder = cli.file("folder/2.jsonl.gz", gzip(first));
    let (summary, counts) = import(&cli, folder.parent().unwrap().to_str().unwrap(), 0);
    assert_eq!(counts, [0, 17], "{summary}");
    let packed = Cli::new().await;
    let (summary, counts) = import(
        &packed,
        packed
            .file("two.zip", zip(&[("1.json", first.as_bytes()), ("2.json", second.as_bytes())]))
            .to_str()
            .unwrap(),
        0,
    );
    assert_eq!((counts, summary["files"].as_array().unwrap().len()), ([12, 0], 2));
}

#[tokio::test]
async fn what_is_no_file_of_conversations_is_refused_once() {
    let cli = Cli::new().await;
    let noise: Vec<u8> = (0..20_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let mut blank = line("1", "My parcel is late").into_bytes();
    blank.resize(280_000_000, b'\n');
    let blank = zip(&[("blank.json", &blank)]);
    let workbook = zip(&[("[Content_Types].xml", b"<x/>"), ("xl/sheet1.xml", b"<x/>")]);
    let mut deep = gzip(&lines());
    for _ in 0..6 {
        deep = zip(&[("a", &deep)]);
    }
    for (name, bytes, says) in [
        ("noise.jsonl", noise, "no text"),
        ("sheet.csv", workbook, "save it as CSV"),
        ("picture.jsonl", b"\x89PNG\r\n\x1a\n".to_vec(), "a picture (PNG)"),
        ("page.jsonl", b"<!DOCTYPE html><p>{}".to_vec(), "a web page"),
        ("deep.zip", deep, "archives within each other"),
        ("blank.zip", blank, "far more than"),
        ("cut.gz", gzip(&lines())[..200].to_vec(), "reading"),
    ] {
        let path = cli.file(name, bytes);
        let (summary, counts) = import(&cli, path.to_str().unwrap(), 3);
        let bad = summary["bad_records"].as_array().unwrap();
        assert_eq!((counts[1], bad.len()), (0, 1), "{name}: {summary}");
        assert!(bad[0]["reason"].as_str().unwrap().contains(says), "{name}: {summary}");
    }
    for name in ["empty.jsonl", "empty.csv", "blank.json"] {
        let path = cli.file(name, if name == "blank.json" { " \r\n\n" } else { "" });
        let output = cli.run(&["import", path.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(0));
        assert!(String::from_utf8(output.stderr).unwrap().contains("no conversations"), "{name}");
    }
    let missing = cli.run(&["import", "nowhere.jsonl"]);
    assert_eq!(missing.status.code(), Some(1));
}

#[tokio::test]
async fn standard_input_is_read_and_a_dry_run_writes_nothing() {
    let cli = Cli::new().await;
    let path = cli.file("a.jsonl", lines());
    let shown = cli.json(&["import", path.to_str().unwrap(), "--dry-run", "--json"], 0);
    assert_eq!((&shown["conversations"], shown["first"].as_array().unwrap().len()), (&json!(12), 3));
    assert_eq!(shown["files"][0]["format"], "JSON, UTF-8");
    assert_eq!(shown["first"][0]["turns"][0]["text"], "My parcel 0 – “urgent” – is late");
    let output = cli.run(&["import", path.to_str().unwrap(), "--dry-run"]);
    assert!(String::from_utf8(output.stdout).unwrap().ends_with("12 conversations would be imported\n"));
    let mut child = cli
        .command(&["import", "-", "--no-wait", "--json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(gzip(&lines()).as_slice()).unwrap();
    let output = child.wait_with_output().unwrap();
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    // the dry run left nothing behind
    assert_eq!(summary["imported"], 12);
}

#[tokio::test]
async fn bytes_that_cannot_be_read_cost_themselves_alone() {
    let cli = Cli::new().await;
    let mut text = lines().into_bytes();
    let at = text.windows(4).position(|part| part == b"late").unwrap();
    text[at] = 0xff;
    let path = cli.file("cut.jsonl", text);
    let (summary, counts) = import(&cli, path.to_str().unwrap(), 0);
    assert_eq!(counts, [12, 0], "{summary}");
    let note = &summary["notes"]["faults"][0];
    assert_eq!(
        (&note["line"], &note["reason"]),
        (&json!(1), &json!("characters that cannot be read became U+FFFD"))
    );
}
