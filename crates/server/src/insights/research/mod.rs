//! Deep research: an insight explained over its sessions, in a report whose every claim cites some of them. It runs as
//! a job; its progress is in `researches`, one row for each insight.

mod claims;
pub(super) mod compare;
mod erase;
mod evidence;
mod outcomes;
mod quotes;
mod report;
mod routes;
pub(super) mod segments;
mod structured;
mod summary;

pub(super) use erase::{restart, withdraw};
pub(super) use evidence::scattered;
pub(super) use routes::routes;

use crate::app::App;
use crate::db::{Db, sql};
use crate::error::{Error, Result};
use crate::ids::{InsightId, MemberId, OrgId, ResearchId};
use crate::insights::insight::{self, Change, InsightEventKind};
use crate::jobs::{self, Job, Lease, Outcome, Pace};
use crate::orgs::OrgTx;
use crate::time::Timestamp;
use crate::wire::string_enum;
use anyhow::Context;
use compare::Findings;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;
use structured::Kept;
use summary::Summary;

/// The most attempts at a research.
const ATTEMPTS_MAX: i64 = 3;
/// The most researches of an organization that wait or run.
const ACTIVE_MAX: i64 = 100;
const ACTIVE: &str = "state in ('queued', 'running')";

/// The job that explains an insight at length.
#[derive(Debug, Serialize, Deserialize)]
pub struct ResearchInsight {
    insight_id: InsightId,
    /// The request that the job answers.
    research_id: ResearchId,
}

impl Job for ResearchInsight {
    const KIND: &str = "research_insight";
    const PACE: Pace = Pace::Long;
    const ALONE: bool = true;

    fn dedupe_key(&self) -> Option<String> {
        Some(format!("{}:{}", Self::KIND, self.research_id))
    }

    async fn run(self, app: &App, lease: &Lease) -> Result<Outcome> {
        research_insight(app, lease, self.insight_id, self.research_id).await
    }
}

string_enum! {
    /// The state of a deep research.
    State {
        /// The research waits for a worker.
        Queued = "queued",
        /// A worker is at the research.
        Running = "running",
        /// The report is with the insight.
        Done = "done",
        /// The research ended without a report.
        Failed = "failed",
        /// Somebody cancelled the research, or the insight ended.
        Cancelled = "cancelled",
    }
}

/// The latest research of an insight.
#[derive(crate::db::Record)]
struct Research {
    id: ResearchId,
    insight_id: InsightId,
    state: State,
    progress: i64,
    step: Option<String>,
    requested_by: Option<MemberId>,
    created_at: Timestamp,
    started_at: Option<Timestamp>,
    finished_at: Option<Timestamp>,
    error: Option<String>,
}

async fn find(db: &Db, org_id: OrgId, insight_id: InsightId) -> Result<Option<Research>> {
    let query = sql("
        select id, insight_id, state, progress, step, requested_by, created_at, started_at, finished_at, error
        from researches where org_id = $1 and insight_id = $2
    ");
    db.fetch_optional(query.bind(org_id).bind(insight_id)).await
}

/// Requests a research, which replaces an earlier one. Does nothing if one waits or runs already. Fails with the 409 if
/// too many are active.
async fn start(tx: &mut OrgTx, insight_id: InsightId, by: Option<MemberId>) -> Result<()> {
    let query = sql(&format!("select count(*) from researches where org_id = $1 and {ACTIVE}"));
    let (active,): (i64,) = tx.fetch_one(query.bind(tx.org_id)).await?;
    let query = sql(&format!(
        "insert into researches (org_id, insight_id, id, state, progress, attempts, requested_by, created_at)
        values ($1, $2, $3, $4, 0, 0, $5, $6)
        on conflict (org_id, insight_id) do update set id = excluded.id, state = excluded.state, progress = 0, step = null,
            attempts = 0, requested_by = excluded.requested_by, created_at = excluded.created_at, started_at = null,
            finished_at = null, error = null
        where not researches.{ACTIVE}"
    ));
    let id = ResearchId::new(tx.now);
    let query = query.bind(tx.org_id).bind(insight_id).bind(id).bind(State::Queued).bind(by).bind(tx.now);
    if tx.execute(query).await? == 0 {
        return Ok(());
    }
    if active >= ACTIVE_MAX {
        return Err(Error::Conflict(format!(
            "{ACTIVE_MAX} insights are being researched: wait for one to end"
        )));
    }
    jobs::enqueue(tx, &ResearchInsight { insight_id, research_id: id }).await
}

/// Cancels a research. Returns false if it is over.
async fn cancel(app: &App, org_id: OrgId, insight_id: InsightId, id: ResearchId) -> Result<bool> {
    let mut tx = app.begin(org_id).await?;
    let cancelled = close(&mut tx, Run { insight_id, id }, State::Cancelled, None).await?;
    tx.commit().await?;
    Ok(cancelled)
}

/// The identity of a research.
#[derive(Clone, Copy)]
struct Run {
    insight_id: InsightId,
    id: ResearchId,
}

/// Ends a research that waits or runs. Returns false if it is over.
async fn close(tx: &mut OrgTx, run: Run, state: State, error: Option<&str>) -> Result<bool> {
    let query = sql(&format!(
        "update researches set state = $4, step = null, finished_at = $5, error = $6,
            progress = case when $7 then 100 else progress end
        where org_id = $1 and insight_id = $2 and id = $3 and {ACTIVE}"
    ));
    let query = query.bind(tx.org_id).bind(run.insight_id).bind(run.id).bind(state).bind(tx.now).bind(error);
    Ok(tx.execute(query.bind(state == State::Done)).await? > 0)
}

/// The outcome of an attempt at a research.
enum Explained {
    Report(Report),
    /// The research was cancelled, or the insight ended.
    Unwanted,
    /// The server stops; another attempt follows.
    Later,
}

/// A report and its figures.
struct Report {
    text: String,
    kept: Kept,
    sessions: usize,
    claims: usize,
}

/// Makes the report of an insight and publishes it, or records that the research failed or was cancelled.
async fn research_insight(
    app: &App,
    lease: &Lease,
    insight_id: InsightId,
    research_id: ResearchId,
) -> Result<Outcome> {
    let run = Run { insight_id, id: research_id };
    let attempts = begin(app, lease.org_id, run).await?;
    let explained = match attempts {
        None => Ok(Explained::Unwanted),
        Some(attempts) if attempts > ATTEMPTS_MAX => Err(anyhow::anyhow!("it never ended").into()),
        Some(_) => explain(app, lease.org_id, run).await,
    };
    let mut tx = app.begin(lease.org_id).await?;
    match explained {
        Ok(Explained::Report(report)) => publish(&mut tx, run, report).await?,
        Ok(Explained::Unwanted) => {
            close(&mut tx, run, State::Cancelled, None).await?;
        }
        Ok(Explained::Later) => return Ok(Outcome::Later(tx.now)),
        // the queue retries the job
        Err(error) if attempts.is_some_and(|attempts| attempts < ATTEMPTS_MAX) => return Err(error),
        Err(error) => {
            tracing::warn!(insight.id = %insight_id, %error, "a deep research failed");
            close(&mut tx, run, State::Failed, Some("it could not be done: the log of the server says why"))
                .await?;
        }
    }
    jobs::finish(&mut tx, lease).await?;
    tx.commit().await?;
    Ok(Outcome::Done)
}

/// Marks a research as running. Returns the number of attempts with this one, or none if it is over.
async fn begin(app: &App, org_id: OrgId, run: Run) -> Result<Option<i64>> {
    let query = sql(&format!(
        "update researches set state = $4, attempts = attempts + 1, started_at = coalesce(started_at, $5)
        where org_id = $1 and insight_id = $2 and id = $3 and {ACTIVE} returning attempts"
    ));
    let query =
        query.bind(org_id).bind(run.insight_id).bind(run.id).bind(State::Running).bind(app.clock.now());
    let mut tx = app.db.begin_for(org_id).await?;
    let attempts: Option<(i64,)> = tx.fetch_optional(query).await?;
    tx.commit().await?;
    Ok(attempts.map(|(attempts,)| attempts))
}

/// Records the progress of a research, in percent, and its step. Returns false if the research was cancelled or the
/// insight ended.
async fn advance(app: &App, org_id: OrgId, run: Run, progress: i64, step: &str) -> Result<bool> {
    let query = sql(&format!(
        "update researches set progress = $4, step = $5
        where org_id = $1 and insight_id = $2 and id = $3 and {ACTIVE} and exists (
            select 1 from insights i where i.org_id = $1 and i.id = $2 and i.retired_at is null
        )"
    ));
    let query = query.bind(org_id).bind(run.insight_id).bind(run.id).bind(progress).bind(step);
    let mut tx = app.db.begin_for(org_id).await?;
    let is_wanted = tx.execute(query).await? > 0;
    tx.commit().await?;
    Ok(is_wanted)
}

async fn explain(app: &App, org_id: OrgId, run: Run) -> Result<Explained> {
    if !advance(app, org_id, run, 5, "reading sessions").await? {
        return Ok(Explained::Unwanted);
    }
    // one snapshot both for the claims and for their check
    let mut tx = app.db.patient(org_id).snapshot().await?;
    let Some((frame, insight)) = evidence::frame(&mut tx, org_id, run.insight_id).await? else {
        return Ok(Explained::Unwanted);
    };
    let evidence = Arc::new(evidence::load(&mut tx, frame, insight).await?);
    if !advance(app, org_id, run, 40, "comparing").await? {
        return Ok(Explained::Unwanted);
    }
    let compared = Arc::clone(&evidence);
    let findings = tokio::task::spawn_blocking(move || Findings::of(&compared)).await.context("comparing")?;
    let calendar = app.settings(&mut tx, org_id).await?.calendar;
    let mut sections = report::sections(&calendar, &mut tx, &evidence, &findings).await?;
    if !advance(app, org_id, run, 70, "checking").await? {
        return Ok(Explained::Unwanted);
    }
    let claims = sections.iter().flat_map(|section| &section.claims).collect::<Vec<_>>();
    let mut hold = claims::check(&mut tx, &frame, &claims).await?.into_iter();
    drop(tx);
    for section in &mut sections {
        section.claims.retain(|claim| {
            let holds = hold.next().unwrap_or(false);
            if !holds {
                tracing::error!(section = section.title, cited = claim.cited.len(), "a claim does not hold");
            }
            holds
        });
    }
    if app.language_model_of(org_id).await?.is_some() && !advance(app, org_id, run, 85, "summarizing").await?
    {
        return Ok(Explained::Unwanted);
    }
    let lines = match summary::write(app, org_id, &evidence, &sections).await? {
        Summary::Lines(lines) => lines,
        Summary::Drained => return Ok(Explained::Later),
    };
    Ok(Explained::Report(Report {
        text: report::markdown(&evidence, &lines, &sections),
        kept: Kept::of(&lines, &sections),
        sessions: evidence.sessions.iter().filter(|session| session.inside).count(),
        claims: sections.iter().map(|section| section.claims.len()).sum(),
    }))
}

/// Writes a report to its insight, unless the research was cancelled or the insight ended.
async fn publish(tx: &mut OrgTx, run: Run, report: Report) -> Result<()> {
    let query = sql("select 1 from insights where org_id = $1 and id = $2 and retired_at is null");
    let is_there = tx.fetch_optional::<(i32,)>(query.bind(tx.org_id).bind(run.insight_id)).await?.is_some();
    let state = if is_there { State::Done } else { State::Cancelled };
    if !close(tx, run, state, None).await? || !is_there {
        return Ok(());
    }
    let kept = serde_json::to_string(&report.kept).context("writing the report of a deep research")?;
    let query = sql("
        update researches set report = $3 where org_id = $1 and insight_id = $2 returning requested_by
    ");
    let query = query.bind(tx.org_id).bind(run.insight_id).bind(kept);
    let (by,): (Option<MemberId>,) = tx.fetch_one(query).await?;
    let detail =
        json!({"research_id": run.id, "session_count": report.sessions, "claim_count": report.claims});
    let change = Change::new()
        .set("deep_research", report.text)
        .set("deep_research_completed_at", tx.now)
        .event(InsightEventKind::ResearchCompleted, by, Some(detail));
    insight::update(tx, run.insight_id, change).await
}
