//! The words and phrases that tell how someone feels, from `lexicon.tsv` and `emoji.tsv`.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::text::Phrases;

/// What a word or phrase does to the score.
#[derive(Clone, Copy)]
pub(super) enum Cue {
    /// Below 0 displeased, above 0 pleased.
    Weight(f32),
    /// Turns what follows.
    Not,
    /// Strengthens what follows.
    Very,
    /// Asks for something: problems told with it are its reason.
    Ask,
    /// What stood before counts less.
    But,
}

pub(super) static WORDS: LazyLock<Phrases<Cue>> =
    LazyLock::new(|| Phrases::new(entries(include_str!("lexicon.tsv"))));

/// Emoji and emoticons with their weights.
pub(super) static SIGNS: LazyLock<HashMap<&str, f32>> = LazyLock::new(|| {
    let signs = entries(include_str!("emoji.tsv")).filter_map(|(sign, cue)| match cue {
        Cue::Weight(weight) => Some((sign, weight)),
        _ => None,
    });
    signs.collect()
});

fn entries(table: &'static str) -> impl Iterator<Item = (&'static str, Cue)> {
    let rows = table.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let (cue, rest) = line.split_once('\t')?;
        let (_, phrases) = rest.split_once('\t')?;
        let cue = match cue {
            "not" => Cue::Not,
            "very" => Cue::Very,
            "ask" => Cue::Ask,
            "but" => Cue::But,
            weight => Cue::Weight(weight.parse().ok()?),
        };
        Some((cue, phrases))
    });
    rows.flat_map(|(cue, phrases)| phrases.split("; ").map(move |phrase| (phrase, cue)))
}
