//! The life of an insight: resolved, archived, back.

use crate::app::{Answer, START, TestApp};
use axum::body::Body;
use axum::http::Request;
use refrain::members::Member;
use refrain::time::{DAY, Timestamp};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

const REFUND: [&str; 4] = [
    "My refund has not arrived yet",
    "Where is my refund?",
    "I am still waiting for my refund",
    "When will I get my refund?",
];
const INVOICE: [&str; 4] = [
    "I need a copy of my invoice",
    "Please send me the invoice again",
    "Where can I download my invoice?",
    "The invoice did not come",
];

/// One who says this, so many days before or after the beginning of the test.
fn said(contact: usize, texts: [&str; 4], days: i64) -> Value {
    let text = texts[contact % texts.len()];
    let at = Timestamp::parse(START).unwrap().plus(days * DAY);
    json!({
        "id": format!("{contact} {text} {days}"),
        "created_at": at.to_string(),
        "channel": if days > 0 { "email" } else { "web" },
        "contact": {
            "email": format!("c{contact}@example.com"),
            "custom_data": {"plan": if contact.is_multiple_of(3) { "pro" } else { "free" }, "number": contact.to_string()},
        },
        "turns": [{"role": "contact", "text": text}],
    })
}

async fn import(t: &TestApp, records: Vec<Value>) {
    t.import(records).await;
    t.run_jobs().await;
}

/// Two months in which each day a person asks for a refund, and another for an invoice.
async fn two_months() -> TestApp {
    let t = TestApp::new().await;
    let days = (1..60).rev();
    let records =
        days.flat_map(|day: i64| [said(day as usize, REFUND, -day), said(100 + day as usize, INVOICE, -day)]);
    import(&t, records.collect()).await;
    t
}

async fn about(t: &TestApp, word: &str) -> Value {
    let all = t.post_ok("/insights", json!({"search": word})).await;
    let [insight] = &all["data"].as_array().unwrap()[..] else { panic!("about {word}: {all:#}") };
    insight.clone()
}

async fn path(t: &TestApp, word: &str) -> String {
    format!("/insights/{}", about(t, word).await["id"].as_str().unwrap())
}

async fn events(t: &TestApp, path: &str) -> Vec<Value> {
    t.get_ok(&format!("{path}/events")).await["items"].as_array().unwrap().clone()
}

async fn kinds(t: &TestApp, path: &str) -> Vec<String> {
    events(t, path).await.iter().map(|event| event["kind"].as_str().unwrap().to_owned()).collect()
}

async fn post_if(t: &TestApp, path: &str, tag: &str, body: Value) -> Answer {
    let request = Request::post(path)
        .header("authorization", format!("Bearer {}", t.token))
        .header("content-type", "application/json")
        .header("if-match", tag);
    t.send(request.body(Body::from(body.to_string())).unwrap()).await
}

/// So many new people ask for a refund today.
async fn ask(t: &TestApp, from: usize, count: usize) {
    for i in from..from + count {
        let contact = json!({"contact": {"email": format!("n{i}@example.com")}});
        let id = t.post_ok("/chat/sessions", contact).await["id"].as_str().unwrap().to_owned();
        let message = json!({"sender": "contact", "message": {"type": "text", "text": REFUND[0]}});
        t.post_ok(&format!("/chat/sessions/{id}/send"), message).await;
    }
    t.run_jobs().await;
}

#[tokio::test]
async fn resolved_until_it_is_seen_again() {
    let t = two_months().await;
    let member = Member {
        email: "ann@example.com".parse().unwrap(),
        name: Some("Ann".into()),
        avatar_url: Some("https://example.com/ann.png".into()),
    };
    let (_, token) = refrain::keys::create(
        &t.app,
        t.org_id,
        "ann",
        &"insights:write,insights:read".parse().unwrap(),
        Some(&member),
    )
    .await
    .unwrap();
    let path = path(&t, "refund").await;
    let resolve = format!("{path}/resolve");
    let resolved = t.call_as(&token, "POST", &resolve, None).await.ok();
    assert_eq!(resolved["resolved_at"], json!(t.app.clock.now().to_string()));
    assert_eq!(resolved["resolved_by"], json!({"name": "Ann", "avatar_url": "https://example.com/ann.png"}));
    t.advance(60);
    assert_eq!(t.post_ok(&resolve, json!({})).await, resolved, "resolved already");
    assert_eq!(kinds(&t, &path).await, ["resolved", "created"]);
    assert!(events(&t, &path).await[0]["by"]["id"].is_string());
    // what was said before does not count
    import(&t, vec![said(300, REFUND, -2)]).await;
    assert_eq!(about(&t, "refund").await["resolved_at"], resolved["resolved_at"]);
    t.post_ok(&format!("{path}/reopen"), json!({})).await;
    t.post_ok(&resolve, json!({})).await;
    t.advance(60);
    ask(&t, 0, 1).await;
    t.advance(2);
    t.run_jobs().await;
    assert_eq!(about(&t, "refund").await["resolved_at"], json!(null));
    let events = events(&t, &path).await;
    assert_eq!(
        (&events[0]["kind"], &events[0]["detail"]["sessions_since"]),
        (&json!("regressed"), &json!(1))
    );
    assert_eq!(events[0]["by"], json!(null));
    let other = t.key(t.org_id, "insights:read").await;
    t.call_as(&other, "POST", &resolve, None).await.error(403);
}

#[tokio::test]
async fn who_acts_on_an_old_state_is_refused() {
    let t = two_months().await;
    let path = path(&t, "refund").await;
    let tag = |answer: &Answer| answer.headers["etag"].to_str().unwrap().to_owned();
    let seen = tag(&t.get(&path).await);
    let resolved = post_if(&t, &format!("{path}/resolve"), &seen, json!({})).await;
    assert_eq!(resolved.status, 200);
    assert_eq!(tag(&resolved), tag(&t.get(&path).await));
    let archive = format!("{path}/archive");
    post_if(&t, &archive, &seen, json!({"policy": "forever"})).await.error(409);
    post_if(&t, &archive, "W/x", json!({"policy": "forever"})).await.error(400);
    assert_eq!(post_if(&t, &archive, "*", json!({"policy": "forever"})).await.status, 200);
    assert_eq!(
        post_if(&t, &format!("{path}/restore"), &tag(&t.get(&path).await), json!({})).await.status,
        200
    );
    for (body, wrong) in [
        (json!({}), "policy: is required"),
        (json!({"policy": "until_count"}), "target: is required with until_count"),
        (json!({"policy": "until_count", "target": 0}), "target: expected"),
        (json!({"policy": "forever", "target": 3}), "target: only with until_count"),
        (json!({"policy": "forever", "reason": " "}), "reason: expected"),
    ] {
        let error = t.post(&archive, body).await.error(400);
        assert!(error.contains(wrong), "{error}");
    }
}

#[tokio::test]
async fn archived_until_a_count_of_new_sessions() {
    let t = two_months().await;
    let path = path(&t, "refund").await;
    let archive = format!("{path}/archive");
    let input = json!({"policy": "until_count", "target": 3, "reason": "known"});
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
    let archived = t.post_ok(&format!("{refund}/archive"), json!({"policy": "until_escalating"})).await;
    let target = archived["resurface_progress"]["target"].as_i64().unwrap();
    assert!((5..40).contains(&target), "{archived:#}");
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

#[tokio::test]
async fn what_stands_behind_a_number_can_be_checked() {
    let t = two_months().await;
    let path = path(&t, "refund").await;
    let proof = t.get_ok(&format!("{path}/proof")).await;
    assert_eq!((&proof["occurrence_count"], &proof["sessions"]), (&json!(59), &json!(59)));
    let ids = t.items(&format!("{path}/sessions")).await;
    for session in &ids {
        let quote = &session["quote"];
        let number = |name: &str| quote[name].as_u64().unwrap() as usize;
        let message: Vec<char> = quote["message"].as_str().unwrap().chars().collect();
        let part: String = message[number("start")..number("end")].iter().collect();
        assert_eq!(part, quote["text"], "{session:#}");
        assert_eq!(session["rival"]["id"], about(&t, "invoice").await["id"]);
        assert!(session["rival"]["margin"].as_f64().unwrap() > 0.0, "{session:#}");
    }
    let mut ids: Vec<&str> = ids.iter().map(|session| session["session_id"].as_str().unwrap()).collect();
    ids.sort_unstable();
    let lines: String = ids.iter().map(|id| format!("{id}\n")).collect();
    let hash: String = Sha256::digest(lines).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(proof["sessions_sha256"], json!(hash));
    let filter = json!({"filter": {"sessionFromDate": "2026-06-01"}});
    let some = t.post_ok(&format!("{path}/sessions"), filter.clone()).await;
    assert_eq!((&some["total"], some["items"].as_array().unwrap().len()), (&json!(14), 14));
    let listed = t.post_ok("/insights", json!({"search": "refund", "sessionFromDate": "2026-06-01"})).await;
    assert_eq!(listed["data"][0]["occurrence_count"], some["total"]);
}

#[tokio::test]
async fn personal_data_beside_a_quote_is_masked() {
    let t = two_months().await;
    let mut record = said(800, REFUND, -1);
    let text = "Hi, I am at ann@example.com. My refund has not arrived yet. Call 0151 23456789 ☎";
    record["turns"][0]["text"] = json!(text);
    record["contact"]["name"] = json!("Ann Miller");
    import(&t, vec![record]).await;
    let path = path(&t, "refund").await;
    let sessions = t.get_ok(&format!("{path}/sessions")).await;
    let quotes = sessions["items"].as_array().unwrap().iter().map(|session| &session["quote"]);
    let quote = quotes.into_iter().find(|quote| quote["message"].as_str().unwrap().contains('☎')).unwrap();
    let message = quote["message"].as_str().unwrap();
    assert!(!message.contains("ann@") && !message.contains("23456789"), "{message}");
    let chars: Vec<char> = message.chars().collect();
    let (start, end) = (quote["start"].as_u64().unwrap() as usize, quote["end"].as_u64().unwrap() as usize);
    let part: String = chars[start..end].iter().collect();
    assert!(part.contains("My refund has not arrived yet"), "{part}");
}

#[tokio::test]
async fn a_trend_counts_every_session_once() {
    let t = two_months().await;
    let path = path(&t, "refund").await;
    let sum = |trend: &Value, name: &str| {
        let points = trend["points"].as_array().unwrap().iter();
        points.map(|point| point[name].as_u64().unwrap()).sum::<u64>()
    };
    let days = t.get_ok(&format!("{path}/trend?from=2026-04-01&to=2026-06-15")).await;
    assert_eq!((sum(&days, "sessions"), days["points"].as_array().unwrap().len()), (59, 76));
    let weeks = t.get_ok(&format!("{path}/trend?interval=week&from=2026-04-01")).await;
    assert_eq!((sum(&weeks, "sessions"), sum(&weeks, "contacts")), (59, 59));
    assert_eq!(weeks["points"][0]["date"], "2026-03-30", "a Monday");
    assert_eq!(
        days["points"][75],
        json!({"date": "2026-06-15", "sessions": 0, "contacts": 0, "expected": null})
    );
    t.post_ok(&format!("{path}/archive"), json!({"policy": "until_escalating"})).await;
    t.advance(3 * 86_400);
    t.run_jobs().await;
    let days = t.get_ok(&format!("{path}/trend")).await;
    let last = &days["points"][55];
    assert_eq!(last["date"], "2026-06-18");
    assert_eq!((&last["expected"]["low"], days["target"].is_number()), (&json!(0), true), "{days:#}");
    let sparklines =
        t.post_ok("/insights/trends", json!({"insight_ids": [about(&t, "refund").await["id"]]})).await;
    assert_eq!(sparklines[0]["weeks"].as_array().unwrap().len(), 12);
    t.get(&format!("{path}/trend?from=2020-01-01")).await.error(400);
    t.get(&format!("{path}/trend?interval=year")).await.error(400);
}

#[tokio::test]
async fn what_moves_is_in_the_overview() {
    let t = two_months().await;
    let quiet = t.get_ok("/overview").await;
    for list in ["risers", "fallers", "new", "back", "regressed", "silent_sources", "surges"] {
        assert_eq!(quiet[list], json!([]), "{quiet:#}");
    }
    assert_eq!((&quiet["unresolved"], &quiet["resolved"]), (&json!(2), &json!(0)));
    // many ask for a refund, nobody for an invoice any more, and some say something new
    const DELIVERY: [&str; 4] = [
        "The driver left my parcel in the rain",
        "My parcel was left in the rain by the driver",
        "The driver put the parcel into the rain",
        "Parcel left outside in the rain again",
    ];
    let later = |day: i64| (0..8).map(move |i| said(1_000 + day as usize * 10 + i, REFUND, day));
    let new = (1..12).map(|day| said(2_000 + day as usize, DELIVERY, day));
    t.advance(12 * 86_400);
    import(&t, (1..12).flat_map(later).chain(new).collect()).await;
    let moved = t.get_ok("/overview").await;
    let contents = |list: &str| {
        let items = moved[list].as_array().unwrap().iter();
        items.map(|item| item["content"].as_str().unwrap().to_lowercase()).collect::<Vec<_>>()
    };
    assert!(matches!(&contents("risers")[..], [one] if one.contains("refund")), "{moved:#}");
    assert!(matches!(&contents("fallers")[..], [one] if one.contains("invoice")), "{moved:#}");
    assert!(matches!(&contents("new")[..], [one] if one.contains("rain")), "{moved:#}");
    assert_eq!(moved["silent_sources"][0]["channel"], "web", "{moved:#}");
    assert!(moved["risers"][0]["since"].as_str().unwrap() < "2026-06-20");
    let path = path(&t, "refund").await;
    t.advance(86_400);
    t.run_jobs().await;
    assert_eq!(kinds(&t, &path).await, ["escalating", "created"]);
    t.post_ok(&format!("{path}/resolve"), json!({})).await;
    t.advance(60);
    ask(&t, 0, 1).await;
    t.advance(2);
    t.run_jobs().await;
    assert_eq!(t.get_ok("/overview").await["regressed"][0]["id"], about(&t, "refund").await["id"]);
}

#[tokio::test]
async fn many_are_decided_about_at_once() {
    let t = two_months().await;
    let (refund, invoice) =
        (about(&t, "refund").await["id"].clone(), about(&t, "invoice").await["id"].clone());
    let bulk = |body: Value| t.post("/insights/bulk", body);
    let dry = json!({"decision": "resolve", "filter": {"minSessions": 10}, "dry_run": true});
    assert_eq!(bulk(dry).await.ok(), json!({"matched": 2, "changed": 2}));
    assert_eq!(t.post_ok("/insights", json!({"status": "resolved"})).await["total"], 0);
    let ids = json!({"decision": "resolve", "insight_ids": [refund]});
    assert_eq!(bulk(ids).await.ok(), json!({"matched": 1, "changed": 1}));
    let rest = json!({"decision": "resolve", "filter": {}});
    assert_eq!(bulk(rest).await.ok(), json!({"matched": 2, "changed": 1}));
    let archive =
        json!({"decision": "archive", "insight_ids": [refund, invoice], "archive": {"policy": "forever"}});
    assert_eq!(bulk(archive).await.ok(), json!({"matched": 2, "changed": 2}));
    assert_eq!(t.post_ok("/insights", json!({"status": "archived"})).await["total"], 2);
    let team = t.post("/teams", json!({"name": "Money"})).await;
    if team.status == 200 {
        let assign = json!({"decision": "assign", "filter": {}, "assign": {"team_id": team.body["id"]}});
        assert_eq!(bulk(assign.clone()).await.ok(), json!({"matched": 2, "changed": 2}));
        assert_eq!(bulk(assign).await.ok(), json!({"matched": 2, "changed": 0}));
    }
    for body in [
        json!({"decision": "resolve"}),
        json!({"decision": "resolve", "insight_ids": [refund], "filter": {}}),
        json!({"decision": "archive", "insight_ids": [refund]}),
        json!({"decision": "archive", "insight_ids": [refund], "archive": {"policy": "until_count"}}),
    ] {
        bulk(body).await.error(400);
    }
    bulk(json!({"decision": "resolve", "insight_ids": [uuid::Uuid::nil()]})).await.error(404);
}

#[tokio::test]
async fn what_is_merged_or_split_keeps_what_was_decided() {
    let t = two_months().await;
    let (refund, invoice) = (path(&t, "refund").await, path(&t, "invoice").await);
    import(&t, (200..210).map(|i| said(i, REFUND, -1)).collect()).await;
    let id = |path: &str| path.trim_start_matches("/insights/").to_owned();
    t.post_ok(&format!("{refund}/archive"), json!({"policy": "until_escalating", "reason": "big"})).await;
    t.post_ok(&format!("{invoice}/archive"), json!({"policy": "forever", "reason": "small"})).await;
    let sessions = t.get_ok(&format!("{refund}/sessions")).await;
    let ids: Vec<&Value> =
        sessions["items"].as_array().unwrap().iter().map(|s| &s["session_id"]).take(5).collect();
    let part = t.post_ok(&format!("{refund}/split"), json!({"session_ids": ids})).await;
    assert_eq!(part["archive_policy"], "until_escalating", "{part:#}");
    assert!(part["resurface_progress"]["target"].is_number());
    // all are archived: so is the whole, as the largest was
    let merge = format!("{invoice}/merge");
    let whole = t.post_ok(&merge, json!({"insight_ids": [id(&refund)]})).await;
    assert_eq!(
        (&whole["archive_policy"], &whole["archived_by"]["reason"]),
        (&json!("until_escalating"), &json!("big"))
    );
    // one is not: so is the whole
    let part = format!("/insights/{}", part["id"].as_str().unwrap());
    t.post_ok(&format!("{part}/restore"), json!({})).await;
    let whole = t.post_ok(&merge, json!({"insight_ids": [id(&part)]})).await;
    assert_eq!(whole["archived_at"], json!(null));
    assert_eq!(whole["occurrence_count"], 128);
    t.run_jobs().await;
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
