//! Wordings over groupings, restarts and changes of the configuration.

use super::{
    GOOD, PARCEL, Server, assert_sound, contents, good_contents, import_both, reword, wording, work,
};
use crate::support::app::TestApp;
use crate::support::fixtures::records;
use refrain::config::LanguageModelConfig;
use refrain::db::sql;
use refrain::jobs;
use serde_json::{Value, json};
use std::sync::Arc;

#[tokio::test]
async fn without_configuration_nothing_is_asked_and_all_is_offline() {
    let server = Server::good().await;
    let t = TestApp::new().await;
    import_both(&t).await;
    work(&t).await;
    refrain::insights::request_wordings(&t.app).await.unwrap();
    work(&t).await;
    assert_eq!(t.count("select count(*) from jobs where kind <> 'review_insights'").await, 0);
    assert_eq!(server.count(), 0);
    let (_, mark) = wording(&t, "refund").await;
    assert_eq!((&mark["source"], &mark["model"]), (&json!("offline"), &Value::Null));
}

#[tokio::test]
async fn the_grouping_is_the_same_with_and_without() {
    let server = Server::good().await;
    let (with, without) = (TestApp::with(server.config()).await, TestApp::new().await);
    let mut hashes = Vec::new();
    for t in [&with, &without] {
        import_both(t).await;
        work(t).await;
        let hash: (Option<String>,) =
            t.app.db.fetch_one(sql("select grouping_hash from orgs")).await.unwrap();
        hashes.push(hash);
    }
    assert!(hashes[0].0.is_some());
    assert_eq!(hashes[0], hashes[1]);
}

#[tokio::test]
async fn restarts_and_groupings_ask_nothing_twice() {
    let parcel = ("parcel", "Change the address of a parcel");
    let server = Server::new(move |_, entries| reword(entries, &[GOOD[0], GOOD[1], parcel])).await;
    let t = TestApp::with(server.config()).await;
    import_both(&t).await;
    work(&t).await;
    let updated = |page: Value| page["data"][0]["updated_at"].clone();
    let before = updated(t.post_ok("/insights", json!({"search": "refund"})).await);
    t.advance(60);
    refrain::insights::request_wordings(&t.app).await.unwrap();
    work(&t).await;
    t.import(records(&PARCEL, 300)).await;
    work(&t).await;
    assert_eq!(
        before,
        updated(t.post_ok("/insights", json!({"search": "refund"})).await),
        "it did not change"
    );
    assert_eq!(server.count(), 2, "only the new insight is asked for");
    let second = server.asked(1).1["messages"][1]["content"].as_str().unwrap().to_owned();
    assert!(second.contains("parcel") && !second.contains("refund"), "{second}");
    assert!(contents(&t).await.contains(&"Still waiting for a refund".to_owned()));
    assert_sound(&t).await;
}

#[tokio::test]
async fn a_wording_ends_with_its_group_and_with_the_configuration() {
    let server = Server::good().await;
    let t = TestApp::with(server.config()).await;
    import_both(&t).await;
    work(&t).await;
    good_contents(&t).await;
    // the sessions now say something else
    t.import(records(&PARCEL, 0)).await;
    work(&t).await;
    assert!(!contents(&t).await.contains(&"Still waiting for a refund".to_owned()));
    assert_sound(&t).await;
    let mut off = t.app.clone();
    off.language_model = None;
    t.import(records(&["Can I pay by invoice next month?"], 500)).await;
    for _ in 0..300 {
        if !jobs::run_next(&off).await.unwrap() {
            t.advance(1);
        }
    }
    assert!(
        !contents(&t).await.contains(&GOOD[1].1.to_owned()),
        "without a model the sentences are the grouping's"
    );
    assert_eq!(wording(&t, "password").await.1["source"], "offline");
    assert_sound(&t).await;
}

#[tokio::test]
async fn another_model_is_asked_anew_and_the_old_wording_stands_until_then() {
    let server = Server::good().await;
    let t = TestApp::with(server.config()).await;
    import_both(&t).await;
    work(&t).await;
    let other = Server::new(|_, entries| reword(entries, &[("refund", "My refund is still not here")])).await;
    let config = LanguageModelConfig { model: Some("other".to_owned()), ..other.config().language_model };
    let mut app = t.app.clone();
    app.language_model = refrain::language_model::LanguageModel::from_config(&config).unwrap().map(Arc::new);
    refrain::insights::request_wordings(&app).await.unwrap();
    while jobs::run_next(&app).await.unwrap() {}
    assert_eq!(contents(&t).await, [GOOD[1].1, "My refund is still not here"]);
    assert_eq!(wording(&t, "refund").await.1["model"], "other");
    assert_eq!(wording(&t, "password").await.1["model"], "scripted", "the other gave no sentence for it");
    assert_eq!(other.count(), 2, "what lacks a sentence is asked for once more");
    assert_sound(&t).await;
}
