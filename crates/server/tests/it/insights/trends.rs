//! The trend of an insight and the overview of all.

use super::two_months::{REFUND, about, ask, events, import, kinds, path, said, two_months};
use crate::support::app::TestApp;
use serde_json::{Value, json};

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
    let today = &days["points"][75];
    assert_eq!(
        (&today["date"], &today["sessions"], &today["contacts"]),
        (&json!("2026-06-15"), &json!(0), &json!(0))
    );
    assert!((0.9..2.0).contains(&today["expected"]["mean"].as_f64().unwrap()), "one a day: {today}");
    // the first was said on the 17th of April: before that nothing is usual
    assert_eq!((&days["points"][16]["sessions"], &days["points"][30]["expected"]), (&json!(1), &Value::Null));
    t.post_ok(&format!("{path}/archive"), json!({"policy": "until_escalating"})).await;
    t.advance(3 * 86_400);
    t.run_jobs().await;
    let days = t.get_ok(&format!("{path}/trend")).await;
    let last = &days["points"][55];
    assert_eq!(last["date"], "2026-06-18");
    assert_eq!((&last["expected"]["low"], days["target"].is_number()), (&json!(0), true), "{days:#}");
    // it comes back, and what was usual stays so
    ask(&t, 0, 12).await;
    t.advance(2);
    t.run_jobs().await;
    let back =
        t.post_ok(&format!("{path}/trend"), json!({"split": {"by": "channel", "values": ["web"]}})).await;
    let mean = |trend: &Value| trend["points"][55]["expected"]["mean"].as_f64().unwrap();
    assert!((mean(&back) - mean(&days)).abs() < 0.2, "{back:#}");
    let kinds: Vec<&Value> = back["events"].as_array().unwrap().iter().map(|event| &event["kind"]).collect();
    assert_eq!(kinds[kinds.len() - 2..], ["archived", "resurfaced"]);
    assert_eq!((&back["points"][55]["contacts"], &back["target"]), (&json!(12), &Value::Null));
    assert_eq!(back["splits"][0]["sessions"].as_array().unwrap().len(), 56);
    let rows = t.post_ok("/insights/rows", json!({"movement": ["back"], "sort": "returned"})).await;
    let row = &rows["items"][0];
    assert_eq!((&row["insight"]["id"], &rows["by_movement"]["back"]), (&back["id"], &json!(1)), "{rows:#}");
    t.post(&format!("{path}/trend"), json!({"split": {"by": "team", "values": ["x"]}})).await.error(400);
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
    check_slice(&t).await;
    let path = path(&t, "refund").await;
    t.advance(86_400);
    t.run_jobs().await;
    assert_eq!(kinds(&t, &path).await, ["escalating", "created"]);
    t.post_ok(&format!("{path}/resolve"), json!({})).await;
    t.advance(60);
    assert_eq!(regressed(&t, json!({"status": ["all"]})).await.0, 0, "resolved, and not seen since");
    ask(&t, 0, 1).await;
    t.advance(2);
    t.run_jobs().await;
    assert_eq!(t.get_ok("/overview").await["regressed"][0]["id"], about(&t, "refund").await["id"]);
    check_regressed(&t, &path).await;
}

/// The rows of what regressed, and their number.
async fn regressed(t: &TestApp, filter: Value) -> (u64, Value) {
    let body = json!({"filter": filter, "movement": ["regressed"], "group_by": "movement"});
    let rows = t.post_ok("/insights/rows", body).await;
    let count = rows["insights"].as_u64().unwrap();
    assert_eq!(rows["by_movement"]["regressed"], count, "{rows:#}");
    (count, rows)
}

/// What rows say of an insight that regressed just now.
async fn check_regressed(t: &TestApp, path: &str) {
    let (count, rows) = regressed(t, json!({})).await;
    let (row, event) = (&rows["items"][0], &events(t, path).await[0]);
    assert_eq!((count, &row["insight"]["id"]), (1, &about(t, "refund").await["id"]), "{rows:#}");
    let moves = json!({"kind": "regressed", "since": event["at"]});
    assert!(event["kind"] == "regressed" && row["movement"].as_array().unwrap().contains(&moves), "{row:#}");
    // in a slice too, and only where it shows there
    assert_eq!(regressed(t, json!({"channel": ["web"]})).await.0, 1);
    assert_eq!(regressed(t, json!({"channel": ["sms"]})).await.0, 0);
    // what is resolved again moves no more; it regressed all the same
    t.post_ok(&format!("{path}/resolve"), json!({})).await;
    assert_eq!(regressed(t, json!({"status": ["all"]})).await.0, 0);
    t.post_ok(&format!("{path}/reopen"), json!({})).await;
    assert_eq!(regressed(t, json!({})).await.0, 1);
    // after two weeks it is nothing new
    t.advance(13 * 86_400);
    assert_eq!(regressed(t, json!({})).await.0, 1);
    t.advance(86_400);
    assert_eq!(regressed(t, json!({})).await.0, 0);
}

/// What rows, facets and the overview of a slice say of the same.
async fn check_slice(t: &TestApp) {
    let rows = t.post_ok("/insights/rows", json!({"group_by": "movement"})).await;
    let groups: Vec<&Value> =
        rows["groups"].as_array().unwrap().iter().map(|group| &group["value"]).collect();
    assert_eq!(groups, ["escalating", "new", "falling"], "{rows:#}");
    for (item, word) in rows["items"].as_array().unwrap().iter().zip(["refund", "rain", "invoice"]) {
        assert!(item["insight"]["content"].as_str().unwrap().to_lowercase().contains(word), "{item:#}");
        assert_eq!(item["movement"].as_array().unwrap().len(), 1, "{item:#}");
    }
    let [refund, rain, invoice] = [0, 1, 2].map(|at| &rows["items"][at]["change"]);
    assert!(refund["low"].as_f64().unwrap() > 2.0 && refund["sure"] == true, "{refund}");
    assert!(invoice["high"].as_f64().unwrap() < 1.0 && invoice["sure"] == true, "{invoice}");
    // nothing is usual of days before it was first said
    assert_eq!((&rain["ratio"], &rain["before"]["days"]), (&Value::Null, &json!(0.0)), "{rain}");
    let moved = t.post_ok("/overview", json!({})).await;
    for (list, word) in [("risers", "refund"), ("new", "rain"), ("fallers", "invoice")] {
        let [mover] = &moved[list].as_array().unwrap()[..] else { panic!("{moved:#}") };
        assert!(mover["content"].as_str().unwrap().to_lowercase().contains(word), "{moved:#}");
    }
    // two weeks earlier nothing had moved, and on the web nothing did since
    let earlier = t.post_ok("/overview", json!({"to": "2026-06-10"})).await;
    assert_eq!((&earlier["risers"], &earlier["fallers"]), (&json!([]), &json!([])), "{earlier:#}");
    let web = t.post_ok("/overview", json!({"filter": {"not": {"channel": ["email"]}}})).await;
    assert_eq!(web["risers"], json!([]), "{web:#}");
    t.post("/overview", json!({"from": "2026-06-10", "to": "2026-06-01"})).await.error(400);
    // the many are on e-mail
    let id = &rows["items"][0]["insight"]["id"];
    let by = json!(["channel", "contact.plan", "keys"]);
    let facets = t.post_ok("/insights/facets", json!({"insight_id": id, "by": by})).await;
    let value = |facet: usize, value: &str| {
        let values = facets["facets"][facet]["values"].as_array().unwrap().iter();
        values.clone().find(|other| other["value"] == value).unwrap()["sure"].clone()
    };
    assert_eq!([value(0, "email"), value(0, "web")], [json!(true), json!(false)], "{facets:#}");
    assert_eq!([value(1, "free"), value(1, "pro")], [json!(false), json!(false)], "{facets:#}");
    let keys: Vec<&Value> = facets["keys"].as_array().unwrap().iter().map(|key| &key["key"]).collect();
    assert_eq!(keys, ["contact.number", "contact.plan"]);
    let people = t.get_ok(&format!("/insights/{}/people", id.as_str().unwrap())).await;
    let next = people["next"].as_str().unwrap();
    let second = t.get_ok(&format!("/insights/{}/people?cursor={next}", id.as_str().unwrap())).await;
    let count = |page: &Value| page["items"].as_array().unwrap().len();
    assert_eq!(count(&people), 50, "{people:#}");
    assert!(
        second["items"]
            .as_array()
            .unwrap()
            .iter()
            .all(|one| !people["items"].as_array().unwrap().contains(one))
    );
    assert_eq!(people["total"], second["total"]);
    for (path, body, wrong) in [
        ("rows", json!({"filter": {"channel": "web"}}), "filter.channel"),
        ("rows", json!({"filter": {"not": {"not": {}}}}), "filter.not"),
        ("rows", json!({"limit": 201}), "limit"),
        ("facets", json!({"by": ["session."]}), "by[0]"),
        ("facets", json!({"by": []}), "by"),
    ] {
        let message = t.post(&format!("/insights/{path}"), body).await.error(400);
        assert!(message.starts_with(wrong), "{message}");
    }
}
