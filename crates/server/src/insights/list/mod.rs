//! The list of insights: what is asked for, the queries that it becomes, and insights as the contract shows them.

mod input;
mod proof;
pub(crate) mod response;
mod routes;
mod sessions;
pub(crate) mod sql;

pub use input::ListInsightsInput;
pub(crate) use routes::routes;
pub use sql::{ListInsightsOutput, list};
