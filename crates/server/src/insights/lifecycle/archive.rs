//! Archives: the record that is frozen when an insight is archived, and the columns that are set with it.

use super::baseline::Baseline;
use crate::db::{Tx, sql};
use crate::error::Result;
use crate::escalation::{ArchiveRecord, Sensitivity, threshold_for};
use crate::ids::{InsightId, MemberId, OrgId};
use crate::insights::insight::{self, ArchivePolicy, Archived, Change, InsightEventKind};
use crate::orgs::OrgTx;
use crate::settings::Settings;
use crate::time::Timestamp;
use crate::wire::string_enum;
use anyhow::Context;
use serde_json::Value;

string_enum! {
    /// The unit in which further sessions are counted until an archived insight comes back.
    Counted {
        /// Each session.
        Sessions = "sessions",
        /// Different contacts; a session without one counts for itself.
        Contacts = "contacts",
    }
}

/// The terms on which an insight is archived.
#[derive(Clone, Debug)]
pub(crate) struct Archival {
    pub(crate) policy: ArchivePolicy,
    /// The number of further sessions or contacts; for `until_count` alone.
    pub(crate) target: Option<i64>,
    pub(crate) counted: Counted,
    pub(crate) sensitivity: Option<Sensitivity>,
    pub(crate) reason: Option<String>,
    /// True if an insight that is archived already keeps the baseline of then.
    pub(crate) keeps_baseline: bool,
}

/// Freezes the terms on which an insight is archived now, or archived anew. Its baseline is the 56 days before, unless
/// `archival` keeps the old one.
pub(super) async fn freeze(
    settings: &Settings,
    tx: &mut OrgTx,
    id: InsightId,
    archival: &Archival,
    baseline: &Baseline,
    by: Option<MemberId>,
) -> Result<Archived> {
    let org_id = tx.org_id;
    let kept = if archival.keeps_baseline { record(tx, org_id, id).await? } else { None };
    let threshold = threshold(settings, tx, org_id, id, archival.sensitivity).await?;
    let record = match kept {
        Some(kept) => ArchiveRecord { day: settings.calendar.day(tx.now), threshold, ..kept },
        None => baseline.record(settings, tx, org_id, id, threshold, None).await?,
    };
    Ok(Archived {
        at: tx.now.micros(),
        by,
        policy: archival.policy,
        reason: archival.reason.clone(),
        target: archival.target,
        counted: archival.counted.to_string(),
        record: to_json(&record)?,
    })
}

/// Returns the threshold of an insight that is archived now: that of the sensitivity, or the one with which all that are
/// watched keep to the false returns that the settings allow for.
pub(super) async fn threshold(
    settings: &Settings,
    tx: &mut Tx,
    org_id: OrgId,
    id: InsightId,
    sensitivity: Option<Sensitivity>,
) -> Result<f64> {
    let Some(returns) = settings.escalation_returns_week else {
        return Ok(sensitivity.unwrap_or(settings.escalation_sensitivity).threshold());
    };
    let watched = sql("select count(*) from archives where org_id = $1 and policy = $2 and insight_id <> $3");
    let watched = watched.bind(org_id).bind(ArchivePolicy::UntilEscalating).bind(id);
    let (watched,): (i64,) = tx.fetch_one(watched).await?;
    Ok(threshold_for(returns, usize::try_from(watched + 1).unwrap_or(usize::MAX)))
}

/// Takes an insight out of the archive, and records the event that says why.
pub(crate) async fn clear(
    tx: &mut OrgTx,
    id: InsightId,
    kind: InsightEventKind,
    by: Option<MemberId>,
    detail: Option<Value>,
) -> Result<()> {
    forget(tx, id).await?;
    insight::update(tx, id, cleared().event(kind, by, detail)).await
}

/// Returns the change that takes an insight out of the archive.
pub(super) fn cleared() -> Change {
    archived(None, None, None, None)
}

/// Returns the change that sets the archive columns of an insight and clears its progress.
pub(super) fn archived(
    at: Option<Timestamp>,
    by: Option<MemberId>,
    policy: Option<ArchivePolicy>,
    reason: Option<String>,
) -> Change {
    Change::new()
        .set("archived_at", at)
        .set("archived_by", by)
        .set("archive_policy", policy)
        .set("archive_reason", reason)
        .set("resurface_current", None::<i64>)
        .set("resurface_target", None::<i64>)
}

/// Deletes the record of an archived insight.
pub(super) async fn forget(tx: &mut OrgTx, id: InsightId) -> Result<()> {
    let query = sql("delete from archives where org_id = $1 and insight_id = $2").bind(tx.org_id).bind(id);
    tx.run(query).await
}

/// Computes the baseline of an archived insight anew after a merge or split changed its sessions: from the 56 days
/// before it was archived. Does nothing if it is not archived.
pub(crate) async fn remake(settings: &Settings, tx: &mut OrgTx, id: InsightId) -> Result<()> {
    let query = sql("select archived_at, record from archives where org_id = $1 and insight_id = $2");
    let found: Option<(Timestamp, String)> = tx.fetch_optional(query.bind(tx.org_id).bind(id)).await?;
    let Some((archived_at, old)) = found else { return Ok(()) };
    let threshold = from_json(&old)?.threshold;
    let (org_id, day) = (tx.org_id, settings.calendar.day(archived_at));
    let baseline = Baseline::before(settings, tx, org_id, day, day, None).await?;
    let record = baseline.record(settings, tx, org_id, id, threshold, None).await?;
    let query = sql("
        update archives set record = $3, shadow_at = null, shadow = null where org_id = $1 and insight_id = $2
    ");
    tx.run(query.bind(tx.org_id).bind(id).bind(to_json(&record)?)).await
}

/// Copies the archive state of one insight to another, as a merge or a split needs it.
pub(crate) async fn copy(tx: &mut OrgTx, from: InsightId, to: InsightId) -> Result<()> {
    forget(tx, to).await?;
    let query = sql("
        insert into archives (org_id, insight_id, archived_at, policy, target, counted, record, reviewed_at,
            reviewed_on)
        select org_id, $3, archived_at, policy, target, counted, record, reviewed_at, reviewed_on
        from archives where org_id = $1 and insight_id = $2
    ");
    tx.run(query.bind(tx.org_id).bind(from).bind(to)).await?;
    let query = sql("
        select archived_at, archived_by, archive_policy, archive_reason from insights where org_id = $1 and id = $2
    ");
    type Row = (Option<Timestamp>, Option<MemberId>, Option<ArchivePolicy>, Option<String>);
    let (at, by, policy, reason): Row = tx.fetch_one(query.bind(tx.org_id).bind(from)).await?;
    insight::update(tx, to, archived(at, by, policy, reason)).await
}

/// Returns the record of an insight, if it is archived.
pub(super) async fn record(tx: &mut Tx, org_id: OrgId, id: InsightId) -> Result<Option<ArchiveRecord>> {
    let query = sql("select record from archives where org_id = $1 and insight_id = $2");
    let found: Option<(String,)> = tx.fetch_optional(query.bind(org_id).bind(id)).await?;
    found.map(|(record,)| from_json(&record)).transpose()
}

pub(crate) fn from_json(record: &str) -> Result<ArchiveRecord> {
    Ok(serde_json::from_str(record).context("reading the record of an archived insight")?)
}

fn to_json(record: &ArchiveRecord) -> Result<String> {
    Ok(serde_json::to_string(record).context("writing the record of an archived insight")?)
}
