//! What a webhook may be told: what the key could read that set its address and its events. A webhook is a way to read,
//! so a key that may only write webhooks is told nothing of customers.

use super::Webhook;
use crate::error::Result;
use crate::keys::{Caller, Resource, Scope, Scopes};
use crate::outbox::EventName;

/// The scope to read contacts, without which the body has no contact's details.
pub(super) const CONTACTS: Scope = Scope::read(Resource::Contacts);

/// The scope to read of the organization itself, without which the body has no member's e-mail address.
pub(super) const MEMBERS: Scope = Scope::read(Resource::Org);

/// The scopes that decide what a webhook is told.
const DECISIVE: [Scope; 7] = [
    Scope::read(Resource::ChatSessions),
    CONTACTS,
    MEMBERS,
    Scope::read(Resource::Insights),
    Scope::read(Resource::Workflows),
    Scope::read(Resource::Csat),
    Scope::read(Resource::Phone),
];

/// Returns the scope that it takes to be told of an event. A test tells nothing.
pub(super) fn scope_of(event: EventName) -> Option<Scope> {
    let resource = match event.as_str().split('.').next() {
        Some("conversation") => Resource::ChatSessions,
        Some("insight") => Resource::Insights,
        Some("workflow") => Resource::Workflows,
        Some("csat") => Resource::Csat,
        Some("phone_call") => Resource::Phone,
        _ => return None,
    };
    Some(Scope::read(resource))
}

/// Returns the scopes that a webhook gets from the key that sets it: those of the key that decide what it is told.
pub(super) fn scopes_of(caller: &Caller) -> Scopes {
    match &caller.scopes {
        Scopes::All => Scopes::All,
        Scopes::Some(_) => {
            Scopes::Some(DECISIVE.into_iter().filter(|scope| caller.scopes.allow(*scope)).collect())
        }
    }
}

/// Fails with the 403 if the key may not read what an event of `events` tells.
pub(super) fn check(caller: &Caller, events: &[EventName]) -> Result<()> {
    events.iter().filter_map(|event| scope_of(*event)).try_for_each(|scope| caller.require(scope))
}

impl Webhook {
    /// Returns what it may be told.
    pub(super) fn scopes(&self) -> Result<Scopes> {
        parse(self.scopes.as_deref())
    }
}

/// Reads the column of scopes. A webhook from before there was one is told everything.
pub(super) fn parse(column: Option<&str>) -> Result<Scopes> {
    let scopes = column.map_or(Ok(Scopes::All), str::parse);
    Ok(scopes.map_err(anyhow::Error::msg)?)
}
