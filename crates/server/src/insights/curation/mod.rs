//! Curation: people overrule the grouping and resolve, archive or reopen insights.

mod archiving;
mod bulk;
mod edit;
mod lineage;
mod merge;
mod operations;
mod preview;
mod routes;
mod sessions;
mod settings_preview;
mod split;
mod states;
mod undo;

use crate::event::AuditKind;
use crate::http::{Api, Caller};
use crate::ids::InsightId;
use crate::orgs::OrgTx;
use serde_json::json;

pub(crate) use archiving::ArchiveInput;

/// Returns the operations by which people decide about insights.
pub(crate) fn routes() -> Api {
    routes::routes()
        .merge(states::routes())
        .merge(bulk::routes())
        .merge(archiving::routes())
        .merge(operations::routes())
        .merge(settings_preview::routes())
}

/// Notes for the audit log that a caller decided about insights: about this one, or about so many.
fn note(tx: &mut OrgTx, caller: &Caller, decision: &str, id: Option<InsightId>, insights: usize) {
    let detail = json!({"decision": decision, "insights": insights});
    tx.audit(AuditKind::InsightsDecided, caller.actor(), id.map(Into::into), detail);
}
