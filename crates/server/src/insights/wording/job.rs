//! The job that rewords insights by the configured language model. A wording stays while its group is about the same,
//! so that the model is asked once and the list does not flicker.

use super::neighbors::{Neighbors, check_all};
use super::prompt::{INSTRUCTIONS, prepare, read};
use super::store::{give_back, heard, keep, reserve, unworded};
use crate::app::App;
use crate::db::sql;
use crate::error::Result;
use crate::ids::OrgId;
use crate::jobs::{self, Job, Lease, Outcome, Pace};
use crate::language_model::{Failure, LanguageModel, spend};
use crate::orgs::OrgTx;
use crate::time::{DAY, Timestamp};
use anyhow::Context;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

const COLLISION_WAIT_MICROS: i64 = 60 * 1_000_000;

/// The job that asks the language model for better sentences.
#[derive(Debug, Serialize, Deserialize)]
pub struct RewordInsights {}

impl Job for RewordInsights {
    const KIND: &str = "reword_insights";
    const PACE: Pace = Pace::Long;

    async fn run(self, app: &App, lease: &Lease) -> Result<Outcome> {
        reword_insights(app, lease).await
    }
}

/// Enqueues a job for each organization that has a model, since it may be a new one.
pub async fn request_wordings(app: &App) -> Result<()> {
    let whose = if app.language_model.is_some() {
        "1 = 1"
    } else {
        "id in (select org_id from org_settings where language_model_url is not null)"
    };
    let query = sql(&format!("select id from orgs where {whose} order by id"));
    let orgs: Vec<(OrgId,)> = app.db.fetch_all(query).await?;
    for (org_id,) in orgs {
        let mut tx = app.begin(org_id).await?;
        jobs::enqueue(&mut tx, &RewordInsights {}).await?;
        tx.commit().await?;
    }
    jobs::ring(app);
    Ok(())
}

/// Asks the language model once, for the most frequent insights that have no wording, and enqueues the job for the
/// next ones. Waits while the circuit breaker is open or the daily budget is spent.
async fn reword_insights(app: &App, lease: &Lease) -> Result<Outcome> {
    let model = app.language_model_of(lease.org_id).await?;
    let mut tx = app.begin(lease.org_id).await?;
    let Some(model) = model.as_deref() else { return end(tx, lease, None).await };
    if let Some(until) = model.circuit_open_until(tx.now) {
        return end(tx, lease, Some(until)).await;
    }
    if jobs::is_done_by_another::<RewordInsights>(&mut tx, lease).await? {
        let later = tx.now.plus(COLLISION_WAIT_MICROS);
        return end(tx, lease, Some(later)).await;
    }
    let mut entries = unworded(&mut tx, model).await?;
    if entries.is_empty() {
        return end(tx, lease, None).await;
    }
    if !spend(&mut tx, app.config.language_model.requests_day).await? {
        let tomorrow = tx.now.start_of_day().plus(DAY);
        return end(tx, lease, Some(tomorrow)).await;
    }
    reserve(&mut tx, model, &entries).await?;
    tx.commit().await?;
    for entry in &mut entries {
        entry.heard = heard(&app.db, lease.org_id, entry.id).await?;
    }
    let contacts_min = app.settings(&app.db, lease.org_id).await?.contacts_min as usize;
    let prepared = tokio::task::spawn_blocking(move || prepare(entries, contacts_min)).await;
    let (entries, request) = prepared.context("preparing a request")?;
    let answers = match ask(app, model, &request, entries.len()).await {
        Ok(answers) => answers,
        Err(until) => {
            let mut tx = app.begin(lease.org_id).await?;
            give_back(&mut tx, &entries).await?;
            return end(tx, lease, Some(until)).await;
        }
    };
    let others = Neighbors::load(&app.db, lease.org_id).await?;
    let checked = move || check_all(entries, &answers, &others);
    let checked = tokio::task::spawn_blocking(checked).await.context("checking wordings")?;
    let mut tx = app.begin(lease.org_id).await?;
    for (entry, outcome) in &checked {
        let word = match outcome {
            Ok(sentence) => keep(&mut tx, model, entry, sentence).await?,
            Err(word) => *word,
        };
        tx.count(metrics::counter!("refrain_wordings_total", "outcome" => word), 1);
    }
    let next = model.circuit_open_until(tx.now).unwrap_or(tx.now);
    end(tx, lease, Some(next)).await
}

/// Asks the model. Returns its sentences by name, or none of an answer that cannot be read. Without an answer, fails
/// with the time to wait for before another attempt.
async fn ask(
    app: &App,
    model: &LanguageModel,
    request: &str,
    count: usize,
) -> Result<HashMap<String, String>, Timestamp> {
    let answer = tokio::select! {
        answer = model.ask(INSTRUCTIONS, request) => answer,
        () = app.drained() => return Err(app.clock.now()),
    };
    let text = answer.map_err(|failure| model.failed(&failure, app.clock.now()))?;
    match read(&text, count) {
        Some(answers) => {
            model.answered();
            Ok(answers)
        }
        None => {
            let failure = Failure::Failed("its answer is not what was asked for".to_owned());
            model.failed(&failure, app.clock.now());
            Ok(HashMap::new())
        }
    }
}

/// Takes the job off the queue, and enqueues one for `next`.
async fn end(mut tx: OrgTx, lease: &Lease, next: Option<Timestamp>) -> Result<Outcome> {
    jobs::finish(&mut tx, lease).await?;
    if let Some(next) = next {
        jobs::postpone(&mut tx, &RewordInsights {}, next).await?;
    }
    tx.commit().await?;
    Ok(Outcome::Done)
}
