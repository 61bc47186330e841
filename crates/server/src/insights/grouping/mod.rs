//! TODO

pub(crate) mod categories;
pub(crate) mod clusters;
pub(crate) mod constraints;
pub(crate) mod continuity;
pub(crate) mod job;
mod routes;
pub(crate) mod themes;

pub(crate) use routes::routes;
