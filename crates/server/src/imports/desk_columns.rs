//! Help desks whose tables are known by their columns: what some of these mean there, and the name of the ticketing system.

use super::cells::Cells;
use super::fields::{Field, plain};
use super::mapping::Mapping;
use serde_json::{Value as Json, json};
use std::collections::HashSet;

/// A help desk that exports tables.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) name: &'static str,
    /// Columns that its table has, by their letters.
    told_by: &'static [&'static str],
    /// Fields whose column is another than the names would tell.
    columns: &'static [(Field, &'static str)],
    /// Words for roles that are its own.
    roles: &'static [(&'static str, &'static str)],
    /// The system and the type of its ids, where a session can refer to it.
    system: Option<(&'static str, &'static str)>,
}

const fn desk(
    name: &'static str,
    told_by: &'static [&'static str],
    system: (&'static str, &'static str),
) -> Desk {
    Desk { name, told_by, columns: &[], roles: &[], system: Some(system) }
}

/// The help desks; more of their columns tell the first ones.
const DESKS: [Desk; 10] = [
    desk(
        "Intercom",
        &["conversationid", "messageauthortype", "messagebody"],
        ("intercom", "conversation_id"),
    ),
    Desk {
        name: "Chatwoot",
        told_by: &["conversationid", "content", "messagetype", "sendertype"],
        // its senders of the type User are the company's
        columns: &[(Field::Role, "message_type")],
        roles: &[
            ("0", "contact"),
            ("1", "agent"),
            ("2", "system"),
            ("3", "ai"),
            ("incoming", "contact"),
            ("outgoing", "agent"),
            ("activity", "system"),
            ("template", "ai"),
        ],
        system: None,
    },
    desk(
        "Front",
        &["conversationid", "messageid", "direction", "contacthandle"],
        ("front", "conversation_id"),
    ),
    desk("Freshdesk", &["ticketid", "createdtime", "resolvedtime", "group"], ("freshdesk", "ticket_id")),
    desk("Freshdesk", &["ticketid", "createdtime", "agentinteractions"], ("freshdesk", "ticket_id")),
    desk("HubSpot", &["ticketid", "ticketname", "pipeline"], ("hubspot", "ticket_id")),
    desk("Gorgias", &["ticketid", "customeremail", "lastmessagedatetime"], ("gorgias", "ticket_id")),
    desk("Gorgias", &["ticketid", "fromagent"], ("gorgias", "ticket_id")),
    desk("Zendesk", &["id", "requester", "requested"], ("zendesk", "ticket_id")),
    desk("Zendesk", &["ticketid", "requester", "assignee", "group"], ("zendesk", "ticket_id")),
];

impl Desk {
    /// Tells the help desk that a header is of.
    pub(super) fn of(header: &Cells) -> Option<&'static Self> {
        let names: HashSet<String> = header.iter().map(plain).collect();
        DESKS.iter().find(|desk| desk.told_by.iter().all(|name| names.contains(*name)))
    }

    /// Adds to a mapping what columns mean there, where it says nothing else.
    pub(super) fn complete(&self, mapping: &mut Mapping) {
        for (field, column) in self.columns {
            mapping.columns.entry(*field).or_insert_with(|| (*column).to_owned());
        }
    }

    /// Returns our word for the role that a word stands for there.
    pub(super) fn role(&self, word: &str) -> Option<&'static str> {
        self.roles.iter().find(|(own, _)| own.eq_ignore_ascii_case(word.trim())).map(|(_, role)| *role)
    }

    /// Returns what a session keeps of the record that it is there.
    pub(super) fn reference(&self, id: &str) -> Option<Json> {
        let (name, id_type) = self.system?;
        Some(json!({"name": name, "external_id": id, "id_type": id_type}))
    }
}
