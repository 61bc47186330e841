//! Filters that are kept under a name.

use crate::support::app::TestApp;
use crate::support::fixtures::{PASSWORD, REFUND, records};
use refrain::keys::{self, Scopes};
use refrain::members::Member;
use serde_json::{Value, json};

/// The token of a key that acts for a member.
async fn member(t: &TestApp, email: &str) -> String {
    let member = Member { email: email.parse().unwrap(), name: None, avatar_url: None };
    keys::create(&t.app, t.org_id, email, &Scopes::All, Some(&member), None).await.unwrap().1
}

fn names(views: &Value) -> Vec<&str> {
    views.as_array().unwrap().iter().map(|view| view["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn views_are_shared_or_a_members_own_and_count_their_insights() {
    let t = TestApp::new().await;
    t.import([records(&REFUND, 0), records(&PASSWORD, 100)].concat()).await;
    t.run_jobs().await;
    let (ada, bob) = (member(&t, "ada@example.com").await, member(&t, "bob@example.com").await);
    let post = async |token: &str, body: Value| t.call_as(token, "POST", "/views", Some(body)).await;
    let list = async |token: &str| t.call_as(token, "GET", "/views", None).await.ok();
    let filter = json!({"search": ["refund"], "not": {"status": ["archived"]}});
    let body = json!({"name": " Refunds ", "filter": filter, "sort": "last_seen_at", "sort_order": "asc",
        "group_by": "team", "shared": true, "is_default": true});
    let refunds = post(&ada, body).await.ok();
    let expected = json!({"id": refunds["id"], "name": "Refunds", "filter": filter, "sort": "last_seen_at",
        "sort_order": "asc", "group_by": "team", "shared": true, "is_default": true, "insights": 1});
    assert_eq!(refunds, expected);
    let own = post(&ada, json!({"name": "All of mine"})).await.ok();
    assert_eq!((&own["shared"], &own["insights"]), (&json!(false), &json!(2)));
    let all = post(&ada, json!({"name": "All", "is_default": true})).await.ok();
    assert_eq!(names(&list(&ada).await), ["Refunds", "All", "All of mine"]);
    let of_bob = list(&bob).await;
    assert_eq!(names(&of_bob), ["Refunds", "All"]);
    // one is the default
    assert_eq!([0, 1].map(|i| of_bob[i]["is_default"].clone()), [json!(false), json!(true)]);
    let path = |view: &Value| format!("/views/{}", view["id"].as_str().unwrap());
    t.call_as(&bob, "PATCH", &path(&own), Some(json!({"name": "x"}))).await.error(404);
    t.call_as(&bob, "DELETE", &path(&own), None).await.error(404);
    // in another order, changed, and gone
    let order = json!({"ids": [all["id"], refunds["id"]]});
    let ordered = t.call_as(&bob, "PUT", "/views/order", Some(order)).await.ok();
    assert_eq!(names(&ordered), ["All", "Refunds"]);
    let wrong = json!({"ids": [own["id"]]});
    t.call_as(&bob, "PUT", "/views/order", Some(wrong)).await.error(404);
    let change = json!({"filter": {"search": ["nothing"]}, "sort": null, "shared": false});
    let changed = t.call_as(&ada, "PATCH", &path(&refunds), Some(change)).await.ok();
    assert_eq!(
        (&changed["insights"], &changed["sort"], &changed["shared"]),
        (&json!(0), &json!(null), &json!(false))
    );
    assert_eq!(names(&list(&bob).await), ["All"]);
    t.call_as(&ada, "DELETE", &path(&all), None).await.ok();
    assert_eq!(list(&bob).await, json!([]));
    // what is wrong is named
    let wrong = post(&ada, json!({"name": "x", "filter": {"channel": ["fax"]}})).await.error(400);
    assert!(wrong.starts_with("filter.channel"), "{wrong}");
    let wrong = post(&ada, json!({"name": "x", "filter": {"colour": "red"}})).await.error(400);
    assert!(wrong.starts_with("filter") && wrong.ends_with("is not known"), "{wrong}");
    let wrong = post(&t.token, json!({"name": "x"})).await.error(400);
    assert_eq!(wrong, "shared: a key that acts for no member has no views of its own");
    let other = t.app.find_or_create_org("other").await.unwrap();
    assert_eq!(list(&t.key(other, "*").await).await, json!([]));
}
