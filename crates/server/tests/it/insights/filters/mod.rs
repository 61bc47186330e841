//! `POST /insights` against a plain model: random sessions, insights and links, and for each filter, sort
//! and page the answer is what a loop over everything says.

use crate::support::app::TestApp;
use crate::support::fixtures::Chance;
use refrain::db::{Value as Bound, sql};
use refrain::ids::{CategoryId, InsightId, MemberId, SessionId, TeamId};
use refrain::time::{DAY, Timestamp};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

mod build;
mod recount;
mod slices;
use build::build;

const LANGUAGES: [&str; 4] = ["en", "de", "ja", "ar"];
const CHANNELS: [(&str, &str); 3] = [("chat", "web"), ("phone", "phone_voice"), ("email", "email")];
const SENTIMENTS: [&str; 3] = ["angry", "happy", "neutral"];
const STATUSES: [&str; 3] = ["open", "closed_resolved", "closed_unresolved"];
const BASE: &str = "2026-05-01T00:00:00Z";

#[derive(Clone, Debug)]
struct ModelSession {
    id: SessionId,
    language: String,
    channel: String,
    sentiment: String,
    status: String,
    created_at: i64,
    contact: Option<usize>,
    data: BTreeMap<String, String>,
}

#[derive(Clone, Debug)]
struct ModelInsight {
    id: InsightId,
    number: i64,
    content: &'static str,
    sentiment: String,
    category: Option<usize>,
    team: Option<usize>,
    resolved: bool,
    archived: bool,
    created_at: i64,
    sessions: BTreeSet<usize>,
}

struct Model {
    sessions: Vec<ModelSession>,
    insights: Vec<ModelInsight>,
    contacts: Vec<(String, BTreeMap<String, String>)>,
    categories: Vec<(CategoryId, String)>,
    teams: Vec<TeamId>,
}

/// Whether a session is in the slice that a request asks for.
fn in_slice(model: &Model, session: &ModelSession, body: &Value) -> bool {
    let text = |name: &str| body[name].as_str();
    let bound = |name: &str, end: bool| {
        let last = |text: &str| if end && text.len() == 10 { DAY - 1 } else { 0 };
        text(name).map(|text| Timestamp::parse(text).unwrap().micros() + last(text))
    };
    let holds = |data: &BTreeMap<String, String>, filter: &Value| {
        let alternatives = filter.as_array().map_or(&[][..], Vec::as_slice);
        alternatives.is_empty()
            || alternatives.iter().any(|pairs| {
                pairs.as_object().unwrap().iter().all(|(key, value)| {
                    let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                    data.get(key) == Some(&value)
                })
            })
    };
    let nothing = BTreeMap::new();
    let contact = session.contact.map(|i| &model.contacts[i]);
    text("sessionLanguage").is_none_or(|value| value == session.language)
        && text("ticketSentiment").is_none_or(|value| value == session.sentiment)
        && text("channel").is_none_or(|value| value == session.channel)
        && text("sessionStatus").is_none_or(|value| value == session.status)
        && text("sessionContactId").is_none_or(|value| contact.is_some_and(|contact| contact.0 == value))
        && bound("sessionFromDate", false).is_none_or(|from| session.created_at >= from)
        && bound("sessionToDate", true).is_none_or(|to| session.created_at <= to)
        && holds(&session.data, &body["ticketCustomData"])
        && holds(contact.map_or(&nothing, |contact| &contact.1), &body["contactCustomData"])
}

/// The answer by the meaning of each member.
fn expected(model: &Model, body: &Value) -> (Vec<(i64, i64, String, String)>, i64) {
    let text = |name: &str| body[name].as_str();
    let mut rows = Vec::new();
    for insight in &model.insights {
        let times: Vec<i64> = insight
            .sessions
            .iter()
            .map(|i| &model.sessions[*i])
            .filter(|session| in_slice(model, session, body))
            .map(|session| session.created_at)
            .collect();
        let status = match text("status").unwrap_or("all") {
            "unresolved" => !insight.resolved && !insight.archived,
            "resolved" => insight.resolved && !insight.archived,
            "archived" => insight.archived,
            _ => true,
        };
        let category = insight.category.map(|i| model.categories[i].1.to_lowercase());
        let team = insight.team.map(|i| model.teams[i].to_string());
        let matches = !times.is_empty()
            && status
            && text("category").is_none_or(|name| category == Some(name.to_lowercase()))
            && text("sentiment").is_none_or(|value| value == insight.sentiment)
            && text("teamId")
                .is_none_or(|id| if id == "none" { team.is_none() } else { team.as_deref() == Some(id) })
            && body["insightNumber"].as_i64().is_none_or(|number| number == insight.number)
            && body["minSessions"].as_i64().is_none_or(|least| times.len() as i64 >= least)
            && text("search").is_none_or(|text| {
                refrain_nlp::case_fold::fold(insight.content).contains(&refrain_nlp::case_fold::fold(text))
            });
        if matches {
            let (first, last) = (*times.iter().min().unwrap(), *times.iter().max().unwrap());
            rows.push((insight, times.len() as i64, first, last));
        }
    }
    let sort_by = text("sortBy").unwrap_or("occurrence_count");
    let descending = text("sortOrder").unwrap_or("desc") == "desc";
    rows.sort_by_key(|(insight, count, first, last)| {
        let key = match sort_by {
            "occurrence_count" => *count,
            "first_seen_at" => *first,
            "last_seen_at" => *last,
            _ => insight.created_at,
        };
        (if descending { -key } else { key }, -insight.created_at, insight.id)
    });
    let total = rows.len() as i64;
    let page = body["page"].as_f64().unwrap_or(1.0);
    let shown = rows.into_iter().skip((page as usize - 1) * 20).take(20);
    let out = |micros: i64| Timestamp::from_micros(micros).to_string();
    (
        shown.map(|(insight, count, first, last)| (insight.number, count, out(first), out(last))).collect(),
        total,
    )
}

async fn check(t: &TestApp, model: &Model, body: &Value) {
    let answer = t.post_ok("/insights", body.clone()).await;
    let row = |insight: &Value| {
        (
            insight["insight_number"].as_i64().unwrap(),
            insight["occurrence_count"].as_i64().unwrap(),
            insight["first_seen_at"].as_str().unwrap().to_owned(),
            insight["last_seen_at"].as_str().unwrap().to_owned(),
        )
    };
    let rows: Vec<_> = answer["data"].as_array().unwrap().iter().map(row).collect();
    let (expected_rows, total) = expected(model, body);
    assert_eq!(rows, expected_rows, "{body}");
    assert_eq!(answer["total"], total, "{body}");
    assert_eq!(answer["totalPages"], (total + 19) / 20, "{body}");
    assert_eq!(answer["page"], body["page"].as_f64().unwrap_or(1.0) as i64, "{body}");
}

#[tokio::test]
async fn each_filter_and_sort_means_what_the_contract_says() {
    let t = TestApp::new().await;
    let mut chance = Chance(7);
    let model = build(&t, &mut chance).await;
    let contact = &model.contacts.iter().find(|contact| !contact.0.is_empty()).unwrap().0;
    let mut bodies = vec![
        json!({}),
        json!({"page": 1.0}),
        json!({"page": 3}),
        json!({"page": 99}),
        json!({"search": null, "status": null, "sortBy": null, "ticketCustomData": null}),
    ];
    for (name, values) in [
        ("status", json!(["all", "unresolved", "resolved", "archived"])),
        ("category", json!([model.categories[0].1, model.categories[1].1.to_uppercase(), "nothing"])),
        ("sentiment", json!(SENTIMENTS)),
        ("minSessions", json!([1, 5, 20, 1000])),
        ("search", json!(["REFUND", "tur", "返金", "возврат", "100%", "e_t", "zzz", ""])),
        ("teamId", json!(["none", model.teams[0], model.teams[1], InsightId::new(t.app.clock.now())])),
        ("insightNumber", json!([1, 7, 51])),
        ("sessionLanguage", json!(["en", "ja", "fr"])),
        ("ticketSentiment", json!(SENTIMENTS)),
        ("channel", json!(["web", "phone_voice", "slack"])),
        (
            "sessionFromDate",
            json!(["2026-05-10", "2026-05-10T12:00:00Z", "2026-05-10 12:00:00+02:00", "2027-01-01"]),
        ),
        (
            "sessionToDate",
            json!(["2026-05-10", "2026-05-10T12:00:00.000Z", "2026-05-10 12:00:00-05:30", "2020-01-01"]),
        ),
        ("sessionStatus", json!(STATUSES)),
        ("sessionContactId", json!([contact, InsightId::new(t.app.clock.now())])),
        (
            "ticketCustomData",
            json!([[], [{}], [{"plan": "pro"}], [{"plan": "pro", "seats": 6}], [{"plan": "free"}, {"seats": "6"}], [{"none": 1}]]),
        ),
        (
            "contactCustomData",
            json!([[{"tier": "1"}], [{"tier": "9"}], [{"city": "Bath"}], [{"vip": true, "tier": 0}], [{"tier": "2"}, {"vip": "true"}]]),
        ),
        ("sortBy", json!(["occurrence_count", "last_seen_at", "first_seen_at", "created_at"])),
        ("sortOrder", json!(["asc", "desc"])),
    ] {
        bodies.extend(values.as_array().unwrap().iter().map(|value| json!({name: value})));
    }
    for body in &bodies {
        check(&t, &model, body).await;
    }
    // any of them together
    for _ in 0..300 {
        let mut body = Map::new();
        for _ in 0..=chance.below(4) {
            body.extend(chance.pick(&bodies).as_object().unwrap().clone());
        }
        check(&t, &model, &Value::Object(body)).await;
    }
}

#[tokio::test]
async fn an_insight_shows_who_decided_and_the_sessions_behind_it() {
    let t = TestApp::new().await;
    let mut chance = Chance(11);
    let model = build(&t, &mut chance).await;
    let insight = model.insights.iter().max_by_key(|insight| insight.sessions.len()).unwrap();
    let member = MemberId::new(t.app.clock.now());
    let query = sql(
        "insert into members (org_id, id, email, name, created_at) values ($1, $2, 'm@example.com', 'Mo', 1)",
    );
    t.execute(query.bind(t.org_id).bind(member)).await;
    let query = sql("
        update insights set resolved_at = $3, resolved_by = $4, archived_at = $3, archived_by = $4, archive_reason = 'known',
            archive_policy = 'until_count', resurface_current = 2, resurface_target = 5, deep_research = '# Why',
            deep_research_completed_at = $3
        where org_id = $1 and id = $2
    ");
    let at = Timestamp::parse("2026-06-01T00:00:00Z").unwrap();
    t.execute(query.bind(t.org_id).bind(insight.id).bind(at).bind(Bound::from(member))).await;
    let shown = t.get_ok(&format!("/insights/{}", insight.id)).await;
    assert_eq!(shown.as_object().unwrap().len(), 19);
    for (member, value) in [
        ("resolved_by", json!({"name": "Mo", "avatar_url": null})),
        ("resolved_at", json!("2026-06-01T00:00:00.000Z")),
        ("archived_by", json!({"name": "Mo", "avatar_url": null, "reason": "known"})),
        ("archive_policy", json!("until_count")),
        ("resurface_progress", json!({"current": 2, "target": 5})),
        ("deep_research", json!("# Why")),
        ("occurrence_count", json!(insight.sessions.len())),
    ] {
        assert_eq!(shown[member], value, "{member}");
    }
    let mut behind = BTreeSet::new();
    let mut cursor = String::new();
    loop {
        let page = t.get_ok(&format!("/insights/{}/sessions?cursor={cursor}", insight.id)).await;
        assert_eq!(page["total"], insight.sessions.len());
        behind.extend(
            page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|item| item["session_id"].as_str().unwrap().to_owned()),
        );
        match page["next"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    let expected: BTreeSet<String> =
        insight.sessions.iter().map(|i| model.sessions[*i].id.to_string()).collect();
    assert_eq!(behind, expected);
    t.get(&format!("/insights/{}", uuid::Uuid::nil())).await.error(404);
}
