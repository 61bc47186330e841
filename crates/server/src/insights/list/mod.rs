//! The list of insights: its filter as it is sent, its queries, and insights as the contract shows them.

mod input;
mod proof;
pub(super) mod response;
mod routes;
mod sessions;
pub(super) mod sql;

pub use input::ListInsightsInput;
pub(crate) use routes::routes;
pub use sql::{ListInsightsOutput, list};
