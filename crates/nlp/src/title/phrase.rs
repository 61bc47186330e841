//! The phrase that names a theme: words that stand together in what many of its contacts say.

use super::sentence::polished;
use super::support::Support;
use crate::statements::{is_content_word, is_unspaced, split_words};
use std::collections::{BTreeMap, HashSet};

/// The words of the longest phrase.
const WORDS_MAX: usize = 5;

/// A word alone tells less than its share: "add".
const WORD_SHARE: f32 = 0.5;

/// The most phrases that are looked at, most frequent first.
const PHRASES_MAX: usize = 200;

/// Finds the phrase that tells most of what a theme is about and that many of its texts hold: it begins and ends with a
/// word of the topic, and holds no name, number or mark. `texts` are the most central ones.
pub(super) fn best<'t>(
    texts: impl Iterator<Item = &'t str>,
    topic: &[(String, f32)],
    is_name: impl Fn(&str) -> bool,
    support: &mut Support,
) -> Option<String> {
    let weight = |word: &str| topic.iter().find(|(known, _)| known == word).map(|(_, weight)| *weight);
    let mut counts: BTreeMap<String, (u32, f32, String)> = BTreeMap::new();
    for text in texts {
        for (folded, told, shown) in phrases(text, &weight, &is_name) {
            counts.entry(folded).or_insert((0, told, shown)).0 += 1;
        }
    }
    let mut ranked: Vec<(f32, String)> = counts
        .into_values()
        .map(|(count, told, shown)| {
            let share = if shown.contains(' ') { 1.0 } else { WORD_SHARE };
            (share * (count as f32).sqrt() * told, shown)
        })
        .collect();
    // stable: of equal scores the first by text
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
    ranked.truncate(PHRASES_MAX);
    let is_said = |phrase: &&(f32, String)| {
        support.part(&phrase.1).is_some_and(|part| part.range == (0..phrase.1.len()))
    };
    let found = ranked.iter().find(is_said)?;
    Some(polished(&found.1))
}

/// Lists the phrases of a text, each once: folded, with the share of the topic that it tells, and as it stands.
fn phrases(
    text: &str,
    weight: &impl Fn(&str) -> Option<f32>,
    is_name: &impl Fn(&str) -> bool,
) -> Vec<(String, f32, String)> {
    let words = split_words(text);
    let mut known: HashSet<String> = HashSet::new();
    let mut found = Vec::new();
    for first in 0..words.len() {
        if weight(&words[first].folded).is_none() {
            continue;
        }
        let mut told = 0.0;
        let mut folded = String::new();
        let mut is_told: HashSet<&str> = HashSet::new();
        for last in first..words.len().min(first + WORDS_MAX) {
            let word = &words[last];
            let is_apart = last > first && text[words[last - 1].end..word.start].trim() != "";
            let is_odd = word.folded.contains(char::is_numeric) || is_unspaced(&word.folded);
            if is_apart || is_odd || is_content_word(&word.folded) && is_name(&word.folded) {
                break;
            }
            if last > first {
                folded.push(' ');
            }
            folded.push_str(&word.folded);
            let Some(weight) = weight(&word.folded) else { continue };
            if is_told.insert(&word.folded) {
                told += weight;
            }
            if known.insert(folded.clone()) {
                found.push((folded.clone(), told, text[words[first].start..word.end].to_owned()));
            }
        }
    }
    found
}
