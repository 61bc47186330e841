//! The router and what it refuses.

mod errors;
mod guard;
mod openapi;
