//! The trend of an insight and the overview of all.

use super::two_months::{REFUND, about, ask, import, kinds, path, said, two_months};
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
