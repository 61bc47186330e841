//! Texts in Latin letters of languages that have a script of their own, told by their frequent words.

use super::code::Language;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::LazyLock;

/// The different words that tell a language, one of them such as no other language has, or two such.
const KNOWN_MIN: usize = 3;
const OWN_MIN: usize = 2;
/// The share of a text's words that are known, one in so many: names of things are often English.
const WORDS_FOR_ONE: usize = 3;

/// A word that is frequent in a language.
struct Word {
    language: Language,
    /// As it is written in the language's own script.
    native: &'static str,
    /// True if it is no word of another language.
    is_own: bool,
}

static WORDS: LazyLock<HashMap<&'static str, Vec<Word>>> =
    LazyLock::new(|| read(include_str!("romanized.txt")));

/// The words of a language that a text has.
#[derive(Default)]
struct Heard {
    count: usize,
    different: HashSet<&'static str>,
    own: HashSet<&'static str>,
}

/// Returns the language of a text that is written in Latin letters though the language has a script of its own.
pub(crate) fn language(text: &str) -> Option<Language> {
    let mut heard: BTreeMap<Language, Heard> = BTreeMap::new();
    let (mut count, mut small) = (0, String::new());
    for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        count += 1;
        small.clear();
        small.extend(word.chars().flat_map(char::to_lowercase));
        let Some((latin, known)) = WORDS.get_key_value(small.as_str()) else { continue };
        for word in known {
            let heard = heard.entry(word.language).or_default();
            heard.count += 1;
            heard.different.insert(latin);
            heard.own.extend(word.is_own.then_some(*latin));
        }
    }
    let is_told = |heard: &Heard| {
        let is_enough =
            heard.own.len() >= OWN_MIN || !heard.own.is_empty() && heard.different.len() >= KNOWN_MIN;
        is_enough && heard.count * WORDS_FOR_ONE >= count
    };
    let told = heard.into_iter().filter(|(_, heard)| is_told(heard));
    told.max_by_key(|(_, heard)| heard.count).map(|(language, _)| language)
}

/// Returns a frequent word of a language, in small Latin letters, in the language's own script.
pub(crate) fn native(word: &str, language: Language) -> Option<&'static str> {
    WORDS.get(word)?.iter().find(|word| word.language == language).map(|word| word.native)
}

/// Reads the lists: a language's follow its code in brackets.
fn read(lists: &'static str) -> HashMap<&'static str, Vec<Word>> {
    let mut words: HashMap<_, Vec<Word>> = HashMap::new();
    let mut language = None;
    for line in lists.lines().filter(|line| !line.starts_with('#')) {
        if let Some(code) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            language = Language::from_code(code);
        } else if let Some(language) = language {
            for (latin, native) in line.split(", ").filter_map(|pair| pair.split_once(' ')) {
                let shared = latin.strip_suffix('~');
                let word = Word { language, native, is_own: shared.is_none() };
                words.entry(shared.unwrap_or(latin)).or_default().push(word);
            }
        }
    }
    words
}
