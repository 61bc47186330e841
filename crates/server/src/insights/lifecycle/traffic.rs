//! The traffic since insights were archived, which decides how far these are from coming back.

use super::daily_counts;
use crate::db::Tx;
use crate::error::Result;
use crate::escalation::{ArchiveRecord, Daily, DayCount, Since, Standing, replay};
use crate::ids::{InsightId, OrgId};
use crate::insights::index::Index;
use crate::settings::Settings;
use std::collections::HashMap;
use std::sync::Arc;

/// The sessions of an organization and the occurrences of some of its archived insights, day by day.
pub(crate) struct Traffic {
    sessions: Daily,
    seen: HashMap<InsightId, Vec<DayCount>>,
}

impl Traffic {
    /// Loads the traffic for insights that were archived on `day` or later; with an index, that of it.
    pub(crate) async fn load(
        settings: &Settings,
        tx: &mut Tx,
        org_id: OrgId,
        day: i64,
        today: i64,
        ids: &[InsightId],
        index: Option<&Arc<Index>>,
    ) -> Result<Self> {
        let (calendar, from) = (&settings.calendar, day - daily_counts::TRAFFIC_DAYS);
        let sessions = daily_counts::sessions(tx, org_id, calendar, from, today, index).await?;
        let seen = daily_counts::seen(tx, org_id, calendar, ids, from, None, index).await?;
        Ok(Self { sessions, seen })
    }

    /// Returns the days on which an insight was seen.
    pub(super) fn days(&self, id: InsightId) -> &[DayCount] {
        self.seen.get(&id).map_or(&[], Vec::as_slice)
    }

    /// Replays the days since archiving for one of these insights. Days in `left_out` do not count.
    pub(crate) fn standing(
        &self,
        record: &ArchiveRecord,
        id: InsightId,
        left_out: &[i64],
        today: i64,
    ) -> Standing {
        let seen = self.days(id);
        replay(record, &Since { seen, sessions: &self.sessions, left_out, today })
    }
}
