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
    let look = json!({"name": category["name"], "description": category["description"]});
    let preview = t.post_ok("/categories/preview", look).await;
    let category = t.post_ok("/categories", category).await;
    t.run_jobs().await;
    let refund = find(&insights(&t).await, "refund").clone();
    assert_eq!(
        (&refund["category"]["name"], &refund["team"]["name"]),
        (&json!("Money back"), &json!("Money"))
    );
    // as it was seen before
    assert_eq!(
        (&preview["total"], &preview["moves"][0]["insight_id"]),
        (&json!(1), &refund["id"]),
        "{preview:#}"
    );
    assert_eq!(preview["moves"][0]["to_category_id"], preview["category_id"]);
    let deleted = json!({"category_id": category["id"], "delete": true});
    let preview = t.post_ok("/categories/preview", deleted).await;
    assert_eq!(preview["moves"][0]["from_category_id"], category["id"]);
    let same = t.post_ok("/categories/preview", json!({"category_id": category["id"]})).await;
    assert_eq!(same["total"], 0);
    t.post("/categories/preview", json!({})).await.error(400);
    t.post("/categories/preview", json!({"category_id": uuid::Uuid::nil()})).await.error(404);
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
