//! Teams, changed and deleted.

use crate::support::app::TestApp;
use crate::support::fixtures::{REFUND, records};
use serde_json::json;

#[tokio::test]
async fn a_team_that_is_deleted_leaves_what_it_looked_after() {
    let t = TestApp::new().await;
    t.import(records(&REFUND, 0)).await;
    t.run_jobs().await;
    let team = t.post_ok("/teams", json!({"name": "Money", "description": "Refunds"})).await;
    let path = format!("/teams/{}", team["id"].as_str().unwrap());
    let renamed = t.patch_ok(&path, json!({"name": "Billing"})).await;
    let expected = json!({"id": team["id"], "name": "Billing", "description": "Refunds"});
    assert_eq!((&renamed, &t.get_ok("/teams").await[0]), (&expected, &expected));
    let cleared = t.patch_ok(&path, json!({"description": null})).await;
    assert_eq!(cleared["description"], json!(null));
    let session = t.post_ok("/chat/sessions", json!({"team_id": team["id"]})).await;
    let session = format!("/chat/sessions/{}", session["id"].as_str().unwrap());
    let insight = t.post_ok("/insights", json!({})).await["data"][0]["id"].as_str().unwrap().to_owned();
    let insight = format!("/insights/{insight}");
    t.patch_ok(&insight, json!({"team_id": team["id"]})).await;
    let category = json!({"name": "Late money", "team_id": team["id"]});
    t.post_ok("/categories", category).await;
    let other = t.app.find_or_create_org("other").await.unwrap();
    let theirs = t.key(other, "*").await;
    t.call_as(&theirs, "PATCH", &path, Some(json!({"name": "x"}))).await.error(404);
    t.call_as(&theirs, "DELETE", &path, None).await.error(404);
    t.call_as(&t.token, "DELETE", &path, None).await.ok();
    t.call_as(&t.token, "DELETE", &path, None).await.error(404);
    assert_eq!(t.get_ok("/teams").await, json!([]));
    assert!(t.get_ok(&session).await.get("team").is_none());
    assert_eq!(t.get_ok(&insight).await["team"], json!(null));
    let categories = t.get_ok("/categories").await;
    let late = categories.as_array().unwrap().iter().find(|category| category["name"] == "Late money");
    assert_eq!(late.unwrap()["team_id"], json!(null));
    // everybody who keeps a copy hears of it
    assert_eq!(t.count("select count(*) from changes where kind = 'team'").await, 4);
}
