//! The list of insights: its filter as it is sent, its queries, and insights as the contract shows them.

pub(crate) mod conditions;
mod filter_input;
mod input;
mod proof;
pub(super) mod response;
mod routes;
mod sessions;
pub(super) mod sql;

pub use filter_input::InsightFilterInput;
pub use input::ListInsightsInput;
pub(crate) use routes::routes;
pub use sql::{ListInsightsOutput, count_matching, list};
