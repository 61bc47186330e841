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

use crate::http::Api;

/// Returns the operations by which people decide about insights.
pub(crate) fn routes() -> Api {
    routes::routes()
        .merge(states::routes())
        .merge(bulk::routes())
        .merge(archiving::routes())
        .merge(operations::routes())
        .merge(settings_preview::routes())
}
