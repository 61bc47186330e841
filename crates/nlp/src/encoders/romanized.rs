//! Texts in Latin letters brought to the script of their language, in which the encoder knows it.
//!
//! A frequent word is written as the list of its language has it (`language::romanized`). Of the others, an English one
//! stays: names of things are mostly English. The rest is written letter by letter, in Hindi as the word of the encoder's
//! vocabulary that sounds like it, if there is one.

use super::{multilingual, static_embedding};
use crate::language::{Language, romanized};
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

/// Pairs of a spelling in Latin letters and what it stands for, the longest spellings first.
type Letters = [(&'static str, &'static str)];

/// Returns a text in the script of its language, if it is written in Latin letters instead.
pub(super) fn in_native_script(text: &str, language: Option<Language>) -> Cow<'_, str> {
    let Some(language) = language.filter(|language| romanized::language(text) == Some(*language)) else {
        return Cow::Borrowed(text);
    };
    let mut native = String::with_capacity(2 * text.len());
    for part in text.split_inclusive(|c: char| !c.is_alphanumeric()) {
        let word = part.trim_end_matches(|c: char| !c.is_alphanumeric());
        let small = word.to_lowercase();
        if language == Language::Ar && part.ends_with(' ') && ARTICLES.contains(&small.as_str()) {
            native.push_str("ال");
            continue;
        }
        let is_number = || small.bytes().all(|byte| byte.is_ascii_digit());
        let is_kept = || is_number() || static_embedding::knows(&small) || !small.is_ascii();
        match (romanized::native(&small, language), language) {
            (Some(known), _) => native.push_str(known),
            (None, _) if is_kept() => native.push_str(word),
            (None, Language::Hi) => native.push_str(&devanagari(&small)),
            (None, Language::Ar) => native.push_str(&arabic(&small)),
            (None, _) => native.push_str(&cyrillic(&small)),
        }
        native.push_str(&part[word.len()..]);
    }
    Cow::Owned(native)
}

/// Cuts a word into spellings, the longest from its start on, each with what it stands for: a letter that is none for
/// itself.
fn spellings<'w>(word: &'w str, letters: &'static Letters) -> Vec<(&'w str, &'w str)> {
    let mut found = Vec::new();
    let mut rest = word;
    while let Some(c) = rest.chars().next() {
        let known = letters.iter().find(|(latin, _)| rest.starts_with(latin));
        let (latin, behind) = rest.split_at(known.map_or(c.len_utf8(), |(latin, _)| latin.len()));
        found.push((latin, known.map_or(latin, |(_, native)| native)));
        rest = behind;
    }
    found
}

#[rustfmt::skip]
const RUSSIAN: &Letters = &[
    ("shch", "щ"), ("sch", "щ"), ("yo", "ё"), ("jo", "ё"), ("yu", "ю"), ("ju", "ю"), ("iu", "ю"), ("ya", "я"), ("ja", "я"),
    ("ye", "е"), ("yi", "ый"), ("zh", "ж"), ("kh", "х"), ("ts", "ц"), ("ch", "ч"), ("sh", "ш"), ("a", "а"), ("b", "б"),
    ("v", "в"), ("w", "в"), ("g", "г"), ("d", "д"), ("e", "е"), ("z", "з"), ("i", "и"), ("j", "ж"), ("k", "к"),
    ("l", "л"), ("m", "м"), ("n", "н"), ("o", "о"), ("p", "п"), ("q", "к"), ("r", "р"), ("s", "с"), ("t", "т"),
    ("u", "у"), ("f", "ф"), ("h", "х"), ("c", "ц"), ("x", "кс"), ("y", "ы"),
];

/// Writes a word of Russian in Cyrillic.
fn cyrillic(word: &str) -> String {
    let mut native = String::new();
    for (latin, letter) in spellings(word, RUSSIAN) {
        let is_short = latin == "y" && native.ends_with(['а', 'е', 'ё', 'и', 'о', 'у', 'ы', 'ю', 'я']);
        native.push_str(if is_short { "й" } else { letter });
    }
    native
}

/// The article of Arabic, which is one word with what follows.
const ARTICLES: [&str; 4] = ["el", "al", "il", "l"];

/// Digits stand for letters that look like them.
#[rustfmt::skip]
const ARABIC: &Letters = &[
    ("kh", "خ"), ("gh", "غ"), ("sh", "ش"), ("ch", "ش"), ("th", "ث"), ("dh", "ذ"), ("aa", "ا"), ("ee", "ي"), ("ei", "ي"),
    ("oo", "و"), ("ou", "و"), ("2", "ق"), ("3", "ع"), ("5", "خ"), ("6", "ط"), ("7", "ح"), ("8", "غ"), ("9", "ص"),
    ("b", "ب"), ("t", "ت"), ("g", "ج"), ("j", "ج"), ("d", "د"), ("r", "ر"), ("z", "ز"), ("s", "س"), ("f", "ف"),
    ("v", "ف"), ("q", "ق"), ("k", "ك"), ("l", "ل"), ("m", "م"), ("n", "ن"), ("h", "ه"), ("w", "و"), ("y", "ي"),
    ("p", "ب"), ("c", "ك"), ("x", "كس"), ("a", ""), ("e", ""), ("i", ""), ("o", ""), ("u", ""),
];

/// Writes a word of Arabic in its script: short vowels at the beginning and the end alone.
fn arabic(word: &str) -> String {
    let mut native = String::new();
    let spellings = spellings(word, ARABIC);
    for (at, (latin, letter)) in spellings.iter().enumerate() {
        let is_last = at + 1 == spellings.len();
        native.push_str(match (*letter, *latin) {
            ("", _) if at == 0 => "ا",
            ("", "a") if is_last => "ة",
            ("", "i") if is_last => "ي",
            ("", "u" | "o") if is_last => "و",
            (letter, _) => letter,
        });
    }
    native
}

/// Vowels as they stand by themselves.
#[rustfmt::skip]
const HINDI: &Letters = &[
    ("chh", "छ"), ("ch", "च"), ("kh", "ख"), ("gh", "घ"), ("jh", "झ"), ("th", "थ"), ("dh", "ध"), ("ph", "फ"), ("bh", "भ"),
    ("sh", "श"), ("aa", "आ"), ("ai", "ऐ"), ("au", "औ"), ("ee", "ई"), ("ii", "ई"), ("oo", "ऊ"), ("uu", "ऊ"), ("k", "क"),
    ("g", "ग"), ("j", "ज"), ("t", "त"), ("d", "द"), ("n", "न"), ("p", "प"), ("b", "ब"), ("m", "म"), ("y", "य"), ("r", "र"),
    ("l", "ल"), ("v", "व"), ("w", "व"), ("s", "स"), ("h", "ह"), ("f", "फ़"), ("z", "ज़"), ("q", "क"), ("x", "क्स"), ("c", "क"),
    ("a", "अ"), ("i", "इ"), ("u", "उ"), ("e", "ए"), ("o", "ओ"),
];

/// Vowels, and their signs behind a consonant.
const SIGNS: &Letters = &[
    ("अ", ""),
    ("आ", "ा"),
    ("इ", "ि"),
    ("ई", "ी"),
    ("उ", "ु"),
    ("ऊ", "ू"),
    ("ए", "े"),
    ("ऐ", "ै"),
    ("ओ", "ो"),
    ("औ", "ौ"),
];

/// How other letters and signs of Devanagari sound, if they do.
#[rustfmt::skip]
const SOUNDS: &Letters = &[
    ("ट", "t"), ("ठ", "th"), ("ड", "d"), ("ढ", "dh"), ("ण", "n"), ("ङ", "n"), ("ञ", "n"), ("ष", "sh"), ("ळ", "l"), ("ऋ", "ri"),
    ("ृ", "ri"), ("ं", "n"), ("ँ", "n"), ("ः", "h"), ("ऑ", "o"), ("ॉ", "o"), (VIRAMA, ""), ("\u{93c}", ""),
];

/// The sign that joins two consonants.
const VIRAMA: &str = "्";

/// Writes a word of Hindi in Devanagari.
fn devanagari(word: &str) -> String {
    static BY_SOUND: LazyLock<HashMap<String, &str>> = LazyLock::new(|| {
        let words = multilingual::pieces().filter_map(|piece| piece.strip_prefix('\u{2581}'));
        let mut by_sound = HashMap::new();
        for word in words.filter(|word| word.chars().nth(1).is_some()) {
            if let Some(latin) = latin(word) {
                by_sound.entry(sound(&latin)).or_insert(word);
            }
        }
        by_sound
    });
    let sound = sound(word);
    let known = BY_SOUND.get(&sound).or_else(|| BY_SOUND.get(sound.strip_suffix('n')?));
    known.map_or_else(|| by_letters(word), |known| (*known).to_owned())
}

fn by_letters(word: &str) -> String {
    let (mut native, mut consonant) = (String::new(), None);
    let spellings = spellings(word, HINDI);
    for (at, (latin, letter)) in spellings.iter().enumerate() {
        let sign = SIGNS.iter().find(|(vowel, _)| vowel == letter).map(|(_, sign)| *sign);
        let is_last = at + 1 == spellings.len();
        match (sign, consonant) {
            // at its end a word has no short vowels
            (Some(_), Some(_)) if is_last && *latin == "a" => native.push('ा'),
            (Some(_), Some(_)) if is_last && *latin == "i" => native.push('ी'),
            (Some(_), Some(_)) if is_last && *latin == "u" => native.push('ू'),
            (Some(sign), Some(_)) => native.push_str(sign),
            (Some(_), None) => native.push_str(letter),
            (None, before) => {
                let is_joined = before.is_some() && (*latin == "y" || before == Some(letter));
                native.push_str(if is_joined { VIRAMA } else { "" });
                native.push_str(letter);
            }
        }
        consonant = if sign.is_none() { Some(letter) } else { None };
    }
    native
}

/// Returns a word of Devanagari in Latin letters, none if it has others.
fn latin(word: &str) -> Option<String> {
    let mut buffer = [0; 4];
    let letters = word.chars().map(|letter| {
        let letter: &str = letter.encode_utf8(&mut buffer);
        let alone = SIGNS.iter().find(|(_, sign)| *sign == letter).map_or(letter, |(vowel, _)| vowel);
        let known = HINDI.iter().find(|(_, native)| *native == alone).map(|(latin, _)| *latin);
        known.or_else(|| SOUNDS.iter().find(|(known, _)| *known == letter).map(|(_, latin)| *latin))
    });
    letters.collect()
}

/// Returns what all spellings of a word have in common: one letter for a sound, and no vowel that some leave out.
fn sound(latin: &str) -> String {
    #[rustfmt::skip]
    const ALIKE: &Letters = &[
        ("chh", "c"), ("ch", "c"), ("ph", "f"), ("w", "v"), ("q", "k"), ("z", "j"), ("sh", "s"), ("aa", "a"), ("ai", "e"),
        ("ei", "e"), ("ee", "i"), ("ii", "i"), ("oo", "u"), ("uu", "u"), ("au", "o"),
    ];
    let letters: Vec<char> = spellings(latin, ALIKE).iter().flat_map(|(_, sound)| sound.chars()).collect();
    let is_vowel = |letter: Option<&char>| letter.is_none_or(|letter| "aeiou".contains(*letter));
    let mut sound = String::new();
    for (at, letter) in letters.iter().enumerate() {
        let is_inside = at > 0 && !is_vowel(letters.get(at - 1)) && !is_vowel(letters.get(at + 1));
        let is_left_out = *letter == 'a' && is_inside || sound.ends_with(*letter);
        if !is_left_out {
            sound.push(*letter);
        }
    }
    sound
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_written_in_their_script_and_numbers_stay() {
        let read = |text, language| in_native_script(text, Some(language)).into_owned();
        assert_eq!(read("mera order 48213 nahi aaya", Language::Hi), "मेरा order 48213 नहीं आया");
        assert_eq!(read("gde moya posylka 48213?", Language::Ru), "где моя посылка 48213?");
        assert_eq!(read("wein el talab 48213? lessa mawasalsh", Language::Ar), "وين الطلب 48213? لسه ماوصلش");
        assert_eq!(read("Where is my parcel?", Language::Hi), "Where is my parcel?");
    }
}
