//! Resolved and archived insights: one, many, and those that are merged or split.

use crate::insights::two_months::{
    REFUND, about, ask, events, import, kinds, path, post_if, said, two_months,
};
use crate::support::app::Answer;
use refrain::members::Member;
use serde_json::{Value, json};

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
        None,
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
async fn many_are_decided_about_at_once() {
    let t = two_months().await;
    let (refund, invoice) =
        (about(&t, "refund").await["id"].clone(), about(&t, "invoice").await["id"].clone());
    let bulk = |body: Value| t.post("/insights/bulk", body);
    let counts = async |body: Value| {
        let mut answer = bulk(body).await.ok();
        let operation = answer.as_object_mut().unwrap().remove("operation_id").unwrap();
        assert!(operation.is_string() || answer["changed"] == 0, "{answer}");
        answer
    };
    let dry = json!({"decision": "resolve", "filter": {"minSessions": 10}, "dry_run": true});
    let nothing = json!({"matched": 2, "changed": 2, "operation_id": null});
    assert_eq!(bulk(dry).await.ok(), nothing);
    assert_eq!(t.post_ok("/insights", json!({"status": "resolved"})).await["total"], 0);
    let ids = json!({"decision": "resolve", "insight_ids": [refund]});
    assert_eq!(counts(ids).await, json!({"matched": 1, "changed": 1}));
    let rest = json!({"decision": "resolve", "filter": {}});
    assert_eq!(counts(rest).await, json!({"matched": 2, "changed": 1}));
    let archive =
        json!({"decision": "archive", "insight_ids": [refund, invoice], "archive": {"policy": "forever"}});
    assert_eq!(counts(archive).await, json!({"matched": 2, "changed": 2}));
    assert_eq!(t.post_ok("/insights", json!({"status": "archived"})).await["total"], 2);
    let team = t.post("/teams", json!({"name": "Money"})).await;
    if team.status == 200 {
        let assign = json!({"decision": "assign", "filter": {}, "assign": {"team_id": team.body["id"]}});
        assert_eq!(counts(assign.clone()).await, json!({"matched": 2, "changed": 2}));
        assert_eq!(counts(assign).await, json!({"matched": 2, "changed": 0}));
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
