//! Sessions over the API.

mod history;
mod list;
mod session;
mod set_aside;
mod sync;
