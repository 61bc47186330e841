//! TODO

pub(crate) mod decide;
mod routes;
pub(crate) mod states;
pub(crate) mod undo;

use crate::http::Api;

/// Returns the operations by which people decide about insights.
pub(crate) fn routes() -> Api {
    routes::routes().merge(states::routes())
}
