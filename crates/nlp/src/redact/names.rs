//! Names: those of the people in the conversation, and those with which people introduce themselves.

use super::cues::{Cue, Cues};
use super::finding::{Kind, Span};
use super::words::{AFTER_NAME, GREETING, NAME_PARTICLE, THAI};
use crate::text::{BLANK, Text, is_word_char, writes_no_blanks};
use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

/// Words that are names and words at once ("will", "Klein"), and words that no name begins with.
static COMMON: LazyLock<HashSet<String>> = LazyLock::new(|| word_list(include_str!("common.txt")));
static NEVER: LazyLock<HashSet<String>> = LazyLock::new(|| word_list(include_str!("never.txt")));

fn word_list(list: &str) -> HashSet<String> {
    let words = Text::new(list, &[]);
    (0..words.words.len()).map(|word| words.word(word).to_owned()).collect()
}

/// The most words of a name, and the most characters where no blanks are written.
const WORDS_MAX: usize = 4;
const UNSPACED_MAX: usize = 4;
/// The most characters of one part of a Thai name.
const THAI_MAX: usize = 20;
/// The least letters of a known name that is found though one of them is wrong.
const MISSPELT_MIN: usize = 6;

/// The names of the people in a conversation, ready to be found.
pub(super) struct Known {
    by_first: HashMap<String, Vec<Pattern>>,
    /// Parts that are long enough to be known though a letter is wrong.
    long: Vec<String>,
}

struct Pattern {
    words: Vec<String>,
    /// True of an everyday word: only a capital inside a sentence tells the name.
    is_common: bool,
}

impl Known {
    /// Takes each name whole, from behind, and each part of two letters or more; one of two letters counts only with a
    /// capital inside a sentence.
    pub(super) fn new(names: &[&str]) -> Known {
        let mut known = Known { by_first: HashMap::new(), long: Vec::new() };
        for name in names {
            let text = Text::new(name, &[]);
            let words: Vec<String> = (0..text.words.len()).map(|word| text.word(word).to_owned()).collect();
            let is_unspaced = text.chars.iter().copied().any(writes_no_blanks);
            if words.len() > 1 {
                known.add(words.clone());
            }
            // an address or a user name is found whole or not at all
            if is_unspaced || name.contains(['@', '_']) {
                continue;
            }
            if words.len() == 2 {
                known.add(words.iter().rev().cloned().collect());
            }
            for word in words {
                let length = word.chars().count();
                if length >= 2 && !is_never(&word) && !word.chars().all(|c| c.is_ascii_digit()) {
                    if length >= MISSPELT_MIN {
                        known.long.push(word.clone());
                    }
                    known.add(vec![word]);
                }
            }
        }
        known
    }

    fn add(&mut self, words: Vec<String>) {
        let Some(first) = words.first().cloned() else { return };
        let is_short = words.len() == 1 && first.chars().nth(2).is_none();
        let is_common = is_short || words.iter().all(|word| COMMON.contains(word) || NEVER.contains(word));
        let patterns = self.by_first.entry(first).or_default();
        patterns.push(Pattern { words, is_common });
        patterns.sort_by_key(|pattern| Reverse(pattern.words.len()));
    }

    /// Returns the number of words of the known name that starts at this word.
    fn at(&self, text: &Text, word: usize) -> Option<usize> {
        let patterns = self.by_first.get(text.word(word)).into_iter().flatten();
        let found = patterns.into_iter().find(|pattern| pattern.is_at(text, word));
        found.map(|found| found.words.len()).or_else(|| self.is_misspelt(text, word).then_some(1))
    }

    /// Tells a long name that is written with a capital and one letter wrong.
    fn is_misspelt(&self, text: &Text, word: usize) -> bool {
        let written = text.word(word);
        is_title(text, word)
            && !COMMON.contains(written)
            && !NEVER.contains(written)
            && self.long.iter().any(|name| is_one_letter_off(name, written))
    }
}

/// Tells if two words begin alike and differ by one letter: left out, added, changed, or two in the wrong order.
fn is_one_letter_off(one: &str, other: &str) -> bool {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let (short, long) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    if long.len() - short.len() > 1 || short.len() + 1 < MISSPELT_MIN || short.first() != long.first() {
        return false;
    }
    let same = short.iter().zip(&long).take_while(|(a, b)| a == b).count();
    let rest_is_same = |from_short: usize, from_long: usize| {
        short.get(same + from_short..).unwrap_or(&[]) == long.get(same + from_long..).unwrap_or(&[])
    };
    if short.len() < long.len() {
        return rest_is_same(0, 1);
    }
    let is_swapped = same + 1 < short.len()
        && short[same] == long[same + 1]
        && short[same + 1] == long[same]
        && rest_is_same(2, 2);
    same < short.len() && (rest_is_same(1, 1) || is_swapped)
}

impl Pattern {
    fn is_at(&self, text: &Text, start: usize) -> bool {
        let last = start + self.words.len() - 1;
        let is_near = |word: usize| text.gap_after(word).len() <= 3 && !text.gap_after(word).contains(&BLANK);
        self.words.iter().enumerate().all(|(i, expected)| text.word(start + i) == expected)
            && (start..last).all(is_near)
            && (!self.is_common
                || (start..=last).all(|word| is_title(text, word) && (last > start || is_inside(text, word))))
    }
}

/// Tells if a capital says something: the word neither begins a sentence nor stands among capitals.
fn is_inside(text: &Text, word: usize) -> bool {
    if word == 0 {
        // "Will, are you there?"
        return text.gap_after(0).first() == Some(&',');
    }
    GREETING.contains(&text.word(word - 1))
        || text.gap_after(word - 1).iter().all(|c| !matches!(c, '.' | '!' | '?' | '\n' | ':' | '"'))
}

pub(super) fn find(text: &Text, cues: &Cues, known: &Known, spans: &mut Vec<Span>) {
    let mut word = 0;
    while word < text.words.len() {
        let length = known.at(text, word);
        if let Some(length) = length {
            spans.push((text.words[word].start, text.words[word + length - 1].end, Kind::Name));
        }
        word += length.unwrap_or(1);
    }
    for (word, cue) in cues.iter() {
        let last = match cue {
            Cue::Name => introduced(text, cues, word),
            Cue::This if text.gap_after(word).first() == Some(&':') => introduced(text, cues, word),
            Cue::This => presented(text, word),
            Cue::Title => titled(text, word),
            _ => None,
        };
        spans.extend(last.map(|last| {
            let end = text.words[last].end;
            let has_stop = is_letter(text, last) && text.char(end) == '.';
            (text.words[word + 1].start, end + usize::from(has_stop), Kind::Name)
        }));
    }
}

/// Finds the last word of the name after "my name is", however it is written.
fn introduced(text: &Text, cues: &Cues, cue: usize) -> Option<usize> {
    let first = cue + 1;
    let gap = text.gap_after(cue);
    let is_near = gap.len() <= 3 && gap.iter().all(|c| matches!(c, ' ' | ':' | '"' | '\'' | '=' | '-'));
    if !is_near
        || !can_start(text, first)
        || cues.at(first).is_some_and(|cue| !matches!(cue, Cue::Title | Cue::Unit | Cue::Extension))
    {
        return None;
    }
    if text.word_chars(first).iter().copied().all(writes_no_blanks) {
        return Some(unspaced_end(text, first));
    }
    if is_title(text, first) {
        return Some(title_end(text, first));
    }
    // in small letters, or in capitals throughout: a second word only if the sentence ends or turns after it
    let is_last = |word: usize| text.gap_after(word) != [' '] || NEVER.contains(text.word(word + 1));
    // a script without case does not tell; in Arabic "and" is glued to the word after it
    let is_caseless = text.word_chars(first).iter().all(|c| !c.is_lowercase() && !c.is_uppercase());
    let goes_on = is_last(first + 1) || is_caseless && !text.word(first + 1).starts_with('و');
    if text.word_chars(first).len() < 2 {
        return None;
    }
    let has_second = text.gap_after(first) == [' ']
        && can_start(text, first + 1)
        && goes_on
        && cues.at(first + 1).is_none();
    Some(first + usize::from(has_second))
}

/// Finds the last word of the name after "this is", "I'm": only capitals tell a name from anything else.
fn presented(text: &Text, cue: usize) -> Option<usize> {
    let first = cue + 1;
    let gap = text.gap_after(cue);
    // "this is john speaking"
    let is_said =
        matches!(text.word(first + 1), "speaking" | "calling") && gap == [' '] && can_start(text, first);
    if is_said {
        return Some(first);
    }
    let is_named = is_title(text, first) && can_start(text, first) && gap == [' '];
    if !is_named || COMMON.contains(text.word(first)) && !is_title(text, first + 1) {
        return None;
    }
    let last = title_end(text, first);
    let next = text.word(last + 1);
    let ends = text.gap_after(last) != [' '] || text.words.len() == last + 1 || text.word(cue) == "me";
    let turns = AFTER_NAME.contains(&next);
    // a noun has a capital in German, so that one word is not enough there
    let is_noun = matches!(text.word(cue), "bin" | "name") && last == first;
    ((ends || turns) && !is_noun).then_some(last)
}

/// Finds the last word of a name after a title: "Mrs. Jones", "Herr Dr. Müller".
fn titled(text: &Text, cue: usize) -> Option<usize> {
    let first = cue + 1;
    if is_thai(text, first) && matches!(text.gap_after(cue), [] | [' ' | '.']) {
        return Some(unspaced_end(text, first));
    }
    let is_near = matches!(text.gap_after(cue), [' ' | '.'] | ['.', ' ']);
    let is_form =
        text.word_chars(cue).first().is_some_and(|c| c.is_uppercase()) || text.gap_after(cue) == [' '];
    let is_name = is_near
        && is_form
        && is_title(text, first)
        && can_start(text, first)
        && text.word_chars(first).len() > 2;
    is_name.then(|| title_end(text, first))
}

fn is_thai(text: &Text, word: usize) -> bool {
    text.word_chars(word).first().is_some_and(|c| ('\u{e01}'..='\u{e4e}').contains(c))
}

/// Returns the last letter of a Thai name: of the given name up to a blank, and of the family name behind it.
fn thai_end(text: &Text, first: usize) -> usize {
    let part = |from: usize| {
        let rest = text.words.get(from).map_or(&[][..], |word| &text.chars[word.start..]);
        let run: String =
            rest.iter().take(THAI_MAX).take_while(|c| ('\u{e01}'..='\u{e4e}').contains(*c)).collect();
        let ends = THAI.iter().filter_map(|word| run.find(word)).min().unwrap_or(run.len());
        run[..ends].chars().count()
    };
    let given = part(first);
    let next = first + given;
    let family =
        if given > 0 && text.gap_after(next - 1) == [' '] && is_thai(text, next) { part(next) } else { 0 };
    (next + family).saturating_sub(1).max(first)
}

/// Returns the last word of a name in capitals: "Joe Last", "Andrew M.", "Ludwig van der Berg", "Jean-Pierre O'Neil".
pub(super) fn title_end(text: &Text, first: usize) -> usize {
    let mut last = first;
    let mut next = first + 1;
    while next < first + WORDS_MAX + 2 && last + 1 - first < WORDS_MAX {
        let is_initial = text.word_chars(next - 1).len() == 1 || matches!(text.word(next - 1), "dr" | "prof");
        let is_near = match text.gap_after(next - 1) {
            [' ' | '-' | '\''] => true,
            ['.', ' '] => is_initial,
            _ => false,
        };
        if !is_near {
            break;
        }
        let is_new_sentence = text.gap_after(next - 1) == ['.', ' '] && NEVER.contains(text.word(next));
        if (is_title(text, next) || is_letter(text, next)) && !is_new_sentence && !is_stop(text, next) {
            last = next;
        } else if !NAME_PARTICLE.contains(&text.word(next)) {
            break;
        }
        next += 1;
    }
    last
}

/// Tells words that a capital does not make a part of a name: "I", "My", "Please".
fn is_stop(text: &Text, word: usize) -> bool {
    NEVER.contains(text.word(word)) && text.word_chars(word).len() != 1 || text.word(word) == "i"
}

/// Returns the last word of a name that no blank ends: it goes on to the next script or sign.
fn unspaced_end(text: &Text, first: usize) -> usize {
    if is_thai(text, first) {
        return thai_end(text, first);
    }
    let is_name = |word: usize| {
        let c = text.word_chars(word).first().copied().unwrap_or(' ');
        // the particles that follow a name are hiragana; of the Chinese words, the commonest
        writes_no_blanks(c) && !('\u{3041}'..='\u{309f}').contains(&c) && !"我的是您你想要有请在".contains(c)
    };
    let mut last = first;
    while last + 1 < first + UNSPACED_MAX && text.gap_after(last).is_empty() && is_name(last + 1) {
        last += 1;
    }
    last
}

/// Tells if a name can begin with this word: "My", "not" and "calling" begin none, but "May" and "O'Brien" do.
pub(super) fn can_start(text: &Text, word: usize) -> bool {
    let chars = text.word_chars(word);
    let is_plain = if is_title(text, word) {
        chars.len() > 1 && is_never(text.word(word))
    } else {
        NEVER.contains(text.word(word))
    };
    !chars.is_empty() && chars.iter().all(|c| is_word_char(*c) && !c.is_numeric()) && !is_plain
}

/// Tells a name that is an everyday word, too.
pub(super) fn is_common(word: &str) -> bool {
    COMMON.contains(word)
}

/// Tells a word with which sentences begin, and no name does.
pub(super) fn is_ordinary(word: &str) -> bool {
    NEVER.contains(word)
}

/// Tells words that no name is: "May" and "Will" are names.
fn is_never(word: &str) -> bool {
    NEVER.contains(word) && !COMMON.contains(word)
}

/// Tells a capital and small letters: "Anna", "McDonald", the O of "O'Brien".
pub(super) fn is_title(text: &Text, word: usize) -> bool {
    match text.word_chars(word) {
        [first, second, ..] => first.is_uppercase() && (second.is_lowercase() || !second.is_alphabetic()),
        [only] => only.is_uppercase() && text.gap_after(word).first() == Some(&'\''),
        [] => false,
    }
}

/// Tells an initial: "M."
pub(super) fn is_letter(text: &Text, word: usize) -> bool {
    matches!(text.word_chars(word), [only] if only.is_uppercase() && !only.is_numeric())
        && text.word(word) != "i"
}
