//! `GET /sample`: the bundled conversations as a file.

use crate::support::app::TestApp;
use http_body_util::BodyExt;
use serde_json::Value;
use std::collections::BTreeSet;

#[tokio::test]
async fn the_sample_is_a_file_that_is_imported_as_any_other() {
    let t = TestApp::new().await;
    let reads = t.key(t.org_id, "imports:read").await;
    t.call_as(&reads, "GET", "/sample", None).await.error(403);
    let response = t.open(&t.token, "/sample").await;
    assert_eq!(response.headers()["content-type"], "application/x-ndjson");
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let records: Vec<Value> = body
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect();
    assert_eq!(records.len(), 5_599);
    let ids: BTreeSet<&str> = records.iter().map(|record| record["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), records.len(), "none takes the place of another");
    let some: Vec<Value> = records.iter().step_by(280).cloned().collect();
    t.import(some).await;
    assert_eq!(t.count("select count(*) from sessions").await, 20);
}
