//! Wordings in SQL: those to request, and those shown.

use super::check::{Target, Words};
use super::prompt::{Entry, Heard, INSTRUCTIONS_VERSION};
use crate::db::{Db, sql};
use crate::error::Result;
use crate::ids::{InsightId, OrgId};
use crate::insights::insight::{self, Change, InsightEventKind, PERSON, SHOWN};
use crate::insights::statements::embedding;
use crate::language_model::LanguageModel;
use crate::orgs::OrgTx;
use crate::sessions::REDACTED;
use crate::wire::{Nullable, string_enum};
use refrain_nlp::case_fold::fold;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

/// The most insights in one request.
const BATCH: i64 = 20;
/// The most requests for one content of one insight.
const ANSWERS_MAX: i64 = 2;
/// The most statements that are read of an insight, the nearest to it first.
const NEAREST: i64 = 200;

/// Returns the key of a request: the version of the instructions and the model. With another key, insights are asked
/// for again.
fn asked_model(model: &LanguageModel) -> String {
    format!("{INSTRUCTIONS_VERSION} {}", model.name)
}

/// Lists the most frequent insights that this model was not asked for, or gave no accepted answer for so far.
pub(super) async fn unworded(tx: &mut OrgTx, model: &LanguageModel) -> Result<Vec<Entry>> {
    let query = sql(&format!(
        "select i.id, i.centroid, case when w.shown then w.source else i.content end
        from insights i left join wordings w on w.org_id = i.org_id and w.insight_id = i.id
        where i.org_id = $1 and {SHOWN} and not i.content_by_hand
            and i.centroid is not null
            and (w.insight_id is null or w.asked_model <> $2 or w.answers_left > 0
                or (w.source <> i.content and not w.shown))
        order by i.occurrence_count desc, i.insight_number
        limit $3"
    ));
    let query = query.bind(tx.org_id).bind(asked_model(model)).bind(BATCH);
    let rows: Vec<(InsightId, Vec<u8>, String)> = tx.fetch_all(query).await?;
    let entries = rows.into_iter().map(|(id, centroid, source)| {
        let centroid = embedding::from_bytes(&centroid).unwrap_or_default();
        let target = Target { source, language: None, centroid, words: Words::default() };
        Entry { id, target, heard: Vec::new() }
    });
    Ok(entries.collect())
}

/// Records requests before they are sent, so that a crash cannot repeat them again and again.
pub(super) async fn reserve(tx: &mut OrgTx, model: &LanguageModel, entries: &[Entry]) -> Result<()> {
    let rows = entries.iter().map(|entry| {
        vec![
            tx.org_id.into(),
            entry.id.into(),
            entry.target.source.clone().into(),
            asked_model(model).into(),
            (ANSWERS_MAX - 1).into(),
            false.into(),
        ]
    });
    let insert = "insert into wordings (org_id, insight_id, source, asked_model, answers_left, shown)";
    let rows = rows.collect();
    // a wording of another source sentence is dropped; one by another model stays until there is a new one
    let suffix = "on conflict (org_id, insight_id) do update set
        answers_left = case when wordings.source = excluded.source and wordings.asked_model = excluded.asked_model
            then wordings.answers_left - 1 else excluded.answers_left end,
        content = case when wordings.source = excluded.source then wordings.content end,
        model = case when wordings.source = excluded.source then wordings.model end,
        centroid = case when wordings.source = excluded.source then wordings.centroid end,
        source = excluded.source, asked_model = excluded.asked_model";
    tx.insert_all(insert, rows, suffix).await
}

/// Reverts [`reserve`] after no answer came.
pub(super) async fn give_back(tx: &mut OrgTx, entries: &[Entry]) -> Result<()> {
    let query = "update wordings set answers_left = answers_left + 1 where org_id = $1 and insight_id in ";
    let mut query = sql(query).bind(tx.org_id);
    query.push_list(entries.iter().map(|entry| entry.id));
    tx.run(query).await
}

/// Loads the statements behind an insight, the nearest to it first, 200 at most.
pub(super) async fn heard(db: &Db, org_id: OrgId, id: InsightId) -> Result<Vec<Heard>> {
    let query = sql(&format!(
        "select {PERSON} as speaker, t.text, t.language
        from occurrences o join statements t on t.org_id = o.org_id and t.id = o.statement_id
        where o.org_id = $1 and o.insight_id = $2 and t.text <> $4
        order by o.score desc, o.session_id limit $3"
    ));
    db.fetch_all(query.bind(org_id).bind(id).bind(NEAREST).bind(REDACTED)).await
}

/// Publishes an accepted sentence unless the insight changed meanwhile. Returns the outcome in one word, for the
/// metric: outdated, unchanged or kept.
pub(super) async fn keep(
    tx: &mut OrgTx,
    model: &LanguageModel,
    entry: &Entry,
    sentence: &str,
) -> Result<&'static str> {
    let query = sql("
        select i.content from insights i join wordings w on w.org_id = i.org_id and w.insight_id = i.id
        where i.org_id = $1 and i.id = $2 and i.retired_at is null and not i.content_by_hand
            and w.source = $3 and (w.shown or w.source = i.content)
    ");
    let query = query.bind(tx.org_id).bind(entry.id).bind(&entry.target.source);
    let Some((before,)): Option<(String,)> = tx.fetch_optional(query).await? else { return Ok("outdated") };
    if fold(sentence) == fold(&entry.target.source) {
        let query = sql("update wordings set answers_left = 0 where org_id = $1 and insight_id = $2");
        tx.run(query.bind(tx.org_id).bind(entry.id)).await?;
        return Ok("unchanged");
    }
    let query = sql("
        update wordings set answers_left = 0, content = $3, model = $4, centroid = $5, shown = true
        where org_id = $1 and insight_id = $2
    ");
    let centroid = embedding::to_bytes(&entry.target.centroid);
    tx.run(query.bind(tx.org_id).bind(entry.id).bind(sentence).bind(&model.name).bind(centroid)).await?;
    let detail = json!({"before": before, "after": sentence, "model": model.name});
    let change = Change::new().content(sentence).event(InsightEventKind::Reworded, None, Some(detail));
    insight::update(tx, entry.id, change).await?;
    Ok("kept")
}

/// Forgets the wordings whose sentence, or the sentence that they were made of, `is_gone`.
pub(crate) async fn forget(tx: &mut OrgTx, is_gone: &(dyn Fn(&str) -> bool + Sync)) -> Result<()> {
    let query = sql("select insight_id, source, content from wordings where org_id = $1");
    let rows: Vec<(InsightId, String, Option<String>)> = tx.fetch_all(query.bind(tx.org_id)).await?;
    for (insight_id, source, content) in rows {
        if is_gone(&source) || content.is_some_and(|content| is_gone(&content)) {
            let query = sql("delete from wordings where org_id = $1 and insight_id = $2");
            tx.run(query.bind(tx.org_id).bind(insight_id)).await?;
        }
    }
    Ok(())
}

string_enum! {
    /// The author of an insight's content.
    ContentSource {
        /// The grouping, in the words of a customer.
        Offline = "offline",
        /// A language model.
        Model = "model",
        /// A person.
        Person = "person",
    }
}

/// Where the content of an insight comes from.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct InsightWording {
    content: String,
    source: ContentSource,
    /// The grouping's own sentence, where a language model's stands in its place.
    offline_content: Nullable<String>,
    /// The language model that made the content.
    model: Nullable<String>,
}

/// Finds the author of an insight's content. Returns none if the insight is not shown.
pub(super) async fn find(db: &Db, org_id: OrgId, id: InsightId) -> Result<Option<InsightWording>> {
    let query = sql(&format!(
        "select i.content, i.content_by_hand, w.source, w.model
        from insights i
        left join wordings w on w.org_id = i.org_id and w.insight_id = i.id and w.shown
        where i.org_id = $1 and i.id = $2 and {SHOWN}"
    ));
    type Row = (String, bool, Option<String>, Option<String>);
    let row: Option<Row> = db.fetch_optional(query.bind(org_id).bind(id)).await?;
    Ok(row.map(|(content, by_hand, offline, model)| {
        let source = match (by_hand, &offline) {
            (true, _) => ContentSource::Person,
            (false, Some(_)) => ContentSource::Model,
            (false, None) => ContentSource::Offline,
        };
        let by_model = source == ContentSource::Model;
        InsightWording {
            content,
            source,
            offline_content: offline.filter(|_| by_model).into(),
            model: model.filter(|_| by_model).into(),
        }
    }))
}
