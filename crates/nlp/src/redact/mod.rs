//! Finds and masks the parts of a text that must not be shown: addresses, numbers, secrets, names.

mod checksums;
mod cues;
mod emails;
mod finding;
mod ibans;
mod ids;
mod names;
mod numbers;
mod places;
mod secrets;
mod signatures;
mod spelled_emails;
mod spelled_numbers;
mod unspaced_places;
mod vehicles;
mod web;
mod words;

pub use finding::{Finding, Kind};

use crate::memo::Memo;
use crate::text::Text;
use cues::Cues;
use std::cmp::Reverse;
use std::ops::Range;
use std::sync::LazyLock;

/// The most readings of a text: a mask can bare what touched it, such as a number glued to an address.
const ROUNDS_MAX: usize = 8;

/// Finds everything personal or secret, ascending and without overlap; `names` are those of the people in the
/// conversation. Takes time in proportion to the text.
pub fn find(text: &str, names: &[&str]) -> Vec<Finding> {
    find_beside(text, names, &[])
}

/// Finds what [`find`] does, and keeps what was found before: `kept`, ascending and without overlap.
pub fn find_beside(text: &str, names: &[&str], kept: &[Finding]) -> Vec<Finding> {
    FOUND.get((text, names, kept), || find_all(text, names, kept))
}

/// What was found in texts, with the names and the earlier findings beside them.
static FOUND: LazyLock<Memo<Vec<Finding>>> = LazyLock::new(Memo::new);

fn find_all(text: &str, names: &[&str], kept: &[Finding]) -> Vec<Finding> {
    let names = names::Known::new(names);
    let labels = labels(text);
    let mut found = merge(labels.iter().chain(kept).copied().collect());
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

/// Masks a part of a text, which is in bytes. Of a finding that reaches over an end of the part, the part has the label.
pub fn mask_part(text: &str, part: Range<usize>, findings: &[Finding]) -> String {
    let within = findings.iter().filter(|finding| finding.start < part.end && part.start < finding.end);
    let clipped = within.map(|finding| Finding {
        start: finding.start.max(part.start) - part.start,
        end: finding.end.min(part.end) - part.start,
        kind: finding.kind,
    });
    mask(&text[part.clone()], &clipped.collect::<Vec<_>>())
}

/// Reads the text once; what is in `found` is not read.
fn read(text: &str, names: &names::Known, found: &[Finding]) -> Vec<Finding> {
    let blanks: Vec<(usize, usize)> = found.iter().map(|f| (f.start, f.end)).collect();
    let text = Text::new(text, &blanks);
    let cues = Cues::new(&text);
    let mut spans = Vec::new();
    web::find(&text, &mut spans);
    emails::find(&text, &mut spans);
    spelled_emails::find(&text, &mut spans);
    secrets::find(&text, &cues, &mut spans);
    numbers::find(&text, &cues, &mut spans);
    ibans::find(&text, &mut spans);
    spelled_numbers::find(&text, &cues, &mut spans);
    ids::find(&text, &cues, &mut spans);
    vehicles::find(&text, &cues, &mut spans);
    places::find(&text, &cues, &mut spans);
    unspaced_places::find(&text, &mut spans);
    names::find(&text, &cues, names, &mut spans);
    signatures::find(&text, &cues, &mut spans);
    spans
        .into_iter()
        .map(|(start, end, kind)| Finding { start: text.offset(start), end: text.offset(end), kind })
        .collect()
}

/// Finds the labels of an earlier masking, which hold nothing any more.
fn labels(text: &str) -> Vec<Finding> {
    let label_at = |start: usize| {
        let kind = Kind::ALL.into_iter().find(|kind| text[start..].starts_with(kind.label()))?;
        Some(Finding { start, end: start + kind.label().len(), kind })
    };
    text.match_indices('[').filter_map(|(start, _)| label_at(start)).collect()
}

/// Sorts, and joins what overlaps; the longer part says what the whole is.
pub(crate) fn merge(mut found: Vec<Finding>) -> Vec<Finding> {
    found.sort_by_key(|f| (f.start, Reverse(f.end), f.kind));
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
