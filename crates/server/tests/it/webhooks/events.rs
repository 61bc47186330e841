//! Events and who is told of them.

use super::{config, deliver, deliveries, hook, is_signed, names, say, taken, told};
use crate::support::app::TestApp;
use crate::support::fixtures::record;
use crate::support::scripted::Server;
use refrain::db::sql;
use serde_json::{Value, json};

#[tokio::test]
async fn a_session_is_told_from_its_first_message_to_its_end_as_the_contract_says() {
    let server = Server::new(taken).await;
    let t = TestApp::with(config()).await;
    let (hook, secret) = hook(&t, &server, Value::Null).await;
    let session = json!({
        "contact": {"email": "ada@example.com", "name": "Ada", "phone_number": "+49 30 1", "custom_data": {"plan": "pro"}},
        "verified": true, "channel": {"type": "web"}, "language": "en",
        "ticketing_system": {"name": "zendesk", "external_id": "9", "id_type": "ticket_id"},
    });
    let id = t.post_ok("/chat/sessions", session).await["id"].as_str().unwrap().to_owned();
    deliver(&t).await;
    assert!(server.asked().is_empty(), "nothing was said yet");
    say(&t, &id, "Where is my refund? ☂").await;
    let path = format!("/chat/sessions/{id}");
    t.patch_ok(&path, json!({"handoff": {"summary": "Wants a refund", "sentiment": "angry"}})).await;
    let agent = json!({
        "sender": "agent", "message": {"type": "text", "text": "On its way"}, "agent": {"id": 7, "name": "Bo"},
        "should_take_over_session_from_ai": true,
    });
    t.post_ok(&format!("{path}/send"), agent).await;
    t.patch_ok(&path, json!({"status": "closed_resolved", "session_closed_payload": {"why": "paid"}})).await;
    t.patch_ok(&path, json!({"status": "closed_resolved", "tags": ["late"]})).await;
    deliver(&t).await;
    let expected = [
        "conversation.started",
        "conversation.contact_response",
        "conversation.handoff_to_human",
        "conversation.handoff_to_human",
        "conversation.agent_response",
        "conversation.closed",
    ];
    assert_eq!(names(&server), expected);
    let published: Value = serde_json::from_str(include_str!("../contract/webhooks.json")).unwrap();
    for asked in server.asked() {
        assert!(is_signed(&asked, &secret));
        assert!(asked.head.starts_with("POST /hooks?a=b HTTP/1.1"), "{}", asked.head);
        assert_eq!(asked.header("content-type"), "application/json");
        let told = told(&asked);
        assert_eq!(told["organization_id"], json!(t.org_id));
        if let Some(schema) = published.get(told["event"].as_str().unwrap()) {
            jsonschema::validate(schema, &told).unwrap_or_else(|error| panic!("{error}: {told:#}"));
        }
    }
    assert_session_data(&server);
    assert_eq!(deliveries(&t, &hook, "delivered").await.len(), 6);
    assert_eq!(t.get_ok(&hook).await["waiting"], 0);
}

/// Checks what a session's six events say.
fn assert_session_data(server: &Server) {
    let data: Vec<Value> = server.asked().iter().map(|asked| told(asked)["data"].clone()).collect();
    assert_eq!(data[0]["first_message"], "Where is my refund? ☂");
    assert_eq!(
        data[0]["contact"]["enriched_data"],
        json!({"email": "ada@example.com", "phone_number": "+49 30 1"})
    );
    assert_eq!(
        (&data[0]["contact"]["name"], &data[0]["contact"]["custom_objects"]),
        (&json!("Ada"), &json!({"plan": "pro"}))
    );
    assert_eq!(
        (&data[1]["response"], &data[4]["response"], &data[4]["sender_name"]),
        (&json!("Where is my refund? ☂"), &json!("On its way"), &json!("Bo"))
    );
    assert_eq!(
        (&data[2][0]["summary"], &data[2][0]["user_sentiment"]),
        (&json!("Wants a refund"), &json!("angry"))
    );
    assert_eq!(data[3][0]["reason"], "human_agent_decided_to_take_over");
    let closed = &data[5][0];
    assert_eq!((&closed["resolution_status"], &closed["closed_by"]["id"]), (&json!("resolved"), &json!(7)));
    assert_eq!((&closed["third_party_name"], &closed["message_count"]), (&json!("zendesk"), &json!(2)));
    assert_eq!(closed["session_closed_payload"]["why"], "paid");
}

#[tokio::test]
async fn another_organization_sees_nothing() {
    let (ours, theirs) = (Server::new(taken).await, Server::new(taken).await);
    let t = TestApp::with(config()).await;
    let (hook, _) = hook(&t, &ours, Value::Null).await;
    let other = t.app.find_or_create_org("other").await.unwrap();
    let token = t.key(other, "*").await;
    let url = json!({"url": format!("http://{}/", theirs.address)});
    t.call_as(&token, "POST", "/webhooks", Some(url)).await.ok();
    t.session_saying("Where is my refund?").await;
    let delivery = deliveries(&t, &hook, "waiting").await[0]["id"].as_str().unwrap().to_owned();
    deliver(&t).await;
    assert_eq!((ours.asked().len(), theirs.asked().len()), (2, 0));
    for (method, path) in [
        ("GET", hook.clone()),
        ("PATCH", hook.clone()),
        ("DELETE", hook.clone()),
        ("GET", format!("{hook}/deliveries")),
        ("POST", format!("{hook}/rotate-secret")),
        ("POST", format!("{hook}/test")),
        ("POST", format!("{hook}/replay")),
        ("POST", format!("{hook}/deliveries/{delivery}/replay")),
    ] {
        let body = (method != "GET").then(|| json!({}));
        assert_eq!(
            t.call_as(&token, method, &path, body).await.error(404),
            "webhook not found",
            "{method} {path}"
        );
    }
    assert_eq!(t.call_as(&token, "GET", "/webhooks", None).await.ok().as_array().unwrap().len(), 1);
    let reader = t.key(t.org_id, "webhooks:read").await;
    t.call_as(&reader, "GET", &hook, None).await.ok();
    t.call_as(&reader, "PATCH", &hook, Some(json!({}))).await.error(403);
    let unknown = json!({"url": "http://127.0.0.1/", "events": ["insight.exploded"]});
    assert!(
        t.post("/webhooks", unknown)
            .await
            .error(400)
            .starts_with("events[0]: expected one of conversation.started,")
    );
    t.call_as(&t.token, "DELETE", &hook, None).await.ok();
    assert_eq!(t.count("select count(*) from deliveries").await, 0);
}

#[tokio::test]
async fn what_was_erased_leaves_no_more() {
    let server = Server::new(taken).await;
    let t = TestApp::with(config()).await;
    let (hook, _) = hook(&t, &server, json!(["conversation.started"])).await;
    let contact = json!({"contact": {"email": "ada@example.com", "name": "Ada"}, "verified": true});
    let session = t.post_ok("/chat/sessions", contact).await;
    let (a, contact) = (session["id"].as_str().unwrap(), session["contact_id"].as_str());
    say(&t, a, "Where is my refund?").await;
    let contact = match contact {
        Some(id) => id.to_owned(),
        None => t.get_ok("/contacts").await["items"][0]["id"].as_str().unwrap().to_owned(),
    };
    t.call_as(&t.token, "DELETE", &format!("/contacts/{contact}"), None).await.ok();
    t.session_saying("Erase me").await;
    t.execute(sql(
        "delete from sessions where id in (select session_id from messages where text = 'Erase me')",
    ))
    .await;
    deliver(&t).await;
    let asked = server.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!(told(&asked[0])["data"]["contact"], json!({"enriched_data": {}}));
    assert_eq!(deliveries(&t, &hook, "erased").await.len(), 1);
    assert_eq!(t.get_ok(&hook).await["waiting"], 0);
}

#[tokio::test]
async fn insights_are_told() {
    const SAID: [&str; 4] = [
        "My refund has not arrived yet",
        "Where is my refund?",
        "I forgot my password and cannot log in",
        "How do I reset my password?",
    ];
    let server = Server::new(taken).await;
    let t = TestApp::with(config()).await;
    hook(&t, &server, Value::Null).await;
    t.import((0..40).map(|i| record(i, SAID[i % 4])).collect()).await;
    t.run_jobs().await;
    deliver(&t).await;
    // what happened elsewhere is not told
    assert_eq!(names(&server), ["insight.created", "insight.created"]);
    let ids: Vec<String> = server
        .asked()
        .iter()
        .map(|asked| told(asked)["data"]["insight_id"].as_str().unwrap().to_owned())
        .collect();
    t.post_ok(&format!("/insights/{}/merge", ids[0]), json!({"insight_ids": [ids[1]]})).await;
    deliver(&t).await;
    // one ended, and the other is both
    assert_eq!(names(&server)[2..], ["insight.merged", "insight.merged"]);
    let of = |id: &str| {
        let asked = server.asked();
        let mut told = asked.iter().skip(2).map(told);
        told.find(|told| told["data"]["insight_id"] == json!(id)).unwrap()
    };
    let (merged, ended) = (of(&ids[0]), of(&ids[1]));
    assert_eq!(merged["data"]["detail"], json!({"merged_id": ids[1]}));
    assert_eq!(ended["data"]["detail"], json!({"successor_id": ids[0]}));
    let mut components = t.get_ok("/openapi.json").await["components"].clone();
    let schema = json!({"$ref": "#/components/schemas/PublicInsight", "components": components.take()});
    for asked in server.asked() {
        let told = told(&asked);
        jsonschema::validate(&schema, &told["data"]["insight"])
            .unwrap_or_else(|error| panic!("{error}: {told:#}"));
    }
    assert_eq!(merged["data"]["insight"]["occurrence_count"], 40);
    let events = t.get_ok(&format!("/insights/{}/events", ids[0])).await;
    let undo = json!({"event_id": events["items"][0]["id"]});
    t.post_ok(&format!("/insights/{}/undo", ids[0]), undo).await;
    t.patch_ok(&format!("/insights/{}", ids[0]), json!({"content": "No refund"})).await;
    deliver(&t).await;
    let mut later = names(&server)[4..].to_vec();
    later.sort_unstable();
    assert_eq!(later, ["insight.edited", "insight.unmerged", "insight.unmerged"]);
}
