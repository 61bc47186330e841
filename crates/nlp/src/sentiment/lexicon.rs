//! The words and phrases that tell how someone feels, from `lexicon.tsv` and `emoji.tsv`.

use crate::language::Language;
use crate::text::Phrases;
use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::LazyLock;

/// The effect of a word or phrase on the score.
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
    /// Makes what stood before count less.
    But,
    /// Has a meaning in some languages only: `LOCAL` has it.
    Local,
}

/// The phrases that count in a text of any language.
pub(super) static WORDS: LazyLock<Phrases<Cue>> = LazyLock::new(|| {
    let entries = entries(LEXICON).map(|entry| {
        let cue = if entry.is_local() { Cue::Local } else { entry.cue };
        (entry.phrase, cue)
    });
    phrases(entries.collect())
});

/// The phrases that count in texts of one language, because they mean something else in another, with their spelling.
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

/// Orders phrases. Of those with as many words, the first that fits is taken: a whole word goes before a beginning, a longer
/// beginning before a shorter one.
fn phrases<T: Copy>(mut entries: Vec<(&'static str, T)>) -> Phrases<T> {
    entries.sort_by_key(|(phrase, _)| (phrase.ends_with('*'), Reverse(phrase.len())));
    Phrases::new(entries)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Text;

    #[test]
    fn a_phrase_has_one_meaning_in_a_language() {
        let mut known: HashMap<(String, &str), Cue> = HashMap::new();
        for entry in entries(LEXICON) {
            let text = Text::new(entry.phrase, &[]);
            let words: Vec<&str> = (0..text.words.len()).map(|word| text.word(word)).collect();
            let key = format!("{}{}", words.join(" "), if entry.phrase.ends_with('*') { "*" } else { "" });
            // what is general has one meaning for all, and no other in a language
            let codes = entry.languages.trim_end_matches('!');
            for code in codes.split(',').chain((!entry.is_local()).then_some("every")) {
                let before = known.insert((key.clone(), code), entry.cue);
                assert!(
                    before.is_none_or(|cue| cue == entry.cue),
                    "{key} {code}: {before:?}, {:?}",
                    entry.cue
                );
            }
            let general = known.get(&(key.clone(), "every"));
            assert!(!(entry.is_local() && general.is_some()), "{key} is general and local");
        }
    }

    #[test]
    fn every_language_has_complaints_praise_problems_and_requests() {
        for language in Language::ALL {
            let of_language = |entry: &Entry| {
                entry.languages.trim_end_matches('!').split(',').any(|code| code == language.code())
            };
            let count = |wanted: fn(&Cue) -> bool| {
                entries(LEXICON).filter(|entry| of_language(entry) && wanted(&entry.cue)).count()
            };
            let complaints = count(|cue| matches!(cue, Cue::Weight(weight) if *weight <= -2.0));
            let problems = count(|cue| matches!(cue, Cue::Weight(weight) if *weight > -2.0 && *weight < 0.0));
            let praise = count(|cue| matches!(cue, Cue::Weight(weight) if *weight >= 1.5));
            let requests = count(|cue| *cue == Cue::Ask);
            assert!(
                complaints >= 150 && problems >= 40 && praise >= 100 && requests >= 8,
                "{language:?}: {complaints} {problems} {praise} {requests}"
            );
        }
    }
}
