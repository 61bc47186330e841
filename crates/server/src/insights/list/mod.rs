//! TODO

pub(crate) mod proof;
pub(crate) mod query;
pub(crate) mod response;
mod routes;
pub(crate) mod sessions;

pub(crate) use routes::routes;
