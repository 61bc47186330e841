//! Personal data in insights and beside them.

use super::insights;
use crate::support::app::TestApp;
use crate::support::fixtures::{record, records};
use refrain::db::sql;
use serde_json::{Value, json};

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
    let sentences = include_str!("../../../../nlp/tests/data/redact/sentences.tsv");
    let values = include_str!("../../../../nlp/tests/data/redact/values.tsv");
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

/// Everything that insights show of what was said: their sentences, quotes, reports and exports.
async fn shown(t: &TestApp) -> String {
    let mut shown = t.get_ok("/insights/themes").await.to_string();
    for insight in insights(t).await {
        let path = format!("/insights/{}", insight["id"].as_str().unwrap());
        shown += &format!("{insight}{}", json!(t.items(&format!("{path}/sessions")).await));
    }
    for what in ["insights", "occurrences"] {
        shown += &t.get_ok(&format!("/exports?what={what}")).await.to_string();
    }
    shown
        + &t.get_ok("/chat/sessions").await["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["summary"].to_string())
            .collect::<String>()
}

/// A session of a contact who says this. Returns the path of the session.
async fn said_by(t: &TestApp, contact: &Value, text: &str) -> String {
    let created = t.post_ok("/chat/sessions", json!({"contact_id": contact})).await;
    let path = format!("/chat/sessions/{}", created["id"].as_str().unwrap());
    let message = json!({"sender": "contact", "message": {"type": "text", "text": text}});
    t.post_ok(&format!("{path}/send"), message).await;
    path
}

#[tokio::test]
async fn a_name_that_is_learned_later_is_masked_in_what_was_said_before() {
    let t = TestApp::new().await;
    t.import(records(&["My refund has not arrived yet", "Where is my refund?"], 0)).await;
    let contact = t.post_ok("/contacts", json!({"contact": {"phone": "555"}})).await["id"].clone();
    let path = format!("/contacts/{}", contact.as_str().unwrap());
    said_by(&t, &contact, "zebulon here. My refund has not arrived, says zebulon").await;
    t.run_jobs().await;
    assert!(shown(&t).await.contains("zebulon"), "nobody knows that it is a name");
    t.patch_ok(&path, json!({"contact": {"name": "Zebulon Quirke"}})).await;
    t.run_jobs().await;
    let now = shown(&t).await;
    assert!(!now.to_lowercase().contains("zebulon") && now.contains("[name] here. "), "{now}");
}

#[tokio::test]
async fn what_was_masked_once_stays_masked() {
    let t = TestApp::new().await;
    t.import(records(&["My refund has not arrived yet", "Where is my refund?"], 0)).await;
    let name = json!({"contact": {"name": "Zebulon Quirke", "phone": "555"}});
    let contact = t.post_ok("/contacts", name).await["id"].clone();
    let path = format!("/contacts/{}", contact.as_str().unwrap());
    let session = said_by(&t, &contact, "zebulon here. My refund has not arrived, says zebulon").await;
    t.run_jobs().await;
    let hidden = |shown: String| {
        assert!(!shown.to_lowercase().contains("zebulon") && shown.contains("[name] here. "), "{shown}");
    };
    hidden(shown(&t).await);
    // another name, a name less, another reading: what was found is found
    t.patch_ok(&path, json!({"contact": {"name": "Ada"}})).await;
    hidden(shown(&t).await);
    t.run_jobs().await;
    hidden(shown(&t).await);
    t.execute(sql("update contacts set name = null")).await;
    let more = json!({"sender": "contact", "message": {"type": "text", "text": "Where is my refund?"}});
    t.post_ok(&format!("{session}/send"), more).await;
    t.run_jobs().await;
    hidden(shown(&t).await);
    let delete = t.call_as(&t.token, "DELETE", &path, None).await;
    assert_eq!(delete.status, 200);
    hidden(shown(&t).await);
    t.patch_ok(&session, json!({"status": "closed_resolved"})).await;
    t.run_jobs().await;
    hidden(shown(&t).await);
}

#[tokio::test]
async fn what_an_earlier_release_read_shows_its_masked_part_until_it_is_read_again() {
    let t = TestApp::new().await;
    t.import(records(&["Hi, I am at ann@example.com. My refund has not arrived yet"], 0)).await;
    t.run_jobs().await;
    let full = shown(&t).await;
    assert!(full.contains("[email]"), "{full}");
    t.execute(sql(
        "update statements set excerpt = null, excerpt_start = null, excerpt_end = null, version = 2",
    ))
    .await;
    t.execute(sql("update messages set masked = null")).await;
    t.execute(sql("update orgs set rereading = true")).await;
    let before = shown(&t).await;
    assert!(!before.contains("ann@") && before.contains("My refund has not arrived yet"), "{before}");
    refrain::insights::request_rereading(&t.app).await.unwrap();
    t.run_jobs().await;
    assert_eq!(t.count("select count(*) from statements where excerpt is null or version < 4").await, 0);
    assert_eq!(t.count("select count(*) from orgs where rereading").await, 0);
    let after = shown(&t).await;
    assert!(!after.contains("ann@") && after.contains("[email]"), "{after}");
}

#[tokio::test]
async fn where_an_earlier_release_found_nothing_is_read_again_too() {
    let t = TestApp::new().await;
    t.session_saying("My refund has not arrived yet").await;
    t.run_jobs().await;
    t.execute(sql("delete from statements")).await;
    t.execute(sql("update orgs set rereading = true")).await;
    refrain::insights::request_rereading(&t.app).await.unwrap();
    t.run_jobs().await;
    assert_eq!(t.count("select count(*) from statements").await, 1);
}

#[tokio::test]
async fn of_a_long_message_what_is_around_the_quote_is_shown() {
    let t = TestApp::new().await;
    let text =
        format!("{} My refund has not arrived yet. {}", "Hello there. ".repeat(400), "Bye now. ".repeat(400));
    t.import(records(&[text.as_str()], 0)).await;
    t.run_jobs().await;
    let path = format!("/insights/{}", insights(&t).await[0]["id"].as_str().unwrap());
    for session in t.items(&format!("{path}/sessions")).await {
        let quote = &session["quote"];
        let message: Vec<char> = quote["message"].as_str().unwrap().chars().collect();
        assert!(message.len() < 2_000, "{}", message.len());
        let at = |name: &str| quote[name].as_u64().unwrap() as usize;
        let part: String = message[at("start")..at("end")].iter().collect();
        assert_eq!(part, quote["text"]);
    }
}

/// What one or two of many contacts hang on the words of all, with words that must not be shown for all.
const PLANTED: [(&str, &[&str]); 8] = [
    ("my passphrase is correct horse battery staple", &["horse", "battery", "staple"]),
    ("sort code 20-00-00", &["20", "00"]),
    ("I live at 742 evergreen terrace springfield", &["742", "evergreen", "springfield"]),
    ("this is zebulon quirke calling", &["zebulon", "quirke"]),
    ("I am pregnant", &["pregnant"]),
    ("my mother died in May", &["mother", "died"]),
    ("the door code is one nine eight four", &["door", "nine"]),
    ("ask for mark rose", &["mark", "rose"]),
];

#[tokio::test]
async fn a_title_says_nothing_that_only_a_few_of_its_contacts_say() {
    for (i, (planted, words)) in PLANTED.into_iter().enumerate() {
        let t = TestApp::new().await;
        let joint = [", ", " and ", ". ", " "][i % 4];
        let texts = ["My refund has not arrived yet", "I am still waiting for my refund"];
        let few = texts.map(|text| format!("{text}{joint}{planted}"));
        let many = texts.iter().cycle().take(18).map(|text| (*text).to_owned());
        // the first statements of a group are those that come first to a title
        let said = few.into_iter().chain(many).enumerate();
        t.import(said.map(|(i, text)| record(i, &text)).collect()).await;
        t.run_jobs().await;
        let found = insights(&t).await;
        assert_eq!(found.len(), 1, "{found:#?}");
        let themes = t.get_ok("/insights/themes").await;
        let shown = format!("{} {}", found[0]["content"], themes["items"]).to_lowercase();
        let shown: Vec<&str> = shown.split(|c: char| !c.is_alphanumeric()).collect();
        for word in words {
            assert!(!shown.contains(word), "{word} in {shown:?}");
        }
        assert!(shown.contains(&"refund"), "{shown:?}");
    }
}

#[tokio::test]
async fn a_title_whose_words_are_corrected_away_is_replaced() {
    let t = TestApp::new().await;
    let said = |i: usize, text: &str| record(i, text);
    let wording = "My refund for the Zebulon bundle has not arrived";
    let plain = "My refund has not arrived";
    t.import((0..6).map(|i| said(i, wording)).collect()).await;
    t.run_jobs().await;
    assert!(insights(&t).await[0]["content"].as_str().unwrap().contains("Zebulon"));
    t.import((0..6).map(|i| said(i, if i < 2 { wording } else { plain })).collect()).await;
    t.run_jobs().await;
    let found = insights(&t).await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["content"], plain);
    assert_eq!(t.count("select count(*) from insight_events where kind = 'retitled'").await, 1);
}
