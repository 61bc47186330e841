//! The state of an insight as people decide it: resolved or reopened, archived or restored.

use super::archive::{self, Archival, Counted};
use super::baseline::Baseline;
use super::{review, state};
use crate::db::sql;
use crate::error::{Error, Result};
use crate::ids::{InsightId, MemberId};
use crate::insights::insight::{self, ArchivePolicy, Change, InsightEventKind, SHOWN};
use crate::orgs::OrgTx;
use crate::settings::Settings;
use crate::time::Timestamp;

/// A decision of a person about an insight as a whole.
#[derive(Clone, Debug)]
pub(crate) enum Decision {
    /// The insight is dealt with.
    Resolve,
    /// The insight is not dealt with.
    Reopen,
    /// The insight is out of the way until it comes back.
    Archive(Archival),
    /// The insight is back in the list.
    Restore,
}

impl Decision {
    /// Returns the word for it.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Resolve => "resolve",
            Self::Reopen => "reopen",
            Self::Archive(_) => "archive",
            Self::Restore => "restore",
        }
    }
}

#[derive(sqlx::FromRow)]
struct State {
    resolved_at: Option<Timestamp>,
    archived_at: Option<Timestamp>,
    archive_policy: Option<ArchivePolicy>,
    archive_reason: Option<String>,
    target: Option<i64>,
    counted: Option<Counted>,
}

/// Carries out a decision about each of these insights that is not in that state yet. Returns the number of insights
/// that changed. Fails with the 404 if one of them is not shown.
pub(crate) async fn decide(
    settings: &Settings,
    tx: &mut OrgTx,
    ids: &[InsightId],
    decision: &Decision,
    by: Option<MemberId>,
) -> Result<usize> {
    let baseline = match decision {
        Decision::Archive(_) => Some(Baseline::load(settings, tx).await?),
        _ => None,
    };
    let mut changed = Vec::new();
    for id in ids {
        match (decision, baseline.as_ref(), load(tx, *id).await?) {
            (Decision::Resolve, _, State { resolved_at: None, .. }) => {
                let change = Change::new().set("resolved_at", tx.now).set("resolved_by", by);
                insight::update(tx, *id, change.event(InsightEventKind::Resolved, by, None)).await?;
            }
            (Decision::Reopen, _, State { resolved_at: Some(_), .. }) => {
                state::clear_resolved(tx, *id, InsightEventKind::Reopened, by, None).await?;
            }
            (Decision::Restore, _, State { archived_at: Some(_), .. }) => {
                archive::clear(tx, *id, InsightEventKind::Restored, by, None).await?;
            }
            (Decision::Archive(archival), Some(baseline), state) if !state.is(archival) => {
                archive::set(settings, tx, *id, archival, baseline, by).await?;
            }
            _ => continue,
        }
        changed.push(*id);
    }
    if baseline.is_some() {
        review::review_archived(settings, tx, &changed).await?;
    }
    Ok(changed.len())
}

async fn load(tx: &mut OrgTx, id: InsightId) -> Result<State> {
    let query = sql(&format!(
        "select i.resolved_at, i.archived_at, i.archive_policy, i.archive_reason, a.target, a.counted
        from insights i left join archives a on a.org_id = i.org_id and a.insight_id = i.id
        where i.org_id = $1 and i.id = $2 and {SHOWN}"
    ));
    let state: Option<State> = tx.fetch_optional(query.bind(tx.org_id).bind(id)).await?;
    state.ok_or(Error::NotFound("insight"))
}

impl State {
    /// Returns true if the insight is archived on these terms already.
    fn is(&self, archival: &Archival) -> bool {
        self.archived_at.is_some()
            && self.archive_policy == Some(archival.policy)
            && self.archive_reason == archival.reason
            && self.target == archival.target
            && self.counted == Some(archival.counted)
    }
}
