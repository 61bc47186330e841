//! The state of an insight as people decide it: resolved or reopened, archived or restored.

use super::archive::{self, Archival};
use super::baseline::Baseline;
use super::{decided, review};
use crate::error::Result;
use crate::ids::{InsightId, MemberId};
use crate::insights::insight::Decided;
use crate::orgs::OrgTx;
use crate::settings::Settings;

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
        let before = decided::load(tx, *id).await?;
        let after = match (decision, baseline.as_ref()) {
            (Decision::Resolve, _) if before.resolved_at.is_none() => {
                Decided { resolved_at: Some(tx.now.micros()), resolved_by: by, ..before.clone() }
            }
            (Decision::Reopen, _) if before.resolved_at.is_some() => {
                Decided { resolved_at: None, resolved_by: None, ..before.clone() }
            }
            (Decision::Restore, _) if before.archived.is_some() => {
                Decided { archived: None, ..before.clone() }
            }
            (Decision::Archive(archival), Some(baseline)) if !is_archived(&before, archival) => {
                let archived = archive::freeze(settings, tx, *id, archival, baseline, by).await?;
                Decided { archived: Some(archived), ..before.clone() }
            }
            _ => continue,
        };
        decided::set(tx, *id, &before, &after, by, None).await?;
        changed.push(*id);
    }
    if baseline.is_some() {
        review::review_archived(settings, tx, &changed).await?;
    }
    Ok(changed.len())
}

/// Returns true if an insight is archived on these terms already.
fn is_archived(decided: &Decided, archival: &Archival) -> bool {
    decided.archived.as_ref().is_some_and(|archived| {
        archived.policy == archival.policy
            && archived.reason == archival.reason
            && archived.target == archival.target
            && archived.counted == archival.counted.as_str()
    })
}
