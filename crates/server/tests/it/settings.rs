//! The settings of an organization.

use crate::support::app::{TestApp, unlimited};
use crate::support::fixtures::{REFUND, record};
use crate::support::scripted::{Reply, Server};
use refrain::config::{Config, InsightsConfig, Secret};
use serde_json::{Value, json};

#[tokio::test]
async fn an_organization_has_what_the_process_is_configured_to_until_it_sets_something_itself() {
    let insights = InsightsConfig { time_zone: "Europe/Berlin".into(), ..InsightsConfig::default() };
    let t = TestApp::with(Config { insights, ..unlimited() }).await;
    let configured = json!({
        "name": "default", "language_model_url": null, "language_model": null, "language_model_has_key": false,
        "time_zone": "Europe/Berlin", "language": "en", "granularity": "balanced", "contacts_min": 3,
        "escalation_sensitivity": "normal", "escalation_basis": "share", "escalation_returns_week": null,
        "regress": true, "regress_grace_days": 0, "retention_days": null, "ticket_links": [], "own": [],
    });
    assert_eq!(t.get_ok("/settings").await, configured);
    let change = json!({
        "name": "Acme", "time_zone": "Asia/Tokyo", "language": "de", "granularity": "fine", "contacts_min": 5,
        "escalation_sensitivity": "strict", "escalation_basis": "volume", "escalation_returns_week": 0.5,
        "regress": false, "regress_grace_days": 7, "retention_days": 30,
        "ticket_links": [{"name": "zendesk", "id_type": null, "url": "https://acme.example/tickets/{id}"}],
    });
    let mut expected = configured.clone();
    expected.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    expected["own"] = json!(change.as_object().unwrap().keys().collect::<Vec<_>>());
    let mut changed = t.patch_ok("/settings", change).await;
    changed["own"].as_array_mut().unwrap().sort_by_key(Value::to_string);
    assert_eq!(changed, expected);
    // what is absent stays, and null goes back
    let changed = t.patch_ok("/settings", json!({"time_zone": null})).await;
    assert_eq!((&changed["time_zone"], &changed["language"]), (&json!("Europe/Berlin"), &json!("de")));
    assert_eq!(t.get_ok("/settings").await, changed);
    // another organization has its own
    let other = t.app.find_or_create_org("other").await.unwrap();
    let theirs = t.key(other, "settings:read").await;
    let mut of_other = configured.clone();
    of_other["name"] = json!("other");
    assert_eq!(t.call_as(&theirs, "GET", "/settings", None).await.ok(), of_other);
    t.call_as(&theirs, "PATCH", "/settings", Some(json!({}))).await.error(403);
}

#[tokio::test]
async fn a_wrong_setting_is_named_and_nothing_is_changed() {
    let t = TestApp::new().await;
    let before = t.get_ok("/settings").await;
    for (name, value) in [
        ("time_zone", json!("Mars/Base")),
        ("language", json!("xx")),
        ("granularity", json!("tiny")),
        ("contacts_min", json!(0)),
        ("escalation_sensitivity", json!("loud")),
        ("escalation_basis", json!("mood")),
        ("escalation_returns_week", json!(-1)),
        ("regress", json!("yes")),
        ("regress_grace_days", json!(4_000)),
        ("retention_days", json!(0)),
        ("name", json!(" ")),
        ("language_model_url", json!("https://models.example/v1")),
        ("language_model_key", json!("two words")),
    ] {
        let body = json!({"regress_grace_days": 1, name: value});
        let error = t.patch("/settings", body).await.error(400);
        assert!(error.starts_with(name), "{error}");
    }
    let model = json!({"language_model_url": "http://models.example/v1", "language_model": "m"});
    assert_eq!(t.patch("/settings", model).await.error(400), "language_model_url: expected https");
    assert_eq!(t.get_ok("/settings").await, before);
}

#[tokio::test]
async fn a_link_to_tickets_leads_to_one_host_and_holds_the_id() {
    let t = TestApp::new().await;
    let link = |id_type: Value, url: &str| json!({"name": "hubspot", "id_type": id_type, "url": url});
    let good = "https://app.example/inbox?ticket={id}#t";
    let any_and_one = json!([link(json!(null), good), link(json!("ticket_id"), good)]);
    for links in [any_and_one, json!([{"name": "front", "url": "http://localhost:8080/{id}"}]), json!([])] {
        let saved = t.patch_ok("/settings", json!({"ticket_links": links.clone()})).await;
        assert_eq!(saved["ticket_links"].as_array().unwrap().len(), links.as_array().unwrap().len());
        assert_eq!(saved["own"], if links == json!([]) { json!([]) } else { json!(["ticket_links"]) });
        assert_eq!(t.get_ok("/settings").await, saved);
    }
    for (links, wrong) in [
        (
            json!([link(json!(null), "https://{id}.example/")]),
            "ticket_links[0].url: expected {id} after the host",
        ),
        (
            json!([link(json!(null), "https://a.example/")]),
            "ticket_links[0].url: expected {id} after the host",
        ),
        (
            json!([link(json!(null), "javascript:alert({id})")]),
            "ticket_links[0].url: expected an http or https",
        ),
        (
            json!([link(json!(null), "https://a:b@c.example/{id}")]),
            "ticket_links[0].url: expected an http or https",
        ),
        (
            json!([link(json!(null), "tickets/{id}")]),
            "ticket_links[0].url: expected an http or https address",
        ),
        (json!([link(json!(null), good), link(json!(null), good)]), "ticket_links[1]: expected one link"),
        (json!([link(json!("chat"), good)]), "ticket_links[0].id_type"),
        (json!([{"name": "zendesk"}]), "ticket_links[0]"),
        (json!(vec![link(json!(null), good); 61]), "ticket_links: expected at most 60 items"),
    ] {
        let error = t.patch("/settings", json!({"ticket_links": links})).await.error(400);
        assert!(error.starts_with(wrong), "{error}");
    }
}

#[tokio::test]
async fn fewer_contacts_show_what_they_say_with_the_next_grouping_and_days_are_those_of_the_time_zone() {
    let t = TestApp::new().await;
    t.patch_ok("/settings", json!({"contacts_min": 6})).await;
    t.import(REFUND.iter().enumerate().map(|(i, text)| record(i, text)).collect()).await;
    t.run_jobs().await;
    assert_eq!(t.post_ok("/insights", json!({})).await["total"], 0);
    t.patch_ok("/settings", json!({"contacts_min": 5, "time_zone": "Pacific/Auckland"})).await;
    t.run_jobs().await;
    assert_eq!(t.post_ok("/insights", json!({})).await["total"], 1);
    assert_eq!(t.get_ok("/overview").await["time_zone"], "Pacific/Auckland");
    let logged = "select count(*) from changes where kind = 'settings'";
    assert_eq!(t.count(logged).await, 2);
    // what is so already is no change
    t.patch_ok("/settings", json!({"contacts_min": 5})).await;
    assert_eq!(t.count(logged).await, 2);
}

#[tokio::test]
async fn what_is_resolved_stays_so_where_the_organization_wants_that() {
    let t = TestApp::new().await;
    t.import(REFUND.iter().enumerate().map(|(i, text)| record(i, text)).collect()).await;
    t.run_jobs().await;
    let id = t.post_ok("/insights", json!({})).await["data"][0]["id"].as_str().unwrap().to_owned();
    for (regress, status) in [(false, "resolved"), (true, "unresolved")] {
        t.patch_ok("/settings", json!({"regress": regress})).await;
        t.run_jobs().await;
        t.post_ok(&format!("/insights/{id}/resolve"), json!({})).await;
        t.advance(60);
        t.session_saying("My refund has not arrived yet").await;
        t.run_jobs().await;
        assert_eq!(t.post_ok("/insights", json!({"status": status})).await["total"], 1, "{status}");
    }
}

#[tokio::test]
async fn a_day_is_the_same_day_wherever_it_is_asked_for() {
    let t = TestApp::new().await;
    // half past four in the morning UTC, which is the evening before in Los Angeles, in summer and in winter
    let times = ["2026-03-06", "2026-03-08", "2026-03-09", "2026-06-10", "2026-06-11"];
    let said = (0..10).map(|i| {
        let mut record = record(i, REFUND[i % REFUND.len()]);
        record["created_at"] = json!(format!("{}T04:30:00Z", times[i % times.len()]));
        record
    });
    t.import(said.collect()).await;
    t.run_jobs().await;
    t.patch_ok("/settings", json!({"time_zone": "America/Los_Angeles"})).await;
    t.run_jobs().await;
    let insight = t.post_ok("/insights", json!({})).await["data"][0].clone();
    assert_eq!(insight["occurrence_count"], 10);
    let id = insight["id"].as_str().unwrap();
    let trend = t.get_ok(&format!("/insights/{id}/trend?from=2026-03-04&to=2026-06-12")).await;
    let points = trend["points"].as_array().unwrap();
    assert_eq!(points.iter().map(|point| point["sessions"].as_u64().unwrap()).sum::<u64>(), 10);
    for point in points {
        let (day, sessions) = (point["date"].as_str().unwrap(), point["sessions"].as_u64().unwrap());
        // those of one day, and days nearby on which nobody wrote
        if sessions == 0 && !times.contains(&day) {
            continue;
        }
        let filter = json!({"sessionFromDate": day, "sessionToDate": day});
        let listed = t.post_ok("/insights", filter.clone()).await;
        assert_eq!(listed["data"][0]["occurrence_count"].as_u64().unwrap_or(0), sessions, "{day}");
        let behind = t.post_ok(&format!("/insights/{id}/sessions"), json!({"filter": filter})).await;
        assert_eq!(behind["total"].as_u64(), Some(sessions), "{day}");
        let body = json!({"filters": {"date_from": day, "date_to": day}});
        let filtered = t.post_ok("/chat/sessions/filter", body).await;
        assert_eq!(filtered["data"].as_array().unwrap().len() as u64, sessions, "{day}");
        let walked = t.get_ok(&format!("/chat/sessions?created_after={day}&created_before={day}")).await;
        assert_eq!(walked["items"].as_array().unwrap().len() as u64, sessions, "{day}");
    }
    assert_eq!(points.iter().filter(|point| point["sessions"] == 2).count(), 5);
}

#[tokio::test]
async fn a_language_model_of_the_organization_is_asked_with_a_key_that_nobody_sees() {
    let answer = json!({"choices": [{"message": {"role": "assistant", "content": "Yes"}}]}).to_string();
    let server = Server::new(move |_, _| Reply::Http(200, "", answer.clone())).await;
    let mut config = unlimited();
    config.webhooks.private = true;
    config.database.secrets_key = Some(Secret("a key to seal with".into()));
    let t = TestApp::with(config).await;
    t.post("/settings/language-model/test", json!({})).await.error(409);
    let url = format!("http://{}/v1", server.address);
    let model = json!({"language_model_url": url, "language_model": "m", "language_model_key": "sk-quiet"});
    let saved = t.patch_ok("/settings", model).await;
    assert!(!saved.to_string().contains("quiet"));
    assert_eq!((&saved["language_model"], &saved["language_model_has_key"]), (&json!("m"), &json!(true)));
    assert_eq!(t.count("select count(*) from org_settings where language_model_key like '%quiet%'").await, 0);
    assert!(!t.get_ok("/audit-log").await.to_string().contains("quiet"));
    let tested = t.post_ok("/settings/language-model/test", json!({})).await;
    assert_eq!(tested, json!({"answers": true, "failure": null}));
    assert_eq!(server.asked()[0].header("authorization"), "Bearer sk-quiet");
    // the key goes to no other address
    let elsewhere = json!({"language_model_url": format!("{url}/other")});
    assert_eq!(t.patch_ok("/settings", elsewhere).await["language_model_has_key"], json!(false));
    let nobody = json!({"language_model_url": "http://127.0.0.1:9/v1", "language_model": "m"});
    let tested = t.post_ok("/settings/language-model/test", nobody).await;
    assert!(tested["answers"] == json!(false) && tested["failure"].is_string(), "{tested}");
    let none = json!({"language_model_url": null, "language_model": null});
    assert_eq!(t.patch_ok("/settings", none).await["language_model"], json!(null));
}

#[tokio::test]
async fn what_other_settings_would_do_is_seen_before() {
    let t = TestApp::new().await;
    t.patch_ok("/settings", json!({"regress": false})).await;
    t.import(REFUND.iter().enumerate().map(|(i, text)| record(i, text)).collect()).await;
    t.run_jobs().await;
    let insight = t.post_ok("/insights", json!({})).await["data"][0].clone();
    let settings = t.get_ok("/settings").await;
    let preview = async |change: Value| t.patch_ok("/settings/preview", change).await;
    let would_be = |now: &str, then: &str, regroups: bool| {
        let number = &insight["insight_number"];
        let insight = json!({"id": insight["id"], "insight_number": number, "content": insight["content"],
            "now": now, "then": then});
        json!({"insights": [insight], "regroups": regroups})
    };
    assert_eq!(preview(json!({"contacts_min": 6})).await, would_be("unresolved", "hidden", true));
    assert_eq!(preview(json!({"contacts_min": 5})).await, json!({"insights": [], "regroups": true}));
    t.post_ok(&format!("/insights/{}/resolve", insight["id"].as_str().unwrap()), json!({})).await;
    t.advance(60);
    t.session_saying("My refund has not arrived yet").await;
    t.run_jobs().await;
    assert_eq!(preview(json!({"regress": true})).await, would_be("resolved", "regressed", false));
    assert_eq!(
        preview(json!({"regress": true, "regress_grace_days": 1})).await,
        json!({"insights": [], "regroups": false})
    );
    preview(json!({"escalation_sensitivity": "eager", "time_zone": "Asia/Tokyo"})).await;
    t.patch("/settings/preview", json!({"language": "xx"})).await.error(400);
    assert_eq!(t.get_ok("/settings").await, settings, "nothing is changed");
}
