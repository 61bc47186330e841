//! Insights and occurrences as tables.

use super::{export, lines, record};
use crate::support::app::TestApp;
use axum::body::Bytes;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use refrain::db::sql;
use refrain::time::Timestamp;
use serde_json::{Value, json};

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
