//! Numbers that are dictated digit by digit: "four one five, five five five…".

use super::cues::{Cue, Cues};
use super::finding::{Kind, Span};
use super::words::DIGITS;
use crate::text::Text;

/// The least digits at which a number is masked that is spelled in words.
const LONG: usize = 7;
/// The most words between "phone" or "order" and the number.
const REACH: usize = 5;

pub(super) fn find(text: &Text, cues: &Cues, spans: &mut Vec<Span>) {
    for digits in DIGITS.iter() {
        find_in_language(text, cues, digits, spans);
    }
}

/// Finds numbers in the digits of one language.
fn find_in_language(text: &Text, cues: &Cues, digits: &[&str], spans: &mut Vec<Span>) {
    let is_digit = |word: usize| digits.contains(&text.word(word));
    let mut first = 0;
    while first < text.words.len() {
        let mut next = first;
        while is_digit(next)
            && (next == first
                || text.gap_after(next - 1).iter().all(|c| matches!(c, ' ' | ',' | '-' | '.' | '\n')))
        {
            next += 1;
        }
        if next - first >= LONG {
            let kind = match cues.before(first, REACH, &[Cue::Phone, Cue::Order]) {
                Some(Cue::Phone) => Some(Kind::Phone),
                Some(_) => None,
                None => Some(Kind::Number),
            };
            spans.extend(kind.map(|kind| (text.words[first].start, text.words[next - 1].end, kind)));
        }
        first = next.max(first + 1);
    }
}
