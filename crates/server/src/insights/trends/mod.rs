//! Trends: the counts of insights over time.

mod expected;
pub(crate) mod overview;
mod points;
mod series;
mod trend;
pub(super) mod weeks;

use crate::http::Api;

/// Returns the operations on trends.
pub(crate) fn routes() -> Api {
    trend::routes().merge(overview::routes()).merge(series::routes())
}
