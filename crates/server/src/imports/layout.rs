//! What the columns of a table mean together, and a row of it as a part of a conversation.

use super::cells::Cells;
use super::columns::Columns;
use super::dates::{self, OrderTold};
use super::desk_columns::Desk;
use super::fields::{self, Field};
use super::members::sender_of;
use crate::sessions::Sender;
use serde_json::{Map, Value as Json};
use std::collections::{BTreeMap, HashSet};

/// The worst of the names by which a column surely has the ids of conversations.
const CONVERSATION_RANK: u8 = 1;

/// What the columns mean together.
pub(super) struct Layout {
    pub(super) columns: Columns,
    /// The help desk that exports such tables.
    pub(super) desk: Option<&'static Desk>,
    roles: BTreeMap<String, Sender>,
    /// The column that tells conversations apart; without one each row is a conversation.
    pub(super) key: Option<Field>,
    /// True if each row is a conversation of its own, as far as can be told.
    is_one_a_row: bool,
    /// The fields of the contact that may be of whoever speaks in the row.
    of_speaker: HashSet<Field>,
}

impl Layout {
    /// Reads it out of the columns, and of some rows.
    pub(super) fn new(
        columns: Columns,
        desk: Option<&'static Desk>,
        roles: BTreeMap<String, Sender>,
        sample: &[&Cells],
    ) -> Self {
        let mut layout =
            Self { columns, desk, roles, key: None, is_one_a_row: true, of_speaker: HashSet::new() };
        layout.settle_ids(sample);
        let of_messages = [Field::MessageId, Field::Role, Field::Author, Field::Inbound, Field::Outbound];
        layout.is_one_a_row =
            of_messages.into_iter().all(|field| !layout.columns.has(field)) && !layout.names_both(sample);
        if !layout.is_one_a_row {
            let of_contact = [Field::ContactEmail, Field::ContactPhone, Field::ContactName].into_iter();
            layout.of_speaker = of_contact.filter(|field| layout.columns.rank(*field) > 0).collect();
        }
        layout.settle_author(sample);
        layout.settle_times(sample);
        layout
    }

    /// Tells a table that names who speaks beside whose conversation it is: in some rows these are one, in others not.
    fn names_both(&self, sample: &[&Cells]) -> bool {
        let is_one = |row: &&&Cells| {
            let cells = |field| self.columns.cell(row, field);
            cells(Field::Name).zip(cells(Field::ContactName)).map(|(name, contact)| name == contact)
        };
        let told: Vec<bool> = sample.iter().filter_map(|row| is_one(&row)).collect();
        told.contains(&true) && told.contains(&false)
    }

    /// Decides what tells conversations apart.
    fn settle_ids(&mut self, sample: &[&Cells]) {
        let columns = &mut self.columns;
        // where messages name those that they answer, these links are what makes a conversation
        if columns.has(Field::ReplyTo) && columns.rank(Field::Id) > CONVERSATION_RANK {
            columns.give(Field::Id, Field::MessageId);
        }
        if !columns.has(Field::Id) {
            self.key = columns.has(Field::MessageId).then_some(Field::MessageId);
            return;
        }
        self.key = Some(Field::Id);
        columns.release(Field::ReplyTo);
        let ids: Vec<&str> = sample.iter().filter_map(|row| columns.cell(row, Field::MessageId)).collect();
        if columns.rank(Field::MessageId) > 0 && ids.iter().collect::<HashSet<_>>().len() < ids.len() {
            // what several rows share is no message's
            columns.release(Field::MessageId);
        }
    }

    /// Decides whether a column of authors has roles, addresses or names.
    fn settle_author(&mut self, sample: &[&Cells]) {
        let authors = || sample.iter().filter_map(|row| self.columns.cell(row, Field::Author));
        let known = authors().filter(|author| self.sender(author).is_some()).count();
        let field = if known > 0 && 2 * known >= authors().count() {
            Field::Role
        } else if authors().any(|author| author.contains('@')) {
            Field::AuthorEmail
        } else {
            Field::Name
        };
        self.columns.give(Field::Author, field);
    }

    /// Decides what a column of times without days belongs to.
    fn settle_times(&mut self, sample: &[&Cells]) {
        if !self.columns.has(Field::CreatedAt) {
            self.columns.give(Field::BeganAt, Field::CreatedAt);
        }
        let mut dates = sample.iter().filter_map(|row| self.columns.cell(row, Field::CreatedAt));
        if dates.any(|date| date.contains(':')) {
            self.columns.release(Field::Time);
        } else if !self.columns.has(Field::CreatedAt) {
            self.columns.give(Field::Time, Field::CreatedAt);
        }
    }

    /// Returns what the dates of a row tell of the order of day and month.
    pub(super) fn order_told(&self, row: &Cells) -> OrderTold {
        let dates = [Field::BeganAt, Field::CreatedAt].into_iter();
        dates::order_told_by(dates.filter_map(|field| self.columns.cell(row, field)))
    }

    /// Reads a row as a part of the conversation of this id.
    pub(super) fn part(&self, id: &str, row: &Cells) -> Map<String, Json> {
        let mut record = self.record(id, row);
        if let Some(desk) = self.desk {
            record.insert("system".to_owned(), desk.name.into());
        }
        record
    }

    /// Reads a row as a conversation.
    pub(super) fn record(&self, id: &str, row: &Cells) -> Map<String, Json> {
        let cell = |field| self.columns.cell(row, field);
        let mut record = Map::new();
        let mut set = |name: &str, value: Option<&str>| {
            if let Some(value) = value {
                record.insert(name.to_owned(), value.into());
            }
        };
        for (name, field) in [
            ("status", Field::Status),
            ("channel", Field::Channel),
            ("language", Field::Language),
            ("team", Field::Team),
            ("assignee_id", Field::AssigneeId),
            ("brand", Field::Brand),
            ("created_at", Field::BeganAt),
        ] {
            set(name, cell(field));
        }
        let tags: Vec<&str> = self.columns.cells(row, Field::Tags).collect();
        if !tags.is_empty() {
            record.insert("tags".into(), tags.join(", ").into());
        }
        let role = self.role(row);
        let contact = self.contact(row, role.as_deref());
        if !contact.is_empty() {
            record.insert("contact".into(), contact.into());
        }
        let mut custom = Map::new();
        for at in &self.columns.custom {
            let value = row.get(*at);
            if !fields::is_blank(value) {
                // one by one: put together from a list, a map is sorted first
                custom.insert(self.columns.name(*at).to_owned(), value.into());
            }
        }
        if !custom.is_empty() {
            record.insert("custom_data".into(), custom.into());
        }
        if let Some(reference) = self.desk.and_then(|desk| desk.reference(id)) {
            record.insert("ticketing_system".into(), reference);
        }
        let turns = self.turns(row, id, role.as_deref());
        if !turns.is_empty() {
            record.insert("turns".into(), turns.into());
        }
        record
    }

    /// Returns what is said in a row: nothing in those that tell of an event.
    fn turns(&self, row: &Cells, id: &str, role: Option<&str>) -> Vec<Json> {
        let cell = |field| self.columns.cell(row, field);
        let subject = || cell(Field::Subject).filter(|_| self.is_one_a_row);
        let text = cell(Field::Text).or_else(|| if cell(Field::Html).is_none() { subject() } else { None });
        let mut turns = Vec::new();
        if text.is_some() || cell(Field::Html).is_some() {
            let mut turn = Map::new();
            let mut set = |name: &str, value: Option<&str>| {
                if let Some(value) = value {
                    turn.insert(name.to_owned(), value.into());
                }
            };
            set("text", text);
            set("html", cell(Field::Html).filter(|_| text.is_none()));
            set("role", role);
            set("name", cell(Field::Name));
            set("email", cell(Field::AuthorEmail));
            set("id", if self.key == Some(Field::Id) { cell(Field::MessageId) } else { Some(id) });
            let date = cell(Field::CreatedAt);
            let time = cell(Field::Time).and_then(|time| Some(format!("{} {}", date?.trim(), time.trim())));
            set("created_at", time.as_deref().or(date));
            if self.is_private(row) {
                turn.insert("private".into(), true.into());
            }
            turns.push(turn.into());
        }
        if let Some(answer) = cell(Field::Answer) {
            turns.push(serde_json::json!({"role": "agent", "text": answer}));
        }
        turns
    }

    fn is_private(&self, row: &Cells) -> bool {
        let cell = |field| self.columns.cell(row, field);
        let is_note = |field| cell(field).is_some_and(fields::is_note);
        let says = |field, word| cell(field).and_then(fields::yes_or_no) == Some(word);
        says(Field::Private, true)
            || says(Field::Public, false)
            || [Field::Private, Field::Public, Field::Kind].into_iter().any(is_note)
    }

    /// Returns the word for the role of who speaks in a row.
    fn role(&self, row: &Cells) -> Option<String> {
        let cell = |field| self.columns.cell(row, field);
        let of = |is_contact: bool| Some(if is_contact { "contact" } else { "agent" }.to_owned());
        if let Some(word) = cell(Field::Role) {
            let own = self.desk.and_then(|desk| desk.role(word));
            return Some(own.unwrap_or(word).to_owned());
        }
        let says = |field| cell(field).and_then(fields::yes_or_no);
        if let Some(is_contact) =
            says(Field::Inbound).or_else(|| says(Field::Outbound).map(|is_ours| !is_ours))
        {
            return of(is_contact);
        }
        if let Some(kind) =
            cell(Field::Kind).filter(|kind| !self.columns.has(Field::Role) && self.sender(kind).is_some())
        {
            return Some(kind.to_owned());
        }
        // where the contact is named beside who speaks, they are the same or not
        let contact = [Field::Contact, Field::ContactEmail, Field::ContactName].into_iter();
        let contact: Vec<&str> =
            contact.filter(|field| !self.of_speaker.contains(field)).filter_map(cell).collect();
        let speaker: Vec<&str> = [Field::AuthorEmail, Field::Name].into_iter().filter_map(cell).collect();
        if contact.is_empty() || speaker.is_empty() || self.is_one_a_row {
            return None;
        }
        of(speaker.iter().any(|speaker| contact.iter().any(|contact| contact.eq_ignore_ascii_case(speaker))))
    }

    /// Returns what a row says of the contact.
    fn contact(&self, row: &Cells, role: Option<&str>) -> Map<String, Json> {
        let speaks = role.is_none_or(|role| self.sender(role) == Some(Sender::Contact));
        let cell =
            |field| self.columns.cell(row, field).filter(|_| speaks || !self.of_speaker.contains(&field));
        let of_speaker = |field| self.columns.cell(row, field).filter(|_| speaks);
        let contact = cell(Field::Contact);
        let address = contact.filter(|contact| contact.contains('@'));
        let is_number = |contact: &&str| {
            contact.chars().all(|c| c.is_ascii_digit() || "+-() ./".contains(c)) && contact.len() > 6
        };
        let number = contact.filter(is_number);
        let called = contact.filter(|_| address.is_none() && number.is_none());
        let whole_name =
            [cell(Field::FirstName), cell(Field::LastName)].into_iter().flatten().collect::<Vec<_>>();
        let whole_name = Some(whole_name.join(" ")).filter(|name| !name.is_empty());
        let name = cell(Field::ContactName).or(called).map(str::to_owned).or(whole_name);
        [
            (
                "email",
                cell(Field::ContactEmail)
                    .or(address)
                    .or_else(|| of_speaker(Field::AuthorEmail))
                    .map(str::to_owned),
            ),
            ("phone_number", cell(Field::ContactPhone).or(number).map(str::to_owned)),
            ("name", name.or_else(|| of_speaker(Field::Name).map(str::to_owned))),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?.into())))
        .collect()
    }

    /// Returns who a word for a role means.
    fn sender(&self, word: &str) -> Option<Sender> {
        sender_of(word, &self.roles)
    }
}
