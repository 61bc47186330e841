//! Finds and masks what must not be shown: addresses, numbers, secrets, names.

mod checksums;
mod cues;
mod ids;
mod names;
mod numbers;
mod places;
mod secrets;
mod web;

use crate::text::Text;
use cues::Cues;

/// What a finding is; of two readings of the same characters the one listed first holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A web address that carries a token or something personal.
    Url,
    /// An e-mail address, also one spelled out.
    Email,
    /// A payment card number.
    Card,
    /// An international bank account number.
    Iban,
    /// A number that a state gave to a person.
    NationalId,
    /// A password, key, token, PIN or one-time code.
    Secret,
    /// A telephone number.
    Phone,
    /// An IPv4 or IPv6 address.
    Ip,
    /// A person's date of birth.
    BirthDate,
    /// A street and house number.
    Address,
    /// A person's name.
    Name,
    /// A long number that is nothing of the above: an account, a customer, a policy.
    Number,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 12] = [
        Kind::Url,
        Kind::Email,
        Kind::Card,
        Kind::Iban,
        Kind::NationalId,
        Kind::Secret,
        Kind::Phone,
        Kind::Ip,
        Kind::BirthDate,
        Kind::Address,
        Kind::Name,
        Kind::Number,
    ];

    /// What stands in a masked text for a finding of this kind.
    pub fn label(self) -> &'static str {
        match self {
            Kind::Url => "[url]",
            Kind::Email => "[email]",
            Kind::Card => "[card]",
            Kind::Iban => "[iban]",
            Kind::NationalId => "[id]",
            Kind::Secret => "[secret]",
            Kind::Phone => "[phone]",
            Kind::Ip => "[ip]",
            Kind::BirthDate => "[birth date]",
            Kind::Address => "[address]",
            Kind::Name => "[name]",
            Kind::Number => "[number]",
        }
    }
}

/// A piece of a text that must not be shown: byte offsets, on character boundaries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The first byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
    /// What it is.
    pub kind: Kind,
}

/// A finding while it is made: positions in `Text::chars`.
type Span = (usize, usize, Kind);

/// How often a text is read: a mask can bare what touched it, such as a number glued to an address.
const ROUNDS_MAX: usize = 8;

/// Finds everything personal or secret, ascending and without overlap; `names` are those of the people in the
/// conversation. Takes time in proportion to the text.
pub fn find(text: &str, names: &[&str]) -> Vec<Finding> {
    let names = names::Known::new(names);
    let mut found = labels(text);
    let labels = found.clone();
    for _ in 0..ROUNDS_MAX {
        let new = read(text, &names, &found);
        if new.is_empty() {
            break;
        }
        found.extend(new);
        found = merge(found);
    }
    found.retain(|finding| !labels.contains(finding));
    found
}

/// Puts the label of its kind in the place of each finding.
pub fn mask(text: &str, findings: &[Finding]) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut shown = 0;
    for finding in findings {
        masked.push_str(&text[shown..finding.start]);
        masked.push_str(finding.kind.label());
        shown = finding.end;
    }
    masked.push_str(&text[shown..]);
    masked
}

/// One reading of the text; what is in `found` is not read.
fn read(text: &str, names: &names::Known, found: &[Finding]) -> Vec<Finding> {
    let blanks: Vec<(usize, usize)> = found.iter().map(|f| (f.start, f.end)).collect();
    let text = Text::new(text, &blanks);
    let cues = Cues::new(&text);
    let mut spans = Vec::new();
    web::find(&text, &mut spans);
    secrets::find(&text, &cues, &mut spans);
    numbers::find(&text, &cues, &mut spans);
    ids::find(&text, &cues, &mut spans);
    places::find(&text, &cues, &mut spans);
    names::find(&text, &cues, names, &mut spans);
    spans
        .into_iter()
        .map(|(start, end, kind)| Finding { start: text.offset(start), end: text.offset(end), kind })
        .collect()
}

/// The labels of an earlier masking: they hold nothing any more.
fn labels(text: &str) -> Vec<Finding> {
    let label_at = |start: usize| {
        let kind = Kind::ALL.into_iter().find(|kind| text[start..].starts_with(kind.label()))?;
        Some(Finding { start, end: start + kind.label().len(), kind })
    };
    text.match_indices('[').filter_map(|(start, _)| label_at(start)).collect()
}

/// Sorts, and joins what overlaps; the longer part says what the whole is.
fn merge(mut found: Vec<Finding>) -> Vec<Finding> {
    found.sort_by_key(|f| (f.start, std::cmp::Reverse(f.end), f.kind));
    let mut merged: Vec<(Finding, usize)> = Vec::with_capacity(found.len());
    for next in found {
        let length = next.end - next.start;
        match merged.last_mut() {
            Some((last, longest)) if next.start < last.end => {
                if (length, last.kind) > (*longest, next.kind) {
                    (last.kind, *longest) = (next.kind, length);
                }
                last.end = last.end.max(next.end);
            }
            _ => merged.push((next, length)),
        }
    }
    merged.into_iter().map(|(finding, _)| finding).collect()
}
