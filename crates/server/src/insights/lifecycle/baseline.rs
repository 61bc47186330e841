//! The baseline that insights are measured against: the traffic of the organization and its insights in a quiet time.

use super::daily_counts;
use crate::db::{Tx, sql};
use crate::error::Result;
use crate::escalation::{ArchiveRecord, Archiving, Daily, OrgBaseline, WINDOW_DAYS};
use crate::ids::{InsightId, OrgId};
use crate::insights::index::Index;
use crate::orgs::OrgTx;
use crate::settings::Settings;
use crate::time::Timestamp;
use std::sync::Arc;

/// The traffic of an organization and its insights up to one day, from which archive records are made.
pub(super) struct Baseline {
    day: i64,
    sessions: Daily,
    norms: OrgBaseline,
}

impl Baseline {
    /// Loads the baseline as of today, and stores the part that holds for a week.
    pub(crate) async fn load(settings: &Settings, tx: &mut OrgTx) -> Result<Self> {
        let (org_id, day) = (tx.org_id, settings.calendar.day(tx.now));
        let baseline = Self::before(settings, tx, org_id, day, day, None).await?;
        daily_counts::keep_norms(tx, &baseline.norms, day).await?;
        Ok(baseline)
    }

    /// Loads the baseline as of `day`, with the sessions up to `today`; with an index, of that.
    pub(super) async fn before(
        settings: &Settings,
        tx: &mut Tx,
        org_id: OrgId,
        day: i64,
        today: i64,
        index: Option<&Arc<Index>>,
    ) -> Result<Self> {
        let (calendar, from) = (&settings.calendar, day - WINDOW_DAYS);
        let sessions = daily_counts::sessions(tx, org_id, calendar, from, today, index).await?;
        let norms = daily_counts::norms(tx, org_id, calendar, day, &sessions, index).await?;
        Ok(Self { day, sessions, norms })
    }

    /// Returns the organization's sessions by day.
    pub(super) fn sessions(&self) -> &Daily {
        &self.sessions
    }

    /// Returns the baseline of the organization's insights.
    pub(super) fn norms(&self) -> &OrgBaseline {
        &self.norms
    }

    /// Makes the record that an insight archived on the baseline's day is measured against.
    pub(super) async fn record(
        &self,
        settings: &Settings,
        tx: &mut Tx,
        org_id: OrgId,
        id: InsightId,
        threshold: f64,
        index: Option<&Arc<Index>>,
    ) -> Result<ArchiveRecord> {
        let (calendar, from) = (&settings.calendar, self.day - WINDOW_DAYS);
        let seen = daily_counts::seen(tx, org_id, calendar, &[id], from, None, index).await?;
        let query = sql("select first_seen_at from insights where org_id = $1 and id = $2");
        let (first_seen_at,): (Timestamp,) = tx.fetch_one(query.bind(org_id).bind(id)).await?;
        Ok(ArchiveRecord::new(&Archiving {
            day: self.day,
            first_seen_on: settings.calendar.day(first_seen_at),
            seen: seen.get(&id).map_or(&[], Vec::as_slice),
            sessions: &self.sessions,
            norms: &self.norms,
            basis: settings.escalation_basis,
            threshold,
        }))
    }
}
