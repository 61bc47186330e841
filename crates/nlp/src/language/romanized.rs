//! Texts in Latin letters of languages that have a script of their own, told by their frequent words.

use super::code::Language;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

/// The different words that tell a language, one of them such as no other language has, or two such.
const KNOWN_MIN: usize = 3;
const OWN_MIN: usize = 2;
/// The share of a text's words that are known, one in so many: names of things are often English.
const WORDS_FOR_ONE: usize = 3;

static LISTS: LazyLock<Vec<(Language, Words)>> = LazyLock::new(|| read(include_str!("romanized.txt")));

type Words = HashMap<&'static str, Word>;

/// A word that is frequent in a language.
pub(crate) struct Word {
    /// As it is written in the language's own script.
    pub(crate) native: &'static str,
    /// True if it is no word of another language.
    is_own: bool,
}

/// Returns the language of a text that is written in Latin letters though the language has a script of its own.
pub(crate) fn language(text: &str) -> Option<Language> {
    LISTS.iter().find(|(_, words)| is_in(text, words)).map(|(language, _)| *language)
}

/// Returns the frequent words of a language by how they are written in Latin letters.
pub(crate) fn words(language: Language) -> Option<&'static Words> {
    LISTS.iter().find(|(listed, _)| *listed == language).map(|(_, words)| words)
}

fn is_in(text: &str, words: &Words) -> bool {
    let (mut count, mut known, mut different, mut own) = (0, 0, HashSet::new(), HashSet::new());
    for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        count += 1;
        if let Some((word, Word { is_own, .. })) = words.get_key_value(word.to_lowercase().as_str()) {
            known += 1;
            different.insert(*word);
            own.extend(is_own.then_some(*word));
        }
    }
    let is_told = own.len() >= OWN_MIN || !own.is_empty() && different.len() >= KNOWN_MIN;
    is_told && known * WORDS_FOR_ONE >= count
}

/// Reads the lists: a language's follow its code in brackets.
fn read(lists: &'static str) -> Vec<(Language, Words)> {
    let mut read: Vec<(Language, Words)> = Vec::new();
    for line in lists.lines().filter(|line| !line.starts_with('#')) {
        if let Some(code) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            read.push((Language::from_code(code).expect("a code"), Words::new()));
        } else if let Some((_, words)) = read.last_mut() {
            words.extend(line.split(", ").filter_map(|pair| pair.split_once(' ')).map(|(latin, native)| {
                let shared = latin.strip_suffix('~');
                (shared.unwrap_or(latin), Word { native, is_own: shared.is_none() })
            }));
        }
    }
    read
}
