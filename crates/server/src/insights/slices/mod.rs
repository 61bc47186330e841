//! The numbers of a slice: the sessions that a filter asks for, and what insights have of them.

mod candidates;
mod facet_test;
mod facet_values;
mod facets;
mod listing;
mod measures;
mod moved;
mod movement;
mod names;
mod people;
mod rows;
mod similar;

use crate::http::Api;

/// Returns the operations on slices.
pub(crate) fn routes() -> Api {
    rows::routes()
        .merge(facets::routes())
        .merge(people::routes())
        .merge(similar::routes())
        .merge(moved::routes())
}
