//! Mail addresses, as they are and taken apart: over lines, with blanks around their signs, letter by letter.

use super::finding::{Kind, Span};
use super::words::{DOMAIN_ENDING, MAIL_PROVIDER};
use crate::case_fold::fold_char;
use crate::text::{Text, writes_no_blanks};
use std::net::Ipv4Addr;

/// The longest local part and domain that mail allows.
const LOCAL_MAX: usize = 64;
const DOMAIN_MAX: usize = 255;
/// The most blanks around a sign of an address.
const BLANKS_MAX: usize = 3;
/// The least letters of an address that is given letter by letter, and the most.
const SPELLED_MIN: usize = 7;
const SPELLED_MAX: usize = 120;

pub(super) fn find(text: &Text, spans: &mut Vec<Span>) {
    for (at, _) in text.chars.iter().enumerate().filter(|(_, c)| **c == '@') {
        let before = local_end(text, at);
        let start = local_start(text, before);
        let domain = at + 1 + blanks_after(text, at + 1);
        let is_apart = before < at || domain > at + 1;
        let end = domain_end(text, domain, is_apart);
        // "see you @ home" has no ending; "thanks @shop.com" names a shop
        if start < before && end > domain {
            spans.push((start, end, Kind::Email));
        }
        spans.extend(letters_around(text, at).map(|(start, end)| (start, end, Kind::Email)));
    }
}

/// Returns the end of the local part before the sign: blanks may part them, or the end of a line.
fn local_end(text: &Text, at: usize) -> usize {
    let blanks =
        (1..=BLANKS_MAX).take_while(|back| at >= *back && text.char(at - back).is_whitespace()).count();
    at - blanks
}

fn blanks_after(text: &Text, from: usize) -> usize {
    (0..BLANKS_MAX)
        .take_while(|ahead| from + ahead < text.chars.len() && text.char(from + ahead).is_whitespace())
        .count()
}

/// Finds an address that is given letter by letter: "j o e @ e x a m p l e . c o m".
fn letters_around(text: &Text, at: usize) -> Option<(usize, usize)> {
    let is_alone = |i: usize| {
        !text.char(i).is_whitespace()
            && text.char_before(i).is_whitespace()
            && text.char(i + 1).is_whitespace()
    };
    if !is_alone(at) {
        return None;
    }
    let (mut start, mut end) = (at, at);
    while start >= 2 && end - start < SPELLED_MAX && is_alone(start - 2) {
        start -= 2;
    }
    while end + 2 < text.chars.len() && end - start < 2 * SPELLED_MAX && is_alone(end + 2) {
        end += 2;
    }
    let has_dot = text.chars[at..=end].iter().step_by(2).any(|c| *c == '.');
    let letters = (end - start) / 2 + 1;
    (start < at && has_dot && letters >= SPELLED_MIN).then_some((start, end + 1))
}

fn local_start(text: &Text, at: usize) -> usize {
    // the script of the last letter is that of the whole: in Chinese no blank parts the address from the sentence
    let no_blanks = writes_no_blanks(text.char_before(at));
    let is_local = |c: char| {
        c.is_alphanumeric() && writes_no_blanks(c) == no_blanks
            || matches!(c, '.' | '_' | '%' | '+' | '-' | '\'' | '&')
    };
    let mut start = at;
    while start > 0 && at - start < LOCAL_MAX && is_local(text.char(start - 1)) {
        start -= 1;
    }
    while start < at && !text.char(start).is_alphanumeric() && text.char(start) != '_' {
        start += 1;
    }
    start
}

/// Returns the end of a domain with a dot in it, or of a well-known one without; else where it starts. Of one that is
/// `apart` from its sign the ending has to be known.
fn domain_end(text: &Text, start: usize, is_apart: bool) -> usize {
    let no_blanks = writes_no_blanks(text.char(start));
    let is_label = |c: char| c.is_alphanumeric() && writes_no_blanks(c) == no_blanks || c == '-';
    let mut end = start;
    let mut labels: Vec<String> = Vec::new();
    let mut dots: Vec<usize> = Vec::new();
    loop {
        let label: String = text.chars[end..]
            .iter()
            .take(DOMAIN_MAX)
            .take_while(|c| is_label(**c))
            .map(|c| fold_char(*c))
            .collect();
        let length = label.chars().count();
        if length == 0 {
            end = dots.pop().unwrap_or(end);
            break;
        }
        end += length;
        labels.push(label);
        let Some(next) = next_label(text, end).filter(|_| labels.len() <= 8) else { break };
        dots.push(end);
        end = next;
    }
    let is_ending =
        |labels: &[String]| labels.last().is_some_and(|last| DOMAIN_ENDING.contains(&last.as_str()));
    // what was taken for a dot and was none: the end of the sentence
    let is_apart_dot = |dot: &usize| text.char(*dot) != '.' || !text.char(dot + 1).is_alphanumeric();
    if !is_ending(&labels)
        && let Some(first) = dots.iter().position(is_apart_dot)
    {
        end = dots[first];
        labels.truncate(first + 1);
    }
    let is_known =
        labels.first().is_some_and(|label| MAIL_PROVIDER.iter().any(|provider| label.starts_with(provider)));
    let has_ending = labels.len() > 1
        && labels
            .last()
            .is_some_and(|last| last.chars().count() > 1 && !last.chars().any(|c| c.is_ascii_digit()))
        && (!is_apart || is_ending(&labels));
    if has_ending || is_known || is_address_literal(&labels) { end } else { start }
}

/// Returns where the next label of a domain starts, after a dot, which may be a comma or have blanks around it.
fn next_label(text: &Text, end: usize) -> Option<usize> {
    let before = blanks_after(text, end);
    let dot = end + before;
    let is_dot = text.char(dot) == '.' || text.char(dot) == ',' && before == 0;
    let after = blanks_after(text, dot + 1);
    // ". " ends a sentence, " . " and " ." do not, and neither does the end of a line within an address
    let is_sentence = before == 0 && after > 0 && (text.char(dot) == ',' || text.char(dot + 1) != '\n');
    (dot < text.chars.len() && is_dot && !is_sentence).then_some(dot + 1 + after)
}

fn is_address_literal(labels: &[String]) -> bool {
    labels.len() == 4 && labels.join(".").parse::<Ipv4Addr>().is_ok()
}
