//! Conversations with what was found in them: the statements of one, and all that a filter matches.

mod filter;
mod findings;
mod query;
mod select;

use crate::http::Api;

/// Returns the operations on conversations that know of insights.
pub(crate) fn routes() -> Api {
    Api::tagged("Sessions").merge(findings::routes()).merge(filter::routes()).merge(query::routes())
}
