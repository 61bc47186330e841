//! From what customers say to insights, through the queue.

use super::{find, insights, sessions_behind};
use crate::support::app::TestApp;
use crate::support::fixtures::Chance;
use crate::support::fixtures::{PASSWORD, REFUND, record, records};
use serde_json::{Value, json};

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
    let lines = include_str!("../../../../nlp/tests/data/engine/insurance.tsv").lines().step_by(4);
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
    // what the grouping computes does not depend on the database; the order in which rows come from it could
    let rounds = if TestApp::new().await.app.db.name() == "SQLite" { 20 } else { 6 };
    for round in 0..rounds {
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
        // titles stay while they fit, so they may differ
        let mut shown: Vec<i64> =
            insights(&t).await.iter().map(|i| i["occurrence_count"].as_i64().unwrap()).collect();
        shown.sort_unstable();
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
    let link = "insert into occurrences select org_id, $2, session_id, statement_id, score, canonical, contact_id, session_created_at
            from occurrences where org_id = $1 limit 1";
    t.execute(refrain::db::sql(link).bind(t.org_id).bind(old)).await;
    t.import(records(&PASSWORD, 100)).await;
    t.run_jobs().await;
    let answer = t.get_ok(&format!("/insights/{old}")).await;
    assert_eq!(answer["id"], insight["id"]);
    assert_eq!(answer["occurrence_count"], 20);
    assert!(insights(&t).await.iter().all(|insight| insight["id"] != json!(old)));
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
