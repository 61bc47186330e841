//! From what customers say to insights, through the queue.

use crate::app::TestApp;
use crate::insight_filters::Chance;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A conversation of one message.
pub(crate) fn record(i: usize, text: &str) -> Value {
    json!({"id": i, "turns": [{"role": "contact", "text": text}]})
}

pub(crate) const REFUND: [&str; 5] = [
    "My refund has not arrived yet",
    "Where is my refund? It has not arrived",
    "I am still waiting for my refund",
    "The refund for my order has not arrived",
    "When will I get my refund?",
];
pub(crate) const PASSWORD: [&str; 5] = [
    "I forgot my password and cannot log in",
    "I cannot log in, I forgot my password",
    "How do I reset my password?",
    "My password does not work, I cannot log in",
    "Please reset my password so that I can log in",
];

fn records(texts: &[&str], from: usize) -> Vec<Value> {
    texts.iter().cycle().take(20).enumerate().map(|(i, text)| record(from + i, text)).collect()
}

async fn insights(t: &TestApp) -> Vec<Value> {
    t.post_ok("/insights", json!({})).await["data"].as_array().unwrap().clone()
}

fn find<'a>(insights: &'a [Value], word: &str) -> &'a Value {
    let found =
        insights.iter().find(|insight| insight["content"].as_str().unwrap().to_lowercase().contains(word));
    found.unwrap_or_else(|| panic!("no insight about {word}: {insights:#?}"))
}

async fn sessions_behind(t: &TestApp, insight: &Value) -> Vec<String> {
    let page = t.get_ok(&format!("/insights/{}/sessions", insight["id"].as_str().unwrap())).await;
    page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["session_id"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn what_several_contacts_say_becomes_an_insight() {
    let t = TestApp::new().await;
    t.import([records(&REFUND, 0), records(&PASSWORD, 100)].concat()).await;
    t.run_jobs().await;
    let found = insights(&t).await;
    assert_eq!(found.len(), 2, "{found:#?}");
    let (refund, password) = (find(&found, "refund"), find(&found, "password"));
    for insight in [refund, password] {
        assert_eq!(insight["occurrence_count"], 20);
        assert_eq!(sessions_behind(&t, insight).await.len(), 20);
        assert_eq!(insight["team"], Value::Null);
    }
    assert_eq!(refund["category"]["name"], "Refunds and returns");
    assert_eq!(password["category"]["name"], "Account access");
    let numbers = [&refund["insight_number"], &password["insight_number"]];
    assert!(numbers.contains(&&json!(1)) && numbers.contains(&&json!(2)));
}

#[tokio::test]
async fn what_one_contact_repeats_is_no_insight() {
    let t = TestApp::new().await;
    let contact = |i: usize| json!({"email": format!("c{}@example.com", i % 2)});
    let from_two = records(&REFUND, 0).into_iter().enumerate().map(|(i, mut record)| {
        record["contact"] = contact(i);
        record
    });
    t.import(from_two.collect()).await;
    t.run_jobs().await;
    assert_eq!(insights(&t).await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_live_session_is_linked_as_it_comes_and_counted_with_the_rest() {
    let t = TestApp::new().await;
    t.import([records(&REFUND, 0), records(&PASSWORD, 100)].concat()).await;
    t.run_jobs().await;
    let before = find(&insights(&t).await, "refund").clone();
    t.advance(60);
    let id = t.session_saying("hello, my refund still has not arrived").await;
    assert!(refrain::jobs::run_next(&t.app).await.unwrap());
    let after = find(&insights(&t).await, "refund").clone();
    assert_eq!(after["id"], before["id"]);
    assert_eq!(after["occurrence_count"], 21);
    assert_eq!(after["last_seen_at"], t.get_ok(&format!("/chat/sessions/{id}")).await["created_at"]);
    assert!(sessions_behind(&t, &after).await.contains(&id));
    t.run_jobs().await;
    let consolidated = find(&insights(&t).await, "refund").clone();
    assert_eq!((&consolidated["id"], &consolidated["occurrence_count"]), (&before["id"], &json!(21)));
}

#[tokio::test]
async fn a_session_whose_proof_is_rewritten_stays_by_what_else_it_says() {
    let t = TestApp::new().await;
    t.import([records(&REFUND, 0), records(&PASSWORD, 100)].concat()).await;
    t.run_jobs().await;
    let said = |texts: [&str; 2]| {
        let turns = [("contact", texts[0]), ("agent", "Let me look."), ("contact", texts[1])];
        json!({"id": 900, "turns": turns.map(|(role, text)| json!({"role": role, "text": text}))})
    };
    t.import(vec![said([REFUND[0], REFUND[1]])]).await;
    t.run_jobs().await;
    let session = t.get_ok("/chat/sessions").await["items"][0]["id"].clone();
    let proof = async || {
        let refund = find(&insights(&t).await, "refund").clone();
        assert_eq!(refund["occurrence_count"], 21);
        let behind = t.get_ok(&format!("/insights/{}/sessions", refund["id"].as_str().unwrap())).await;
        let items = behind["items"].as_array().unwrap();
        let item = items.iter().find(|item| item["session_id"] == session).unwrap();
        item["quote"]["text"].clone()
    };
    let (gone, kept) = if proof().await == REFUND[0] { (0, 1) } else { (1, 0) };
    let mut texts = [REFUND[0], REFUND[1]];
    texts[gone] = "How do I change the address of my parcel?";
    t.import(vec![said(texts)]).await;
    // the reading, and before it a consolidation that waits for it
    for _ in 0..2 {
        assert!(refrain::jobs::run_next(&t.app).await.unwrap());
    }
    assert_eq!(proof().await, REFUND[kept]);
}

/// Real requests about insurance, and the requests in four languages.
fn of_all_kinds() -> Vec<Value> {
    let lines = include_str!("../../../nlp/tests/data/engine/insurance.tsv").lines().step_by(4);
    let insurance = lines.filter_map(|line| line.split_once('\t')).map(|(_, text)| ("en", text));
    let others = REQUESTS.into_iter().flat_map(|(language, texts)| {
        texts.into_iter().flat_map(move |text| std::iter::repeat_n((language, text), 3))
    });
    let said = insurance.chain(others).enumerate();
    let record = |(id, (language, text)): (usize, (&str, &str))| json!({"id": id, "language": language, "turns": [{"role": "contact", "text": text}]});
    said.map(record).collect()
}

#[tokio::test]
async fn the_order_of_arrival_makes_no_difference() {
    let mut seen = Vec::new();
    for round in 0..20 {
        let t = TestApp::new().await;
        let mut all = of_all_kinds();
        let mut chance = Chance(round);
        for i in (1..all.len()).rev() {
            all.swap(i, chance.below(i + 1));
        }
        let batch = [1, 50, all.len()][round as usize % 3];
        for (i, records) in all.chunks(batch).enumerate() {
            t.import(records.to_vec()).await;
            // grouped and linked in between, at other moments each time
            if batch > 1 || (i + round as usize).is_multiple_of(40) {
                t.run_jobs().await;
            }
        }
        t.run_jobs().await;
        let hash: (Option<String>,) =
            t.app.db.fetch_one(refrain::db::sql("select grouping_hash from orgs")).await.unwrap();
        let mut shown: Vec<(String, i64)> = insights(&t)
            .await
            .iter()
            .map(|i| (i["content"].as_str().unwrap().to_owned(), i["occurrence_count"].as_i64().unwrap()))
            .collect();
        shown.sort();
        assert!(shown.len() > 10, "{shown:#?}");
        seen.push((hash, shown));
    }
    assert!(seen.windows(2).all(|pair| pair[0] == pair[1]), "{seen:#?}");
}

#[tokio::test]
async fn vectors_that_were_made_for_a_grouping_are_kept_for_the_next() {
    let t = TestApp::new().await;
    t.import([records(&REFUND, 0), records(&PASSWORD, 100)].concat()).await;
    t.run_jobs().await;
    let kept = "select count(*) from statements where finer is not null";
    assert_eq!(t.count(kept).await, 10, "one for each text");
    let mangled = "update statements set finer =
        (select finer from statements where finer is not null order by id limit 1) where finer is not null";
    t.execute(refrain::db::sql(mangled)).await;
    t.import(vec![record(900, "Please send me an invoice")]).await;
    t.run_jobs().await;
    assert_eq!(t.count(kept).await, 11);
    // all that was kept was taken to mean the same, and so it was used
    assert_eq!(insights(&t).await.len(), 1);
}

#[tokio::test]
async fn an_insight_keeps_its_number_as_data_grows() {
    let t = TestApp::new().await;
    t.import(records(&REFUND, 0)).await;
    t.run_jobs().await;
    let before = insights(&t).await;
    t.import(records(&PASSWORD, 100)).await;
    t.import(records(&REFUND, 200)).await;
    t.run_jobs().await;
    let after = insights(&t).await;
    let refund = find(&after, "refund");
    assert_eq!((&refund["id"], &refund["insight_number"]), (&before[0]["id"], &json!(1)));
    assert_eq!(refund["occurrence_count"], 40);
    assert_eq!(find(&after, "password")["insight_number"], 2);
}

#[tokio::test]
async fn what_a_person_sets_no_grouping_overrules() {
    let t = TestApp::new().await;
    t.import(records(&REFUND, 0)).await;
    t.run_jobs().await;
    let insight = insights(&t).await.remove(0);
    let path = format!("/insights/{}", insight["id"].as_str().unwrap());
    let team = t.post_ok("/teams", json!({"name": "Billing"})).await;
    let category = t
        .get_ok("/categories")
        .await
        .as_array()
        .unwrap()
        .iter()
        .find(|category| category["name"] == "Fraud and security")
        .unwrap()["id"]
        .clone();
    let set = json!({"content": "Refunds are late", "team_id": team["id"], "category_id": category});
    let changed = t.patch_ok(&path, set).await;
    assert_eq!(changed["content"], "Refunds are late");
    t.import(records(&PASSWORD, 100)).await;
    t.import(records(&REFUND, 200)).await;
    t.run_jobs().await;
    let after = t.get_ok(&path).await;
    assert_eq!(after["occurrence_count"], 40);
    assert_eq!(after["content"], "Refunds are late");
    assert_eq!(
        (&after["team"]["name"], &after["category"]["name"]),
        (&json!("Billing"), &json!("Fraud and security"))
    );
    let nothing = uuid::Uuid::nil();
    assert_eq!(t.patch(&path, json!({"team_id": nothing})).await.error(404), "team not found");
    assert_eq!(t.patch(&format!("/insights/{nothing}"), json!({})).await.error(404), "insight not found");
    let cleared = t.patch_ok(&path, json!({"team_id": null})).await;
    assert_eq!(cleared["team"], Value::Null);
}

#[tokio::test]
async fn categories_are_assigned_by_meaning_and_bring_their_team() {
    let t = TestApp::new().await;
    t.import([records(&REFUND, 0), records(&PASSWORD, 100)].concat()).await;
    t.run_jobs().await;
    let team = t.post_ok("/teams", json!({"name": "Money"})).await;
    let category = json!({"name": "Money back", "description": "My refund has not arrived, where is my refund", "team_id": team["id"]});
    let category = t.post_ok("/categories", category).await;
    t.run_jobs().await;
    let refund = find(&insights(&t).await, "refund").clone();
    assert_eq!(
        (&refund["category"]["name"], &refund["team"]["name"]),
        (&json!("Money back"), &json!("Money"))
    );
    let filtered = t.post_ok("/insights", json!({"category": "MONEY BACK"})).await;
    assert_eq!(filtered["total"], 1);
    let path = format!("/categories/{}", category["id"].as_str().unwrap());
    t.patch_ok(&path, json!({"name": "Weather", "description": "Rain and snow", "team_id": null})).await;
    t.run_jobs().await;
    let refund = find(&insights(&t).await, "refund").clone();
    assert_eq!((&refund["category"]["name"], &refund["team"]), (&json!("Refunds and returns"), &Value::Null));
    assert_eq!(
        t.post("/categories", json!({"name": "weather"})).await.error(409),
        "name: another category has it"
    );
    t.call_as(&t.token, "DELETE", &path, None).await.ok();
    t.call_as(&t.token, "DELETE", &path, None).await.error(404);
    assert_eq!(t.get_ok("/categories").await.as_array().unwrap().len(), 16);
}

#[tokio::test]
async fn an_id_that_was_grouped_into_another_answers_with_that() {
    let t = TestApp::new().await;
    t.import(records(&REFUND, 0)).await;
    t.run_jobs().await;
    let insight = insights(&t).await.remove(0);
    // a second insight over the same sessions, as another grouping might have made it
    let old = uuid::Uuid::now_v7();
    let copy = "insert into insights (org_id, id, insight_number, content, content_folded, sentiment, occurrence_count,
            first_seen_at, last_seen_at, content_by_hand, category_by_hand, team_by_hand, created_at, updated_at)
        select org_id, $2, 2, 'old', 'old', sentiment, 1, first_seen_at, last_seen_at, false, false, false, created_at, updated_at
        from insights where org_id = $1";
    t.execute(refrain::db::sql(copy).bind(t.org_id).bind(old)).await;
    t.execute(refrain::db::sql("update orgs set next_insight_number = 3 where id = $1").bind(t.org_id)).await;
    let link = "insert into occurrences select org_id, $2, session_id, statement_id, score, canonical, contact_id, session_created_at,
            status, channel, language, sentiment from occurrences where org_id = $1 limit 1";
    t.execute(refrain::db::sql(link).bind(t.org_id).bind(old)).await;
    t.import(records(&PASSWORD, 100)).await;
    t.run_jobs().await;
    let answer = t.get_ok(&format!("/insights/{old}")).await;
    assert_eq!(answer["id"], insight["id"]);
    assert_eq!(answer["occurrence_count"], 20);
    assert!(insights(&t).await.iter().all(|insight| insight["id"] != json!(old)));
}

#[tokio::test]
async fn personal_data_shows_nowhere() {
    let t = TestApp::new().await;
    let texts = [
        "My name is Walburga Finkbeiner and my refund has not arrived",
        "My refund has not arrived, call me on +49 171 5550123",
        "My refund has not arrived, write to walburga@example.com",
        "The refund to card 4111 1111 1111 1111 has not arrived",
        "My refund to DE89 3704 0044 0532 0130 00 has not arrived",
    ];
    let with_name = |mut record: Value| {
        record["contact"] =
            json!({"name": "Walburga Finkbeiner", "email": format!("{}@example.com", record["id"])});
        record
    };
    t.import(records(&texts, 0).into_iter().map(with_name).collect()).await;
    t.run_jobs().await;
    let found = insights(&t).await;
    let behind = t.get_ok(&format!("/insights/{}/sessions", found[0]["id"].as_str().unwrap())).await;
    let summaries = t.get_ok("/chat/sessions").await["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["summary"].to_string())
        .collect::<String>();
    let shown = format!("{}{behind}{summaries}", json!(found));
    // an id may hold such digits by chance
    let shown: String = shown.split('"').filter(|part| part.parse::<uuid::Uuid>().is_err()).collect();
    for secret in ["Walburga", "Finkbeiner", "5550123", "walburga@", "4111", "0532"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
}

/// Personal values, each in a sentence that gives it away, with the value.
fn canaries() -> Vec<(String, &'static str)> {
    let rows = |text: &'static str| text.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    let sentences = include_str!("../../../nlp/tests/data/redact/sentences.tsv");
    let values = include_str!("../../../nlp/tests/data/redact/values.tsv");
    let mut canaries = Vec::new();
    for kind in ["email", "card", "iban", "birth", "address", "name"] {
        let fits = |row: &Vec<&str>| row.len() == 3 && ["*", "en"].contains(&row[0]) && row[1] == kind;
        let sentences: Vec<&str> = rows(sentences).filter(fits).map(|row| row[2]).collect();
        let values = rows(values).filter(fits).flat_map(|row| row[2].split("; "));
        canaries.extend(
            values
                .zip(sentences.iter().cycle())
                .map(|(value, sentence)| (sentence.replace("{}", value), value)),
        );
    }
    canaries
}

#[tokio::test]
async fn no_canary_is_shown() {
    let t = TestApp::new().await;
    let canaries = canaries();
    assert!(canaries.len() >= 50, "{}", canaries.len());
    let said = canaries.iter().flat_map(|(sentence, _)| {
        [
            format!("My refund has not arrived. {sentence}"),
            format!("{sentence} I cannot log in to my account."),
        ]
    });
    t.import(said.enumerate().map(|(i, text)| record(i, &text)).collect()).await;
    t.run_jobs().await;
    let found = insights(&t).await;
    assert!(found.len() >= 2, "{found:#?}");
    let mut shown = format!("{}{}", json!(found), t.get_ok("/insights/themes").await);
    for insight in &found {
        shown +=
            &t.get_ok(&format!("/insights/{}/sessions", insight["id"].as_str().unwrap())).await.to_string();
    }
    shown += &t.get_ok("/chat/sessions").await["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["summary"].to_string())
        .collect::<String>();
    let words = |text: &str| {
        text.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase).collect::<Vec<_>>().join(" ")
    };
    let shown = format!(" {} ", words(&shown));
    let leaked: Vec<&str> = canaries
        .iter()
        .map(|(_, value)| *value)
        .filter(|value| shown.contains(&format!(" {} ", words(value))))
        .collect();
    assert!(leaked.is_empty(), "{leaked:?}");
}

/// The same four requests in four languages.
const REQUESTS: [(&str, [&str; 4]); 4] = [
    (
        "en",
        [
            "Where is my parcel?",
            "I want my money back",
            "How do I reset my password?",
            "Cancel my subscription",
        ],
    ),
    (
        "de",
        [
            "Wo ist mein Paket?",
            "Ich will mein Geld zurück",
            "Wie setze ich mein Passwort zurück?",
            "Kündigen Sie mein Abo",
        ],
    ),
    (
        "es",
        [
            "¿Dónde está mi paquete?",
            "Quiero que me devuelvan el dinero",
            "¿Cómo restablezco mi contraseña?",
            "Cancele mi suscripción",
        ],
    ),
    (
        "ja",
        [
            "荷物はどこですか？",
            "お金を返してほしいです",
            "パスワードをリセットするにはどうすればいいですか？",
            "サブスクリプションを解約してください",
        ],
    ),
];

#[tokio::test]
async fn what_is_said_in_four_languages_is_one_insight_in_the_usual_one() {
    let t = TestApp::new().await;
    let mut records = Vec::new();
    for (language, requests) in REQUESTS {
        for request in requests {
            for _ in 0..3 {
                let turns = json!([{"role": "contact", "text": request}]);
                records.push(json!({"id": records.len(), "language": language, "turns": turns}));
            }
        }
    }
    t.import(records).await;
    t.run_jobs().await;
    let found = insights(&t).await;
    assert_eq!(found.len(), 4, "{found:#?}");
    for word in ["parcel", "money", "password", "subscription"] {
        assert_eq!(find(&found, word)["occurrence_count"], 12, "{found:#?}");
    }
    // a message is linked at once, whatever its language
    let session = t.session_saying("Wo bleibt mein Paket?").await;
    t.run_jobs().await;
    let found = insights(&t).await;
    assert!(sessions_behind(&t, find(&found, "parcel")).await.contains(&session));
}

#[tokio::test]
async fn every_insight_is_under_one_theme_that_keeps_its_id() {
    let t = TestApp::new().await;
    t.import([records(&REFUND, 0), records(&PASSWORD, 100)].concat()).await;
    t.run_jobs().await;
    let before = t.get_ok("/insights/themes").await;
    t.import([records(&REFUND, 1_000), records(&PASSWORD, 1_100)].concat()).await;
    t.run_jobs().await;
    let after = t.get_ok("/insights/themes").await;
    let ids = |themes: &Value| {
        themes.as_array().unwrap().iter().map(|theme| theme["id"].to_string()).collect::<BTreeSet<_>>()
    };
    assert_eq!(ids(&before), ids(&after));
    let themes = after.as_array().unwrap();
    let mut under: Vec<String> = Vec::new();
    for theme in themes {
        let insights = theme["insights"].as_array().unwrap();
        assert_eq!(theme["insight_count"], insights.len());
        let largest = insights.iter().map(|insight| insight["occurrence_count"].as_i64().unwrap()).max();
        assert!(theme["session_count"].as_i64() >= largest, "{theme:#}");
        assert!(!theme["name"].as_str().unwrap().is_empty());
        under.extend(insights.iter().map(|insight| insight["id"].to_string()));
    }
    under.sort_unstable();
    let mut all: Vec<String> = insights(&t).await.iter().map(|insight| insight["id"].to_string()).collect();
    all.sort_unstable();
    assert_eq!(under, all);
}
