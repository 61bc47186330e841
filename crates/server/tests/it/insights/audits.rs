//! `/audits`: pairs drawn, judged and taken back over the API.

use crate::support::app::TestApp;
use crate::support::fixtures::{PASSWORD, REFUND, records};
use serde_json::{Value, json};

#[tokio::test]
async fn pairs_are_drawn_judged_and_taken_back_and_say_what_the_command_says() {
    let t = TestApp::new().await;
    t.post("/audits", json!({})).await.error(409);
    t.import([records(&REFUND, 0), records(&PASSWORD, 100)].concat()).await;
    t.run_jobs().await;
    t.post("/audits", json!({"pairs": 10_001})).await.error(400);
    let audit = t.post_ok("/audits", json!({"pairs": 30, "seed": 7})).await;
    assert_eq!((&audit["pairs"], &audit["judged"], &audit["seed"]), (&json!(30), &json!(0), &json!(7)));
    let path = format!("/audits/{}", audit["id"].as_str().unwrap());
    let result = t.get_ok(&path).await["result"].clone();
    assert_eq!((&result["precision"], &result["recall"]), (&Value::Null, &Value::Null));

    // whoever judges sees the two texts, and nothing of the grouping
    let is_refund = |text: &Value| text.as_str().unwrap().to_lowercase().contains("refund");
    let mut judged = 0;
    loop {
        let pair = t.get_ok(&format!("{path}/next")).await["pair"].clone();
        if pair.is_null() {
            break;
        }
        assert_eq!(pair.as_object().unwrap().len(), 3, "{pair:#}");
        let answer =
            if is_refund(&pair["first"]) == is_refund(&pair["second"]) { "same" } else { "different" };
        let place = format!("{path}/pairs/{}", pair["position"]);
        let after = t.call_as(&t.token, "PUT", &place, Some(json!({"answer": answer}))).await.ok();
        judged += 1;
        assert_eq!(after["judged"], judged);
    }
    assert_eq!(judged, 30);
    let whole = t.get_ok(&path).await;
    assert_eq!(whole["result"]["precision"]["estimate"], 100.0);
    assert_eq!((&whole["result"]["regrouped"], &whole["result"]["wrong"]), (&json!(false), &json!([])));

    // judged anew, it is counted as wrong; taken back, it is open again
    let place = format!("{path}/pairs/1");
    let wrong = if whole["result"]["strata"][0]["same"].as_u64() > Some(0) {
        ["different", "same"]
    } else {
        ["same", "different"]
    };
    for answer in wrong {
        t.call_as(&t.token, "PUT", &place, Some(json!({"answer": answer}))).await.ok();
        let counted = t.get_ok(&path).await["result"]["strata"].clone();
        let sum: u64 = counted
            .as_array()
            .unwrap()
            .iter()
            .map(|s| s["same"].as_u64().unwrap() + s["different"].as_u64().unwrap())
            .sum();
        assert_eq!(sum, 30);
    }
    assert_eq!(t.call_as(&t.token, "DELETE", &place, None).await.ok()["judged"], 29);
    assert_eq!(t.get_ok(&format!("{path}/next")).await["pair"]["position"], 1);
    assert_eq!(t.get_ok(&format!("{path}/next?after=1")).await["pair"], Value::Null);
    assert_drawn_again(&t, &path).await;
}

/// Draws the same pairs once more, takes their statements away, and tries what there is not.
async fn assert_drawn_again(t: &TestApp, path: &str) {
    // the same seed draws the same pairs; a statement that is gone is left out
    let again = t.post_ok("/audits", json!({"pairs": 30, "seed": 7})).await;
    let next = format!("/audits/{}/next", again["id"].as_str().unwrap());
    assert_eq!(t.get_ok(&next).await["pair"], t.get_ok(&format!("{path}/next")).await["pair"]);
    assert_eq!(t.get_ok("/audits").await.as_array().unwrap().len(), 2);
    t.execute(refrain::db::sql("delete from occurrences")).await;
    t.execute(refrain::db::sql("delete from statements")).await;
    assert_eq!(t.get_ok(&next).await["pair"], Value::Null);
    let gone = t.get_ok(path).await["result"]["gone"].as_array().unwrap().len();
    assert_eq!(gone, 30);

    t.call_as(&t.token, "PUT", &format!("{path}/pairs/31"), Some(json!({"answer": "same"}))).await.error(404);
    t.call_as(&t.token, "PUT", &format!("{path}/pairs/1"), Some(json!({"answer": "maybe"}))).await.error(400);
    t.call_as(&t.token, "DELETE", path, None).await.ok();
    t.get(path).await.error(404);
    let key = t.key(t.org_id, "insights:read").await;
    t.call_as(&key, "POST", "/audits", Some(json!({}))).await.error(403);
}
