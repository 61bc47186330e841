//! Consolidation: all statements of an organization are grouped anew, old insights continue in the groups that hold
//! most of their sessions, and the difference is written in one transaction.

use super::categories::Chooser;
use super::clusters::{self, Grouped};
use super::constraints::Bonds;
use super::continuity::{continuations, successors};
use super::difference::{Difference, Occurrence};
use super::vectors::Vectors;
use super::{moves, themes};
use crate::app::App;
use crate::background;
use crate::boilerplate;
use crate::categories;
use crate::db::{self, Db, Sql, sql};
use crate::error::Result;
use crate::ids::{CategoryId, InsightId, OrgId, SessionId, StatementId, TeamId, ThemeId};
use crate::insights::insight::{self, Change, InsightEventKind, NewInsight};
use crate::insights::lifecycle::{self, review};
use crate::insights::occurrences;
use crate::insights::statements::{self, Statement, embedding};
use crate::insights::wording::{RewordInsights, Wordings};
use crate::jobs::{self, Job, Lease, Outcome, Pace, Progress};
use crate::language_model::LanguageModel;
use crate::orgs::{OrgTx, Subject};
use crate::sessions::{self, Sentiment};
use anyhow::Context;
use refrain_nlp::grouping::Options;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::Instant;

const BULK_WAIT_MICROS: i64 = 500_000;
const RETRY_MICROS: i64 = 200_000;
/// The number of occurrences deleted and inserted from which the database is asked to analyze its tables.
const ANALYZED_MIN: usize = 1_000;

/// The job that groups all statements of the organization.
#[derive(Debug, Serialize, Deserialize)]
pub struct Consolidate {}

impl Job for Consolidate {
    const KIND: &str = "consolidate";
    const PACE: Pace = Pace::Long;

    async fn run(self, app: &App, lease: &Lease) -> Result<Outcome> {
        consolidate(app, lease).await
    }
}

/// Everything that a consolidation reads, from one snapshot of the database.
struct Snapshot {
    org: Org,
    statements: Vec<Statement>,
    /// The insights that did not end, in the order of their numbers.
    insights: Vec<OldInsight>,
    occurrences: Vec<Occurrence>,
    /// The statements of which the words were redacted: what they prove stays.
    redacted: HashSet<StatementId>,
    /// The cannot-link pairs: insights that a person split from one another.
    apart: Vec<(InsightId, InsightId)>,
}

#[derive(crate::db::Record)]
struct Org {
    grouping_version: i64,
    change_seq: i64,
    new_statements: i64,
}

#[derive(Clone, Debug, crate::db::Record)]
#[expect(clippy::struct_excessive_bools, reason = "a row, whose columns they are")]
struct OldInsight {
    id: InsightId,
    content: String,
    sentiment: Sentiment,
    centroid: Option<Vec<u8>>,
    reach: Option<f64>,
    category_id: Option<CategoryId>,
    team_id: Option<TeamId>,
    content_by_hand: bool,
    category_by_hand: bool,
    team_by_hand: bool,
    joined: bool,
    theme_id: Option<ThemeId>,
}

/// The result of a consolidation, before it is written.
struct Plan {
    snapshot: Snapshot,
    grouped: Grouped,
    /// For each group, the position of the old insight that continues in it.
    continued: Vec<Option<usize>>,
    /// For each group, true if it bears out the sentence that this insight had so far.
    borne_out: Vec<bool>,
    /// The old insights that end, each with the position of the group that holds most of its sessions.
    ended: Vec<(InsightId, Option<usize>)>,
}

/// Groups all statements of the organization anew. Postpones itself until an import is read to its end, and until all is
/// read again where other boilerplate was learned from it; starts again if insights changed meanwhile.
async fn consolidate(app: &App, lease: &Lease) -> Result<Outcome> {
    let started = Instant::now();
    let now = app.clock.now();
    if jobs::backlog(app, lease.org_id, now).await?.bulk > 0 {
        return Ok(Outcome::Later(now.plus(BULK_WAIT_MICROS)));
    }
    if boilerplate::relearn(app, lease.org_id).await? {
        return Ok(Outcome::Later(now.plus(BULK_WAIT_MICROS)));
    }
    let snapshot = load(&app.db, lease.org_id).await?;
    let settings = app.settings(&app.db, lease.org_id).await?;
    let contacts_min = settings.contacts_min as usize;
    let usual = settings.language.clone();
    let options = settings.granularity.options();
    let progress = Arc::clone(&lease.progress);
    let plan = background::run(move || plan(snapshot, contacts_min, &usual, &options, &progress)).await;
    let plan = Arc::new(plan.context("grouping statements")?);
    let model = app.language_model_of(lease.org_id).await?;
    let mut tx = app.begin(lease.org_id).await?;
    if occurrences::grouping_version(&mut tx, lease.org_id).await? != plan.snapshot.org.grouping_version {
        return Ok(Outcome::Later(now.plus(RETRY_MICROS)));
    }
    let moved = write(&mut tx, &plan, model.as_deref()).await?;
    if model.is_some() {
        jobs::enqueue(&mut tx, &RewordInsights {}).await?;
    }
    review::request_daily_review(&settings, &mut tx).await?;
    sessions::request_index(&mut tx).await?;
    jobs::finish(&mut tx, lease).await?;
    tx.commit().await?;
    if moved >= ANALYZED_MIN
        && let Err(error) = app.db.analyze().await
    {
        tracing::warn!(%error, "the database could not look at what is new in it");
    }
    let (statements, insights) = (plan.snapshot.statements.len(), plan.grouped.groups.len());
    let seconds = started.elapsed().as_secs_f64();
    tracing::info!(statements, insights, seconds, "statements consolidated");
    Ok(Outcome::Done)
}

async fn load(db: &Db, org_id: OrgId) -> Result<Snapshot> {
    let mut tx = db.patient(org_id).snapshot().await?;
    let org = sql("select grouping_version, change_seq, new_statements from orgs where id = $1");
    let org: Org = tx.fetch_one(org.bind(org_id)).await?;
    let statements = statements::load(&mut tx, org_id).await?;
    let insights = tx.fetch_all(select_insights(org_id)).await?;
    let occurrences = sql("
        select insight_id, session_id, statement_id, canonical from occurrences where org_id = $1
    ");
    let occurrences = tx.fetch_all(occurrences.bind(org_id)).await?;
    let redacted = occurrences::redacted(&mut tx, org_id).await?;
    let apart = sql(
        "select insight_id, other_id from insights_apart where org_id = $1 order by insight_id, other_id",
    );
    let apart = tx.fetch_all(apart.bind(org_id)).await?;
    Ok(Snapshot { org, statements, insights, occurrences, redacted, apart })
}

fn select_insights(org_id: OrgId) -> Sql {
    sql("
        select id, content, sentiment, centroid, reach, category_id, team_id, content_by_hand,
            category_by_hand, team_by_hand, joined, theme_id
        from insights where org_id = $1 and retired_at is null order by insight_number
    ")
    .bind(org_id)
}

fn plan(
    snapshot: Snapshot,
    contacts_min: usize,
    usual: &str,
    options: &Options,
    progress: &Progress,
) -> Plan {
    let ids: Vec<InsightId> = snapshot.insights.iter().map(|insight| insight.id).collect();
    let joined = snapshot.insights.iter().filter(|insight| insight.joined).map(|insight| insight.id);
    // provisional occurrences are no evidence for the constraints that people set
    let proofs = snapshot.occurrences.iter().filter(|proof| proof.canonical);
    let proofs = proofs.map(|proof| (proof.insight_id, proof.statement_id));
    let bonds = Bonds::new(&ids, joined, &snapshot.apart, proofs);
    let vectors = Vectors::of(&snapshot.statements);
    let mut grouped =
        clusters::group(&snapshot.statements, &vectors, &bonds, contacts_min, options, progress);
    let at: HashMap<InsightId, usize> =
        snapshot.insights.iter().enumerate().map(|(i, insight)| (insight.id, i)).collect();
    let mut old_sessions = vec![Vec::new(); snapshot.insights.len()];
    for occurrence in &snapshot.occurrences {
        if let Some(i) = at.get(&occurrence.insight_id) {
            old_sessions[*i].push(occurrence.session_id);
        }
    }
    let new_sessions: Vec<Vec<SessionId>> =
        grouped.groups.iter().map(|group| group.proofs.keys().copied().collect()).collect();
    let continuations = continuations(&old_sessions, &new_sessions);
    let successors = successors(&old_sessions, &new_sessions);
    let mut continued = vec![None; grouped.groups.len()];
    let mut ended = Vec::new();
    for (i, insight) in snapshot.insights.iter().enumerate() {
        match continuations[i] {
            Some(j) => continued[j] = Some(i),
            None => ended.push((insight.id, successors[i])),
        }
    }
    let before: Vec<Option<&str>> =
        continued.iter().map(|continued| continued.map(|i| snapshot.insights[i].content.as_str())).collect();
    let statements = &snapshot.statements;
    clusters::entitle(&mut grouped, statements, &vectors, &before, contacts_min, usual, options.threads);
    let borne_out = grouped.groups.iter().zip(&continued).map(|(group, continued)| {
        let old = continued.map(|i| &snapshot.insights[i]).filter(|old| !old.content_by_hand);
        let is_new = old.filter(|old| old.content != group.content);
        is_new.is_none_or(|old| group.bears_out(&snapshot.statements, &old.content, contacts_min))
    });
    let borne_out = borne_out.collect();
    Plan { snapshot, grouped, continued, borne_out, ended }
}

/// Writes the plan. Returns the number of occurrences deleted and inserted.
async fn write(tx: &mut OrgTx, plan: &Arc<Plan>, model: Option<&LanguageModel>) -> Result<usize> {
    let changed = changed_sessions(tx, plan.snapshot.org.change_seq).await?;
    let ids = write_insights(tx, plan, model).await?;
    let pinned = occurrences::pinned(tx, None).await?;
    let compared = (Arc::clone(plan), ids.clone());
    let compare = move || {
        let (plan, ids) = compared;
        let proofs = ids.iter().zip(&plan.grouped.groups).map(|(id, group)| (*id, &group.proofs));
        let Snapshot { occurrences, redacted, .. } = &plan.snapshot;
        Difference::of(proofs, occurrences, redacted, &changed, pinned)
    };
    let difference = tokio::task::spawn_blocking(compare).await.context("comparing occurrences")?;
    let ended: HashSet<InsightId> = plan.ended.iter().map(|(id, _)| *id).collect();
    moves::note(tx, &difference.moves, &ended).await?;
    let mut touched: BTreeSet<InsightId> = difference.gone.iter().map(|(id, _)| *id).collect();
    occurrences::delete(tx, &difference.gone).await?;
    let moved = difference.gone.len() + difference.new.len();
    occurrences::insert(tx, difference.new, true).await?;
    for (old, successor) in &plan.ended {
        lifecycle::end(tx, *old, successor.map(|j| ids[j]), InsightEventKind::Ended, None).await?;
        touched.extend(successor.map(|j| ids[j]));
        touched.remove(old);
    }
    occurrences::recount(tx, &touched.into_iter().collect::<Vec<_>>()).await?;
    let was_under = |continued: &Option<usize>| continued.and_then(|i| plan.snapshot.insights[i].theme_id);
    let under: Vec<_> = ids.iter().copied().zip(plan.continued.iter().map(was_under)).collect();
    themes::write(tx, &plan.grouped.themes, &under).await?;
    statements::keep_contextual(tx, &plan.grouped.contextual).await?;
    let query = sql("
        update orgs set grouping_version = grouping_version + 1, grouping_hash = $2, grouped_at = $3,
            grouped_statements = $4, new_statements = new_statements - $5
        where id = $1
    ");
    let count = db::count(plan.snapshot.statements.len());
    let query = query.bind(tx.org_id).bind(&plan.grouped.hash).bind(tx.now).bind(count);
    tx.run(query.bind(plan.snapshot.org.new_statements)).await?;
    tx.trim_changes().await?;
    Ok(moved)
}

/// Returns the sessions that changed since the snapshot: their occurrences are newer than the plan, and stay.
async fn changed_sessions(tx: &mut OrgTx, since: i64) -> Result<HashSet<SessionId>> {
    let query = sql("select subject_id from changes where org_id = $1 and seq > $2 and kind = $3");
    let query = query.bind(tx.org_id).bind(since).bind(Subject::Session);
    let rows: Vec<(SessionId,)> = tx.fetch_all(query).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Updates old insights and inserts new ones. Returns the insight of each group.
async fn write_insights(
    tx: &mut OrgTx,
    plan: &Plan,
    model: Option<&LanguageModel>,
) -> Result<Vec<InsightId>> {
    let new_count = plan.continued.iter().filter(|continued| continued.is_none()).count();
    let mut number = tx.take_insight_numbers(db::count(new_count)).await?;
    let org_id = tx.org_id;
    let categories = categories::list(&mut *tx, org_id).await?;
    let chooser = Chooser::new(&categories);
    // a person may have decided something since the snapshot
    let query = select_insights(tx.org_id);
    let current: Vec<OldInsight> = tx.fetch_all(query).await?;
    let current: HashMap<InsightId, OldInsight> =
        current.into_iter().map(|insight| (insight.id, insight)).collect();
    let contents = plan.grouped.groups.iter().map(|group| group.content.as_str());
    let wordings = Wordings::load(tx, model, contents).await?;
    let mut ids = Vec::new();
    for ((group, continued), borne_out) in
        plan.grouped.groups.iter().zip(&plan.continued).zip(&plan.borne_out)
    {
        let category = chooser.choose(&group.centroid);
        let mut fresh = NewInsight {
            id: InsightId::new(tx.now),
            content: group.content.clone(),
            sentiment: group.sentiment,
            centroid: Some(embedding::to_bytes(&group.centroid)),
            reach: Some(f64::from(group.reach)),
            category_id: category.map(|category| category.id),
            team_id: category.and_then(|category| category.team_id),
        };
        match continued.and_then(|i| current.get(&plan.snapshot.insights[i].id)) {
            Some(old) => {
                if *borne_out {
                    fresh.content = wordings.choose(tx, old.id, fresh.content, &group.centroid).await?;
                } else {
                    wordings.forget(tx, old.id).await?;
                }
                ids.push(refresh(tx, old, fresh).await?);
            }
            None => {
                ids.push(fresh.id);
                insight::insert(tx, &fresh, number).await?;
                number += 1;
            }
        }
    }
    Ok(ids)
}

/// Updates an old insight from its group, except for the values that a person set.
async fn refresh(tx: &mut OrgTx, old: &OldInsight, fresh: NewInsight) -> Result<InsightId> {
    let content = if old.content_by_hand { &old.content } else { &fresh.content };
    let category_id = if old.category_by_hand { old.category_id } else { fresh.category_id };
    let team_id = if old.team_by_hand { old.team_id } else { fresh.team_id };
    let is_same = *content == old.content
        && category_id == old.category_id
        && team_id == old.team_id
        && fresh.sentiment == old.sentiment;
    if !is_same || (&fresh.centroid, fresh.reach) != (&old.centroid, old.reach) {
        let change = if is_same { Change::of_internals() } else { Change::new() };
        let change = change
            .content(content)
            .set("sentiment", fresh.sentiment)
            .set("centroid", fresh.centroid)
            .set("reach", fresh.reach)
            .set("category_id", category_id)
            .set("team_id", team_id);
        let change = if *content == old.content {
            change
        } else {
            let detail = json!({"before": old.content, "after": content});
            change.event(InsightEventKind::Retitled, None, Some(detail))
        };
        insight::update(tx, old.id, change).await?;
    }
    Ok(old.id)
}

/// Enqueues a consolidation, and makes one that is running start again, since the grouping version moves.
pub(crate) async fn regroup(tx: &mut OrgTx) -> Result<()> {
    let query = sql("update orgs set grouping_version = grouping_version + 1 where id = $1");
    tx.run(query.bind(tx.org_id)).await?;
    jobs::enqueue(tx, &Consolidate {}).await
}
