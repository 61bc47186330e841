//! The words that a person is known by, to be found in texts and masked.

use super::Contact;
use crate::wire::Email;
use refrain_nlp::case_fold::fold;
use refrain_nlp::redact::{self, Finding, Kind};
use serde::{Deserialize, Serialize};

/// The fewest letters and digits of a value that is looked for: a shorter one is in many words.
const VALUE_CHARS_MIN: usize = 5;

/// The words that a contact is known by, and those that it gave.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Words {
    /// Names.
    pub names: Vec<String>,
    /// E-mail addresses.
    pub emails: Vec<String>,
    /// Phone numbers.
    pub phones: Vec<String>,
    /// Values of custom data that no other contact has.
    pub values: Vec<String>,
}

impl Words {
    pub(super) fn of(contact: &Contact, values: Vec<String>) -> Self {
        let emails = [&contact.email, &contact.non_verified_email].into_iter().flatten();
        let phones = [&contact.phone_number, &contact.non_verified_phone_number];
        Self {
            names: contact.names().map(str::to_owned).collect(),
            emails: emails.map(Email::as_str).map(str::to_owned).collect(),
            phones: phones.into_iter().flatten().cloned().collect(),
            values,
        }
    }

    /// Masks everything personal in a text, with these words. Returns none if there is nothing to mask.
    pub fn mask(&self, text: &str) -> Option<String> {
        self.mask_beside(text, &[])
    }

    /// Masks what [`Words::mask`] does, and what was found before: `kept`.
    pub fn mask_beside(&self, text: &str, kept: &[Finding]) -> Option<String> {
        let findings = self.find_beside(text, kept);
        (!findings.is_empty()).then(|| redact::mask(text, &findings))
    }

    /// Finds what [`Words::mask_beside`] masks.
    pub fn find_beside(&self, text: &str, kept: &[Finding]) -> Vec<Finding> {
        let mut known = self.find(text);
        known.extend(kept);
        redact::find_beside(text, &self.names(), &known)
    }

    /// Returns true if one of the words is in a text.
    pub fn are_in(&self, text: &str) -> bool {
        let folded = fold(text);
        let parts = self.names.iter().flat_map(|name| name.split_whitespace());
        // most texts have no part of a name, which is soon seen
        let is_named = parts.map(fold).any(|part| folded.contains(&part))
            && redact::find(text, &self.names()) != redact::find(text, &[]);
        is_named || !self.find(text).is_empty()
    }

    fn names(&self) -> Vec<&str> {
        self.names.iter().map(String::as_str).collect()
    }

    /// Finds the addresses, the numbers and, of the other values, those that look like one.
    fn find(&self, text: &str) -> Vec<Finding> {
        let text = letters(text);
        let mut found: Vec<Finding> = Vec::new();
        let numbers = self.values.iter().filter(|value| value.contains(|c: char| c.is_ascii_digit()));
        let values = self.emails.iter().map(|value| (value, Kind::Email));
        let values = values.chain(self.phones.iter().map(|value| (value, Kind::Phone)));
        for (value, kind) in values.chain(numbers.map(|value| (value, Kind::Number))) {
            let value = letters(value);
            if value.len() < VALUE_CHARS_MIN {
                continue;
            }
            for (at, window) in text.windows(value.len()).enumerate() {
                let is_same = window.iter().zip(&value).all(|(one, other)| one.folded == other.folded);
                if is_same && stands_alone(&text, at, at + value.len()) {
                    found.push(Finding { start: window[0].start, end: window[value.len() - 1].end, kind });
                }
            }
        }
        found.sort_by_key(|finding| (finding.start, finding.end));
        let mut end = 0;
        found.retain(|finding| {
            let is_free = finding.start >= end;
            end = if is_free { finding.end } else { end };
            is_free
        });
        found
    }
}

/// A letter or digit of a text, and its place in bytes.
struct Letter {
    folded: char,
    start: usize,
    end: usize,
}

/// Lists the letters and digits of a text: however a number or an address is grouped, they are the same.
fn letters(text: &str) -> Vec<Letter> {
    let letter = |(start, c): (usize, char)| Letter {
        folded: c.to_lowercase().next().unwrap_or(c),
        start,
        end: start + c.len_utf8(),
    };
    text.char_indices().filter(|(_, c)| c.is_alphanumeric()).map(letter).collect()
}

/// Returns true if no letter or digit of the Latin script touches these letters, as they would within a longer number.
fn stands_alone(text: &[Letter], from: usize, to: usize) -> bool {
    let touches = |one: &Letter, other: &Letter, outside: &Letter| {
        one.end == other.start && outside.folded.is_ascii_alphanumeric()
    };
    let before = from.checked_sub(1).map(|at| &text[at]);
    before.is_none_or(|before| !touches(before, &text[from], before))
        && text.get(to).is_none_or(|behind| !touches(&text[to - 1], behind, behind))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words() -> Words {
        Words {
            names: vec!["Zebulon Quirke".into()],
            emails: vec!["zq@corp".into()],
            phones: vec!["555-01 23".into()],
            values: vec!["ACC-77812".into(), "Springfield".into(), "pro".into()],
        }
    }

    #[test]
    fn words_are_masked_however_they_are_written() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(words().mask(text).as_deref(), expected, "{text}");
        };
        check("zebulon here, about acc 77812", Some("[name] here, about [number]"));
        check("是ZQ@corp吗", Some("是[email]吗"));
        check("call 5550123 or 555 0123", Some("call [phone] or [phone]"));
        check("order 15550123 from Springfield on pro", None);
        check("My refund has not arrived", None);
    }

    #[test]
    fn only_what_is_of_the_person_counts() {
        assert!(words().are_in("says Quirke") && words().are_in("555.0123"));
        assert!(!words().are_in("write to ann@example.com"));
    }
}
