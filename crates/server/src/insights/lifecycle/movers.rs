//! Movers: unresolved insights that are seen more or less often than their baseline.

use super::baseline::Baseline;
use super::daily_counts;
use crate::db::{Tx, sql};
use crate::error::Result;
use crate::escalation::{
    ArchiveRecord, Archiving, DayCount, Since, WINDOW_DAYS, chance_of_at_most, replay, threshold_for,
};
use crate::ids::{InsightId, OrgId};
use crate::insights::index::{Index, counting};
use crate::insights::insight::{self, Change, InsightEventKind, UNRESOLVED};
use crate::orgs::OrgTx;
use crate::settings::Settings;
use crate::time::{Calendar, Timestamp};
use crate::wire::{Nullable, SafeInt};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use std::collections::HashMap;
use std::sync::Arc;

/// The number of recent days that are compared with the days before.
pub(crate) const RECENT_DAYS: i64 = 14;
/// The false risers a week to allow for.
const FALSE_RISERS_WEEK: f64 = 1.0;
pub(crate) const FALSE_FALLERS: f64 = 0.05;
/// The most insights in a list.
pub(crate) const LISTED_MAX: usize = 50;
/// The most unresolved insights that are tested, the most frequent first.
const LOOKED_AT_MAX: i64 = 10_000;

/// An insight that is said more or less than usual.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub(crate) struct Mover {
    pub(crate) id: InsightId,
    #[schemars(with = "SafeInt")]
    pub(crate) insight_number: i64,
    pub(crate) content: String,
    /// Contacts a day, summed over the days.
    #[schemars(with = "SafeInt")]
    pub(crate) seen: u32,
    /// As many as a quiet time would have brought.
    pub(crate) usual: f64,
    /// Of a riser: the day from which on it could be told.
    pub(crate) since: Nullable<String>,
}

/// An insight that is tested.
#[derive(crate::db::Record)]
struct Candidate {
    id: InsightId,
    insight_number: i64,
    content: String,
    first_seen_at: Timestamp,
}

/// Records an escalating event for each riser that has none in the last 14 days.
pub(super) async fn note_escalating(settings: &Settings, tx: &mut OrgTx) -> Result<()> {
    let (org_id, today) = (tx.org_id, settings.calendar.day(tx.now));
    let (risers, _) = movers(settings, tx, org_id, today, None).await?;
    let since = settings.calendar.start(today + 1 - RECENT_DAYS);
    for riser in risers {
        let query = sql("
            select count(*) from insight_events
            where org_id = $1 and insight_id = $2 and kind = $4 and created_at >= $3
        ");
        let query = query.bind(org_id).bind(riser.id).bind(since).bind(InsightEventKind::Escalating);
        let (noted,): (i64,) = tx.fetch_one(query).await?;
        if noted == 0 {
            let detail = json!({"seen": riser.seen, "usual": riser.usual, "since": riser.since});
            let change = Change::new().event(InsightEventKind::Escalating, None, Some(detail));
            insight::update(tx, riser.id, change).await?;
        }
    }
    Ok(())
}

/// Finds the unresolved insights that rise, and those that fall: tests each as if it had been archived 14 days ago. With an
/// index, as of that.
pub(crate) async fn movers(
    settings: &Settings,
    tx: &mut Tx,
    org_id: OrgId,
    today: i64,
    index: Option<&Arc<Index>>,
) -> Result<(Vec<Mover>, Vec<Mover>)> {
    let day = today - RECENT_DAYS;
    let query = sql(&format!(
        "select id, insight_number, content, first_seen_at from insights
        where org_id = $1 and {UNRESOLVED} order by occurrence_count desc, insight_number limit $2"
    ));
    let candidates: Vec<Candidate> = tx.fetch_all(query.bind(org_id).bind(LOOKED_AT_MAX)).await?;
    let ids: Vec<InsightId> = candidates.iter().map(|candidate| candidate.id).collect();
    let from = day - WINDOW_DAYS;
    let baseline = Baseline::before(settings, tx, org_id, day, today, index).await?;
    let seen = daily_counts::seen(tx, org_id, &settings.calendar, &ids, from, None, index).await?;
    let left_out = daily_counts::surges(tx, org_id).await?;
    let settings = settings.clone();
    counting(move || test(&settings, candidates, &baseline, &seen, &left_out, today)).await
}

fn test(
    settings: &Settings,
    candidates: Vec<Candidate>,
    baseline: &Baseline,
    seen: &HashMap<InsightId, Vec<DayCount>>,
    left_out: &[i64],
    today: i64,
) -> (Vec<Mover>, Vec<Mover>) {
    let threshold =
        threshold_for(FALSE_RISERS_WEEK, candidates.len()).max(settings.escalation_sensitivity.threshold());
    let tested = candidates.len() as f64;
    let (mut risers, mut fallers) = (Vec::new(), Vec::new());
    for candidate in candidates {
        let seen: &[DayCount] = seen.get(&candidate.id).map_or(&[], Vec::as_slice);
        let record = ArchiveRecord::new(&Archiving {
            day: today - RECENT_DAYS,
            first_seen_on: settings.calendar.day(candidate.first_seen_at),
            seen,
            sessions: baseline.sessions(),
            norms: baseline.norms(),
            basis: settings.escalation_basis,
            threshold,
        });
        let since = Since { seen, sessions: baseline.sessions(), left_out, today };
        let standing = replay(&record, &since);
        let means: Vec<f64> = standing.days.iter().map(|day| day.expected).collect();
        let units: u32 = standing.days.iter().map(|day| day.units).sum();
        let evidence = standing.days.last().map_or(0.0, |day| day.m);
        let mover = |since: Option<i64>| Mover {
            id: candidate.id,
            insight_number: candidate.insight_number,
            content: candidate.content.clone(),
            seen: units,
            usual: means.iter().sum(),
            since: since.map(|day| Calendar::date(day).to_string()).into(),
        };
        // an insight that rose and fell again is no riser
        if let Some(alarm) = standing.alarm.filter(|_| evidence >= threshold) {
            risers.push((evidence, mover(Some(alarm.day))));
        } else if record.window_days == WINDOW_DAYS {
            let lower = means.iter().map(|mean| mean * record.mean_over_rate()).collect::<Vec<_>>();
            let chance = chance_of_at_most(units, &lower, record.dispersion);
            if chance * tested < FALSE_FALLERS {
                fallers.push((-chance, mover(None)));
            }
        }
    }
    (first(risers), first(fallers))
}

/// Returns the movers with the greatest weight, by insight number on a tie.
fn first(mut movers: Vec<(f64, Mover)>) -> Vec<Mover> {
    movers.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.insight_number.cmp(&b.1.insight_number)));
    movers.into_iter().take(LISTED_MAX).map(|(_, mover)| mover).collect()
}
