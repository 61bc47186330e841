//! TODO

pub(crate) mod overview;
pub(crate) mod trend;

use crate::http::Api;

/// Returns the operations on how insights move.
pub(crate) fn routes() -> Api {
    trend::routes().merge(overview::routes())
}
