//! National ids: by their shape and check digits, or by the words before them.

use super::checksums as check;
use super::cues::{Cue, Cues};
use super::finding::{Kind, Span};
use crate::text::{BLANK, Text};

/// The written form of an id: `d` a digit, `L` a letter, `w` either, a blank an optional separator, anything else
/// itself; and a condition on its characters.
type Shape = (&'static str, fn(&[u8]) -> bool);

const SHAPES: &[Shape] = &[
    ("ddd-dd-dddd", check::us),
    ("LL dd dd dd L", check::gb),
    ("dd ddd ddd ddd", check::de),
    ("d dd dd dd ddd ddd dd", check::fr),
    ("d dd dd 2L ddd ddd dd", check::fr),
    ("ddddddddL", check::es),
    ("dddddddd-L", check::es),
    ("dd.ddd.ddd-L", check::es),
    ("dd.ddd.dddL", check::es),
    ("LdddddddL", check::es),
    ("L-dddddddL", check::es),
    ("L-ddddddd-L", check::es),
    ("LLL LLL ddLdd LdddL", check::it),
    ("dd.dd.dd-ddd.dd", check::be),
    ("ddddddddddd", check::be),
    ("ddddddddddd", check::pl),
    ("ddd.ddd.ddd-dd", check::br),
    ("ddddddddddd", check::br),
    ("dddddd-dddd", check::se),
    ("dddddd+dddd", check::se),
    ("dddddddd-dddd", check::se),
    ("dddddddddddd", check::se),
    ("dddddd-dddd", check::dk),
    ("dddddd-dddw", check::fi),
    ("dddddd+dddw", check::fi),
    ("ddddddLdddw", check::fi),
    ("dddddd ddddd", check::no),
    ("dddddd/dddd", check::cz),
    ("ddddddddddd", check::tr),
    ("dddddd dddddddd dddw", check::cn),
    ("dddddd-ddddddd", check::kr),
    ("dddddd dddd ddd", check::za),
    ("ddddddddddddd", check::ro),
    ("ddddddddddd", check::gr),
    ("756.dddd.dddd.dd", check::ch),
    ("756dddddddddd", check::ch),
    ("dd.ddd.ddd-w", check::cl),
    ("d.ddd.ddd-w", check::cl),
    ("dddddddd-w", check::cl),
    ("LLLLddddddLLLLLLwd", check::mx),
    ("dddd dddd dddd", check::aadhaar),
    ("LLLLLddddL", check::pan),
    ("ddd-ddd-ddd dd", check::ru),
];

/// The longest number in a shape, and the longest id behind a cue, in characters.
const LENGTH_MAX: usize = 24;
/// The digits that are given of a long number, and the most words between them and the words that say so.
const LAST_DIGITS: usize = 4;
const LAST_REACH: usize = 7;
/// The most words between "passport" and its number.
const REACH: usize = 4;

pub(super) fn find(text: &Text, cues: &Cues, spans: &mut Vec<Span>) {
    for (i, word) in text.words.iter().enumerate() {
        let in_number = is_number_joint(text, word.start.wrapping_sub(1), word.start.wrapping_sub(2));
        if in_number || cues.before(i, 2, &[Cue::Order, Cue::Id]) == Some(Cue::Order) {
            continue;
        }
        // an employer's number, which has no check digit: in capitals, since "ein" is a word in German
        if text.word_chars(i) == ['E', 'I', 'N']
            && let Some(number) = text.words.get(i + 1).filter(|number| number.start <= word.end + 2)
            && let Some((_, end)) = read(text, number.start, "dd-ddddddd")
        {
            spans.push((number.start, end, Kind::NationalId));
        }
        for (shape, holds) in SHAPES {
            if let Some((id, end)) = read(text, word.start, shape)
                && holds(&id)
            {
                spans.push((word.start, end, Kind::NationalId));
            }
        }
    }
    for (word, cue) in cues.iter() {
        if cue == Cue::Id
            && let Some((start, end)) = after_cue(text, cues, word)
        {
            spans.push((start, end, Kind::NationalId));
        }
        if cue == Cue::LastFour {
            spans.extend(last_digits(text, cues, word));
        }
    }
}

/// Finds the last digits of a card or an id, where a word near says of which: "my card ending in 4821".
fn last_digits(text: &Text, cues: &Cues, cue: usize) -> Option<Span> {
    let is_four = |word: &usize| {
        let chars = text.word_chars(*word);
        chars.len() == LAST_DIGITS && chars.iter().all(char::is_ascii_digit)
    };
    let is_open = |word: &usize| !text.gap_after(word - 1).contains(&BLANK);
    let found = (cue + 1..=cue + LAST_REACH).take_while(is_open).find(is_four)?;
    let reach = found - cue.saturating_sub(LAST_REACH);
    let kind = match cues.before(
        found,
        reach,
        &[Cue::Card, Cue::Ssn, Cue::Id, Cue::Order, Cue::BankAccount, Cue::Account],
    )? {
        Cue::Card => Kind::Card,
        Cue::Ssn | Cue::Id => Kind::NationalId,
        Cue::Order => return None,
        _ => Kind::Number,
    };
    Some((text.words[found].start, text.words[found].end, kind))
}

/// Reads a shape from here. Returns the characters that count, and the end.
fn read(text: &Text, start: usize, shape: &str) -> Option<(Vec<u8>, usize)> {
    let mut id = Vec::new();
    let mut i = start;
    for expected in shape.bytes() {
        let c = text.char(i).to_ascii_uppercase();
        let fits = match expected {
            b' ' => {
                i += usize::from(matches!(c, ' ' | '-' | '.' | '/'));
                continue;
            }
            b'd' => c.is_ascii_digit(),
            b'L' => c.is_ascii_uppercase(),
            b'w' => c.is_ascii_alphanumeric(),
            _ => c == char::from(expected),
        };
        if !fits {
            return None;
        }
        if c.is_ascii_alphanumeric() {
            id.push(c as u8);
        }
        i += 1;
    }
    let goes_on = text.char(i).is_alphanumeric() || is_number_joint(text, i, i + 1);
    (!goes_on).then_some((id, i))
}

/// Tells if the character at `joint` glues what stands at `beyond` to a number.
fn is_number_joint(text: &Text, joint: usize, beyond: usize) -> bool {
    matches!(text.char(joint), '-' | '/' | '.' | '_' | '+') && text.char(beyond).is_alphanumeric()
}

/// Finds the number that a cue announces: words with digits, at least five digits in all.
fn after_cue(text: &Text, cues: &Cues, cue: usize) -> Option<(usize, usize)> {
    let has_digit = |word: usize| text.word_chars(word).iter().any(char::is_ascii_digit);
    let first = (cue + 1..=cue + REACH).find(|word| has_digit(*word))?;
    let (mut from, mut last) = (first, first);
    let is_masked = text.chars[text.words[cue].end..text.words[first].start].contains(&BLANK);
    if is_masked || cues.before(first, first - cue, &[Cue::Order, Cue::Phone, Cue::Born]).is_some() {
        return None;
    }
    // letters may go before the digits and between them: "AB 12 34 56 C"
    let is_letters = |word: usize| {
        let chars = text.word_chars(word);
        matches!(chars.len(), 1 | 2) && chars.iter().all(char::is_ascii_uppercase)
    };
    let is_joined = |word: usize| matches!(text.gap_after(word), [' ' | '-' | '.' | '/' | '\n' | '_' | '·']);
    if first - 1 > cue && is_letters(first - 1) && is_joined(first - 1) {
        from -= 1;
    }
    let start = text.words[from].start;
    while is_joined(last)
        && (has_digit(last + 1) || is_letters(last + 1))
        && text.words[last + 1].end - start <= LENGTH_MAX
    {
        last += 1;
    }
    let end = text.words[last].end;
    let digits = text.chars[start..end].iter().filter(|c| c.is_ascii_digit()).count();
    let is_date = matches!(text.char(start + 2), '.' | '/') || matches!(text.char(start + 4), '-' | '/');
    (digits >= 5 && !(is_date && digits == 8)).then_some((start, end))
}
