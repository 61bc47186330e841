//! The contact of a conversation.

use super::super::record::{Claims, RecordContact};
use super::{Reader, is_absent, named, scalar, words};
use crate::wire::{Email, Text};
use serde_json::{Map, Value as Json};

const NAME_MAX: usize = 300;
const PHONE_MAX: usize = 100;
const ID_MAX: usize = 500;
const TIME_MAX: usize = 100;
/// The fewest digits of a phone number: less stands for there being none.
const PHONE_DIGITS_MIN: usize = 4;

impl Reader<'_> {
    /// Reads a contact: an object, or an address or a name alone.
    pub(super) fn contact(&mut self, value: Json) -> Option<RecordContact> {
        let members = match value {
            Json::Object(members) => members,
            Json::Array(items) => {
                return items.into_iter().find(|item| !is_absent(item)).and_then(|item| self.contact(item));
            }
            Json::String(text) if text.contains('@') => {
                Map::from_iter([("email".to_owned(), Json::String(text))])
            }
            value => Map::from_iter([("name".to_owned(), value)]),
        };
        let mut contact = RecordContact::default();
        let (mut parts, mut custom_data, mut claims) = ([const { None }; 2], None, None);
        let spare = std::mem::take(&mut self.spare);
        for (name, value) in members {
            if is_absent(&value) {
                continue;
            }
            match name.as_str() {
                "id" => contact.id = self.text("contact.id", value, ID_MAX).into(),
                "created_at" => contact.created_at = self.text("contact.created_at", value, TIME_MAX).into(),
                "email" | "email_address" | "mail" => {
                    let (email, name) = self.address("contact.email", value);
                    contact.email = contact.email.or(email);
                    contact.name = contact.name.or(name);
                }
                "phone_number" | "phone" | "mobile" | "telephone" => {
                    let phone_number = self.phone_number("contact.phone_number", value);
                    contact.phone_number = contact.phone_number.or(phone_number);
                }
                "name" | "full_name" | "display_name" => {
                    contact.name = self.name("contact.name", value).or(contact.name);
                }
                "first_name" => parts[0] = scalar(&value),
                "last_name" => parts[1] = scalar(&value),
                "custom_data" => custom_data = Some(value),
                "non_verified" => claims = Some(value),
                "person" => {}
                _ => self.spare.push((name, value)),
            }
        }
        let full: Vec<String> = parts.into_iter().flatten().collect();
        if contact.name.is_none() && !full.is_empty() {
            contact.name = self.name("contact.name", full.join(" ").into());
        }
        contact.custom_data = self.contact_data(custom_data);
        self.spare = spare;
        contact.non_verified = claims.and_then(|claims| self.claims(claims));
        Some(contact)
    }

    fn claims(&mut self, value: Json) -> Option<Claims> {
        let Json::Object(mut members) = value else {
            self.remark("contact.non_verified", "expected an object; left out");
            return None;
        };
        let mut take = |name: &str| members.remove(name).filter(|value| !is_absent(value));
        let (email, name, phone_number, custom_data) =
            (take("email"), take("name"), take("phone_number"), take("custom_data"));
        let (email, named) =
            email.map_or((None, None), |value| self.address("contact.non_verified.email", value));
        Some(Claims {
            email,
            phone_number: phone_number
                .and_then(|value| self.phone_number("contact.non_verified.phone_number", value)),
            name: name.and_then(|value| self.name("contact.non_verified.name", value)).or(named),
            custom_data: self.contact_data(custom_data),
        })
    }

    /// Reads an address, and the name that stands with it: `Ann <ann@mail.example>`. Of several the first counts.
    fn address(&mut self, member: &str, value: Json) -> (Option<Email>, Option<Text<NAME_MAX>>) {
        let values = match value {
            Json::Array(values) => values,
            value => vec![value],
        };
        let mut is_none = true;
        for value in values {
            let Some(text) = scalar(&named(value, &["email", "address", "value"])) else { continue };
            let found = text.split([',', ';']).find_map(|text| Some((text, address_in(text)?)));
            if let Some((text, email)) = found {
                let name =
                    text.rsplit_once('<').map(|(name, _)| name.trim().trim_matches(['"', '\'']).to_owned());
                return (Some(email), name.and_then(|name| self.name(member, name.into())));
            }
            is_none &= words::is_nothing(&text);
        }
        if !is_none {
            self.remark(member, "no e-mail address; left out");
        }
        (None, None)
    }

    fn phone_number(&mut self, member: &str, value: Json) -> Option<Text<PHONE_MAX>> {
        let value = if let Json::Array(values) = value { values.into_iter().next()? } else { value };
        let text = self.text(member, named(value, &["phone_number", "number", "value"]), PHONE_MAX)?;
        let digits: Vec<char> = text.chars().filter(|c| c.is_numeric()).collect();
        // contacts are found by their number: one that stands for none would make many people one
        if digits.len() < PHONE_DIGITS_MIN || digits.iter().all(|digit| *digit == digits[0]) {
            if !words::is_nothing(&text) {
                self.remark(member, "no phone number; left out");
            }
            return None;
        }
        Some(Text(text))
    }

    fn name(&mut self, member: &str, value: Json) -> Option<Text<NAME_MAX>> {
        self.text(member, value, NAME_MAX).filter(|name| !words::is_nothing(name)).map(Text)
    }
}

/// Finds the address in a text, with or without a name before it.
fn address_in(text: &str) -> Option<Email> {
    let text = text.trim();
    let within = text.rsplit_once('<').and_then(|(_, rest)| rest.split('>').next());
    let address = within.unwrap_or(text).trim().trim_matches(['<', '>', '"', '\'', '.', '(', ')']);
    address.strip_prefix("mailto:").unwrap_or(address).parse().ok()
}
