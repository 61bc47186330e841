//! Categories of insights.

use super::{find, insights};
use crate::support::app::TestApp;
use crate::support::fixtures::{PASSWORD, REFUND, records};
use serde_json::{Value, json};

#[tokio::test]
async fn categories_are_assigned_by_meaning_and_bring_their_team() {
    let t = TestApp::new().await;
    t.import([records(&REFUND, 0), records(&PASSWORD, 100)].concat()).await;
    t.run_jobs().await;
    let team = t.post_ok("/teams", json!({"name": "Money"})).await;
    let category = json!({"name": "Money back", "description": "My refund has not arrived, where is my refund", "team_id": team["id"]});
    let category = t.post_ok("/categories", category).await;
    t.run_jobs().await;
    let refund = find(&insights(&t).await, "refund").clone();
    assert_eq!(
        (&refund["category"]["name"], &refund["team"]["name"]),
        (&json!("Money back"), &json!("Money"))
    );
    let filtered = t.post_ok("/insights", json!({"category": "MONEY BACK"})).await;
    assert_eq!(filtered["total"], 1);
    let path = format!("/categories/{}", category["id"].as_str().unwrap());
    t.patch_ok(&path, json!({"name": "Weather", "description": "Rain and snow", "team_id": null})).await;
    t.run_jobs().await;
    let refund = find(&insights(&t).await, "refund").clone();
    assert_eq!((&refund["category"]["name"], &refund["team"]), (&json!("Refunds and returns"), &Value::Null));
    assert_eq!(
        t.post("/categories", json!({"name": "weather"})).await.error(409),
        "name: another category has it"
    );
    t.call_as(&t.token, "DELETE", &path, None).await.ok();
    t.call_as(&t.token, "DELETE", &path, None).await.error(404);
    assert_eq!(t.get_ok("/categories").await.as_array().unwrap().len(), 16);
}
