//! Trends: the counts of insights over time.

pub(crate) mod overview;
mod trend;
pub(super) mod weeks;

use crate::http::Api;

/// Returns the operations on trends.
pub(crate) fn routes() -> Api {
    trend::routes().merge(overview::routes())
}
