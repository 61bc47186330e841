//! The router and what it refuses.

mod connections;
mod errors;
mod guard;
mod limits;
mod metrics;
mod openapi;
mod pages;
mod tls;

pub(crate) use openapi::check;
