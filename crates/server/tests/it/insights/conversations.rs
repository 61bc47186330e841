//! Conversations with what was found in them, and those that conditions, insights and words find.

use super::find;
use crate::members::{Browser, audited};
use crate::support::app::TestApp;
use crate::support::fixtures::{PASSWORD, REFUND, records};
use serde_json::{Value, json};

/// The characters of a text at a place.
fn at(text: &str, place: &Value) -> String {
    let [start, end] = ["start", "end"].map(|name| usize::try_from(place[name].as_u64().unwrap()).unwrap());
    text.chars().skip(start).take(end - start).collect()
}

fn list(value: &Value) -> &Vec<Value> {
    value.as_array().unwrap_or_else(|| panic!("no list: {value:#}"))
}

/// The texts of a history by the ids of their messages.
fn texts(history: &Value) -> Vec<(Value, String)> {
    let said = list(&history["items"]).iter().filter(|item| item["event"]["content"].is_object());
    let text = |item: &Value| item["event"]["content"]["text"].as_str().unwrap().to_owned();
    said.map(|item| (item["id"].clone(), text(item))).collect()
}

fn text_of(texts: &[(Value, String)], id: &Value) -> String {
    texts.iter().find(|(known, _)| known == id).unwrap_or_else(|| panic!("no message {id}")).1.clone()
}

#[tokio::test]
async fn findings_are_placed_in_the_text_that_the_caller_is_shown() {
    let t = TestApp::new().await;
    t.import([records(&REFUND, 0), records(&PASSWORD, 100)].concat()).await;
    t.run_jobs().await;
    let contact = json!({"email": "ada@example.com", "name": "Ada Lovelace"});
    let session = t.post_ok("/chat/sessions", json!({"contact": contact, "verified": true})).await;
    let path = format!("/chat/sessions/{}", session["id"].as_str().unwrap());
    let said = "Ça va? Ada Lovelace here, 030 901820. My refund has not arrived yet";
    for text in [said, "Voice message"] {
        let message = json!({"sender": "contact", "message": {"type": "text", "text": text}});
        t.post_ok(&format!("{path}/send"), message).await;
    }
    let (history, findings) = (format!("{path}/history"), format!("{path}/findings"));
    assert_eq!(t.get_ok(&findings).await["statements"], json!([]), "nothing is read yet");
    while refrain::jobs::run_next(&t.app).await.unwrap() {}

    let (mut viewer, mut agent) = (Browser::of(&t, "viewer").await, Browser::of(&t, "agent").await);
    let of_key = (t.get_ok(&history).await, t.get_ok(&findings).await);
    let of_viewer = (viewer.get(&history).await.ok(), viewer.get(&findings).await.ok());
    for (is_masked, (history, findings)) in [(false, &of_key), (true, &of_viewer)] {
        let texts = texts(history);
        let statement = &findings["statements"][0];
        let text = text_of(&texts, &statement["message_id"]);
        let stated = at(&text, &statement["place"]);
        assert!(stated.ends_with("My refund has not arrived yet"), "{stated}");
        assert_eq!(statement["text"] == stated, is_masked || !stated.contains("Lovelace"), "{stated}");
        let masks: Vec<(String, String)> = list(&findings["masks"])
            .iter()
            .map(|mask| (mask["kind"].as_str().unwrap().to_owned(), at(&text, &mask["place"])))
            .collect();
        let expected = if is_masked { ["[name]", "[phone]"] } else { ["Ada Lovelace", "030 901820"] };
        let kinds = ["name", "phone"];
        assert_eq!(
            masks,
            kinds.map(str::to_owned).into_iter().zip(expected.map(str::to_owned)).collect::<Vec<_>>()
        );
        let aside = &list(&findings["set_aside"])[0];
        assert_eq!(aside["reason"], "placeholder");
        assert_eq!(text_of(&texts, &aside["message_id"]), "Voice message");
    }

    assert_linked(&t, &mut agent, &session["id"], &of_key.1).await;
    assert_revealed(&t, [&mut viewer, &mut agent], &session["id"], &of_key.0).await;
    t.get(&findings.replace(session["id"].as_str().unwrap(), &t.org_id.to_string())).await.error(404);
}

/// It counts for what is said, as it came; then by a person's word.
async fn assert_linked(t: &TestApp, agent: &mut Browser<'_>, session: &Value, findings: &Value) {
    let refund = find(&super::insights(t).await, "refund").clone();
    let link = &findings["statements"][0]["insights"][0];
    assert_eq!((&link["id"], &link["provisional"]), (&refund["id"], &json!(true)), "{link:#}");
    assert!(link["score"].as_f64().unwrap() > 0.5 && link["decided"].is_null());
    let rival = find(&super::insights(t).await, "password")["id"].clone();
    assert_eq!(link["rival"]["id"], rival);
    let belongs = format!("/insights/{}/sessions/{}", rival.as_str().unwrap(), session.as_str().unwrap());
    agent.call("PUT", &belongs, Some(json!({"belongs": true}))).await.ok();
    let decided = t.get_ok(&format!("/chat/sessions/{}/findings", session.as_str().unwrap())).await;
    let links = list(&decided["statements"][0]["insights"]);
    let link = links.iter().find(|link| link["id"] == rival).unwrap();
    assert_eq!(link["insight_number"], find(&super::insights(t).await, "password")["insight_number"]);
    assert!(link["decided"]["member_id"].is_string(), "{link:#}");
}

/// What is masked is shown to who has the right to it, and that is written down.
async fn assert_revealed(
    t: &TestApp,
    [viewer, agent]: [&mut Browser<'_>; 2],
    session: &Value,
    history: &Value,
) {
    let reveal = format!("/chat/sessions/{}/reveal", session.as_str().unwrap());
    assert_eq!(
        viewer.call("POST", &reveal, Some(json!({}))).await.error(403),
        "your role lacks the scope unmasked:read"
    );
    let key = t.key(t.org_id, "chat-sessions:read").await;
    t.call_as(&key, "POST", &reveal, Some(json!({}))).await.error(403);
    let shown = agent.call("POST", &reveal, Some(json!({"reason": "The customer asked"}))).await.ok();
    assert_eq!(shown, *history);
    let entry = audited(t, 1).await.remove(0);
    assert_eq!((&entry["kind"], &entry["subject_id"]), (&json!("session.revealed"), session));
    assert_eq!(entry["detail"], json!({"messages": 2, "reason": "The customer asked"}));
    assert_eq!(entry["member"]["email"], "agent@example.com");
}

#[tokio::test]
async fn conversations_are_found_by_conditions_insights_and_words() {
    let t = TestApp::new().await;
    let mut all = [records(&REFUND, 0), records(&PASSWORD, 100)].concat();
    for (i, record) in all.iter_mut().enumerate() {
        record["channel"] = json!(["web", "email"][i % 2]);
        record["created_at"] = json!(format!("2026-05-{:02}T08:00:00Z", 1 + i % 28));
    }
    all[3]["turns"] = json!([
        {"role": "contact", "text": "Where is the REFUND for my kettle? Call ann@example.com"},
        {"role": "agent", "text": "The refund for the kettle is on its way"},
    ]);
    all[3]["handoff"] = json!({"summary": "Wants a person"});
    all[3]["ai_closure_type"] = json!("handed_off");
    t.import(all).await;
    t.run_jobs().await;
    let query = async |body: Value| t.post_ok("/chat/sessions/query", body).await;

    assert_paged(&t).await;
    let total = async |body: Value| query(body).await["total"].clone();
    assert_eq!(total(json!({})).await, 40);
    assert_eq!(total(json!({"filters": {"channels": ["email"]}})).await, 20);
    assert_eq!(total(json!({"handed_off": true})).await, 1);
    assert_eq!(total(json!({"handed_off": false})).await, 39);
    let refund = find(&super::insights(&t).await, "refund").clone();
    let behind = json!({"insight_ids": [refund["id"]]});
    assert_eq!(total(behind.clone()).await, refund["occurrence_count"]);
    let mut both = behind;
    both["filters"] = json!({"channels": ["web"]});
    both["words"] = json!("my refund");
    let of_web = query(both).await;
    let counted = t.post_ok("/insights", json!({"channel": "web", "search": "refund"})).await;
    assert!(of_web["total"].as_u64().unwrap() <= counted["data"][0]["occurrence_count"].as_u64().unwrap());

    assert_words(&t).await;
    let error = async |body: Value| t.post("/chat/sessions/query", body).await.error(400);
    assert!(error(json!({"words": "a b c d e f g h i"})).await.starts_with("words: expected"));
    assert!(error(json!({"wrods": "a"})).await.contains("wrods"));
    t.post("/chat/sessions/query", json!({"insight_ids": [t.org_id]})).await.error(404);
    let key = t.key(t.org_id, "chat-sessions:read").await;
    let asked = Some(json!({"insight_ids": [refund["id"]]}));
    t.call_as(&key, "POST", "/chat/sessions/query", asked).await.error(403);
}

/// The session in which most messages have the words comes first, with where they are.
async fn assert_words(t: &TestApp) {
    let query = async |body: Value| t.post_ok("/chat/sessions/query", body).await;
    let found = query(json!({"words": "Refund kettle"})).await;
    assert_eq!(found["total"], 1);
    let kettle = query(json!({"words": "refund", "limit": 1})).await;
    assert_eq!(kettle["items"][0]["session"]["id"], found["items"][0]["session"]["id"]);
    let messages = list(&found["items"][0]["matches"]);
    assert_eq!(messages.len(), 2, "{messages:#?}");
    let id = found["items"][0]["session"]["id"].as_str().unwrap();
    let history = texts(&t.get_ok(&format!("/chat/sessions/{id}/history")).await);
    for message in messages {
        let text = text_of(&history, &message["message_id"]);
        let words: Vec<String> =
            list(&message["places"]).iter().map(|place| at(&text, place).to_lowercase()).collect();
        assert_eq!(words, ["refund", "kettle"], "{text}");
        let start = usize::try_from(message["excerpt_start"].as_u64().unwrap()).unwrap();
        let excerpt = message["excerpt"].as_str().unwrap();
        assert!(text.chars().skip(start).collect::<String>().starts_with(excerpt));
    }
    let mut viewer = Browser::of(t, "viewer").await;
    let masked = viewer.call("POST", "/chat/sessions/query", Some(json!({"words": "kettle"}))).await.ok();
    assert!(!masked.to_string().contains("ann@example.com") && masked.to_string().contains("[email]"));

    let number = found["items"][0]["session"]["ticket_number"].clone();
    let by_number = query(json!({"ticket_number": number})).await;
    assert_eq!((&by_number["total"], &by_number["items"][0]["session"]["id"]), (&json!(1), &json!(id)));
}

/// Every page comes once, with as many sessions as it says.
async fn assert_paged(t: &TestApp) {
    for sort in ["created_at", "last_message_at", "relevance"] {
        let words = if sort == "relevance" { json!("refund") } else { Value::Null };
        let mut body = json!({"limit": 7, "sort_by": sort, "sort_order": "asc"});
        if !words.is_null() {
            body["words"] = words;
        }
        let mut seen = Vec::new();
        let total = loop {
            let page = t.post_ok("/chat/sessions/query", body.clone()).await;
            seen.extend(list(&page["items"]).iter().map(|item| item["session"]["id"].to_string()));
            if page["next"].is_null() {
                break page["total"].clone();
            }
            body["cursor"] = page["next"].clone();
        };
        assert_eq!(total, seen.len(), "{sort}");
        let unique: std::collections::BTreeSet<&String> = seen.iter().collect();
        assert_eq!(unique.len(), seen.len(), "{sort}");
    }
}
