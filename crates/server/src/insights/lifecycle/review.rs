//! The review: brings back archived insights whose condition is met, and resolved ones that are seen again.

use super::archive::{self, Counted, from_json};
use super::state;
use super::traffic::Traffic;
use super::{cause, daily_counts, movers};
use crate::app::App;
use crate::db::{self, sql};
use crate::error::Result;
use crate::escalation::{ArchiveRecord, Standing, is_surge};
use crate::ids::InsightId;
use crate::insights::insight::{self, ArchivePolicy, Change, InsightEventKind, PERSON};
use crate::jobs::{self, Job, Lease, Outcome};
use crate::orgs::OrgTx;
use crate::settings::Settings;
use crate::time::{Calendar, DAY, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The days of history in the event of a return.
const DAYS_TOLD: usize = 14;
/// The most insights reviewed in one transaction.
const REVIEWED_MAX: i64 = 2_000;
/// The time for which changes are gathered before a review, in microseconds.
const WAIT_MICROS: i64 = 1_000_000;

/// The job that reviews archived and resolved insights.
#[derive(Debug, Serialize, Deserialize)]
pub struct ReviewInsights {}

impl Job for ReviewInsights {
    const KIND: &str = "review_insights";

    async fn run(self, app: &App, lease: &Lease) -> Result<Outcome> {
        review_insights(app, lease).await
    }
}

/// Schedules a review a second from now, if any insight is resolved or archived.
pub(crate) async fn request_review(tx: &mut OrgTx) -> Result<()> {
    let query = sql("
        select 1 from insights where org_id = $1 and (resolved_at is not null or archived_at is not null) limit 1
    ");
    let decided: Option<(i32,)> = tx.fetch_optional(query.bind(tx.org_id)).await?;
    if decided.is_some() {
        let at = tx.now.plus(WAIT_MICROS);
        jobs::schedule(tx, &ReviewInsights {}, at).await?;
    }
    Ok(())
}

/// Marks the archived ones among these insights for review, and requests one. Their sessions are the same, but belong
/// to other contacts.
pub(crate) async fn review_again(tx: &mut OrgTx, ids: &[InsightId]) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    for ids in ids.chunks(2_000) {
        let query = "update archives set reviewed_at = 0 where org_id = $1 and insight_id in ";
        let mut query = sql(query).bind(tx.org_id);
        query.push_list(ids.iter().copied());
        tx.run(query).await?;
    }
    request_review(tx).await
}

/// Reviews every archived insight that changed since its last review, and on a new day all of them; reopens resolved
/// insights that were seen again; records escalating insights once a day.
async fn review_insights(app: &App, lease: &Lease) -> Result<Outcome> {
    let mut tx = app.begin(lease.org_id).await?;
    let settings = &app.settings(&mut tx, lease.org_id).await?;
    regress(settings, &mut tx).await?;
    let today = settings.calendar.day(tx.now);
    // a change at the same moment as the last review may have come after it
    let due = sql("
        select i.id from archives a join insights i on i.org_id = a.org_id and i.id = a.insight_id
        where a.org_id = $1 and (a.reviewed_on <> $2 or i.updated_at >= a.reviewed_at) order by i.id limit $3
    ");
    let due: Vec<(InsightId,)> = tx.fetch_all(due.bind(tx.org_id).bind(today).bind(REVIEWED_MAX)).await?;
    let is_more = db::count(due.len()) == REVIEWED_MAX;
    let due: Vec<InsightId> = due.into_iter().map(|(id,)| id).collect();
    review_archived(settings, &mut tx, &due).await?;
    let query =
        sql("update orgs set reviewed_on = $2 where id = $1 and (reviewed_on is null or reviewed_on <> $2)");
    if tx.execute(query.bind(tx.org_id).bind(today)).await? > 0 {
        movers::note_escalating(settings, &mut tx).await?;
    }
    jobs::finish(&mut tx, lease).await?;
    let next = if is_more { tx.now } else { settings.calendar.start(today + 1) };
    jobs::schedule(&mut tx, &ReviewInsights {}, next).await?;
    tx.commit().await?;
    Ok(Outcome::Done)
}

/// Schedules a review for the beginning of the next day.
pub(crate) async fn request_daily_review(settings: &Settings, tx: &mut OrgTx) -> Result<()> {
    let tomorrow = settings.calendar.start(settings.calendar.day(tx.now) + 1);
    jobs::schedule(tx, &ReviewInsights {}, tomorrow).await
}

/// Makes resolved insights unresolved that were seen again after the grace period, if the settings ask for it.
async fn regress(settings: &Settings, tx: &mut OrgTx) -> Result<()> {
    if !settings.regress {
        return Ok(());
    }
    let grace = i64::from(settings.regress_grace_days) * DAY;
    let query = sql("
        select i.id, i.resolved_at, count(*), min(o.session_created_at) from insights i
        join occurrences o on o.org_id = i.org_id and o.insight_id = i.id
            and o.session_created_at > i.resolved_at + $2
        where i.org_id = $1 and i.resolved_at is not null and i.archived_at is null and i.retired_at is null
        group by i.id, i.resolved_at order by i.id
    ");
    type Row = (InsightId, Timestamp, i64, Timestamp);
    let rows: Vec<Row> = tx.fetch_all(query.bind(tx.org_id).bind(grace)).await?;
    for (id, resolved_at, sessions, first) in rows {
        let detail =
            json!({"resolved_at": resolved_at, "sessions_since": sessions, "first_seen_again_at": first});
        state::clear_resolved(tx, id, InsightEventKind::Regressed, None, Some(detail)).await?;
    }
    Ok(())
}

/// An archived insight that is reviewed.
#[derive(crate::db::Record)]
struct Candidate {
    insight_id: InsightId,
    archived_at: Timestamp,
    policy: ArchivePolicy,
    target: Option<i64>,
    counted: Counted,
    record: String,
    is_shadowed: bool,
    resurface_current: Option<i64>,
    resurface_target: Option<i64>,
}

/// Reviews these archived insights: brings back those whose condition is met, and records the progress of the others.
pub(crate) async fn review_archived(settings: &Settings, tx: &mut OrgTx, ids: &[InsightId]) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let mut query = sql("
        select a.insight_id, a.archived_at, a.policy, a.target, a.counted, a.record,
            a.shadow_at is not null as is_shadowed, i.resurface_current, i.resurface_target
        from archives a join insights i on i.org_id = a.org_id and i.id = a.insight_id
        where a.org_id = $1 and a.insight_id in
    ")
    .bind(tx.org_id);
    query.push_list(ids.iter().copied()).push(" order by a.insight_id");
    let candidates: Vec<Candidate> = tx.fetch_all(query).await?;
    let (counting, escalating): (Vec<Candidate>, Vec<Candidate>) =
        candidates.into_iter().partition(|candidate| candidate.policy == ArchivePolicy::UntilCount);
    for candidate in &counting {
        review_count(settings, tx, candidate).await?;
    }
    review_escalating(settings, tx, &escalating).await?;
    let query = "update archives set reviewed_at = $2, reviewed_on = $3 where org_id = $1 and insight_id in ";
    let mut query = sql(query).bind(tx.org_id).bind(tx.now).bind(settings.calendar.day(tx.now));
    query.push_list(ids.iter().copied());
    tx.run(query).await
}

async fn review_count(settings: &Settings, tx: &mut OrgTx, candidate: &Candidate) -> Result<()> {
    let counted = match candidate.counted {
        Counted::Sessions => "count(*)".to_owned(),
        Counted::Contacts => format!("count(distinct {PERSON})"),
    };
    let query = sql(&format!(
        "select {counted} from occurrences o where org_id = $1 and insight_id = $2 and session_created_at > $3"
    ));
    let query = query.bind(tx.org_id).bind(candidate.insight_id).bind(candidate.archived_at);
    let (current,): (i64,) = tx.fetch_one(query).await?;
    let target = candidate.target.unwrap_or(1);
    if current < target {
        return note_progress(tx, candidate, current, target).await;
    }
    let record = from_json(&candidate.record)?;
    let today = settings.calendar.day(tx.now);
    let org_id = tx.org_id;
    let ids = [candidate.insight_id];
    let traffic = Traffic::load(settings, tx, org_id, record.day, today, &ids, None).await?;
    let standing = traffic.standing(&record, candidate.insight_id, &[], today);
    let detail = json!({"counted": candidate.counted, "current": current, "target": target});
    resurface(settings, tx, candidate, &record, &standing, detail).await
}

/// Reviews candidates that come back when they escalate, and notes those archived forever that would have come back.
async fn review_escalating(settings: &Settings, tx: &mut OrgTx, candidates: &[Candidate]) -> Result<()> {
    let mut records = Vec::new();
    for candidate in candidates {
        records.push((candidate, from_json(&candidate.record)?));
    }
    let Some(first) = records.iter().map(|(_, record)| record.day).min() else { return Ok(()) };
    let today = settings.calendar.day(tx.now);
    let ids: Vec<InsightId> = candidates.iter().map(|candidate| candidate.insight_id).collect();
    let org_id = tx.org_id;
    let traffic = Traffic::load(settings, tx, org_id, first, today, &ids, None).await?;
    let mut left_out = daily_counts::surges(tx, org_id).await?;
    let standings = loop {
        let standings: Vec<Standing> = records
            .iter()
            .map(|(candidate, record)| traffic.standing(record, candidate.insight_id, &left_out, today))
            .collect();
        match surge(settings, tx, &records, &standings).await? {
            Some(day) => left_out.push(day),
            None => break standings,
        }
    };
    for ((candidate, record), standing) in records.iter().zip(&standings) {
        match (&standing.alarm, candidate.policy) {
            (Some(_), ArchivePolicy::UntilEscalating) => {
                resurface(settings, tx, candidate, record, standing, json!({})).await?;
            }
            (Some(_), _) if !candidate.is_shadowed => {
                let shadow = numbers(&settings.calendar, record, standing).to_string();
                let query = sql("
                    update archives set shadow_at = $3, shadow = $4 where org_id = $1 and insight_id = $2
                ");
                tx.run(query.bind(tx.org_id).bind(candidate.insight_id).bind(tx.now).bind(shadow)).await?;
            }
            (None, ArchivePolicy::UntilEscalating) => {
                let (current, target) = (i64::from(standing.units), i64::from(standing.target));
                note_progress(tx, candidate, current, target).await?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// Finds the first day on which too many candidates would come back at once, and records it as a surge. Returns none
/// if there is no such day.
async fn surge(
    settings: &Settings,
    tx: &mut OrgTx,
    records: &[(&Candidate, ArchiveRecord)],
    standings: &[Standing],
) -> Result<Option<i64>> {
    let mut returning: BTreeMap<i64, usize> = BTreeMap::new();
    for ((candidate, _), standing) in records.iter().zip(standings) {
        if let Some(alarm) = standing.alarm.filter(|_| candidate.policy == ArchivePolicy::UntilEscalating) {
            *returning.entry(alarm.day).or_default() += 1;
        }
    }
    if returning.is_empty() {
        return Ok(None);
    }
    let query = sql("select count(*) from archives where org_id = $1 and policy = $2");
    let (archived,): (i64,) =
        tx.fetch_one(query.bind(tx.org_id).bind(ArchivePolicy::UntilEscalating)).await?;
    for (day, mut returning) in returning {
        let mut watched = usize::try_from(archived).unwrap_or(0);
        if day == settings.calendar.day(tx.now) {
            // insights that came back earlier today count as well
            let query = sql("
                select count(*) from insight_events where org_id = $1 and kind = $3 and created_at >= $2
            ");
            let query =
                query.bind(tx.org_id).bind(settings.calendar.start(day)).bind(InsightEventKind::Resurfaced);
            let (before,): (i64,) = tx.fetch_one(query).await?;
            let before = usize::try_from(before).unwrap_or(0);
            (returning, watched) = (returning + before, watched + before);
        }
        if is_surge(returning, watched) {
            let query = sql("
                insert into surges (org_id, day, returning_count, watched_count, created_at)
                values ($1, $2, $3, $4, $5)
            ");
            let (returning, watched) = (db::count(returning), db::count(watched));
            tx.run(query.bind(tx.org_id).bind(day).bind(returning).bind(watched).bind(tx.now)).await?;
            // the day is left out for every insight, so all are to be reviewed again
            let query = sql("update archives set reviewed_at = 0 where org_id = $1").bind(tx.org_id);
            tx.run(query).await?;
            tracing::warn!(org.id = %tx.org_id, day, returning, watched, "traffic surge: nothing comes back");
            return Ok(Some(day));
        }
    }
    Ok(None)
}

async fn note_progress(tx: &mut OrgTx, candidate: &Candidate, current: i64, target: i64) -> Result<()> {
    if (candidate.resurface_current, candidate.resurface_target) == (Some(current), Some(target)) {
        return Ok(());
    }
    let change = Change::of_progress().set("resurface_current", current).set("resurface_target", target);
    insight::update(tx, candidate.insight_id, change).await
}

/// Brings an insight back from the archive, and records its numbers and the cause.
async fn resurface(
    settings: &Settings,
    tx: &mut OrgTx,
    candidate: &Candidate,
    record: &ArchiveRecord,
    standing: &Standing,
    mut detail: Value,
) -> Result<()> {
    detail["policy"] = json!(candidate.policy);
    detail["archived_at"] = json!(candidate.archived_at);
    detail["numbers"] = numbers(&settings.calendar, record, standing);
    detail["cause"] = json!(cause::explain(settings, tx, candidate.insight_id, record).await?);
    archive::clear(tx, candidate.insight_id, InsightEventKind::Resurfaced, None, Some(detail)).await
}

/// Returns the baseline of an archived insight and its days since, as events show them.
fn numbers(calendar: &Calendar, record: &ArchiveRecord, standing: &Standing) -> Value {
    let days = standing.days.iter().rev().take(DAYS_TOLD).rev();
    let days = days.map(|day| {
        json!({
            "date": Calendar::date(day.day).to_string(),
            "expected": day.expected,
            "seen": day.units,
            "evidence": day.m,
        })
    });
    json!({
        "time_zone": calendar.name(),
        "threshold": record.threshold,
        "rate": record.rate,
        "dispersion": record.dispersion,
        "baseline_days": record.window_days,
        "baseline_units": record.units,
        "alarm": standing.alarm.map(|alarm| {
            json!({"date": Calendar::date(alarm.day).to_string(), "evidence": alarm.m})
        }),
        "days": days.collect::<Vec<_>>(),
    })
}
