//! Reports and the jobs that make them.

use super::{INVOICE, about, assert_valid, path, ready, record, report};
use crate::support::app::TestApp;
use crate::support::fixtures::{PASSWORD, REFUND};
use refrain::db::sql;
use serde_json::{Value, json};
use std::fmt::Write;
use std::time::{Duration, Instant};

#[tokio::test]
async fn a_report_says_who_since_when_and_what_else_and_every_claim_is_borne_out() {
    let t = TestApp::new().await;
    let id = ready(&t, 100).await;
    t.get(&format!("{}/report", path(&id))).await.error(404);
    let report = report(&t, &id).await;
    println!("{report}");
    assert_structured(&t, &id, &report).await;
    let citations = assert_valid(&t, &id, &report).await;
    assert!(citations >= 30, "{citations} citations: {report}");
    for title in [
        "What is said",
        "Who is affected",
        "Since when, and how it moves",
        "What happens before and after",
        "What occurs with it",
        "Similar insights",
        "What the data cannot say",
    ] {
        assert!(report.contains(&format!("\n## {title}\n")), "{title}: {report}");
    }
    let over: Vec<&str> = report.lines().filter(|line| line.contains("Over-represented")).collect();
    let [free] = over[..] else { panic!("{over:#?}") };
    assert!(free.contains("sessions with plan = free: 60 of 100 sessions (60.0 %), of the others 30 of 300 (10.0 %), 6.0 times"), "{free}");
    assert!(
        report.contains("Custom data with more than 100 different values was left out: order."),
        "{report}"
    );
    assert!(!report.contains("@example") && !report.contains("Summary"), "{report}");
    // the history tells, and so webhooks are told
    let events = t.get_ok(&format!("/insights/{id}/events")).await;
    let event = &events["items"][0];
    assert_eq!(
        (&event["kind"], &event["detail"]["session_count"]),
        (&json!("research_completed"), &json!(100))
    );
    // the same data, the same report
    assert_eq!(self::report(&t, &id).await, report);
}

#[tokio::test]
async fn nothing_is_over_represented_where_nothing_is_planted() {
    let t = TestApp::new().await;
    let plan = |i: usize| ["free", "pro", "team"][i.wrapping_mul(40_503) / 7 % 3];
    let records = (0..400).map(|i| {
        let texts = [REFUND, PASSWORD, INVOICE, PASSWORD][i % 4];
        record(i, texts[i / 4 % 5], plan(i))
    });
    t.import(records.collect()).await;
    t.run_jobs().await;
    let id = about(&t, "refund").await;
    let report = report(&t, &id).await;
    assert!(!report.contains("Over-represented"), "{report}");
    assert!(report.contains("is clearly over-represented"), "{report}");
    assert_valid(&t, &id, &report).await;
}

#[tokio::test]
async fn what_customers_write_forges_no_citation_and_no_mark_up() {
    let t = TestApp::new().await;
    let texts = [
        "My refund has not arrived, see #999999 and [this](http://evil.example)",
        "My refund has not arrived # **at all** <script>",
        "My refund has not arrived",
    ];
    t.import((0..30).map(|i| crate::support::fixtures::record(i, texts[i % 3])).collect()).await;
    t.run_jobs().await;
    let id = about(&t, "refund").await;
    let report = report(&t, &id).await;
    assert_valid(&t, &id, &report).await;
    // without what is escaped
    let mark_up: String = report
        .split('\\')
        .enumerate()
        .map(|(i, part)| part.chars().skip(i.min(1)).collect::<String>())
        .collect();
    for mark in ["<", "[", "**", "http:", "#999999"] {
        assert!(!mark_up.contains(mark), "{mark}: {report}");
    }
    // no contact is known, and no time tells anything: it is a report all the same
    assert!(report.contains("30 sessions without a known contact"), "{report}");
}

#[tokio::test]
async fn one_runs_at_a_time_and_can_be_followed_and_called_off() {
    let t = TestApp::new().await;
    let id = ready(&t, 20).await;
    let path = path(&id);
    assert_eq!(t.get(&path).await.error(404), "deep research not found");
    t.call_as(&t.token, "DELETE", &path, None).await.error(404);
    let first = t.post_ok(&path, json!({})).await;
    assert_eq!((&first["state"], &first["progress"]), (&json!("queued"), &json!(0)));
    assert_eq!(t.post_ok(&path, json!({})).await, first, "the one that waits");
    assert_eq!(t.count("select count(*) from jobs where kind = 'research_insight'").await, 1);
    let cancelled = t.call_as(&t.token, "DELETE", &path, None).await.ok();
    assert_eq!((&cancelled["state"], &cancelled["id"]), (&json!("cancelled"), &first["id"]));
    t.call_as(&t.token, "DELETE", &path, None).await.error(409);
    t.run_jobs().await;
    assert_eq!(t.get_ok(&path).await, cancelled);
    assert_eq!(t.get_ok(&format!("/insights/{id}")).await["deep_research"], Value::Null);
    let second = t.post_ok(&path, json!({})).await;
    assert_ne!(second["id"], first["id"]);
    t.run_jobs().await;
    let done = t.get_ok(&path).await;
    assert_eq!((&done["state"], &done["step"], &done["error"]), (&json!("done"), &Value::Null, &Value::Null));
    t.call_as(&t.token, "DELETE", &path, None).await.error(409);
    assert_eq!(t.count("select count(*) from researches").await, 1);
}

#[tokio::test]
async fn it_belongs_to_one_organization_and_needs_scopes() {
    let t = TestApp::new().await;
    let id = ready(&t, 20).await;
    let path = path(&id);
    let other = t.app.find_or_create_org("other").await.unwrap();
    let stranger = t.key(other, "insights:read,insights:write").await;
    let reader = t.key(t.org_id, "insights:read").await;
    t.post_ok(&path, json!({})).await;
    for method in ["POST", "GET", "DELETE"] {
        t.call_as(&stranger, method, &path, None).await.error(404);
        if method != "GET" {
            t.call_as(&reader, method, &path, None).await.error(403);
        }
    }
    t.call_as(&reader, "GET", &path, None).await.ok();
    t.post("/insights/nothing/deep-research", json!({})).await.error(404);
}

#[tokio::test]
async fn an_insight_that_is_merged_away_is_not_researched() {
    let t = TestApp::new().await;
    let id = ready(&t, 20).await;
    let into = about(&t, "password").await;
    t.post_ok(&path(&id), json!({})).await;
    t.post_ok(&format!("/insights/{into}/merge"), json!({"insight_ids": [id]})).await;
    t.run_jobs().await;
    assert_eq!(t.count("select count(*) from researches where state = 'cancelled'").await, 1);
    assert_eq!(t.count("select count(*) from insights where deep_research is not null").await, 0);
    // by its old id, the one it became
    let merged = t.post_ok(&path(&id), json!({})).await;
    assert_eq!(merged["insight_id"], json!(into));
    t.run_jobs().await;
    assert_eq!(t.get_ok(&path(&into)).await["state"], "done");
}

#[tokio::test]
async fn one_that_never_ends_is_given_up() {
    let t = TestApp::new().await;
    let id = ready(&t, 20).await;
    t.post_ok(&path(&id), json!({})).await;
    // its worker died three times
    t.execute(sql("update researches set attempts = 3, state = 'running'")).await;
    t.run_jobs().await;
    let failed = t.get_ok(&path(&id)).await;
    assert_eq!(failed["state"], "failed");
    assert!(failed["error"].as_str().unwrap().contains("the log"), "{failed:#}");
    report(&t, &id).await;
}

/// How long a report takes on an insight of 5,000 sessions among 20,000. docs/deep-research.md says how to run it.
#[tokio::test]
#[ignore = "takes a minute"]
async fn five_thousand_sessions_are_researched_within_ten_seconds() {
    let t = TestApp::new().await;
    let id = ready(&t, 5_000).await;
    let insight = t.get_ok(&format!("/insights/{id}")).await;
    let started = Instant::now();
    let report = report(&t, &id).await;
    let elapsed = started.elapsed();
    let citations = assert_valid(&t, &id, &report).await;
    let mut line = String::new();
    write!(line, "{} sessions, {citations} citations, {elapsed:?}", insight["occurrence_count"]).unwrap();
    println!("{line}\n{report}");
    assert!(elapsed < Duration::from_secs(10), "{line}");
}

/// Holds the report as data against its text and against the sessions that it cites.
async fn assert_structured(t: &TestApp, id: &str, report: &str) {
    let whole = t.get_ok(&format!("{}/report", path(id))).await;
    let mut claims = 0;
    for section in whole["sections"].as_array().unwrap() {
        for claim in section["claims"].as_array().unwrap() {
            let sessions = claim["sessions"].as_array().unwrap();
            let cited: Vec<String> =
                sessions.iter().map(|session| format!("#{}", session["ticket_number"])).collect();
            let line = format!("- {} ({})\n", claim["text"].as_str().unwrap(), cited.join(", "));
            assert!(report.contains(&line), "{line}");
            for number in claim["numbers"].as_array().unwrap() {
                assert!(line.contains(&number.to_string()), "{number}: {line}");
            }
            let session = t.get_ok(&format!("/chat/sessions/{}", sessions[0]["id"].as_str().unwrap())).await;
            assert_eq!(session["ticket_number"], sessions[0]["ticket_number"]);
            claims += 1;
        }
    }
    assert_eq!(report.lines().filter(|line| line.contains(" (#")).count(), claims);
    let insight = t.get_ok(&format!("/insights/{id}")).await;
    assert_eq!(whole["completed_at"], insight["deep_research_completed_at"]);
}
