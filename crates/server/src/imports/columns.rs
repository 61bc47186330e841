//! The columns of a CSV file, and the message in a row of it. A column that is not known becomes custom data.

use super::record::{Record, Turn, parse_role};
use crate::custom_data::{CustomData, Scalar};
use crate::time::Timestamp;
use crate::wire::Text;
use anyhow::Context;
use std::collections::HashMap;

const KNOWN: [&str; 14] = [
    "id",
    "text",
    "role",
    "name",
    "created_at",
    "channel",
    "language",
    "brand",
    "status",
    "team",
    "assignee_id",
    "contact_email",
    "contact_phone_number",
    "contact_name",
];

/// The columns of a file, in their order.
pub(super) struct Columns {
    count: usize,
    known: HashMap<&'static str, usize>,
    custom: Vec<(usize, String)>,
}

impl Columns {
    /// Reads the first row.
    pub(super) fn read(header: &csv::StringRecord) -> anyhow::Result<Self> {
        let mut columns = Self { count: header.len(), known: HashMap::new(), custom: Vec::new() };
        for (at, name) in header.iter().enumerate() {
            let name = named(name);
            match KNOWN.into_iter().find(|known| *known == name) {
                Some(known) => drop(columns.known.entry(known).or_insert(at)),
                None => columns.custom.push((at, name)),
            }
        }
        let has = |name: &str| columns.known.contains_key(name).then_some(());
        has("id").context("line 1: expected a column id, conversation_id, session_id or ticket_id")?;
        has("text").context("line 1: expected a column text, message or body")?;
        Ok(columns)
    }

    /// Reads a row as a record of one turn.
    pub(super) fn record(&self, row: &csv::StringRecord) -> Result<Record, String> {
        if row.len() > self.count {
            return Err(format!("expected {} columns", self.count));
        }
        let cell = |name: &str| self.known.get(name).and_then(|at| row.get(*at)).unwrap_or_default();
        let filled = |name: &str| Some(cell(name)).filter(|text| !text.trim().is_empty());
        if filled("id").is_none() {
            return Err("id: is required".into());
        }
        let time = filled("created_at").map(Timestamp::parse);
        let time = time.transpose().map_err(|error| format!("created_at: {error}"))?;
        let name = filled("name").map(|name| Text::new(name.to_owned()));
        let turn = Turn {
            id: None,
            event: None,
            role: parse_role(filled("role").unwrap_or("contact"))
                .map_err(|error| format!("role: {error}"))?,
            text: Some(Text::new(cell("text").to_owned()).map_err(|error| format!("text: {error}"))?),
            html: None,
            name: name.transpose().map_err(|error| format!("name: {error}"))?,
            created_at: time,
            attachments: None,
            context: None,
        };
        let contact: serde_json::Map<_, _> = ["email", "phone_number", "name"]
            .into_iter()
            .filter_map(|name| Some((name.to_owned(), filled(&format!("contact_{name}"))?.into())))
            .collect();
        let mut record = serde_json::json!({"id": cell("id"), "turns": []});
        for name in ["channel", "language", "brand", "status", "team", "assignee_id"] {
            record[name] = filled(name).into();
        }
        if !contact.is_empty() {
            record["contact"] = contact.into();
        }
        let mut record = Record::from_json(record)?;
        record.created_at = time;
        record.turns.push(turn);
        record.custom_data = Some(self.custom_data(row)?);
        Ok(record)
    }

    fn custom_data(&self, row: &csv::StringRecord) -> Result<CustomData, String> {
        let filled = self.custom.iter().filter_map(|(at, name)| {
            let value = row.get(*at).filter(|value| !value.is_empty())?;
            Some((name.clone(), Scalar::Text(value.to_owned())))
        });
        CustomData::new(filled).map_err(|error| format!("custom_data: {error}"))
    }
}

/// Returns our name for a column.
fn named(name: &str) -> String {
    match name.trim().trim_start_matches('\u{feff}').to_ascii_lowercase().as_str() {
        "conversation_id" | "session_id" | "ticket_id" => "id".to_owned(),
        "message" | "body" => "text".to_owned(),
        "sender" | "author" => "role".to_owned(),
        "timestamp" | "date" | "time" => "created_at".to_owned(),
        "email" => "contact_email".to_owned(),
        "phone" | "phone_number" | "contact_phone" => "contact_phone_number".to_owned(),
        name => name.to_owned(),
    }
}
