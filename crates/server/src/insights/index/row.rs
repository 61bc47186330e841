//! A row of the index: a session.

use super::data::List;
use crate::custom_data;
use crate::ids::{ContactId, SessionId, TeamId};
use crate::time::Timestamp;

/// The number of a contact where there is none, and of a word that nothing has.
pub(super) const NONE: u32 = u32::MAX;

/// A session, as the database has it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct Session {
    pub(super) id: SessionId,
    pub(super) ticket_number: i64,
    pub(super) created_at: Timestamp,
    pub(super) last_message_at: Timestamp,
    pub(super) contact_id: Option<ContactId>,
    pub(super) channel: String,
    pub(super) language: Option<String>,
    pub(super) sentiment: Option<String>,
    pub(super) status: String,
    pub(super) team_id: Option<TeamId>,
    pub(super) assignee_id: Option<String>,
    /// 1 if the AI agent handed it off, or a person looks after it.
    pub(super) handed_off: i64,
}

/// A session. Words are numbers of the index.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) id: SessionId,
    pub(crate) ticket_number: i64,
    pub(crate) created_at: Timestamp,
    pub(crate) last_message_at: Timestamp,
    pub(super) contact: u32,
    pub(crate) channel: u32,
    pub(crate) language: u32,
    pub(crate) sentiment: u32,
    pub(crate) status: u32,
    pub(crate) team: u32,
    pub(crate) assignee: u32,
    /// Its tags, and its custom data.
    pub(super) data: List,
    /// The numbers of the insights that show in it.
    pub(super) insights: List,
    pub(crate) is_handed_off: bool,
    /// False once the session was deleted.
    pub(super) is_there: bool,
}

impl Row {
    /// Returns the number of the contact, if there is one.
    pub(crate) fn contact(&self) -> Option<usize> {
        (self.contact != NONE).then_some(self.contact as usize)
    }
}

/// A word that sessions may have: one of their own, or the value of a name in their custom data or in that of their contact.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Word {
    Own(fn(&Row) -> u32),
    Data(custom_data::Index, u32),
}
