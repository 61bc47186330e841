//! TODO

mod routes;
pub(crate) mod webhook_event;

pub(crate) use routes::routes;
