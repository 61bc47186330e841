//! The people who sign in and decide: their roles, passwords and sign-ins.

mod back_off;
mod browser;
mod me;
mod page;
mod password;
mod role;
mod routes;
mod sign_in;
mod sign_ins;
mod store;

pub use back_off::BackOff;
pub use password::Passwords;
pub use role::Role;
pub use sign_in::authenticate;
pub use store::{Invitation, Listed, Member, find_by_email, find_or_create, invite, link_url, list, remove};

use crate::http::Api;

/// Returns the operations on members, and those by which they sign in and look after themselves.
pub fn routes() -> Api {
    Api::tagged("Members").merge(routes::routes()).merge(me::routes()).merge(sign_in::routes())
}
