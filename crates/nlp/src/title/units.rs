//! The units of a text that must be shared before a title may hold them: words, numbers, and letters in a row where
//! a script sets no blanks.

use crate::encoders::multilingual;
use crate::statements::{function_words, is_unspaced, split_words};
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::LazyLock;

/// The pieces of the multilingual vocabulary, which stands in the order of frequency, that count as function words.
const FREQUENT: usize = 2_000;

/// The same for kana, whose words of grammar are written out.
const FREQUENT_KANA: usize = 10_000;

/// One unit of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unit {
    /// The first byte.
    pub(super) start: usize,
    /// The byte after the last.
    pub(super) end: usize,
    /// The unit, folded: equal where two units are the same.
    pub(super) key: String,
    /// Its kind.
    pub(super) kind: Kind,
}

/// The kind of a unit, which decides what makes it shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A word of grammar, which says nothing of anybody.
    Function,
    /// A word, which may be said in another form.
    Word,
    /// The mask of something personal, which is never shared.
    Mask,
    /// A number, a code, or what is spelled letter by letter: shared as it stands or not at all.
    Exact,
    /// Letters in a row of a script that sets no blanks; they overlap.
    Letters,
}

/// Lists the units of a text.
pub(super) fn units(text: &str) -> Vec<Unit> {
    let masks = masks(text);
    let mut units: Vec<Unit> = Vec::new();
    for word in split_words(text) {
        if let Some(mask) = masks.iter().find(|mask| mask.contains(&word.start)) {
            if units.last().is_none_or(|last| last.end != mask.end) {
                let key = text[mask.clone()].to_owned();
                units.push(Unit { start: mask.start, end: mask.end, key, kind: Kind::Mask });
            }
            continue;
        }
        if is_unspaced(&word.folded) {
            push_letters(&text[word.start..word.end], word.start, &mut units);
            continue;
        }
        let kind = kind(&word.folded);
        let is_letter = word.folded.chars().nth(1).is_none();
        // "20-00-00", "four two", "j o e": what is given piece by piece is one thing
        let goes_on = |last: &&mut Unit| {
            last.kind == Kind::Exact && (kind == Kind::Exact || is_letter && is_spelled(&last.key))
        };
        match units.last_mut().filter(goes_on) {
            Some(last) => {
                last.end = word.end;
                last.key = format!("{} {}", last.key, word.folded);
            }
            None => units.push(Unit { start: word.start, end: word.end, key: word.folded, kind }),
        }
    }
    units
}

/// The longest mask: "[birth date]".
const MASK_MAX: usize = 14;

/// Lists the places of masks.
fn masks(text: &str) -> Vec<Range<usize>> {
    let mask = |(start, _): (usize, &str)| {
        let length = text[start..].find(']').filter(|length| *length <= MASK_MAX)? + 1;
        Some(start..start + length)
    };
    text.match_indices('[').filter_map(mask).collect()
}

/// Tells letters one by one.
fn is_spelled(key: &str) -> bool {
    key.split(' ').all(|piece| piece.chars().nth(1).is_none())
}

fn kind(word: &str) -> Kind {
    let is_letter = word.chars().nth(1).is_none();
    if word.contains(char::is_numeric) {
        return Kind::Exact;
    }
    let unlisted = if is_letter { Kind::Exact } else { Kind::Word };
    LISTED.get(word).copied().unwrap_or(unlisted)
}

/// The kinds of the words that stand in a list.
static LISTED: LazyLock<HashMap<&str, Kind>> = LazyLock::new(|| {
    let grammar = function_words().chain(SMALL.split_ascii_whitespace()).chain(frequent());
    let mut kinds: HashMap<&str, Kind> = grammar.map(|word| (word, Kind::Function)).collect();
    for word in TELLING.split_ascii_whitespace() {
        kinds.insert(word, Kind::Word);
    }
    for word in NUMBERS.split_ascii_whitespace() {
        kinds.insert(word, Kind::Exact);
    }
    kinds
});

/// Numbers in words, which are as telling as digits.
const NUMBERS: &str = "zero one two three four five six seven eight nine ten eleven twelve twenty thirty forty fifty \
    hundred thousand million null eins zwei drei vier fünf sechs sieben acht neun zehn cero uno dos tres cuatro cinco \
    seis siete ocho nueve diez deux trois quatre cinq huit neuf tre quattro cinque sette otto nove dieci três sete \
    oito twee drie vijf zes zeven negen tien";

/// Words of grammar beyond those of the statements' lists.
const SMALL: &str = "yet already since until without after during every each both even ever never very quite soon such \
    cannot cant dont didnt doesnt isnt wont wasnt havent hasnt im ive haven't hasn't isn't wasn't won't wouldn't \
    couldn't shouldn't doesn't can't aren't weren't hadn't not no there here so";

/// Words of the statements' lists that tell more than grammar does: a day, a place in a list.
const TELLING: &str = "monday tuesday wednesday thursday friday saturday sunday january february march april june \
    july august september october november december name number email mail gmail com noon video film blog web www \
    online forum program foto site plan gratis auto internet data super dating care sex air fan post sam ani roz";

/// Lists the frequent words of all languages, in small letters.
fn frequent() -> impl Iterator<Item = &'static str> {
    let pieces = multilingual::pieces().take(FREQUENT);
    let words = pieces.filter_map(|piece| piece.strip_prefix('\u{2581}'));
    words.filter(|word| word.chars().all(|c| c.is_alphabetic() && !c.is_uppercase()))
}

/// The letters in a row that are grammar: pairs within the frequent pieces.
fn frequent_letters() -> &'static HashSet<String> {
    static LETTERS: LazyLock<HashSet<String>> = LazyLock::new(|| {
        let is_kana = |c: char| ('\u{3041}'..='\u{309f}').contains(&c);
        let pieces = multilingual::pieces().take(FREQUENT_KANA).enumerate();
        let grammar = pieces.filter(|(rank, piece)| {
            let piece = piece.trim_start_matches('\u{2581}');
            is_unspaced(piece) && (*rank < FREQUENT || piece.chars().all(is_kana))
        });
        let letters = grammar.flat_map(|(_, piece)| {
            let letters: Vec<char> = piece.trim_start_matches('\u{2581}').chars().collect();
            letters.windows(2).map(|pair| pair.iter().collect()).collect::<Vec<String>>()
        });
        letters.collect()
    });
    &LETTERS
}

/// Adds the letters in a row of a word: two of Han and kana, four of a script that spells.
fn push_letters(word: &str, start: usize, units: &mut Vec<Unit>) {
    let letters: Vec<(usize, char)> = word.char_indices().collect();
    let size = match letters.first() {
        Some((_, '\u{0e00}'..='\u{0eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}')) => 4,
        _ => 2,
    };
    for row in letters.windows(size.min(letters.len()).max(1)) {
        let key: String = row.iter().flat_map(|(_, c)| c.to_lowercase()).collect();
        let kind = if frequent_letters().contains(&key) { Kind::Function } else { Kind::Letters };
        let (first, last) = (row[0].0, row[row.len() - 1]);
        units.push(Unit { start: start + first, end: start + last.0 + last.1.len_utf8(), key, kind });
    }
}
