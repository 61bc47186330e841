//! Archived insights and what brings them back.

use crate::insights::two_months::{INVOICE, REFUND, about, ask, events, import, path, said, two_months};
use crate::support::app::TestApp;
use serde_json::{Value, json};
use std::collections::BTreeMap;

#[tokio::test]
async fn archived_until_a_count_of_new_sessions() {
    let t = two_months().await;
    let path = path(&t, "refund").await;
    let archive = format!("{path}/archive");
    let input = json!({"policy": "until_count", "target": 3, "reason": "known"});
    let preview = t.post_ok(&format!("{archive}/preview"), input.clone()).await;
    let count = json!({"counted": "sessions", "target": 3, "a_day": 1.0, "reached_on": "2026-06-18",
        "would_have_returned_on": "2026-04-19"});
    assert_eq!((&preview["count"], &preview["escalating"]), (&count, &json!(null)));
    t.post(&format!("{archive}/preview"), json!({"policy": "forever", "target": 3})).await.error(400);
    assert_eq!(about(&t, "refund").await["archived_at"], json!(null));
    let archived = t.post_ok(&archive, input.clone()).await;
    assert_eq!(archived["archive_policy"], "until_count");
    assert_eq!(archived["archived_by"], json!({"name": null, "avatar_url": null, "reason": "known"}));
    assert_eq!(archived["resurface_progress"], json!({"current": 0, "target": 3}));
    t.advance(1);
    assert_eq!(t.post_ok(&archive, input).await["archived_at"], archived["archived_at"]);
    // older ones that come later do not count
    import(&t, vec![said(400, REFUND, -3), said(401, REFUND, -4)]).await;
    ask(&t, 0, 2).await;
    t.advance(2);
    t.run_jobs().await;
    let progress = about(&t, "refund").await["resurface_progress"].clone();
    assert_eq!(progress, json!({"current": 2, "target": 3}));
    ask(&t, 2, 1).await;
    t.advance(2);
    t.run_jobs().await;
    let back = about(&t, "refund").await;
    for member in ["archived_at", "archived_by", "archive_policy", "resurface_progress"] {
        assert_eq!(back[member], json!(null), "{member}");
    }
    let event = &events(&t, &path).await[0];
    assert_eq!((&event["kind"], &event["detail"]["current"]), (&json!("resurfaced"), &json!(3)));
}

#[tokio::test]
async fn archived_until_it_escalates() {
    let t = two_months().await;
    let (refund, invoice) = (path(&t, "refund").await, path(&t, "invoice").await);
    let terms = json!({"policy": "until_escalating"});
    let preview = t.post_ok(&format!("{refund}/archive/preview"), terms.clone()).await;
    let archived = t.post_ok(&format!("{refund}/archive"), terms).await;
    let target = archived["resurface_progress"]["target"].as_i64().unwrap();
    assert!((5..40).contains(&target), "{archived:#}");
    check_preview(&preview, target);
    t.post_ok(&format!("{invoice}/archive"), json!({"policy": "forever"})).await;
    assert_eq!(about(&t, "invoice").await["resurface_progress"], json!(null));
    // one a day is as ever
    for day in 1..15 {
        import(&t, vec![said(500 + day, REFUND, day as i64), said(600 + day, INVOICE, day as i64)]).await;
    }
    t.advance(15 * 86_400);
    t.run_jobs().await;
    let waiting = about(&t, "refund").await;
    assert_eq!(waiting["archive_policy"], "until_escalating");
    let target = waiting["resurface_progress"]["target"].as_u64().unwrap() as usize;
    // one short of it brings nothing back, and one person asking often is one
    ask(&t, 0, target - 1).await;
    ask(&t, 0, 1).await;
    t.advance(2);
    t.run_jobs().await;
    let waiting = about(&t, "refund").await;
    let progress = json!({"current": target - 1, "target": target});
    assert_eq!(waiting["resurface_progress"], progress);
    ask(&t, target, 1).await;
    t.advance(2);
    t.run_jobs().await;
    assert_eq!(about(&t, "refund").await["archived_at"], json!(null));
    let event = events(&t, &refund).await[0].clone();
    assert_eq!(event["kind"], "resurfaced");
    let numbers = &event["detail"]["numbers"];
    assert!(numbers["alarm"]["evidence"].as_f64().unwrap() >= 1825.0, "{event:#}");
    assert_eq!(numbers["days"].as_array().unwrap().len(), 14);
    let cause = &event["detail"]["cause"];
    let rise = cause["seen"].as_f64().unwrap() - cause["usual"].as_f64().unwrap();
    for by in cause["by"].as_array().unwrap() {
        let parts = by["parts"].as_array().unwrap().iter();
        let sum: f64 = parts.map(|part| part["rise"].as_f64().unwrap()).sum();
        assert!((sum - rise).abs() < 1e-9, "{by:#}");
    }
    let dimensions: Vec<&Value> = cause["by"].as_array().unwrap().iter().map(|by| &by["dimension"]).collect();
    assert_eq!(dimensions, ["channel", "language", "sentiment", "team", "contact.plan"]);
    assert_eq!(t.get_ok("/insights/shadow").await, json!([]));
    // the other one stays, and is told of
    let many = (0..30).map(|i| said(700 + i, INVOICE, 15)).collect();
    import(&t, many).await;
    t.advance(2);
    t.run_jobs().await;
    assert_eq!(about(&t, "invoice").await["archive_policy"], "forever");
    let shadow = t.get_ok("/insights/shadow").await;
    assert_eq!(shadow[0]["id"], about(&t, "invoice").await["id"], "{shadow:#}");
}

/// What is looked ahead for one a day that is archived until it escalates.
fn check_preview(preview: &Value, target: i64) {
    assert_eq!(preview["escalating"]["target"], target, "as it is then: {preview:#}");
    assert_eq!((&preview["count"], &preview["baseline_days"]), (&json!(null), &json!(56)));
    assert!((preview["usual_a_day"].as_f64().unwrap() - 1.0).abs() < 1e-9);
    let outlooks = preview["sensitivities"].as_array().unwrap();
    let of = |at: usize, growth: usize| outlooks[at]["days_until"][growth]["days"].as_u64().unwrap_or(366);
    for (at, outlook) in outlooks.iter().enumerate() {
        assert!((1..4).all(|growth| of(at, growth) <= of(at, growth - 1)), "sooner when it grows more");
        assert!(of(at, 3) < 60, "{preview:#}");
        assert_eq!(outlook["would_have_returned_on"], json!(null));
    }
    assert!((0..4).all(|growth| of(0, growth) <= of(1, growth) && of(1, growth) <= of(2, growth)));
    assert_eq!(outlooks[0]["false_returns_year"], 1.0);
    assert_eq!(preview["escalating"]["days_until"], outlooks[1]["days_until"], "normal is the default");
}

#[tokio::test]
async fn a_surge_brings_nothing_back() {
    let t = TestApp::new().await;
    let days = (1..30).rev();
    let records = days.flat_map(|day: i64| (0..4).map(move |i| said(day as usize * 10 + i, REFUND, -day)));
    import(&t, records.collect()).await;
    let path = path(&t, "refund").await;
    // a dozen insights of one, each of three sessions
    let mut parts = BTreeMap::new();
    let sessions = t.get_ok(&format!("{path}/sessions")).await;
    let sessions: Vec<Value> = sessions["items"].as_array().unwrap().clone();
    for three in sessions.chunks(3).take(12) {
        let ids: Vec<&Value> = three.iter().map(|session| &session["session_id"]).collect();
        let part = t.post_ok(&format!("{path}/split"), json!({"session_ids": ids})).await;
        parts.insert(part["id"].as_str().unwrap().to_owned(), three.to_vec());
    }
    let ids: Vec<&String> = parts.keys().collect();
    let archive =
        json!({"decision": "archive", "insight_ids": ids, "archive": {"policy": "until_escalating"}});
    assert_eq!(t.post_ok("/insights/bulk", archive).await["changed"], 12);
    t.advance(86_400);
    let burst = |from: usize| (from..from + 30).map(|i| said(5_000 + i, INVOICE, 1)).collect::<Vec<_>>();
    t.import(burst(0)).await;
    t.run_jobs().await;
    // every one of them gets a burst of its own
    let all = t.post_ok("/chat/sessions/filter", json!({})).await;
    assert!(all.is_object());
    let invoice = about(&t, "invoice").await["id"].as_str().unwrap().to_owned();
    let listed = t.get_ok(&format!("/insights/{invoice}/sessions")).await;
    for id in parts.keys() {
        for session in listed["items"].as_array().unwrap() {
            let place = format!("/insights/{id}/sessions/{}", session["session_id"].as_str().unwrap());
            t.call_as(&t.token, "PUT", &place, Some(json!({"belongs": true}))).await.ok();
        }
    }
    t.advance(2);
    t.run_jobs().await;
    let archived = t.post_ok("/insights", json!({"status": "archived"})).await;
    assert_eq!(archived["total"], 12, "{archived:#}");
}
