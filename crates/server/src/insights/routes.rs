//! The operations on insights, merged from the modules of this folder.

use super::{audit, conversations, curation, grouping, history, list, research, slices, trends, wording};
use crate::http::Api;

/// Returns all operations on insights.
pub fn routes() -> Api {
    Api::tagged("Customer Insights")
        .merge(list::routes())
        .merge(grouping::routes())
        .merge(wording::routes())
        .merge(curation::routes())
        .merge(history::routes())
        .merge(trends::routes())
        .merge(slices::routes())
        .merge(research::routes())
        .merge(conversations::routes())
        .merge(audit::routes())
}
