//! The JSON that help desks export: a file for each says what is what in it.

mod chatwoot;
mod freshchat;
mod freshdesk;
mod front;
mod gorgias;
mod help_scout;
mod hubspot;
mod intercom;
mod opencx;
mod people;
mod shape;
#[cfg(test)]
mod tests;
mod zendesk;

use super::found::Found;
use serde_json::Value as Json;
use shape::System;

/// The systems whose exports are known, in the order in which a value is shown to them: the first that knows it takes
/// it. Those that name themselves in their values come first, people of any system last.
const ALL: &[System] = &[
    opencx::SYSTEM,
    intercom::SYSTEM,
    front::SYSTEM,
    freshchat::SYSTEM,
    chatwoot::SYSTEM,
    hubspot::SYSTEM,
    gorgias::SYSTEM,
    help_scout::SYSTEM,
    freshdesk::SYSTEM,
    zendesk::SYSTEM,
    people::SYSTEM,
];

/// Reads a value of the list or stream of this name as the system writes it that knows it; that system's name, and what is
/// found.
pub(super) fn read(value: &Json, stream: &str) -> Option<(&'static str, Vec<Found>)> {
    ALL.iter().find_map(|system| Some((system.name, (system.read)(value, stream)?)))
}
