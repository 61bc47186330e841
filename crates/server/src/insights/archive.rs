//! The record that is frozen when an insight is archived.

use super::days;
use super::reply::ArchivePolicy;
use super::state::Archival;
use crate::app::App;
use crate::db::{Tx, sql};
use crate::error::Result;
use crate::escalation::{ArchiveRecord, Archiving, Daily, Norms, WINDOW_DAYS, threshold_for};
use crate::ids::{InsightId, MemberId, OrgId};
use crate::orgs::{OrgTx, Subject};
use crate::time::Timestamp;
use anyhow::Context;

/// Archives an insight, or archives it anew: what is usual is what came in the 56 days before.
pub(super) async fn set(
    app: &App,
    tx: &mut OrgTx,
    id: InsightId,
    archival: &Archival,
    usual: &Usual,
    by: Option<MemberId>,
) -> Result<()> {
    let kept = match archival.keeps_baseline {
        true => record(tx, id).await?,
        false => None,
    };
    let watched = sql("select count(*) from archives where org_id = $1 and policy = $2 and insight_id <> $3");
    let watched = watched.bind(tx.org_id).bind(ArchivePolicy::UntilEscalating).bind(id);
    let (watched,): (i64,) = tx.fetch_one(watched).await?;
    let threshold = match app.config.escalation.returns_week {
        Some(returns) => threshold_for(returns, usize::try_from(watched + 1).unwrap_or(usize::MAX)),
        None => archival.sensitivity.unwrap_or(app.config.escalation.sensitivity).threshold(),
    };
    let record = match kept {
        Some(kept) => ArchiveRecord { day: app.calendar.day(tx.now), threshold, ..kept },
        None => usual.record(app, tx, id, threshold).await?,
    };
    let query = sql("delete from archives where org_id = $1 and insight_id = $2").bind(tx.org_id).bind(id);
    tx.execute(query).await?;
    let query = sql("
        insert into archives
            (org_id, insight_id, archived_at, policy, target, counted, record, reviewed_at, reviewed_on)
        values ($1, $2, $3, $4, $5, $6, $7, $3, $8)
    ");
    let query = query
        .bind(tx.org_id)
        .bind(id)
        .bind(tx.now)
        .bind(archival.policy)
        .bind(archival.target)
        .bind(archival.counted)
        .bind(to_json(&record)?)
        .bind(app.calendar.day(tx.now));
    tx.execute(query).await?;
    let query = sql("
        update insights set archived_at = $3, archived_by = $4, archive_policy = $5, archive_reason = $6,
            resurface_current = null, resurface_target = null, updated_at = $3
        where org_id = $1 and id = $2
    ");
    let query = query
        .bind(tx.org_id)
        .bind(id)
        .bind(tx.now)
        .bind(by)
        .bind(archival.policy)
        .bind(archival.reason.clone());
    tx.execute(query).await?;
    tx.changed(Subject::Insight, id);
    Ok(())
}

/// Takes an insight out of the archive.
pub(super) async fn clear(tx: &mut OrgTx, id: InsightId) -> Result<()> {
    let query = sql("delete from archives where org_id = $1 and insight_id = $2").bind(tx.org_id).bind(id);
    tx.execute(query).await?;
    let query = sql("
        update insights set archived_at = null, archived_by = null, archive_policy = null, archive_reason = null,
            resurface_current = null, resurface_target = null, updated_at = $3
        where org_id = $1 and id = $2
    ");
    let query = query.bind(tx.org_id).bind(id).bind(tx.now);
    tx.execute(query).await?;
    tx.changed(Subject::Insight, id);
    Ok(())
}

/// What is usual in an organization on one day, by which insights are archived.
pub(super) struct Usual {
    day: i64,
    sessions: Daily,
    norms: Norms,
}

impl Usual {
    /// As of today.
    pub(super) async fn load(app: &App, tx: &mut OrgTx) -> Result<Self> {
        let (org_id, day) = (tx.org_id, app.calendar.day(tx.now));
        let usual = Self::before(app, tx, org_id, day, day).await?;
        days::keep_norms(tx, &usual.norms, day).await?;
        Ok(usual)
    }

    /// As of `day`, with the sessions up to `today`.
    pub(super) async fn before(app: &App, tx: &mut Tx, org_id: OrgId, day: i64, today: i64) -> Result<Self> {
        let sessions = days::sessions(tx, org_id, &app.calendar, day - WINDOW_DAYS, today).await?;
        let norms = days::norms(tx, org_id, &app.calendar, day, &sessions).await?;
        Ok(Self { day, sessions, norms })
    }

    /// The organization's sessions by day.
    pub(super) fn sessions(&self) -> &Daily {
        &self.sessions
    }

    /// What is usual for its insights.
    pub(super) fn norms(&self) -> &Norms {
        &self.norms
    }

    /// What an insight is measured against that is archived on that day.
    async fn record(
        &self,
        app: &App,
        tx: &mut OrgTx,
        id: InsightId,
        threshold: f64,
    ) -> Result<ArchiveRecord> {
        let org_id = tx.org_id;
        let seen = days::seen(tx, org_id, &app.calendar, &[id], self.day - WINDOW_DAYS).await?;
        let query = sql("select first_seen_at from insights where org_id = $1 and id = $2");
        let query = query.bind(org_id).bind(id);
        let (first_seen_at,): (Timestamp,) = tx.fetch_one(query).await?;
        Ok(ArchiveRecord::new(&Archiving {
            day: self.day,
            first_seen_on: app.calendar.day(first_seen_at),
            seen: seen.get(&id).map_or(&[], Vec::as_slice),
            sessions: &self.sessions,
            norms: &self.norms,
            basis: app.config.escalation.basis,
            threshold,
        }))
    }
}

/// Measures an archived insight anew, whose sessions are others since it was merged or split: against what they were
/// in the 56 days before it was archived.
pub(super) async fn remake(app: &App, tx: &mut OrgTx, id: InsightId) -> Result<()> {
    let query = sql("select archived_at, record from archives where org_id = $1 and insight_id = $2");
    let query = query.bind(tx.org_id).bind(id);
    let found: Option<(Timestamp, String)> = tx.fetch_optional(query).await?;
    let Some((archived_at, old)) = found else { return Ok(()) };
    let threshold = from_json(&old)?.threshold;
    let (org_id, day) = (tx.org_id, app.calendar.day(archived_at));
    let usual = Usual::before(app, tx, org_id, day, day).await?;
    let record = usual.record(app, tx, id, threshold).await?;
    let query = sql("
        update archives set record = $3, shadow_at = null, shadow = null where org_id = $1 and insight_id = $2
    ");
    let query = query.bind(tx.org_id).bind(id).bind(to_json(&record)?);
    tx.execute(query).await.map(|_| ())
}

/// Archives an insight as another is, whose part it is or which is its part.
pub(super) async fn copy(tx: &mut OrgTx, from: InsightId, to: InsightId) -> Result<()> {
    let query = sql("delete from archives where org_id = $1 and insight_id = $2").bind(tx.org_id).bind(to);
    tx.execute(query).await?;
    let query = sql("
        insert into archives (org_id, insight_id, archived_at, policy, target, counted, record, reviewed_at,
            reviewed_on)
        select org_id, $3, archived_at, policy, target, counted, record, reviewed_at, reviewed_on
        from archives where org_id = $1 and insight_id = $2
    ");
    let query = query.bind(tx.org_id).bind(from).bind(to);
    tx.execute(query).await?;
    let query = sql("
        update insights set archived_at = o.archived_at, archived_by = o.archived_by,
            archive_policy = o.archive_policy, archive_reason = o.archive_reason, resurface_current = null,
            resurface_target = null
        from (
            select archived_at, archived_by, archive_policy, archive_reason from insights
            where org_id = $1 and id = $2
        ) o
        where insights.org_id = $1 and insights.id = $3
    ");
    let query = query.bind(tx.org_id).bind(from).bind(to);
    tx.execute(query).await.map(|_| ())
}

async fn record(tx: &mut OrgTx, id: InsightId) -> Result<Option<ArchiveRecord>> {
    let query = sql("select record from archives where org_id = $1 and insight_id = $2");
    let query = query.bind(tx.org_id).bind(id);
    let found: Option<(String,)> = tx.fetch_optional(query).await?;
    found.map(|(record,)| from_json(&record)).transpose()
}

pub(super) fn from_json(record: &str) -> Result<ArchiveRecord> {
    Ok(serde_json::from_str(record).context("reading the record of an archived insight")?)
}

fn to_json(record: &ArchiveRecord) -> Result<String> {
    Ok(serde_json::to_string(record).context("writing the record of an archived insight")?)
}
