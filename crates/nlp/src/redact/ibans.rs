//! International bank account numbers.

use super::checksums;
use super::finding::{Kind, Span};
use crate::text::Text;

/// Finds accounts, also in groups, and over several lines.
pub(super) fn find(text: &Text, spans: &mut Vec<Span>) {
    for word in &text.words {
        let [country_1, country_2, check_1, check_2, ..] = text.chars[word.start..word.end] else { continue };
        let Some(length) = iban_length(&String::from_iter([country_1, country_2])) else { continue };
        if !check_1.is_ascii_digit() || !check_2.is_ascii_digit() {
            continue;
        }
        let mut id = Vec::with_capacity(length);
        let mut i = word.start;
        while id.len() < length {
            match text.char(i) {
                c if c.is_ascii_alphanumeric() => id.push(c.to_ascii_uppercase() as u8),
                ' ' | '-' | '\n' | '.' | '_' if text.char(i + 1).is_ascii_alphanumeric() => {}
                _ => break,
            }
            i += 1;
        }
        if id.len() == length && !text.char(i).is_ascii_alphanumeric() && checksums::iban(&id) {
            spans.push((word.start, i, Kind::Iban));
        }
    }
}

/// Returns the length of a bank account number, check digits and country included.
fn iban_length(country: &str) -> Option<usize> {
    const LENGTHS: [(usize, &str); 18] = [
        (15, "NO"),
        (16, "BE"),
        (18, "DK FI FO GL NL FK"),
        (19, "MK SI"),
        (20, "AT BA EE KZ LT LU XK MN"),
        (21, "CH HR LI LV"),
        (22, "BG BH CR DE GB GE IE ME RS VA"),
        (23, "AE GI IL IQ OM TL SO"),
        (24, "AD CZ ES MD PK RO SA SE SK TN VG"),
        (25, "LY PT ST"),
        (26, "IS TR"),
        (27, "BI DJ FR GR IT MC MR SM"),
        (28, "AL AZ BY CY DO GT HU LB NI PL SV"),
        (29, "BR EG PS QA UA"),
        (30, "JO KW MU YE"),
        (31, "MT SC"),
        (32, "LC"),
        (33, "RU"),
    ];
    let of = LENGTHS
        .iter()
        .find(|(_, countries)| countries.split(' ').any(|c| c.eq_ignore_ascii_case(country)))?;
    Some(of.0)
}
