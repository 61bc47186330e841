//! `POST /insights` against a plain model: random sessions, insights and links, and for each filter, sort
//! and page the answer is what a loop over everything says.

use crate::app::TestApp;
use refrain::db::{Value as Bound, sql};
use refrain::ids::{CategoryId, InsightId, MemberId, SessionId, StatementId, TeamId};
use refrain::time::{DAY, Timestamp};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

const LANGUAGES: [&str; 4] = ["en", "de", "ja", "ar"];
const CHANNELS: [(&str, &str); 3] = [("chat", "web"), ("phone", "phone_voice"), ("email", "email")];
const SENTIMENTS: [&str; 3] = ["angry", "happy", "neutral"];
const STATUSES: [&str; 3] = ["open", "closed_resolved", "closed_unresolved"];
const CONTENTS: [&str; 6] = [
    "Refund has not arrived",
    "Tür geht nicht auf",
    "返金されていません",
    "Возврат не пришёл",
    "100% sure_thing",
    "App crashes",
];
const BASE: &str = "2026-05-01T00:00:00Z";

/// A small generator of chance with a seed, so that a failure can be repeated.
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n
    }

    fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
}

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

async fn build(t: &TestApp, chance: &mut Chance) -> Model {
    let mut model =
        Model { sessions: vec![], insights: vec![], contacts: vec![], categories: vec![], teams: vec![] };
    for category in t.get_ok("/categories").await.as_array().unwrap().iter().take(3) {
        let name = category["name"].as_str().unwrap().to_owned();
        model.categories.push((category["id"].as_str().unwrap().parse().unwrap(), name));
    }
    for name in ["Billing", "Delivery"] {
        let team = t.post_ok("/teams", json!({"name": name})).await;
        model.teams.push(team["id"].as_str().unwrap().parse().unwrap());
    }
    let mut records = Vec::new();
    for i in 0..240 {
        let contact = (!chance.one_in(4)).then(|| chance.below(20));
        let data: BTreeMap<String, String> = [("plan", ["free", "pro"]), ("seats", ["5", "6"])]
            .iter()
            .filter(|_| !chance.one_in(3))
            .map(|(key, values)| ((*key).to_owned(), values[i % 2].to_owned()))
            .collect();
        let (channel_in, channel) = *chance.pick(&CHANNELS);
        let created_at = Timestamp::parse(BASE).unwrap().micros()
            + chance.below(30) as i64 * DAY
            + chance.below(24) as i64 * DAY / 24;
        let session = ModelSession {
            id: SessionId::derived(&[t.org_id.as_bytes(), b"import", i.to_string().as_bytes()]),
            language: (*chance.pick(&LANGUAGES)).to_owned(),
            channel: channel.to_owned(),
            sentiment: (*chance.pick(&SENTIMENTS)).to_owned(),
            status: (*chance.pick(&STATUSES)).to_owned(),
            created_at,
            contact,
            data,
        };
        // a number in the data is compared as text
        let custom_data: Map<String, Value> = session
            .data
            .iter()
            .map(|(key, value)| {
                (key.clone(), value.parse::<i64>().map_or(json!(value), |number| json!(number)))
            })
            .collect();
        let mut record = json!({
            "id": i.to_string(), "channel": channel_in, "language": session.language, "status": session.status,
            "created_at": Timestamp::from_micros(created_at).to_string(), "custom_data": custom_data,
            "turns": [{"role": "contact", "text": "x"}],
        });
        if let Some(contact) = contact {
            record["contact"] = json!({"email": format!("c{contact}@example.com"),
                "custom_data": {"tier": (contact % 3).to_string(), "vip": (contact % 2 == 0).to_string()}});
        }
        records.push(record);
        model.sessions.push(session);
    }
    t.import(records).await;
    t.execute(sql("delete from jobs where kind is not null")).await;
    learn_contacts(t, &mut model).await;
    for session in &model.sessions {
        let query = sql("update sessions set sentiment = $3 where org_id = $1 and id = $2");
        t.execute(query.bind(t.org_id).bind(session.id).bind(&session.sentiment)).await;
    }
    for number in 1..=50 {
        let insight = random_insight(t, chance, &model, number);
        insert(t, &model, &insight).await;
        model.insights.push(insight);
    }
    model
}

async fn learn_contacts(t: &TestApp, model: &mut Model) {
    let listed = t.get_ok("/contacts").await;
    for i in 0..20 {
        let email = format!("c{i}@example.com");
        let contact = listed["items"].as_array().unwrap().iter().find(|contact| contact["email"] == *email);
        let id = contact.map(|contact| contact["id"].as_str().unwrap().to_owned()).unwrap_or_default();
        let mut data: BTreeMap<String, String> =
            [("tier".to_owned(), (i % 3).to_string()), ("vip".to_owned(), (i % 2 == 0).to_string())].into();
        // a claim counts only where nothing verified says otherwise
        if i % 5 == 0 && !id.is_empty() {
            let session = model.sessions.iter().find(|session| session.contact == Some(i)).unwrap();
            let claim = json!({"sender": "contact", "message": {"type": "text", "text": "y"},
                "contact": {"custom_data": {"tier": "9", "city": "Bath"}}});
            t.post_ok(&format!("/chat/sessions/{}/send", session.id), claim).await;
            t.patch_ok(&format!("/chat/sessions/{}", session.id), json!({"status": session.status})).await;
            data.insert("city".to_owned(), "Bath".to_owned());
        }
        model.contacts.push((id, data));
    }
    t.execute(sql("delete from jobs where kind is not null")).await;
}

fn random_insight(t: &TestApp, chance: &mut Chance, model: &Model, number: i64) -> ModelInsight {
    let size = 1 + chance.below(40);
    ModelInsight {
        id: InsightId::new(t.app.clock.now()),
        number,
        content: CONTENTS[chance.below(CONTENTS.len())],
        sentiment: (*chance.pick(&SENTIMENTS)).to_owned(),
        category: (!chance.one_in(4)).then(|| chance.below(model.categories.len())),
        team: (!chance.one_in(3)).then(|| chance.below(model.teams.len())),
        resolved: chance.one_in(4),
        archived: chance.one_in(5),
        // several of one instant, to see ties
        created_at: Timestamp::parse(BASE).unwrap().micros() + chance.below(5) as i64 * DAY,
        sessions: (0..size).map(|_| chance.below(model.sessions.len())).collect(),
    }
}

async fn insert(t: &TestApp, model: &Model, insight: &ModelInsight) {
    let times = insight.sessions.iter().map(|i| model.sessions[*i].created_at);
    let query = sql("
        insert into insights (org_id, id, insight_number, content, content_folded, sentiment,
            occurrence_count, first_seen_at, last_seen_at, category_id, team_id, content_by_hand, category_by_hand,
            team_by_hand, resolved_at, archived_at, archive_policy, created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, false, false, false, $12, $13, $14, $15, $15)
    ");
    let query = query
        .bind(t.org_id)
        .bind(insight.id)
        .bind(insight.number)
        .bind(insight.content)
        .bind(refrain_nlp::case_fold::fold(insight.content))
        .bind(&insight.sentiment)
        .bind(insight.sessions.len() as i64)
        .bind(times.clone().min())
        .bind(times.max())
        .bind(insight.category.map(|i| model.categories[i].0))
        .bind(insight.team.map(|i| model.teams[i]))
        .bind(insight.resolved.then_some(insight.created_at))
        .bind(insight.archived.then_some(insight.created_at))
        .bind(insight.archived.then_some("forever"))
        .bind(insight.created_at);
    t.execute(query).await;
    for i in &insight.sessions {
        let session = &model.sessions[*i];
        let statement = StatementId::derived(&[insight.id.as_bytes(), session.id.as_bytes()]);
        let insert = "insert into statements (org_id, id, session_id, message_id, position, span_start, span_end, text, language, sentiment, version)
            select m.org_id, $3, m.session_id, m.id, 0, 0, 1, 'x', 'en', 'neutral', 1 from messages m
            where m.org_id = $1 and m.session_id = $2 and m.seq = 1";
        t.execute(sql(insert).bind(t.org_id).bind(session.id).bind(statement)).await;
        let insert = "insert into occurrences (org_id, insight_id, session_id, statement_id, score, canonical, contact_id,
                session_created_at, status, channel, language, sentiment)
            select s.org_id, $3, s.id, $4, 1.0, true, s.contact_id, s.created_at, s.status, s.channel, s.language, s.sentiment
            from sessions s where s.org_id = $1 and s.id = $2";
        t.execute(sql(insert).bind(t.org_id).bind(session.id).bind(insight.id).bind(statement)).await;
    }
}

/// Whether a session is in the slice that a request asks for.
fn in_slice(model: &Model, session: &ModelSession, body: &Value) -> bool {
    let text = |name: &str| body[name].as_str();
    let bound = |name: &str, end: bool| {
        let parse = if end { Timestamp::parse_end } else { Timestamp::parse };
        text(name).map(|text| parse(text).unwrap().micros())
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
        for _ in 0..1 + chance.below(4) {
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
