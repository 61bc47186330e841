//! The preview of archiving: when an insight would come back, by each sensitivity and by the terms that are asked about.

use super::archive::{self, Archival, Counted};
use super::baseline::Baseline;
use super::daily_counts;
use super::traffic::Traffic;
use crate::app::App;
use crate::db::Tx;
use crate::error::Result;
use crate::escalation::{ArchiveRecord, Sensitivity, days_to_return};
use crate::ids::{InsightId, OrgId};
use crate::insights::index::{Index, began};
use crate::insights::insight::ArchivePolicy;
use crate::settings::Settings;
use crate::time::{Calendar, Timestamp};
use crate::wire::{Nullable, SafeInt};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;

/// The growths that are looked ahead for.
const GROWTHS: [f64; 4] = [1.5, 2.0, 3.0, 5.0];
/// The days that are looked back.
const BACK_DAYS: i64 = 90;
/// The days whose pace is taken for the one to come.
const PACE_DAYS: i64 = 28;
const YEAR_DAYS: f64 = 365.0;

/// What archiving an insight would come to.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ArchivePreview {
    /// The days before today that it would be measured against.
    #[schemars(with = "SafeInt")]
    baseline_days: i64,
    /// Contacts a day on these.
    usual_a_day: f64,
    /// Contacts today, so far.
    today: u32,
    /// How it would come back by each sensitivity.
    sensitivities: Vec<SensitivityOutlook>,
    /// How it would come back by the policy and the sensitivity that are asked about; null with `until_count`.
    escalating: Nullable<Outlook>,
    /// How it would come back by the count that is asked about; null without `until_count`.
    count: Nullable<CountOutlook>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct SensitivityOutlook {
    sensitivity: Sensitivity,
    #[serde(flatten)]
    outlook: Outlook,
}

/// How an insight would come back by one threshold.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct Outlook {
    /// The evidence with which it comes back.
    threshold: f64,
    /// As many contacts on one day as bring it back at once.
    target: u32,
    /// After how many days it is back when it grows.
    days_until: Vec<DaysUntil>,
    /// At most so often in a year it comes back although nothing grew.
    false_returns_year: f64,
    /// The day on which it would have come back had it been archived 90 days ago; null if it would not have.
    would_have_returned_on: Nullable<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct DaysUntil {
    /// So many times as usual.
    growth: f64,
    /// Null: not within a year.
    days: Nullable<u32>,
}

/// How an insight would come back by a count.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct CountOutlook {
    counted: Counted,
    #[schemars(with = "SafeInt")]
    target: i64,
    /// The sessions, or contacts, a day in the last 28 days.
    a_day: f64,
    /// The day on which the count is reached at this pace; null if nothing comes.
    reached_on: Nullable<String>,
    /// The day on which it would have come back had it been archived 90 days ago; null if it would not have.
    would_have_returned_on: Nullable<String>,
}

/// What is read for a preview.
struct Seen {
    id: InsightId,
    today: i64,
    /// The day from which on it is looked back.
    then: i64,
    traffic: Traffic,
    surges: Vec<i64>,
    record: ArchiveRecord,
    record_then: ArchiveRecord,
}

/// Looks ahead and back for an insight, as if it were archived on these terms. Changes nothing.
pub(crate) async fn preview(
    app: &App,
    org_id: OrgId,
    id: InsightId,
    archival: &Archival,
) -> Result<ArchivePreview> {
    let (mut tx, index) = app.indexes.snapshot(&app.db, org_id).await?;
    let settings = &app.settings(&mut tx, org_id).await?;
    let today = settings.calendar.day(app.clock.now());
    let seen = Seen::load(settings, &mut tx, org_id, &index, id, today, archival.keeps_baseline).await?;
    let asked = archive::threshold(settings, &mut tx, org_id, id, archival.sensitivity).await?;
    let count =
        archival.target.map(|target| count(&settings.calendar, &index, &seen, archival.counted, target));
    let sensitivity = |sensitivity: Sensitivity| SensitivityOutlook {
        sensitivity,
        outlook: seen.outlook(sensitivity.threshold()),
    };
    let escalates = archival.policy != ArchivePolicy::UntilCount;
    let days = seen.traffic.days(id);
    Ok(ArchivePreview {
        baseline_days: seen.record.window_days,
        usual_a_day: seen.record.units as f64 / seen.record.window_days.max(1) as f64,
        today: days.last().filter(|day| day.day == today).map_or(0, |day| day.units),
        sensitivities: [Sensitivity::Eager, Sensitivity::Normal, Sensitivity::Strict].map(sensitivity).into(),
        escalating: escalates.then(|| seen.outlook(asked)).into(),
        count: count.into(),
    })
}

impl Seen {
    async fn load(
        settings: &Settings,
        tx: &mut Tx,
        org_id: OrgId,
        index: &Arc<Index>,
        id: InsightId,
        today: i64,
        keeps_baseline: bool,
    ) -> Result<Self> {
        let (then, index) = (today - BACK_DAYS, Some(index));
        // the threshold is another for each outlook
        let kept = if keeps_baseline { archive::record(tx, org_id, id).await? } else { None };
        let record = match kept {
            Some(kept) => ArchiveRecord { day: today, ..kept },
            None => {
                let baseline = Baseline::before(settings, tx, org_id, today, today, index).await?;
                baseline.record(settings, tx, org_id, id, 1.0, index).await?
            }
        };
        let baseline = Baseline::before(settings, tx, org_id, then, today, index).await?;
        let record_then = baseline.record(settings, tx, org_id, id, 1.0, index).await?;
        let traffic = Traffic::load(settings, tx, org_id, then, today, &[id], index).await?;
        let surges = daily_counts::surges(tx, org_id).await?;
        Ok(Self { id, today, then, traffic, surges, record, record_then })
    }

    fn outlook(&self, threshold: f64) -> Outlook {
        let record = ArchiveRecord { threshold, ..self.record.clone() };
        let record_then = ArchiveRecord { threshold, ..self.record_then.clone() };
        let standing =
            |record: &ArchiveRecord| self.traffic.standing(record, self.id, &self.surges, self.today);
        let days_until =
            GROWTHS.map(|growth| DaysUntil { growth, days: days_to_return(&record, growth).into() });
        let returned = standing(&record_then).alarm.map(|alarm| Calendar::date(alarm.day).to_string());
        Outlook {
            threshold,
            target: standing(&record).target,
            days_until: days_until.into(),
            false_returns_year: YEAR_DAYS / threshold,
            would_have_returned_on: returned.into(),
        }
    }
}

fn count(calendar: &Calendar, index: &Index, seen: &Seen, counted: Counted, target: i64) -> CountOutlook {
    let first_times = |from: i64| {
        let from = calendar.start(from);
        let mut first: HashMap<Uuid, Timestamp> = HashMap::new();
        for at in index.shown(seen.id) {
            let began = began(index, at);
            if began >= from {
                let one = match counted {
                    Counted::Sessions => index.id(at),
                    Counted::Contacts => index.person_id(at),
                };
                let first = first.entry(one).or_insert(began);
                *first = began.min(*first);
            }
        }
        let mut times: Vec<Timestamp> = first.into_values().collect();
        times.sort_unstable();
        times
    };
    let recent = first_times(seen.today - PACE_DAYS).len();
    let a_day = recent as f64 / PACE_DAYS as f64;
    #[expect(clippy::cast_possible_truncation, reason = "it saturates")]
    let days = (target as f64 / a_day).ceil() as i64;
    let reached_on = (recent > 0).then(|| Calendar::date(seen.today.saturating_add(days)).to_string());
    let last = usize::try_from(target - 1).unwrap_or(usize::MAX);
    let returned =
        first_times(seen.then + 1).get(last).map(|at| Calendar::date(calendar.day(*at)).to_string());
    CountOutlook {
        counted,
        target,
        a_day,
        reached_on: reached_on.into(),
        would_have_returned_on: returned.into(),
    }
}
