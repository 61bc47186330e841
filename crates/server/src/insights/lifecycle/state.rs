//! Where an insight is in its life, as people decide: resolved or reopened, archived or restored.

use super::archive::{self, Usual};
use super::review;
use crate::app::App;
use crate::db::sql;
use crate::error::{Error, Result};
use crate::escalation::Sensitivity;
use crate::ids::{InsightId, MemberId};
use crate::insights::list::response::ArchivePolicy;
use crate::insights::store;
use crate::orgs::{OrgTx, Subject};
use crate::time::Timestamp;
use crate::wire::string_enum;
use serde_json::json;

string_enum! {
    /// What further sessions are counted by, until an archived insight comes back.
    Counted {
        /// Each session.
        Sessions = "sessions",
        /// Different contacts; a session without one counts for itself.
        Contacts = "contacts",
    }
}

/// What a person decides about an insight as a whole.
#[derive(Clone, Debug)]
pub(crate) enum Decision {
    /// It is dealt with.
    Resolve,
    /// It is not.
    Reopen,
    /// It is out of the way until something happens.
    Archive(Archival),
    /// It is back in the list.
    Restore,
}

/// How an insight is archived.
#[derive(Clone, Debug)]
pub(crate) struct Archival {
    pub(crate) policy: ArchivePolicy,
    /// For `until_count` alone: how many further sessions or contacts.
    pub(crate) target: Option<i64>,
    pub(crate) counted: Counted,
    pub(crate) sensitivity: Option<Sensitivity>,
    pub(crate) reason: Option<String>,
    /// Whether an insight that is archived already is measured against what was usual before that.
    pub(crate) keeps_baseline: bool,
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

/// Carries out a decision about each of these insights that it is not so for already; returns for how many.
pub(crate) async fn decide(
    app: &App,
    tx: &mut OrgTx,
    ids: &[InsightId],
    decision: &Decision,
    by: Option<MemberId>,
) -> Result<usize> {
    let usual = match decision {
        Decision::Archive(_) => Some(Usual::load(app, tx).await?),
        _ => None,
    };
    let mut changed = Vec::new();
    for id in ids {
        let (kind, detail) = match (decision, usual.as_ref(), state(tx, *id).await?) {
            (Decision::Resolve, _, State { resolved_at: None, .. }) => {
                set_resolved(tx, *id, by).await?;
                ("resolved", None)
            }
            (Decision::Reopen, _, State { resolved_at: Some(_), .. }) => {
                clear_resolved(tx, *id).await?;
                ("reopened", None)
            }
            (Decision::Restore, _, State { archived_at: Some(_), .. }) => {
                archive::clear(tx, *id).await?;
                ("restored", None)
            }
            (Decision::Archive(archival), Some(usual), state) if !state.is(archival) => {
                archive::set(app, tx, *id, archival, usual, by).await?;
                let Archival { policy, target, reason, .. } = archival;
                ("archived", Some(json!({"policy": policy, "target": target, "reason": reason})))
            }
            _ => continue,
        };
        store::insert_event(tx, *id, kind, by, detail).await?;
        changed.push(*id);
    }
    if usual.is_some() {
        review::review_archived(app, tx, &changed).await?;
    }
    Ok(changed.len())
}

async fn state(tx: &mut OrgTx, id: InsightId) -> Result<State> {
    let query = sql("
        select i.resolved_at, i.archived_at, i.archive_policy, i.archive_reason, a.target, a.counted
        from insights i left join archives a on a.org_id = i.org_id and a.insight_id = i.id
        where i.org_id = $1 and i.id = $2 and i.retired_at is null and i.occurrence_count > 0
    ");
    let query = query.bind(tx.org_id).bind(id);
    let state: Option<State> = tx.fetch_optional(query).await?;
    state.ok_or(Error::NotFound("insight"))
}

impl State {
    /// Whether the insight is archived in this way.
    fn is(&self, archival: &Archival) -> bool {
        self.archived_at.is_some()
            && self.archive_policy == Some(archival.policy)
            && self.archive_reason == archival.reason
            && self.target == archival.target
            && self.counted == Some(archival.counted)
    }
}

async fn set_resolved(tx: &mut OrgTx, id: InsightId, by: Option<MemberId>) -> Result<()> {
    let query = sql("
        update insights set resolved_at = $3, resolved_by = $4, updated_at = $3 where org_id = $1 and id = $2
    ");
    let query = query.bind(tx.org_id).bind(id).bind(tx.now).bind(by);
    tx.execute(query).await?;
    tx.changed(Subject::Insight, id);
    Ok(())
}

/// Makes a resolved insight unresolved.
pub(crate) async fn clear_resolved(tx: &mut OrgTx, id: InsightId) -> Result<()> {
    let query = sql("
        update insights set resolved_at = null, resolved_by = null, updated_at = $3
        where org_id = $1 and id = $2
    ");
    let query = query.bind(tx.org_id).bind(id).bind(tx.now);
    tx.execute(query).await?;
    tx.changed(Subject::Insight, id);
    Ok(())
}
