//! From what customers say to insights, through the queue.

use crate::support::app::TestApp;
use serde_json::{Value, json};

mod audit;
mod audits;
mod categories;
mod change_log;
mod conversations;
mod curation;
mod filters;
mod grouping;
mod index;
mod lifecycle;
mod privacy;
mod proof;
mod research;
mod snapshots;
mod themes;
mod trends;
mod two_months;
mod wording;

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
