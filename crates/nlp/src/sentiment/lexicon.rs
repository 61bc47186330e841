//! The words and phrases that tell how someone feels, from `lexicon.tsv` and `emoji.tsv`.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::LazyLock;

use crate::language::Language;
use crate::text::Phrases;

/// What a word or phrase does to the score.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Cue {
    /// Below 0 displeased, above 0 pleased.
    Weight(f32),
    /// Turns what follows.
    Not,
    /// Turns what stands before.
    After,
    /// Strengthens what follows.
    Very,
    /// Asks for something: problems told with it are its reason.
    Ask,
    /// What stood before counts less.
    But,
    /// Has a meaning in some languages only: `LOCAL` has it.
    Local,
}

/// What counts in a text of any language.
pub(super) static WORDS: LazyLock<Phrases<Cue>> = LazyLock::new(|| {
    let entries = entries(LEXICON).map(|entry| {
        let cue = if entry.is_local() { Cue::Local } else { entry.cue };
        (entry.phrase, cue)
    });
    phrases(entries.collect())
});

/// What counts in texts of one language, because it means something else in another, and how it is spelled.
pub(super) static LOCAL: LazyLock<HashMap<Language, Phrases<(Cue, &str)>>> = LazyLock::new(|| {
    let mut by_language: HashMap<Language, Vec<_>> = HashMap::new();
    for entry in entries(LEXICON).filter(Entry::is_local) {
        let codes = entry.languages.trim_end_matches('!').split(',');
        for language in codes.filter_map(Language::from_code) {
            by_language.entry(language).or_default().push((entry.phrase, (entry.cue, entry.phrase)));
        }
    }
    by_language.into_iter().map(|(language, entries)| (language, phrases(entries))).collect()
});

/// Emoji and emoticons with their weights.
pub(super) static SIGNS: LazyLock<HashMap<&str, f32>> = LazyLock::new(|| {
    let signs = entries(include_str!("emoji.tsv")).filter_map(|entry| match entry.cue {
        Cue::Weight(weight) => Some((entry.phrase, weight)),
        _ => None,
    });
    signs.collect()
});

const LEXICON: &str = include_str!("lexicon.tsv");

struct Entry {
    phrase: &'static str,
    cue: Cue,
    /// Codes parted by commas; an exclamation mark says that it counts only there.
    languages: &'static str,
}

impl Entry {
    fn is_local(&self) -> bool {
        self.languages.ends_with('!')
    }
}

fn entries(table: &'static str) -> impl Iterator<Item = Entry> {
    let rows = table.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let (cue, rest) = line.split_once('\t')?;
        let (languages, phrases) = rest.split_once('\t')?;
        let cue = match cue {
            "not" => Cue::Not,
            "after" => Cue::After,
            "very" => Cue::Very,
            "ask" => Cue::Ask,
            "but" => Cue::But,
            weight => Cue::Weight(weight.parse().ok()?),
        };
        Some((cue, languages, phrases))
    });
    rows.flat_map(|(cue, languages, phrases)| {
        phrases.split("; ").map(move |phrase| Entry { phrase, cue, languages })
    })
}

/// Of phrases with as many words, the first that fits is taken: a whole word goes before a beginning, a longer
/// beginning before a shorter one.
fn phrases<T: Copy>(mut entries: Vec<(&'static str, T)>) -> Phrases<T> {
    entries.sort_by_key(|(phrase, _)| (phrase.ends_with('*'), Reverse(phrase.len())));
    Phrases::new(entries)
}
