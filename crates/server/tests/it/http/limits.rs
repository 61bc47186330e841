//! Everything in a request has a most.

use crate::support::app::TestApp;
use refrain::http;
use serde_json::{Value, json};

/// Finds what has no bound in the schema of something in a request.
fn unbounded(schema: &Value, document: &Value, path: &str, found: &mut Vec<String>) {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        let name = reference.rsplit('/').next().unwrap();
        return unbounded(&document["components"]["schemas"][name], document, path, found);
    }
    for (choice, i) in schema.get("anyOf").and_then(Value::as_array).into_iter().flatten().zip(0..) {
        unbounded(choice, document, &format!("{path}|{i}"), found);
    }
    let has = |name: &str| schema.get(name).is_some();
    let kinds = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().map(|kind| kind.as_str().unwrap()).collect(),
        Value::String(kind) => vec![kind.as_str()],
        _ => Vec::new(),
    };
    let is_known = has("anyOf") || has("enum") || has("const") || !kinds.is_empty();
    let is_uuid = schema["format"] == "uuid";
    if !is_known
        || (kinds.contains(&"string") && !has("maxLength") && !has("enum") && !has("const") && !is_uuid)
    {
        found.push(format!("{path}: {schema}"));
    }
    if kinds.contains(&"array") {
        if !has("maxItems") {
            found.push(format!("{path}: {schema}"));
        }
        unbounded(&schema["items"], document, &format!("{path}[]"), found);
    }
    if kinds.contains(&"object") {
        for (name, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            unbounded(property, document, &format!("{path}.{name}"), found);
        }
        match schema.get("additionalProperties") {
            Some(Value::Object(_)) => {
                let bounded = has("maxProperties") && schema["propertyNames"]["maxLength"].is_number();
                if !bounded {
                    found.push(format!("{path}: {schema}"));
                }
                unbounded(&schema["additionalProperties"], document, &format!("{path}.*"), found);
            }
            Some(Value::Bool(true)) if !has("maxProperties") => found.push(format!("{path}: {schema}")),
            _ => {}
        }
    }
}

#[test]
fn every_text_and_every_list_of_a_request_has_a_most() {
    let document = http::document();
    let (mut found, mut seen) = (Vec::new(), 0);
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            for parameter in operation["parameters"].as_array().unwrap() {
                let at = format!("{method} {path} {}", parameter["name"]);
                unbounded(&parameter["schema"], &document, &at, &mut found);
                seen += 1;
            }
            if let Some(body) = operation.get("requestBody") {
                let schema = &body["content"]["application/json"]["schema"];
                unbounded(schema, &document, &format!("{method} {path} body"), &mut found);
                seen += 1;
            }
        }
    }
    assert!(seen > 80, "{seen}");
    assert!(found.is_empty(), "{} without a most:\n{}", found.len(), found.join("\n"));
}

#[test]
fn what_has_no_most_is_found() {
    let document = json!({"components": {"schemas": {"A": {"type": "object", "properties": {"x": {"type": "string"}}}}}});
    for schema in [
        json!({"type": "string"}),
        json!({"$ref": "#/components/schemas/A"}),
        json!({"type": "array", "items": {"type": "integer"}}),
        json!({"type": "array", "maxItems": 1, "items": {"type": "string", "format": "email"}}),
        json!({"anyOf": [{"type": "null"}, {"type": ["string", "null"]}]}),
        json!({"type": "object", "additionalProperties": {"type": "integer"}, "maxProperties": 1}),
        json!({"type": "object", "additionalProperties": true}),
        json!({}),
    ] {
        let mut found = Vec::new();
        unbounded(&schema, &document, "", &mut found);
        assert!(!found.is_empty(), "{schema}");
    }
}

#[tokio::test]
async fn a_list_that_is_too_long_is_refused_by_name() {
    let t = TestApp::new().await;
    let id = t.session_saying("hello").await;
    let many = |value: &str, count: usize| vec![value.to_owned(); count];
    let nil = uuid::Uuid::nil().to_string();
    for (list, value, max) in [
        ("channels", "web", 500),
        ("statuses", "open", 500),
        ("sentiments", "angry", 500),
        ("tags", "a", 500),
        ("assignee_ids", "a", 500),
        ("team_ids", nil.as_str(), 500),
        ("contact_ids", nil.as_str(), 500),
        ("languages", "en", 500),
    ] {
        let filter = |count| json!({"filters": {list: many(value, count)}});
        assert_eq!(t.post("/chat/sessions/filter", filter(max)).await.status, 200, "{list}");
        let error = t.post("/chat/sessions/filter", filter(max + 1)).await.error(400);
        assert_eq!(error, format!("filters.{list}: expected at most {max} items"));
    }
    for count in [101, 20_000] {
        let tags = json!({"tags": (0..count).map(|i| i.to_string()).collect::<Vec<_>>()});
        let error = "tags: expected at most 100 items";
        assert_eq!(t.post("/chat/sessions", tags.clone()).await.error(400), error);
        assert_eq!(t.patch(&format!("/chat/sessions/{id}"), tags).await.error(400), error);
    }
    let files: Vec<Value> = (0..11).map(|_| json!({"url": "https://a.example/b"})).collect();
    let message =
        json!({"sender": "contact", "message": {"type": "text", "text": "x", "attachments": files}});
    let error = t.post(&format!("/chat/sessions/{id}/send"), message).await.error(400);
    assert_eq!(error, "message.attachments: expected at most 10 items");
}

#[tokio::test]
async fn a_text_that_is_too_long_is_refused_by_name() {
    let t = TestApp::new().await;
    t.session_saying("hello").await;
    let long = |length: usize| "a".repeat(length);
    for (path, body, error) in [
        ("/insights", json!({"search": long(201)}), "search: expected at most 200 characters"),
        ("/insights", json!({"search": long(200_000)}), "search: expected at most 200 characters"),
        ("/insights", json!({"category": long(201)}), "category: expected at most 200 characters"),
        (
            "/insights",
            json!({"sessionFromDate": long(65)}),
            "sessionFromDate: expected at most 64 characters",
        ),
        (
            "/chat/sessions/filter",
            json!({"filters": {"tags": [long(201)]}}),
            "filters.tags[0]: expected at most 200 characters",
        ),
        (
            "/chat/sessions",
            json!({"language": format!("en-{}", long(40))}),
            "language: expected a language tag such as en or pt-BR",
        ),
    ] {
        assert_eq!(t.post(path, body).await.error(400), error);
    }
    let cursor = t.get(&format!("/chat/sessions?cursor={}", long(5_000))).await;
    assert_eq!(cursor.error(400), "cursor: expected the next of an earlier page");
    let id = t.get(&format!("/chat/sessions/{}", long(5_000))).await;
    assert_eq!(id.error(404), "resource not found");
    let contact = t.get(&format!("/chat/sessions/search?q=a&contact_id={}", long(101))).await;
    assert_eq!(contact.error(400), "contact_id: expected at most 100 characters");
    // the name of a member that a client made up is not repeated at length
    let made_up = json!({"custom_data": {long(100_000): []}});
    assert!(t.post("/chat/sessions", made_up).await.error(400).len() < 400);
}

#[tokio::test]
async fn custom_data_is_64_kilobytes_together() {
    let t = TestApp::new().await;
    let id = t.session_saying("hello").await;
    let session = format!("/chat/sessions/{id}");
    let data = |from: usize, count: usize| -> Value {
        let pairs = (from..from + count).map(|i| (format!("key{i}"), "v".repeat(9_000).into()));
        Value::Object(pairs.collect())
    };
    let error = t.patch(&session, json!({"custom_data": data(0, 8)})).await.error(400);
    assert!(error.starts_with("custom_data: expected keys of at most 200"), "{error}");
    t.patch_ok(&session, json!({"custom_data": data(0, 5)})).await;
    let more = t.patch(&session, json!({"custom_data": data(5, 5)})).await;
    assert_eq!(more.error(400), "custom_data: expected at most 64000 bytes, old and new together");
    t.patch_ok(&session, json!({"custom_data": data(3, 4)})).await;
    let contact = t
        .post_ok("/contacts", json!({"contact": {"email": "a@example.com", "custom_data": data(0, 5)}}))
        .await;
    let contact = format!("/contacts/{}", contact["id"].as_str().unwrap());
    let more = t.patch(&contact, json!({"contact": {"custom_data": data(5, 5)}})).await;
    assert_eq!(more.error(400), "custom_data: expected at most 64000 bytes, old and new together");
}

#[tokio::test]
async fn what_is_kept_with_a_closing_is_small_and_flat() {
    let t = TestApp::new().await;
    let id = t.session_saying("hello").await;
    let close = async |payload: Value| {
        let body = json!({"status": "closed_resolved", "session_closed_payload": payload});
        t.patch(&format!("/chat/sessions/{id}"), body).await
    };
    let mut deep = json!({"a": 1});
    for _ in 0..20 {
        deep = json!({ "a": deep });
    }
    for (payload, says) in [
        (json!({"a": "x".repeat(70_000)}), "expected an object of at most 64000 bytes"),
        (json!({"a": vec![0; 10_000]}), "expected an object of at most 64000 bytes"),
        (deep, "expected an object that is at most 16 levels deep"),
        (json!([1]), "expected an object"),
    ] {
        let error = close(payload).await.error(400);
        assert!(error.starts_with("session_closed_payload") && error.contains(says), "{error}");
    }
    let kept = json!({"a": [1, -1, 0.5, true, null, "x", {"b": {}}], "c": "x".repeat(50_000)});
    assert_eq!(close(kept.clone()).await.status, 200);
    let history = t.get_ok(&format!("/chat/sessions/{id}/history")).await;
    let closed = &history["items"].as_array().unwrap().last().unwrap()["event"];
    assert_eq!(closed["context"]["session_closed_payload"], kept);
}

#[tokio::test]
async fn only_what_carries_files_may_be_large() {
    let t = TestApp::new().await;
    let id = t.session_saying("hello").await;
    let file = "QUJD".repeat(1_500_000);
    let message = json!({"sender": "contact", "message": {"type": "text", "text": "x", "attachments": [{"base64": file}]}});
    let send = format!("/chat/sessions/{id}/send");
    t.post_ok(&send, message).await;
    let too_large =
        json!({"sender": "contact", "message": {"type": "text", "text": "x"}, "x": "y".repeat(8_400_000)});
    assert_eq!(t.post(&send, too_large).await.error(413), "the body is larger than 8388608 bytes");
    for path in ["/insights", "/chat/sessions", "/contacts", "/chat/sessions/filter", "/teams", "/webhooks"] {
        let body = json!({"x": "y".repeat(300_000)});
        assert_eq!(t.post(path, body).await.error(413), "the body is larger than 262144 bytes", "{path}");
    }
}

#[tokio::test]
async fn a_file_lies_where_a_browser_may_look() {
    let t = TestApp::new().await;
    let id = t.session_saying("hello").await;
    let send = async |url: &str| {
        let message = json!({"sender": "contact", "message": {"type": "text", "text": "x", "attachments": [{"url": url}]}});
        t.post(&format!("/chat/sessions/{id}/send"), message).await
    };
    for url in ["https://a.example/b", "http://a.example/b", "data:text/plain,hi"] {
        send(url).await.ok();
    }
    for url in [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        " javascript:alert(1)",
        "java\tscript:alert(1)",
        "file:///etc/passwd",
        "/etc/passwd",
        "",
    ] {
        let error = send(url).await.error(400);
        assert_eq!(
            error,
            "message.attachments[0].url: expected an address that begins with http:, https: or data:"
        );
    }
    let turn = json!({"role": "contact", "text": "x", "attachments": [{"id": "1", "name": "a", "size": 0, "type": "text/plain", "url": "javascript:x"}]});
    let record = json!({"id": "1", "turns": [turn]});
    let error = refrain::imports::Record::parse(&record.to_string()).unwrap_err();
    assert_eq!(error, "turns[0].attachments: expected addresses that begin with http:, https: or data:");
}
