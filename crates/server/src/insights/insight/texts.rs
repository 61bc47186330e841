//! The texts that are kept of insights, which may be in the words of one person: sentences, reports, and what
//! histories tell.

use super::{Change, update};
use crate::db::{self, sql};
use crate::error::Result;
use crate::ids::{EventId, InsightId};
use crate::orgs::OrgTx;
use crate::time::Timestamp;
use anyhow::Context;
use serde_json::Value as Json;

/// The rows that are looked at together.
const PAGE: i64 = 1_000;

/// Returns what to put in the place of a text, or none if it may stay.
pub(crate) type Replace<'a> = &'a (dyn Fn(&str) -> Option<String> + Sync);

/// The texts of an insight that is shown or ended.
#[derive(crate::db::Record)]
pub(crate) struct Texts {
    pub(crate) id: InsightId,
    pub(crate) content: String,
    pub(crate) content_by_hand: bool,
    pub(crate) report: Option<String>,
}

/// Loads a page of texts after an insight, in the order of ids. An empty one is the end.
pub(crate) async fn page(tx: &mut OrgTx, after: Option<InsightId>) -> Result<Vec<Texts>> {
    let mut query = sql("
        select id, content, content_by_hand, deep_research as report from insights where org_id = $1
    ")
    .bind(tx.org_id);
    if let Some(after) = after {
        query.push(" and id > ").push_bind(after);
    }
    query.push(" order by id limit ").push_bind(PAGE);
    tx.fetch_all(query).await
}

/// Replaces the sentence of an insight until it is grouped again.
pub(crate) async fn replace_content(tx: &mut OrgTx, id: InsightId, content: &str) -> Result<()> {
    update(tx, id, Change::new().content(content)).await
}

/// Takes back the report of an insight.
pub(crate) async fn withdraw_report(tx: &mut OrgTx, id: InsightId) -> Result<()> {
    let change = Change::new()
        .set("deep_research", None::<String>)
        .set("deep_research_completed_at", None::<Timestamp>);
    update(tx, id, change).await
}

/// Replaces texts in the entries of histories that tell what an insight was called or what made it rise.
pub(crate) async fn replace_in_histories(tx: &mut OrgTx, replace: Replace<'_>) -> Result<()> {
    let mut after: Option<EventId> = None;
    loop {
        let mut query = sql("
            select id, detail from insight_events
            where org_id = $1 and detail is not null and kind in ('edited', 'reworded', 'retitled', 'resurfaced')
        ")
        .bind(tx.org_id);
        if let Some(after) = after {
            query.push(" and id > ").push_bind(after);
        }
        query.push(" order by id limit ").push_bind(PAGE);
        let entries: Vec<(EventId, String)> = tx.fetch_all(query).await?;
        for (id, detail) in &entries {
            let mut json: Json = serde_json::from_str(detail).context("reading an event")?;
            if replace_texts(&mut json, replace) {
                let query = sql("update insight_events set detail = $3 where org_id = $1 and id = $2");
                tx.run(query.bind(tx.org_id).bind(*id).bind(json.to_string())).await?;
            }
        }
        after = entries.last().map(|(id, _)| *id);
        if db::count(entries.len()) < PAGE {
            return Ok(());
        }
    }
}

/// Replaces the texts of a JSON value. Returns true if there were any to replace.
fn replace_texts(json: &mut Json, replace: Replace<'_>) -> bool {
    match json {
        Json::String(text) => {
            let new = replace(text);
            let is_another = new.is_some();
            *text = new.unwrap_or_else(|| std::mem::take(text));
            is_another
        }
        Json::Array(items) => {
            items.iter_mut().filter_map(|item| replace_texts(item, replace).then_some(())).count() > 0
        }
        Json::Object(members) => {
            members.values_mut().filter_map(|member| replace_texts(member, replace).then_some(())).count() > 0
        }
        _ => false,
    }
}
