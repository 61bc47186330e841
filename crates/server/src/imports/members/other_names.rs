//! Members of JSON under the names that tables have for them: `sender_type`, `is_inbound`, `ticket_number`,
//! `customer_email`. They count where the members that are ours say nothing.

use super::super::fields::{self, Field, rank};
use super::values::{id, is_absent, scalar, truth};
use super::{Later, Reader, Record};
use serde_json::{Map, Value as Json};

/// What the other members of a turn say of who speaks.
#[derive(Default)]
pub(super) struct Speaks {
    /// A word for a role.
    role: Option<Json>,
    /// A word that may be one.
    kind: Option<Json>,
    is_inbound: Option<bool>,
    /// True for a note that the contact never saw.
    pub(super) is_note: bool,
}

impl Speaks {
    /// Takes a member of a turn if it says who speaks, or who may see it; else gives it back.
    pub(super) fn take(&mut self, name: &str, value: Json) -> Option<Json> {
        let field = fields::fields(name).find(|field| is_of_speaker(*field));
        match (field?, truth(&value)) {
            (Field::Role, _) if self.role.is_none() => self.role = Some(value),
            (Field::Kind, _) => {
                self.kind.get_or_insert_with(|| value.clone());
                return Some(value);
            }
            (Field::Inbound, Some(is_inbound)) => self.is_inbound = Some(is_inbound),
            (Field::Outbound, Some(is_outbound)) => self.is_inbound = Some(!is_outbound),
            (Field::Private, Some(is_private)) => self.is_note |= is_private,
            (Field::Public, Some(is_public)) => self.is_note |= !is_public,
            _ => return Some(value),
        }
        None
    }

    /// Returns the word for who speaks, as far as it `is_known`.
    pub(super) fn word(&mut self, is_known: impl Fn(&str) -> bool) -> Option<Json> {
        let inbound = self.is_inbound.map(|is_inbound| if is_inbound { "contact" } else { "agent" });
        let kind = self.kind.take().filter(|kind| kind.as_str().is_some_and(is_known));
        self.role.take().or_else(|| inbound.map(Json::from)).or(kind)
    }
}

fn is_of_speaker(field: Field) -> bool {
    matches!(
        field,
        Field::Role | Field::Kind | Field::Inbound | Field::Outbound | Field::Private | Field::Public
    )
}

/// Tells whether a member belongs to a message rather than to its conversation.
pub(in super::super) fn is_of_message(name: &str) -> bool {
    fields::fields(name).any(|field| is_of_speaker(field) && field != Field::Kind)
}

impl Reader<'_> {
    /// Fills in what the members of a record do not say from those under other names.
    pub(super) fn fill_in(&mut self, record: &mut Record, later: &mut Later) {
        if record.id.trim().is_empty()
            && let Some(value) = self.best(Field::Id)
        {
            record.id = id(value);
        }
        if record.status.is_none()
            && let Some(value) = self.best(Field::Status)
        {
            record.status = self.status(value);
        }
        if record.contact.is_none() {
            let names = [
                ("name", Field::ContactName),
                ("email", Field::ContactEmail),
                ("phone_number", Field::ContactPhone),
            ];
            let mut contact = Map::new();
            for (name, field) in names {
                contact.extend(self.best(field).map(|value| (name.to_owned(), value)));
            }
            let whole = self.best(Field::Contact);
            if let Some(value) = whole.or_else(|| (!contact.is_empty()).then(|| contact.into())) {
                record.contact = self.contact(value);
            }
        }
        self.choose_turns(later);
    }

    /// Takes the member under the best name for a field.
    fn best(&mut self, field: Field) -> Option<Json> {
        // a status of ours that could not be read stays
        let is_other = |name: &str, value: &Json| name != "status" && !is_absent(value);
        let ranked = self.spare.iter().enumerate().filter(|(_, (name, value))| is_other(name, value));
        let best = ranked.filter_map(|(at, (name, _))| Some((rank(name, field)?, at))).min()?.1;
        Some(self.spare.swap_remove(best).1)
    }

    /// Chooses what stands for the turns, or the text, where neither is there: what has several texts before what has
    /// one. A description stands before the comments on it, and an answer behind the question.
    fn choose_turns(&mut self, later: &mut Later) {
        let is_open = later.turns.is_none() && later.text.is_none();
        let mut others = std::mem::take(&mut later.others);
        others.sort_by_key(|(_, value)| !value.is_array());
        for (name, value) in others {
            match (&mut later.turns, value) {
                (None, value @ Json::Array(_)) if later.text.is_none() => later.turns = Some(value),
                (None, value @ Json::String(_)) if later.text.is_none() => later.text = Some(value),
                (Some(Json::Array(turns)), Json::String(text)) if is_open && name == "description" => {
                    turns.insert(0, Json::Object(said("contact", text.into())));
                }
                (_, value) => self.spare.push((name, value)),
            }
        }
        if let (None, Some(text)) = (&later.turns, &later.text)
            && text.is_string()
            && let Some(answer) = self.best(Field::Answer)
            && let Some(answer) = scalar(&answer)
        {
            let question = Json::Object(said("contact", text.clone()));
            later.turns = Some(vec![question, Json::Object(said("agent", answer.into()))].into());
            later.text = None;
        }
    }
}

fn said(role: &str, text: Json) -> Map<String, Json> {
    Map::from_iter([("role".to_owned(), role.into()), ("text".to_owned(), text)])
}
