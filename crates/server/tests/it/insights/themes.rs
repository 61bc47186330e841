//! Themes above insights.

use super::insights;
use crate::support::app::TestApp;
use crate::support::fixtures::{PASSWORD, REFUND, records};
use serde_json::Value;
use std::collections::BTreeSet;

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
