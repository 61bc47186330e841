//! Curation: people overrule the grouping and resolve, archive or reopen insights.

mod edit;
mod lineage;
mod merge;
mod preview;
mod routes;
mod sessions;
mod split;
mod states;
mod undo;

use crate::http::Api;

pub(crate) use states::ArchiveInput;

/// Returns the operations by which people decide about insights.
pub(crate) fn routes() -> Api {
    routes::routes().merge(states::routes())
}
