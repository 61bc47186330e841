//! Addresses and dates of birth.

use super::cues::{Cue, Cues};
use super::finding::{Kind, Span};
use super::words::{
    DATE_LINK, DATE_NUMBER, FLAT, HOUSE, MONTH, STREET_AFTER, STREET_ALONE, STREET_BEFORE,
    STREET_BEHIND_NUMBER, STREET_ENDING, STREET_PARTICLE,
};
use crate::text::{BLANK, Text};

/// The most words between "born" and the date.
const REACH: usize = 5;
/// The most groups of digits of a post box.
const POST_BOX_GROUPS_MAX: usize = 3;
/// The least digits behind the point by which degrees tell a house.
const DEGREES_PART: usize = 4;
/// The longest street name between its number and "Street", in words.
const STREET_MAX: usize = 4;

pub(super) fn find(text: &Text, cues: &Cues, spans: &mut Vec<Span>) {
    for (word, cue) in cues.iter() {
        if cue == Cue::Born
            && let Some((start, end)) = birth_date(text, word)
        {
            spans.push((start, end, Kind::BirthDate));
        }
    }
    for word in 0..text.words.len() {
        // "P.O. Box"
        let is_dotted =
            word > 1 && text.word(word) == "box" && (text.word(word - 1), text.word(word - 2)) == ("o", "p");
        if (is_dotted || cues.at(word) == Some(Cue::PostBox))
            && let Some(last) = post_box(text, word)
        {
            spans.push((text.words[word + 1].start, text.words[town(text, last)].end, Kind::Address));
        }
    }
    for word in 0..text.words.len() {
        let street = number_first(text, cues, word).or_else(|| name_first(text, word));
        if let Some((first, last)) = street {
            let (first, last) = (flat_before(text, first), flat_after(text, last));
            spans.push((text.words[first].start, text.words[town(text, last)].end, Kind::Address));
        }
    }
    find_coordinates(text, spans);
}

/// Finds the last word of the number of a post box: "4471", "12 34 56".
fn post_box(text: &Text, cue: usize) -> Option<usize> {
    let is_number = |word: usize| {
        let chars = text.word_chars(word);
        (1..=6).contains(&chars.len()) && chars.iter().all(char::is_ascii_digit)
    };
    let gap: Vec<char> =
        text.gap_after(cue).iter().copied().filter(|c| !matches!(c, ' ' | '.' | ':' | '#' | 'º')).collect();
    // "27 bp 4 a" is none
    if !gap.is_empty() || !is_number(cue + 1) || text.word_chars(cue + 1).len() < 2 {
        return None;
    }
    let mut last = cue + 1;
    while last < cue + POST_BOX_GROUPS_MAX && text.gap_after(last) == [' '] && is_number(last + 1) {
        last += 1;
    }
    Some(last)
}

/// Returns the first word of the flat before a street: "Flat 5, 27 Albion Street".
fn flat_before(text: &Text, street: usize) -> usize {
    let Some(flat) = street.checked_sub(2) else { return street };
    let is_flat = FLAT.contains(&text.word(flat))
        && text.gap_after(flat) == [' ']
        && is_house_number(text, flat + 1)
        && matches!(text.gap_after(flat + 1), [',' | ' '] | [',', ' ']);
    if is_flat { flat } else { street }
}

/// Returns the last word of the flat behind a house number: "5 m. 12", "д. 5, кв. 12", "Apt 4B".
fn flat_after(text: &Text, number: usize) -> usize {
    let is_near =
        |word: usize| matches!(text.gap_after(word), [' ' | '.' | '/' | '#'] | [',' | '.', ' '] | [' ', '#']);
    let is_numbered = |word: usize| is_near(word) && is_house_number(text, word + 1);
    if is_near(number) && FLAT.contains(&text.word(number + 1)) && is_numbered(number + 1) {
        return number + 2;
    }
    if text.gap_after(number) == ['/'] && is_house_number(text, number + 1) { number + 1 } else { number }
}

/// Finds a place given by its degrees: "52.520008, 13.404954", "40.7128° N, 74.0060° W".
fn find_coordinates(text: &Text, spans: &mut Vec<Span>) {
    let degrees = |word: usize, most: u32| {
        let (whole, part) = (text.word_chars(word), text.word_chars(word + 1));
        let number =
            whole.iter().take(4).try_fold(0_u32, |n, c| Some(n * 10 + c.to_digit(10)?)).unwrap_or(u32::MAX);
        (1..=3).contains(&whole.len())
            && number <= most
            && text.gap_after(word) == ['.']
            && (DEGREES_PART..=10).contains(&part.len())
            && part.iter().all(char::is_ascii_digit)
    };
    for first in 0..text.words.len() {
        if !degrees(first, 90) || matches!(text.char_before(text.words[first].start), '.' | '/' | '$' | '€')
        {
            continue;
        }
        let is_side = |word: usize| matches!(text.word(word), "n" | "s" | "e" | "w" | "o");
        let second = first + 2 + usize::from(is_side(first + 2));
        let gap = text.gap_after(second - 1);
        let is_pair =
            gap.len() <= 4 && gap.iter().all(|c| matches!(c, ' ' | ',' | ';' | '/' | '-' | '+' | '°' | '\n'));
        if is_pair && degrees(second, 180) {
            let last = second + 1 + usize::from(is_side(second + 2) && text.gap_after(second + 1).len() <= 2);
            let start = text.words[first].start;
            let sign = usize::from(matches!(text.char_before(start), '-' | '+'));
            spans.push((start - sign, text.words[last].end, Kind::Address));
        }
    }
}

/// Finds the date within reach of "born", or, as in German and Turkish, right before it.
fn birth_date(text: &Text, cue: usize) -> Option<(usize, usize)> {
    let is_open = |word: &usize| !text.gap_after(word - 1).contains(&BLANK);
    let near = (cue + 1..=cue + REACH).take_while(is_open);
    let after = near.into_iter().find(|word| is_date_part(text, *word)).and_then(|first| date(text, first));
    let before = || {
        let dates = (cue.saturating_sub(REACH)..cue).filter_map(|first| date(text, first));
        dates.into_iter().find(|(_, last)| last + 1 == cue)
    };
    let (first, last) = after.or_else(before)?;
    Some((text.words[first].start, text.words[last].end))
}

fn is_date_part(text: &Text, word: usize) -> bool {
    is_number(text, word) || is_month(text, word) || is_number_word(text, word)
}

/// Returns the words of the date that starts here: "12/05/1980", "May 5th, 1980", "5. Mai 1980", "1980年5月12日".
fn date(text: &Text, first: usize) -> Option<(usize, usize)> {
    if !is_date_part(text, first) {
        return None;
    }
    let mut last = first;
    for word in first + 1..first + 6 {
        let gap = text.gap_after(word - 1);
        let is_near = gap.len() <= 3
            && gap.iter().all(|c| matches!(c, ' ' | '.' | '/' | '-' | ',' | '\'' | '\n' | '_'));
        if !is_near {
            break;
        }
        if is_date_part(text, word) || matches!(text.word(word), "日" | "일") {
            last = word;
        } else if !DATE_LINK.contains(&text.word(word)) {
            break;
        }
    }
    let parts = (first..=last).filter(|word| is_date_part(text, *word)).count();
    let digits = (first..=last).flat_map(|word| text.word_chars(word)).filter(|c| c.is_ascii_digit()).count();
    (parts >= 2 && digits >= 3 || digits >= 6).then_some((first, last))
}

/// Tells "5", "5th", "1980", "05121980".
fn is_number(text: &Text, word: usize) -> bool {
    let chars = text.word_chars(word);
    let digits = chars.iter().take_while(|c| c.is_ascii_digit()).count();
    let ending = &chars[digits..];
    (1..=8).contains(&digits) && (ending.len() <= 2 && ending.iter().all(|c| c.is_alphabetic()))
}

fn is_month(text: &Text, word: usize) -> bool {
    let word = text.word(word);
    MONTH.iter().any(|month| word.starts_with(month)) && (3..=12).contains(&word.chars().count())
}

/// Tells a day in words, which counts only between other parts: "May fifth", "the twenty third of June".
fn is_number_word(text: &Text, word: usize) -> bool {
    let word = text.word(word);
    (word.ends_with("th") || DATE_NUMBER.contains(&word))
        && word.len() > 4
        && word.len() < 14
        && word != "month"
}

/// Tells a word that begins with a capital, or a number in a street's name ("5th", "42nd").
fn is_title(text: &Text, word: usize) -> bool {
    text.word_chars(word).first().is_some_and(|c| c.is_uppercase() || c.is_ascii_digit())
}

fn is_house_number(text: &Text, word: usize) -> bool {
    let chars = text.word_chars(word);
    let digits = chars.iter().take_while(|c| c.is_ascii_digit()).count();
    (1..=5).contains(&digits) && chars.len() <= digits + 1
}

fn is_near(text: &Text, word: usize) -> bool {
    matches!(text.gap_after(word), [' ' | '.' | '-' | '\''] | [',' | '.', ' '])
}

/// Finds an address that begins with its number. Returns its first and last word: "3214 Kempwood Drive", "12 rue de la
/// Paix".
fn number_first(text: &Text, cues: &Cues, number: usize) -> Option<(usize, usize)> {
    let start = text.words[number].start;
    let is_part = matches!(text.char_before(start), '.' | ',' | '-' | '/' | ':' | '$' | '#');
    if !is_house_number(text, number) || is_part || !is_near(text, number) {
        return None;
    }
    if STREET_BEFORE.contains(&text.word(number + 1)) || STREET_BEHIND_NUMBER.contains(&text.word(number + 1))
    {
        return Some((number, street_name(text, number + 1)?));
    }
    // in small letters only where somebody says that an address follows
    let is_said = cues.before(number, 2, &[Cue::Home]).is_some();
    for last in number + 1..=number + STREET_MAX {
        if !is_title(text, last) && !is_said || text.word_chars(last).len() < 2 && last > number + 1 {
            return None;
        }
        if last > number + 1 && STREET_AFTER.contains(&text.word(last)) {
            return Some((number, last));
        }
        if !matches!(text.gap_after(last), [' ' | '\''] | ['.', ' ']) {
            return None;
        }
    }
    None
}

/// Finds an address that begins with its street. Returns its first and last word: "Hauptstraße 12", "Calle de Alcalá, 42".
fn name_first(text: &Text, street: usize) -> Option<(usize, usize)> {
    let word = text.word(street);
    // "Berliner Straße 5", "Lange Str. 5"
    let is_alone = STREET_ALONE.contains(&word);
    let is_second = is_alone && street > 0 && is_title(text, street - 1) && is_near(text, street - 1);
    let is_named = STREET_ENDING.iter().any(|ending| word.ends_with(ending))
        && word.chars().count() > 6
        && is_title(text, street)
        && !is_alone;
    let name = match STREET_BEFORE.contains(&word).then(|| street_name(text, street)).flatten() {
        Some(name) => name,
        None if is_second || is_named => street,
        None => return None,
    };
    let first = if name == street && is_second { street - 1 } else { street };
    let has_word = HOUSE.contains(&text.word(name + 1));
    let number = name + 1 + usize::from(has_word);
    let is_numbered = is_near(text, name) && is_house_number(text, number);
    (is_numbered && (!has_word || is_near(text, name + 1))).then_some((first, number))
}

/// Returns the last word of a name that begins with the word for street: capitals, and small words between them.
fn street_name(text: &Text, street: usize) -> Option<usize> {
    let mut last = street;
    for word in street + 1..=street + STREET_MAX + 1 {
        if !is_near(text, word - 1) || is_house_number(text, word) {
            break;
        }
        let is_shouted = text.word_chars(word).iter().all(|c| c.is_uppercase());
        if is_title(text, word) && !is_shouted {
            last = word;
        } else if !STREET_PARTICLE.contains(&text.word(word)) {
            break;
        }
    }
    (last > street).then_some(last)
}

/// Returns the last word of the place behind a street: "…, Pittsburgh, PA 49058", "…, 10115 Berlin", "…, London SW1A 2AA".
fn town(text: &Text, street: usize) -> usize {
    let mut last = street;
    let (mut has_town, mut has_code) = (false, false);
    if let Some(town) = lone_town(text, street) {
        return town;
    }
    for word in street + 1..=street + 6 {
        let chars = text.word_chars(word);
        let is_next = matches!(text.gap_after(word - 1), [' ' | '\n' | ',' | '-'] | [',', ' ' | '\n']);
        let is_code = chars.len() > 2 || text.gap_after(word) == ['-'];
        if !is_next || chars.is_empty() {
            break;
        }
        if chars[0].is_ascii_digit() && chars.len() <= 6 && is_code {
            (last, has_code) = (word, true);
        } else if chars.len() <= 4 && chars.iter().all(|c| c.is_uppercase() || c.is_ascii_digit()) {
            // a state, or half of a postcode
            last = if has_code { word } else { last };
        } else if is_title(text, word) && !has_code {
            has_town = true;
        } else {
            let is_town = has_code && !has_town && is_title(text, word) && text.gap_after(word - 1) == [' '];
            return if is_town { word } else { last };
        }
    }
    last
}

/// Returns the last word of a town that stands between a comma and the end of the sentence: "…, Leeds".
fn lone_town(text: &Text, street: usize) -> Option<usize> {
    let is_town =
        |word: usize| is_title(text, word) && text.word_chars(word).iter().all(|c| c.is_alphabetic());
    if text.gap_after(street) != [',', ' '] || !is_town(street + 1) {
        return None;
    }
    let has_second = text.gap_after(street + 1) == [' '] && is_town(street + 2);
    let last = street + 1 + usize::from(has_second);
    let ends = matches!(text.gap_after(last).first(), None | Some('.' | '!' | '?' | '\n' | ')'));
    ends.then_some(last)
}
