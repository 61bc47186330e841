//! What names a car, and so its owner: its identification number and its plate.

use super::checksums;
use super::cues::{Cue, Cues};
use super::finding::{Kind, Span};
use crate::text::{BLANK, Text};

/// The characters of a vehicle identification number.
const VIN: usize = 17;
/// The words before a number of which one says what it is.
const REACH: usize = 4;
/// The characters of a plate, and its groups.
const PLATE: std::ops::RangeInclusive<usize> = 4..=9;
const PLATE_GROUPS_MAX: usize = 3;

pub(super) fn find(text: &Text, cues: &Cues, spans: &mut Vec<Span>) {
    for (i, word) in text.words.iter().enumerate() {
        let chars = text.word_chars(i);
        let is_shaped = chars.len() == VIN
            && chars.iter().all(|c| c.is_ascii_alphanumeric() && !"IOQioq".contains(*c))
            && chars.iter().any(char::is_ascii_digit)
            && chars.iter().any(char::is_ascii_alphabetic);
        if !is_shaped {
            continue;
        }
        let vin: Vec<u8> = chars.iter().map(|c| c.to_ascii_uppercase() as u8).collect();
        let cue = cues.before(i, REACH, &[Cue::Vehicle, Cue::Order]);
        if cue == Some(Cue::Vehicle) || cue.is_none() && checksums::vin(&vin) {
            spans.push((word.start, word.end, Kind::NationalId));
        }
    }
    for (word, cue) in cues.iter() {
        if cue == Cue::Plate {
            spans.extend(plate(text, word).map(|(start, end)| (start, end, Kind::NationalId)));
        }
    }
}

/// Finds the plate behind a word for it: "B-MW 4821", "LR12 KVA".
fn plate(text: &Text, cue: usize) -> Option<(usize, usize)> {
    let is_piece = |word: usize| {
        let chars = text.word_chars(word);
        !chars.is_empty()
            && chars.len() <= *PLATE.end()
            && chars.iter().all(|c| c.is_ascii_digit() || c.is_uppercase())
    };
    let is_open =
        |word: &usize| !text.gap_after(word - 1).iter().any(|c| matches!(c, '.' | '?' | '!' | &BLANK));
    let first = (cue + 1..=cue + REACH).take_while(is_open).find(|word| is_piece(*word))?;
    let mut last = first;
    while last + 1 < first + PLATE_GROUPS_MAX
        && matches!(text.gap_after(last), [' ' | '-' | '·'])
        && is_piece(last + 1)
    {
        last += 1;
    }
    let (start, end) = (text.words[first].start, text.words[last].end);
    let signs: Vec<char> = text.chars[start..end].iter().copied().filter(|c| c.is_alphanumeric()).collect();
    let is_mixed = signs.iter().any(char::is_ascii_digit) && signs.iter().any(|c| c.is_alphabetic());
    (is_mixed && PLATE.contains(&signs.len())).then_some((start, end))
}
