//! The random data of the model, in the product and beside it.

use super::{BASE, CHANNELS, LANGUAGES, Model, ModelInsight, ModelSession, SENTIMENTS, STATUSES};
use crate::support::app::TestApp;
use crate::support::fixtures::Chance;
use refrain::db::sql;
use refrain::ids::{InsightId, SessionId, StatementId};
use refrain::time::{DAY, Timestamp};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

const CONTENTS: [&str; 6] = [
    "Refund has not arrived",
    "Tür geht nicht auf",
    "返金されていません",
    "Возврат не пришёл",
    "100% sure_thing",
    "App crashes",
];

pub(super) async fn build(t: &TestApp, chance: &mut Chance) -> Model {
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
        let (session, record) = random_session(t, chance, i);
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

/// A session of the model, and the record that is imported for it.
fn random_session(t: &TestApp, chance: &mut Chance, i: usize) -> (ModelSession, Value) {
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
        .map(|(key, value)| (key.clone(), value.parse::<i64>().map_or(json!(value), |number| json!(number))))
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
    (session, record)
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
                session_created_at)
            select s.org_id, $3, s.id, $4, 1.0, true, s.contact_id, s.created_at
            from sessions s where s.org_id = $1 and s.id = $2";
        t.execute(sql(insert).bind(t.org_id).bind(session.id).bind(insight.id).bind(statement)).await;
    }
}
