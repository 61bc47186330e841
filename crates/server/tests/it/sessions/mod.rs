//! Sessions over the API.

mod history;
mod list;
mod session;
mod sync;
