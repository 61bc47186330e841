//! Trends: how insights move.

mod overview;
mod trend;
pub(crate) mod weeks;

use crate::http::Api;

/// Returns the operations on how insights move.
pub(crate) fn routes() -> Api {
    trend::routes().merge(overview::routes())
}
