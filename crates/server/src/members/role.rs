//! What a member may do.

use crate::access::{Resource, Scope, Scopes};
use crate::wire::string_enum;

string_enum! {
    /// What a member may do.
    Role {
        /// Reads, with what customers said masked.
        Viewer = "viewer",
        /// Decides about insights too, and may see what is masked.
        Agent = "agent",
        /// May do everything.
        Admin = "admin",
    }
}

/// What everybody who signs in may read.
const READ: [Resource; 6] = [
    Resource::ChatSessions,
    Resource::Insights,
    Resource::Members,
    Resource::Settings,
    Resource::Tags,
    Resource::Teams,
];

impl Role {
    /// Returns the scopes that follow from the role.
    pub fn scopes(self) -> Scopes {
        let read = READ.into_iter().map(Scope::read);
        match self {
            Self::Viewer => Scopes::Some(read.collect()),
            Self::Agent => {
                let more = [
                    Scope::read(Resource::Contacts),
                    Scope::read(Resource::Unmasked),
                    Scope::write(Resource::Insights),
                    Scope::write(Resource::Tags),
                ];
                Scopes::Some(read.chain(more).collect())
            }
            Self::Admin => Scopes::All,
        }
    }
}
