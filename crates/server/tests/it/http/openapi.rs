//! The OpenAPI document against the published contract, and real answers against the document.
//! `contract/schemas.json` holds the published schemas without their prose.

use crate::support::app::TestApp;
use refrain::http;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

fn published() -> Value {
    serde_json::from_str(include_str!("../contract/schemas.json")).unwrap()
}

fn ours() -> Value {
    http::document()["components"]["schemas"].clone()
}

/// A schema with references resolved, nested choices flattened, and everything that only describes left out.
fn normal(schema: &Value, all: &Value) -> Value {
    let Value::Object(members) = schema else { return schema.clone() };
    if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
        return normal(&all[reference.rsplit('/').next().unwrap()], all);
    }
    let mut out = Map::new();
    for (name, value) in members {
        let value = match name.as_str() {
            "title" | "description" | "default" | "$schema" | "$id" => continue,
            "properties" => {
                let properties = value.as_object().unwrap().iter();
                properties.map(|(name, schema)| (name.clone(), normal(schema, all))).collect()
            }
            "anyOf" => {
                let options = value.as_array().unwrap().iter().map(|option| normal(option, all));
                let flat = options.flat_map(|option| match option.get("anyOf") {
                    Some(Value::Array(inner)) => inner.clone(),
                    _ => vec![option],
                });
                sorted(flat.collect())
            }
            "required" | "enum" => sorted(value.as_array().unwrap().clone()),
            _ => normal(value, all),
        };
        out.insert(name.clone(), value);
    }
    Value::Object(out)
}

fn sorted(mut values: Vec<Value>) -> Value {
    values.sort_by_key(Value::to_string);
    Value::Array(values)
}

/// Compares member by member, so that a failure names the place.
#[track_caller]
fn assert_same(actual: &Value, expected: &Value, path: &str) {
    match (actual, expected) {
        (Value::Object(actual), Value::Object(expected)) => {
            let names: BTreeSet<_> = actual.keys().chain(expected.keys()).collect();
            for name in names {
                let (ours, theirs) = (actual.get(name), expected.get(name));
                let null = Value::Null;
                assert_same(ours.unwrap_or(&null), theirs.unwrap_or(&null), &format!("{path}/{name}"));
            }
        }
        _ => assert_eq!(actual, expected, "{path}"),
    }
}

#[test]
fn the_published_schemas_are_ours_to_the_letter() {
    let (published, ours) = (published(), ours());
    for name in ["PublicInsight", "GetChatSessionOutput", "ErrorDto", "ListInsightsOutput"] {
        let (expected, actual) = (normal(&published[name], &published), normal(&ours[name], &ours));
        assert_same(&actual, &expected, name);
    }
}

#[test]
fn the_request_for_insights_has_the_published_members() {
    let (published, mut ours) = (published(), ours());
    without_limits(&mut ours);
    let expected = normal(&published["ListInsightsInput"], &published)["properties"].clone();
    let mut actual = normal(&ours["ListInsightsInput"], &ours)["properties"].clone();
    // what the contract leaves open and we do not: texts have a most, the first page is 1, and custom data is never nested
    actual["page"].as_object_mut().unwrap().remove("exclusiveMinimum");
    for name in ["ticketCustomData", "contactCustomData"] {
        actual[name] = expected[name].clone();
    }
    assert_same(&actual, &expected, "ListInsightsInput");
    assert_eq!(ours["ListInsightsInput"].get("required"), None);
}

/// Takes the most characters out of every text.
fn without_limits(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            members.remove("maxLength");
            members.values_mut().for_each(without_limits);
        }
        Value::Array(items) => items.iter_mut().for_each(without_limits),
        _ => {}
    }
}

#[test]
fn the_rest_has_every_member_that_is_known() {
    let (published, ours) = (published(), ours());
    for (name, expected) in published.as_object().unwrap() {
        let Some(actual) = ours.get(name) else { continue };
        let (expected, actual) = (normal(expected, &published), normal(actual, &ours));
        let members = |schema: &Value| -> BTreeSet<String> {
            schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect()
        };
        let missing: Vec<_> = members(&expected).difference(&members(&actual)).cloned().collect();
        assert!(missing.is_empty(), "{name} lacks {missing:?}");
        for required in expected["required"].as_array().into_iter().flatten() {
            let ours = actual["required"].as_array().into_iter().flatten();
            assert!(ours.clone().any(|ours| ours == required), "{name}: {required} is required");
        }
    }
}

#[test]
fn operations_are_named_as_published() {
    let paths = http::document()["paths"].clone();
    for (path, method, id) in [
        ("/insights", "post", "getVocInsights"),
        ("/insights/{id}", "get", "getVocInsight"),
        ("/chat/sessions/{session_id}", "get", "getChatSession"),
        ("/chat/sessions", "post", "createChatSession"),
        ("/contacts", "post", "saveContact"),
        ("/contacts/{contact_id}", "patch", "updateContact"),
    ] {
        assert_eq!(paths[path][method]["operationId"], id);
    }
}

/// Checks an answer against what the document says of the operation.
pub(crate) fn check(document: &Value, method: &str, path: &str, status: &str, body: &Value) {
    let schema =
        &document["paths"][path][method]["responses"][status]["content"]["application/json"]["schema"];
    assert!(schema.is_object(), "{method} {path} {status} is not documented");
    let whole = json!({"$ref": "#/answer", "answer": schema, "components": document["components"]});
    let validator = jsonschema::draft202012::options().should_validate_formats(true).build(&whole).unwrap();
    let errors: Vec<String> =
        validator.iter_errors(body).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{method} {path} {status}: {errors:#?}\n{body:#}");
}

#[tokio::test]
async fn real_answers_fit_the_document() {
    let t = TestApp::new().await;
    let document = t.get_ok("/openapi.json").await;
    assert_eq!(document["openapi"], "3.1.0");
    let id = check_writing(&t, &document).await;
    check_reading(&t, &document, &id).await;
    check_webhooks(&t, &document).await;
    check_decisions(&t, &document).await;
    let redacted = t.post_ok("/redaction/session", json!({"sessionId": id})).await;
    check(&document, "post", "/redaction/session", "200", &redacted);
    let refused = t.post("/insights", json!({"page": "one"})).await;
    check(&document, "post", "/insights", "400", &refused.body);
}

/// Makes a team and a session in which something is said. Returns the session's id.
async fn check_writing(t: &TestApp, document: &Value) -> String {
    let team = t.post_ok("/teams", json!({"name": "Billing", "description": "Money"})).await;
    check(document, "post", "/teams", "200", &team);
    let session = json!({
        "contact": {"email": "ada@example.com", "name": "Ada", "phone_number": "+49 30 1", "custom_data": {"plan": "pro"}},
        "verified": true, "channel": {"type": "web"}, "custom_data": {"order": 5.5, "vip": true, "sku": "x"},
        "team_id": team["id"], "assignee_id": "7", "language": "pt-BR", "assist_mode": true, "tags": ["late"],
        "ticketing_system": {"name": "zendesk", "external_id": "9", "id_type": "ticket_id"},
    });
    let created = t.post_ok("/chat/sessions", session).await;
    check(document, "post", "/chat/sessions", "200", &created);
    let id = created["id"].as_str().unwrap().to_owned();
    let message = json!({
        "sender": "contact", "contact": {"name": "A.", "email": "a@example.com", "custom_data": {"x": "y"}},
        "message": {"type": "text", "text": "Where is my refund?", "attachments": [{"base64": "aGk=", "name": "a"}]},
    });
    let sent = t.post_ok(&format!("/chat/sessions/{id}/send"), message).await;
    check(document, "post", "/chat/sessions/{session_id}/send", "200", &sent);
    let change = json!({
        "status": "closed_resolved", "ai_closure_type": "handed_off", "handoff": {"summary": "Wants a refund"},
        "generate_summary_and_sentiment_on_resolve": true,
    });
    t.patch_ok(&format!("/chat/sessions/{id}"), change).await;
    id
}

async fn check_reading(t: &TestApp, document: &Value, id: &str) {
    t.import(
        (0..6)
            .map(|i| crate::support::fixtures::record(i, "Where is my refund for the cancelled order?"))
            .collect(),
    )
    .await;
    t.run_jobs().await;
    let insights = t.post_ok("/insights", json!({})).await;
    check(document, "post", "/insights", "200", &insights);
    let insight = insights["data"][0]["id"].as_str().unwrap();
    for (path, template) in [
        (format!("/chat/sessions/{id}"), "/chat/sessions/{session_id}"),
        (format!("/chat/sessions/{id}/history"), "/chat/sessions/{session_id}/history"),
        ("/chat/sessions".to_owned(), "/chat/sessions"),
        ("/chat/sessions/search?q=refund".to_owned(), "/chat/sessions/search"),
        ("/contacts".to_owned(), "/contacts"),
        ("/teams".to_owned(), "/teams"),
        ("/tags".to_owned(), "/tags"),
        ("/categories".to_owned(), "/categories"),
        (format!("/insights/{insight}"), "/insights/{id}"),
        (format!("/insights/{insight}/sessions"), "/insights/{id}/sessions"),
        ("/readyz".to_owned(), "/readyz"),
    ] {
        check(document, "get", template, "200", &t.get_ok(&path).await);
    }
    let filtered = t.post_ok("/chat/sessions/filter", json!({"filters": {"tags": ["late"]}})).await;
    assert_eq!(filtered["data"].as_array().unwrap().len(), 1);
    check(document, "post", "/chat/sessions/filter", "200", &filtered);
}

async fn check_decisions(t: &TestApp, document: &Value) {
    let insight = t.post_ok("/insights", json!({})).await["data"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("/insights/{insight}");
    let terms = json!({"policy": "until_count", "target": 3});
    let preview = t.post_ok(&format!("{path}/archive/preview"), terms.clone()).await;
    check(document, "post", "/insights/{id}/archive/preview", "200", &preview);
    let archive = json!({"decision": "archive", "insight_ids": [insight], "archive": terms});
    let decided = t.post_ok("/insights/bulk", archive).await;
    check(document, "post", "/insights/bulk", "200", &decided);
    t.patch_ok(&path, json!({"content": "Refunds are late"})).await;
    for _ in 0..2 {
        let undo = format!("/operations/{}/undo", decided["operation_id"].as_str().unwrap());
        check(document, "post", "/operations/{id}/undo", "200", &t.post_ok(&undo, json!({})).await);
    }
    let events = t.get_ok(&format!("{path}/events")).await;
    check(document, "get", "/insights/{id}/events", "200", &events);
    let kinds: Vec<&Value> = events["items"].as_array().unwrap().iter().map(|event| &event["kind"]).collect();
    assert_eq!(kinds, ["restored", "edited", "archived", "created"]);
    let view = t.post_ok("/views", json!({"name": "All", "shared": true})).await;
    check(document, "post", "/views", "200", &view);
    for path in ["/views", "/settings", "/jobs"] {
        check(document, "get", path, "200", &t.get_ok(path).await);
    }
    let preview = t.patch_ok("/settings/preview", json!({"contacts_min": 9})).await;
    check(document, "patch", "/settings/preview", "200", &preview);
    let preview =
        t.post_ok("/categories/preview", json!({"name": "Late", "description": "late refunds"})).await;
    check(document, "post", "/categories/preview", "200", &preview);
}

async fn check_webhooks(t: &TestApp, document: &Value) {
    let webhook =
        t.post_ok("/webhooks", json!({"url": "https://example.com/", "events": ["webhook.test"]})).await;
    check(document, "post", "/webhooks", "200", &webhook);
    let hook = format!("/webhooks/{}", webhook["id"].as_str().unwrap());
    check(document, "get", "/webhooks/{id}", "200", &t.get_ok(&hook).await);
    check(document, "get", "/webhooks", "200", &t.get_ok("/webhooks").await);
    let test = t.post_ok(&format!("{hook}/test"), json!({})).await;
    check(document, "post", "/webhooks/{id}/test", "200", &test);
    let deliveries = t.get_ok(&format!("{hook}/deliveries")).await;
    check(document, "get", "/webhooks/{id}/deliveries", "200", &deliveries);
}
