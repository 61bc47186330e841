//! Themes above insights.

use super::insights;
use crate::support::app::TestApp;
use crate::support::fixtures::{PASSWORD, REFUND, records};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

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
    // and the rows of insights are put together by it
    let rows = t.post_ok("/insights/rows", json!({"group_by": "theme"})).await;
    let counted: BTreeMap<_, _> = themes.iter().map(|theme| (theme["id"].to_string(), theme)).collect();
    for group in rows["groups"].as_array().unwrap() {
        let theme = counted[&group["value"].to_string()];
        assert_eq!((&group["name"], &group["insights"]), (&theme["name"], &theme["insight_count"]));
    }
    let groups: Vec<_> =
        rows["groups"].as_array().unwrap().iter().map(|group| group["value"].clone()).collect();
    let mut met: Vec<_> =
        rows["items"].as_array().unwrap().iter().map(|row| row["theme_id"].clone()).collect();
    met.dedup();
    assert_eq!(met, groups);
}
