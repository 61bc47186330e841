//! Edits: wording, team and category by hand.

use crate::insights::insights;
use crate::support::app::TestApp;
use crate::support::fixtures::{PASSWORD, REFUND, records};
use serde_json::{Value, json};

#[tokio::test]
async fn what_a_person_sets_no_grouping_overrules() {
    let t = TestApp::new().await;
    t.import(records(&REFUND, 0)).await;
    t.run_jobs().await;
    let insight = insights(&t).await.remove(0);
    let path = format!("/insights/{}", insight["id"].as_str().unwrap());
    let team = t.post_ok("/teams", json!({"name": "Billing"})).await;
    let category = t
        .get_ok("/categories")
        .await
        .as_array()
        .unwrap()
        .iter()
        .find(|category| category["name"] == "Fraud and security")
        .unwrap()["id"]
        .clone();
    let set = json!({"content": "Refunds are late", "team_id": team["id"], "category_id": category});
    let changed = t.patch_ok(&path, set).await;
    assert_eq!(changed["content"], "Refunds are late");
    t.import(records(&PASSWORD, 100)).await;
    t.import(records(&REFUND, 200)).await;
    t.run_jobs().await;
    let after = t.get_ok(&path).await;
    assert_eq!(after["occurrence_count"], 40);
    assert_eq!(after["content"], "Refunds are late");
    assert_eq!(
        (&after["team"]["name"], &after["category"]["name"]),
        (&json!("Billing"), &json!("Fraud and security"))
    );
    let nothing = uuid::Uuid::nil();
    assert_eq!(t.patch(&path, json!({"team_id": nothing})).await.error(404), "team not found");
    assert_eq!(t.patch(&format!("/insights/{nothing}"), json!({})).await.error(404), "insight not found");
    let cleared = t.patch_ok(&path, json!({"team_id": null})).await;
    assert_eq!(cleared["team"], Value::Null);
}
