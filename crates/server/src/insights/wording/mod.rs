//! TODO

pub(crate) mod check;
pub(crate) mod job;
mod routes;

pub(crate) use routes::routes;
