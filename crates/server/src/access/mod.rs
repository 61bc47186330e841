//! Who may do what: callers, their scopes, and the tokens by which they are known.

mod known;
mod scope;
mod token;

pub use known::{AsOf, KnownKeys, keys_forgotten_elsewhere, keys_revoked};
pub use scope::{Access, Resource, Scope, Scopes};
pub use token::{TOKEN_LENGTH_MAX, random_token, token_hash};

use crate::error::{Error, Result};
use crate::event::Actor;
use crate::ids::{KeyId, MemberId, OrgId, SignInId};
use std::net::IpAddr;
use uuid::Uuid;

/// The proof by which a caller is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credential {
    /// A key of the API.
    Key(KeyId),
    /// A member's sign-in in a browser.
    SignIn(SignInId, MemberId),
}

/// The caller of a request: the holder of an organization's key, or a member who signed in.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The organization whose data is meant.
    pub org_id: OrgId,
    /// The key or the sign-in.
    pub credential: Credential,
    /// The member who signed in, or who acts through the key.
    pub member_id: Option<MemberId>,
    /// The scopes that it has.
    pub scopes: Scopes,
    /// The address that the request came from.
    pub address: Option<IpAddr>,
}

impl Caller {
    /// Fails with the 403 if the key or the role lacks `scope`.
    pub fn require(&self, scope: Scope) -> Result<()> {
        if self.scopes.allow(scope) {
            return Ok(());
        }
        let lacks = if self.is_member() { "your role" } else { "the key" };
        Err(Error::Forbidden(format!("{lacks} lacks the scope {scope}")))
    }

    /// Fails with the 403 if the caller may not read what customers said as they said it. Keys read it as the contract has
    /// it, members by a scope.
    pub fn require_unmasked(&self) -> Result<()> {
        if self.is_member() { self.require(Scope::read(Resource::Unmasked)) } else { Ok(()) }
    }

    /// Returns true if a member calls, who is shown conversations masked.
    pub fn is_member(&self) -> bool {
        matches!(self.credential, Credential::SignIn(..))
    }

    /// Returns the sign-in and its member. Fails with the 403 for the holder of a key.
    pub fn signed_in(&self) -> Result<(SignInId, MemberId)> {
        match self.credential {
            Credential::SignIn(id, member_id) => Ok((id, member_id)),
            Credential::Key(_) => {
                Err(Error::Forbidden("this takes a member who signed in, not a key".into()))
            }
        }
    }

    /// Returns the id that stays the same from one request to the next: of the key, or of the member.
    pub fn identity(&self) -> Uuid {
        match self.credential {
            Credential::Key(id) => id.into(),
            Credential::SignIn(_, member_id) => member_id.into(),
        }
    }

    /// Returns the one who acts, for the audit log.
    pub fn actor(&self) -> Actor {
        let key_id = match self.credential {
            Credential::Key(id) => Some(id),
            Credential::SignIn(..) => None,
        };
        Actor { key_id, member_id: self.member_id, address: self.address }
    }
}
